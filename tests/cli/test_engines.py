"""`python -m pgig run ENGINE`: Human-Pose-Transfer's configurations, and what its engines leave."""

import json
import os
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli.engine_keys import ENGINES, KEYS, translate
from pgig.cli.engines import merged, run
from pgig.cli.options import parse
from pgig.data.pairs import read_pairs
from pgig.errors import DataError, OptionsError, WeightsError
from tests.conftest import make_dataset

# All keys of the files of both stages; the networks are small.
CONFIG = """
title = "PG2"
description = '''
two lines
'''
[dataset]
    name = "market"
    [dataset.path.train]
        image = "./data/market-dataset/train/"
        bone = "./data/market/train/pose_map_image/"
        mask = "./data/market/train/pose_mask_image/"
        pair = "./data/market-pairs-train.csv"
        annotation = "./data/market-annotation-train.csv"
    [dataset.path.test]
        image = "./data/market-dataset/test/"
        bone = "./data/market/test/pose_map_image/"
        mask = "./data/market/test/pose_mask_image/"
        pair = "./data/market-pairs-test.csv"
        annotation = "./data/market-annotation-test.csv"
[loss]
    [loss.mask_l1]
        weight = 10
        mask_ratio = 1
    [loss.gan]
        weight = 2.5
[model]
    [model.generator1]
        num_repeat = 3
        middle_features_dim = 5
        channels_base = 2
        image_size = [32, 16]
        pretrained_path = "one/epoch_000_generator.h5"
    [model.generator2]
        weight_init_way = ""
        num_skip_out_connect = 0
        num_repeat = 2
        channels_base = 2
        pretrained_path = "two/epoch_000_generator.h5"
    [model.discriminator]
        weight_init_way = "tflib"
[train]
    batch_size = 4
    num_epoch = 1
    [train.data]
        replacement = false
        flip_rate = 0.25
    [train.generator1]
        lr = 0.0001
        beta1 = 0.25
        beta2 = 0.9
    [train.generator2]
        lr = 0.00002
        beta1 = 0.5
        beta2 = 0.999
    [train.discriminator]
        lr = 0.00003
        beta1 = 0.5
        beta2 = 0.999
[log]
    loss_freq = 50
    check_freq = 1000
    [log.model_checkpoint]
        n_saved = 15
        save_interval = 1000
    [log.verify]
        batch_size = 4
        shuffle = true
"""
SMALL = ["--disc_hidden_num", "2", "--use_validation", "0"]


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A working directory with a data set and the configuration `c.toml`."""
    monkeypatch.chdir(tmp_path)
    # The command sets it.
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    make_dataset(tmp_path, "market", (32, 16))
    Path("c.toml").write_text(CONFIG)
    return tmp_path


def start(engine, *words, output="out"):
    run([engine, "-g", "-1", "-c", "c.toml", "-o", output, *words, *SMALL])


def options_of(engine, config):
    """The options that a configuration becomes."""
    words, _ = translate(config, engine)
    return parse(["--method", "pg2", "--stage", "1" if engine == "PG2-1" else "2", *words])


def test_every_key_becomes_an_option_or_has_a_reason():
    config = tomllib.loads(CONFIG) | {"generated_limit": 7, "output": "x", "engine": "PG2-Generator"}
    used, silent = set(), set()
    for engine in ENGINES:
        words, notes = translate(config, engine)
        used |= {word[2:].partition("=")[0] for word in words}
        silent |= {name for note in notes for name in note.removeprefix("Without effect: ").split("; ")[0].split(", ")}
    assert used == {key.flag for key in KEYS.values() if key.flag} | {"test_batch_size"}
    assert silent == {name for name, key in KEYS.items() if key.reason}
    assert sum(name.endswith((".bone", ".mask")) for name in silent) == 4


def test_values_of_the_first_stage():
    options = options_of("PG2-1", tomllib.loads(CONFIG))
    config, shared, data = options.config, options.shared, options.data
    assert (config.g_lr, config.beta1, config.beta2, config.flip_rate) == (1e-4, 0.25, 0.9, 0.25)
    assert (config.repeat_num, config.z_num, config.conv_hidden_num, data.image_size) == (3, 5, 2, (32, 16))
    assert (shared.batch_size, shared.test_batch_size, shared.number_of_epochs, config.mask_ratio) == (4, 4, 1, 1.0)
    assert (data.images_dir_train, data.pairs_file_test) == (
        "./data/market-dataset/train/", "./data/market-pairs-test.csv"
    )  # fmt: skip
    assert shared.generator_checkpoint is None and config.stage1_checkpoint is None


def test_values_of_the_second_stage():
    options = options_of("PG2-2", tomllib.loads(CONFIG))
    config = options.config
    assert (config.g_lr, config.d_lr, config.beta1, config.beta2) == (2e-5, 3e-5, 0.5, 0.999)
    assert (config.mask_l1_weight, config.mask_ratio, config.gan_weight) == (10.0, 1.0, 2.5)
    assert (config.generator2_init, config.discriminator_init) == ("torch", "tflib")
    assert (config.repeat_num2, config.num_skip_out_connect) == (2, 0)
    assert config.stage1_checkpoint == "one/epoch_000_generator.h5"
    # "Only used when generating images."
    assert options.shared.generator_checkpoint is None


def test_values_of_the_generators():
    config = tomllib.loads(CONFIG) | {"generated_limit": 7}
    for engine in ("PG2-Generator", "PG2-GFV-Generator"):
        options = options_of(engine, config)
        assert options.shared.generator_checkpoint == "two/epoch_000_generator.h5"
        assert options.shared.test_limit == 7 and "g_lr" not in options.given


def test_changes_are_one_document_and_merged_at_every_depth():
    table = {"a": {"b": {"c": 1, "d": 2}}, "e": {"f": 3}, "g": [1, 2]}
    lines = ["[a.b]", "c = 5", "[new.table]", "key = 'text'", "[e]\nf = {x = 1}"]
    assert merged(table, lines) == {
        "a": {"b": {"c": 5, "d": 2}}, "e": {"f": {"x": 1}}, "g": [1, 2], "new": {"table": {"key": "text"}}
    }  # fmt: skip
    assert merged(table, ["a = 1", "g = [3]", "e.f = 4"]) == {"a": 1, "e": {"f": 4}, "g": [3]}
    assert table["a"]["b"]["c"] == 1


@pytest.mark.parametrize(
    ("engine", "words", "sentence"),
    [
        ("PG2-1", ["-t", "train.batch_sizes=3"], "train.batch_sizes is no option.*did you mean train.batch_size?"),
        ("PG2-1", ["-t", "model=3"], "The key model is no option"),
        ("PG2-1", ["-t", "train.batch_size='4'"], "train.batch_size is '4', but a whole number was expected"),
        ("PG2-1", ["-t", "train.batch_size=true"], "but a whole number was expected"),
        ("PG2-2", ["-t", "train.generator2.lr='x'"], "but a number was expected"),
        ("PG2-1", ["-t", "model.generator1.image_size=[128]"], r"\[height, width\] in pixels was expected"),
        ("PG2-1", ["-t", "train.data.replacement=true"], "without replacement here: set it to false"),
        ("PG2-Generator", ["-t", "generated_limit=0"], "at least one pair was expected"),
        ("PG2-2", ["-t", "model.generator2.channels_base=4"], "both are --conv_hidden_num here: give them one value"),
        ("PG2-2", ["-t", "train.discriminator.beta1=0.1"], "both are --beta1 here"),
        ("PG2-1", ["-t", "dataset.name='../cats'"], "--dataset"),
        ("PG2-1", ["-t", "no toml"], "-t no toml is not TOML"),
        ("PG2-1", ["-t", "a" + ".a" * 3000 + "=1"], "The key a.a.a"),
        ("PG2-1", ["--method", "pose-gan"], "the engine PG2-1 decides it"),
        ("PG2-1", ["--warp_skip", "mask"], "belongs to --method pose-gan"),
        ("PG2-1", ["-g", "-2"], "-g -2 is no GPU"),
        ("PG2-1", ["-c", "absent.toml"], "-c absent.toml cannot be read"),
        ("PG2-3", [], "invalid choice: 'PG2-3'"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(work, engine, words, sentence):
    with pytest.raises(OptionsError, match=sentence):
        start(engine, *words)
    assert not Path("out").exists()


@pytest.mark.parametrize("text", [b"a = ", b"\xff", b"a = " + b"[" * 3000])
def test_a_configuration_that_is_no_toml(work, text):
    Path("c.toml").write_bytes(text)
    with pytest.raises(OptionsError, match="-c c.toml is not a TOML file"):
        start("PG2-1")


def test_what_a_run_lacks_is_one_sentence(work):
    with pytest.raises(DataError, match="absent.csv"):
        start("PG2-1", "-t", "dataset.path.train.pair='absent.csv'")
    text = CONFIG.replace('pretrained_path = "two/epoch_000_generator.h5"', "")
    Path("c.toml").write_text(text)
    with pytest.raises(OptionsError, match="PG2-Generator needs model.generator2.pretrained_path"):
        start("PG2-Generator")
    with pytest.raises(WeightsError, match="one/epoch_000_generator.h5"):
        start("PG2-2")
    with pytest.raises(WeightsError, match="c.toml is of another kind"):
        start("PG2-Generator", "-t", "model.generator2.pretrained_path='c.toml'")
    Path("c.toml").write_text(CONFIG.replace('pretrained_path = "one/epoch_000_generator.h5"', ""))
    with pytest.raises(OptionsError, match="PG2-2 needs model.generator1.pretrained_path.*of the first generator"):
        start("PG2-2")
    assert not Path("out").exists()


def test_a_refused_run_changes_nothing_of_one_that_is_there(work):
    start("PG2-1", "--iterations_per_epoch", "1")
    before = Path("out/train.toml").read_bytes()
    with pytest.raises(OptionsError, match="--flip_rate 0.25 .now 0.5"):
        start("PG2-1", "--iterations_per_epoch", "1", "-t", "train.data.flip_rate=0.5")
    assert Path("out/train.toml").read_bytes() == before


@pytest.mark.slow
def test_the_engines_one_after_the_other(work, capsys):
    start("PG2-1", "-t", "[train]", "-t", "num_epoch = 2", output="one")
    settings = json.loads(Path("one/config.json").read_text())
    # 12 pairs, 4 in a batch.
    assert (settings["iterations_per_epoch"], settings["number_of_epochs"]) == (3, 2)
    assert settings["family"] == "human-pose-transfer" and settings["stage"] == "1"
    assert {path.name for path in Path("one").glob("*.h5")} == {f"epoch_00{k}_generator.h5" for k in (0, 1)}
    written = tomllib.loads(Path("one/train.toml").read_text())
    assert written == merged(tomllib.loads(CONFIG), ["train.num_epoch = 2"]) | {"output": "one"}
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"

    start("PG2-2", output="two")
    start("PG2-Generator", output="strips")
    pairs = read_pairs("data/market-pairs-test.csv")
    # 6 pairs and batches of 4: the rest is not dropped.
    names = {f"{source}___{target}_vis.png" for source, target in pairs}
    assert {path.name for path in Path("strips").iterdir()} == names | {"train.toml"}
    source, target = pairs[-1]
    with Image.open(f"strips/{source}___{target}_vis.png") as strip:
        three = np.asarray(strip)
    assert three.shape == (32, 48, 3)
    for place, name in enumerate((source, target)):
        with Image.open(f"data/market-dataset/test/{name}") as picture:
            np.testing.assert_array_equal(three[:, 16 * place : 16 * (place + 1)], np.asarray(picture))

    start("PG2-Generator", "-v", "--format", "jpg", "--normalise", "minmax", "-t", "generated_limit=5", output="six")
    assert {path.name for path in Path("six").glob("*.jpg")} == {f"{a}___{b}_vis.jpg" for a, b in pairs[:5]}
    with Image.open("six/{}___{}_vis.jpg".format(*pairs[0])) as strip:
        assert strip.size == (96, 32)

    start("PG2-GFV-Generator", "-v", output="gfv")
    pairs += read_pairs("data/market-pairs-train.csv")
    assert {path.name for path in Path("gfv").glob("*.npy")} == {f"{a}___{b}_vis.npy" for a, b in pairs}
    assert np.load("gfv/{}___{}_vis.npy".format(*pairs[0])).shape == (4, 16, 8)


def test_mobile_networks(work):
    start("PG2-1", "-m", output="one")
    settings = json.loads(Path("one/config.json").read_text())
    assert (settings["method"], settings["generator1_block"]) == ("mobile-pg2", "separable")
    with pytest.raises(WeightsError, match="method mobile-pg2 instead of pg2"):
        start("PG2-2")
