import keras
import numpy as np
import pytest
from keras import ops

from benchmarks.local_attention import plain
from pgig.errors import OptionsError
from pgig.layers.local_attention import LocalAttention
from tests.compiled_gradients import value_and_gradients
from tests.gradients import value_and_gradient


def _case(kernel, source_size=(5, 6), size=(4, 3), channels=3, hidden=8, **options):
    """A layer with biases and its inputs, as numpy arrays."""
    generator = np.random.default_rng(kernel)
    source, target = (generator.normal(size=(2, *s, channels)).astype("float32") for s in (source_size, size))
    flow = (3 * generator.normal(size=(2, *size, 2))).astype("float32")
    layer = LocalAttention(kernel, hidden=hidden, **options)
    layer.build([source.shape, target.shape, flow.shape])
    layer.set_weights([w + 0.1 * generator.normal(size=w.shape) for w in layer.get_weights()])
    return layer, [source, target, flow]


def _tensors(arrays):
    return [ops.convert_to_tensor(array) for array in arrays]


@pytest.mark.parametrize("kernel", [2, 3, 4])
def test_same_numbers_as_with_all_patches_side_by_side(kernel):
    layer, inputs = _case(kernel)
    upstream = np.random.default_rng(9).normal(size=inputs[1].shape).astype("float32")
    given = [keras.Variable(x) for x in inputs]
    variables = [*given, *layer.trainable_variables]
    ours, theirs = (
        value_and_gradients(lambda form=form: form(*(x.value for x in given)), variables, upstream)
        for form in (lambda *inputs: layer(inputs), lambda *inputs: plain(layer, *inputs))
    )
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-5)
    for variable, found, expected in zip(variables, ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max(), err_msg=variable.path)


def test_coefficients_are_shares_and_the_result_is_a_mean_over_the_taps():
    layer, (_, target, flow) = _case(3)
    source = np.full((2, 5, 6, 3), 4.5, "float32")
    tensors = _tensors([source, target, flow])
    shares = ops.convert_to_numpy(layer.coefficients(*tensors))
    assert shares.shape == (2, 4, 3, 9) and (shares > 0).all()
    np.testing.assert_allclose(shares.sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(tensors)), 4.5 / 9, rtol=1e-5)


def test_wherever_the_flow_points_beyond_the_border_there_is_no_slope():
    layer, (source, target, flow) = _case(3)
    for distance in (20.25, 1e30, np.inf):
        _, slope = value_and_gradient(lambda f: layer([*_tensors([source, target]), f]), np.full_like(flow, distance))
        np.testing.assert_array_equal(slope, 0)


def test_what_is_not_a_number_stays_in_its_pixel():
    layer, (source, target, flow) = _case(3)
    flow[1, 2, 0, 1] = np.nan
    found = ops.convert_to_numpy(layer(_tensors([source, target, flow])))
    assert np.isnan(found[1, 2, 0]).all()
    found[1, 2, 0] = 0
    assert np.isfinite(found).all()


def test_no_tensor_is_much_larger_than_the_maps():
    """The plain form holds maps 25 times as large."""
    layer, inputs = _case(5, (16, 16), (16, 16), channels=64)
    assert largest_tensor(lambda *given: layer(list(given)), inputs) < 3 * inputs[0].size
    assert largest_tensor(lambda *given: plain(layer, *given), inputs) >= 25 * inputs[0].size


def largest_tensor(function, arrays):
    """Elements of the largest tensor that a function and its gradient compute."""
    backend = {"tensorflow": _largest_tensorflow, "jax": _largest_jax, "torch": _largest_torch}
    return backend[keras.backend.backend()](function, arrays)


def _largest_tensorflow(function, arrays):
    import tensorflow as tf

    @tf.function(autograph=False)
    def step(arrays):
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            value = function(*arrays)
        return tape.gradient(value, arrays)

    graph = step.get_concrete_function([tf.constant(array) for array in arrays]).graph
    functions = graph.as_graph_def(add_shapes=True)
    shapes = [tensor.shape for operation in graph.get_operations() for tensor in operation.outputs]
    for inner in functions.library.function:
        for node in inner.node_def:
            shapes += [tf.TensorShape(shape) for shape in node.attr["_output_shapes"].list.shape]
    return max(shape.num_elements() or 0 for shape in shapes)


def _largest_jax(function, arrays):
    import jax
    from jax.extend.core import jaxprs_in_params

    def sizes(jaxpr):
        for equation in jaxpr.eqns:
            yield from (variable.aval.size for variable in equation.outvars)
            for inner in jaxprs_in_params(equation.params):
                yield from sizes(inner)

    def step(*arrays):
        return jax.grad(lambda *given: function(*given).sum(), argnums=(0, 1, 2))(*arrays)

    return max(sizes(jax.make_jaxpr(step)(*arrays).jaxpr))


def _largest_torch(function, arrays):
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watch(TorchDispatchMode):
        largest = 0

        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            result = operation(*args, **(kwargs or {}))
            for x in result if isinstance(result, (tuple, list)) else [result]:
                if isinstance(x, torch.Tensor):
                    Watch.largest = max(Watch.largest, x.numel())
            return result

    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    with Watch():
        function(*tensors).sum().backward()
    return Watch.largest


def test_half_precision_keeps_positions():
    layer, inputs = _case(3, (40, 6), (40, 3))
    half = LocalAttention(3, hidden=8, dtype="mixed_bfloat16")
    half.build([x.shape for x in inputs])
    half.set_weights(layer.get_weights())
    found, expected = half(_tensors(inputs)), layer(_tensors(inputs))
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    found, expected = (ops.convert_to_numpy(ops.cast(x, "float32")) for x in (found, expected))
    np.testing.assert_allclose(found, expected, atol=0.01)


def _model(layer, inputs):
    given = [keras.Input(x.shape[1:]) for x in inputs]
    return keras.Model(given, layer(given))


def test_saved_model_is_the_same(tmp_path):
    layer, inputs = _case(3, kernel_initializer=keras.initializers.Orthogonal(0.02))
    model = _model(layer, inputs)
    assert model.output_shape == (None, 4, 3, 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].get_config() == layer.get_config()
    np.testing.assert_array_equal(*(ops.convert_to_numpy(m(_tensors(inputs))) for m in (model, loaded)))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="export is TensorFlow's")
def test_exported_model_takes_any_batch(tmp_path):
    import tensorflow as tf

    layer, inputs = _case(2)
    _model(layer, inputs).export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(str(tmp_path / "exported"))
    for batch in (1, 2):
        given = _tensors([x[:batch] for x in inputs])
        np.testing.assert_allclose(exported.serve(given).numpy(), layer(given).numpy(), atol=1e-6)


@pytest.mark.parametrize("kernel", [0, "3"])
def test_an_empty_patch_is_refused(kernel):
    with pytest.raises(OptionsError, match="from 1 on"):
        LocalAttention(kernel)
