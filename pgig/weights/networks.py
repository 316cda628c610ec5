"""Loading and saving the networks of a method as weight files for sharing.

A weight file holds one network or several (`Method.files`). Ours say what they were trained with; published ones are
recognised by their contents and loaded by the method's tables.
"""

import dataclasses

from keras import ops

from pgig.errors import OptionsError, WeightsError
from pgig.weights import foreign, keras_h5


def architecture(options, networks):
    """What a weight file of these networks must agree with: {option: value} of plain values."""
    fields = [field for field in dataclasses.fields(options.config) if {*networks} & {*field.metadata["decides"]}]
    decided = {field.name: getattr(options.config, field.name) for field in fields}
    return {"method": options.method.name, "image_size": list(options.data.image_size)} | decided


def adopt_options(options, path):
    """Take the options that a weight file of ours was made with, where the command line does not state them.

    Args:
        options: `Options` of this run.
        path: the weight file.

    Returns:
        `Options` with the stage and the method's own options of the file; unchanged for published files.

    Raises:
        WeightsError: the file is missing or unreadable.
    """
    config = keras_h5.read_config(path) if foreign.kind_of(path) == "keras" else None
    if config is None or config.get("options", {}).get("method") != options.method.name:
        return options
    stored = config["options"]
    ours = architecture(options, _held(config))
    free = {field.name for field in dataclasses.fields(options.config)} - options.given
    adopted = {name: stored[name] for name in ours if name in free and name in stored and stored[name] != ours[name]}
    stage = config.get("stage", options.stage)
    if "stage" not in options.given and stage != options.stage and stage in options.method.stages:
        options = dataclasses.replace(options, stage=stage)
        print(f"From the weight file: --stage {stage}")
    if adopted:
        print(f"From the weight file: {' '.join(f'--{name} {value}' for name, value in adopted.items())}")
    return dataclasses.replace(options, config=dataclasses.replace(options.config, **adopted))


def load_checkpoints(method, options, needed=()):
    """Load every weight file that the options name, and say of each what it was.

    Args:
        method: a `Method`.
        options: `Options` of this run; `--<file>_checkpoint` for each of `Method.files`.
        needed: names of the networks that must come out of a file.

    Raises:
        OptionsError: a network is needed, and no file holds it.
        WeightsError: a file is missing or unreadable, was made with other options, or does not fit.
    """
    loaded = set()
    for file in method.files:
        flag = f"{file}_checkpoint"
        if path := getattr(options.shared, flag, None) or getattr(options.config, flag, None):
            sentence, networks = load_networks(method, file, path, options)
            print(sentence)
            loaded.update(networks)
    lacking = [network for network in needed if network not in loaded]
    if lacking:
        flag = next(file for file, networks in method.files.items() if networks[-1] == lacking[0])
        raise OptionsError(
            f"--method {options.method.name} --stage {options.stage} needs trained weights of {lacking[0]}: name their "
            f"file with --{flag}_checkpoint FILE."
        )


def load_networks(method, file, path, options):
    """Load a weight file, ours or a published one.

    Args:
        method: a `Method`.
        file: which of `Method.files` it is.
        path: the weight file.
        options: `Options` of this run.

    Returns:
        (one sentence saying what kind of file it was, names of the networks that were loaded).

    Raises:
        WeightsError: the file is missing or unreadable, was made with other options, or does not fit.
    """
    kind = foreign.kind_of(path)
    networks = method.files[file]
    if kind != "keras":
        table = method.foreign(file, kind)
        if table is None:
            raise WeightsError(
                f"{path} is a {kind} checkpoint, but --method {options.method.name} knows none: give a .h5 file."
            )
        count = foreign.fill(table, foreign.read_foreign(path, kind), path, file)
        filled = {id(tensor.variable) for tensor in table.tensors}
        loaded = [name for name in networks if any(id(weight) in filled for weight in method.networks[name].weights)]
        return _sentence(" and the ".join(loaded), path, f"a {kind} checkpoint of the original program", count), loaded

    tensors, config = keras_h5.read(path)
    if config is None:
        origin = "a Keras 2 file of the original program"
    else:
        held = _held(config)
        _compare(config, architecture(options, [name for name in networks if name in held]), path)
        if networks[-1] not in held:
            raise WeightsError(f"{path} holds the {' and the '.join(held)}, but the {networks[-1]} was expected.")
        networks, origin = [name for name in networks if name in held], "weights of this package"
        if len(held) > 1:
            tensors = [entry for entry in tensors if entry[0].split("/")[0] in networks]
    order = [entry for network in networks for entry in method.own_order(network)]
    keras_h5.assign(order, tensors, path, " and ".join(networks))
    return _sentence(" and the ".join(networks), path, origin, len(tensors)), networks


def save_networks(method, file, path, options):
    """Write a weight file as `.h5`; where the original program had `.h5` files, in their layout."""
    networks = method.files[file]
    order = [entry for network in networks for entry in method.own_order(network)]
    entries = [(layer, name, ops.convert_to_numpy(variable.value)) for layer, name, variable in order]
    config = {"networks": networks, "stage": options.stage, "options": architecture(options, networks)}
    keras_h5.write(path, entries, config)


def _held(config):
    """Names of the networks in a file of ours; those of earlier versions hold one."""
    held = config.get("networks", [config.get("network")])
    if not (isinstance(held, list) and held and all(isinstance(name, str) for name in held)):
        raise WeightsError("A weight file does not say which networks it holds: take another copy.")
    return held


def _sentence(networks, path, origin, count):
    return f"Loaded the {networks} from {path}: {origin}, {count} tensors."


def _compare(config, ours, path):
    """Refuse a file of other options, even where all shapes happen to fit."""
    theirs = config.get("options", {})
    differing = [
        f"{name} {theirs[name]} instead of {value}"
        for name, value in ours.items()
        if name in theirs and theirs[name] != value
    ]
    if differing:
        raise WeightsError(
            f"{path} was trained with other flags: {', '.join(differing)}. Give the flags that it was trained with."
        )
