"""Networks of DPIG's pictures against roi_crop.npz, net_market.npz and net_df.npz, what lies inside them included."""

import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.layers.roi_crop import RoiCrop
from pgig.losses.regular import mean_absolute
from pgig.methods.dpig.appearance_networks import PARTS, weighted_layers
from pgig.train.step import build_method, compile_forward
from pgig.weights.foreign import fill
from tests.golden.dpig_parts.common import close, module_entries, read, recipe_weights, sample_places, uniform

SIZES = {"market": (128, 64), "df": (256, 256)}
NETWORKS = {"Encoder/G_encoder": "encoder", "ID_AE/G": "generator"}
# Arrays of the gradients, which gradients.py compares.
GRADIENTS = {f"{side}_grad_{part}" for side in "gd" for part in ("norm", "samples")}


def test_dpig_roi_crop(golden):
    case = read(golden, "roi_crop.npz")
    assert set(case) == {"feature", "boxes", "crops"}
    boxes = np.repeat(case["boxes"][None], len(case["feature"]), axis=0).astype(np.float32)
    close(RoiCrop(case["crops"].shape[1])([case["feature"], boxes]), case["crops"], "crops", 1e-5)


@pytest.fixture(scope="module", params=SIZES)
def dpig_networks(golden, request):
    """One file's table and arrays, the method with the weights of the recipe, and its inputs."""
    data = request.param
    table = read(golden, f"net_{data}.json")
    method = filled_method(data, table)
    poses = read(golden, f"pose_{data}.npz")["rcv"]
    shape = (len(table["src_cases"]), *SIZES[data], 3)
    batch = {f"{side}_pixels": np.zeros(shape, np.uint8) for side in ("source", "target")}
    batch |= {"source_keypoints": poses[table["src_cases"]], "target_keypoints": poses[table["tgt_cases"]]}
    inputs = method.inputs({name: ops.convert_to_tensor(value) for name, value in batch.items()})
    inputs["image"] = ops.convert_to_tensor(uniform(table["x_seed"], shape))
    return SimpleNamespace(
        data=data, table=table, arrays=read(golden, f"net_{data}.npz"), method=method, inputs=inputs
    )  # fmt: skip


def filled_method(data, table, *flags):
    """The method in its first stage, with the weights of the recipe."""
    height, width = SIZES[data]
    words = ["--method", "dpig", "--stage", "appearance", "--image_size", f"{height},{width}"]
    method = build_method(parse([*words, *flags]))
    modules = {"generator": (f"{data}_encoder", f"{data}_generator"), "discriminator": ("image_discriminator",)}
    for file, names in modules.items():
        entries = [entry for name in names for entry in module_entries(name)]
        tensors = recipe_weights(entries, table["weight_seed_base"])
        fill(method.foreign(file, "tensorflow"), tensors, "the recipe", file)
    return method


def layer_of(method, name):
    """The layer that gives a rectifier's output of the original: rectifiers are part of our convolutions."""
    scope, number = re.fullmatch(r"(.*)/Conv(?:_(\d+))?/Relu(?::0)?", name).groups()
    model = method.networks[NETWORKS[scope]]
    convolutions = [layer for layer in weighted_layers(model) if not isinstance(layer, keras.layers.Dense)]
    layer = convolutions[int(number or 0)]
    # We repeat pixels after a 1x1 convolution, not before it.
    return model.get_layer(layer.name.replace("_up", "_larger")) if layer.name.endswith("_up") else layer


def outputs(case):
    """A function of the inputs -> {name: what the arrays are made of}."""
    method, (encoder, generator) = case.method, (case.method.networks[name] for name in NETWORKS.values())
    acts = [layer_of(method, name) for name in case.table["act_names"]]

    def inside(model, *further):
        layers = [*further, *(layer for layer in acts if layer in model.layers)]
        return keras.Model(model.input, [model.output, *(layer.output for layer in layers)])

    encode = inside(encoder, encoder.get_layer("parts"))
    decode = inside(generator, generator.get_layer("bottleneck"))

    def sampled(layer, maps):
        batch = len(case.table["src_cases"]) * (PARTS if layer.name.startswith("part") else 1)
        places = sample_places(batch * np.prod(maps.shape[1:]), case.arrays["act_samples"].shape[1])
        return ops.take(ops.reshape(maps, (-1,)), places)

    def run(inputs):
        codes, crops, *encoded = encode({name: inputs[name] for name in encoder.input})
        image, bottleneck, *decoded = decode(codes | {"pose": inputs["pose"]})
        real, fake = method.logits(inputs["image"], image)
        total, terms = method.generator_loss([inputs])
        critic, _ = method.discriminator_loss([inputs])
        maps = [*encoded, *decoded]
        on_body = mean_absolute(inputs["mask"] * image, inputs["mask"] * inputs["image"])
        losses = [terms["l1"] / method.config.L1Loss_weight, on_body, terms["gan"], total, critic]
        return {
            "embs": ops.concatenate([codes[factor.name] for factor in method.appearance], axis=-1),
            "z": bottleneck,
            "G": image,
            "Gt": method.decoded(codes, inputs["target_pose"]),
            "real": real,
            "fake": fake,
            "losses": ops.stack(losses),
            "crops": ops.reshape(crops, (PARTS, -1, *crops.shape[1:])),
            "act_stats": ops.stack([ops.stack([ops.mean(x), ops.std(x), ops.max(x)]) for x in maps]),
            "act_samples": ops.stack([sampled(*pair) for pair in zip(acts, maps, strict=True)]),
        }

    return run


def pictures_of(found):
    """Everything that the arrays show of a network's pictures."""
    images, patch = found["G"], (slice(None), slice(100, 132), slice(96, 128))
    return {
        "G": images,
        "G_transfer": found["Gt"],
        "G_s4": images[:, ::4, ::4],
        "G_patch": images[patch],
        "Gt_s8": found["Gt"][:, ::8, ::8],
    }


@pytest.mark.slow
def test_dpig_networks(dpig_networks):
    case = dpig_networks
    found = compile_forward(case.method, outputs(case))(case.inputs)
    found = {name: ops.convert_to_numpy(value) for name, value in found.items()}
    ours = found | pictures_of(found)
    ours |= {"D_real": found["real"][:, 0], "D_fake": found["fake"][:, 0]}
    ours["D_pair"] = np.concatenate([found["real"], found["fake"]]).reshape(-1)
    ours["act_mean"] = found["act_stats"][:, 0]
    ours["crop_slice"] = found["crops"][:, :, ::6, ::6, :3]
    moments = {
        "G_stats": (found["G"], (1, 2)),
        "Gt_stats": (found["Gt"], (1, 2)),
        "crop_stats": (found["crops"], (2, 3, 4)),
    }
    if "embs_roi48_novis" in case.arrays:
        ours["embs_roi48_novis"] = codes_of_published_sampling(case)
    for name in set(case.arrays) - GRADIENTS:
        theirs = case.arrays[name]
        if name in moments:
            values, axes = moments[name]
            stacked = np.stack([np.mean(values, axes, dtype=float), np.std(values, axes, dtype=float)])
            close(np.moveaxis(stacked, 0, -1) if name == "crop_stats" else stacked, theirs, name)
        elif name in ("losses", "act_stats", "act_mean"):
            np.testing.assert_allclose(ours[name], theirs, rtol=1e-4, err_msg=name)
        elif name == "act_samples":
            for number, row in enumerate(theirs):
                close(ours[name][number], row, f"{name} {number}")
        else:
            close(ours[name], theirs, name)


def codes_of_published_sampling(case):
    """Codes by the crops and without the visibility of MODEL103, unlike in the encoder's own training."""
    method = filled_method(case.data, case.table, "--roi_size", "48", "--part_visibility", "0")
    codes = compile_forward(method, method.encode)(case.inputs)
    return np.concatenate([ops.convert_to_numpy(codes[factor.name]) for factor in method.appearance], axis=-1)
