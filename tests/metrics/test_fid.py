import numpy as np
import pytest
from scipy.linalg import sqrtm

from pgig.errors import DataError
from pgig.metrics.fid import frechet_distance, statistics


def features(count, dimensions=12, seed=0):
    generator = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).standard_normal((dimensions, dimensions)) + np.eye(dimensions)
    return (generator.standard_normal((count, dimensions)) @ mixing + generator.random(dimensions)).astype(np.float32)


def by_square_root(reference, generated):
    means = [rows.mean(axis=0, dtype=np.float64) for rows in (reference, generated)]
    first, second = (np.cov(rows.astype(np.float64), rowvar=False) for rows in (reference, generated))
    return np.square(means[0] - means[1]).sum() + np.trace(first + second - 2 * sqrtm(first @ second).real)


def test_normal_distributions_along_the_axes():
    # Between N(m, s^2) and N(n, t^2) it is (m - n)^2 + (s - t)^2.
    reference = np.zeros(3), np.diag([1.0, 4.0, 9.0])
    generated = np.array([1.0, 0.0, 2.0]), np.diag([4.0, 4.0, 1.0])
    assert frechet_distance(reference, generated) == pytest.approx(1 + 4 + 1 + 0 + 4, rel=1e-14)


@pytest.mark.parametrize("counts", [(200, 150), (200, 9), (9, 200)])
def test_it_equals_the_matrix_square_root_in_either_order(counts):
    reference, generated = features(counts[0], seed=1), features(counts[1], seed=2)
    expected = pytest.approx(by_square_root(reference, generated), rel=1e-7)
    assert frechet_distance(reference, generated) == expected
    assert frechet_distance(generated, reference) == expected


def test_features_and_their_statistics_say_the_same():
    reference, generated = features(300, seed=1), features(250, seed=2)
    value = frechet_distance(reference, generated)
    assert frechet_distance(statistics(reference), generated) == pytest.approx(value, rel=1e-12)
    assert frechet_distance(statistics(reference), statistics(generated)) == pytest.approx(value, rel=1e-12)
    assert np.allclose(statistics(reference)[1], np.cov(reference.astype(np.float64), rowvar=False), rtol=1e-13)


@pytest.mark.parametrize("count", [5, 12, 13, 60])
def test_equal_sets_have_no_distance(count):
    rows = features(count)
    assert frechet_distance(rows, rows) == pytest.approx(0, abs=1e-11)
    assert frechet_distance(rows, rows[::-1]) == pytest.approx(0, abs=1e-11)


def test_more_rows_than_are_added_up_at_a_time():
    rows = features(9000, dimensions=3)
    assert np.allclose(statistics(rows)[1], np.cov(rows.astype(np.float64), rowvar=False), rtol=1e-12)


@pytest.mark.parametrize("from_statistics", [False, True])
def test_features_that_are_constant_or_follow_from_others(from_statistics):
    reference, generated = features(300, dimensions=8, seed=1), features(250, dimensions=8, seed=2)
    # Twice the same feature counts as one of sqrt(2) times the size.
    larger = [np.concatenate([rows[:, :7], rows[:, 7:] * np.sqrt(2)], axis=1) for rows in (reference, generated)]
    dependent = [
        np.concatenate([np.full_like(rows[:, :2], 3), rows, rows[:, 7:]], axis=1) for rows in (reference, generated)
    ]
    if from_statistics:
        dependent = [statistics(rows) for rows in dependent]
    assert frechet_distance(*dependent) == pytest.approx(frechet_distance(*larger), rel=1e-6)


def test_tiny_and_huge_variances_lose_nothing():
    # The roots of small eigenvalues of a squared matrix would be wrong by the root of its rounding.
    scales = np.geomspace(1, 1e-7, 30)
    factor = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 30)))[0] * scales
    rows = np.concatenate([factor.T, -factor.T]) * np.sqrt(59 / 2)
    value = frechet_distance(rows * 2, rows)
    assert value == pytest.approx(np.square(scales).sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("reference", "generated", "sentence"),
    [
        (features(1), features(20), "1 picture as reference set"),
        (features(20), features(0), "0 pictures as generated set"),
        (features(20, 12), features(20, 11), "12 features a picture in the reference set and 11"),
        (features(20), features(20)[:, 0], "array .20,. float32 as generated set"),
        (features(20), np.where(np.arange(20)[:, None] == 7, np.nan, features(20)), "1 of 20 pictures .*number 8"),
        (features(20), np.full((20, 12), np.inf), "20 of 20 pictures"),
        ((np.zeros(3), np.eye(4)), features(20), r"mean \(3,\) with a covariance \(4, 4\)"),
        ((np.zeros(3), np.full((3, 3), np.nan)), features(20), "not finite"),
    ],
)
def test_what_has_no_distance_is_one_sentence(reference, generated, sentence):
    with pytest.raises(DataError, match=sentence) as caught:
        frechet_distance(reference, generated)
    assert "\n" not in str(caught.value)
