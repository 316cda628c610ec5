import numpy as np
import pytest

from pgig.compare.bootstrap import mean_terms, ratio_terms
from pgig.compare.compare import compare
from pgig.compare.records import Score
from pgig.compare.run_files import read_run
from pgig.data.pairs import pairs_hash
from pgig.errors import DataError
from tests.compare.comparison_runs import COUNT, PAIRS
from tests.compare.one_score import difference, estimate


def test_scores_intervals_and_differences_are_those_of_the_bootstrap(runs):
    found = compare(runs, samples=400, seed=2)
    near, far = (run.columns for run in runs)
    assert found.pairs == tuple(PAIRS) and found.same_pairs
    for key in ("ssim", "l1"):
        for run, scores in zip((near, far), found.scores, strict=True):
            value, low, high = estimate(mean_terms(run[key]), 400, 2)
            assert scores[key].value == pytest.approx(value)
            assert (scores[key].low, scores[key].high) == pytest.approx((low, high))
        expected = difference(mean_terms(near[key]), mean_terms(far[key]), 400, 2)
        got = found.differences[0][key]
        assert (got.value, got.low, got.high) == pytest.approx(expected)
        assert got.verdict == "worse"
    counts = [ratio_terms(run["pckh_correct"], run["pckh_total"]) for run in (near, far)]
    score, gap = found.scores[1]["pckh"], found.differences[0]["pckh"]
    assert (score.value, score.low, score.high) == pytest.approx(estimate(counts[1], 400, 2))
    assert (gap.value, gap.low, gap.high) == pytest.approx(difference(*counts, 400, 2))
    assert gap.verdict == "undecided" and gap.low < 0 < gap.high


def test_scores_of_sets_have_no_interval(runs):
    found = compare(runs, samples=100)
    assert found.scores[0]["inception_score"] == Score(2.5, deviation=0.25)
    assert found.scores[0]["fid"] == Score(40.0) and found.differences[0]["fid"] is None
    assert found.scores[0]["lpips"] is None is found.differences[0]["lpips"]
    assert any("no interval over pairs: IS, FID" in note for note in found.notes)
    assert found.notes[-1] == "Not computed: LPIPS."


def test_the_best_of_the_runs(runs, make):
    found = compare([*runs, make("again", noise=10)], samples=100)
    assert found.best("ssim") == {0, 2} and found.best("fid") == {0, 2} and found.best("lpips") == set()
    assert found.best("inception_score") == set()
    assert compare(runs[:1], samples=100).best("ssim") == set()
    assert found.differences[1]["ssim"].value == 0 and found.differences[1]["ssim"].verdict == "undecided"


def test_other_lists_of_pairs_are_compared_on_the_common_pairs(make):
    first, second = make("a", noise=10), make("b", noise=60, pairs=PAIRS[::-2])
    found = compare([first, second], samples=100)
    common = PAIRS[::2]
    assert found.pairs == tuple(common) and not found.same_pairs
    at = [PAIRS.index(pair) for pair in common]
    assert found.scores[0]["ssim"].value == pytest.approx(first.columns["ssim"][at].mean())
    np.testing.assert_array_equal(found.values(1, "ssim"), second.columns["ssim"][::-1])
    assert found.scores[0]["fid"] is None is found.scores[1]["inception_score"] and found.baselines == {}
    assert any(f"(a {COUNT}, b {len(common)})" in note for note in found.notes)


def test_the_order_of_pairs_does_not_matter(make):
    first = make("a")
    plain, turned = (
        compare([first, make("b", noise=60, pairs=pairs)], samples=100) for pairs in (PAIRS, PAIRS[::-1])
    )
    assert turned.pairs == tuple(PAIRS) and turned.same_pairs
    assert turned.scores[1]["ssim"].low == pytest.approx(plain.scores[1]["ssim"].low)
    assert any("different orders" in note for note in turned.notes)


def test_pairs_of_equal_names_and_other_extensions_are_the_same(make, tmp_path):
    first, second = make("a"), make("b")
    for name in ("scores.csv", "scores.json"):
        path = tmp_path / "b" / name
        text = path.read_text().replace(".jpg", ".png")
        other = pairs_hash([(source[:-3] + "png", target[:-3] + "png") for source, target in PAIRS])
        path.write_text(text.replace(pairs_hash(PAIRS), other))
    assert compare([first, read_run(tmp_path / "b", "b")], samples=100).pairs == tuple(PAIRS)
    assert second.pairs == tuple(PAIRS)


def test_a_pair_that_is_listed_twice(make):
    first, second = make("a", pairs=[*PAIRS, PAIRS[0]]), make("b", pairs=[*PAIRS, PAIRS[0]])
    assert len(compare([first, second], samples=100).pairs) == COUNT + 1
    assert len(compare([first, make("c")], samples=100).pairs) == COUNT


def test_what_cannot_be_compared(make):
    first = make("a")
    described = first.result["metrics"]
    other = described | {"ssim": described["ssim"] | {"better": "lower"}}
    cases = [
        (dict(protocol="standard"), "under the protocol pose-gan and b under the protocol standard"),
        (dict(dataset="market"), "under the data set demo and b under the data set market"),
        (dict(size=[256, 176]), r"under pictures of the size \[32, 24\] and b under .* \[256, 176\]"),
        (dict(protocol_settings={"window": 11}), "another 'window'"),
        (dict(metrics=other), "describes the metric ssim otherwise"),
    ]
    for settings, match in cases:
        with pytest.raises(DataError, match=match):
            compare([first, make("b", **settings)])
    with pytest.raises(DataError, match="a and c have no pair in common"):
        compare([make("a", pairs=PAIRS[:5]), make("c", pairs=PAIRS[5:])])
    # What only one of them states, and what only describes, is no difference.
    compare([first, make("b", dataset=None, protocol_settings={"source": "Another", "new": 1})], samples=100)


def test_distances_to_different_reference_sets_are_not_shown(make):
    other = {"folder": "train", "pictures": 9, "sha256": "1" * 64}
    found = compare([make("a"), make("b", reference_set=other)], samples=100)
    assert found.scores[0]["fid"] is None is found.scores[1]["fid"]
    assert found.scores[0]["inception_score"] is not None
    assert any("different reference sets, so there is no FID" in note for note in found.notes)


def test_a_file_of_an_earlier_version_beside_a_new_one(make):
    found = compare([make("old", old=True), make("new", noise=60)], samples=100)
    assert found.scores[0]["pckh"] is None and found.scores[1]["pckh"] is not None
    assert found.differences[0]["pckh"] is None and found.differences[0]["ssim"].verdict == "worse"
