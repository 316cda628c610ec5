"""The command line: the original's flags, files of options, refusals."""

import dataclasses

import pytest

from pgig.cli.options import make_parser, parse
from pgig.config import Shared
from pgig.errors import OptionsError
from pgig.methods import aliases

# Name, type and default of every flag of the original's cmd.py.
ORIGINAL = {
    "output_dir": "output/displayed_samples",
    "batch_size": 4,
    "training_ratio": 1,
    "l1_penalty_weight": 100.0,
    "gan_penalty_weight": 1.0,
    "tv_penalty_weight": 0.0,
    "lstruct_penalty_weight": 0.0,
    "number_of_epochs": 500,
    "content_loss_layer": "none",
    "checkpoints_dir": "output/checkpoints",
    "checkpoint_ratio": 30,
    "generator_checkpoint": None,
    "discriminator_checkpoint": None,
    "nn_loss_area_size": 1,
    "use_validation": 1,
    "dataset": "market",
    "display_ratio": 1,
    "start_epoch": 0,
    "pose_estimator": "pose_estimator.h5",
    "images_for_test": 12000,
    "use_input_pose": 1,
    "warp_skip": "stn",
    "warp_agg": "max",
    "disc_type": "call",
    "use_bg": 0,
    "pose_rep_type": "hm",
    "cache_pose_rep": 1,
    "generated_images_dir": "output/generated_images",
    "load_generated_images": 0,
    "use_dropout_test": 0,
}


def test_original_flags_keep_their_defaults():
    flat = parse([]).flat()
    assert {name: flat[name] for name in ORIGINAL} == ORIGINAL
    assert {name: type(flat[name]) for name in ORIGINAL} == {name: type(value) for name, value in ORIGINAL.items()}


def test_derived_paths_are_the_originals():
    data = parse(["--dataset", "fasion"]).data
    assert data.image_size == (256, 256)
    assert data.images_dir_train == "data/fasion-dataset/train"
    assert data.annotations_file_test == "data/fasion-annotation-test.csv"
    assert data.pairs_file_train == "data/fasion-pairs-train.csv"
    assert data.bg_images_dir_test == "data/fasion-dataset/test-bg"


def test_precedence_is_defaults_file_override_flag(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('warp_skip = "mask"\nbatch_size = 2\nseed = 5\nnn_loss_area_size = 3\n')
    options = parse(["--config", str(file), "-t", "batch_size=6", "-t", "seed=7", "--seed", "9"])
    assert options.config.warp_skip == "mask"
    assert options.config.nn_loss_area_size == 3
    assert options.shared.batch_size == 6
    assert options.shared.seed == 9


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--warp_skp", "mask"], "did you mean --warp_skip"),
        (["--batch_size", "four"], "batch_size"),
        (["--batch_size", "0"], "1 or more"),
        (["--dataset", "fashio"], "fasion"),
        (["--method", "pix2pix"], "pose-gan"),
        (["--stage", "second"], "gan"),
        (["-t", "warp_skip"], "key=value"),
        (["-t", "warp_skip=bend"], "none, full, mask, stn"),
        (["--config", "nowhere.toml"], "cannot be read"),
        (["--image_size", "128x64"], "image_size"),
        (["stray"], "stray"),
        (["-t", "method=pg2"], "write --method pg2"),
        (["--method", "pg2", "--statistics", "two"], "cmd.py --method pg2 --help"),
    ],
)
def test_mistakes_get_one_sentence(words, sentence):
    with pytest.raises(OptionsError, match=sentence) as caught:
        parse(words)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_broken_file_of_options_is_refused(tmp_path):
    file = tmp_path / "run.toml"
    mistakes = {
        "a = [": "not a TOML file", "a = " + "[" * 3000: "not a TOML file", "a = '\xff'": "not a TOML file",
        "batch_siz = 3": "did you mean --batch_size", 'seed = "x"': "seed", "method = ['pg2']": "its name was expected",
        "batch_size = 2.5": "batch_size is 2.5, but int", "batch_size = inf": "but int", "output_dir = []": "but str",
        "stage = [1]": "stage is .1., but str", "state_interval = nan": "0 or more", "config = 'x'": "write --config x",
    }  # fmt: skip
    for text, sentence in mistakes.items():
        file.write_text(text, encoding="latin1")
        with pytest.raises(OptionsError, match=sentence):
            parse(["--config", str(file)])


def test_every_option_has_help_and_the_parser_its_default():
    parser = make_parser()
    for action in parser._actions:
        assert action.help
    defaults = vars(parser.parse_args([]))
    for field in dataclasses.fields(Shared):
        assert defaults[field.name] == field.default


def test_help_tells_each_default_once(capsys):
    for words, expected in (
        (["--method", "pg2"], ("left at `family` (default: authors)", "(default: by --family and size)")),
        (["--method", "PG2-1"], ("left at `family` (default: human-pose-transfer)",)),
        (["--method", "mobile-pg2"], ("(default: separable)", "pairs in a batch (default: 16)")),
    ):
        with pytest.raises(SystemExit):
            parse([*words, "--help"])
        text = " ".join(capsys.readouterr().out.replace("-\n", "-").split()).replace("- ", "-")
        for part in expected:
            assert part in text
        assert "(default: None)" not in text
    helps = [action.help for action in make_parser("pg2")._actions]
    assert max(text.count("(default: ") for text in helps) == 1


def test_an_option_may_have_another_name(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text("generated_limit = 3\n")
    assert parse(["--config", str(file)]).shared.test_limit == 3
    options = parse(["--config", str(file), "-t", "generated_limit=4", "--generated_limit", "5"])
    assert options.shared.test_limit == 5
    assert "test_limit" in options.given


def test_a_method_may_have_another_name_that_implies_options(tmp_path):
    for alias, (info, implied) in aliases().items():
        options = parse(["--method", alias])
        assert options.method is info
        assert {name: options.flat()[name] for name in implied} == implied
        assert options.flat()["method"] == info.name
        assert not options.given & set(implied)
    file = tmp_path / "run.toml"
    file.write_text('method = "PG2-2"\nfamily = "authors"\n')
    options = parse(["--config", str(file)])
    assert (options.method.name, options.stage, options.config.family) == ("pg2", "2", "authors")


def test_a_method_may_have_defaults_of_its_own():
    assert parse(["--method", "pg2"]).shared.batch_size == 16
    assert parse(["--method", "pg2", "--batch_size", "2"]).shared.batch_size == 2


def test_numbers_of_a_file_may_be_written_as_any_type_that_means_them(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text("method = 'pg2'\nstage = 2\nbatch_size = 3.0\nuse_records = false\ng_lr = 1\n")
    options = parse(["--config", str(file)])
    assert (options.stage, options.shared.batch_size, options.shared.use_records) == ("2", 3, 0)
    assert options.config.g_lr == 1.0 and isinstance(options.shared.batch_size, int)
