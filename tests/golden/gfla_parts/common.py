"""The recipes behind the golden arrays of GFLA: pictures, pose maps, and weights as a state file of PyTorch holds them.

The lists of weights beside the arrays say which layers are attended to and how wide; the rest are published sizes.
"""

import json
import math
import re

import numpy as np
from keras import ops

from pgig.methods.gfla.config import GflaConfig
from pgig.methods.gfla.discriminator import build_discriminator
from pgig.methods.gfla.networks import build_flow_net, build_renderer
from pgig.methods.gfla.weights import torch_table
from pgig.pose.maps import heat_maps
from pgig.train.step import engine
from pgig.weights.foreign import fill

# (height, width) of the pictures of a kind of case, and of the frame that its keypoints are given in.
FRAMES = {"market": ((128, 64), (128, 64)), "fashion": ((256, 256), (256, 176))}

# Of the largest absolute value of an array.
TOLERANCE = 1e-4


def cases(golden, start):
    """Names of the cases whose files begin with `start`, as "net_"."""
    found = sorted(path.stem.removeprefix(start) for path in golden("", "gfla").glob(f"{start}*.npz"))
    assert found, f"no golden file begins with {start}"
    return found


def arrays(golden, name):
    """All arrays of a file: {name: array}."""
    with np.load(golden(f"{name}.npz", "gfla")) as file:
        return dict(file)


def frames(case):
    """(picture size, size of the frame of the keypoints) of a case."""
    (found,) = (sizes for kind, sizes in FRAMES.items() if case.startswith(kind))
    return found


def weight_list(golden, name):
    """Tensors of weights_<name>.json: dictionaries of i, name, shape, kind and fan_in; and the seed of the first."""
    table = json.loads(golden(f"weights_{name}.json", "gfla").read_text())
    return table["tensors"], table["seed_base"]


def recipe_weights(golden, name):
    """{name: array} of weights_<name>.json, in PyTorch's layout."""
    entries, base = weight_list(golden, name)
    return {entry["name"]: _recipe(entry, base) for entry in entries}


def _recipe(entry, base):
    generator = np.random.Generator(np.random.PCG64(base + entry["i"]))
    values = generator.standard_normal(entry["shape"]).astype(np.float32)
    if entry["kind"].endswith("kernel"):
        return values * np.float32(math.sqrt(2 / entry["fan_in"]))
    return np.float32(entry["kind"] == "norm_scale") + np.float32(0.05) * values


def config_of(golden, case):
    """Options that the weights of a case were made for; initial kernels are those that are drawn fastest."""
    shapes = {entry["name"]: entry["shape"] for entry in weight_list(golden, f"G_{case}")[0]}
    encoders = 1 + max(_numbers(shapes, r"flow_net\.encoder(\d+)\..*")) + 1
    attended = sorted(encoders - 1 - number for number in _numbers(shapes, r"flow_net\.output(\d+)\.weight"))
    layers = 1 + max(_numbers(shapes, r"target\.decoder(\d+)\..*"))
    last = "target.attn{}.fully_connect_layer.2.weight"
    sides = {layer: math.isqrt(shapes[last.format(layers - layer)][0]) for layer in attended}
    return GflaConfig(
        init_type="normal",
        attn_layer=",".join(map(str, attended)),
        kernel_size=",".join(f"{layer}={side}" for layer, side in sides.items()),
    )


def _numbers(names, pattern):
    return {int(match[1]) for match in (re.fullmatch(pattern, name) for name in names) if match}


def flow_net(golden, case):
    """The flow estimator by itself, with its own weights."""
    networks = {"flow": build_flow_net(config_of(golden, case), frames(case)[0])}
    fill(torch_table(networks, "flow"), recipe_weights(golden, f"F_{case}"), "recipe", "flow")
    return networks["flow"]


def generator(golden, case):
    """{"flow": flow estimator, "generator": renderer} with the weights of the full generator."""
    config, size = config_of(golden, case), frames(case)[0]
    networks = {"flow": build_flow_net(config, size), "generator": build_renderer(config, size)}
    fill(torch_table(networks, "generator"), recipe_weights(golden, f"G_{case}"), "recipe", "generator")
    return networks


def discriminator_weights(golden, case):
    """{name: array} of the discriminator, with the spectral vectors that the golden arrays start from."""
    vectors = arrays(golden, f"disc_{case}").items()
    starts = {name.removeprefix("init_"): value for name, value in vectors if name.startswith("init_")}
    return recipe_weights(golden, f"D_{case}") | starts


def discriminator(golden, case):
    """The discriminator."""
    model = build_discriminator(GflaConfig(), frames(case)[0])
    tensors = discriminator_weights(golden, case)
    fill(torch_table({"discriminator": model}, "discriminator"), tensors, "recipe", "discriminator")
    return model


def picture(seed, count, size):
    """Golden pictures (B, H, W, 3) in [-1, 1]."""
    drawn = np.random.Generator(np.random.PCG64(int(seed))).uniform(-1, 1, (int(count), 3, *size))
    return drawn.astype(np.float32).transpose(0, 2, 3, 1)


def pose_maps(keypoints, case):
    """Maps (B, H, W, 18) of golden keypoints (B, 18, 2), -1 for a missing one, in the frame of their annotations."""
    size, frame = frames(case)
    places = np.trunc(keypoints / np.array(frame) * size)
    visible = (keypoints != -1).all(axis=-1, keepdims=True)
    poses = np.concatenate([places, visible], axis=-1).astype(np.float32)
    return ops.convert_to_numpy(heat_maps(poses, size, form="gaussian"))


def network_inputs(found, case):
    """What the networks take: of arrays with image_seed_P1, kp1 and kp2."""
    return {
        "source_image": picture(found["image_seed_P1"], len(found["kp1"]), frames(case)[0]),
        "source_pose": pose_maps(found["kp1"], case),
        "target_pose": pose_maps(found["kp2"], case),
    }


def compiled(model, training=False):
    """A network as a compiled function of a dictionary of arrays; in training, what it changes stays changed."""

    def forward(batch):
        return model(batch if isinstance(model.input, dict) else batch["image"], training=training)

    return engine.compiled(forward, model.variables, model.variables if training else [])


def to_torch(tensor):
    """(B, H, W, C) -> numpy (B, C, H, W)."""
    return ops.convert_to_numpy(tensor).transpose(0, 3, 1, 2)


def close(ours, theirs, name):
    """Compare to a part of the largest absolute value."""
    assert ours.shape == theirs.shape, name
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * np.abs(theirs).max(), err_msg=name)
