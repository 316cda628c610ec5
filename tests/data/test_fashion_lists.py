"""DeepFashion sorted by lists of names, in both forms."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.data.fashion_lists import FORMS, generate_fashion, list_name, read_list
from pgig.errors import DataError, StorageError
from tests.conftest import file_size_limit

FRONT, BACK, NOBODY = (
    f"{folder}/{file}.jpg"
    for folder, file in (
        ("WOMEN/Tees_Tanks/id_00000001", "01_1_front"),
        ("MEN/Denim/id_00000080", "02_3_back"),
        ("MEN/Denim/id_00000080", "02_4_full"),
    )
)
NAMES = ("fashionWOMENTees_Tanksid0000000101_1front.jpg", "fashionMENDenimid0000008002_3back.jpg")


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A working directory with three pictures under both usual folders, and the lists of two of them."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for form in FORMS.values():
        for path in (FRONT, BACK, NOBODY):
            file = Path(form.input_dir, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            pixels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).resize((256, 256)).save(file, quality=95)
    Path("train.lst").write_text(f"{NAMES[0]}\r\n\nfashionMENDenimid0000000001_1front.jpg\n")
    Path("test.lst").write_text(f"{NAMES[1]}\n")
    return tmp_path


def generate(form="gfla", **options):
    return generate_fashion(form, "train.lst", "test.lst", progress=False, **options)


def written(form):
    root = Path(FORMS[form].output_dir)
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}


def test_names_are_put_together_from_folders():
    assert (list_name(FRONT.split("/")), list_name(BACK.split("/"))) == NAMES
    assert list_name(("MEN", "A_B", "id_1", "02_7_a_b.jpg")) == "fashionMENA_Bid102_7ab.jpg"


def test_high_resolution_pictures_are_copied_as_they_are(work):
    text = generate()
    files = written("gfla")
    assert set(files) == {f"train/{NAMES[0]}", f"test/{NAMES[1]}"}
    assert files[f"test/{NAMES[1]}"].read_bytes() == Path("img_highres", BACK).read_bytes()
    assert "train: 1 picture." in text and "test: 1 picture." in text and "In neither list: 1 picture." in text
    assert "In the list of train, but no picture: fashionMENDenimid0000000001_1front.jpg." in text


def test_margins_are_cut_off(work):
    generate("patn")
    path = written("patn")[f"train/{NAMES[0]}"]
    with Image.open(path) as picture, Image.open(Path("fashion", FRONT)) as whole:
        assert picture.size == (176, 256)
        whole.crop((40, 0, 216, 256)).save("expected.jpg")
    assert path.read_bytes() == Path("expected.jpg").read_bytes()


def test_what_is_there_is_not_written_again(work):
    generate()
    first, second = (written("gfla")[name] for name in sorted(written("gfla")))
    second.unlink()
    (first.parent / ".writing-x.jpg").touch()
    times = first.stat().st_mtime_ns
    text = generate()
    assert "test: 1 picture, 1 of them were there already." in text and "train: 1 picture." in text
    assert first.stat().st_mtime_ns == times and len(written("gfla")) == 2


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_leaves_whole_pictures_and_the_rest_is_written_later(work, form):
    large = Path(FORMS[form].input_dir, BACK)
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (256, 256, 3), dtype=np.uint8)).save(large)
    with file_size_limit(22_000), pytest.raises(StorageError, match="No space is left"):
        generate(form)
    assert set(written(form)) == {f"train/{NAMES[0]}"}
    assert "1 of them were there already" in generate(form)
    assert len(written(form)) == 2


@pytest.mark.parametrize(
    "text, sentence",
    [
        (None, "list.lst cannot be read .*--train_list"),
        (b"", "list.lst is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a.jpg\n../b.jpg\n", "list.lst, line 2, names a picture '../b.jpg'"),
        (b"from,to\n", "line 1"),
    ],
)
def test_wrong_lists_are_refused(tmp_path, text, sentence):
    path = tmp_path / "list.lst"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(DataError, match=sentence):
        read_list(path)


def test_what_does_not_fit_together_is_refused_before_anything_is_written(work):
    with pytest.raises(DataError, match="no pictures under absent"):
        generate(input_dir="absent")
    Path("test.lst").write_text(f"{NAMES[0]}\n")
    with pytest.raises(DataError, match=f"{NAMES[0]} is in both train.lst and test.lst"):
        generate()
    for name in ("train", "test"):
        Path(f"{name}.lst").write_text(f"{name}.jpg\n")
    with pytest.raises(DataError, match=f"None of the 3 pictures .* first would be called {NAMES[1]}"):
        generate()
    twin = Path("img_highres", BACK.replace("02_3_back", "02_3back"))
    Path("img_highres", BACK).with_name(twin.name).touch()
    with pytest.raises(DataError, match=f"would both be called {NAMES[1]}"):
        generate()
    assert not Path("fasion-dataset").exists()


def test_large_pictures_are_no_pictures_with_margins(work):
    Image.new("RGB", (750, 1101)).save(Path("fashion", FRONT))
    with pytest.raises(DataError, match="1101 x 750 .* --form patn .* --form gfla"):
        generate("patn")
