"""The small generator that the project brings along, and what a run left beside its weights. Standard library only."""

import dataclasses
import json
from pathlib import Path

from pgig.config import DATASETS
from pgig.data.paths import data_paths
from pgig.errors import OptionsError

# In the project's folder, beside the demo set that it was trained on.
PRETRAINED = Path(__file__).resolve().parents[2] / "data" / "demo-pretrained.h5"
_METHOD, _DATASET = "pose-gan", "demo"

_MOST_BYTES = 2**20


def with_generator(options):
    """Options with a generator: the one that is named, else the project's own.

    Args:
        options: `pgig.cli.options.Options`.

    Returns:
        `Options` with a `generator_checkpoint`, whose data set is, unless it was stated, that of the weights as far as
        this is known; and a sentence that says what they were trained on.

    Raises:
        OptionsError: none is named, and the project's own is missing or of another method.
    """
    path = options.shared.generator_checkpoint
    if path:
        dataset = _dataset_beside(path)
        said = "a data set that it does not name"
        if dataset:
            said = f"the data set {dataset}, as config.json beside it says"
    else:
        if options.method.name != _METHOD:
            raise OptionsError(
                f"--method {options.method.name} needs --generator_checkpoint FILE: the small generator of the project "
                f"is of {_METHOD}."
            )
        if not PRETRAINED.is_file():
            raise OptionsError(
                f"The small generator {PRETRAINED} is not here: give trained weights with --generator_checkpoint FILE."
            )
        path, dataset, said = str(PRETRAINED), _DATASET, "the 640 rendered pictures of the demo set"
    shared = dataclasses.replace(options.shared, generator_checkpoint=path)
    if dataset and "dataset" not in options.given:
        shared = dataclasses.replace(shared, dataset=dataset)
    sentence = f"The generator {path} was trained on {said}; results are as good as these weights."
    return dataclasses.replace(options, shared=shared, data=data_paths(shared)), sentence


def _dataset_beside(path):
    """The data set that the `config.json` of a run names, or None."""
    config = Path(path).with_name("config.json")
    try:
        if not config.is_file() or config.stat().st_size > _MOST_BYTES:
            return None
        name = json.loads(config.read_bytes()).get("dataset")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return name if isinstance(name, str) and name in DATASETS else None
