import json

import numpy as np
import pytest

from pgig.compare.run_files import read_run
from pgig.errors import DataError
from tests.compare.comparison_runs import COUNT, PAIRS, write_run


@pytest.fixture
def folder(tmp_path):
    write_run(tmp_path / "a", draw=False)
    return tmp_path / "a"


def test_a_run(folder):
    told, columns = write_run(folder, draw=False)
    for path in (folder, str(folder), folder / "scores.json"):
        run = read_run(path, "mine")
        assert (run.name, run.folder, run.result, list(run.pairs)) == ("mine", folder, told, PAIRS)
        assert list(run.metrics) == list(told["metrics"]) and run.metrics["pckh"].kind == "ratio"
        assert run.values["ssim"] == (told["ssim"], None) and run.values["inception_score"] == (2.5, 0.25)
        # LPIPS could not be computed and has no column.
        assert run.values["lpips"] == (None, None) and "lpips" not in run.columns
        assert run.baselines["source copied"]["ssim"] == (0.125, None)
        np.testing.assert_array_equal(run.columns["ssim"], columns["ssim"])


def test_files_of_earlier_versions_do_not_describe_their_metrics(tmp_path):
    write_run(tmp_path, old=True, draw=False)
    run = read_run(tmp_path, "old")
    kinds = {key: (metric.title, metric.better, metric.kind) for key, metric in run.metrics.items()}
    assert kinds == {
        "ssim": ("SSIM", "higher", "pair"),
        "l1": ("L1", "lower", "pair"),
        "inception_score": ("IS", "higher", "set"),
    }


def sentence(folder, match):
    with pytest.raises(DataError, match=match) as error:
        read_run(folder, "a")
    text = str(error.value)
    assert "\n" not in text and len(text) < 500
    return text


def change(folder, **entries):
    path = folder / "scores.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_missing_files(tmp_path, folder):
    sentence(tmp_path / "nowhere", "No such file")
    sentence(tmp_path, "scores.json cannot be read")
    (folder / "scores.csv").unlink()
    sentence(folder, "scores.csv cannot be read")
    (folder / "scores.csv").mkdir()
    sentence(folder, "is no file")


METRIC = {"title": "SSIM", "better": "higher", "kind": "pair", "columns": ["ssim"]}

WRONG_ENTRIES = [
    ({"protocol": None}, "names no protocol"),
    ({"protocol": 3}, "line of text"),
    ({"protocol": "a\x1b[31mb"}, "line of text"),
    ({"dataset": ["demo"]}, "line of text"),
    ({"notes": "none"}, "a list"),
    ({"notes": [1]}, "line of text"),
    ({"pairs": COUNT + 1}, "not of one test"),
    ({"pairs": "many"}, "not of one test"),
    ({"pairs_sha256": "0" * 64}, "other pairs"),
    ({"ssim": "high"}, "a number"),
    ({"ssim": True}, "a number"),
    ({"ssim": [1, 2, 3]}, "a number"),
    ({"ssim": 10**400}, "a number"),
    ({"baselines": [1]}, "an object"),
    ({"baselines": {"copy": {"ssim": "x"}}}, "a number"),
    ({"pictures": {"folder": 3}}, "line of text"),
    ({"pictures": "here"}, "an object"),
    ({"reference_set": "here"}, "an object"),
    ({"metrics": []}, "an object"),
    ({"metrics": {str(number): METRIC for number in range(101)}}, "at most 100"),
    ({"metrics": {"ss im": METRIC}}, "no name"),
    ({"metrics": {"ssim": METRIC | {"kind": "mean"}}}, "needs a kind"),
    ({"metrics": {"ssim": METRIC | {"better": "more"}}}, "needs a kind"),
    ({"metrics": {"ssim": METRIC | {"columns": []}}}, "needs a kind"),
    ({"metrics": {"ssim": METRIC | {"columns": [3]}}}, "line of text"),
    ({"metrics": {"ssim": METRIC | {"columns": ["missing"]}}}, "no column 'missing'"),
    ({"metrics": {"ssim": METRIC | {"title": "two\nlines"}}}, "line of text"),
]


@pytest.mark.parametrize(("entries", "match"), WRONG_ENTRIES, ids=range(len(WRONG_ENTRIES)))
def test_wrong_entries(folder, entries, match):
    change(folder, **entries)
    sentence(folder, match)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (b"", "not JSON"),
        (b"[]", "an object"),
        (b"{", "not JSON"),
        (b'{"ssim": NaN}', "not JSON"),
        (b'{"ssim": Infinity}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"protocol_settings":' + b"[" * 500 + b"]" * 500 + b"}", "nested"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"ssim": 1' + b"0" * 5000 + b"}", "not JSON"),
    ],
)
def test_damaged_json(folder, text, match):
    (folder / "scores.json").write_bytes(text)
    sentence(folder, match)


def test_a_table_of_other_pairs(folder):
    path = folder / "scores.csv"
    path.write_text(path.read_text().replace("p0_a.jpg,p0_b.jpg", "p0_a.jpg,p0_c.jpg", 1))
    sentence(folder, "other pairs")


@pytest.mark.parametrize("name", ["scores.json", "scores.csv"])
def test_random_damage_is_one_sentence(folder, name):
    random, path = np.random.default_rng(0), folder / name
    whole = path.read_bytes()
    for trial in range(300):
        data = bytearray(whole)
        if trial % 3 == 0:
            del data[random.integers(len(data)) :]
        else:
            for place in random.integers(0, len(data), 1 + trial % 4):
                data[place] = random.integers(256)
        path.write_bytes(data)
        try:
            read_run(folder, "a")
        except DataError as error:
            assert "\n" not in str(error)
