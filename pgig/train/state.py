"""The state of a run: everything that training changes, saved so that a resumed run equals an uninterrupted one.

`state/step-00001234/` holds `arrays.npz` (networks with dropout's state, optimizers) and `state.json` (position, running
means, the options that must not change, SHA-256 of the arrays). A folder appears by one rename, so that it is whole or
absent; the two newest are kept.
"""

import json
import shutil
from pathlib import Path

import numpy as np
from keras import ops

from pgig.errors import NumericsError, OptionsError, WeightsError
from pgig.utils.files import atomic_folder, sha256

KEPT = 2


def save(folder, step, owners, progress, options):
    """Save a state.

    Args:
        folder: folder of the states.
        step: iterations done.
        owners: {owner: list of Keras variables}.
        progress: dictionary of plain values that the loop needs to go on.
        options: dictionary of the options that a resumed run must share.

    Raises:
        StorageError: no space, no permission; earlier states are untouched.
        NumericsError: a weight is not finite; nothing is written.
    """
    arrays = {name: ops.convert_to_numpy(variable.value) for name, variable in _named(owners)}
    bad = next((name for name, array in arrays.items() if array.dtype.kind == "f" and not np.isfinite(array).all()), None)
    if bad:
        raise NumericsError(f"{bad} is no longer finite at iteration {step}: {_advice(folder)}")
    target = Path(folder) / f"step-{step:08d}"
    with atomic_folder(target) as temporary:
        np.savez(temporary / "arrays.npz", **arrays)
        manifest = {"step": step, "progress": progress, "options": options, "sha256": sha256(temporary / "arrays.npz")}
        (temporary / "state.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for old in states(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def restore(folder, owners, options):
    """Load the newest state into the variables.

    Args:
        folder, owners, options: as for `save`.

    Returns:
        (step, progress), or None when there is no state.

    Raises:
        OptionsError: the state belongs to a run of other options.
        WeightsError: the state is damaged.
    """
    found = states(folder)
    if not found:
        return None
    newest = found[-1]
    manifest = _manifest(newest)
    _compare(manifest["options"], options, newest)
    if sha256(newest / "arrays.npz") != manifest["sha256"]:
        raise WeightsError(
            f"{newest} is damaged (arrays.npz differs from its SHA-256): remove that folder to go on from "
            f"{'the state before it' if len(found) > 1 else 'the beginning'}."
        )
    with np.load(newest / "arrays.npz", allow_pickle=False) as arrays:
        variables = dict(_named(owners))
        if set(arrays.files) != set(variables):
            differing = sorted(set(arrays.files) ^ set(variables))
            raise WeightsError(f"{newest} does not fit these networks: {', '.join(differing[:4])} stand on one side only.")
        for name, variable in variables.items():
            variable.assign(arrays[name])
    return manifest["step"], manifest["progress"]


def states(folder):
    """Folders of the saved states, oldest first."""
    return sorted(Path(folder).glob("step-*"))


def stop_not_finite(folder, player, term, epoch, iteration):
    """Raise the sentence for a loss that is not finite."""
    raise NumericsError(
        f"The {player}'s {term} is not finite in epoch {epoch}, iteration {iteration}: training stopped; {_advice(folder)}"
    )


def _named(owners):
    """(unique name, variable) of every variable: owner, position, path."""
    for owner, variables in owners.items():
        for index, variable in enumerate(variables):
            yield f"{owner}/{index:03d}/{variable.path}", variable


def _manifest(state):
    try:
        manifest = json.loads((state / "state.json").read_text(encoding="utf-8"))
        return {key: manifest[key] for key in ("step", "progress", "options", "sha256")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{state} is damaged (state.json: {error}): remove that folder to go on without it.") from None


def _compare(saved, ours, state):
    differing = [f"--{k} {saved.get(k)} (now {ours.get(k)})" for k in sorted({*saved, *ours}) if saved.get(k) != ours.get(k)]
    if differing:
        raise OptionsError(
            f"{state.parent.parent} holds a run with {', '.join(differing)}: give the same flags to go on with it, another "
            f"--checkpoints_dir for a new run, or --restart 1 to set it aside and begin anew."
        )


def _advice(folder):
    found = states(folder)
    kept = f"the last good state, {found[-1]}, is kept" if found else "nothing was saved yet"
    return f"{kept}; try a smaller --learning_rate, or smaller penalty weights, or --mixed_precision none."
