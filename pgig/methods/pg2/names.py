"""Names of the generators' layers in the published checkpoints: {our layer: its name there}."""

import re


def sequence(network, count):
    """Our names of the convolutions of a generator, in the order of their computation.

    Args:
        network: "generator1" or "generator2".
        count: its number of blocks.
    """
    order = ["first"]
    for part, between in (("encoder", "down"), ("decoder", "up")):
        for level in range(count):
            order += [f"{part}{level}_conv0", f"{part}{level}_conv1"]
            if level < count - 1 and (between == "down" or network == "generator1"):
                order.append(f"{part}{level}_{between}")
    return [*order, "last"]


def of_authors(network, count):
    """Names in charliememory/Pose-Guided-Person-Image-Generation: `/weights` and `/biases` follow."""
    scope = {"generator1": "Pose_AE/G", "generator2": "UAEnoFC/G"}[network]
    names = {layer: f"{scope}/Conv_{number}" for number, layer in enumerate(sequence(network, count))}
    names["first"] = f"{scope}/Conv"
    dense = {"bottleneck": f"{scope}/fully_connected", "spread": f"{scope}/fully_connected_1"}
    return names | dense if network == "generator1" else names


def of_human_pose_transfer(network, count, separable):
    """Names in budui/Human-Pose-Transfer; of a separable network, in kevinleewy/Human-Pose-Transfer."""
    inner = "res.main" if network == "generator1" else "main"
    names = {}
    for layer in sequence(network, count):
        inside = re.fullmatch(r"(encoder|decoder)(\d+)_(conv0|conv1|down|up)", layer)
        if not inside:
            place, position = {"first": ("start_conv", ".0"), "last": ("end_conv", "")}[layer]
        elif inside[3] in ("down", "up"):
            place, position = f"{inside[1]}.{inside[2]}.conv", ".0"
        else:
            number = int(inside[3][-1])
            # Plain convolutions and their rectifiers are numbered in one list, separable ones hold their rectifiers.
            place, position = f"{inside[1]}.{inside[2]}.{inner}", f".{2 * number}"
            if separable:
                place = f"{place}.{number}"
        if separable:
            names[f"{layer}_depth"] = f"{place}.main.0"
            names[f"{layer}_point"] = f"{place}.main.{1 if layer == 'last' else 2}"
        else:
            names[layer] = place + position
    return names | {"bottleneck": "down_fc", "spread": "up_fc"} if network == "generator1" else names


def before_renaming(network):
    """Beginnings of the names in older files of budui/Human-Pose-Transfer (branch me), and the later ones."""
    inner = "res.main" if network == "generator1" else "main"
    parts = [
        (rf"{old}_block_(\d+)\.{block}\.", rf"{new}.\1.{name}.")
        for old, new in (("en", "encoder"), ("de", "decoder"))
        for block, name in (("block_2conv", inner), ("block_1conv", "conv"))
    ]
    ends = [("first_block", "start_conv"), ("last_conv", "end_conv"), ("fc1", "down_fc"), ("fc2", "up_fc")]
    return (*parts, *((rf"{old}\.", f"{new}.") for old, new in ends))


def of_harshitbansal05(network, count):
    """Names in harshitbansal05/Pose-Guided-Image-Generation."""
    names, pairs, singles = {"first": "block_1.0", "last": "conv_last"}, 0, 0
    for layer in sequence(network, count)[1:-1]:
        if layer.endswith("conv0"):
            pairs += 1
            names[layer] = f"block{pairs}.0"
        elif layer.endswith("conv1"):
            names[layer] = f"block{pairs}.2"
        else:
            singles += 1
            names[layer] = f"block_one{singles}.0"
    return names | {"bottleneck": "fc1", "spread": "fc2"} if network == "generator1" else names
