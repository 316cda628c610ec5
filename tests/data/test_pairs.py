import random

import numpy as np
import pytest

from pgig.data.pairs import identity, make_pairs, person, read_pairs, sample_pairs, write_pairs
from pgig.errors import DataError

PAIRS = [("a_1.jpg", "a_2.jpg"), ("a,b.jpg", 'q"uote.jpg'), ("ü.jpg", "x y.png")]


def test_round_trip(tmp_path):
    path = tmp_path / "pairs.csv"
    write_pairs(path, PAIRS)
    assert path.read_text(encoding="utf-8").startswith("from,to\na_1.jpg,a_2.jpg\n")
    assert read_pairs(path) == PAIRS


def test_other_line_ends_marks_and_blanks_are_read(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_bytes(b"\xef\xbb\xbffrom,to\r\n\r\na.jpg, b.jpg\r\n")
    assert read_pairs(path) == [("a.jpg", "b.jpg")]


@pytest.mark.parametrize(
    "text, where",
    [
        (b"", "is empty"),
        (b"source,target\na,b\n", "begins with"),
        (b"from,to\na,b\nc\n", "line 3"),
        (b"from,to\na,\n", "line 2"),
        (b"from,to\na,b,c\n", "line 2"),
        (b'from,to\n"a,b\n', "line 2"),
        (b"from,to\n\xff,b\n", "UTF-8"),
    ],
)
def test_wrong_lists_are_refused_with_their_line(tmp_path, text, where):
    path = tmp_path / "pairs.csv"
    path.write_bytes(text)
    with pytest.raises(DataError, match=where):
        read_pairs(path)


def test_a_missing_list_names_the_program_that_makes_it(tmp_path):
    with pytest.raises(DataError, match=r"create_pairs_dataset\.py"):
        read_pairs(tmp_path / "absent.csv")


def test_any_bytes_give_pairs_or_a_data_error(tmp_path):
    path, rng = tmp_path / "pairs.csv", random.Random(0)
    write_pairs(path, PAIRS)
    good = path.read_bytes()
    for _ in range(400):
        damaged = bytearray(good)
        for _ in range(rng.randint(1, 5)):
            damaged[rng.randrange(len(damaged))] = rng.choice(b'\x00\n\r",\xff a')
        path.write_bytes(bytes(damaged[rng.randrange(4) :]))
        try:
            assert all(len(pair) == 2 and all(pair) for pair in read_pairs(path))
        except DataError:
            pass


def test_pairs_are_permutations_of_valid_poses_person_by_person():
    names = [
        "2_a.jpg",
        "1_a.jpg",
        "2_b.jpg",
        "1_b.jpg",
        "2_c.jpg",
        "0000_a.jpg",
        "0000_b.jpg",
        "-1_a.jpg",
        "-1_b.jpg",
    ]
    keypoints = np.ones((len(names), 18, 3), np.float32)
    keypoints[4, 8, 2] = 0
    expected = [
        ("2_a.jpg", "2_b.jpg"),
        ("2_b.jpg", "2_a.jpg"),
        ("1_a.jpg", "1_b.jpg"),
        ("1_b.jpg", "1_a.jpg"),
    ]
    assert make_pairs(names, keypoints) == expected
    assert identity("0002_c1s1_000451_03.jpg") == "0002"


def test_sample_is_the_one_of_pandas():
    # pandas.DataFrame({"i": range(10)}).sample(n=4, random_state=0).i
    assert sample_pairs(list(range(10)), 4) == [2, 8, 4, 9]
    assert sorted(sample_pairs(list(range(10)), 99)) == list(range(10))
    assert sample_pairs([], 5) == []


def test_the_person_of_a_listed_picture_is_the_piece_of_clothing():
    names = [f"fashionWOMENTees_Tanksid00000001{number}_1{view}.jpg" for number in ("01", "02") for view in ("a", "b")]
    assert [person(name) for name in names[1:3]] == [name.rpartition("_")[0] for name in names[1:3]]
    assert person("0002_c1s1_000451_03.jpg") == "0002" == identity("0002_c1s1_000451_03.jpg")
    pairs = make_pairs(names, np.ones((4, 18, 3)))
    assert pairs == [(names[0], names[1]), (names[1], names[0]), (names[2], names[3]), (names[3], names[2])]
