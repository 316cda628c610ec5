import pytest

from pgig.compare.compare import compare
from pgig.compare.notes import published_notes
from pgig.compare.published import rows
from pgig.compare.run_files import read_run
from tests.compare.comparison_runs import PAIRS


def test_undefined_pairs_are_told(make, tmp_path):
    make("a")
    path = tmp_path / "a" / "scores.csv"
    lines = [line.split(",") for line in path.read_text().splitlines()]
    lines[4][2] = ""
    path.write_text("\n".join(map(",".join, lines)))
    found = compare([read_run(tmp_path / "a", "a"), make("b")], samples=100)
    assert "a: SSIM is undefined for 1 of the pairs." in found.notes
    assert found.differences[0]["ssim"].value == 0


def test_published_figures_beside_own_pairs_are_a_guide(make):
    published = rows("pose-gan", "market")
    own, listed = make("a", pair_list="own"), make("b", pair_list="published")
    for run, said in ((own, True), (listed, False)):
        notes = published_notes(compare([run], samples=100), published)
        assert any("guide only" in note for note in notes) == said
        assert any("not checked against the paper" in note for note in notes)
    assert published_notes(compare([own], samples=100), []) == []


def settings(**batches):
    return {"metrics": [{"key": key, "drop_remainder": batch} for key, batch in batches.items()]}


def about_remainders(comparison):
    return [note for note in comparison.notes if "whole batches" in note]


def test_scores_that_leave_a_remainder_out_are_told(make):
    # 15 pairs: nothing remains of batches of 5, and of fewer pairs than a batch none is left out.
    described = settings(ssim=4, l1=5, pckh=7, lpips=4, fid=4)
    runs = [make(name, protocol_settings=described) for name in "ab"]
    (note,) = about_remainders(compare(runs, samples=100))
    assert note.endswith("the intervals and paired differences: SSIM, PCKh.")
    assert about_remainders(compare([make("a", protocol_settings=settings(ssim=16))], samples=100)) == []
    # Scores of the common pairs are computed anew.
    fewer = make("c", pairs=PAIRS[:9], protocol_settings=described)
    assert about_remainders(compare([runs[0], fewer], samples=100)) == []


@pytest.mark.parametrize("metrics", [None, "ssim", [3], [{"key": ["ssim"]}], [{"key": "ssim", "drop_remainder": "4"}]])
def test_odd_settings_of_a_protocol_are_passed_over(make, metrics):
    assert about_remainders(compare([make("a", protocol_settings={"metrics": metrics})], samples=100)) == []
