"""Loading and saving the networks of a method as weight files for sharing.

A weight file holds one network or several (`Method.files`). Ours say what they were trained with; published ones are
recognised by their contents and loaded by the method's tables.
"""

import dataclasses

from keras import ops

from pgig.errors import OptionsError, WeightsError
from pgig.utils.files import sha256
from pgig.weights import foreign, keras_h5
from pgig.weights.tensorflow_checkpoint import index_of


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
        WeightsError: the file is missing or unreadable, or states impossible options.
    """
    config = _config_of(path)
    stages = options.method.stages
    if config is None and "stage" not in options.given and options.stage == stages[0] != stages[-1]:
        print(f"{path} does not say its stage: --stage {stages[0]} is generated; the last is --stage {stages[-1]}.")
    if config is None or config.get("options", {}).get("method") != options.method.name:
        return options
    stated = _stated(options, config).items()
    adopted = {
        name: value for name, value in stated if name not in options.given and value != getattr(options.config, name)
    }
    stage = config.get("stage", options.stage)
    if "stage" not in options.given and stage != options.stage and stage in stages:
        options = dataclasses.replace(options, stage=stage)
        print(f"From the weight file: --stage {stage}")
    if adopted:
        print(f"From the weight file: {' '.join(f'--{name} {value}' for name, value in adopted.items())}")
    return dataclasses.replace(options, config=_changed(options.config, adopted, path))


def adopt_all(options):
    """`adopt_options` of every weight file that the options name.

    Raises:
        WeightsError: also where the networks of two files cannot be built by the same options.
    """
    agreed = {}
    for flag, path in named_files(options).items():
        options = adopt_options(options, path)
        for name in _stated(options, _config_of(path)):
            value = _decided(options.config, name, options.data.image_size)
            other, first = agreed.setdefault(name, (flag, value))
            if value != first:
                raise WeightsError(
                    f"The file of --{other} was trained with --{name} {first}, that of --{flag} with --{name} {value}: "
                    "they cannot be used together, so train one of them again with the other one's."
                )
    return options


def load_checkpoints(method, options, needed=()):
    """Load every weight file that the options name, and say of each what it was.

    Args:
        method: a `Method`.
        options: `Options` of this run; `--<file>_checkpoint` for each of `Method.files`.
        needed: names of the networks that must come out of a file.

    Raises:
        OptionsError: a network is needed, and no file holds it; or a file is named that the stage has no use for.
        WeightsError: a file is missing or unreadable, was made with other options, or does not fit.
    """
    named = named_files(options)
    for flag in named:
        if flag.removesuffix("_checkpoint") not in method.files:
            raise OptionsError(
                f"--{flag} has no effect in --stage {options.stage} of --method {options.method.name}: leave it out, "
                f"or give the --stage that it is for."
            )
    loaded = set()
    for file in method.files:
        if path := named.get(f"{file}_checkpoint"):
            sentence, networks = load_networks(method, file, path, options)
            print(sentence)
            loaded.update(networks)
    lacking = [network for network in needed if network not in loaded]
    if lacking:
        flag = min(method.files, key=lambda file: _distance(lacking[0], method.files[file]))
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
        tensors = foreign.read_foreign(path, kind)
        table = table.within(tensors)
        count = foreign.fill(table, tensors, path, networks[-1])
        filled = {id(tensor.variable) for tensor in table.tensors}
        loaded = [name for name in networks if any(id(weight) in filled for weight in method.networks[name].weights)]
        return _sentence(" and the ".join(loaded), path, f"a {kind} checkpoint of the original program", count), loaded

    tensors, config = keras_h5.read(path)
    if config is None:
        origin = "a Keras 2 file of the original program"
    else:
        held = _held(config)
        _compare(config.get("options", {}), options, [name for name in networks if name in held], path)
        if networks[-1] not in held:
            raise WeightsError(f"{path} holds the {' and the '.join(held)}, but the {networks[-1]} was expected.")
        # In the order of the file: another stage may have them in another.
        networks, origin = [name for name in held if name in networks], "weights of this package"
        if len(held) > 1:
            tensors = [entry for entry in tensors if entry[0].split("/")[0] in networks]
    order = [entry for network in networks for entry in method.own_order(network)]
    keras_h5.assign(order, tensors, path, " and ".join(networks))
    return _sentence(" and the ".join(networks), path, origin, len(tensors)), networks


def weight_hashes(method, options):
    """What the weights of a generator are known by.

    Args:
        method: a `Method`.
        options: `Options` of this run, with a `--generator_checkpoint`.

    Returns:
        {"weights": `file_hash` of that file}, and {"stage1_weights": ...} where an earlier stage has a file of its own.
    """
    hashes = {}
    for flag, path in named_files(options).items():
        file = flag.removesuffix("_checkpoint")
        if {*method.files[file]} <= {*method.files["generator"]}:
            hashes["weights" if file == "generator" else f"{file}_weights"] = file_hash(path)
    return hashes


def file_hash(path):
    """SHA-256 of a weight file; of a TensorFlow checkpoint, of its index, which holds the checksums of all values."""
    return sha256(index_of(path) if foreign.kind_of(path) == "tensorflow" else path)


def named_files(options):
    """{option: path} of the weight files that the options name."""
    values = vars(options.shared) | vars(options.config)
    return {name: path for name, path in values.items() if name.endswith("_checkpoint") and path}


def save_networks(method, file, path, options):
    """Write a weight file as `.h5`; where the original program had `.h5` files, in their layout."""
    networks = method.files[file]
    order = [entry for network in networks for entry in method.own_order(network)]
    entries = [(layer, name, ops.convert_to_numpy(variable.value)) for layer, name, variable in order]
    config = {"networks": networks, "stage": options.stage, "options": architecture(options, networks)}
    keras_h5.write(path, entries, config)


def _distance(network, held):
    """How many networks of a file stand after the one that is looked for: a file is named for its last."""
    return held[::-1].index(network) if network in held else len(held)


def _held(config):
    """Names of the networks in a file of ours; those of earlier versions hold one."""
    held = config.get("networks", [config.get("network")])
    if not (isinstance(held, list) and held and all(isinstance(name, str) for name in held)):
        raise WeightsError("A weight file does not say which networks it holds: take another copy.")
    return held


def _sentence(networks, path, origin, count):
    return f"Loaded the {networks} from {path}: {origin}, {count} tensors."


def _config_of(path):
    """What a weight file of ours says of itself; None for other files."""
    return keras_h5.read_config(path) if foreign.kind_of(path) == "keras" else None


def _stated(options, config):
    """{option: value} that a weight file of ours was made with, of the method's own that decide on its networks."""
    stored = config.get("options", {}) if config else {}
    if stored.get("method") != options.method.name:
        return {}
    own = {field.name for field in dataclasses.fields(options.config)}
    return {name: stored[name] for name in architecture(options, _held(config)) if name in own and name in stored}


def _compare(stored, options, networks, path):
    """Refuse a file of other options, even where all shapes happen to fit."""
    ours = architecture(options, networks)
    names = [name for name in ours if name in stored and stored[name] != ours[name]]
    found = {name: (stored[name], ours[name]) for name in names}
    if "method" not in names:
        # An option that was stated, and one left to what decides it, may come to the same.
        config, size = options.config, options.data.image_size
        own = [name for name in names if hasattr(config, name)]
        theirs = _changed(config, {name: stored[name] for name in own}, path)
        found |= {name: (_decided(theirs, name, size), _decided(config, name, size)) for name in own}
    differing = [f"{name} {theirs} instead of {wanted}" for name, (theirs, wanted) in found.items() if theirs != wanted]
    if differing:
        raise WeightsError(
            f"{path} was trained with other flags: {', '.join(differing)}. Give the flags that it was trained with."
        )


def _decided(config, name, size):
    """What an option comes to: configurations of which one option decides others have a function `value` for it."""
    return config.value(name, size) if hasattr(config, "value") else getattr(config, name)


def _changed(config, values, path):
    """A method's options with values that a weight file states, which may be anything."""
    fields = {field.name: field for field in dataclasses.fields(config)}
    for name, value in values.items():
        if not _possible(fields[name], value):
            raise WeightsError(f"{path} states {name} {str(value)[:80]!r}, which is impossible: take another copy.")
    try:
        return dataclasses.replace(config, **values)
    except OptionsError as error:
        raise WeightsError(f"{path} states impossible options ({error}): take another copy.") from None


def _possible(field, value):
    """Whether a value is of an option's type, and one of its choices."""
    kind = field.metadata["type"] or type(field.default)
    choices = field.metadata["choices"]
    if value is None or isinstance(value, bool):
        return value is field.default
    return isinstance(value, (int, float) if kind is float else kind) and (not choices or value in choices)
