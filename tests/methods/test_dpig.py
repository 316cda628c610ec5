"""DPIG: what its options, stages and players are, beside what all methods have to keep to."""

import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.errors import OptionsError
from pgig.methods import available
from pgig.methods.base import RMSProp
from pgig.train.step import build_method, build_optimizers, compile_iteration
from tests.methods.conformance import SIZE, array, on_tensors, people

TINY = ("--method", "dpig", *available()["dpig"].tiny[0])


def build(stage, *more):
    return build_method(parse([*TINY, "--stage", stage, *more]))


def test_options_follow_the_size_of_the_pictures():
    config = parse(["--method", "dpig"]).config
    names = ("background", "roi_size", "part_boxes", "mask_radius", "statistics", "repeat_num")
    assert [config.value(name, (128, 64)) for name in names] == [1, 48, "market", 7, "separate", 5]
    assert [config.value(name, (256, 256)) for name in names] == [0, 64, "deepfashion", 4, "joint", 6]
    stated = parse(["--method", "dpig", "--background", "0", "--roi_size", "32"]).config
    assert stated.value("background", (128, 64)) == 0 and stated.value("roi_size", (256, 256)) == 32


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--clip", "0"], "--clip 0.0 must be above 0"),
        (["--critic_updates", "0"], "--critic_updates 0"),
        (["--flip_rate", "1.5"], "--flip_rate 1.5"),
        (["--roi_size", "1"], "--roi_size 1"),
        (["--L1Loss_weight", "0", "--gan_weight", "0"], "--L1Loss_weight 0 and --gan_weight 0"),
        (["--stage", "sampling"], "--stage sampling is unknown: dpig has appearance, pose, sample-appearance"),
    ],
)
def test_impossible_options_are_refused(words, part):
    with pytest.raises(OptionsError, match=part):
        parse(["--method", "dpig", *words])


def test_the_original_s_names_of_weight_files():
    words = ("--pretrained_path", "a", "--pretrained_poseAE_path", "b", "--pretrained_appSample_path", "c")
    config = parse(["--method", "dpig", *words, "--pretrained_poseSample_path", "d"]).config
    found = (config.appearance_checkpoint, config.pose_checkpoint, config.mapping_checkpoint)
    assert (*found, config.pose_mapping_checkpoint) == tuple("abcd")


def test_factors():
    market, fashion = build("all"), build("all", "--background", "0")
    assert [(factor.name, factor.size) for factor in market.factors] == [("fg", 224), ("bg", 128), ("pose", 32)]
    assert [(factor.name, factor.size) for factor in fashion.factors] == [("app", 224), ("pose", 32)]
    for method in (market, fashion):
        inputs = on_tensors(method, method.inputs)(people(2))
        codes = on_tensors(method, method.encode)(inputs)
        assert {name: code.shape for name, code in codes.items()} == {f.name: (2, f.size) for f in method.factors}


def test_rates_are_halved_after_iterations_not_after_updates():
    method = build("sample-pose", "--lr_update_step", "10", "--critic_updates", "5", "--d_lr", "8", "--g_lr", "4")
    critic, mapping = method.stage.players
    assert isinstance(critic.optimizer, RMSProp) and (critic.repeats, mapping.repeats) == (5, 1)
    rates = [float(array(critic.optimizer.learning_rate(step))) for step in (0, 49, 50, 99, 100)]
    assert rates == [8, 8, 4, 4, 2]
    # The published mappings are updated from the second iteration on.
    rates = [float(array(mapping.optimizer.learning_rate(step))) for step in (0, 8, 9, 18, 19)]
    assert rates == [4, 4, 2, 2, 1]
    later = build("sample-pose", "--lr_update_step", "10", "--d_lr", "8", "--start_epoch", "2",
                  "--iterations_per_epoch", "10")  # fmt: skip
    assert float(array(later.stage.players[0].optimizer.learning_rate(0))) == 2


def test_an_iteration_clips_the_critics_and_leaves_the_mappings():
    method = build("sample-appearance", "--d_lr", "0.5", "--g_lr", "0.5", "--clip", "0.01")
    stage = method.stage
    step = compile_iteration(method, stage, build_optimizers(method, stage))
    random = np.random.default_rng(0)
    batch = {}
    for name, size in stage.codes.items():
        for key in (name, f"{name}_noise"):
            batch[key] = random.standard_normal((2 * stage.batches, size)).astype("float32")
    step(batch)
    bounds = {name: max(np.abs(array(w)).max() for w in method.networks[name].weights) for name in method.networks}
    for factor in ("fg", "bg"):
        assert bounds[f"critic_{factor}"] == np.float32(0.01) and bounds[f"mapping_{factor}"] > 0.1


def test_losses_of_codes_use_the_noise_that_comes_with_them():
    method = build("sample-pose")
    random = np.random.default_rng(1)
    inputs = {key: random.standard_normal((3, 32)).astype("float32") for key in ("pose_code", "pose_code_noise")}
    mapping, critic = method.networks["mapping_pose"], method.networks["critic_pose"]

    def losses(batch):
        return method.mapping_loss("pose", [batch])[0], method.critic_loss("pose", [batch])[0]

    found = [float(array(loss)) for loss in on_tensors(method, losses)(inputs)]
    fake = array(critic(mapping(0.2 * inputs["pose_code_noise"]))).mean()
    expected = [-fake, fake - array(critic(inputs["pose_code"])).mean()]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_generating_takes_the_pose_of_the_target_alone():
    method = build("appearance")
    batch, other = people(2), people(2, seed=5)
    picture = on_tensors(method, lambda batch: method.generate(method.inputs(batch)))
    expected = array(picture(batch))
    assert np.array_equal(expected, array(picture(batch | {"target_pixels": other["target_pixels"]})))
    assert not np.array_equal(expected, array(picture(batch | {"target_keypoints": other["target_keypoints"]})))


def test_what_is_rendered_from_codes_is_what_is_generated():
    method = build("all")
    batch = people(2)

    def both(batch):
        inputs = method.inputs(batch)
        rendered = method.render(method.encode(inputs), batch["target_keypoints"])
        return method.generate(inputs), ops.clip(rendered, -1.0, 1.0)

    np.testing.assert_allclose(*map(array, on_tensors(method, both)(batch)), atol=1e-6)


def test_decoded_poses_lie_in_the_picture():
    method = build("all")
    code = 30 * np.random.default_rng(2).standard_normal((4, 32)).astype("float32")
    poses = array(on_tensors(method, lambda batch: method.decoded_pose(batch["code"]))({"code": code}))
    visible = poses[..., 2] > 0
    assert poses.shape == (4, 18, 3) and 0 < visible.sum() < visible.size
    assert (poses[~visible] == (-1, -1, 0)).all()
    assert (poses[visible][:, :2] >= 0).all() and (poses[visible][:, :2] < SIZE).all()
    assert np.array_equal(poses, np.round(poses))


def test_joint_statistics_see_all_pictures():
    """One pass over pictures and reconstructions, or one for each."""
    images, logits = np.random.default_rng(4).uniform(-1, 1, (2, 2, *SIZE, 3)).astype("float32"), {}
    for way in ("separate", "joint"):
        method = build("appearance", "--statistics", way)
        both = on_tensors(method, lambda batch, method=method: tuple(method.logits(batch["a"], batch["b"])))
        logits[way] = [array(part) for part in both({"a": images[0], "b": 3 * images[1]})]
    assert not np.allclose(logits["separate"][0], logits["joint"][0], rtol=1e-3)


@pytest.mark.parametrize("stage", ["all", "sample-appearance"])
def test_nothing_is_learned_but_by_players(stage):
    method = build(stage)
    trained = {name for player in method.stage.players for name in player.trains}
    for name, network in method.networks.items():
        assert bool(network.trainable_variables) == (name in trained), name


def test_the_stage_of_sampling_trains_nothing(tiny, program):
    result = program("train", *TINY, "--stage", "all", "--dataset", "market", "--batch_size", "2")
    assert result.code == 2 and "--stage all trains nothing" in result.sentence


def test_realness_is_a_number_for_each_picture():
    method = build("all", "--image_size", "256,256", "--background", "0", "--roi_size", "16")
    images = np.random.default_rng(0).uniform(-1, 1, (2, 256, 256, 3)).astype("float32")
    logits = on_tensors(method, lambda batch: method.networks["discriminator"](batch["images"]))({"images": images})
    real = on_tensors(method, lambda batch: method.realness(batch["images"]))({"images": images})
    assert ops.size(logits) == 16
    np.testing.assert_allclose(array(real), array(logits).reshape(2, 8).mean(axis=1), rtol=1e-5)
