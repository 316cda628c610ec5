"""Golden tests of PATN's networks: every array of the evaluation files and of the training forward pass."""

import re

import keras
import numpy as np
import pytest
from keras import ops

from pgig.pretrained.vgg19 import build_vgg
from pgig.train.step import compile_forward
from tests.golden.patn_parts import common

# (file, whether statistics are by the recipe, whether it is training).
FORWARD = {
    "market_eval": (False, False),
    "market_eval_running_stats": (True, False),
    "market_train_forward": (False, True),
    "fashion_eval": (False, False),
}


def outputs_of(method, names, training):
    """A function of a batch -> {array's name without `_slice` and so on: whole tensor, channels last}."""
    generator, config = method.networks["generator"], method.config
    wanted = {re.sub("_(slice|stats|shape)$", "", name) for name in names if name[:2] == "G_" and "running" not in name}
    layers = {name: layer_of(name, config.G_n_downsampling) for name in wanted}
    inside = keras.Model(generator.input, {name: generator.get_layer(layers[name]).output for name in wanted})
    first_norm = generator.get_layer("stream1_down1_norm")

    def outputs(batch):
        inputs = method.inputs(batch)
        found = inside({name: inputs[name] for name in generator.input}, training=training)
        conditions = {"D_PB": ("discriminator_pb", "target_pose"), "D_PP": ("discriminator_pp", "source_image")}
        for name, (network, condition) in conditions.items():
            pair = ops.concatenate([inputs["target_image"], inputs[condition]], axis=-1)
            scores = method.networks[network](pair, training=training)
            found[name] = ops.sigmoid(scores) if config.value("no_lsgan", method.size) else scores
        if "G_bn0_running_mean_after" in names:
            found["G_bn0_running_mean_after"] = ops.convert_to_tensor(first_norm.moving_mean)
            found["G_bn0_running_var_after"] = ops.convert_to_tensor(first_norm.moving_variance)
        return found

    return outputs


def layer_of(name, halvings):
    """The layer that gives an array of the generator."""
    if name == "G_out":
        return "image"
    if down := re.fullmatch(r"G_(stream\d_down)", name):
        return f"{down[1]}{halvings + 1}_act"
    block, what = re.fullmatch(r"G_(att\d+)(_x2|_gated)?", name).groups()
    return f"{block}{what or '_x1'}"


@pytest.mark.parametrize("file", FORWARD)
def test_patn_networks(golden, file):
    statistics, training = FORWARD[file]
    case = common.arrays(golden, file)
    data, size = file.partition("_")[0], case["P1_u8"].shape[1:3]
    method = common.method_for(golden, data, size, dropout=not training, statistics=statistics)
    names = set(case) - common.INPUTS
    found = compile_forward(method, outputs_of(method, names, training))(common.batch_of(case))
    found = {name: ops.convert_to_numpy(value) for name, value in found.items()}
    for name in names:
        what, _, part = name.rpartition("_")
        if part not in ("slice", "stats", "shape"):
            value = found[name] if "running" in name else common.channels_first(found[name])
            common.close(value, case[name], f"{file} {name}")
            continue
        whole, expected = common.channels_first(found[what]), case[name]
        if part == "shape":
            assert list(whole.shape) == list(expected), (file, name)
        elif part == "stats":
            numbers = [whole.mean(dtype=float), whole.std(dtype=float), np.abs(whole).mean(dtype=float)]
            # Of the largest value of the map, as the slices are.
            common.close(np.array([*numbers, whole.min(), whole.max()]), expected, f"{file} {name}")
        else:
            stride = 64 if what.endswith("_x2") else 32
            sliced = whole[: len(expected), ::stride, ::4, ::4]
            common.close(sliced, expected, f"{file} {name}")


@pytest.mark.slow
def test_patn_state_files_of_both_numberings(golden):
    """Every list of tensors is that of a network of ours, with and without dropout, in its order of values."""
    lists = common.orders(golden)
    seen = {"vgg19_features_0_3"}
    for data, size in (("market", (64, 32)), ("fashion", (64, 44))):
        for dropout in (True, False):
            method = common.method_for(golden, data, size, dropout=dropout)
            for network, prefix in common.NETWORKS.items():
                name = common.order_name(prefix, data, dropout)
                seen.add(name)
                tensors = method.foreign(network, "torch").tensors
                ours = {tensor.name for tensor in tensors if "running" not in tensor.name}
                assert ours == {entry["name"] for entry in lists[name]}, name
                assert method.networks[network].count_params() == parameters(lists[name]), name
    assert seen == set(lists)

    vgg = build_vgg(["relu1_2"])
    shapes = [list(np.transpose(w, (3, 2, 0, 1)).shape if w.ndim == 4 else w.shape) for w in vgg.get_weights()]
    assert shapes == [entry["shape"] for entry in lists["vgg19_features_0_3"]]


def test_patn_every_file_has_its_test(golden):
    files = {path.stem for path in golden("", "patn").glob("*.npz")}
    assert files == {*FORWARD, "market_step", "fashion_step", "gan_loss", "pose_maps", "tensor2im"}


def parameters(entries):
    """How many numbers a network has: those of its list, and the running statistics of its normalisations."""
    return sum(int(np.prod(entry["shape"])) * (3 if entry["kind"] == "norm_scale" else 1) for entry in entries)
