"""Golden tests of VGG19's features, as the losses of GFLA see them."""

import numpy as np
from keras import ops

from pgig.losses.perceptual import Vgg19
from pgig.pretrained.vgg_layers import CHANNELS, VGG19, numbered
from tests.golden.gfla_parts import common
from tests.golden.recipes import recipe_tensor
from tests.weights.writing import state_file

# What the program calls relu3_2 is the ReLU after it.
SLIP = {"relu3_2": "relu3_3"}


def recipe_vgg_file(golden, folder):
    """Write VGG19 with the weights of the recipe as torchvision's state file is; returns its path."""
    entries, base = common.weight_list(golden, "VGG")
    numbers = [number - 1 for number, name in numbered().items() if name.startswith("relu")]
    channels = [width for width, count in zip(CHANNELS, VGG19, strict=True) for _ in range(count)]
    tensors = {}
    for entry in entries:
        layer, kind = entry["name"].removeprefix("conv").split(".")
        layer = int(layer)
        shape, tensor = (channels[layer],), "bias"
        if kind == "weight":
            shape, tensor = (channels[layer], channels[layer - 1] if layer else 3, 3, 3), "kernel"
        array = recipe_tensor(base + entry["i"], shape, tensor, out_axis=0)
        tensors[f"features.{numbers[layer]}.{kind}"] = array
    path = folder / "vgg19.pth"
    path.write_bytes(state_file(tensors))
    return path


def test_gfla_vgg_features(golden, tmp_path):
    case = common.arrays(golden, "vgg")
    assert case["weight_seed_base"] == common.weight_list(golden, "VGG")[1]
    layers = [name.removeprefix("vgg_") for name in case if name.startswith("vgg_relu")]
    names = list(dict.fromkeys(SLIP.get(layer, layer) for layer in layers))
    network = Vgg19(names, recipe_vgg_file(golden, tmp_path), normalise=False)

    maps = network(common.picture(case["image_seed_P1"], len(case["kp1"]), (128, 64)))
    compared = {"weight_seed_base", "image_seed_P1", "image_seed_P2", "kp1", "kp2"}
    for layer in layers:
        ours = np.moveaxis(ops.convert_to_numpy(maps[SLIP.get(layer, layer)]), -1, 1)
        steps = [max(length // part, 1) for length, part in zip(ours.shape[1:], (8, 4, 4), strict=True)]
        common.close(ours[0][tuple(slice(None, None, step) for step in steps)], case[f"vgg_{layer}"], layer)
        stats = np.array([ours.mean(dtype=float), ours.std(dtype=float), ours.max()])
        common.close(stats, case[f"vgg_stat_{layer}"], layer)
        compared |= {f"vgg_{layer}", f"vgg_stat_{layer}"}
    assert compared == set(case)
