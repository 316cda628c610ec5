"""`train.py`: check everything, build everything, train, and leave a folder that explains itself."""

import time
from pathlib import Path

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from pgig.data.dataset import open_images
from pgig.data.pairs import pairs_hash, read_pairs
from pgig.data.stream import PairStream
from pgig.train import state
from pgig.train.loop import Loop, Schedule
from pgig.evaluate.values import to_grid_pixels
from pgig.train.pictures import grid, write_png
from pgig.train.record import Recorder, write_environment
from pgig.train.report import write_report
from pgig.train.step import build_optimizers, compile_forward, engine, state_variables
from pgig.weights.networks import load_network, save_network

# Options that may change between the parts of a run; all others must stay.
_FREE = {
    "output_dir", "checkpoints_dir", "number_of_epochs", "checkpoint_ratio", "display_ratio", "use_validation",
    "generated_images_dir", "load_generated_images", "use_dropout_test", "images_for_test", "cache_pose_rep",
    "records_dir", "use_records", "state_interval", "restart", "test_batch_size", "test_limit", "inception_weights",
    "perceptual_weights", "pose_estimator", "images_dir_train", "images_dir_test", "bg_images_dir_train",
    "bg_images_dir_test", "annotations_file_train", "annotations_file_test", "pairs_file_train", "pairs_file_test",
}  # fmt: skip


def run(options):
    """Train as the options say, going on from an earlier state of the same run.

    Args:
        options: `pgig.cli.options.Options`.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    shared = options.shared
    engine.prepare()
    images = open_images(options.data)
    pairs = read_pairs(options.data.pairs_file_train)
    train, test = _streams(images, pairs, options)
    print(f"Number of images: {len(images)}\nNumber of pairs train: {len(train)}\nNumber of pairs test: {len(test)}")

    if shared.mixed_precision != "none":
        keras.config.set_dtype_policy(f"mixed_{shared.mixed_precision}")
    method = options.method.load()(shared, options.config, options.data.image_size)
    stage = method.stages[options.stage]
    for network in method.networks:
        path = getattr(shared, f"{network}_checkpoint", None)
        if path:
            print(load_network(method, network, path, options))
    optimizers = build_optimizers(method, stage, shared.mixed_precision)
    owners = state_variables(method, optimizers)

    states = Path(shared.checkpoints_dir) / "state"
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
    observer = Observer(options, method, stage, schedule, test)
    loop = Loop(
        stage,
        schedule,
        lambda step: train.batches(step * stage.batches, group=stage.batches),
        method,
        optimizers,
        owners,
        observer,
        states,
        _fixed(options, pairs),
        shared.state_interval,
        bool(shared.jit_compile),
    )
    resumed = loop.restore()
    if resumed:
        print(f"Going on from epoch {loop.progress.epoch}, iteration {loop.progress.iteration} ({states}).")
    if loop.progress.epoch >= schedule.last:
        print(f"This run is complete: {schedule.last} epochs are done; a larger --number_of_epochs goes on.")
        return
    observer.open(loop.progress.epoch)
    write_environment(shared.output_dir, options)
    loop.run()
    print(f"Weights: {shared.checkpoints_dir}; samples, curves and report: {shared.output_dir}/report.html")


class Observer:
    """What happens around the epochs: sample grids, validation, weight files, records."""

    def __init__(self, options, method, stage, schedule, test):
        self.options, self.method, self.schedule, self.test = options, method, schedule, test
        self.output = Path(options.shared.output_dir)
        self.player = next((player for player in stage.players if player.name == stage.validate), None)
        self._generate = compile_forward(method, lambda batch: method.generate(method.inputs(batch)))
        self._losses = compile_forward(method, self._player_losses)

    def open(self, epoch):
        """Begin or continue the records with `epoch`."""
        self.recorder = Recorder(self.output, epoch)

    def grid(self, epoch):
        """Draw the next test batch as the networks see it before `epoch`."""
        batch = next(self.test.batches(self._test_position(epoch)))
        generated = to_grid_pixels(ops.convert_to_numpy(self._generate(batch)))
        pose = self.method.pose_pictures(np.asarray(batch["target_keypoints"]))
        columns = [np.asarray(batch["source_pixels"]), pose, np.asarray(batch["target_pixels"]), generated]
        pixels = grid(columns)
        write_png(self.output / f"epoch_{epoch:03d}.png", pixels)
        step = (epoch - self.schedule.first) * self.schedule.iterations
        self.recorder.picture("samples", pixels, step)
        write_report(self.output, self.options, self.recorder)

    def validate(self):
        """Mean losses of the stage's validated player over the test pairs, dropout off; a rest smaller than a batch is left."""
        if self.player is None:
            return None
        count = len(self.test) // self.options.shared.batch_size
        batches = self.test.batches(0)
        sums = {}
        for _ in tqdm(range(count), desc="Validation", unit="batch", dynamic_ncols=True):
            for term, value in self._losses(next(batches)).items():
                sums[term] = sums.get(term, 0.0) + float(ops.convert_to_numpy(value)) / count
        return sums

    def record(self, epoch, step, means, validation, seconds):
        """Print and store the means of an epoch."""
        print(f"Epoch: {epoch}")
        for player, terms in sorted(means.items(), reverse=True):
            print(f"{player.capitalize()} {_sentence(terms)}")
        if validation:
            print(f"Validation {_sentence(validation)}")
        batch = self.options.shared.batch_size
        iterations = self.schedule.iterations
        speed = {"seconds": round(seconds, 3), "pairs_per_second": round(iterations * batch / max(seconds, 1e-9), 3)}
        entry = {"epoch": epoch, "step": step, "time": int(time.time()), **speed, **means}
        self.recorder.add(entry | ({"validation": validation} if validation else {}))
        write_report(self.output, self.options, self.recorder)

    def keep(self, epoch):
        """Write the weight files of all networks after `epoch`."""
        for network in self.method.networks:
            path = Path(self.options.shared.checkpoints_dir) / f"epoch_{epoch:03d}_{network}.h5"
            save_network(self.method, network, path, self.options)

    def _player_losses(self, batch):
        total, terms = self.player.loss([self.method.inputs(batch)], training=False)
        return {"loss": total, **terms}

    def _test_position(self, epoch):
        """Test batches used before `epoch`: one for each grid; a validation runs through all and comes back."""
        return sum(self.schedule.shows(earlier) for earlier in range(self.schedule.first, epoch))


def _sentence(terms):
    return "; ".join(f"{term} = {value:.6g}" for term, value in terms.items())


def _streams(images, pairs, options):
    """Shuffled training pairs, and test pairs in file order."""
    shared, data = options.shared, options.data
    background = bool(getattr(options.config, "use_bg", 0))
    train = PairStream(
        images, pairs, shared.batch_size, seed=shared.seed, use_bg=background, origin=data.pairs_file_train
    )
    test = PairStream(
        images,
        read_pairs(data.pairs_file_test),
        shared.batch_size,
        shuffle=False,
        use_bg=background,
        origin=data.pairs_file_test,
    )
    return train, test


def _fixed(options, pairs):
    """Options, and a mark of the training pairs, that a resumed run must share."""
    values = {key: value for key, value in options.flat().items() if key not in _FREE}
    values["image_size"] = list(values["image_size"])
    return values | {"training_pairs": pairs_hash(pairs)}


def _set_aside(states):
    """Rename the states of an earlier run, so that nothing is lost."""
    if state.states(states):
        target = states.with_name(f"state-{time.strftime('%Y%m%d-%H%M%S')}")
        states.rename(target)
        print(f"The earlier run's state is kept in {target}.")
