"""The recipes behind the golden arrays of PATN: methods as the files' names say, weights as state files hold them."""

import json

import numpy as np

from pgig.cli.options import parse
from pgig.train.step import build_method
from pgig.weights.foreign import fill
from tests.golden.recipes import with_visible

# Of the largest absolute value of an array.
TOLERANCE = 1e-4

# What the files of each data set were made with.
FLAGS = {
    "market": "--norm batch --no_lsgan 1 --pose_maps gaussian --lambda_A 10 --lambda_B 10 --pool_size 50",
    "fashion": "--norm instance --no_lsgan 0 --pose_maps point --lambda_A 1 --lambda_B 1 --pool_size 0",
}
NORMS = {"market": "batch", "fashion": "instance"}
# Names of the networks in weights_order.json.
NETWORKS = {"generator": "netG", "discriminator_pb": "netD_PB", "discriminator_pp": "netD_PP"}
# Seeds of the running statistics of the first normalisation of a network, (mean, variance).
STATISTICS = (700_000, 800_000)


def arrays(golden, name):
    """All arrays of a file: {name: array}."""
    with np.load(golden(f"{name}.npz", "patn")) as file:
        return dict(file)


def orders(golden):
    """weights_order.json: {network: list of tensors}."""
    return json.loads(golden("weights_order.json", "patn").read_text())


def recipe(entries):
    """{name: array} of tensors of weights_order.json, in PyTorch's layout."""
    tensors = {}
    for entry in entries:
        values = np.random.Generator(np.random.PCG64(entry["seed"])).standard_normal(entry["shape"])
        values = values.astype(np.float32)
        if "kernel" in entry["kind"]:
            tensors[entry["name"]] = values * np.float32(entry["scale"])
        else:
            tensors[entry["name"]] = np.float32(0.05) * values + np.float32(entry["kind"] == "norm_scale")
    return tensors


def state(entries, statistics=False):
    """A state file with running statistics, all 0 and 1 or by the recipe for them, and numbers of updates."""
    tensors = recipe(entries)
    norms = [entry["name"].removesuffix("weight") for entry in entries if entry["kind"] == "norm_scale"]
    for number, norm in enumerate(norms):
        shape = tensors[f"{norm}weight"].shape
        mean, variance = np.zeros(shape, np.float32), np.ones(shape, np.float32)
        if statistics:
            drawn = (np.random.Generator(np.random.PCG64(s + number)).standard_normal(shape) for s in STATISTICS)
            mean, variance = (values.astype(np.float32) for values in drawn)
            mean, variance = np.float32(0.1) * mean, 1 + np.float32(0.2) * np.abs(variance)
        tensors |= {f"{norm}running_mean": mean, f"{norm}running_var": variance}
        tensors[f"{norm}num_batches_tracked"] = np.int64(0)
    return tensors


def method_for(golden, data, size, *flags, dropout=True, statistics=False):
    """Options and method of "market" or "fashion" pictures of a size, with the weights of the recipe."""
    words = f"--method patn --image_size {size[0]},{size[1]} {FLAGS[data]}".split()
    if not dropout:
        words += ["--no_dropout", "1", "--no_dropout_D", "1"]
    method = build_method(parse([*words, *flags]))
    table = orders(golden)
    for network, name in NETWORKS.items():
        entries = table[order_name(name, data, dropout)]
        fill(method.foreign(network, "torch"), state(entries, statistics), "recipe", network)
    return method


def order_name(network, data, dropout):
    """Name of a list of weights_order.json."""
    return f"{network}_{NORMS[data]}" + ("" if dropout else "_nodropout")


def batch_of(case):
    """A batch of the pictures and poses of a file."""
    return {
        "source_pixels": case["P1_u8"],
        "target_pixels": case["P2_u8"],
        "source_keypoints": with_visible(case["kp1_yx"]),
        "target_keypoints": with_visible(case["kp2_yx"]),
    }


INPUTS = {"P1_u8", "P2_u8", "kp1_yx", "kp2_yx"}


def close(ours, expected, name, tolerance=TOLERANCE):
    """Compare within a share of the largest absolute value."""
    assert np.shape(ours) == np.shape(expected), name
    limit = tolerance * max(np.abs(expected).max(), 1e-6)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=limit, err_msg=name)


def channels_first(maps):
    """(B, H, W, C) -> (B, C, H, W)."""
    return np.moveaxis(maps, -1, 1)
