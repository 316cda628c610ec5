import importlib.util
import subprocess
import sys

import pytest

from pgig.errors import DataError, MissingPackageError
from pgig.utils.stores import fetch, tensorflow_io_schemes

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def market(tmp_path):
    """A little data set on disk and the same in fsspec's memory."""
    files = {"train/a.jpg": b"first", "train/deeper/b.jpg": b"second", "pairs.csv": b"from,to\n"}
    memory = fsspec.filesystem("memory")
    for name, data in files.items():
        path = tmp_path / "store" / "market" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        memory.pipe(f"/market/{name}", data)
    yield files, {"file": f"file://{tmp_path}/store/market", "memory": "memory://market"}
    memory.rm("/", recursive=True)


@pytest.mark.parametrize("scheme", ["file", "memory"])
def test_fetch_folder(market, tmp_path, scheme):
    files, urls = market
    copy = fetch(urls[scheme], tmp_path / "cache")
    assert copy.name == "market"
    assert {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()} == set(files)
    assert all((copy / name).read_bytes() == data for name, data in files.items())


@pytest.mark.parametrize("scheme", ["file", "memory"])
def test_fetch_file_once(market, tmp_path, scheme):
    _, urls = market
    copy = fetch(f"{urls[scheme]}/pairs.csv", tmp_path / "cache")
    assert copy.read_bytes() == b"from,to\n"

    copy.write_bytes(b"kept")
    assert fetch(f"{urls[scheme]}/pairs.csv", tmp_path / "cache").read_bytes() == b"kept"


def test_local_path_is_returned(tmp_path):
    assert fetch(tmp_path / "x", tmp_path / "cache") == tmp_path / "x"
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("url", ["memory://nothing/here", "nonsense://bucket/file"])
def test_one_sentence_and_no_cache(tmp_path, url):
    with pytest.raises(DataError, match=url) as caught:
        fetch(url, tmp_path / "cache")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("*here*"))
    assert not list((tmp_path / "cache").glob("*"))


@pytest.mark.skipif(importlib.util.find_spec("s3fs") is not None, reason="the driver is installed")
def test_missing_driver(tmp_path):
    with pytest.raises(MissingPackageError, match="s3fs"):
        fetch("s3://bucket/market", tmp_path)


def test_name_that_points_out_of_the_folder_is_refused(tmp_path):
    memory = fsspec.filesystem("memory")
    memory.store["/evil/../../out.txt"] = memory.open("/evil/x", "wb")
    memory.store["/evil/../../out.txt"].commit()
    try:
        with pytest.raises(DataError, match="points out"):
            fetch("memory://evil", tmp_path / "cache")
    finally:
        memory.store.clear()
        memory.pseudo_dirs[:] = [""]
    assert not list(tmp_path.rglob("out.txt"))


@pytest.mark.slow
def test_tensorflow_io_that_adds_nothing(tmp_path):
    """An import that succeeds and warns is not taken for a working package."""
    pytest.importorskip("tensorflow")
    (tmp_path / "tensorflow_io.py").write_text("import warnings\nwarnings.warn('undefined symbols')\n")
    program = "from pgig.utils.stores import tensorflow_io_schemes as s; print(s(), s())"
    done = subprocess.run(
        [sys.executable, "-W", "error:undefined", "-c", program],
        env={"PYTHONPATH": f".:{tmp_path}", "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": ""},
        capture_output=True, text=True, check=True,
    )
    assert done.stdout == "set() set()\n"


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("tensorflow_io") is not None, reason="the package is installed")
def test_no_tensorflow_io():
    assert tensorflow_io_schemes() == set()
