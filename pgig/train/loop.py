"""The only training loop: epochs of iterations, with samples, validation, weight files and states at their moments.

Moments, as in pose-gan: before an epoch whose number + 1 is a multiple of `display_ratio`, a sample grid; after one
whose number + 1 is a multiple of `checkpoint_ratio`, weight files and a validation (also after epoch 0). The last epoch
always leaves weight files, and one more grid shows them.
"""

import time
from dataclasses import dataclass, field

import numpy as np
from keras import ops

from pgig.train import state
from pgig.train.signals import stop_requests
from pgig.train.step import compile_iteration
from pgig.utils.progress import progress_bar

_FETCH_EVERY = 20
_GOES_ON = "The same command goes on from the saved state."


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        epoch: number of the epoch that is next or running.
        iteration: iterations of it that are done.
        sums: {player: {term: sum over these iterations}}.
        seconds: time spent on these iterations.
    """

    epoch: int
    iteration: int = 0
    sums: dict = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, logs):
        """Add the values of one iteration."""
        for player, terms in logs.items():
            sums = self.sums.setdefault(player, dict.fromkeys(terms, 0.0))
            for term, value in terms.items():
                sums[term] += value

    def means(self):
        """{player: {term: mean over the iterations of the epoch}}."""
        return {
            player: {term: value / max(self.iteration, 1) for term, value in terms.items()}
            for player, terms in self.sums.items()
        }


@dataclass(frozen=True)
class Schedule:
    """Which epochs run and what happens around them.

    Attributes:
        first, last: numbers of the first epoch and of the one after the last.
        iterations: iterations in an epoch.
        display_ratio, checkpoint_ratio: as the flags of these names.
        validate: whether validations take place.
    """

    first: int
    last: int
    iterations: int
    display_ratio: int
    checkpoint_ratio: int
    validate: bool

    def shows(self, epoch):
        """Whether a sample grid is drawn before `epoch`."""
        return (epoch + 1) % self.display_ratio == 0

    def keeps(self, epoch):
        """Whether weight files are written after `epoch`."""
        return (epoch + 1) % self.checkpoint_ratio == 0 or epoch == self.last - 1

    def validates(self, epoch):
        """Whether the test losses are computed after `epoch`."""
        return self.validate and ((epoch + 1) % self.checkpoint_ratio == 0 or epoch == 0)


class Loop:
    """Train one stage.

    Args:
        stage: the `Stage`.
        schedule: the `Schedule`.
        batches: function of a position (in iterations since the first epoch) -> endless iterator of batches for
            iterations from there on.
        method, optimizers, owners: what is trained, and everything that a state holds.
        observer: the `pgig.train.observer.Observer`: its `grid`, `validate`, `record` and `keep` are called.
        folder: folder of the states.
        fixed: options that a resumed run must share.
        interval: seconds between saves of the state.
        jit_compile: compile the iteration with XLA.
    """

    def __init__(
        self, stage, schedule, batches, method, optimizers, owners, observer, folder, fixed, interval, jit_compile
    ):
        self.stage, self.schedule, self.batches, self.observer = stage, schedule, batches, observer
        self.owners, self.folder, self.fixed, self.interval = owners, folder, fixed, interval
        self.iteration = compile_iteration(method, stage, optimizers, jit_compile)
        self.progress = Progress(schedule.first)
        self.saved_at = time.monotonic()

    @property
    def step(self):
        """Iterations done since the first epoch."""
        return (self.progress.epoch - self.schedule.first) * self.schedule.iterations + self.progress.iteration

    def restore(self):
        """Go on from the newest state, if there is one; returns whether there was."""
        progress = state.restore(self.folder, self.owners, self.fixed)
        if progress:
            self.progress = Progress(**progress)
        return bool(progress)

    def run(self):
        """Run the epochs that remain; a signal to stop saves the state after the running iteration.

        Raises:
            KeyboardInterrupt: a signal asked for the stop; the state is saved.
            NumericsError: a loss or a weight is not finite; the last good state is kept.
            StorageError: something could not be written.
        """
        stream = self.batches(self.step)
        with stop_requests() as stop:
            while self.progress.epoch < self.schedule.last:
                epoch = self.progress.epoch
                if self.progress.iteration == 0 and self.schedule.shows(epoch):
                    self.observer.grid(epoch)
                self._epoch(stream, stop)
                self._after(epoch)
                if stop.requested and self.progress.epoch < self.schedule.last:
                    raise KeyboardInterrupt(_GOES_ON)
        self.observer.grid(self.schedule.last)

    def _epoch(self, stream, stop):
        total, pending = self.schedule.iterations, []
        with progress_bar(None, f"Epoch {self.progress.epoch}", "it", total, self.progress.iteration) as bar:
            while self.progress.iteration < total:
                began = time.monotonic()
                pending.append(self.iteration(next(stream)))
                self.progress.iteration += 1
                done, due = self.progress.iteration == total, time.monotonic() - self.saved_at >= self.interval
                if len(pending) == _FETCH_EVERY or done or due or stop.requested:
                    self._fetch(pending, bar)
                self.progress.seconds += time.monotonic() - began
                bar.update()
                if not done and (due or stop.requested):
                    self._save()
                if stop.requested and not done:
                    raise KeyboardInterrupt(_GOES_ON)

    def _fetch(self, pending, bar):
        """Bring the losses to the host and stop at the first that is not finite."""
        first = self.progress.iteration - len(pending)
        for offset, logs in enumerate(pending):
            values = {p: {t: float(ops.convert_to_numpy(v)) for t, v in terms.items()} for p, terms in logs.items()}
            for player, terms in values.items():
                for term, value in terms.items():
                    if not np.isfinite(value):
                        state.stop_not_finite(self.folder, player, term, self.progress.epoch, first + offset)
            self.progress.add(values)
        pending.clear()
        means = self.progress.means().items()
        bar.set_postfix({player: f"{terms['loss']:.4g}" for player, terms in means}, refresh=False)

    def _after(self, epoch):
        # First of all: neither weight files nor records of an epoch that ended in values that are not finite.
        arrays = state.snapshot(self.owners, self.folder, self.step)
        step, means, seconds = self.step, self.progress.means(), self.progress.seconds
        validation = self.observer.validate() if self.schedule.validates(epoch) else None
        self.observer.record(epoch, step, means, validation, seconds)
        if self.schedule.keeps(epoch):
            self.observer.keep(epoch)
        # The state comes last: a crash before it repeats all of the above from an earlier state.
        self.progress = Progress(epoch + 1)
        self._save(arrays)

    def _save(self, arrays=None):
        arrays = arrays or state.snapshot(self.owners, self.folder, self.step)
        state.save(self.folder, self.step, arrays, vars(self.progress), self.fixed)
        self.saved_at = time.monotonic()
