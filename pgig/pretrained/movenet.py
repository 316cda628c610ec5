"""MoveNet Thunder: the joints of one person in a picture, with a score each.

A published TensorFlow.js network (Google, 2021): MobileNet-v2 with a feature pyramid and four heads as in CenterNet
(Zhou et al., "Objects as Points", 2019). The convolutions run as they stand in the file; the file finds the joints in
the heads' maps for one picture only, so that this is written here for batches, step by step with the same numbers.
"""

import keras
import numpy as np
from keras import ops
from PIL import Image

from pgig.errors import WeightsError
from pgig.pose.joints import INDEX, NAMES
from pgig.pretrained.batches import checked_pixels, in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.graph import FrozenGraph
from pgig.weights.graph_file import read_graph

# Side of the picture that the network takes, of its maps, and the number of joints that it knows.
_SIDE, _CELLS, _POINTS = 256, 64, 17

# The square around a picture has a side this much longer than the picture's longer edge: a person who touches the
# border is found less well.
_MARGIN = 0.1

# COCO's point for each joint but the neck, which is the middle of the shoulders. Eyes and ears: the tables that the
# field shares hold the person's right one first, whatever the names in `pgig.pose.joints` say.
_NECK, _SHOULDERS = INDEX["neck"], (5, 6)
_JOINTS = tuple(joint for joint in range(len(NAMES)) if joint != _NECK)
_POINT_OF_JOINT = (0, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)

_CALL = "StatefulPartitionedCall/"
_PICTURE = _CALL + "stack"
_HEADS = {
    "centre": _CALL + "center_0/conv2d_4/BiasAdd",
    "regression": _CALL + "kpt_regress_0/conv2d_6/BiasAdd",
    "heat_maps": _CALL + "kpt_heatmap_0/conv2d_5/BiasAdd",
    "offsets": _CALL + "kpt_offset_0/conv2d_7/BiasAdd",
}
# Weight of each cell as the person's centre, and what is added to a distance before a score is divided by it.
_CENTRE_WEIGHTS = "ConstantFolding/" + _CALL + "truediv_2_recip"
_DISTANCE_FLOOR = _CALL + "add_5/y"


class MoveNet:
    """The network as an extractor of keypoints.

    Args:
        path: the `.json` file, with its `.bin` file beside it.
        batch_size: pictures that run at a time.

    Raises:
        WeightsError: a file is missing, damaged, or not this network.
    """

    name = "movenet-thunder"
    version = 1

    def __init__(self, path, batch_size=8):
        graph = read_graph(path)
        self.batch_size = batch_size
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path, graph.path.with_suffix('.bin'))}"
        self._model = _build(graph)

    def __call__(self, pixels):
        """Joints of the person in each picture.

        Args:
            pixels: (N, H, W, 3) uint8 RGB.

        Returns:
            (N, 18, 3) float32: y and x in pixels of the picture, which a guess may leave, and score 0 to 1. The neck is
            the middle of the shoulders with the lower of their scores.

        Raises:
            DataError: `pixels` is of another shape or type.
        """
        pixels = checked_pixels(pixels, "MoveNet")
        keypoints = [np.zeros((0, len(NAMES), 3), np.float32)]
        for start in range(0, len(pixels), self.batch_size):
            squares = np.stack([_square(picture) for picture in pixels[start : start + self.batch_size]])
            points = in_batches(self._model, self.batch_size, squares)
            keypoints.append(_in_picture(points, pixels.shape[1:3]))
        return np.concatenate(keypoints)


def decode(centre, regression, heat_maps, offsets, centre_weights, distance_floor):
    """One person's points from the four heads.

    The cell that is most likely a person's centre, weighted in favour of the middle of the picture, says roughly where
    each point should be; the best cell of the point's own map, scores being divided by the distance from there, and
    that cell's offset give the place.

    Args:
        centre: (B, 64, 64, 1) logits.
        regression: (B, 64, 64, 34) y, x of each point from the centre, in cells.
        heat_maps: (B, 64, 64, 17) logits.
        offsets: (B, 64, 64, 34) y, x of each point from the corner of its cell, in cells.
        centre_weights: (64, 64, 1).
        distance_floor: what is added to distances, in cells.

    Returns:
        (B, 17, 3): y and x as shares of the side, score 0 to 1; COCO's order.
    """
    # The picture's own index may be symbolic: every other length is known.
    cells = _CELLS * _CELLS
    likely = ops.reshape(ops.multiply(ops.sigmoid(centre), centre_weights), (-1, cells))
    best = ops.argmax(likely, axis=1)[:, None, None]
    rough = ops.take_along_axis(ops.reshape(regression, (-1, cells, 2 * _POINTS)), best, axis=1)
    rough = ops.reshape(rough, (-1, 1, _POINTS, 2)) + _place(best)

    grid = np.stack(np.divmod(np.arange(cells), _CELLS), axis=-1).astype("float32")[None, :, None]
    distance = ops.sqrt(ops.sum(ops.square(ops.subtract(grid, rough)), axis=-1)) + distance_floor
    scores = ops.reshape(ops.sigmoid(heat_maps), (-1, cells, _POINTS))
    found = ops.argmax(scores / distance, axis=1)[:, None]

    offset = ops.take_along_axis(ops.reshape(offsets, (-1, cells, _POINTS, 2)), found[..., None], axis=1)
    places = (_place(found) + offset)[:, 0] / _CELLS
    return ops.concatenate([places, ops.take_along_axis(scores, found, axis=1)[:, 0, :, None]], axis=-1)


def _place(index):
    """Row and column, as a new last axis, of a running number of a cell."""
    return ops.cast(ops.stack([index // _CELLS, index % _CELLS], axis=-1), "float32")


def _build(graph):
    """The model from (B, 256, 256, 3) uint8 to (B, 17, 3)."""
    constants = {
        name: graph.nodes[name].attributes.get("value") if name in graph.nodes else None
        for name in (_CENTRE_WEIGHTS, _DISTANCE_FLOOR)
    }
    shapes = {name: getattr(value, "shape", None) for name, value in constants.items()}
    if shapes != {_CENTRE_WEIGHTS: (_CELLS, _CELLS, 1), _DISTANCE_FLOOR: ()}:
        raise WeightsError(f"{graph.path} is not MoveNet Thunder: give movenet-thunder.json.")

    picture = keras.Input((_SIDE, _SIDE, 3), dtype="uint8")
    heads = FrozenGraph(graph, [_PICTURE], list(_HEADS.values()))(ops.cast(picture, "float32"))
    expected = {"centre": 1, "regression": 2 * _POINTS, "heat_maps": _POINTS, "offsets": 2 * _POINTS}
    for (name, channels), head in zip(expected.items(), heads, strict=True):
        if tuple(head.shape[1:]) != (_CELLS, _CELLS, channels):
            raise WeightsError(
                f"{graph.path} is not MoveNet Thunder: its {name} have the shape {tuple(head.shape[1:])} instead of "
                f"{(_CELLS, _CELLS, channels)}."
            )
    weights, floor = constants[_CENTRE_WEIGHTS].astype("float32"), float(constants[_DISTANCE_FLOOR])
    if not (np.isfinite(weights).all() and 0 < floor < np.inf):
        raise WeightsError(f"{graph.path} holds values that are not finite: take another copy.")
    return keras.Model(picture, decode(*heads, weights, floor))


def _frame(size):
    """Side of the black square around a picture of that size, and the picture's top and left in it, in pixels."""
    side = round(max(size) * (1 + _MARGIN))
    return side, (side - size[0]) // 2, (side - size[1]) // 2


def _square(picture):
    """(H, W, 3) -> (256, 256, 3) uint8: the picture in the middle of a black square.

    Pillow's filter, which takes the mean of what a shrunken pixel covers, is the one of the published figures.
    """
    side, top, left = _frame(picture.shape[:2])
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return np.asarray(Image.fromarray(square).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR))


def _in_picture(points, size):
    """(B, 17, 3) shares of the square -> (B, 18, 3) pixels of a picture of that size, in our order."""
    side, top, left = _frame(size)
    keypoints = np.zeros((len(points), len(NAMES), 3), np.float32)
    keypoints[:, _JOINTS] = points[:, _POINT_OF_JOINT]
    shoulders = points[:, _SHOULDERS]
    keypoints[:, _NECK, :2] = shoulders[..., :2].mean(axis=1)
    keypoints[:, _NECK, 2] = shoulders[..., 2].min(axis=1)
    keypoints[..., :2] = keypoints[..., :2] * np.float32(side) - np.float32([top, left])
    return keypoints
