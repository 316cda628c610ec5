import numpy as np
import pytest
from PIL import Image

from pgig.errors import DataError
from pgig.layouts.triptych import list_triptychs, names_of, read_triptych, triptych_name, write_triptych

SIZE = (6, 4)


def panels(seed=0):
    return tuple(np.random.default_rng(seed).integers(0, 256, (3, *SIZE, 3)).astype(np.uint8))


@pytest.mark.parametrize(
    "pair",
    [
        ("0207_c2s1_045276_01.jpg", "0207_c4s1_041626_06.jpg"),
        ("-1_c1s1.jpg", "über & co.JPEG"),
        ("a.b.png", "c(1).jpg"),
        ("a.jpg.jpg", "b.bmp"),
    ],
)
def test_names_come_back_whatever_characters_they_hold(pair):
    assert names_of(triptych_name(*pair)) == pair


@pytest.mark.parametrize("name", ["a.jpg.png", "a_b.png", "a.jpg_b.jpg.jpg", ".png"])
def test_other_file_names_are_refused(name):
    with pytest.raises(DataError, match="<from>_<to>.png"):
        names_of(name)


@pytest.mark.parametrize("name", ["../x.jpg", "/etc/x.jpg", "a\\b.jpg", "x", "", "a/b.jpg", "x\0.jpg"])
def test_names_that_lead_out_of_the_folder_are_refused(name):
    with pytest.raises(DataError, match="plain file name"):
        triptych_name("a.jpg", name)


def test_pictures_are_read_back_sorted(tmp_path):
    written = {f"{name}.jpg": panels(seed) for seed, name in enumerate("cab")}
    for name, pictures in written.items():
        write_triptych(tmp_path / "out", name, "t.jpg", *pictures)
    (tmp_path / "out" / "scores.json").write_text("{}")
    listed = list_triptychs(tmp_path / "out")
    assert [source for source, _, _ in listed] == ["a.jpg", "b.jpg", "c.jpg"]
    for source, target, path in listed:
        assert target == "t.jpg"
        np.testing.assert_array_equal(read_triptych(path, SIZE), written[source])


def test_wrong_sizes_and_damaged_files_are_refused(tmp_path):
    path = write_triptych(tmp_path, "a.jpg", "b.jpg", *panels())
    with pytest.raises(DataError, match="6 x 12 pixels"):
        read_triptych(path, (6, 5))
    Image.new("RGB", (4, 6)).save(path)
    with pytest.raises(DataError, match="6 x 4 pixels"):
        read_triptych(path, SIZE)
    path.write_bytes(b"no picture")
    with pytest.raises(DataError):
        read_triptych(path, SIZE)


def test_missing_and_empty_folders_are_refused(tmp_path):
    with pytest.raises(DataError, match="no folder"):
        list_triptychs(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no PNG"):
        list_triptychs(tmp_path)
