"""What a protocol is: metrics, and all that happens to the pictures before."""

import json
from dataclasses import asdict, dataclass

from pgig.data.pairs import pairs_hash
from pgig.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """One published combination of metrics, and what happens to the pictures before.

    Attributes:
        name: what results are labelled with.
        source: the papers and programs that score so.
        pictures: in words, what the pictures and the reference set must be.
        metrics: the metrics, in the order of tables.
        sizes: sizes (height, width) of pictures that the protocol knows; none: any.
        prepare: steps of `pgig.evaluate.prepare` that all pictures go through.
        jpeg: whether pictures went through a JPEG file of quality 75; those that did not are sent through one after
            the steps.
        real_steps: steps that the pictures of the reference set go through.
        real_resize: what happens to those of them that then are larger both ways than the generated ones: "bicubic"
            (Pillow's, anti-aliased), perhaps followed by steps. Pictures of any other size are refused.
        pair_lists: hashes of the published pair lists, each in its order and sorted.
    """

    name: str
    source: str
    pictures: str
    metrics: tuple
    sizes: tuple = ()
    prepare: tuple = ()
    jpeg: bool = False
    real_steps: tuple = ()
    real_resize: tuple = ()
    pair_lists: tuple = ()

    @property
    def needs_real(self):
        """Whether a metric compares with real pictures."""
        return any(metric.needs_real for metric in self.metrics)

    def name_of_list(self, pairs):
        """"published", "published, in another order" (which changes inception scores only), or "own"."""
        if pairs_hash(pairs) in {ordered for ordered, _ in self.pair_lists}:
            return "published"
        if pairs_hash(sorted(pairs)) in {by_name for _, by_name in self.pair_lists}:
            return "published, in another order"
        return "own"

    def require_size(self, size):
        """Refuse pictures of a size that the protocol does not know.

        Raises:
            DataError: it does not know the size.
        """
        if self.sizes and tuple(size) not in self.sizes:
            known = " or ".join(f"{height}x{width}" for height, width in self.sizes)
            raise DataError(
                f"The pictures are {size[0]}x{size[1]} pixels (height x width), but the protocol {self.name} is for "
                f"{known}: choose another protocol, for instance `standard`."
            )

    def settings(self):
        """Everything that decides the values, as plain values for scores.json."""
        metrics = [{"metric": type(metric).__name__} | asdict(metric) | metric.details() for metric in self.metrics]
        settings = asdict(self) | {"metrics": metrics}
        # As JSON has it: lists in the place of tuples.
        return json.loads(json.dumps({key: value for key, value in settings.items() if key != "name"}))
