"""What happens around the epochs of a run: sample grids, pictures of the inside, validation, weight files, records."""

import time
from pathlib import Path

import numpy as np
from keras import ops

from pgig.train.pictures import grid, write_png
from pgig.train.record import Recorder, write_environment
from pgig.train.report import write_report
from pgig.train.step import compile_forward
from pgig.train.visuals import columns, look, sheet
from pgig.utils.progress import progress_bar
from pgig.weights.networks import save_networks


class Observer:
    """Looks at a run and writes what is seen; changes nothing of it.

    Args:
        options: `pgig.cli.options.Options`.
        method, stage: what is trained.
        schedule: `pgig.train.loop.Schedule`.
        test: `PairStream` of the test pairs in file order.
    """

    def __init__(self, options, method, stage, schedule, test):
        self.options, self.method, self.schedule, self.test = options, method, schedule, test
        self.output = Path(options.shared.output_dir)
        self.player = next((player for player in stage.players if player.name == stage.validate), None)
        self._look = compile_forward(method, lambda batch: look(method, method.inputs(batch)))
        self._losses = compile_forward(method, self._player_losses)

    def open(self, epoch):
        """Begin or continue the records with `epoch`."""
        write_environment(self.output, self.options)
        self.recorder = Recorder(self.output, epoch)

    def grid(self, epoch):
        """Draw the next test batch as the networks see it before `epoch`, and what goes on inside of them."""
        batch = next(self.test.batches(self._test_position(epoch)))
        made = self._look(batch)
        shown = columns(batch, made)
        source, target, generated = (shown[title] for title in ("source", "target", "generated"))
        pose = self.method.pose_pictures(np.asarray(batch["target_keypoints"]))
        self._show(f"epoch_{epoch:03d}.png", "samples", grid([source, pose, target, generated]), epoch)
        if len(made) > 1:
            self._show(f"visuals_epoch_{epoch:03d}.png", "visuals", sheet(shown, source.shape[1:3]), epoch)
        write_report(self.output, self.options, self.recorder)

    def _show(self, file, name, pixels, epoch):
        """Write a picture, and add it to the TensorBoard events."""
        write_png(self.output / file, pixels)
        self.recorder.picture(name, pixels, (epoch - self.schedule.first) * self.schedule.iterations)

    def validate(self):
        """Mean losses of the stage's validated player over the test pairs, dropout off.

        Pairs that do not fill a last batch are left out; where there are fewer than a batch, they fill it repeatedly.
        """
        if self.player is None:
            return None
        count = max(1, len(self.test) // self.options.shared.batch_size)
        batches, sums = self.test.batches(), {}
        for _ in progress_bar(range(count), "Validation", "batch"):
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
        pairs = self.schedule.iterations * self.options.shared.batch_size
        speed = {"seconds": round(seconds, 3), "pairs_per_second": round(pairs / max(seconds, 1e-9), 3)}
        entry = {"epoch": epoch, "step": step, "time": int(time.time()), **speed, **means}
        self.recorder.add(entry | ({"validation": validation} if validation else {}))
        write_report(self.output, self.options, self.recorder)

    def keep(self, epoch):
        """Write the weight files after `epoch`."""
        for file in self.method.kept:
            path = Path(self.options.shared.checkpoints_dir) / f"epoch_{epoch:03d}_{file}.h5"
            save_networks(self.method, file, path, self.options)

    def _player_losses(self, batch):
        total, terms, *_ = self.player.loss([self.method.inputs(batch)], training=False)
        return {"loss": total, **terms}

    def _test_position(self, epoch):
        """Test batches used before `epoch`: one for each grid; a validation runs through all and comes back."""
        return sum(self.schedule.shows(earlier) for earlier in range(self.schedule.first, epoch))


def _sentence(terms):
    return "; ".join(f"{term} = {value:.6g}" for term, value in terms.items())
