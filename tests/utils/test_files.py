"""Files appear whole or not at all."""

import pytest

from pgig.errors import StorageError
from pgig.utils.files import atomic_folder, atomic_path, require_folder, sweep, write_text
from tests.conftest import file_size_limit


def test_a_failed_block_leaves_the_old_file(tmp_path):
    path = tmp_path / "new" / "a.txt"
    write_text(path, "old")
    with pytest.raises(KeyError), atomic_path(path) as temporary:
        temporary.write_text("new")
        raise KeyError
    assert [(file.name, file.read_text()) for file in path.parent.iterdir()] == [("a.txt", "old")]


def test_a_folder_replaces_another_as_a_whole(tmp_path):
    for name in ("a", "b"):
        with atomic_folder(tmp_path / "folder") as temporary:
            (temporary / "inner").mkdir()
            (temporary / "inner" / name).write_text(name)
    assert [path.name for path in (tmp_path / "folder").rglob("*")] == ["inner", "b"]
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk_is_one_sentence(tmp_path):
    with file_size_limit(1000), pytest.raises(StorageError, match="No space is left on the device") as caught:
        write_text(tmp_path / "a.txt", "x" * 2000)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="choose a folder that you may write to"):
        require_folder(tmp_path / "file" / "folder")
    require_folder(tmp_path / "good" / "folder")
    assert not list((tmp_path / "good" / "folder").iterdir())


def test_what_killed_programs_left_is_swept(tmp_path):
    (tmp_path / ".writing-a-1.png").touch()
    (tmp_path / ".writing-b-2").mkdir()
    (tmp_path / "a.png").touch()
    sweep(tmp_path, "a")
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", ".writing-b-2"}
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a.png"}
