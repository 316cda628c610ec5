import keras
import numpy as np
import pytest
from keras import ops

from pgig.errors import OptionsError
from pgig.layers.local_attn_reshape import LocalAttnReshape, local_attn_reshape
from tests.gradients import value_and_gradient


def test_every_channel_has_its_place_and_its_gradient():
    x = np.random.default_rng(0).normal(size=(2, 3, 2, 9)).astype("float32")
    squares, slope = value_and_gradient(lambda x: local_attn_reshape(x, 3) ** 2 / 2, x)
    for y, column, a, b in np.ndindex(3, 2, 3, 3):
        expected = x[:, y, column, 3 * a + b] ** 2 / 2
        np.testing.assert_allclose(squares[:, 3 * y + a, 3 * column + b, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(slope, x, rtol=1e-5)


def test_layer_survives_saving(tmp_path):
    given = keras.Input((3, 2, 4))
    model = keras.Model(given, LocalAttnReshape(2)(given))
    assert model.output_shape == (None, 6, 4, 1)
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(2, 3, 2, 4)).astype("float32")
    found = keras.models.load_model(tmp_path / "model.keras")(x)
    expected = local_attn_reshape(ops.convert_to_tensor(x), 2)
    np.testing.assert_array_equal(*(ops.convert_to_numpy(tensor) for tensor in (found, expected)))


def test_another_number_of_channels_is_refused():
    with pytest.raises(OptionsError, match="9 coefficients, but there are 4 channels"):
        LocalAttnReshape(3)(np.zeros((1, 2, 2, 4), "float32"))
