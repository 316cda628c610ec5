"""Loading and saving the networks of a method as weight files for sharing."""

import dataclasses

from keras import ops

from pgig.errors import WeightsError
from pgig.weights import keras_h5


def architecture(options, network):
    """What a weight file of `network` must agree with: {option: value} of plain values."""
    fields = [field for field in dataclasses.fields(options.config) if network in field.metadata["decides"]]
    decided = {field.name: getattr(options.config, field.name) for field in fields}
    return {"method": options.method.name, "image_size": list(options.data.image_size)} | decided


def adopt_architecture(options, network, path):
    """Take the options that a weight file of ours was made with, where the command line does not state them.

    Args:
        options: `Options` of this run.
        network: name of the network.
        path: the `.h5` file.

    Returns:
        `Options` with the method's own options of the file; unchanged for files of the original program.

    Raises:
        WeightsError: the file is missing or unreadable.
    """
    config = keras_h5.read_config(path)
    stored = (config or {}).get("options", {})
    ours = architecture(options, network)
    names = {field.name for field in dataclasses.fields(options.config)} - options.given
    adopted = {name: stored[name] for name in ours if name in names and name in stored and stored[name] != ours[name]}
    if not adopted:
        return options
    print(f"From the weight file: {' '.join(f'--{name} {value}' for name, value in adopted.items())}")
    return dataclasses.replace(options, config=dataclasses.replace(options.config, **adopted))


def load_network(method, network, path, options):
    """Load a weight file, ours or the original's, into a network of `method`.

    Args:
        method: a `Method`.
        network: name of the network.
        path: the `.h5` file.
        options: `Options` of this run.

    Returns:
        One sentence saying what kind of file it was.

    Raises:
        WeightsError: the file is missing or unreadable, was made with other options, or does not fit.
    """
    tensors, config = keras_h5.read(path)
    if config is not None:
        _compare(config, architecture(options, network), path, network)
    keras_h5.assign(method.original_order(network), tensors, path, network)
    origin = "a Keras 2 file of the original program" if config is None else "weights of this package"
    return f"Loaded the {network} from {path}: {origin}, {len(tensors)} tensors."


def save_network(method, network, path, options):
    """Write a network as a `.h5` file in the original's layout, so that the original program can load it too."""
    entries = [
        (layer, name, ops.convert_to_numpy(variable.value)) for layer, name, variable in method.original_order(network)
    ]
    keras_h5.write(path, entries, {"network": network, "options": architecture(options, network)})


def _compare(config, ours, path, network):
    """Refuse a file of another network or of other options, even where all shapes happen to fit."""
    if config.get("network") != network:
        raise WeightsError(f"{path} holds a {config.get('network')}, but a {network} was expected.")
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
