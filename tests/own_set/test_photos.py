import shutil

import pytest

from pgig.data.pairs import identity, make_pairs
from pgig.errors import DataError, OptionsError
from pgig.own_set.photos import find_photos
from tests.own_set.conftest import album, put


def named(photos):
    return {photo.shown: (photo.person, photo.name) for photo in photos}


def test_people_are_sub_folders(photos):
    put("photos/ben/day 1/IMG_7.x.png")
    put("photos/stray.png")
    found, left_out = find_photos(photos)
    assert named(found) == {
        "Anna Maria/0.png": ("Anna Maria", "Anna-Maria_0.png"),
        "Anna Maria/1.png": ("Anna Maria", "Anna-Maria_1.png"),
        "ben/0.png": ("ben", "ben_0.png"),
        "ben/1.png": ("ben", "ben_1.png"),
        "ben/day 1/IMG_7.x.png": ("ben", "ben_day-1-IMG-7-x.png"),
        "cleo/0.png": ("cleo", "cleo_0.png"),
        "cleo/1.png": ("cleo", "cleo_1.png"),
        "cleo/2.png": ("cleo", "cleo_2.png"),
    }
    assert left_out == {"stray.png": "it lies in no sub-folder that says whose it is"}


def test_a_folder_without_folders_is_one_person(work):
    put("walk/a.png")
    put("walk/b.png")
    found, left_out = find_photos("walk")
    assert named(found) == {"a.png": ("walk", "walk_a.png"), "b.png": ("walk", "walk_b.png")}
    assert left_out == {}


def test_a_pattern_finds_people_in_names(work):
    for name in ("x/p01_a.png", "y/p01_b.png", "p02_a.png", "other.png", "p_.png"):
        put(f"all/{name}")
    found, left_out = find_photos("all", r"^p(\d*)_")
    assert named(found) == {
        "p02_a.png": ("02", "02_p02-a.png"),
        "x/p01_a.png": ("01", "01_x-p01-a.png"),
        "y/p01_b.png": ("01", "01_y-p01-b.png"),
    }
    assert set(left_out) == {"other.png", "p_.png"}


def test_different_people_and_photos_never_share_a_name(work):
    album("all", {"a b": 2, "a_b": 1, "A-B": 1, "0000": 1, "-1": 1, "__": 1})
    put("all/a b/1_.png")
    put("all/a b/1.bmp")
    found, _ = find_photos("all")
    names = [photo.name for photo in found]
    assert len({name.casefold() for name in names}) == len(names) == 9
    people = {photo.person: identity(photo.name) for photo in found}
    assert len(set(people.values())) == len(people) == 6
    # Names that the pair maker takes for nobody, or for somebody else, are not among them.
    assert len(make_pairs(names, [[[1, 1, 1]] * 18] * 9)) == 4 * 3


def test_one_file_counts_once(photos):
    shutil.copy("photos/ben/0.png", "photos/cleo/again.png")
    found, left_out = find_photos(photos)
    assert left_out == {"cleo/again.png": "it is the same file as ben/0.png"} and len(found) == 7


@pytest.mark.parametrize("pattern", ["(", "[a", "p", "(a)(b)", "(?P<x>a)(b)"])
def test_a_pattern_must_have_one_group(photos, pattern):
    with pytest.raises(OptionsError, match="--identity"):
        find_photos(photos, pattern)


def test_folders_without_anybody(work):
    (work / "empty").mkdir()
    with pytest.raises(DataError, match="empty holds no photos"):
        find_photos("empty")
    with pytest.raises(DataError, match="nowhere is no folder"):
        find_photos("nowhere")
    put("some/a.png")
    with pytest.raises(DataError, match="None of the 1 photos of some belongs to anybody. a.png: --identity"):
        find_photos("some", r"(\d+)")
