"""Forward passes of PG2 against the originals, for every case of torch_forward.json and tf_forward.json."""

import re

import keras
import numpy as np
import pytest
from keras import ops

from pgig.weights.foreign import conv, dense_from_chw
from tests.golden.pg2_parts import recipe

LARGE = pytest.mark.parametrize("large", [False, pytest.param(True, marks=pytest.mark.slow)])


def of_width(cases, large, width):
    """Names of the quick or of the expensive cases, by the channels of their networks."""
    names = [name for name, case in cases.items() if (width(case) > 32) == large]
    assert names
    return names


# PyTorch -------------------------------------------------------------------------------------------------------------


@LARGE
def test_torch_forward(golden, large):
    table, arrays = recipe.read(golden, "torch_forward.json"), recipe.read(golden, "torch_forward.npz")
    orders = recipe.read(golden, "weight_orders.json")
    cases = table["cases"]
    for name in of_width(cases, large, lambda case: torch_width(case["config"])):
        case = cases[name]
        tensors = recipe.weights(orders[name], case["weight_base"])
        holder = torch_network(case["config"], torch_size(case), tensors)
        assert sum(np.prod(v.shape) for v in torch_parameters(holder, case["config"])) == case["params"], name
        outputs = {f"{name}__{output}": value for output, value in torch_outputs(holder, case["inputs"]).items()}
        assert set(case["outputs"]) <= set(outputs), name
        for output, value in outputs.items():
            if output not in arrays:
                continue
            record = table.get(output)
            if output.endswith("__gfv"):
                value = value[..., :: record["gfv_full_shape_nchw"][1] // record["full_shape"][3]]
            if record:
                recipe.compare(arrays, output, value, record)
            else:
                recipe.close(value, arrays[output])


def torch_width(config):
    """Channels of a network's first layer."""
    return config.get("channels_base") or config.get("hidden_num") or config.get("channel_base") or 64


def torch_size(case):
    (_, height, width, _), *_ = [value["shape"] for value in case["inputs"].values() if isinstance(value, dict)]
    return height, width


def torch_network(config, size, tensors):
    """The network of a torch configuration with its weights."""
    kind, third = config["cls"].split()[-1], config["cls"].startswith("seed000")
    network = {"G1": "generator1", "G2": "generator2", "D": "discriminator"}[kind]
    flags = {"family": "harshitbansal05" if third else "human-pose-transfer"}
    if kind == "D":
        assert size[0] == (128 if config.get("market_or_DF", not third) else 256)
        # The normalisations of this one keep running averages, and its convolutions have no bias worth a name.
        flags |= {"disc_hidden_num": torch_width(config), "statistics": "separate"}
    else:
        number = "2" if kind == "G2" else ""
        count = config.get("num_repeat") or config["repeat_num"]
        flags |= {"conv_hidden_num": torch_width(config), f"repeat_num{number}": count}
        flags |= {"z_num": config.get("middle_features_dim") or config.get("z_num", 1)}
        if "mobile" in config["cls"]:
            flags[f"{network}_block"] = "separable"
        if "num_skip_out_connect" in config:
            flags["num_skip_out_connect"] = config["num_skip_out_connect"]
    holder = recipe.network_for(network, flags, size)
    if third and kind == "D":
        fill_without_filters(holder.networks[network], tensors)
    else:
        recipe.fill_network(holder, "torch", tensors)
    return holder


def fill_without_filters(model, tensors):
    """The discriminator whose files hold no filters: here they stand at the end, by the recipe."""
    filters = [array for name, array in tensors.items() if "filter" in name]
    for level, array in enumerate(filters):
        model.get_layer(f"conv{level}").kernel.assign(conv(array))
        if level > 0:
            stored = [tensors[f"bn{level}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
            for variable, values in zip(model.get_layer(f"norm{level}").weights, stored, strict=True):
                variable.assign(values)
    edges = model.get_layer("flat").input.shape[1:3]
    model.get_layer("logit").kernel.assign(dense_from_chw(*edges)(tensors["fc1.weight"]))
    model.get_layer("logit").bias.assign(tensors["fc1.bias"])


def torch_parameters(holder, config):
    """Variables that the original counts as parameters: not its filters, where they were no parameters."""
    (model,) = holder.networks.values()
    own = [variable for variable in model.trainable_variables]
    if config["cls"] == "seed000 D":
        return [variable for variable in own if not re.search(r"conv\d", variable.path)]
    return own


def torch_outputs(holder, inputs):
    """{name: array} of everything that the original's arrays show of a network."""
    ((network, model),) = holder.networks.items()
    pictures = {
        name: recipe.uniform(value["seed"], value["shape"]) for name, value in inputs.items() if isinstance(value, dict)
    }
    if network == "generator1":
        out, z = run(model, "bottleneck", [pictures["condition"], pictures["pose"]])
        return {"out": out, "z": z}
    if network == "generator2":
        out, gfv = run(model, "features", [pictures["stage1"], pictures["condition"]])
        return {"out": out, "gfv": gfv, "gfv_abs_sum": np.abs(gfv).sum(dtype=np.float64)}
    evaluated = model(pictures["image"], training=False)
    trained = model(pictures["image"], training=True)
    norms = [layer for layer in model.layers if layer.name.startswith("norm")]
    return {
        "logit_eval": evaluated,
        "logit_train": trained,
        "running_mean_cat": ops.concatenate([layer.moving_mean for layer in norms]),
        "running_var_cat": ops.concatenate([layer.moving_variance for layer in norms]),
    }


def run(model, layer, inputs):
    """A network's output and that of a layer within, in one pass."""
    outputs = keras.Model(model.inputs, [model.output, model.get_layer(layer).output])(inputs)
    return [ops.convert_to_numpy(output) for output in outputs]


# TensorFlow ----------------------------------------------------------------------------------------------------------


@LARGE
def test_tensorflow_forward(golden, large):
    table, arrays = recipe.read(golden, "tf_forward.json"), recipe.read(golden, "tf_forward.npz")
    orders = recipe.read(golden, "weight_orders.json")
    cases = table["cases"]
    for name in of_width(cases, large, lambda case: case["hidden"]):
        case = cases[name]
        method = recipe.method_for(recipe.flags_of_authors(case), case["hw"], "2")
        recipe.fill_authors(method, orders, name, dict.fromkeys(("G1", "G2", "D"), case["weight_base"]))
        outputs = authors_outputs(method, *authors_inputs(case))
        assert {f"{name}__{output}" for output in outputs} == {
            key for key in arrays if key.startswith(f"{name}__") and not key.endswith(("__mean", "__std"))
        }
        for output, value in outputs.items():
            key = f"{name}__{output}"
            if key in table:
                recipe.compare(arrays, key, value, table[key])
            else:
                recipe.close(value, arrays[key])


def authors_inputs(case):
    """(inputs of the method, another picture of the first stage) of a case."""
    shape = (case["batch"], *case["hw"])
    seeds = {name.split()[0]: seed for name, seed in case["inputs"].items()}
    inputs = {
        "source_image": recipe.uniform(seeds["x"], (*shape, 3)),
        "target_pose": recipe.uniform(seeds["pose_target"], (*shape, 18)),
        "target_image": recipe.uniform(seeds["x_target"], (*shape, 3)),
        "target_mask": recipe.body(seeds["mask_target"], (*shape, 1)),
    }
    stage1 = recipe.uniform(seeds["stage1"], (*shape, 3))
    return {key: ops.convert_to_tensor(value) for key, value in inputs.items()}, ops.convert_to_tensor(stage1)


def authors_outputs(method, inputs, stage1):
    """{name: array} of everything that the originals' arrays show."""
    losses, made, logits = recipe.authors_losses(method, inputs)
    return losses | {
        "G1": made["stage1"],
        "z": method.bottleneck(inputs),
        "Diff": made["generated"] - made["stage1"],
        "Diff_given_stage1": method.networks["generator2"]([stage1, inputs["source_image"]]),
        "D_logits": recipe.authors_logits(logits),
    }
