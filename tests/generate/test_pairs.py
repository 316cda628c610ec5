from pathlib import Path

import numpy as np
import pytest

from pgig.cli.options import parse
from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.data.stream import PairStream
from pgig.errors import WeightsError
from pgig.generate.pairs import generated_batches, load_generator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def generate(flags, monkeypatch):
    """`generate(limit, flag, value, ...)`: test pairs of the demo set, as dict of arrays over all batches."""

    def run(limit, *words):
        options = parse([*flags, "--use_records", "0", *words])
        pairs = read_pairs(options.data.pairs_file_test)
        stream = PairStream(open_images(options.data), pairs, 1, shuffle=False)
        batches = list(generated_batches(load_generator(options), stream, options, limit))
        return pairs, {key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]}

    monkeypatch.chdir(ROOT)
    return run


def test_all_pairs_up_to_the_limit_in_file_order(generate):
    pairs, batch = generate(5, "--test_batch_size", "2")
    assert list(zip(batch["source_name"], batch["target_name"], strict=True)) == pairs[:5]
    assert batch["generated_pixels"].shape == (5, 128, 64, 3) and batch["generated_pixels"].dtype == np.uint8


def test_the_size_of_the_batches_does_not_matter(generate):
    small, large = (generate(3, "--test_batch_size", size)[1]["generated_pixels"] for size in ("1", "3"))
    # The sums of a convolution may be taken in another order.
    assert np.abs(small.astype(int) - large).max() <= 1


def test_dropout_is_off_unless_asked_for(generate):
    still, again, moving = (
        generate(1, "--use_dropout_test", value)[1]["generated_pixels"] for value in ("0", "0", "1")
    )
    assert (still == again).all() and (still != moving).any()


def test_a_missing_weight_file_is_one_sentence(generate):
    with pytest.raises(WeightsError, match="absent.h5"):
        generate(1, "--generator_checkpoint", "absent.h5")
