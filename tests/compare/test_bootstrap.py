import tracemalloc

import numpy as np
import pytest
from scipy import stats

from pgig.compare.bootstrap import interval, mean_terms, ratio_terms, resampled_sums
from tests.compare.one_score import difference, estimate


def test_the_interval_of_a_mean_is_that_of_scipy():
    values = np.random.default_rng(0).gamma(2.0, size=300)
    value, low, high = estimate(mean_terms(values), samples=4000)
    assert value == pytest.approx(values.mean())
    ends = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=1
    ).confidence_interval
    assert (low, high) == pytest.approx(ends, abs=0.15 * (high - low) / 2)


def covered(draw, score, truth, times=1000):
    """Share of simulated data sets whose interval holds the truth."""
    found = [score(draw(np.random.default_rng(seed)), seed) for seed in range(times)]
    return np.mean([low <= truth <= high for _, low, high in found])


# Three standard errors of a share of 0.95 in 1,000 trials are 0.021; the percentile interval of 80 pairs is a little
# too narrow.
SHARE = pytest.approx(0.945, abs=0.021)


def test_coverage_of_a_mean():
    assert (
        covered(
            lambda random: random.beta(5, 2, 80),
            lambda values, seed: estimate(mean_terms(values), 600, seed),
            5 / 7,
        )
        == SHARE
    )


def test_coverage_of_a_ratio():
    def draw(random):
        total = random.integers(4, 19, 80)
        return random.binomial(total, 0.7), total

    assert covered(draw, lambda counts, seed: estimate(ratio_terms(*counts), 600, seed), 0.7) == SHARE


def test_coverage_of_a_paired_difference():
    def draw(random):
        hard = random.normal(size=80)
        return hard + random.normal(0, 0.3, 80), hard + random.normal(0.1, 0.3, 80)

    def score(runs, seed):
        return difference(*map(mean_terms, runs), 600, seed)

    assert covered(draw, score, 0.1) == SHARE
    # Pairing takes away what is hard about the pairs in both runs.
    runs = draw(np.random.default_rng(0))
    _, low, high = score(runs, 0)
    ends = [estimate(mean_terms(values), 600) for values in runs]
    assert high - low < 0.6 * min(top - bottom for _, bottom, top in ends)


def test_undefined_pairs_are_left_out():
    values = np.random.default_rng(0).random(50)
    holes = np.where(np.arange(50) % 7 == 0, np.nan, values)
    value, low, high = estimate(mean_terms(holes))
    assert value == pytest.approx(np.nanmean(holes)) and low < value < high
    hits = np.where(np.arange(50) % 5 == 0, np.nan, 1.0)
    assert estimate(ratio_terms(hits, np.full(50, 2.0))) == (0.5, 0.5, 0.5)
    # In a difference they are left out of both.
    assert difference(mean_terms(values), mean_terms(holes))[0] == pytest.approx(0, abs=1e-15)
    assert estimate(mean_terms([np.nan, np.nan])) is None
    assert estimate(mean_terms([])) is None
    assert difference(mean_terms([1.0, np.nan]), mean_terms([np.nan, 1.0])) is None
    assert interval(np.array([np.nan])) is None


def test_one_pair_has_an_interval_of_no_width():
    assert estimate(mean_terms([0.25])) == (0.25, 0.25, 0.25)


def test_draws_are_those_of_the_seed_and_the_same_for_all_columns():
    columns = np.random.default_rng(0).random((40, 3))
    sums = resampled_sums(columns, 100, seed=3)
    np.testing.assert_array_equal(sums, resampled_sums(columns, 100, seed=3))
    assert not np.array_equal(sums, resampled_sums(columns, 100, seed=4))
    np.testing.assert_allclose(sums[:, :1], resampled_sums(columns[:, :1], 100, seed=3), rtol=1e-14)
    np.testing.assert_allclose(resampled_sums(np.ones((40, 1)), 10), 40)


def test_memory_is_bounded_whatever_the_number_of_draws():
    columns = np.zeros((12_000, 8))
    tracemalloc.start()
    resampled_sums(columns, 500)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
