"""Losses and training traces of PG2 against the originals: torch_train.json and tf_train.json.

What comes before the first update is exact. Adam's first updates are equally large for all weights, however small the
gradient, and so turn rounding into signs. With inputs changed by one part in ten million, our own traces of four seeds
moved by up to 5e-4 in distances and 1e-2 in adversarial columns and pictures after updates of the first stage, and by
up to 3e-3, 3e-2 and 6e-2 after those of the second. The limits are the next round numbers above that.
"""

import numpy as np
import pytest
from keras import ops

from pgig.losses.logits import fake_loss, real_loss
from pgig.losses.masked import mask_loss
from pgig.train.step import build_optimizers, compile_iteration, engine, trained_variables
from tests.golden.pg2_parts import recipe

# Relative limits of (distances, what the discriminator says, pictures): before any update, after those of the first
# stage, after those of the second.
EXACT, STAGE1, STAGE2 = (1e-4, 1e-4, 1e-4), (5e-3, 5e-2, 3e-2), (1e-2, 1e-1, 2e-1)


def drawn(seed, case):
    """A random batch of a case, in the form of the method's inputs."""
    shape = (case["batch"], *case["hw"])
    pictures = [recipe.uniform(seed + i, (*shape, channels)) for i, channels in enumerate((3, 18, 3))]
    tensors = [*pictures, recipe.body(seed + 3, (*shape, 1))]
    names = ("source_image", "target_pose", "target_image", "target_mask")
    return {name: ops.convert_to_tensor(tensor) for name, tensor in zip(names, tensors, strict=True)}


def trainer(method):
    """The compiled iteration of a method that is fed with its inputs."""
    method.inputs = lambda batch: batch
    return compile_iteration(method, method.stage, build_optimizers(method, method.stage))


def numbers(terms):
    return {name: float(ops.convert_to_numpy(value)) for name, value in terms.items()}


def test_losses(golden):
    table, arrays = recipe.read(golden, "torch_train.json"), recipe.read(golden, "torch_train.npz")
    given = table["losses"]
    generated, target = (recipe.uniform(given[key]["seed"], given[key]["shape"]) for key in ("generated", "target"))
    mask = recipe.body(given["mask"]["seed"], given["mask"]["shape"])
    ratios = [name for name in arrays if name.startswith("mask_l1_ratio_")]
    assert ratios
    traces = {"stage1_loss_gradnorm", "stage1_final_out", "stage2_losses", "stage2_final_out"}
    after = {"D_running_mean_cat", "D_running_var_cat", "D_eval_logits_target"}
    assert set(arrays) == {*ratios, "bce_logits_ones", "bce_logits_zeros", *traces, *after}
    for name in ratios:
        ratio = float(name.removeprefix("mask_l1_ratio_"))
        recipe.close(mask_loss(generated, target, mask, ratio), arrays[name], 1e-6)
    logits = 4 * recipe.uniform(given["logits"]["seed"], given["logits"]["shape"])
    recipe.close(real_loss(logits), arrays["bce_logits_ones"], 1e-6)
    recipe.close(fake_loss(logits), arrays["bce_logits_zeros"], 1e-6)


# PyTorch -------------------------------------------------------------------------------------------------------------


def torch_methods(golden, case):
    """(method of the first stage, method of the second) with the weights of the recipe."""
    models, size = case["models"], case["hw"]
    assert models["G1"]["image_size"] == size
    assert models["G1"]["channels_base"] == models["G2"]["channels_base"]
    flags = {
        "family": "human-pose-transfer",
        "conv_hidden_num": models["G1"]["channels_base"],
        "z_num": models["G1"]["middle_features_dim"],
        "repeat_num": models["G1"]["num_repeat"],
        "repeat_num2": models["G2"]["num_repeat"],
        "num_skip_out_connect": models["G2"]["num_skip_out_connect"],
        "disc_hidden_num": models["D"]["channel_base"],
        "g_lr": case["lr"],
        "d_lr": case["lr"],
        "beta1": case["betas"][0],
        "beta2": case["betas"][1],
        "mask_l1_weight": case["loss_weights"]["mask_l1"],
        "gan_weight": case["loss_weights"]["gan"],
        "mask_ratio": case["loss_weights"]["mask_ratio"],
    }
    first, second = (recipe.method_for(flags, size, stage) for stage in "12")
    orders, bases = recipe.read(golden, "weight_orders.json"), case["weight_base"]
    weights = {key: recipe.weights(orders[f"torch_train {key}"], bases[key]) for key in ("G1", "G2", "D")}
    recipe.fill_file(first, "generator", "torch", weights["G1"])
    recipe.fill_file(second, "generator", "torch", weights["G2"])
    recipe.fill_file(second, "discriminator", "torch", weights["D"])
    return first, second


@pytest.mark.slow
def test_torch_training(golden):
    table, arrays = recipe.read(golden, "torch_train.json"), recipe.read(golden, "torch_train.npz")
    case = table["train"]
    first, second = torch_methods(golden, case)

    def batch(number):
        return drawn(table["train"]["IN"] + 10 + 10 * number, case)

    step, (player,) = trainer(first), first.stage.players
    variables = trained_variables(first, player)
    steps = len(arrays["stage1_loss_gradnorm"])
    for number, expected in enumerate(arrays["stage1_loss_gradnorm"]):
        _, gradients = engine.value_and_gradients(lambda: player.loss([batch(number)], training=True)[:2], variables)  # noqa: B023
        norm = np.sqrt(sum(np.square(ops.convert_to_numpy(g), dtype=np.float64).sum() for g in gradients))
        loss = numbers(step(batch(number))["generator1"])["loss"]
        np.testing.assert_allclose([loss, norm], expected, rtol=(STAGE1 if number else EXACT)[0])
    compare_picture(first.stage1_image(batch(9)), arrays["stage1_final_out"], STAGE1)

    second.networks["generator1"].set_weights(first.networks["generator1"].get_weights())
    step = trainer(second)
    for number, expected in enumerate(arrays["stage2_losses"], steps):
        logs = step(batch(number))
        generator, critic = numbers(logs["generator2"]), numbers(logs["discriminator"])
        # The mask loss is logged without its weight.
        ours = {
            "g2_mask_l1_loss": generator["mask_l1"] / case["loss_weights"]["mask_l1"],
            "g2_gan_loss": generator["gan"] / case["loss_weights"]["gan"],
            "g2_loss": generator["loss"],
            "d_loss_1": critic["real"] + 2 * critic["generated"],
            "d_loss_2": critic["real"] + 2 * critic["source"],
            "d_loss": critic["loss"],
        }
        compare_row(ours, table["stage2_columns"], expected, STAGE2 if number > steps else STAGE1)

    last = batch(9)
    compare_picture(second.pictures(last)["generated"], arrays["stage2_final_out"], STAGE2)
    critic = second.networks["discriminator"]
    norms = [layer for layer in critic.layers if layer.name.startswith("norm")]
    recipe.close(ops.concatenate([n.moving_mean for n in norms]), arrays["D_running_mean_cat"], STAGE2[0])
    recipe.close(ops.concatenate([n.moving_variance for n in norms]), arrays["D_running_var_cat"], STAGE2[0])
    recipe.close(critic(last["target_image"], training=False), arrays["D_eval_logits_target"], STAGE2[1])


def compare_row(ours, columns, expected, limits):
    """Compare losses with a row of a trace."""
    distances, adversarial, _ = limits
    for column, value in zip(columns, expected, strict=True):
        distance = "mask" in column.lower() or column in ("g_loss1", "L1Loss2", "g_loss2", "g2_loss")
        assert ours[column] == pytest.approx(value, rel=distances if distance else adversarial, abs=1e-6), column


def compare_picture(full, stored, limits):
    """Compare a picture with every s-th row and column of the original's, s by the shapes."""
    stride = full.shape[1] // stored.shape[1]
    recipe.close(full[:, ::stride, ::stride], stored, limits[2])


# TensorFlow ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_tensorflow_training(golden):
    table, arrays = recipe.read(golden, "tf_train.json"), recipe.read(golden, "tf_train.npz")
    assert table
    assert set(arrays) == {f"{name}__{part}" for name in table for part in ("losses", "G1", "G2", "D_logits")}
    for name, case in table.items():
        authors_training(golden, name, case, arrays)


def authors_training(golden, name, case, arrays):
    variant = name.removeprefix("tf_").removesuffix("_train")
    flags = recipe.flags_of_authors(case | {"variant": variant}) | {
        "g_lr": case["lr"],
        "d_lr": case["lr"],
        "beta1": case["beta1"],
        "beta2": case["beta2"],
        "batches": "separate",
    }
    first, second = (recipe.method_for(flags, case["hw"], stage) for stage in "12")
    orders = recipe.read(golden, "weight_orders.json")
    recipe.fill_authors(second, orders, f"tf_{variant}_small", case["weight_base"])
    first.networks["generator1"].set_weights(second.networks["generator1"].get_weights())

    def batch(number):
        return drawn(case["IN"] + 10 * number, case)

    expected = iter(arrays[f"{name}__losses"])

    def compare(limits):
        losses, made, logits = recipe.authors_losses(second, batch(9))
        compare_row(numbers(losses), case["columns"], next(expected), limits)
        return made, logits

    compare(EXACT)
    step = trainer(first)
    for number in (0, 1):
        step(batch(number))
        second.networks["generator1"].set_weights(first.networks["generator1"].get_weights())
        compare(STAGE1)
    step = trainer(second)
    for generator, critic in ((2, 4), (3, 5)):
        pair = batch(generator), batch(critic)
        step({key: ops.concatenate([part[key] for part in pair]) for key in pair[0]})
        made, logits = compare(STAGE2)
    assert next(expected, None) is None

    stride = case["stored_stride"]
    recipe.close(made["stage1"][:, ::stride, ::stride], arrays[f"{name}__G1"], STAGE1[2])
    recipe.close(made["generated"][:, ::stride, ::stride], arrays[f"{name}__G2"], STAGE2[2])
    recipe.close(recipe.authors_logits(logits), arrays[f"{name}__D_logits"], STAGE2[1])
