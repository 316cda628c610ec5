import csv
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from pgig.compare.bootstrap import mean_terms, ratio_terms
from pgig.compare.compare import Score, compare
from pgig.compare.page import write_page
from pgig.compare.published import rows
from pgig.compare.run_files import read_run
from pgig.compare.tables import (
    as_dictionary,
    methods_csv,
    pairs_csv,
    published_notes,
    short,
    terminal_table,
)
from pgig.data.pairs import pairs_hash
from pgig.errors import DataError
from tests.compare.comparison_runs import COUNT, PAIRS, write_run
from tests.compare.one_score import difference, estimate


@pytest.fixture
def make(tmp_path):
    """`make(name, ...)` writes a run and reads it back."""

    def run(name, **settings):
        write_run(tmp_path / name, **settings)
        return read_run(tmp_path / name, name)

    return run


@pytest.fixture
def runs(make):
    return make("near", noise=10), make("far", noise=60, seed=1)


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
    other = {"folder": "train", "pictures": 9, "names_sha256": "1" * 64}
    found = compare([make("a"), make("b", reference_set=other)], samples=100)
    assert found.scores[0]["fid"] is None is found.scores[1]["fid"]
    assert found.scores[0]["inception_score"] is not None
    assert any("different reference sets, so there is no FID" in note for note in found.notes)


def test_a_file_of_an_earlier_version_beside_a_new_one(make):
    found = compare([make("old", old=True), make("new", noise=60)], samples=100)
    assert found.scores[0]["pckh"] is None and found.scores[1]["pckh"] is not None
    assert found.differences[0]["pckh"] is None and found.differences[0]["ssim"].verdict == "worse"


def test_undefined_pairs_are_told(make, tmp_path):
    make("a")
    path = tmp_path / "a" / "scores.csv"
    lines = [line.split(",") for line in path.read_text().splitlines()]
    lines[4][2] = ""
    path.write_text("\n".join(map(",".join, lines)))
    found = compare([read_run(tmp_path / "a", "a"), make("b")], samples=100)
    assert "a: SSIM is undefined for 1 of the pairs." in found.notes
    assert found.differences[0]["ssim"].value == 0


# Tables ------------------------------------------------------------------------------------------------------------


def test_the_terminal_table(runs):
    found = compare(runs, samples=100)
    wide = terminal_table(found, rows("pose-gan", "market"), width=200)
    heading, first, ends, *others = wide.splitlines()
    assert heading.split() == ["SSIM", "↑", "L1", "↓", "PCKh", "↑", "LPIPS", "↓", "IS", "↑", "FID", "↓"]
    ssim, l1 = found.scores[0]["ssim"], found.scores[0]["l1"]
    assert first.split()[:3] == ["near", f"{ssim.value:.4f}*", f"{l1.value:.4f}*"]
    assert ends.split()[0] == f"{ssim.low:.4f}..{ssim.high:.4f}" and "±0.2500" in ends
    assert "(source copied)" in wide and "[PG2 (NIPS 2017; own pairs)]" in wide and "0.253Q" in wide
    assert "far - near:" in wide and "worse" in wide and "undecided" in wide
    narrow = terminal_table(found, width=60)
    assert max(map(len, narrow.splitlines())) <= 60
    assert (
        all(narrow.count(title) == 1 for title in ("PCKh ↑", "LPIPS ↓", "IS ↑", "FID ↓")) and "\n\n" in narrow
    )
    assert [short(value) for value in (-0.5, 12.3456, 1234.5, None)] == ["-0.5000", "12.346", "1234.50", "–"]


def test_the_files(runs):
    found = compare(runs, samples=100, seed=7)
    published = rows("pose-gan", "market")
    table = list(csv.DictReader(io.StringIO(methods_csv(found, published))))
    assert [row["kind"] for row in table] == ["run", "run", "baseline"] + ["published"] * (len(table) - 3)
    assert len(table) > 10
    assert float(table[1]["ssim_low"]) == found.scores[1]["ssim"].low
    assert float(table[1]["l1_difference"]) == found.differences[0]["l1"].value
    assert table[0]["ssim_difference"] == "" and table[0]["inception_score_deviation"] == "0.25"
    assert "fid_low" not in table[0] and "lpips" not in table[0]
    assert (table[3]["ssim"], table[3]["ssim_status"]) == ("0.253", "Q")

    pairs = list(csv.DictReader(io.StringIO(pairs_csv(found))))
    assert [(row["from"], row["to"]) for row in pairs] == PAIRS
    for run in runs:
        for name, values in run.columns.items():
            assert [float(row[f"{name} {run.name}"]) for row in pairs] == values.tolist()

    told = json.loads(json.dumps(as_dictionary(found, published), allow_nan=False))
    assert (told["protocol"], told["pairs"], told["samples"], told["seed"]) == ("pose-gan", COUNT, 100, 7)
    assert told["runs"][1]["difference_to_first"]["ssim"]["verdict"] == "worse"
    assert told["runs"][0]["scores"]["ssim"]["low"] == found.scores[0]["ssim"].low
    assert told["published"][0]["figures"]["ssim"]["source"] == "PG2 Table 1"
    assert as_dictionary(compare(runs, samples=100, seed=7), published) == as_dictionary(found, published)


def test_published_figures_beside_own_pairs_are_a_guide(make):
    published = rows("pose-gan", "market")
    own, listed = make("a", pair_list="own"), make("b", pair_list="published")
    for run, said in ((own, True), (listed, False)):
        notes = published_notes(compare([run], samples=100), published)
        assert any("guide only" in note for note in notes) == said
        assert any("not checked against the paper" in note for note in notes)
    assert published_notes(compare([own], samples=100), []) == []


# The page ----------------------------------------------------------------------------------------------------------


def page(tmp_path, runs, published=(), **settings):
    path = tmp_path / "comparison.html"
    reasons = write_page(path, compare(runs, samples=100), published, **settings)
    return path.read_text(encoding="utf-8"), reasons


def test_the_page(tmp_path, runs):
    text, reasons = page(tmp_path, runs, rows("pose-gan", "market"), title="Near & far", examples=2)
    assert reasons == [] and "<title>Near &amp; far</title>" in text
    assert text.count("<strong>") == 4 and "Baselines of near" in text and "Published" in text
    assert "Better than near?" in text and "undecided" in text and "0.253 Q" in text
    for kind in ("Best", "Median", "Worst"):
        assert f"<h2>{kind} pairs by SSIM, mean of the runs</h2>" in text
    # Source, target and both runs of six pairs; three plots of intervals and one of curves.
    assert text.count("data:image/png") == 6 * 4 and text.count("<svg") == 4
    assert page(tmp_path, runs, rows("pose-gan", "market"), title="Near & far", examples=2)[0] == text


def test_pictures_that_are_gone_are_told(tmp_path, runs, make):
    text, reasons = page(tmp_path, [*runs, make("empty", draw=False)], examples=1)
    assert len(reasons) == 1 and reasons[0].startswith("empty: no pictures are shown.")
    assert text.count("data:image/png") == 3 * 4
    text, reasons = page(tmp_path, [make("bare", draw=False)], examples=1)
    assert "data:image/png" not in text and "Best pairs" not in text and reasons[0] in text
    for told in ({"folder": "x", "layout": "unknown"}, {"layout": "triptych"}):
        _, reasons = page(tmp_path, [make("odd", pictures=told)])
        assert "does not say where they are" in reasons[0]


def test_a_picture_that_is_gone_leaves_a_gap(tmp_path, make):
    run = make("a")
    scores = np.argsort(-run.columns["ssim"])
    source, target = PAIRS[scores[0]]
    (tmp_path / "a" / f"{source}_{target}.png").unlink()
    text, reasons = page(tmp_path, [run], examples=1)
    assert text.count("data:image/png") == 2 * 3 and "There is no picture of" in reasons[0]


def test_pictures_without_sources(tmp_path, make):
    for name in ("a", "b"):
        make(name, noise=60)
        for path in sorted((tmp_path / name).glob("*.png")):
            panels = np.split(np.asarray(Image.open(path)), 3, axis=1)
            for folder, pixels in (("real", panels[1]), (f"{name}/generated", panels[2])):
                (tmp_path / folder).mkdir(exist_ok=True)
                source, target = path.stem.split(".jpg_")
                file = f"{source}_2_{target}_vis.png" if "/" in folder else target
                Image.fromarray(pixels).save(tmp_path / folder / file)
    where = {"layout": "single", "reference": str(tmp_path / "real"), "pairs_file": None}
    runs = [
        make(name, draw=False, pictures={"folder": f"{tmp_path}/{name}/generated"} | where)
        for name in ("a", "b")
    ]
    text, reasons = page(tmp_path, runs, examples=1)
    assert reasons == [] and text.count("data:image/png") == 3 * 3 and "<h3>source</h3>" not in text


def test_a_run_that_was_moved_finds_its_pictures(tmp_path, make):
    make("a")
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "a", tmp_path / "elsewhere" / "a")
    text, reasons = page(tmp_path, [read_run(tmp_path / "elsewhere" / "a", "a")], examples=1)
    assert reasons == [] and text.count("data:image/png") == 3 * 3


def test_names_cannot_change_the_page(tmp_path, make):
    run = make("<script>alert(1)</script>", notes=["<b>bold</b>"], checkpoint="<i>.h5", draw=False)
    text, _ = page(tmp_path, [run, make("b")], examples=0)
    assert "<script" not in text and "<b>" not in text and "<i>" not in text


def test_a_page_without_any_metric_over_pairs(tmp_path, make):
    run = make("a")
    described = {key: run.result["metrics"][key] for key in ("inception_score", "fid")}
    text, _ = page(tmp_path, [make("a", metrics=described), make("b", metrics=described)])
    assert "<svg" not in text and "Better than" not in text and "± 0.2500".replace(" ", "\u00a0") in text
