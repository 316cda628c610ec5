import keras
import numpy as np
import pytest

from pgig.errors import WeightsError
from pgig.pretrained.filling import check_arrays, fill

GOOD = {"kernel": np.ones((3, 2), np.float16), "bias": np.arange(2, dtype=np.float32)}
SHAPES = {"kernel": (3, 2), "bias": (2,)}


def refused(shapes, arrays, **settings):
    with pytest.raises(WeightsError) as caught:
        check_arrays(shapes, arrays, "net.pth", **settings)
    return str(caught.value)


def test_layers_are_filled_and_other_arrays_passed_over():
    model = keras.Sequential([keras.Input((3,)), keras.layers.ReLU(), keras.layers.Dense(2, dtype="float32")])
    fill(model, [("kernel", "bias")], GOOD | {"more": np.zeros(1)}, "net.pth")
    for variable, array in zip(model.weights, GOOD.values(), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), array)
    with pytest.raises(WeightsError, match="net.pth does not fit: bias is missing; give the file of the right network"):
        fill(model, [("kernel", "bias")], {"kernel": GOOD["kernel"]}, "net.pth")


def test_everything_that_is_wrong_is_said_in_one_sentence():
    shapes = SHAPES | {"scale": (2,), "shift": (1,), "count": (1,)}
    wrong = {"bias": np.zeros(3), "scale": np.array([1, np.inf]), "count": np.array([7]), "new\nline": np.zeros(1)}
    faults = [
        "kernel is missing",
        "bias has shape (3,) instead of (2,)",
        "scale holds values that are not finite numbers",
        "shift is missing",
        "count holds values that are not finite numbers",
    ]
    assert refused(shapes, wrong) == f"net.pth does not fit: {'; '.join(faults)}; give the file of the right network."
    told = refused(shapes, wrong, network="this net", give="another", strict=True, also=["scale is odd"])
    faults += ["scale is odd", r"'new\nline' is left over"]
    assert told == f"net.pth does not fit this net: {'; '.join(faults)}; give another."


def test_layers_of_several_arrays():
    shapes = {"conv": [(3, 2), (2,)], "fc": [(2,)], "norm": [(4,)], "empty": [(1,)]}
    arrays = {"conv": list(GOOD.values()), "fc": [np.zeros(3)], "empty": []}
    told = refused(shapes, arrays, kind="layer")
    for part in (
        "layer fc has the shapes [(3,)] instead of [(2,)]",
        "layer norm is missing",
        "layer empty has the shapes [] instead of [(1,)]",
    ):
        assert part in told
    assert "conv" not in told


def test_the_right_arrays_are_taken():
    check_arrays(SHAPES, GOOD, "net.pth", strict=True)
    assert "left over" in refused({"bias": (2,)}, GOOD, strict=True)
