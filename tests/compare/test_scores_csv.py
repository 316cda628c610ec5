import numpy as np
import pytest

from pgig.compare.scores_csv import read_table
from pgig.errors import DataError
from tests.compare.comparison_runs import PAIRS, write_run


@pytest.fixture
def path(tmp_path):
    write_run(tmp_path, draw=False)
    return tmp_path / "scores.csv"


def sentence(path, match):
    with pytest.raises(DataError, match=match) as error:
        read_table(path)
    text = str(error.value)
    assert "\n" not in text and len(text) < 500


def test_a_table(path, tmp_path):
    _, expected = write_run(tmp_path, draw=False)
    pairs, columns = read_table(path)
    assert list(pairs) == PAIRS and list(columns) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(columns[name], values)


def test_undefined_scores_are_empty_cells(path):
    lines = path.read_text().splitlines()
    fields = lines[3].split(",")
    lines[3] = ",".join([*fields[:2], "", *fields[3:]])
    path.write_text("\n".join(lines))
    assert np.flatnonzero(np.isnan(read_table(path)[1]["ssim"])).tolist() == [2]


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("from,to,", "name,to,", "from,to"),
        ("from,to,ssim,l1", "from,to,ssim,ssim", "different names"),
        ("p0_a.jpg,p0_b.jpg,", "p0_a.jpg,p0_b.jpg,1,", "7 fields"),
        ("p0_a.jpg,p0_b.jpg,", "p0_a.jpg,p0_b.jpg,x", "no number"),
        ("p0_a.jpg,p0_b.jpg,", "p0_a.jpg,p0_b.jpg,1_", "no number"),
        ("p0_a.jpg,p0_b.jpg,0", "p0_a.jpg,p0_b.jpg,nan", "no number"),
        ("p0_a.jpg,p0_b.jpg,0", "p0_a.jpg,p0_b.jpg,1e999", "no number"),
        ("p0_a.jpg", '"p0_a.jpg"x', "comma-separated"),
    ],
)
def test_damaged_tables(path, old, new, match):
    path.write_text(path.read_text().replace(old, new, 1))
    sentence(path, match)


def test_a_table_without_pairs(path):
    path.write_text("from,to,ssim,l1,pckh_correct,pckh_total\n")
    sentence(path, "no pair")


def test_files_that_are_too_large_are_not_read(path):
    with open(path, "r+b") as file:
        file.truncate(1 << 30)
    sentence(path, "larger than 64 MiB")
