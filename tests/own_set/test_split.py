from itertools import permutations

import pytest

from pgig.data.pairs import make_pairs
from pgig.errors import DataError
from pgig.own_set.split import people_for_testing, pictures_for_testing, some_pairs

COUNTS = {f"p{number}": 2 for number in range(20)}


@pytest.mark.parametrize(("share", "count"), [(0.2, 4), (0.001, 1), (0.999, 19), (0.5, 10)])
def test_a_share_of_the_people(share, count):
    chosen = people_for_testing(COUNTS, share)
    assert len(chosen) == count and chosen < COUNTS.keys()
    # Neither their order nor people without pairs decide.
    assert chosen == people_for_testing({"alone": 1} | dict(reversed(COUNTS.items())), share)


def test_people_by_name():
    assert people_for_testing(COUNTS | {"alone": 1}, 0.2, ("p3", "alone")) == {"p3", "alone"}
    with pytest.raises(DataError, match=r"--test_ids 'x' is nobody: choose of p0, p1, p2, p3, p4 and 15 more\."):
        people_for_testing(COUNTS, 0.2, ("p3", "x"))
    with pytest.raises(DataError, match="left for training"):
        people_for_testing({"a": 2, "b": 2, "c": 1}, 0.2, ("a", "b"))
    with pytest.raises(DataError, match="left for testing"):
        people_for_testing({"a": 2, "b": 2, "c": 1}, 0.2, ("c",))


def test_two_people_with_pairs_are_needed():
    with pytest.raises(DataError, match="Only 'a' has two or more usable photos, of 2 people"):
        people_for_testing({"a": 9, "b": 1}, 0.2)
    with pytest.raises(DataError, match="Nobody has two or more"):
        people_for_testing({"a": 1}, 0.2)


def test_the_last_pictures_of_everybody():
    names = {"a": [f"a{n}" for n in range(10)], "b": ["b0", "b1", "b2"], "c": ["c0", "c1", "c2", "c3"]}
    assert pictures_for_testing(names, 0.3) == {"a7", "a8", "a9", "c2", "c3"}
    assert pictures_for_testing(names, 0.9) == {f"a{n}" for n in range(2, 10)} | {"c2", "c3"}
    with pytest.raises(DataError, match="Nobody has 4 photos"):
        pictures_for_testing({"b": names["b"]}, 0.5)


def test_pairs_are_those_of_the_pair_maker_or_some_of_them():
    names = ["a_1.png", "b_1.png", "a_2.png", "c_1.png", "b_2.png", "a_3.png"]
    every, count = some_pairs(names, 8)
    assert every == make_pairs(names, [[[1, 1, 1]] * 18] * 6) and count == len(every) == 8
    for most in range(8):
        pairs, count = some_pairs(names, most)
        assert len(set(pairs)) == len(pairs) == most and set(pairs) <= set(every) and count == 8


def test_pairs_of_a_long_film_are_drawn_without_listing_all():
    names = [f"walk_{number}.png" for number in range(30_000)]
    pairs, count = some_pairs(names, 100)
    assert count == 30_000 * 29_999 and len(set(pairs)) == 100
    assert all(source != target for source, target in pairs)


def test_drawing_reaches_every_pair():
    names = [f"{person}_{number}.png" for person in "abc" for number in range(4)]
    every = {pair for person in "abc" for pair in permutations([n for n in names if n[0] == person], 2)}
    drawn, count = some_pairs(names, len(every) - 1)
    assert count == len(every) and len(every - set(drawn)) == 1
    # A limit on test pairs takes the first ones: these are of all people.
    assert {source[0] for source, _ in drawn[:12]} == set("abc")
