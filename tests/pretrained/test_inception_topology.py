"""The layers of Inception-v3 against Keras's own network, which needs no other back end."""

import keras
import numpy as np

from pgig.pretrained.inception_v3 import Prepared, build_inception


def made(layer):
    """Number that Keras gave to a layer without a name; the first of all has none."""
    number = layer.name.rsplit("_", 1)[-1]
    return int(number) if number.isdigit() else 0


def test_the_network_of_2015_up_to_its_last_block_is_keras_own():
    ours, convolutions = build_inception("2015")
    theirs = keras.applications.InceptionV3(include_top=False, weights=None, input_shape=(299, 299, 3))
    generator = np.random.default_rng(1)

    # Theirs are numbered as they were made, which is branch by branch in another order.
    names = sorted(convolutions, key=lambda name: name.replace("branch3x3dbl", "branch5x5x"))
    layers, norms = (
        sorted((layer for layer in theirs.layers if isinstance(layer, kind)), key=made)
        for kind in (keras.layers.Conv2D, keras.layers.BatchNormalization)
    )
    for name, layer, norm in zip(names, layers, norms, strict=True):
        fan_in, filters = np.prod(layer.kernel.shape[:3]), layer.filters
        kernel = generator.standard_normal(layer.kernel.shape, np.float32) * np.sqrt(2 / fan_in, dtype=np.float32)
        bias, mean, variance = generator.uniform(0.1, 0.5, (3, filters)).astype(np.float32)
        layer.set_weights([kernel])
        norm.set_weights([bias, mean, variance])
        factor = 1 / np.sqrt(variance + norm.epsilon)
        convolutions[name].set_weights([kernel * factor, bias - mean * factor])

    middle = [layer for layer in ours.layers if isinstance(layer, keras.layers.Concatenate)][-2]
    size = next(layer for layer in ours.layers if isinstance(layer, Prepared))
    image = np.random.default_rng(2).uniform(-1, 1, (1, 299, 299, 3)).astype(np.float32)
    ours = keras.Model(size.output, middle.output)
    theirs = keras.Model(theirs.input, theirs.get_layer("mixed9").output)
    expected = theirs.predict_on_batch(image)
    np.testing.assert_allclose(ours.predict_on_batch(image), expected, rtol=1e-3, atol=2e-5 * expected.max())
