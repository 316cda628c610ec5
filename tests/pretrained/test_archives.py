"""Members of zips and tars as streams: what is read, and what hostile archives can not do."""

import gzip
import io
import tarfile
import tracemalloc
import zipfile

import pytest

from pgig.errors import WeightsError
from pgig.pretrained.archives import members, reading

FILES = {"folder/deep/one.bin": bytes(range(256)) * 9, "two.txt": b"", "./three": b"3" * 512, "four": b"4" * 513}


def zipped(files, **options):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", options.pop("compression", zipfile.ZIP_DEFLATED), **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(files, mode="w:gz", links=(), form=tarfile.PAX_FORMAT):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode, format=form) as archive:
        for kind, name in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1.5
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def read(tmp_path, data, amount=100):
    """{base name: bytes} of an archive."""
    path = tmp_path / "archive"
    path.write_bytes(data)
    with open(path, "rb") as stream, reading(path):
        return {name: b"".join(iter(lambda take=take: take(amount), b"")) for name, _, take in members(path, stream)}


def sentence(tmp_path, data):
    """What is said of an archive that cannot be read, with all memory that it took below 20 MB."""
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError) as caught:
            read(tmp_path, data, 2**20)
        assert tracemalloc.get_traced_memory()[1] < 2e7
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    return str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        zipped(FILES),
        zipped(FILES, compression=zipfile.ZIP_STORED),
        tarred(FILES),
        tarred(FILES, mode="w:"),
        tarred(FILES, form=tarfile.GNU_FORMAT),
        tarred(FILES, form=tarfile.USTAR_FORMAT),
    ],
    ids=["zip", "stored", "pax", "tar", "gnu", "ustar"],
)
def test_plain_files(tmp_path, data):
    assert read(tmp_path, data) == {name.rsplit("/", 1)[-1]: content for name, content in FILES.items()}
    assert read(tmp_path, data, 2**20).keys() == {"one.bin", "two.txt", "three", "four"}


def test_members_need_not_be_read(tmp_path):
    path = tmp_path / "archive"
    for data in (zipped(FILES), tarred(FILES)):
        path.write_bytes(data)
        with open(path, "rb") as stream:
            assert [(name, size) for name, size, _ in members(path, stream)] == [
                (name.rsplit("/", 1)[-1], len(content)) for name, content in FILES.items()
            ]


def test_links_devices_and_long_names_are_passed_over(tmp_path):
    kinds = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
    links = [(kind, f"one{number}.bin") for number, kind in enumerate(kinds)]
    long_name = {"x" * 300 + "/one.bin": b"1", "a/last": b"2"}
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        found = read(tmp_path, tarred(long_name, links=links, form=form))
        assert found["last"] == b"2" and not any(name in found for _, name in links)


def test_other_files_have_no_members(tmp_path):
    for data in (b"", b"text", bytes(2000), gzip.compress(b"")):
        assert read(tmp_path, data) == {}


def test_damage_is_told(tmp_path):
    for data in (zipped(FILES), tarred(FILES), tarred(FILES, mode="w:")[:1600], gzip.compress(b"no tar" * 200)):
        assert "archive" in sentence(tmp_path, data[: len(data) * 2 // 3])
    for other in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert read(tmp_path, zipped(FILES, compression=other)) == {}


def test_locked_members_are_passed_over(tmp_path):
    data = bytearray(zipped({"one": b"1", "two": b"2"}))
    data[data.index(b"PK\1\2") + 8] |= 1
    assert read(tmp_path, bytes(data)) == {"two": b"2"}


def test_a_member_without_a_name(tmp_path):
    nameless = zipped({"x": b"1"}, compression=zipfile.ZIP_STORED).replace(b"x", b"\0")
    assert read(tmp_path, nameless) == {"": b"1"}
    assert read(tmp_path, tarred({"": b"1"})) == {"": b"1"}


def test_zip_bombs_are_bounded(tmp_path):
    data = zipped({"one": bytes(50_000_000)})
    path = tmp_path / "archive"
    path.write_bytes(data)
    tracemalloc.start()
    with open(path, "rb") as stream:
        _, size, take = next(run := members(path, stream))
        assert size == 50_000_000 and len(take(1000)) == 1000
        run.close()
    assert tracemalloc.get_traced_memory()[1] < 2e6
    tracemalloc.stop()

    # A directory of a declared size that no package has, and one of the 64-bit form.
    huge = bytearray(zipped(FILES))
    huge[-10:-6] = b"\xff\xff\xff\x0f"
    assert "larger" in sentence(tmp_path, bytes(huge))
    wide = zipped(FILES)
    assert "larger" in sentence(tmp_path, wide[:-22] + b"PK\6\7" + bytes(16) + wide[-22:])


def test_tar_bombs_are_bounded(tmp_path):
    def header(size, kind=b"0"):
        field = bytearray(tarfile.TarInfo("one").tobuf(tarfile.USTAR_FORMAT))
        field[124:136] = b"%011o\0" % size
        field[156:157] = kind
        field[148:156] = b"%06o\0 " % (sum(field[:148]) + 256 + sum(field[156:]))
        return bytes(field)

    # 8 GB declared: as a file, as a name, as a record of attributes.
    for kind in (b"0", b"L", b"x", b"2"):
        assert "unpacks to more" in sentence(tmp_path, gzip.compress(header(2**33 - 1, kind)))
    # Thirty million bytes that are a name are never held together.
    assert read(tmp_path, gzip.compress(header(30_000_000, b"L") + bytes(30_000_128) + header(0))) == {"one": b""}
    negative = bytearray(header(0))
    negative[124:136] = b"\xff" * 12
    negative[148:156] = b"%06o\0 " % (sum(negative[:148]) + 256 + sum(negative[156:]))
    assert "number of a tar header" in sentence(tmp_path, bytes(negative))
    assert "ends too early" in sentence(tmp_path, header(5000) + bytes(100))
