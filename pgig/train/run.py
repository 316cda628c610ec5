"""`train.py`: check everything, build everything, train, and leave a folder that explains itself."""

import dataclasses
import time
from pathlib import Path

from pgig.data.check import require_trainable
from pgig.data.dataset import open_images
from pgig.data.pairs import pairs_hash, read_pairs
from pgig.data.stream import PairStream
from pgig.errors import OptionsError
from pgig.train import state
from pgig.train.codes import CodeStream
from pgig.train.loop import Loop, Schedule
from pgig.train.observer import Observer
from pgig.train.step import build_method, build_optimizers, engine, state_variables
from pgig.utils.files import require_folder, storage_errors, sweep
from pgig.utils.locks import alone_in
from pgig.utils.words import counted
from pgig.weights.networks import load_checkpoints

# Options that may change between the parts of a run; all others must stay.
FREE = {
    "output_dir", "checkpoints_dir", "number_of_epochs", "checkpoint_ratio", "display_ratio", "use_validation",
    "generated_images_dir", "load_generated_images", "use_dropout_test", "images_for_test", "cache_pose_rep",
    "records_dir", "use_records", "state_interval", "restart", "test_batch_size", "test_limit", "inception_weights",
    "perceptual_weights", "pose_estimator", "images_dir_train", "images_dir_test", "bg_images_dir_train",
    "bg_images_dir_test", "annotations_file_train", "annotations_file_test", "pairs_file_train", "pairs_file_test",
    "result_layout", "result_format",
}  # fmt: skip


def run(options):
    """Train as the options say, going on from an earlier state of the same run.

    What is quickly seen to be wrong is said before anything that takes long.

    Args:
        options: `pgig.cli.options.Options`.

    Raises:
        PgigError: one sentence for whatever the user can mend.
        KeyboardInterrupt: a signal asked for the stop; the state is saved.
    """
    shared, data = options.shared, options.data
    states = Path(shared.checkpoints_dir) / "state"
    require_trainable(data, shared.batch_size, options.uses_background)
    pairs = read_pairs(data.pairs_file_train)
    fixed = fixed_options(options, pairs)
    going_on = not shared.restart and state.check(states, fixed) is not None

    engine.prepare()
    method = build_method(options)
    if not method.stage.players:
        stages = ", ".join(options.method.stages)
        raise OptionsError(f"--stage {options.stage} trains nothing, it is there for sampling: choose one of {stages}.")
    method.load_frozen()
    if not going_on:
        load_checkpoints(method, options, method.stage.needs)
    for folder in (shared.checkpoints_dir, shared.output_dir):
        require_folder(folder)

    images = open_images(data)
    train, test = _streams(images, pairs, options)
    print(f"Number of images: {len(images)}\nNumber of pairs train: {len(train)}\nNumber of pairs test: {len(test)}")

    with alone_in(shared.checkpoints_dir, lambda: _refuse(shared.checkpoints_dir)):
        _train(options, method, train, test, states, fixed)


def _train(options, method, train, test, states, fixed):
    """Everything that writes, alone in `--checkpoints_dir`."""
    shared = options.shared
    for folder in (shared.checkpoints_dir, shared.output_dir):
        sweep(folder)
    if shared.restart:
        _set_aside(states)
    schedule = Schedule(
        shared.start_epoch,
        shared.start_epoch + shared.number_of_epochs,
        shared.iterations_per_epoch,
        shared.display_ratio,
        shared.checkpoint_ratio,
        bool(shared.use_validation),
    )
    stage = method.stage
    if stage.codes:
        train = CodeStream(method, stage, train, options)
    optimizers = build_optimizers(method, stage, shared.mixed_precision)
    observer = Observer(options, method, stage, schedule, test)
    loop = Loop(
        stage,
        schedule,
        lambda step: train.batches(step * stage.batches, group=stage.batches),
        method,
        optimizers,
        state_variables(method, optimizers),
        observer,
        states,
        fixed,
        shared.state_interval,
        bool(shared.jit_compile),
    )
    if loop.restore():
        print(f"Going on from epoch {loop.progress.epoch}, iteration {loop.progress.iteration} ({states}).")
    if loop.progress.epoch >= schedule.last:
        done = counted(schedule.last, "epoch is", "epochs are")
        print(f"This run is complete: {done} done; a larger --number_of_epochs goes on.")
        return
    observer.open(loop.progress.epoch)
    loop.run()
    print(f"Weights: {shared.checkpoints_dir}; samples, curves and report: {shared.output_dir}/report.html")


def _refuse(folder):
    raise OptionsError(f"Another training writes to {folder}: wait until it ends, or give another --checkpoints_dir.")


def fixed_options(options, pairs):
    """Options, and a mark of the training pairs, that a resumed run must share: a dictionary of plain values."""
    values = {key: value for key, value in options.flat().items() if key not in FREE}
    if hasattr(options.config, "value"):
        # What is left to the picture's size and what is stated may be the same.
        own = (field.name for field in dataclasses.fields(options.config))
        values |= {name: options.config.value(name, options.data.image_size) for name in own}
    if values["outside_joints"] == "refuse":
        # Then there are none, as in runs that were begun before the option was there.
        del values["outside_joints"]
    # As they come back from a file.
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
    return values | {"training_pairs": pairs_hash(pairs)}


def _streams(images, pairs, options):
    """Shuffled training pairs, and test pairs in file order."""
    shared, data = options.shared, options.data
    common = {"batch_size": shared.batch_size, "use_bg": options.uses_background}
    moved = {"flips": options.flips, "augment": options.augment}
    train = PairStream(images, pairs, seed=shared.seed, origin=data.pairs_file_train, **moved, **common)
    test = PairStream(images, read_pairs(data.pairs_file_test), shuffle=False, origin=data.pairs_file_test, **common)
    return train, test


def _set_aside(states):
    """Rename the states of an earlier run, so that nothing is lost."""
    if state.states(states):
        target = states.with_name(f"state-{time.strftime('%Y%m%d-%H%M%S')}")
        with storage_errors(target):
            states.rename(target)
        print(f"The earlier run's state is kept in {target}.")
