"""`python -m pgig run ENGINE ...`: the command line of Human-Pose-Transfer (run.py), with its TOML files."""

import os
import tomllib
from dataclasses import replace
from pathlib import Path

from pgig.cli.engine_keys import ENGINES, GENERATOR, GFV, TRAIN1, TRAIN2, translate
from pgig.cli.parser import CommandParser
from pgig.errors import OptionsError

_EPILOG = """All other flags of `python cmd.py --method pg2 --help` may follow and override the file: --seed 1,
--state_interval 60, or --generator2_block conv for a mobile first and a plain second generator."""


def run(argv=None):
    """Train or generate as Human-Pose-Transfer's run.py does, from its TOML files."""
    parser = CommandParser(prog="python -m pgig run", description=run.__doc__, epilog=_EPILOG)
    add = parser.add_argument
    add("engine", choices=ENGINES, help="what to do")
    add("-g", "--gpu_id", type=int, required=True, help="number of the GPU; -1: the CPU")
    add("-c", "--config", required=True, metavar="FILE.toml", help="configuration")
    add("-o", "--output", required=True, metavar="DIR", help="folder of everything that is written")
    add("-t", "--toml", action="append", default=[], metavar="TOML", help="lines of TOML merged into the configuration")
    add("-m", "--mobilenet", action="store_true", help="networks of depthwise and pointwise convolutions")
    add("-v", "--verbose", action="store_true", help="PG2-Generator: six panels instead of three; no effect elsewhere")
    add("--normalise", default="fixed", choices=("fixed", "minmax"),
        help="PG2-Generator: minmax stretches every strip over black to white, as the original did (default: fixed)",
    )  # fmt: skip
    add("--format", default="png", choices=("png", "jpg"), help="PG2-Generator: of the strips (default: png)")
    own, rest = parser.parse_known_args(argv)
    if own.gpu_id < -1:
        raise OptionsError(f"-g {own.gpu_id} is no GPU: give the number of one, or -1 for the CPU.")
    config = merged(_read(own.config), own.toml) | {"output": own.output}
    words, notes = translate(config, own.engine)
    options = _options(own, words, rest)
    # Before anything imports a back end.
    os.environ["CUDA_VISIBLE_DEVICES"] = str(own.gpu_id)
    _START[own.engine](own, options, lambda: _leave(own.output, config, notes))


def merged(config, lines):
    """A configuration with changes.

    Args:
        config: dictionary, as `tomllib` returns it.
        lines: pieces of TOML, which are joined as the lines of one document.

    Returns:
        dictionary in which the tables of both are merged at every depth, and other values are those of the changes.

    Raises:
        OptionsError: the changes are not TOML.
    """
    try:
        return _merge(config, tomllib.loads("\n".join(lines)))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise OptionsError(
            f"-t {' -t '.join(lines)} is not TOML: {error}; write -t \"train.batch_size=8\", and text in quotes of its "
            f"own, -t \"key='text'\"."
        ) from None


def _merge(table, changes):
    result = dict(table)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merge(result[key], value) if both else value
    return result


def _read(path):
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise OptionsError(f"-c {path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OptionsError(f"-c {path} is not a TOML file: {error}.") from None


def _options(own, words, rest):
    """`Options` of a configuration; flags that follow it count most."""
    from pgig.cli.options import parse

    for word in rest:
        if word.partition("=")[0] in ("--method", "--stage", "--family"):
            raise OptionsError(f"{word} cannot be given: the engine {own.engine} decides it.")
    stage = "1" if own.engine == TRAIN1 else "2"
    head = ["--method", "mobile-pg2" if own.mobilenet else "pg2", "--stage", stage, "--family", "human-pose-transfer"]
    head += [f"--{folder}={own.output}" for folder in ("output_dir", "checkpoints_dir", "generated_images_dir")]
    return parse([*head, "--checkpoint_ratio", "1", *words, *rest])


def _leave(output, config, notes):
    """Write the merged configuration, as every engine of the original does."""
    from pgig.utils.files import write_text
    from pgig.utils.toml import toml_text

    write_text(Path(output) / "train.toml", toml_text(config))
    for note in notes:
        print(note)


def _train(own, options, leave):
    from pgig.data.check import require_trainable
    from pgig.data.pairs import read_pairs

    shared = options.shared
    if own.engine == TRAIN2:
        _require_named(own, options.config.stage1_checkpoint, "model.generator1.pretrained_path", "first")
    require_trainable(options.data, shared.batch_size)
    pairs = read_pairs(options.data.pairs_file_train)
    if "iterations_per_epoch" not in options.given:
        # An epoch of theirs is one pass over the pairs, without the rest that fills no batch.
        options = replace(options, shared=replace(shared, iterations_per_epoch=len(pairs) // shared.batch_size))

    from pgig.train import state
    from pgig.train.run import fixed_options
    from pgig.train.run import run as train
    from pgig.weights.foreign import kind_of

    # The configuration of a run that is there already stays as it is when this one is refused.
    states = Path(shared.checkpoints_dir) / "state"
    going_on = not shared.restart and state.check(states, fixed_options(options, pairs)) is not None
    if own.engine == TRAIN2 and not going_on:
        kind_of(options.config.stage1_checkpoint)
    leave()
    train(options)


def _strips(own, options, leave):
    _require_generator(own, options.shared.generator_checkpoint)
    leave()

    from pgig.generate.strips import run as strips

    strips(options, own.output, own.verbose, own.normalise, own.format)


def _features(own, options, leave):
    _require_generator(own, options.shared.generator_checkpoint)
    leave()

    from pgig.generate.features import run as features

    features(options, own.output, "gfv", "both", npy=True)


def _require_generator(own, path):
    from pgig.weights.foreign import kind_of

    _require_named(own, path, "model.generator2.pretrained_path", "second")
    kind_of(path)


def _require_named(own, path, key, which):
    if not path:
        raise OptionsError(
            f"{own.engine} needs {key}, the weight file of the {which} generator: give it in {own.config}, or with "
            f"-t \"{key}='FILE.pth'\"."
        )


_START = {engine: _train for engine in ENGINES} | {GENERATOR: _strips, GFV: _features}
