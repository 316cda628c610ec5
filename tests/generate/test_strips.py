import numpy as np
import pytest

from pgig.errors import DataError, NumericsError
from pgig.generate.strips import join, pair_name, panels
from pgig.layouts.finders import kinds_of

SIZE = (8, 4)


@pytest.fixture
def pairs():
    """Two pairs as a stream gives them, and what a method makes of them; the first overshoots."""
    random = np.random.default_rng(0)
    batch = {f"{name}_pixels": random.integers(0, 256, (2, *SIZE, 3), np.uint8) for name in ("source", "target")}
    made = {name: random.uniform(-1, 1, (2, *SIZE, 3)).astype(np.float32) for name in ("stage1", "generated")}
    made["generated"][0, 0, 0] = 2.5, -1.5, 0
    made["pose"] = random.uniform(-1, 1, (2, *SIZE, 1)).astype(np.float32)
    made["mask"] = random.integers(0, 2, (2, *SIZE, 1)).astype(np.float32)
    return batch, made


def cut(strips, count):
    return np.split(strips, count, axis=2)


def test_three_panels(pairs):
    batch, made = pairs
    strips = join(panels(batch, made))
    assert strips.shape == (2, 8, 12, 3) and strips.dtype == np.uint8
    source, target, generated = cut(strips, 3)
    np.testing.assert_array_equal(source, batch["source_pixels"])
    np.testing.assert_array_equal(target, batch["target_pixels"])
    np.testing.assert_array_equal(generated, (255 * ((made["generated"].clip(-1, 1) + 1) / 2)).astype(np.uint8))


def test_six_panels(pairs):
    batch, made = pairs
    source, pose, mask, stage1, generated, target = cut(join(panels(batch, made, verbose=True)), 6)
    np.testing.assert_array_equal(source, batch["source_pixels"])
    np.testing.assert_array_equal(pose, np.where(made["pose"] > 0.5, 255, 0) * np.ones(3))
    np.testing.assert_array_equal(mask, 255 * made["mask"] * np.ones(3))
    np.testing.assert_array_equal(stage1, (255 * ((made["stage1"] + 1) / 2)).astype(np.uint8))
    np.testing.assert_array_equal(generated, cut(join(panels(batch, made)), 3)[2])
    np.testing.assert_array_equal(target, batch["target_pixels"])


@pytest.mark.parametrize("verbose", [False, True])
def test_minmax_stretches_each_strip_by_itself(pairs, verbose):
    batch, made = pairs
    strips = join(panels(batch, made, verbose), "minmax")
    real = [batch[f"{name}_pixels"] / 127.5 - 1 for name in ("source", "target")]
    pose, mask = (np.where(made[name] > 0.5, 1, 0) * np.ones(3) for name in ("pose", "mask"))
    columns = [*real, made["generated"]]
    if verbose:
        columns = [real[0], pose, mask, made["stage1"], made["generated"], real[1]]
    for number, strip in enumerate(strips):
        values = np.concatenate([column[number] for column in columns], axis=1)
        expected = (values - values.min()) / (values.max() - values.min()) * 255
        # Rounded, but for what float32 leaves to chance.
        np.testing.assert_allclose(strip, expected, rtol=0, atol=0.5 + 1e-3)
        assert strip.min() == 0 and strip.max() == 255


def test_weights_that_diverged_are_no_picture(pairs):
    batch, made = pairs
    made["generated"][1, 2, 3, 0] = np.nan
    for normalise in ("fixed", "minmax"):
        with pytest.raises(NumericsError):
            join(panels(batch, made), normalise)


def test_names_are_those_that_the_layout_reads():
    assert pair_name("a.jpg", "b.png", "png") == "a.jpg___b.png_vis.png"
    assert kinds_of(pair_name("a.jpg", "b.jpg", "png")) == {"strip"}


@pytest.mark.parametrize("names", [("a___b.jpg", "c.jpg"), ("a.jpg", "_c.jpg"), ("a.jpg", "b____c.jpg")])
def test_names_that_could_not_be_told_apart_are_refused(names):
    with pytest.raises(DataError, match="three underscores"):
        pair_name(*names, "png")


@pytest.mark.parametrize("name", ["../a.jpg", "/a.jpg", "a", "a\\b.jpg"])
def test_names_that_lead_out_of_the_folder_are_refused(name):
    with pytest.raises(DataError, match="plain file name"):
        pair_name("a.jpg", name, "npy")
