"""Published checkpoint files of PG2 through the public way of loading, and the pictures that they give.

The fixture that unpacks TensorFlow's files stands in tf_checkpoint_file.py.
"""

import lzma
import re

import pytest
from keras import ops

from pgig.weights.networks import load_checkpoints, load_networks
from tests.golden.pg2_parts import recipe
from tests.golden.recipes import golden_root


def test_tensorflow_checkpoint(golden, tf_checkpoint_prefix):
    case = recipe.read(golden, "tf_checkpoint.json")
    arrays = recipe.read(golden, "tf_checkpoint_outputs.npz")
    flags = recipe.flags_of_authors(case["graph"])
    files = {"generator_checkpoint": tf_checkpoint_prefix, "discriminator_checkpoint": tf_checkpoint_prefix}
    method = recipe.method_for(flags, case["graph"]["hw"], "2")
    load_checkpoints(method, recipe.options_for(flags | files, case["graph"]["hw"]), needed=tuple(method.networks))

    shape = (len(arrays["G1"]), *case["graph"]["hw"])
    channels = {"x": ("source_image", 3), "pose_target": ("target_pose", 18), "x_target": ("target_image", 3)}
    inputs = {
        ours: ops.convert_to_tensor(recipe.uniform(case["inputs"][theirs], (*shape, count)))
        for theirs, (ours, count) in channels.items()
    }
    made = method.pictures(inputs)
    recipe.close(made["stage1"], arrays["G1"])
    recipe.close(made["generated"], arrays["G2"])
    recipe.close(recipe.authors_logits(method.logits(inputs, made, training=False)), arrays["D_logits"])

    # The first stage finds its network among the others.
    first = recipe.method_for(flags, case["graph"]["hw"], "1")
    load_networks(first, "generator", tf_checkpoint_prefix, recipe.options_for(flags, case["graph"]["hw"], "1"))
    recipe.close(first.stage1_image(inputs), arrays["G1"])


@pytest.fixture
def torch_checkpoint_path(golden, tmp_path):
    """`torch_checkpoint_path("x.pth")` -> path of a state file of PyTorch."""

    def path(name):
        file = tmp_path / name
        file.write_bytes(lzma.decompress(golden(f"{name}.xz", system="pg2").read_bytes()))
        return file

    return path


def test_torch_checkpoints(golden, torch_checkpoint_path):
    table, arrays = recipe.read(golden, "torch_checkpoint.json"), recipe.read(golden, "torch_checkpoint_outputs.npz")
    assert set(table["files"]) == set(arrays)
    for name, entry in table["files"].items():
        # The same network may lie there in the older format as well.
        older = f"legacy_{name}"
        for file in (name, older) if (golden_root() / "pg2" / f"{older}.xz").exists() else (name,):
            picture = output_of(torch_checkpoint_path(file), entry["config"], table["outputs"])
            stride = int(re.search(r"stored at stride (\d+)", table["outputs"])[1]) if picture.ndim == 4 else 1
            if picture.ndim == 4:
                picture = picture[:, ::stride, ::stride]
            recipe.close(picture, arrays[name])


def output_of(path, config, text):
    """What a network gives for the inputs that the table states in words."""
    kind, mobile = config["cls"].split()[-1], "mobile" in config["cls"]
    batch, *size = map(int, re.search(r"shapes \((\d+),(\d+),(\d+),C\)", text).groups())
    seeds = dict(re.findall(r"(condition|pose|stage1) U\((\d+)\)", text))
    (critic,) = re.findall(r"D eval mode \(U\((\d+)\)\)", text)

    def drawn(seed, channels=3):
        return ops.convert_to_tensor(recipe.uniform(int(seed), (batch, *size, channels)))

    names = {"num_repeat": "repeat_num", "middle_features_dim": "z_num", "channels_base": "conv_hidden_num"}
    if kind == "G2":
        names["num_repeat"] = "repeat_num2"
    names |= {"num_skip_out_connect": "num_skip_out_connect", "channel_base": "disc_hidden_num"}
    flags = {"family": "human-pose-transfer"} | {names[key]: config[key] for key in names if key in config}
    if mobile:
        flags["generator1_block" if kind == "G1" else "generator2_block"] = "separable"
    stage, file = ("1", "generator") if kind == "G1" else ("2", "generator" if kind == "G2" else "discriminator")
    options = recipe.options_for(flags, size, stage)
    method = recipe.method_for(flags, size, stage)
    sentence, loaded = load_networks(method, file, path, options)
    assert str(path) in sentence and len(loaded) == 1
    if kind == "G1":
        return method.stage1_image({"source_image": drawn(seeds["condition"]), "target_pose": drawn(seeds["pose"], 18)})
    if kind == "G2":
        return method.networks["generator2"]([drawn(seeds["stage1"]), drawn(seeds["condition"])])
    return method.networks["discriminator"](drawn(critic), training=False)
