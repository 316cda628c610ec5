"""Writes pairs as `charliememory/Pose-Guided-Person-Image-Generation` stores them, for the authors' own programs.

What is not known is left empty or neutral: attributes that nobody gives and attribute words (empty), a segmentation
that nobody gives (zeros, as in the published files), the inpainting masks (ones: nothing is cut out; no program reads
them), and the candidates of the person (each visible joint is its own, the score is their number).
"""

import zlib

import numpy as np
from keras import ops

from pgig.data.authors_records import LAYOUTS, PARTS, REGIONS
from pgig.data.pairs import identity
from pgig.data.tfrecord import frame
from pgig.pose.body_masks import disc_mask
from pgig.pose.body_parts import body_boxes
from pgig.pose.discs import disc_indices
from pgig.utils.progress import progress_bar
from pgig.utils.protobuf import message_classes

# Poses whose masks and boxes are made at a time.
_BATCH = 32

# A packed list of numbers is a string of bytes on the wire, and so is a message: numpy makes the bytes of a list, and
# lists of features are joined as bytes.
_MESSAGES = message_classes(
    {
        "Strings": {"value": "1 repeated bytes"},
        "Packed": {"value": "1 bytes"},
        "Feature": {"bytes_list": "1 Strings", "float_list": "2 Packed", "int64_list": "3 Packed"},
        "Entry": {"key": "1 string", "value": "2 Feature"},
        "Features": {"feature": "1 repeated Entry"},
        "Example": {"features": "1 bytes"},
    }
)
_SEVEN_BITS = np.arange(0, 64, 7, dtype=np.uint64)


def camera(name):
    """Number of the camera that Market-1501's names give (`0002_c1s1_...` is 1), -1 for other names."""
    digit = name[6:7]
    return int(digit) if name[4:6] == "_c" and digit.isdecimal() and digit.isascii() else -1


def serialized_records(
    layout, size, poses, pairs, read_picture, attributes=None, read_segmentation=None, progress=True
):
    """Make the records of pairs.

    Args:
        layout: key of `LAYOUTS`.
        size: (height, width) of all pictures.
        poses: {name: (18, 3) y, x, visible} of at least the pictures of the pairs.
        pairs: list of (source name, target name).
        read_picture: function of a name: bytes of the picture, a JPEG or PNG file.
        attributes: {person: whole numbers} of all people, or None.
        read_segmentation: function of a name: labels of the pixels (H, W) uint8, or None.
        progress: whether to show bars.

    Yields:
        bytes of each record, framed for a TFRecord file.
    """
    names = sorted({name for pair in pairs for name in pair})
    drawn = _draw_poses(LAYOUTS[layout], size, poses, names, progress)
    neutral = _neutral_features(LAYOUTS[layout], size)
    if attributes is not None:
        del neutral["attrs"]
    if read_segmentation is not None:
        del neutral["seg"]
    constant = _serialize({f"{name}_{side}": value for name, value in neutral.items() for side in (0, 1)})
    shape = [size[0] * size[1] * poses[pairs[0][0]].shape[0]]
    people = {}
    for pair in progress_bar(pairs, "Records", "pair", show=progress):
        pictures = [read_picture(name) for name in pair]
        is_png = [data.startswith(b"\x89PNG") for data in pictures]
        whole = {
            "image_format": ("bytes", [b"png" if all(is_png) else b"jpg"]),
            "image_height": ("int", size[:1]),
            "image_width": ("int", size[1:]),
            "label": ("int", [1]),
            "real_data": ("int", [1]),
            "shape": ("int", shape),
        }
        for side, (name, data) in enumerate(zip(pair, pictures, strict=True)):
            whole[f"image_name_{side}"] = ("bytes", [name.encode()])
            whole[f"image_raw_{side}"] = ("bytes", [data])
            # The camera is known in Market-1501 alone.
            whole[f"cam_{side}"] = ("int", [camera(name) if layout == "market" else -1])
            whole[f"id_{side}"] = ("int", [people.setdefault(identity(name), len(people))])
            features = _pose_features(LAYOUTS[layout], size, poses[name]) | _unpack(drawn[name], size)
            if attributes is not None:
                features["attrs_{}"] = ("int", attributes[identity(name)])
            if read_segmentation is not None:
                features["seg_{}"] = ("int", read_segmentation(name).ravel())
            whole |= {key.format(side): value for key, value in features.items()}
        example = _MESSAGES["Example"](features=_serialize(whole) + constant)
        yield frame(example.SerializeToString())


def _draw_poses(layout, size, poses, names, progress):
    """{picture: ({feature: compressed bits of its body mask}, boxes and visibility of the parts of its body)}.

    These take longest of all, and pictures return often.
    """
    drawn = {}
    with progress_bar(None, "Poses", "picture", len(names), show=progress) as bar:
        for first in range(0, len(names), _BATCH):
            some = names[first : first + _BATCH]
            # Always the same number of poses: some back ends compile anew for another one.
            keypoints = np.zeros((_BATCH, *poses[some[0]].shape), np.float32)
            keypoints[: len(some)] = [poses[name] for name in some]
            rule = "market" if layout.words else "deepfashion"
            boxes, visible = map(ops.convert_to_numpy, body_boxes(keypoints, size, rule, PARTS))
            for name, *parts in zip(some, boxes.astype(np.uint16), visible.astype(np.uint8), strict=False):
                drawn[name] = {}, *parts
            for mask, radius in layout.masks.items():
                pixels = ops.convert_to_numpy(disc_mask(keypoints, size, radius)).astype(bool)
                for name, own in zip(some, pixels, strict=False):
                    drawn[name][0][f"pose_mask_{mask}_{{}}"] = zlib.compress(np.packbits(own).tobytes(), 1)
            bar.update(len(some))
    return drawn


def _unpack(drawn, size):
    """Features of what `_draw_poses` made of a picture."""
    masks, boxes, visible = drawn
    bits = {name: np.frombuffer(zlib.decompress(data), np.uint8) for name, data in masks.items()}
    features = {name: ("int", np.unpackbits(packed, count=size[0] * size[1])) for name, packed in bits.items()}
    return features | {"part_bbox_{}": ("int", boxes.ravel()), "part_vis_{}": ("int", visible)}


def _pose_features(layout, size, keypoints):
    """{name with {} for the side: (kind, values)} of what else follows from a pose."""
    visible = keypoints[:, 2] > 0
    features = {"pose_peaks_{}_rcv": ("float", np.where(visible[:, None], keypoints, 0).ravel())}
    for radius in layout.discs:
        flat = disc_indices(keypoints, size, radius)
        features[f"indices_r{radius}_{{}}"] = ("int", flat)
        features[f"values_r{radius}_{{}}"] = ("float", np.ones(len(flat)))
    if layout.grid:
        coarse = np.zeros((*layout.grid, len(keypoints)))
        cells = np.trunc(keypoints[visible, :2] / (np.array(size) / layout.grid)).astype(int)
        coarse[cells[:, 0], cells[:, 1], np.flatnonzero(visible)] = 1
        features["pose_peaks_{}"] = ("float", coarse.ravel())
        candidates = np.where(visible, np.arange(len(visible)), -1)
        features["pose_subs_{}"] = ("float", [*candidates, visible.sum(), visible.sum()])
    return features


def _neutral_features(layout, size):
    """{name without the side: (kind, values)} of what nothing is known about, the same in all records."""
    features = {"attrs": ("int", [])}
    if layout.words:
        features |= {f"attrs_w2v{length}": ("float", []) for length in (25, 50, 100, 150)}
        features["seg"] = ("int", np.zeros(size[0] * size[1], np.uint8))
    if layout.regions:
        features["roi10_mask"] = ("int", np.ones(size[0] * size[1] * REGIONS, np.uint8))
    return features


def _serialize(features):
    """Bytes of a tf.train.Features message; two of them one after the other are the message of both."""
    result = _MESSAGES["Features"]()
    for name, (kind, values) in features.items():
        feature = result.feature.add(key=name).value
        if kind == "bytes":
            feature.bytes_list.value.extend(values)
        else:
            # Written even when empty: readers ask which kind of list it is.
            packed = _floats(values) if kind == "float" else _varints(values)
            (feature.float_list if kind == "float" else feature.int64_list).CopyFrom(_MESSAGES["Packed"](value=packed))
    return result.SerializeToString()


def _floats(values):
    return np.asarray(values, "<f4").tobytes()


def _varints(values):
    """Whole numbers in groups of seven bits, the lowest first, the high bit set on all but the last."""
    values = np.asarray(values)
    if values.dtype == np.uint8 and values.max(initial=0) < 128:
        return values.tobytes()
    numbers = values.astype(np.int64).view(np.uint64)
    groups = (numbers[:, None] >> _SEVEN_BITS) & np.uint64(127)
    # A group is written when it, or any above it, is not zero; the first always.
    written = np.logical_or.accumulate(groups[:, ::-1] > 0, axis=1)[:, ::-1]
    written[:, 0] = True
    more = np.concatenate([written[:, 1:], np.zeros((len(numbers), 1), bool)], axis=1)
    return (groups + 128 * more.astype(np.uint64)).astype(np.uint8)[written].tobytes()
