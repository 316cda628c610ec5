"""The generator of PATN_Fine: its size, its numbers against PyTorch's modules, its state files, its gradients."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.errors import WeightsError
from pgig.methods.patn.config import PatnConfig
from pgig.methods.patn.fine_networks import build_fine_generator
from pgig.methods.patn.fine_weights import torch_table
from pgig.pose.part_boxes import part_boxes
from pgig.weights.foreign import fill
from tests.gradients import value_and_gradient
from tests.methods.conformance import people

SIZE = (32, 24)


def inputs_of(count, seed=0):
    random = np.random.default_rng(seed)
    batch = people(count, SIZE, seed)
    inputs = {"source_image": random.uniform(-1, 1, (count, *SIZE, 3)).astype("float32")}
    for side in ("source", "target"):
        inputs[f"{side}_pose"] = random.uniform(0, 1, (count, *SIZE, 18)).astype("float32")
        inputs[f"{side}_boxes"] = ops.convert_to_numpy(part_boxes(batch[f"{side}_keypoints"], SIZE))
    return inputs


@pytest.fixture(scope="module")
def network():
    return build_fine_generator(PatnConfig(which_model_netG="PATN_Fine", ngf=4, n_blocks=2), SIZE)


@pytest.fixture(scope="module")
def inputs():
    return inputs_of(2)


def test_parameters_are_as_many_as_published():
    network = build_fine_generator(PatnConfig(which_model_netG="PATN_Fine"), (256, 176))
    assert sum(int(np.prod(weight.shape)) for weight in network.trainable_weights) == 46_236_547
    assert network.output_shape == (None, 256, 176, 3)
    assert [network.get_layer(f"moved{level}").output.shape[1:] for level in (1, 2, 3)] == [
        (64, 44, 256), (128, 88, 128), (256, 176, 64),
    ]  # fmt: skip


@pytest.mark.parametrize("dropout", [True, False])
def test_names_and_shapes_are_those_of_the_state_file(network, dropout):
    pytest.importorskip("torch")
    from tests.methods import plain_patn_fine as plain

    state = plain.state_of(plain.Fine(4, 2, dropout))
    tensors = torch_table(network, dropout).tensors
    shapes = {t.name: (t.layout or np.asarray)(np.zeros(tuple(state[t.name].shape))).shape for t in tensors}
    assert set(shapes) == {name for name in state if not name.endswith("num_batches_tracked")}
    assert [shapes[t.name] for t in tensors] == [tuple(t.variable.shape) for t in tensors]


def test_numbers_are_those_of_pytorchs_modules(network, inputs):
    pytest.importorskip("torch")
    from tests.methods import plain_patn_fine as plain

    theirs = plain.random_network(4, 2, seed=3)
    fill(torch_table(network, True), plain.state_of(theirs), "latest_net_netG.pth", "generator")
    expected = plain.generate(theirs, inputs)
    image = ops.convert_to_numpy(network(inputs, training=False))
    assert 0.05 < expected.std() < 0.9
    np.testing.assert_allclose(image, expected, atol=1e-4 * np.abs(expected).max())


def test_a_state_file_of_another_dropout_flag_is_refused(network):
    state = {tensor.name: np.zeros(1, "float32") for tensor in torch_table(network, False).tensors}
    with pytest.raises(WeightsError, match=r"missing \(model\.att\.0\.conv_block_stream\d\.6\.weight"):
        fill(torch_table(network, True), state, "latest_net_netG.pth", "generator")


def test_the_moved_maps_matter_and_only_where_both_pictures_have_boxes(network, inputs):
    image = ops.convert_to_numpy(network(inputs))
    none = inputs | {"source_boxes": np.zeros_like(inputs["source_boxes"])}
    without = ops.convert_to_numpy(network(none))
    assert np.abs(image - without).max() > 1e-4
    again = ops.convert_to_numpy(network(none | {"target_boxes": np.zeros_like(inputs["target_boxes"])}))
    np.testing.assert_array_equal(without, again)


def test_gradients_are_finite_and_reach_the_picture(network, inputs):
    tensors = {name: ops.convert_to_tensor(array) for name, array in inputs.items()}
    upstream = np.random.default_rng(5).normal(size=(2, *SIZE, 3))
    _, gradient = value_and_gradient(
        lambda image: network(tensors | {"source_image": image}), inputs["source_image"], upstream
    )
    assert np.isfinite(gradient).all() and (np.abs(gradient).max((1, 2, 3)) > 0).all()


def test_a_saved_generator_computes_the_same(network, inputs, tmp_path):
    network.save(tmp_path / "generator.keras")
    again = keras.models.load_model(tmp_path / "generator.keras")
    np.testing.assert_array_equal(*(ops.convert_to_numpy(model(inputs)) for model in (network, again)))
