"""The state of a run: everything that training changes, saved so that a resumed run equals an uninterrupted one.

`state/step-00001234/` holds `arrays.npz` (networks with dropout's state, optimizers), `state.json` (position, running
means, the options that must not change) and `SHA256SUMS` of both. A folder appears by one rename, so that it is whole
or absent; the two newest are kept.
"""

import json
import shutil
from pathlib import Path

import numpy as np
from keras import ops

from pgig.errors import NumericsError, OptionsError, WeightsError
from pgig.utils.files import atomic_folder, sha256, sweep
from pgig.utils.words import counted

KEPT = 2
_ARRAYS, _MANIFEST, _SUMS = "arrays.npz", "state.json", "SHA256SUMS"


def snapshot(owners, folder, step):
    """Copy everything that training changes to the host.

    Args:
        owners: {owner: list of Keras variables}.
        folder: folder of the states, for the message.
        step: iterations done, for the message.

    Returns:
        {name: array}.

    Raises:
        NumericsError: a value is not finite.
    """
    arrays = {name: ops.convert_to_numpy(variable.value) for name, variable in _named(owners)}
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise NumericsError(
                f"{name} is no longer finite after {counted(step, 'iteration')}: training stopped; {_advice(folder)}"
            )
    return arrays


def save(folder, step, arrays, progress, options):
    """Save a state.

    Args:
        folder: folder of the states.
        step: iterations done.
        arrays: what `snapshot` returned.
        progress: dictionary of plain values that the loop needs to go on.
        options: dictionary of the options that a resumed run must share.

    Raises:
        StorageError: no space, no permission; earlier states are untouched.
    """
    with atomic_folder(Path(folder) / f"step-{step:08d}") as temporary:
        np.savez(temporary / _ARRAYS, **arrays)
        manifest = {"step": step, "progress": progress, "options": options}
        (temporary / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        (temporary / _SUMS).write_text(_sums(temporary), encoding="utf-8")
    for old in states(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def check(folder, options):
    """Look, without loading it, whether the newest state can be gone on from.

    Args:
        folder, options: as for `save`.

    Returns:
        Folder of the newest state, or None when there is no state.

    Raises:
        OptionsError: the state belongs to a run of other options.
        WeightsError: the state is damaged.
    """
    found = states(folder)
    if not found:
        return None
    _verify(found)
    _compare(_manifest(found[-1])["options"], options, folder)
    return found[-1]


def restore(folder, owners, options):
    """Load the newest state into the variables.

    Args:
        folder, owners, options: as for `snapshot` and `save`.

    Returns:
        Progress as it was saved, or None when there is no state.

    Raises:
        OptionsError: the state belongs to a run of other options.
        WeightsError: the state is damaged, or of other networks.
    """
    sweep(folder)
    newest = check(folder, options)
    if newest is None:
        return None
    with np.load(newest / _ARRAYS, allow_pickle=False) as arrays:
        variables = dict(_named(owners))
        if set(arrays.files) != set(variables):
            differing = ", ".join(sorted(set(arrays.files) ^ set(variables))[:4])
            raise WeightsError(f"{newest} does not fit these networks: {differing} stand on one side only.")
        for name, variable in variables.items():
            array = arrays[name]
            if array.shape != tuple(variable.shape):
                raise WeightsError(
                    f"{newest} does not fit these networks: {name} is {array.shape}, not {variable.shape}."
                )
            variable.assign(array)
    return _manifest(newest)["progress"]


def states(folder):
    """Folders of the saved states, oldest first."""
    return sorted(Path(folder).glob("step-*"))


def stop_not_finite(folder, player, term, epoch, iteration):
    """Raise the sentence for a loss that is not finite."""
    raise NumericsError(
        f"The {player}'s {term} is not finite in epoch {epoch}, iteration {iteration}: training stopped; "
        f"{_advice(folder)}"
    )


def _named(owners):
    """(unique name, variable) of every variable: owner, position, name. Paths would count what was built before."""
    for owner, variables in owners.items():
        for index, variable in enumerate(variables):
            yield f"{owner}/{index:03d}/{variable.name}", variable


def _manifest(state):
    return json.loads((state / _MANIFEST).read_text(encoding="utf-8"))


def _sums(state):
    """Text of a state's SHA256SUMS, in the form that `sha256sum -c` reads."""
    return "".join(f"{sha256(state / name)}  {name}\n" for name in (_ARRAYS, _MANIFEST))


def _verify(found):
    """Compare the files of the newest state with their sums."""
    try:
        whole = (found[-1] / _SUMS).read_bytes() == _sums(found[-1]).encode()
    except OSError:
        whole = False
    if not whole:
        where = f"the state before it, {found[-2]}" if len(found) > 1 else "the beginning"
        raise WeightsError(
            f"The state {found[-1]} is damaged (its files do not fit {_SUMS}): remove that folder, and the same "
            f"command goes on from {where}."
        )


def _compare(saved, ours, folder):
    names = sorted(name for name in {*saved, *ours} if saved.get(name) != ours.get(name))
    if not names:
        return
    differing = [f"--{name} {saved.get(name)} (now {ours.get(name)})" for name in names if name != "training_pairs"]
    if "training_pairs" in names:
        differing.append("another list of training pairs")
    raise OptionsError(
        f"{Path(folder).parent} holds a run with {', '.join(differing)}: give the same flags to go on with it, "
        "another --checkpoints_dir for a new run, or --restart 1 to set it aside and begin anew."
    )


def _advice(folder):
    """What is left after values that are not finite, and what to do."""
    remedy = "a smaller learning rate, smaller penalty weights or --mixed_precision none"
    found = states(folder)
    if not found:
        return f"no state was saved yet; begin with {remedy}."
    return (
        f"the last good state, {found[-1]}, is kept, and the same command goes on from it; if it stops here again, "
        f"begin anew (--restart 1) with {remedy}."
    )
