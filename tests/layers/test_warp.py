import keras
import numpy as np
import pytest
from keras import ops

from pgig.errors import OptionsError
from pgig.layers import AffineWarp
from tests.gradients import value_and_gradient

SIZE = (8, 4)
IDENTITY = np.array([1, 0, 0, 0, 1, 0, 0, 0], "float32")
SINGULAR = np.array([1, 2, 0, 2, 4, 0, 0, 0], "float32")


def _case(limbs=10, depth=3, size=SIZE, batch=2):
    """Random maps, transforms and masks at picture scale, with at most `depth` masks at a pixel beside the first."""
    generator = np.random.default_rng(limbs + depth)
    maps = generator.normal(size=(batch, *size, 3)).astype("float32")
    transforms = IDENTITY + generator.normal(0, 0.2, (batch, limbs, 8)) * np.array([1, 1, 8, 1, 1, 8, 0, 0])
    order = generator.random((batch, limbs - 1, *size)).argsort(axis=1)
    masks = np.concatenate([np.ones((batch, 1, *size)), order < depth], axis=1)
    return maps, transforms.astype("float32"), masks.astype("float32")


def _reference(maps, transforms, masks):
    """The copies (B, n, h, w, C) in plain numpy, pixel by pixel."""
    batch, height, width, channels = maps.shape
    copies = np.zeros((batch, transforms.shape[1], *maps.shape[1:]), "float32")
    for b, n, y, x in np.ndindex(copies.shape[:-1]):
        a0, a1, a2, b0, b1, b2, c0, c1 = transforms[b, n]
        scale = c0 * x + c1 * y + 1
        column, row = (a0 * x + a1 * y + a2) / scale, (b0 * x + b1 * y + b2) / scale
        column, row = (int(np.sign(v) * np.floor(abs(v) + 0.5)) for v in (column, row))
        if 0 <= row < height and 0 <= column < width:
            copies[b, n, y, x] = maps[b, row, column] * masks[b, n, y, x]
    return copies


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("depth", [0, 2, 4, 9])
def test_maximum_is_the_same_for_every_depth_of_masks(depth, training):
    maps, transforms, masks = _case(depth=depth)
    copies = _reference(maps, transforms, masks)
    warp = AffineWarp(SIZE, gradient="exact")

    out, slope = value_and_gradient(lambda x: warp([x, transforms, masks], training=training), maps)

    np.testing.assert_array_equal(out, copies.max(axis=1))
    # Nothing is lost: the gradient sums to the shares of the copies that show a pixel of the map.
    winners = copies == copies.max(axis=1, keepdims=True)
    shares = winners / winners.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(slope.sum(), shares[copies != 0].sum(), rtol=1e-5)


@pytest.mark.parametrize("gradient", ["inverse", "exact"])
@pytest.mark.parametrize("depth", [1, 4, 9])
def test_training_and_inference_have_the_same_gradient(depth, gradient):
    maps, transforms, masks = _case(depth=depth)
    upstream = np.random.default_rng(1).normal(size=maps.shape).astype("float32")
    warp = AffineWarp(SIZE, gradient=gradient)

    plain, adaptive = (
        value_and_gradient(lambda x, t=t: warp([x, transforms, masks], training=t), maps, upstream)
        for t in (False, True)
    )

    np.testing.assert_array_equal(plain[0], adaptive[0])
    np.testing.assert_allclose(plain[1], adaptive[1], atol=1e-5)


@pytest.mark.parametrize("gradient", ["inverse", "exact"])
def test_equal_largest_copies_share_the_gradient(gradient):
    maps = np.array([[[[-1.0], [0.0]]]], "float32")
    transforms = np.broadcast_to(IDENTITY, (1, 8, 8))
    masks = np.ones((1, 8, 1, 2), "float32")
    masks[:, 6:] = 0

    for training in (False, True):
        warp = AffineWarp((1, 2), gradient=gradient)
        out, slope = value_and_gradient(
            lambda x, warp=warp, training=training: warp([x, transforms, masks], training=training), maps
        )
        np.testing.assert_array_equal(out.ravel(), [0, 0])
        # Left: the two masked copies win. Right: six copies show the pixel, two are masked zeros.
        np.testing.assert_allclose(slope.ravel(), [0, 6 / 8])


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("aggregation", ["max", "avg", "none"])
@pytest.mark.parametrize("gradient", ["inverse", "exact"])
def test_one_identity_transform_changes_nothing(aggregation, interpolation, gradient):
    maps, upstream = np.random.default_rng(0).normal(size=(2, 2, *SIZE, 3)).astype("float32")
    warp = AffineWarp(SIZE, aggregation, interpolation, gradient)
    transforms = np.broadcast_to(IDENTITY, (2, 1, 8))

    out, slope = value_and_gradient(lambda x: warp([x, transforms]), maps, upstream)

    np.testing.assert_allclose(out, maps, atol=1e-6)
    np.testing.assert_allclose(slope, upstream, atol=1e-6)


def test_bilinear_mixes_neighbours_and_fades_at_the_border():
    maps = np.array([1, 2, 4, 8], "float32").reshape(1, 1, 4, 1)
    quarter = IDENTITY + np.eye(8, dtype="float32")[2] / 4
    warp = AffineWarp((1, 4), "max", "bilinear", "exact")
    out, slope = value_and_gradient(lambda x: warp([x, quarter[None, None]]), maps)
    np.testing.assert_allclose(out.ravel(), [1.25, 2.5, 5, 6])
    np.testing.assert_allclose(slope.ravel(), [0.75, 1, 1, 1])


def test_average_divides_by_the_masks_and_is_zero_without_any():
    maps = np.ones((1, 1, 3, 1), "float32")
    masks = np.array([[1, 1, 0], [1, 0, 0]], "float32").reshape(1, 2, 1, 3)
    outside = IDENTITY + np.eye(8, dtype="float32")[2] * 100
    warp = AffineWarp((1, 3), "avg")
    out = warp([maps, np.stack([IDENTITY, outside])[None], masks])
    np.testing.assert_allclose(ops.convert_to_numpy(out).ravel(), [0.5, 1, 0])


@pytest.mark.parametrize("aggregation", ["max", "avg"])
def test_singular_transforms_give_no_gradient(aggregation):
    maps = np.random.default_rng(0).uniform(1, 2, (1, *SIZE, 2)).astype("float32")
    warp = AffineWarp(SIZE, aggregation)
    _, slope = value_and_gradient(lambda x: warp([x, SINGULAR[None, None]]), maps)
    np.testing.assert_array_equal(slope, np.zeros_like(maps))


def test_transforms_get_no_gradient():
    maps, transforms, masks = _case(limbs=3)
    warp = AffineWarp(SIZE, interpolation="bilinear")
    _, slope = value_and_gradient(lambda t: warp([maps, t, masks]) + 0 * ops.sum(t), transforms)
    np.testing.assert_array_equal(slope, np.zeros_like(transforms))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("gradient", ["inverse", "exact"])
def test_coordinates_stay_float32_under_mixed_precision(policy, gradient):
    maps, transforms, masks = _case(size=(64, 32))
    exact, half = (AffineWarp((64, 32), gradient=gradient, dtype=dtype) for dtype in ("float32", policy))
    expected, _ = value_and_gradient(lambda x: exact([x, transforms, masks]), maps)

    assert keras.backend.standardize_dtype(half([maps, transforms, masks]).dtype) == half.compute_dtype
    out, slope = value_and_gradient(lambda x: half([x, transforms, masks], training=True), maps)
    np.testing.assert_allclose(out, expected, atol=0.03)
    assert np.isfinite(slope).all()


def test_masks_may_be_of_any_dtype_and_are_sampled_top_left():
    maps = np.ones((1, 2, 1, 1), "float32")
    masks = np.array([1, 0, 0, 1], "uint8").reshape(1, 1, 4, 1)
    warp = AffineWarp((4, 2), "avg")
    for dtype in ("uint8", "bool", "float32"):
        out = warp([maps, IDENTITY[None, None], masks.astype(dtype)])
        np.testing.assert_array_equal(ops.convert_to_numpy(out).ravel(), [1, 0])


def test_symbolic_shapes_and_config_round_trip():
    x, transforms, masks = keras.Input((8, 4, 5)), keras.Input((10, 8)), keras.Input((10, 8, 4))
    assert AffineWarp(SIZE)([x, transforms, masks]).shape == (None, 8, 4, 5)
    assert AffineWarp(SIZE, "none")([x, transforms, masks]).shape == (None, 8, 4, 50)
    layer = AffineWarp(SIZE, "avg", "bilinear", "exact", name="w")
    assert AffineWarp.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize("choice", [{"aggregation": "mean"}, {"interpolation": "cubic"}, {"gradient": "none"}])
def test_unknown_choices_are_refused(choice):
    with pytest.raises(OptionsError, match="must be one of"):
        AffineWarp(SIZE, **choice)


@pytest.mark.parametrize("gradient", ["inverse", "exact"])
@pytest.mark.parametrize("training", [False, True])
def test_compiled_step_equals_the_eager_one(gradient, training):
    maps, transforms, masks = _case()
    warp = AffineWarp(SIZE, gradient=gradient)

    def step(x, transforms, masks):
        return value_and_gradient(lambda x: warp([x, transforms, masks], training=training), x)

    expected = step(maps, transforms, masks)
    for out in _compiled(warp, training, maps, transforms, masks):
        for actual, wanted in zip(out, expected, strict=True):
            np.testing.assert_allclose(np.asarray(actual), wanted, atol=1e-5)


def _compiled(warp, training, *arrays):
    """Value and gradient from a compiled step: with and without XLA, the batch size unknown where it can be."""
    if keras.backend.backend() == "torch":
        pytest.skip("the torch step runs eagerly")
    if keras.backend.backend() == "jax":
        import jax

        def total(x, *rest):
            value = warp([x, *rest], training=training)
            return ops.sum(value), value

        gradient, value = jax.jit(jax.grad(total, has_aux=True))(*arrays)
        return [(value, gradient)]

    import tensorflow as tf

    def step(x, *rest):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = warp([x, *rest], training=training)
        return value, tape.gradient(value, x)

    signature = [tf.TensorSpec((None, *array.shape[1:])) for array in arrays]
    plain = tf.function(step, input_signature=signature)
    return [plain(*arrays), tf.function(step, jit_compile=True)(*map(tf.constant, arrays))]
