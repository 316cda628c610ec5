"""What an earlier run left: damaged, of other flags, of other data. One sentence, and nothing of it is lost."""

import shutil
from pathlib import Path

import pytest

from pgig.data.pairs import read_pairs, write_pairs
from tests.conftest import NETWORK, RUN, files, match, train_in_copy, work_in_copy

PAIRS = "data/market-pairs-train.csv"


def flip_a_bit(state):
    data = bytearray((state / "arrays.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (state / "arrays.npz").write_bytes(data)


def cut_the_manifest(state):
    (state / "state.json").write_bytes((state / "state.json").read_bytes()[:-20])


def change_the_manifest(state):
    path = state / "state.json"
    path.write_text(path.read_text().replace('"iteration": 0', '"iteration": 1'))


def lose_a_file(state):
    (state / "arrays.npz").unlink()


@pytest.fixture(scope="module")
def _longer(tmp_path_factory, _trained_folder):
    """A folder in which a run of two epochs has left two states."""
    return train_in_copy(_trained_folder, tmp_path_factory.mktemp("longer") / "work", "--number_of_epochs", "2")


@pytest.fixture
def longer(_longer, tmp_path, monkeypatch):
    return work_in_copy(_longer, tmp_path / "longer", monkeypatch)


@pytest.mark.parametrize("damage", [flip_a_bit, cut_the_manifest, change_the_manifest, lose_a_file])
def test_a_damaged_state(longer, program, damage):
    words = [*NETWORK, *RUN, "--number_of_epochs", "2"]
    older, newest = sorted(Path("run/state").iterdir())
    damage(newest)
    sentence = program("train", *words).sentence
    assert str(newest) in sentence and str(older) in sentence and "damaged" in sentence


def test_the_advice_for_a_damaged_state_works(longer, program):
    older, newest = sorted(Path("run/state").iterdir())
    flip_a_bit(newest)
    shutil.rmtree(newest)
    result = program("train", *NETWORK, *RUN, "--number_of_epochs", "2")
    assert result.code == 0 and "Going on from epoch 1, iteration 0" in result.out


OTHER_RUNS = [("--l1_penalty_weight", "1"), ("--batch_size", "1"), ("--warp_skip", "mask"), ("--seed", "1")]


@pytest.mark.parametrize("flags", OTHER_RUNS, ids=" ".join)
def test_a_run_with_other_flags_in_an_old_folder(trained_folder, program, flags):
    before = files()
    sentence = program("train", *NETWORK, *RUN, *flags).sentence
    assert match(f"run holds a run with {flags[0]} .* \\(now {flags[1]}", sentence) and "--restart 1" in sentence
    assert files() == before


def test_other_pairs_in_an_old_folder(trained_folder, program):
    write_pairs(PAIRS, read_pairs(PAIRS)[::-1])
    assert "another list of training pairs" in program("train", *NETWORK, *RUN).sentence


def test_restart_sets_the_old_state_aside(trained_folder, program):
    kept = files("run/state")
    result = program("train", *NETWORK, *RUN, "--restart", "1", "--seed", "1")
    assert result.code == 0 and "Going on" not in result.out
    (aside,) = Path("run").glob("state-*")
    assert {path.relative_to(aside): data for path, data in files(aside).items()} == {
        path.relative_to("run/state"): data for path, data in kept.items()
    }
