"""Scores of score.py and score_mask.py of DPIG, as the protocol `dpig` has them: every array of scores.npz."""

import numpy as np
import pytest

from pgig.evaluate.batch import PairBatch
from pgig.evaluate.protocols import find_protocol

COLUMNS = ("ssim", "psnr", "l1", "l2")
EXACT = 1e-9


@pytest.mark.parametrize(("name", "prefix"), [("score", ""), ("score_mask", "masked_")])
def test_scores(golden, name, prefix):
    with np.load(golden("scores.npz", system="dpig")) as file:
        arrays = dict(file)
    assert arrays.keys() == {"target", "generated", "mask", "score", "score_mask"}
    batch = PairBatch(arrays["target"], arrays["generated"], masks=arrays["mask"])
    metrics = {metric.key: metric for metric in find_protocol("dpig").metrics}
    found = [metrics[prefix + column].score_batch(batch, None)[prefix + column] for column in COLUMNS]
    np.testing.assert_allclose(np.stack(found, axis=1), arrays[name], rtol=EXACT, atol=EXACT)
