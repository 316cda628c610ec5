"""Putting files into the weights folder: whole and right, or not at all."""

import os

import numpy as np
import pytest

from pgig.errors import PgigError, StorageError, WeightsError
from pgig.pretrained.adding import add
from pgig.pretrained.catalogue import check
from tests.conftest import file_size_limit
from tests.pretrained.test_archives import tarred, zipped
from tests.pretrained.weight_records import ALL, LEFT, NEW, ONE, PLAIN, RECORDS, RIGHT, arrange, put

PACKAGE = {"package/package.json": b"{}", "package/pair.json": LEFT, "package/pair.bin": RIGHT, "a/one.ckpt": ONE}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    return arrange(tmp_path, monkeypatch)


def source(tmp_path, data, name="package.tgz"):
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


def kept(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def refusal(path, folder):
    """The sentence with which `path` is refused; nothing is left behind by it."""
    before = kept(folder)
    with pytest.raises(WeightsError) as caught:
        add(path)
    assert kept(folder) == before
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and str(path) in text
    return text


@pytest.mark.parametrize("pack", [zipped, tarred, lambda files: tarred(files, mode="w:")], ids=["zip", "tgz", "tar"])
def test_out_of_a_package(tmp_path, folder, pack):
    archive = source(tmp_path, pack(PACKAGE))
    assert [(one.key, one.path.name, one.state) for one in add(archive)] == [
        ("one", "one.ckpt", "added"), ("pair", "pair.json", "added"), ("pair", "pair.bin", "added")
    ]  # fmt: skip
    assert kept(folder) == {"one.ckpt": ONE, "pair.json": LEFT, "pair.bin": RIGHT}
    times = [os.stat(path).st_mtime_ns for path in sorted(folder.iterdir())]
    assert {one.state for one in add(str(archive))} == {"already there"}
    assert [os.stat(path).st_mtime_ns for path in sorted(folder.iterdir())] == times
    assert check("one") == check("pair") == "present"


def test_bare_files(tmp_path, folder):
    mine = put(tmp_path / "mine")
    for name, data in ALL.items():
        (mine / name).write_bytes(data)
    for name in ALL:
        assert {one.state for one in add(mine / name)} == {"already there" if name == "pair.bin" else "added"}
    assert kept(folder) == ALL
    for name in ALL:
        assert {one.state for one in add(mine / name)} == {"already there"}
        assert {one.state for one in add(folder / name)} == {"already there"}


def test_a_bare_file_is_known_by_its_content(tmp_path, folder):
    assert add(source(tmp_path, ONE, "one (1).ckpt.download"))[0].path == folder / "one.ckpt"
    assert add(source(tmp_path, NEW, "x"))[0].path.name == RECORDS[2].files[0].name


def test_a_generic_name_is_kept_under_a_telling_one(tmp_path, folder):
    assert add(source(tmp_path, zipped({"toy/generic.pb": ONE})))[0].path == folder / "one.ckpt"


def test_a_known_file_under_a_generic_name_stays(tmp_path, folder):
    put(folder, generic__pb=ONE)
    (one,) = add(source(tmp_path, ONE, "one.ckpt"))
    assert one.state == "already there" and kept(folder) == {"generic.pb": ONE}


def test_damaged_files_are_replaced(tmp_path, folder):
    put(folder, one__ckpt=ONE[:-1], loose__h5=b"old", plain__pb=PLAIN)
    states = [add(source(tmp_path, data, name))[0].state for name, data in (("one.ckpt", ONE), ("loose.h5", b"new"))]
    assert states == ["replaced", "replaced"]
    assert kept(folder) == {"one.ckpt": ONE, "loose.h5": b"new", "plain.pb": PLAIN}


def test_two_files_are_added_together(tmp_path, folder):
    left = source(tmp_path, LEFT, "pair.json")
    assert "lacks pair.bin" in refusal(left, folder)
    assert "lacks pair.json" in refusal(source(tmp_path, tarred({"pair.bin": RIGHT, "one.ckpt": ONE})), folder)
    put(tmp_path, pair__bin=RIGHT)
    assert [one.path.name for one in add(left)] == ["pair.json", "pair.bin"]


def test_paths_of_an_archive_lead_nowhere(tmp_path, folder):
    names = ("../../../one.ckpt", "/one.ckpt", "..\\one.ckpt", "a/../../plain.pb")
    for name in names:
        data = PLAIN if "plain" in name else ONE
        for pack in (zipped, tarred):
            try:
                add(source(tmp_path, pack({name: data})))
            except WeightsError:
                assert "\\" in name
    assert kept(folder) == {"one.ckpt": ONE, "plain.pb": PLAIN}
    assert {path.name for path in tmp_path.iterdir()} == {"weights", "package.tgz"}


def test_links_of_an_archive_are_not_files(tmp_path, folder):
    links = [(kind, "one.ckpt") for kind in (b"1", b"2", b"3", b"6")]
    assert "neither is nor holds" in refusal(source(tmp_path, tarred({"x": b""}, links=links)), folder)
    assert add(source(tmp_path, tarred({"one.ckpt": ONE}, links=links)))[0].state == "added"


def test_a_link_in_the_weights_folder_is_replaced_not_followed(tmp_path, folder):
    target = put(tmp_path / "precious", file=b"mine") / "file"
    put(folder)
    (folder / "one.ckpt").symlink_to(target)
    assert add(source(tmp_path, ONE, "one.ckpt"))[0].state == "replaced"
    assert target.read_bytes() == b"mine" and not (folder / "one.ckpt").is_symlink()


def test_what_is_not_as_published_is_refused(tmp_path, folder):
    altered = ONE[:100] + b"?" + ONE[101:]
    assert "SHA-256" in refusal(source(tmp_path, altered, "one.ckpt"), folder)
    for pack in (zipped, tarred):
        assert "SHA-256" in refusal(source(tmp_path, pack({"one.ckpt": altered, "plain.pb": PLAIN})), folder)
        assert "4,999 bytes" in refusal(source(tmp_path, pack({"one.ckpt": ONE[:-1]})), folder)
    assert "4,999 bytes" in refusal(source(tmp_path, ONE[:-1], "one.ckpt"), folder)
    assert "0 bytes" in refusal(source(tmp_path, b"", "loose.h5"), folder)


def test_what_is_no_archive_is_refused(tmp_path, folder):
    put(folder)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, tmp_path / "none", tmp_path / ("x" * 300), source(tmp_path, b"text")):
        refusal(path, folder)
    with pytest.raises(WeightsError, match="cannot be read"):
        add("a\0b")


def test_random_damage_is_one_sentence(tmp_path, folder):
    random = np.random.default_rng(0)
    refused = 0
    for data in (zipped(PACKAGE), tarred(PACKAGE), tarred(PACKAGE, mode="w:")):
        for round in range(80):
            broken = bytearray(data)
            for place in random.integers(0, len(data) if round % 2 else 600, 3):
                broken[place] = random.integers(256)
            # The directory of a zip, the last blocks of a tar.
            broken[-int(random.integers(1, 300))] ^= int(random.integers(1, 256))
            if round % 5 == 0:
                del broken[int(random.integers(1, len(broken))) :]
            try:
                add(source(tmp_path, bytes(broken)))
            except PgigError as error:
                assert "\n" not in str(error)
                refused += 1
            for name, content in kept(folder).items():
                assert content == ALL[name]
                (folder / name).unlink()
    assert refused > 60


def test_a_full_disk_leaves_nothing(tmp_path, folder):
    archive = source(tmp_path, zipped(PACKAGE))
    with file_size_limit(20_000), pytest.raises(StorageError, match="No space|cannot be written"):
        add(archive)
    assert kept(folder) == {}


def test_a_folder_that_is_none(tmp_path, folder):
    folder.write_text("a file")
    with pytest.raises(StorageError):
        add(source(tmp_path, ONE, "one.ckpt"))
