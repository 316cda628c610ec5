"""VGG19 features for content losses. Weights are read from a file that the user has; nothing is ever downloaded."""

import h5py
import keras
import numpy as np
from keras import ops

from pgig.errors import OptionsError, WeightsError
from pgig.pretrained import catalogue

FILE_NAME = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"

# ImageNet means as published: of blue, green and red.
MEANS = (103.939, 116.779, 123.68)


def vgg_input(image, order="original"):
    """Turn a picture into what the VGG19 of Keras expects.

    Args:
        image: (..., 3) float in [-1, 1], red, green, blue.
        order: `"imagenet"` subtracts each mean from its own channel. `"original"` does as pose-gan, which subtracts
            the mean of blue from red and the mean of red from blue.

    Returns:
        (..., 3) float32, about -124..152; blue, green, red.

    Raises:
        OptionsError: another `order`.
    """
    if order not in ("original", "imagenet"):
        raise OptionsError(f"order is {order!r}, but must be original or imagenet: choose one of these.")
    means = MEANS if order == "imagenet" else MEANS[::-1]
    reverse = ops.flip(ops.cast(image, "float32"), axis=-1)
    return 255.0 * (reverse + 1.0) / 2.0 - ops.convert_to_tensor(np.array(means, "float32"))


def feature_graph(layer_names):
    """VGG19 up to the named layers, with random weights that never train.

    Args:
        layer_names: names such as `"block1_conv2"`; outputs are taken after the layer's ReLU.

    Returns:
        `keras.Model` from (B, H, W, 3), made by `vgg_input`, to a list of feature maps in the order of the names.

    Raises:
        OptionsError: a name that VGG19 does not have.
    """
    whole = keras.applications.VGG19(include_top=False, weights=None, input_shape=(None, None, 3))
    known = [layer.name for layer in whole.layers[1:]]
    unknown = [name for name in layer_names if name not in known]
    if unknown or not layer_names:
        raise OptionsError(
            f"VGG19 has no layer {', '.join(map(repr, unknown)) or '(no name was given)'}: "
            f"choose from {', '.join(known)}."
        )
    model = keras.Model(whole.input, [whole.get_layer(name).output for name in layer_names], name="vgg19")
    model.trainable = False
    return model


def feature_model(layer_names, weights_path=None):
    """`feature_graph` with the ImageNet weights of a file.

    Args:
        layer_names: as for `feature_graph`.
        weights_path: Keras `.h5` file of VGG19 with or without its top; None: where
            `pgig.pretrained.catalogue` finds it.

    Returns:
        `keras.Model`, as `feature_graph`.

    Raises:
        OptionsError: a name that VGG19 does not have.
        WeightsError: no file, not such a file, or layers that are missing or of another shape.
    """
    model = feature_graph(layer_names)
    load_vgg_weights(model, catalogue.find("vgg19", weights_path))
    return model


def load_vgg_weights(model, path):
    """Fill `model` from a Keras 1 or 2 `.h5` weight file, by layer name, strictly.

    Args:
        model: a model whose weighted layers have the names of VGG19.
        path: the file; layers that the model does not have are ignored.

    Raises:
        WeightsError: not such a file; or layers missing or of another shape, all of which are listed.
    """
    stored = _read(path)
    layers = [layer for layer in model.layers if layer.weights]
    wrong = []
    for layer in layers:
        found = [array.shape for array in stored.get(layer.name, [])]
        wanted = [tuple(weight.shape) for weight in layer.weights]
        if found != wanted:
            wrong.append(f"{layer.name} {found or 'missing'} instead of {wanted}")
    if wrong:
        raise WeightsError(
            f"{path} does not hold the weights of VGG19: {'; '.join(wrong)}; take Keras's file {FILE_NAME}."
        )
    for layer in layers:
        layer.set_weights(stored[layer.name])


def _read(path):
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
            f"{path} is not a Keras weight file ({error}): take Keras's file {FILE_NAME} as it was published."
        ) from error


def _text(name):
    return name.decode() if isinstance(name, bytes) else str(name)
