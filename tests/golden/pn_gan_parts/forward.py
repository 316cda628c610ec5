"""Golden tests of PN-GAN's networks: every array of forward.npz, with the weights read as a state file of PyTorch."""

import json

import numpy as np
import pytest
from keras import ops

from pgig.methods.pn_gan import networks as nets
from pgig.methods.pn_gan.config import PnGanConfig
from pgig.methods.pn_gan.weights import torch_table
from pgig.weights.foreign import fill

# Of the largest absolute value of an array.
TOLERANCE = 1e-4

# Networks of more parameters take seconds.
LARGE = 1_000_000


@pytest.fixture(scope="module")
def pn_gan_forward(golden):
    """(forward.json, arrays of forward.npz)."""
    with np.load(golden("forward.npz", "pn-gan")) as arrays:
        return json.loads(golden("forward.json", "pn-gan").read_text()), dict(arrays)


def uniform(seed, shape):
    """Input array of the recipe."""
    return np.random.Generator(np.random.PCG64(seed)).uniform(-1, 1, shape).astype(np.float32)


def recipe_weights(entries, base):
    """{name: array} in PyTorch's layout, for entries (index, name, shape, kind)."""
    tensors = {}
    for index, name, shape, kind in entries:
        values = np.random.Generator(np.random.PCG64(1000 + base + index)).standard_normal(shape).astype(np.float32)
        if kind == "bias":
            tensors[name] = np.float32(0.05) * values
            continue
        # (in, out, kh, kw) for a transposed convolution, else (out, in, ...).
        fan_in = np.prod(shape) // shape[1 if kind == "convT" else 0]
        tensors[name] = values * np.float32(np.sqrt(2 / fan_in))
    return tensors


def pn_gan_network(case):
    """The network of a case of forward.json, with its weights."""
    config, size = case["config"], case["inputs"]["image"]["shape"][1:3]
    names = {name for _, name, *_ in case["weights"]}
    if "num_att" in config:
        model = nets.build_attribute_discriminator(config["ndf"], config["num_att"], size)
    elif "ndf" in config:
        family = "authors" if config.get("in_channels", 3) == 3 else "human-pose-transfer"
        model = nets.build_discriminator(PnGanConfig(family=family, ndf=config["ndf"]), size)
    else:
        two = "p_conv1.conv.weight" in names
        options = PnGanConfig(
            family="human-pose-transfer-two-poses" if two else "human-pose-transfer",
            pose_maps="picture" if config["pose_channels"] == (6 if two else 3) else "gaussian",
            ngf=config["ngf"],
            num_resblock=config["num_resblock"],
        )
        assert options.pose_channels == config["pose_channels"]
        model = nets.build_generator(options, size)
    assert model.count_params() == case["params"]
    fill(torch_table(model), recipe_weights(case["weights"], case["weight_base"]), "recipe", model.name)
    return model


def outputs(model, case, names):
    """{array's name without the case: output}, for the arrays that are wanted."""
    given = {name: uniform(**entry) for name, entry in case["inputs"].items()}
    renamed = {"image": "source_image"} if "pose" in given else {}
    given = {renamed.get(name, name): ops.convert_to_tensor(value) for name, value in given.items()}
    result = model(given)
    found = {"out": result["scores"], "att": result["attributes"]} if isinstance(result, dict) else {"out": result}
    for name in names:
        if name.startswith("out_after_block"):
            found[name] = nets.decoding_after(model, int(name.removeprefix("out_after_block")))(given)
    return {name: ops.convert_to_numpy(value) for name, value in found.items()}


def compare_forward(table, arrays, large):
    assert table["cases"]
    for prefix, case in table["cases"].items():
        if (case["params"] > LARGE) != large:
            continue
        wanted = {name.removeprefix(f"{prefix}__") for name in arrays if name.startswith(f"{prefix}__")}
        assert wanted, prefix
        found = outputs(pn_gan_network(case), case, {name for name in wanted if "__" not in name})
        for name in wanted:
            expected, (part, _, statistic) = arrays[f"{prefix}__{name}"], name.partition("__")
            stated, value = table.get(f"{prefix}__{part}", {}), found[part]
            if "full_shape" in stated:
                assert list(value.shape) == stated["full_shape"], (prefix, name)
            if statistic:
                value = {"mean": np.mean, "std": np.std}[statistic](value, axis=(0, 1, 2), dtype=np.float64)
            elif stated.get("stored_stride", 1) > 1:
                value = value[:, :: stated["stored_stride"], :: stated["stored_stride"]]
            assert value.shape == expected.shape, (prefix, name)
            limit = TOLERANCE * np.abs(expected).max()
            np.testing.assert_allclose(value, expected, rtol=0, atol=limit, err_msg=f"{prefix}__{name}")


def test_pn_gan_small_networks(pn_gan_forward):
    compare_forward(*pn_gan_forward, large=False)


@pytest.mark.slow
def test_pn_gan_networks(pn_gan_forward):
    compare_forward(*pn_gan_forward, large=True)


def test_pn_gan_arrays_belong_to_cases(pn_gan_forward):
    table, arrays = pn_gan_forward
    assert {name.partition("__")[0] for name in arrays} == set(table["cases"])
