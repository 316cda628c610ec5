import numpy as np
import pytest

from pgig.errors import DataError
from pgig.metrics.inception_score import inception_score


def test_equal_rows_score_one_and_certain_varied_rows_the_number_of_classes():
    assert inception_score(np.full((20, 5), 0.2)) == pytest.approx((1, 0))
    assert inception_score(np.tile(np.eye(4), (10, 1)), splits=10) == pytest.approx((4, 0))


def test_parts_follow_the_order_of_the_pictures():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(6), 23)
    parts = [probabilities[:7], probabilities[7:15], probabilities[15:]]
    scores = [np.exp((p * (np.log(p) - np.log(p.mean(0)))).sum(1).mean()) for p in parts]
    assert inception_score(probabilities, 3) == pytest.approx((np.mean(scores), np.std(scores)))


def test_too_few_pictures_are_refused():
    with pytest.raises(DataError, match="9 pictures for 10 parts"):
        inception_score(np.full((9, 4), 0.25))
