"""Annotation tables: round trip, both spellings, and one clear sentence for every way a file can be wrong."""

import json
import time

import numpy as np
import pytest

from pgig.errors import DataError
from pgig.pose.files import HEADER, add_visibility, format_row, parse_row, read_annotations, write_annotations

LIST = json.dumps(list(range(18)))


def test_round_trip(tmp_path, crowd):
    names = [f"{i:04d}_c1.jpg" for i in range(len(crowd))]
    for blank in (True, False):
        write_annotations(tmp_path / "a.csv", names, crowd, blank)
        table = read_annotations(tmp_path / "a.csv")
        assert table.names == names and len(table) == len(names)
        assert table.keypoints.dtype == np.float32
        np.testing.assert_array_equal(table.keypoints, crowd)


def test_rows_are_written_with_plain_integers(standing):
    standing[3] = (-1, -1, 0)
    name, (rows, columns) = parse_row(format_row("a.jpg", standing, blank=False))
    assert (name, rows[:4], columns[:4]) == ("a.jpg", [21, 31, 31, -1], [38, 35, 42, -1])
    assert format_row("a.jpg", standing).startswith("a.jpg: [21, 31, 31, -1,")
    assert format_row("a.jpg", standing, blank=False).startswith("a.jpg:[21, 31, 31, -1,")


def test_one_missing_coordinate_makes_a_joint_missing():
    coordinates = np.full((18, 2), 7)
    coordinates[4, 1] = -1
    keypoints = add_visibility(coordinates)
    assert keypoints[4].tolist() == [-1, -1, 0] and keypoints[5].tolist() == [7, 7, 1]


def test_header_only_is_an_empty_table(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + "\n")
    table = read_annotations(tmp_path / "a.csv")
    assert table.names == [] and table.keypoints.shape == (0, 18, 3)


def test_windows_line_ends_byte_order_mark_and_blank_lines(tmp_path):
    text = f"\ufeff{HEADER}\r\na.jpg: {LIST}: {LIST}\r\n\r\n"
    (tmp_path / "a.csv").write_bytes(text.encode())
    assert read_annotations(tmp_path / "a.csv").names == ["a.jpg"]


@pytest.mark.parametrize(
    "line",
    [
        f"a.jpg:{LIST}",
        f"a.jpg:{LIST}:{LIST}:1",
        f":{LIST}:{LIST}",
        f"a.jpg:{LIST}:[1, 2",
        f"a.jpg:{LIST}:[1, 2]",
        f"a.jpg:{LIST}:{LIST.replace('3', '3.5')}",
        f"a.jpg:{LIST}:{LIST.replace('17', 'true')}",
        f"a.jpg:{LIST}:{LIST.replace('17', 'NaN')}",
        f"a.jpg:{LIST}:{LIST.replace('17', '9' * 5000)}",
        f"a.jpg:{LIST}:{'[' * 100000}",
        f"a.jpg:{LIST}:{json.dumps({str(i): i for i in range(18)})}",
        f"ok.jpg:{LIST}:{LIST}",
    ],
)
def test_a_wrong_line_is_named(tmp_path, line):
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}\nok.jpg:{LIST}:{LIST}\n{line}\n")
    with pytest.raises(DataError) as error:
        read_annotations(path)
    message = str(error.value)
    assert message.startswith(f"{path}, line 3: ") and len(message) < 500 + len(str(path))


@pytest.mark.parametrize(
    "content", [b"", b"\n \n", b"from,to\na,b\n", b"\xff\xfe\x00", HEADER.encode("utf-16")]
)
def test_another_kind_of_file_is_refused(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match="a.csv"):
        read_annotations(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="nowhere.csv"):
        read_annotations(tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_annotations(tmp_path)


def test_damaged_files_give_a_table_or_a_data_error(tmp_path, crowd):
    path = tmp_path / "a.csv"
    write_annotations(path, [f"{i}.jpg" for i in range(len(crowd))], crowd)
    content = np.frombuffer(path.read_bytes(), np.uint8)
    random = np.random.default_rng(3)
    for _ in range(200):
        damaged = content[: random.integers(1, len(content) + 1)].copy()
        damaged[random.integers(0, len(damaged), 3)] = random.integers(0, 256, 3)
        path.write_bytes(damaged.tobytes())
        try:
            assert np.isfinite(read_annotations(path).keypoints).all()
        except DataError:
            pass


def test_twenty_thousand_rows_take_less_than_two_seconds(tmp_path, standing):
    row = format_row("", standing)
    (tmp_path / "a.csv").write_text("\n".join([HEADER, *(f"{i}.jpg{row}" for i in range(20_000))]))
    start = time.perf_counter()
    assert len(read_annotations(tmp_path / "a.csv")) == 20_000
    assert time.perf_counter() - start < 2
