import pytest

from pgig.errors import OptionsError
from pgig.generate.flags import OwnParser, parse_with


@pytest.fixture
def parser():
    parser = OwnParser("demo.py", "Animate.")
    parser.add_argument("--fps", type=float, default=12.0, help="frames a second")
    return parser


def test_own_and_common_flags_are_told_apart(parser):
    own, options = parse_with(parser, ["--fps", "5", "--dataset", "demo"])
    assert (own.fps, options.shared.dataset) == (5, "demo")


@pytest.mark.parametrize(
    "words, dataset", [([], "fasion"), (["--dataset", "demo"], "demo"), (["--dataset=demo"], "demo")]
)
def test_a_program_has_a_default_data_set(parser, words, dataset):
    assert parse_with(parser, words, dataset="fasion")[1].shared.dataset == dataset


def test_a_file_of_values_comes_before_the_default_data_set(parser, tmp_path):
    (tmp_path / "run.toml").write_text('dataset = "demo"')
    words = ["--config", str(tmp_path / "run.toml")]
    assert parse_with(parser, words, dataset="fasion")[1].shared.dataset == "demo"


def test_help_shows_own_and_common_flags(parser, capsys):
    with pytest.raises(SystemExit) as left:
        parse_with(parser, ["--help"])
    text = capsys.readouterr().out
    assert left.value.code == 0
    assert "frames a second (default: 12.0)" in text and "--warp_skip" in text


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["--fps", "x"], "--fps: invalid"),
        (["--fpz", "5"], "--fpz is not known; did you mean --fps. `python demo.py --help`"),
        (["--warp_skp", "mask"], "did you mean --warp_skip. `python demo.py --help`"),
        (["--method", "pg2", "--xyz"], "--xyz is not known; `python demo.py --method pg2 --help`"),
        (["--method"], "--method got no value.*`python demo.py --help`"),
        (["stray"], "stray is not known"),
    ],
)
def test_mistakes_are_sentences(parser, words, sentence):
    with pytest.raises(OptionsError, match=sentence):
        parse_with(parser, words)


def test_words_may_stand_anywhere():
    parser = OwnParser("two.py", "Takes two.", "A B")
    parser.add_argument("--fps", type=float)
    for line in ("a b --fps 5 --dataset demo", "--fps 5 a --dataset demo b", "--dataset demo --fps 5 a b"):
        own, options = parse_with(parser, line.split())
        assert (own.words, own.fps, options.shared.dataset) == (["a", "b"], 5, "demo")
    with pytest.raises(OptionsError, match="--fpz is not known; did you mean --fps"):
        parse_with(parser, "a --fpz 5 b".split())
