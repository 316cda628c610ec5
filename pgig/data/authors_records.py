"""The TFRecords of `charliememory/Pose-Guided-Person-Image-Generation`: one tf.train.Example for each pair.

PG2 and DPIG (`charliememory/Disentangled-Person-Image-Generation`) read the same files. In the names of features a
final 0 stands for the condition picture (here: source, side 0) and 1 for the target (side 1). Three layouts exist,
made by `datasets/convert_market.py`, `convert_DF.py` and `convert_RCV.py`.
"""

import gzip
import math
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from google.protobuf import message

from pgig.data.tfrecord import EXAMPLE
from pgig.errors import DataError
from pgig.pose.joints import NAMES
from pgig.utils.checksums import masked_crc
from pgig.utils.protobuf import message_classes

# Boxes of body parts in a picture, and regions that the inpainting masks of DeepFashion cut out.
PARTS, REGIONS = 37, 10

# The largest known record has 1.7 MB; nothing longer than this is allocated.
MOST_RECORD_BYTES = 2**26
_LARGEST_SIDE = 1024
_FARTHEST = 1e6

_HEAD = struct.Struct("<QI")
_CRC = struct.Struct("<I")
_LISTS = {"bytes": "bytes_list", "float": "float_list", "int": "int64_list"}
_TYPES = {"float": np.float32, "int": np.int64}

# Features stay bytes until they are asked for: most of a record is masks, which few need.
_MESSAGES = message_classes(EXAMPLE | {"Entry": {"key": "1 string", "value": "2 bytes"}})


@dataclass(frozen=True)
class Layout:
    """One of the authors' three layouts.

    Attributes:
        file: beginning of the names of its files.
        masks: {name: radius in pixels} of the body masks. The mask named r6 has the radius 7.
        discs: radii of the sparse pose maps.
        grid: (rows, columns) of the coarse pose map, or None: RCV has neither that nor the person's candidates.
        words: whether it has vectors of attribute words (Market's), and a segmentation, zeros in the published files.
        regions: whether it has inpainting masks.
    """

    file: str
    masks: dict
    discs: tuple
    grid: tuple | None = None
    words: bool = False
    regions: bool = False

    def features(self, size):
        """{name: (kind, length)} of all features; the length None varies.

        Args:
            size: (height, width) of the pictures.
        """
        area = size[0] * size[1]
        once = {"image_format": ("bytes", 1)}
        once |= {name: ("int", 1) for name in ("label", "image_height", "image_width", "real_data", "shape")}
        twice = {"image_name": ("bytes", 1), "image_raw": ("bytes", 1), "id": ("int", 1), "cam": ("int", 1)}
        twice |= {"attrs": ("int", None), "part_bbox": ("int", 4 * PARTS), "part_vis": ("int", PARTS)}
        twice |= {f"pose_mask_{name}": ("int", area) for name in self.masks}
        for radius in self.discs:
            twice |= {f"indices_r{radius}": ("int", None), f"values_r{radius}": ("float", None)}
        if self.grid:
            twice |= {"pose_peaks": ("float", math.prod(self.grid) * len(NAMES)), "pose_subs": ("float", 20)}
        if self.words:
            twice |= {f"attrs_w2v{length}": ("float", None) for length in (25, 50, 100, 150)}
            twice |= {"seg": ("int", area)}
        if self.regions:
            twice |= {"roi10_mask": ("int", area * REGIONS)}
        sided = {f"{name}_{side}": kind for name, kind in twice.items() for side in (0, 1)}
        return once | sided | {f"pose_peaks_{side}_rcv": ("float", 3 * len(NAMES)) for side in (0, 1)}


LAYOUTS = {
    "market": Layout("Market1501", {"r4": 4, "r6": 7}, (4,), (16, 8), words=True),
    "df": Layout("DeepFashion", {"r4": 4, "r8": 8}, (4, 8), (16, 16), regions=True),
    "rcv": Layout("DeepFashion", {"r4": 4, "r8": 8, "r10": 10}, (4, 8)),
}


class PairRecord:
    """A pair of pictures of one file of the authors; features are decoded and checked when they are asked for.

    Attributes:
        size: (height, width) in pixels.
        layout: key of `LAYOUTS`.
        label: 1 for a pair of one person; others were never written.

    All methods take the side, 0 (source) or 1 (target), and raise `DataError` when the feature is missing or wrong.
    """

    def __init__(self, features, where):
        self._features, self._where = features, where
        # The only features that all known files of a layout have and no other layout has.
        marks = {"market": "pose_mask_r6_0", "rcv": "pose_mask_r10_0", "df": "pose_mask_r8_0"}
        self.layout = next((name for name, mark in marks.items() if mark in features), None)
        if self.layout is None:
            raise DataError(
                f"{where} has none of the body masks r6, r8, r10, so it is not from the programs of PG2 or DPIG: "
                "give one of their .tfrecord files."
            )
        self.size = tuple(self._number(f"image_{side}", 1, _LARGEST_SIDE) for side in ("height", "width"))
        self._kinds = LAYOUTS[self.layout].features(self.size)
        self.label = self._number("label", 0, 1)

    def names(self):
        """Names of all features, sorted."""
        return sorted(self._features)

    def values(self, name):
        """Values of a feature by its name.

        Returns:
            list of bytes, or an array of int64 or float32.

        Raises:
            DataError: it is missing, or has not the kind or the length of its layout.
        """
        if name not in self._features or name not in self._kinds:
            raise DataError(f"{self._where} has no feature {name}: it was made by another program or is damaged.")
        kind, length = self._kinds[name]
        values = _decode(self._features[name], kind)
        if values is None or length not in (None, len(values)):
            found = "another kind of values" if values is None else f"{len(values)} values"
            raise DataError(
                f"{self._where}: the feature {name} holds {found}, but {kind} values"
                f"{f' and {length} of them' if length is not None else ''} are expected; take another copy."
            )
        return values

    def name(self, side):
        """File name of the picture."""
        try:
            return self.values(f"image_name_{side}")[0].decode()
        except UnicodeDecodeError:
            raise DataError(f"{self._where}: image_name_{side} is no text; take another copy.") from None

    def picture(self, side):
        """Bytes of the picture file, untouched."""
        return self.values(f"image_raw_{side}")[0]

    def identity(self, side):
        """Number of the person, from 0."""
        return int(self.values(f"id_{side}")[0])

    def camera(self, side):
        """Number of the camera; -1 where there is none."""
        return int(self.values(f"cam_{side}")[0])

    def keypoints(self, side):
        """(18, 3) float32 of (y, x, visible); a missing joint is (-1, -1, 0). A joint may lie outside the picture."""
        name = f"pose_peaks_{side}_rcv"
        rows = self.values(name).reshape(len(NAMES), 3)
        self._require(np.isfinite(rows).all() and (np.abs(rows) < _FARTHEST).all(), name, "is no place in a picture")
        self._require(np.isin(rows[:, 2], (0, 1)).all(), name, "has a visibility other than 0 and 1")
        return np.where(rows[:, 2:] > 0, rows, np.float32([-1, -1, 0]))

    def mask(self, radius, side):
        """(H, W) uint8 body mask of 0 and 1, by its true radius in pixels (7 for the one named r6)."""
        names = {true: name for name, true in LAYOUTS[self.layout].masks.items()}
        return self._zeros_and_ones(f"pose_mask_{names[radius]}_{side}", self.size)

    def discs(self, radius, side):
        """(H, W, 18) uint8 pose map: 1 on a disc around each visible joint."""
        shape = (*self.size, len(NAMES))
        self._require(self.values("shape")[0] == math.prod(shape), "shape", "is not height x width x 18")
        indices, values = (self.values(f"{name}_r{radius}_{side}") for name in ("indices", "values"))
        inside = (indices >= 0) & (indices < math.prod(shape))
        self._require(len(indices) == len(values) and inside.all(), f"indices_r{radius}_{side}", "leave the picture")
        dense = np.zeros(shape, np.uint8)
        dense.reshape(-1)[indices] = values != 0
        return dense

    def boxes(self, side):
        """(37, 4) int64 of (y1, x1, y2, x2): boxes of body parts, see `pgig.pose.body_parts`."""
        boxes = self.values(f"part_bbox_{side}").reshape(PARTS, 4)
        inside = (boxes >= 0).all() and (boxes < np.tile(self.size, 2)).all()
        self._require(inside, f"part_bbox_{side}", "leaves the picture")
        return boxes

    def visible_parts(self, side):
        """(37,) uint8: whether any joint of each body part is visible."""
        return self._zeros_and_ones(f"part_vis_{side}", (PARTS,))

    def regions(self, side):
        """(H, W, 10) uint8 inpainting masks, 0 where a region is cut out; the layout "df" alone has them."""
        return self._zeros_and_ones(f"roi10_mask_{side}", (*self.size, REGIONS))

    def _zeros_and_ones(self, name, shape):
        values = self.values(name)
        self._require(((values == 0) | (values == 1)).all(), name, "has values other than 0 and 1")
        return values.astype(np.uint8).reshape(shape)

    def _number(self, name, low, high):
        values = _decode(self._features.get(name, b""), "int")
        self._require(values is not None and len(values) == 1, name, "is missing or no single number")
        self._require(low <= values[0] <= high, name, f"is {values[0]}, not between {low} and {high}")
        return int(values[0])

    def _require(self, holds, name, problem):
        if not holds:
            raise DataError(f"{self._where}: the feature {name} {problem}; take another copy of the file.")


def read_pair_records(path):
    """Read a file of the authors' pairs, one after the other; only one of them is in memory.

    Args:
        path: the file; gzip'ed when its name ends in .gz.

    Yields:
        `PairRecord`.

    Raises:
        DataError: the file cannot be read, or a record is damaged, cut short or from another program; the sentence
            names the file and the number of the record, from 1.
    """
    path = str(path)
    opener = gzip.open if path.endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            for number, payload in enumerate(_payloads(file, path), start=1):
                yield PairRecord(_features(payload, f"{path}, record {number}"), f"{path}, record {number}")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is no sound gzip file ({error}): take another copy.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): give a .tfrecord file.") from None


def _payloads(file, path):
    """Contents of the records of a stream, framed as `pgig.data.tfrecord` says. Streams cannot be read at a place."""
    number = 0
    while head := file.read(_HEAD.size):
        number += 1
        where = f"{path}, record {number}"
        if len(head) < _HEAD.size:
            raise DataError(f"{where} is cut short: take another copy of the file.")
        length, crc = _HEAD.unpack(head)
        if crc != masked_crc(head[:8]):
            raise DataError(f"{where} has a damaged length, or the file is no TFRecord file: take another copy.")
        if length > MOST_RECORD_BYTES:
            raise DataError(f"{where} has {length} bytes, but pairs have at most {MOST_RECORD_BYTES}: check the file.")
        body = file.read(length + _CRC.size)
        if len(body) < length + _CRC.size:
            raise DataError(f"{where} is cut short: take another copy of the file.")
        payload = body[:length]
        if _CRC.unpack_from(body, length)[0] != masked_crc(payload):
            raise DataError(f"{where} is damaged: take another copy of the file.")
        yield payload


def _features(payload, where):
    """{name: bytes of its tf.train.Feature}."""
    try:
        example = _MESSAGES["Example"].FromString(payload)
    except (message.DecodeError, UnicodeDecodeError):
        raise DataError(f"{where} holds no tf.train.Example message: give a .tfrecord file of the authors.") from None
    return {entry.key: entry.value for entry in example.features.feature}


def _decode(feature, kind):
    """Values of a serialised feature, or None when they are of another kind or damaged."""
    try:
        parsed = _MESSAGES["Feature"].FromString(feature)
    except message.DecodeError:
        return None
    if not parsed.HasField(_LISTS[kind]):
        return None
    values = getattr(parsed, _LISTS[kind]).value
    return list(values) if kind == "bytes" else np.fromiter(values, _TYPES[kind], len(values))
