"""Every stage of every method through the real programs: trained, cut off and gone on with, handed over, tested."""

import functools
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from pgig.cli import main as programs
from pgig.train import state as states
from pgig.weights.networks import save_networks
from tests.conftest import files, final_state, make_dataset
from tests.methods.conformance import FIRST_KIND, SIZE

ITERATIONS = 4
RUN = (
    *("--batch_size", "2", "--iterations_per_epoch", str(ITERATIONS), "--number_of_epochs", "1", "--seed", "3"),
    *("--display_ratio", "2", "--state_interval", "0", "--checkpoints_dir", "run", "--output_dir", "out"),
)
CUT_OFF = "run/state/step-00000002"


@pytest.fixture(scope="module")
def finished(once):
    """`finished(case)` -> folder with a data set and a whole run of the case, with all its states."""

    def run(case):
        def train(folder):
            make_dataset(folder, "market", SIZE)
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(folder)
                patch.setattr(states, "KEPT", ITERATIONS)
                programs.train([*case.flags, *handed_over(case, run), *RUN])

        return once(re.sub(r"\W+", "-", f"run of {case}"), train)

    return run


@functools.cache
def needed(case):
    """[(flag's file, file of the stage before)] of the weights which a stage needs."""
    if case.earlier is None:
        return []
    (_, method), (_, before) = case.build(), case.earlier.build()
    named = [next(file for file, held in method.files.items() if held[-1] == network) for network in method.stage.needs]
    made = [next(f for f in before.kept if network in before.files[f]) for network in method.stage.needs]
    return list(zip(named, made, strict=True))


def handed_over(case, finished):
    """Flags that name the weight files which the stage needs, from a run of the stage before it."""
    flags = []
    for file, made in needed(case):
        flags += [f"--{file}_checkpoint", str(finished(case.earlier) / "run" / f"epoch_000_{made}.h5")]
    return tuple(flags)


@pytest.fixture
def work(finished, tmp_path, monkeypatch):
    """`work(case)` goes to a folder with the data set of the case's run, and without the run."""

    def go(case):
        folder = tmp_path / "work"
        shutil.copytree(finished(case) / "data", folder / "data")
        monkeypatch.chdir(folder)
        return folder

    return go


@pytest.mark.parametrize("case", FIRST_KIND, ids=str)
def test_a_run_leaves_its_files(case, finished):
    folder = finished(case)
    _, method = case.build()
    left = {path.name for path in (folder / "run").iterdir()}
    assert left == {"state", *(f"epoch_000_{file}.h5" for file in method.kept)}
    (line,) = map(json.loads, (folder / "out" / "stats.jsonl").read_text().splitlines())
    players = {player.name for player in method.stage.players}
    assert players <= set(line) and line["step"] == ITERATIONS
    assert ("validation" in line) == (method.stage.validate is not None)
    if method.stage.validate:
        assert list(line["validation"]) == list(line[method.stage.validate])
    pictures = {path.name for path in (folder / "out").glob("*.png")}
    assert pictures - {"visuals_epoch_001.png"} == {"epoch_001.png"}
    config = json.loads((folder / "out" / "config.json").read_text())
    assert (config["method"], config["stage"]) == (case.method, case.stage)


@pytest.mark.parametrize("case", FIRST_KIND, ids=str)
def test_a_run_that_is_cut_off_ends_in_the_same_bits(case, finished, work, program):
    """From its state, as a crash leaves it; how a run stops is the same for all, see tests/train/test_resume.py."""
    words = [*case.flags, *handed_over(case, finished), *RUN, "--use_validation", "0"]
    folder = work(case)
    shutil.copytree(finished(case) / CUT_OFF, folder / CUT_OFF)
    result = program("train", *words)
    assert result.code == 0, result.err
    assert "Going on from epoch 0, iteration 2" in result.out

    assert {path.name for path in Path("run").iterdir()} == {path.name for path in (finished(case) / "run").iterdir()}
    for path in Path("run").glob("*.h5"):
        assert path.read_bytes() == (finished(case) / path).read_bytes(), path
    (name, broken), (whole_name, whole) = final_state(folder), final_state(finished(case))
    assert name == whole_name == f"step-{ITERATIONS:08d}" and list(broken) == list(whole)
    for key, value in whole.items():
        assert np.array_equal(broken[key], value), key
    lines = [json.loads((place / "out" / "stats.jsonl").read_text()) for place in (folder, finished(case))]
    for line in lines:
        for key in ("time", "seconds", "pairs_per_second", "validation"):
            line.pop(key, None)
    assert lines[0] == lines[1]


@pytest.mark.parametrize("case", FIRST_KIND, ids=str)
def test_its_pictures_are_scored(case, finished, work, program):
    """The weight file says what the flags of training were."""
    work(case)
    weights = finished(case) / "run" / "epoch_000_generator.h5"
    words = ["--method", case.method, "--dataset", "market", "--generator_checkpoint", weights]
    result = program("test", *words, "--generated_images_dir", "pictures", "--feature_cache", "")
    assert result.code == 0, result.err
    scores = json.loads(Path("pictures/scores.json").read_text())
    assert scores["method"] == case.method and scores["metrics"]
    assert len(list(Path("pictures").glob("*.png"))) == 6


LATER = [case for case in FIRST_KIND if case.earlier]


@pytest.mark.parametrize("case", LATER, ids=str)
def test_a_stage_wants_what_it_needs(case, finished, work, program):
    given = handed_over(case, finished)
    assert given, f"{case} needs nothing of {case.earlier}"
    work(case)
    before = files()
    sentence = program("train", *case.flags, *RUN).sentence
    assert given[0] in sentence

    # Of another size.
    options, method = case.earlier.build_other_size()
    made = next(file for file in method.kept if method.files[file][-1] in case.build()[1].stage.needs)
    save_networks(method, made, "other.h5", options)
    sentence = program("train", *case.flags, *RUN, given[0], "other.h5").sentence
    assert "other.h5" in sentence and "image_size" in sentence
    Path("other.h5").unlink()
    assert files() == before


@pytest.mark.parametrize("case", LATER, ids=str)
def test_a_stage_leaves_alone_what_it_does_not_train(case, finished):
    """What was handed over comes out of the run as it went in."""
    _, start = final_state(finished(case.earlier))
    _, end = final_state(finished(case))
    method = case.build()[1]
    left = set(method.networks) - {name for player in method.stage.players for name in player.trains}
    frozen = [key for key in end if key.startswith("network/") and key.split("/")[1] in left]
    # A stage may also go on with all of them.
    assert {key.split("/")[1] for key in frozen} == left
    for key in frozen:
        assert np.array_equal(end[key], start[key]), key
