"""One batch of picture pairs on its way through the metrics."""

from dataclasses import dataclass, field

import numpy as np

from pgig.evaluate.prepare import STEPS
from pgig.metrics.masks import ma_mask


@dataclass(eq=False)
class PairBatch:
    """Real target pictures beside generated ones.

    Attributes:
        reference, generated: (B, H, W, 3) uint8, or float32 in 0..255 after a step that does not round.
        keypoints: (B, 18, 3) y, x, visible of the joints of the target pictures, or None.
        masks: (B, H, W) uint8 mask pictures of the targets, 0 to 255, or None.
    """

    reference: np.ndarray
    generated: np.ndarray
    keypoints: np.ndarray | None = None
    masks: np.ndarray | None = None
    _prepared: dict = field(default_factory=dict)

    @property
    def size(self):
        """(height, width) in pixels."""
        return self.reference.shape[1:3]

    def prepared(self, steps):
        """The batch after the steps of `pgig.evaluate.prepare`, one after the other.

        Args:
            steps: names of functions of `pgig.evaluate.prepare.STEPS`.
        """
        if not steps:
            return self
        if steps not in self._prepared:
            before, step = self.prepared(steps[:-1]), STEPS[steps[-1]]
            keypoints = None if before.keypoints is None else step.keypoints(before.keypoints, before.size)
            masks = None if before.masks is None else step.masks(before.masks)
            pictures = step.pixels(before.reference), step.pixels(before.generated)
            self._prepared[steps] = PairBatch(*pictures, keypoints, masks)
        return self._prepared[steps]

    def through_jpeg(self, target_too=True, generated_too=True):
        """The batch with its real pictures, its generated ones, or both as they come back from JPEG files."""
        send = STEPS["jpeg-75"].pixels
        return PairBatch(
            send(self.reference) if target_too else self.reference,
            send(self.generated) if generated_too else self.generated,
            self.keypoints,
            self.masks,
        )

    def mask(self, kind, radius=4):
        """Masks of the targets.

        Args:
            kind: "body": drawn around the joints; "file": the mask pictures; None: no mask.
            radius: radius in pixels of the drawn body.

        Returns:
            (B, H, W) bool for "body", uint8 for "file", or None.
        """
        if kind is None:
            return None
        if kind == "file":
            return self.masks
        key = ("body mask", radius)
        if key not in self._prepared:
            self._prepared[key] = ma_mask(self.keypoints, self.size, radius)
        return self._prepared[key]
