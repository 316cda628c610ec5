import json

import numpy as np
import pytest

from pgig.errors import DataError
from pgig.estimate.table import GrowingTable, fault_of_name, mark_of
from pgig.pose.files import HEADER, read_annotations, write_annotations

MADE_WITH = {"estimator": "dots-1", "threshold": 0.3, "box": (1, 2, 3, 4)}
POSE = np.column_stack([np.arange(18), np.arange(18) + 0.6, np.ones(18)])


@pytest.fixture
def path(tmp_path):
    with GrowingTable(tmp_path / "new" / "table.csv", MADE_WITH) as table:
        table.append("a.jpg", POSE)
        table.append("b.jpg", np.tile((-1, -1, 0), (18, 1)))
    return tmp_path / "new" / "table.csv"


def test_rows_are_those_of_the_original_format(path):
    header, first, second, end = path.read_text().split("\n")
    numbers = list(range(18)), list(range(1, 19))
    assert header == HEADER and end == ""
    assert first == f"a.jpg: {numbers[0]}: {numbers[1]}" and second == f"b.jpg: {[-1] * 18}: {[-1] * 18}"
    assert json.loads(mark_of(path).read_text()) == json.loads(json.dumps(MADE_WITH))


def test_every_row_is_in_the_file_at_once(path):
    with GrowingTable(path, MADE_WITH) as table:
        assert table.names == {"a.jpg", "b.jpg"}
        table.append("c.jpg", POSE)
        assert read_annotations(path).names == ["a.jpg", "b.jpg", "c.jpg"]


@pytest.mark.parametrize("lost", [1, 2, 30, 100])
def test_a_half_written_row_is_removed(path, lost):
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    with GrowingTable(path, MADE_WITH) as table:
        # Without its line break alone, the row is whole.
        names = ["a.jpg", "b.jpg"] if lost == 1 else ["a.jpg"]
        assert sorted(table.names) == names
        table.append("c.jpg", POSE)
    assert read_annotations(path).names == [*names, "c.jpg"]


def test_a_table_of_the_header_alone_is_begun(tmp_path):
    for content in (HEADER, "\ufeff" + HEADER, HEADER + "\r\n"):
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode())
        with GrowingTable(path, MADE_WITH) as table:
            table.append("a.jpg", POSE)
        assert read_annotations(path).names == ["a.jpg"]


def test_other_files_are_left_as_they_are(tmp_path):
    path = tmp_path / "table.csv"
    for content in (b"", b"from,to\na.jpg,b.jpg\n", b"some text", b"\x89PNG\r\n\x1a\n"):
        path.write_bytes(content)
        with pytest.raises(DataError):
            GrowingTable(path, MADE_WITH)
        assert path.read_bytes() == content


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"threshold": 0.2}, "made with threshold 0.3, now it is 0.2"),
        ({"estimator": "movenet"}, "made with estimator dots-1, now it is movenet"),
        ({"box": None}, r"made with box \[1, 2, 3, 4\], now it is None"),
    ],
)
def test_rows_of_different_making_are_not_mixed(path, change, sentence):
    before = path.read_bytes(), mark_of(path).read_bytes()
    with pytest.raises(DataError, match=sentence), GrowingTable(path, MADE_WITH | change):
        raise AssertionError
    assert (path.read_bytes(), mark_of(path).read_bytes()) == before
    with GrowingTable(path, MADE_WITH | change, mix=True) as table:
        table.append("c.jpg", POSE)
    assert len(read_annotations(path)) == 3 and mark_of(path).read_bytes() == before[1]


@pytest.mark.parametrize("mark", [None, b"", b"[1]", b"\xff", b"{}"])
def test_a_table_of_unknown_making_is_not_continued(tmp_path, mark):
    path = tmp_path / "table.csv"
    write_annotations(path, ["a.jpg"], [POSE])
    if mark is not None:
        mark_of(path).write_bytes(mark)
    with pytest.raises(DataError, match="--mix"), GrowingTable(path, MADE_WITH):
        raise AssertionError


def test_names_that_a_table_cannot_hold():
    assert fault_of_name("a b_c-1 (ü).jpg") is None
    for name in ("a:b.jpg", " a.jpg", "a.jpg ", "a\nb.jpg", "\udcff.jpg"):
        assert "rename it" in fault_of_name(name)
