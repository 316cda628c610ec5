"""Golden tests of GFLA's networks: every array of net_*.npz and disc_*.npz, what lies inside the networks included."""

import re

import keras
import numpy as np
import pytest

from pgig.methods.gfla.networks import Unused
from tests.golden.gfla_parts import common

# Pictures of more rows take seconds.
LARGE = 128

# What the arrays of a file are made of.
RECIPE = {"weight_seed_base", "image_seed", "image_seed_P1", "image_seed_P2", "kp1", "kp2", "batch"}


def inside(networks, modules):
    """A network of everything: {"flow<L>", "mask<L>", "image", and each module of the original: its output}."""
    flow, renderer = networks["flow"], networks["generator"]
    given = {name: flow.input[name] for name in ("source_image", "target_pose")}
    fields = flow.output
    parts = {"flow_net": keras.Model(flow.input, _outputs(flow)), "": keras.Model(renderer.input, _outputs(renderer))}
    found = {"flow_net": parts["flow_net"](flow.input), "": parts[""](given | fields)}

    outputs = fields | {"image": found[""]["target_outconv"]}
    for module in modules:
        own = module.startswith("flow_net.")
        name = module.removeprefix("flow_net.").replace(".", "_")
        maps = found["flow_net" if own else ""]
        names = [f"{name}{end}" for end in ("", "_1", "_model_5", "_conv1") if f"{name}{end}" in maps]
        if module == "target.outconv.pre_tanh":
            names = ["target_outconv_conv1"]
        outputs[module] = maps[names[0]] if names else _unused(renderer, maps, name)
    return keras.Model(flow.input, outputs)


def _outputs(model):
    return {layer.name: layer.output for layer in model.layers}


def _unused(renderer, maps, name):
    """Output of a block that our renderer holds and does not compute."""
    (holder,) = (layer for layer in renderer.layers if isinstance(layer, Unused))
    x = maps[holder.name]
    last = [part.name for part in holder.parts].index(f"{name}_model_5")
    for part in holder.parts[: last + 1]:
        x = part(x)
    return x


def compare_networks(golden, large):
    for case in common.cases(golden, "net_"):
        size, _ = common.frames(case)
        if (size[0] > LARGE) == large:
            compare_case(common.arrays(golden, f"net_{case}"), golden, case, size)


def compare_case(expected, golden, case, size):
    given = common.network_inputs(expected, case)
    assert len(given["source_image"]) == expected["batch"]
    modules = [name.removeprefix("mid_") for name in expected if name.startswith("mid_")]
    whole = common.compiled(inside(common.generator(golden, case), modules))(given)
    whole = {name: common.to_torch(value) for name, value in whole.items()}
    alone = common.compiled(common.flow_net(golden, case))(given)
    alone = {name: common.to_torch(value) for name, value in alone.items()}
    coarse_first = sorted((int(name.removeprefix("flow")) for name in alone if name.startswith("flow")), reverse=True)

    for name in {*expected} - RECIPE:
        theirs = expected[name]
        if match := re.fullmatch(r"([FG])_(flow|mask)(\d+)", name):
            kind, field, number = match.groups()
            ours = (whole if kind == "G" else alone)[f"{field}{coarse_first[int(number)]}"]
        elif name == "G_img":
            stride = size[0] // theirs.shape[2]
            ours = whole["image"][:, :, ::stride, ::stride]
        elif name == "G_img_mean_std":
            ours = statistics(whole["image"])[:2]
        elif name.startswith("mid_"):
            value = whole[name.removeprefix("mid_")][0]
            channels, height, width = (max(length // n, 1) for length, n in zip(value.shape, (4, 8, 8), strict=True))
            ours = value[::channels, ::height, ::width]
        else:
            ours = statistics(whole[name.removeprefix("stat_")])
        common.close(ours, theirs, f"{case} {name}")


def statistics(value):
    value = value.astype(np.float64)
    return np.array([value.mean(), value.std(), value.min(), value.max()])


def test_gfla_networks_of_small_pictures(golden):
    compare_networks(golden, large=False)


@pytest.mark.slow
def test_gfla_networks_of_large_pictures(golden):
    compare_networks(golden, large=True)


def test_gfla_discriminators(golden):
    for case in common.cases(golden, "disc_"):
        expected = common.arrays(golden, f"disc_{case}")
        model = common.discriminator(golden, case)
        image = common.picture(expected["image_seed"], expected["batch"], common.frames(case)[0])
        trained = common.compiled(model, training=True)
        found = {"eval_out": common.to_torch(common.compiled(model)({"image": image}))}
        found |= {f"train_out{number}": common.to_torch(trained({"image": image})) for number in (1, 2)}
        for layer in model.layers:
            if hasattr(layer, "u"):
                found[f"after2_{layer.name.replace('_', '.')}.weight_u"] = keras.ops.convert_to_numpy(layer.u)
        assert set(found) == {name for name in expected if not name.startswith("init_")} - RECIPE
        for name, ours in found.items():
            common.close(ours, expected[name], f"{case} {name}")
