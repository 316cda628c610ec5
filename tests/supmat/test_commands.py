"""The commands that the cards of the methods and the texts of sup-mat give are ones that the parser takes."""

import re
import shlex
from pathlib import Path

import pytest

from pgig.cli.main import COMMANDS
from pgig.cli.options import parse

ROOT = Path(__file__).parents[2]
CARD = ROOT / "pgig/methods/pose_gan/README.md"
TEXTS = [*sorted((ROOT / "pgig/methods").glob("*/README.md")), *sorted((ROOT / "sup-mat").glob("*.md"))]


def commands(path):
    """Command lines of the fenced blocks that start a program with the shared flags."""
    blocks = re.findall(r"^ *```\n(.*?)^ *```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in map(str.strip, lines) if line.startswith("python ") and "sup-mat/" not in line]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_flags_exist(path):
    for line in commands(path):
        _, program, *words = shlex.split(line, comments=True)
        if program == "-m":
            assert words[0] == "pgig" and words[1] in COMMANDS, line
        else:
            parse(words)


def test_the_card_has_the_published_settings():
    runs = [parse(shlex.split(line)[2:]) for line in commands(CARD) if "train.py" in line]
    table = {
        (
            run.shared.dataset, run.shared.output_dir.rpartition("/")[2], run.config.warp_skip,
            run.config.l1_penalty_weight, run.config.nn_loss_area_size, run.config.content_loss_layer,
            run.shared.batch_size,
        )
        for run in runs
    }  # fmt: skip
    assert table == {
        (dataset, *row)
        for dataset, area, batch in (("market", 3, 4), ("fasion", 5, 2))
        for row in (
            ("baseline", "none", 100, 1, "none", 4),
            ("dsc", "mask", 100, 1, "none", 4),
            ("full", "mask", 0.01, area, "block1_conv2", batch),
            ("fm", "mask", 0.5, 1, "block2_conv1", 4),
        )
    }
    assert all(run.shared.number_of_epochs == 90 for run in runs)
    assert all(run.shared.checkpoints_dir == run.shared.output_dir for run in runs)
