"""States of a run: whole or absent, the two newest kept."""

import keras
import numpy as np
import pytest

from pgig.errors import NumericsError, StorageError, WeightsError
from pgig.train import state
from tests.conftest import file_size_limit

OPTIONS = {"seed": 1, "width": 0.5}


def owners(value=0.0, count=3):
    return {"network/a": [keras.Variable(np.full(1000, value + i, "float32"), name="kernel") for i in range(count)]}


def save(folder, step, value):
    arrays = state.snapshot(owners(value), folder, step)
    state.save(folder, step, arrays, {"epoch": step, "sums": {"a": {"loss": 0.1}}}, OPTIONS)


def test_the_newest_is_restored_and_two_are_kept(tmp_path):
    for step in (3, 9, 12):
        save(tmp_path, step, step)
    assert [path.name for path in state.states(tmp_path)] == ["step-00000009", "step-00000012"]
    variables = owners()
    assert state.restore(tmp_path, variables, OPTIONS) == {"epoch": 12, "sums": {"a": {"loss": 0.1}}}
    assert (keras.ops.convert_to_numpy(variables["network/a"][2].value) == 14).all()


def test_there_is_none_at_first(tmp_path):
    assert state.check(tmp_path / "none", OPTIONS) is None
    assert state.restore(tmp_path / "none", owners(), OPTIONS) is None


def test_what_a_killed_save_left_is_swept_away(tmp_path):
    save(tmp_path, 1, 1)
    (tmp_path / ".writing-step-00000002-abc").mkdir()
    state.restore(tmp_path, owners(), OPTIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


def test_a_full_disk_leaves_the_earlier_states(tmp_path):
    save(tmp_path, 1, 1)
    with file_size_limit(5_000), pytest.raises(StorageError, match="No space is left on the device"):
        save(tmp_path, 2, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    assert state.restore(tmp_path, owners(), OPTIONS)["epoch"] == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_never_saved(tmp_path, value):
    with pytest.raises(NumericsError, match="network/a/000/kernel is no longer finite after 5 .* no state was saved"):
        save(tmp_path, 5, value)
    save(tmp_path, 4, 1)
    with pytest.raises(NumericsError, match="the last good state, .*step-00000004, is kept"):
        save(tmp_path, 5, value)


def test_networks_of_another_form_are_refused(tmp_path):
    save(tmp_path, 1, 1)
    with pytest.raises(WeightsError, match="network/a/003/kernel stand on one side only"):
        state.restore(tmp_path, owners(count=4), OPTIONS)
    other = {"network/a": [keras.Variable(np.zeros((10, 100)), name="kernel") for _ in range(3)]}
    with pytest.raises(WeightsError, match=r"is \(1000,\), not \(10, 100\)"):
        state.restore(tmp_path, other, OPTIONS)


def test_the_sums_are_those_of_sha256sum(tmp_path):
    save(tmp_path, 1, 1)
    lines = (tmp_path / "step-00000001" / "SHA256SUMS").read_text().splitlines()
    assert [line.split("  ")[1] for line in lines] == ["arrays.npz", "state.json"]
    assert all(len(line.split()[0]) == 64 for line in lines)
