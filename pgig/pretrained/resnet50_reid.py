"""The re-identification network of PN-GAN as an extractor of features: ResNet-50, of which 2048 numbers a picture.

Qian et al., "Pose-Normalized Image Generation for Person Re-identification", ECCV 2018; class `ResNet50` of
naiq/PN_GAN. Weights were not published with it: they come from a training of one's own. Its head (512 numbers, then a
class a person) serves that training alone; a file may hold it, and it is passed over.

What pictures went into the network was not published either; the published test, on VIPeR, is of another one (see
`pgig.reid.networks`). Here they are 256 x 128 pixels, and "imagenet" scales them as torchvision's weights expect it,
from which the class starts; "half" maps them to -1..1 as PN-GAN's generator and Human-Pose-Transfer's attribute network
have it.
"""

import keras

from pgig.errors import WeightsError
from pgig.pretrained.batches import checked_pixels, in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.resnet50_attributes import assign, trunk
from pgig.pretrained.trunks import scaled, to_image
from pgig.weights.torch_file import read_torch

SCALINGS = ("imagenet", "half")

# A tensor that only the trunk has, by which its names' common beginning is found: `net.` in naiq/PN_GAN, nothing in
# torchvision's own files, `module.` or the like around them.
_MARK = "layer1.0.downsample.0.weight"
_ENDS = ("weight", "bias", "running_mean", "running_var")


class ReidNetwork:
    """The network up to its pooled features.

    Args:
        path: state file of PyTorch, of naiq/PN_GAN's class or of torchvision's ResNet-50.
        scaling: one of SCALINGS.
        batch_size: pictures that run at a time.

    Raises:
        WeightsError: the file is missing, damaged, or not of this network.
    """

    name = "resnet50-reid"
    version = 1

    def __init__(self, path, scaling="imagenet", batch_size=32):
        self.batch_size = batch_size
        self._model = build(scaling)
        assign(self._model, trunk_arrays(read_torch(path), path), path, "the ResNet-50")
        self.fingerprint = f"{self.name}-{self.version}-{scaling}-{fingerprint(path)}"

    def __call__(self, pixels):
        """Features of pictures.

        Args:
            pixels: (N, H, W, 3) uint8 RGB.

        Returns:
            (N, 2048) float32, not negative, of any length.

        Raises:
            DataError: `pixels` is of another shape or type.
        """
        return in_batches(self._model, self.batch_size, checked_pixels(pixels, "The re-identification network"))


def build(scaling):
    """The network: `keras.Model` from (B, H, W, 3) uint8 to (B, 2048) float32."""
    picture = keras.Input((None, None, 3), dtype="uint8")
    image = to_image(picture)
    return keras.Model(picture, trunk(scaled(image) if scaling == "imagenet" else image))


def trunk_arrays(arrays, path):
    """The arrays of the trunk under the names of `pgig.pretrained.resnet50_attributes`.

    Args:
        arrays: {name: array} of a file, which may hold a head, an optimizer and counters beside the trunk.
        path: the file, for the message.

    Raises:
        WeightsError: no trunk of this kind is there, or several.
    """
    starts = [name.removesuffix(_MARK) for name in arrays if name.endswith(_MARK) and arrays[name].ndim == 4]
    if len(starts) != 1:
        raise WeightsError(
            f"{path} holds {len(starts)} networks with a tensor ...{_MARK}, but one ResNet-50 is expected: give the "
            "state file of a re-identification network."
        )
    (start,) = starts
    parts = ("conv1.", "bn1.", *(f"layer{stage}." for stage in range(1, 5)))
    names = (name.removeprefix(start) for name in arrays if name.startswith(start))
    return {
        f"model.{name}": arrays[start + name]
        for name in names
        if name.startswith(parts) and name.rpartition(".")[2] in _ENDS
    }
