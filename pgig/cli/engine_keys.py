"""The TOML files of Human-Pose-Transfer in our options: every key of theirs, in one table.

Standard library only: the engines answer mistakes at once.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from pgig.errors import OptionsError

TRAIN1, TRAIN2, GENERATOR, GFV = "PG2-1", "PG2-2", "PG2-Generator", "PG2-GFV-Generator"
ENGINES = (TRAIN1, TRAIN2, GENERATOR, GFV)
_TRAINING, _GENERATING, _STAGE2 = (TRAIN1, TRAIN2), (GENERATOR, GFV), (TRAIN2, GENERATOR, GFV)

_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "two whole numbers"}
_COMPUTED = "pose maps and masks are computed from the annotation"
_LOGGED = (
    "losses, sample grids and weight files are written after every epoch, the state of the run every --state_interval "
    "seconds"
)


@dataclass(frozen=True)
class Key:
    """What becomes of a key.

    Attributes:
        kind: type of its value.
        flag: option of ours that takes the value; None: the key has no effect.
        engines: engines that read it; the others pass it over, as the original does.
        reason: why it has no effect, or "" where there is nothing to say.
        convert: function of the value that returns the option's, or raises ValueError with what is expected.
    """

    kind: type
    flag: str | None = None
    engines: tuple = ENGINES
    reason: str = ""
    convert: Callable = str


def _size(value):
    if len(value) != 2 or not all(type(length) is int and length > 0 for length in value):
        raise ValueError("[height, width] in pixels was expected")
    return f"{value[0]},{value[1]}"


def _without_replacement(value):
    if value:
        raise ValueError("pairs are drawn without replacement here: set it to false")
    return value


def _at_least_one(value):
    if value < 1:
        raise ValueError("at least one pair was expected; without the key all are generated")
    return str(value)


def _folders(split):
    path = f"dataset.path.{split}"
    return {
        f"{path}.image": Key(str, f"images_dir_{split}"),
        f"{path}.bone": Key(str, reason=_COMPUTED),
        f"{path}.mask": Key(str, reason=_COMPUTED),
        f"{path}.pair": Key(str, f"pairs_file_{split}"),
        f"{path}.annotation": Key(str, f"annotations_file_{split}"),
    }


def _adam(network, rate, engine):
    return {
        f"train.{network}.lr": Key(float, rate, (engine,)),
        f"train.{network}.beta1": Key(float, "beta1", (engine,)),
        f"train.{network}.beta2": Key(float, "beta2", (engine,)),
    }


def _initial(network):
    return Key(str, f"{network}_init", (TRAIN2,), convert=lambda value: value or "torch")


KEYS = {
    "title": Key(str),
    "description": Key(str),
    # A train.toml that an engine wrote can be given as configuration again.
    "output": Key(str),
    "engine": Key(str),
    "generated_limit": Key(int, "test_limit", _GENERATING, convert=_at_least_one),
    "dataset.name": Key(str, "dataset", convert=lambda value: "fasion" if value == "fashion" else value),
    **_folders("train"),
    **_folders("test"),
    "loss.mask_l1.weight": Key(float, "mask_l1_weight", (TRAIN2,)),
    "loss.mask_l1.mask_ratio": Key(float, "mask_ratio", _TRAINING),
    "loss.gan.weight": Key(float, "gan_weight", (TRAIN2,)),
    "model.generator1.num_repeat": Key(int, "repeat_num"),
    "model.generator1.middle_features_dim": Key(int, "z_num"),
    "model.generator1.channels_base": Key(int, "conv_hidden_num"),
    "model.generator1.image_size": Key(list, "image_size", convert=_size),
    "model.generator1.pretrained_path": Key(str, "stage1_checkpoint", _STAGE2),
    "model.generator2.weight_init_way": _initial("generator2"),
    "model.generator2.num_skip_out_connect": Key(int, "num_skip_out_connect", _STAGE2),
    "model.generator2.num_repeat": Key(int, "repeat_num2", _STAGE2),
    "model.generator2.channels_base": Key(int, "conv_hidden_num", _STAGE2),
    "model.generator2.pretrained_path": Key(str, "generator_checkpoint", _GENERATING),
    "model.discriminator.weight_init_way": _initial("discriminator"),
    "train.batch_size": Key(int, "batch_size"),
    "train.num_epoch": Key(int, "number_of_epochs", _TRAINING),
    "train.data.replacement": Key(bool, None, _TRAINING, convert=_without_replacement),
    "train.data.flip_rate": Key(float, "flip_rate", _TRAINING),
    **_adam("generator1", "g_lr", TRAIN1),
    **_adam("generator2", "g_lr", TRAIN2),
    **_adam("discriminator", "d_lr", TRAIN2),
    "log.loss_freq": Key(int, None, _TRAINING, _LOGGED),
    "log.check_freq": Key(int, None, _TRAINING, _LOGGED),
    "log.model_checkpoint.n_saved": Key(int, None, _TRAINING, _LOGGED),
    "log.model_checkpoint.save_interval": Key(int, None, _TRAINING, _LOGGED),
    "log.verify.batch_size": Key(int, None, _TRAINING, _LOGGED),
    "log.verify.shuffle": Key(bool, None, _TRAINING, _LOGGED),
}

_DEEPEST = max(name.count(".") for name in KEYS)


def translate(config, engine):
    """Words of our command line for a configuration of theirs.

    Args:
        config: merged dictionary, as `tomllib` returns it.
        engine: one of `ENGINES`.

    Returns:
        (words, notes): list of `--flag=value`, and sentences about what has no effect.

    Raises:
        OptionsError: a key is not known, a value is of another type or refused, or two keys that are one option here
            differ.
    """
    owners, words, silent = {}, [], {}
    for name, value in _flat(config):
        key = KEYS.get(name)
        if key is None:
            raise OptionsError(_unknown(name))
        converted = _converted(name, key, value)
        if engine not in key.engines:
            continue
        if key.flag is None:
            if key.reason:
                silent.setdefault(key.reason, []).append(name)
            continue
        other, before = owners.setdefault(key.flag, (name, converted))
        if before != converted:
            raise OptionsError(
                f"{other} is {before} and {name} is {converted}, but both are --{key.flag} here: give them one value."
            )
        if other == name:
            words.append(f"--{key.flag}={converted}")
    if "batch_size" in owners:
        words.append(f"--test_batch_size={owners['batch_size'][1]}")
    return words, [f"Without effect: {', '.join(names)}; {reason}." for reason, names in silent.items()]


def _converted(name, key, value):
    right = isinstance(value, (int, float) if key.kind is float else key.kind)
    if not right or (isinstance(value, bool) and key.kind is not bool):
        raise OptionsError(f"{name} is {_shown(value)}, but {_NAMES[key.kind]} was expected.")
    try:
        return key.convert(value)
    except ValueError as error:
        raise OptionsError(f"{name} is {_shown(value)}, but {error}.") from None


def _shown(value):
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def _flat(table, path=""):
    """(dotted key, value) of all values of a nested dictionary; what lies deeper than any key of theirs is a value."""
    for key, value in table.items():
        if isinstance(value, dict) and path.count(".") < _DEEPEST:
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _unknown(name):
    near = difflib.get_close_matches(name, KEYS, n=1)
    hint = f"did you mean {near[0]}?" if near else "leave it out."
    return f"The key {name[:80]} is no option of Human-Pose-Transfer's PG2; {hint}"
