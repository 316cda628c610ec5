"""The OpenPose network: its shape, its weight file, and the structure term of the generator's loss."""

import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.errors import WeightsError
from pgig.estimate.openpose import build_estimator, joint_maps, load_estimator
from pgig.weights import keras_h5

SIZE = (128, 64)


@pytest.fixture(scope="module")
def weight_file(tmp_path_factory):
    """A file of the published layout with random weights, and the network that wrote it."""
    model = build_estimator()
    path = tmp_path_factory.mktemp("openpose") / "pose_estimator.h5"
    keras_h5.write(path, entries_of(model), {})
    return path, model


def entries_of(model):
    return [
        (layer.name, f"{layer.name}/{variable.name}:0", ops.convert_to_numpy(variable.value))
        for layer in model.layers
        for variable in layer.weights
    ]


def test_shape_of_the_network(weight_file):
    _, model = weight_file
    # Parameters of the published COCO network.
    assert model.count_params() == 52_311_446
    fields, heat_maps = model(ops.zeros((1, *SIZE, 3)))
    assert tuple(fields.shape) == (1, 16, 8, 38)
    assert tuple(heat_maps.shape) == (1, 16, 8, 19)


def test_a_loaded_network_is_the_one_that_was_written(weight_file):
    path, model = weight_file
    loaded = load_estimator(path)
    assert not loaded.trainable_variables
    image = np.random.default_rng(0).uniform(-1, 1, (1, *SIZE, 3)).astype("float32")
    bgr = ops.convert_to_tensor(image[..., ::-1].copy() / 2)
    expected = ops.convert_to_numpy(model(bgr)[1])[..., :18]
    maps = ops.convert_to_numpy(joint_maps(loaded, ops.convert_to_tensor(image)))
    np.testing.assert_allclose(maps, expected, rtol=1e-5, atol=1e-7)


def test_a_file_of_another_network_is_refused(weight_file, tmp_path):
    _, model = weight_file
    keras_h5.write(tmp_path / "part.h5", entries_of(model)[:-2], {})
    with pytest.raises(WeightsError, match="missing Mconv7_stage6_L2"):
        load_estimator(tmp_path / "part.h5")


def test_structure_term(weight_file):
    """Weight times the mean squared difference of the joint maps; it is part of the generator's loss."""
    path, model = weight_file
    flags = f"--width 0.0625 --warp_skip none --lstruct_penalty_weight 1000 --pose_estimator {path}"
    options = parse(flags.split())
    method = options.method.load()(options.shared, options.config, SIZE)
    method.load_frozen()
    random = np.random.default_rng(1)
    poses = np.concatenate([random.integers(0, 64, (1, 18, 2)), np.ones((1, 18, 1))], axis=-1).astype("float32")
    pixels = random.integers(0, 256, (2, 1, *SIZE, 3)).astype("uint8")
    batch = {f"{side}_pixels": pixels[i] for i, side in enumerate(("source", "target"))}
    batch |= {f"{side}_keypoints": poses for side in ("source", "target")}
    inputs = method.inputs({key: ops.convert_to_tensor(value) for key, value in batch.items()})

    total, terms = method.generator_loss([inputs], training=False)
    pair = ops.concatenate([inputs["target_image"], method.generate(inputs)])
    real, generated = ops.convert_to_numpy(joint_maps(model, pair))
    expected = 1000 * np.mean((real - generated) ** 2)
    assert expected > 0
    values = {name: float(ops.convert_to_numpy(value)) for name, value in terms.items()}
    assert values["lstruct"] == pytest.approx(expected, rel=1e-3)
    assert float(ops.convert_to_numpy(total)) == pytest.approx(sum(values.values()))
