"""The recipes behind the golden arrays of PG2: numbers from seeds, and networks of a case with its weights."""

import json
from types import SimpleNamespace

import numpy as np
from keras import ops

from pgig.cli.options import parse
from pgig.losses.logits import real_loss
from pgig.losses.masked import mask_loss
from pgig.methods.pg2 import discriminator, networks
from pgig.methods.pg2.weights import checkpoint
from pgig.weights.foreign import fill

BUILD = {
    "generator1": networks.build_generator1,
    "generator2": networks.build_generator2,
    "discriminator": discriminator.build_discriminator,
}


def read(golden, name):
    """A JSON file or the arrays of PG2's golden folder."""
    path = golden(name, system="pg2")
    if name.endswith(".json"):
        return json.loads(path.read_text())
    with np.load(path) as arrays:
        return dict(arrays)


def uniform(seed, shape):
    """Random input: numbers of [-1, 1), channels last."""
    return np.random.Generator(np.random.PCG64(seed)).uniform(-1, 1, tuple(shape)).astype(np.float32)


def body(seed, shape):
    """Random mask: 1 where the uniform number is positive."""
    return (uniform(seed, (*shape[:-1], 1)) > 0).astype(np.float32)


def weights(order, base):
    """{tensor: array in the original's layout} of the recipe, for a list of `weight_orders.json`."""
    return {name: _weight(index, shape, kind, base, name) for index, name, shape, kind in order}


def _weight(index, shape, kind, base, name):
    if index is None:
        return np.full(shape, kind == "var", np.float32)
    values = np.random.Generator(np.random.PCG64(1000 + base + index)).standard_normal(shape).astype(np.float32)
    if kind == "bias":
        return np.float32(0.05) * values
    if kind == "scale":
        return 1 + np.float32(0.05) * values
    # TensorFlow's tensors have their output channels last.
    out = shape[-1] if "/" in name else shape[0]
    return values * np.float32(np.sqrt(2 * out / np.prod(shape)))


def options_for(flags, size, stage="2"):
    """`Options` of PG2 for {flag: value}."""
    words = [str(word) for flag, value in flags.items() for word in (f"--{flag}", value)]
    return parse(["--method", "pg2", "--stage", stage, "--image_size", f"{size[0]},{size[1]}", *words])


def network_for(network, flags, size):
    """One network of PG2 by itself, as what `weights.checkpoint` takes for a method."""
    config = options_for(flags, size).config
    model = BUILD[network](config, size)
    return SimpleNamespace(config=config, size=size, networks={network: model}, files={"generator": (network,)})


def fill_network(holder, kind, tensors):
    """Give a network of `network_for` the tensors of a checkpoint."""
    fill(checkpoint(holder, "generator", kind), tensors, "the recipe", "the network")


def method_for(flags, size, stage):
    """A `Pg2`."""
    options = options_for(flags, size, stage)
    return options.method.load()(options.shared, options.config, options.data.image_size, options.stage)


def fill_file(method, file, kind, tensors):
    """Give the networks of a weight file of a method the tensors of a checkpoint."""
    fill(method.foreign(file, kind), tensors, "the recipe", file)


def fill_authors(method, orders, case, bases):
    """Give all networks of a method in its second stage the weights of a case of the authors' graphs.

    Args:
        method: `Pg2`.
        orders: weight_orders.json.
        case: name of the case.
        bases: {"G1", "G2", "D": first number of the recipe's seeds}.
    """
    generators = [weights(orders[f"{case} {network}"], bases[network]) for network in ("G1", "G2")]
    fill_file(method, "generator", "tensorflow", generators[0] | generators[1])
    fill_file(method, "discriminator", "tensorflow", weights(orders[f"{case} D"], bases["D"]))


def authors_losses(method, inputs):
    """Losses of the authors' graph by their names, and what they were computed from: (losses, pictures, logits)."""
    total, terms, made = method.generator_loss([inputs])
    critic, _ = method.discriminator_loss([inputs | made])
    logits = method.logits(inputs, made, training=True)
    losses = {"g_adv": terms["gan"], "g_loss2": total, "d_loss": critic}
    for number, picture in (("1", made["stage1"]), ("2", made["generated"])):
        distances = [mask_loss(picture, inputs["target_image"], inputs["target_mask"], ratio) for ratio in (0.0, 1.0)]
        losses[f"PoseMaskLoss{number}"] = distances[1] - distances[0]
        losses["g_loss1" if number == "1" else "L1Loss2"] = distances[1]
    # The graph for large pictures has the name alone.
    losses["g2_g1_loss"] = real_loss(logits["generated"] - logits["stage1"]) if "stage1" in logits else 0.0
    return losses, made, logits


def authors_logits(logits):
    """Logits of all kinds of pictures, one after the other as in the authors' graphs."""
    large = ("target", "generated", "source")
    order = ("target", "source", "stage1", "generated") if "stage1" in logits else large
    return ops.concatenate([logits[kind] for kind in order])[:, 0]


def flags_of_authors(case):
    """{flag: value} of a case of the authors' graphs."""
    own = {"conv_hidden_num": case["hidden"], "z_num": case["z_num"], "disc_hidden_num": case["D_dim"]}
    if "repeat_num" in case:
        own["repeat_num"] = case["repeat_num"]
    market = case["variant"] == "market"
    return own | {
        "num_skip_out_connect": int(market),
        "statistics": "four" if market else "three",
        "mask_l1_weight": 10 if market else 50,
        "adversarial": "generated" if market else "generated-and-source",
    }


def close(actual, expected, tolerance=1e-4):
    """Compare arrays relative to the largest absolute value that is expected."""
    actual, expected = ops.convert_to_numpy(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def compare(arrays, name, full, record, tolerance=1e-4):
    """Compare a picture with what is stored of it: every s-th row and column, and the channels' moments.

    Args:
        arrays: the golden arrays.
        name: name of the array.
        full: (N, H, W, C), ours.
        record: its entry in the JSON file, or None where the whole array is stored.
    """
    full = ops.convert_to_numpy(full)
    stride = record["stored_stride"] if record else 1
    if record:
        assert list(full.shape) == record["full_shape"]
    close(full[:, ::stride, ::stride], arrays[name], tolerance)
    for part, statistic in (("mean", np.mean), ("std", np.std)):
        if f"{name}__{part}" in arrays:
            expected = arrays[f"{name}__{part}"]
            ours = statistic(full.astype(np.float64), axis=(0, 1, 2))
            np.testing.assert_allclose(ours, expected, atol=tolerance * np.abs(arrays[name]).max())
