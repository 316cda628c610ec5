from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.errors import DataError, OptionsError
from pgig.generate import grid
from pgig.generate.pixels import minmax, to_bytes, write_picture

SIZE = (6, 4)


def level(number):
    """A picture whose values say which one it is."""
    return np.arange(72, dtype=np.uint8).reshape(*SIZE, 3) + np.uint8(10 * number)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Seven pictures, two of them JPEG, and a text."""
    monkeypatch.chdir(tmp_path)
    Path("pictures").mkdir()
    for number in range(7):
        Image.fromarray(level(number)).save(f"pictures/{number}.{'jpg' if number > 4 else 'png'}")
    Path("pictures/notes.txt").write_text("no picture")
    return "pictures"


def make(folder, output="grid.png", samples=20, columns=5, seed=0, normalise="fixed"):
    grid.run(folder, output, samples, columns, seed, normalise)
    with Image.open(output) as picture:
        return np.asarray(picture), picture.format


def cells(pixels):
    """(rows, columns, H, W, 3)."""
    height, width = SIZE
    return pixels.reshape(pixels.shape[0] // height, height, -1, width, 3).swapaxes(1, 2)


def which(cell):
    """The number of the nearest picture; None for black."""
    return int(np.argmin([np.abs(cell.astype(int) - level(n)).sum() for n in range(7)])) if cell.any() else None


def test_all_pictures_are_there_once_and_their_pixels_as_they_are(folder, capsys):
    pixels, format = make(folder)
    assert format == "PNG" and pixels.shape == (2 * SIZE[0], 5 * SIZE[1], 3)
    assert "7 pictures, fewer than 20" in capsys.readouterr().out
    flat = cells(pixels).reshape(-1, *SIZE, 3)
    shown = [which(cell) for cell in flat]
    assert sorted(shown[:7]) == list(range(7)) and shown[7:] == [None] * 3
    for cell, number in zip(flat, shown, strict=True):
        if number is not None and number < 5:
            np.testing.assert_array_equal(cell, level(number))


def test_the_draw_is_that_of_the_seed(folder):
    draws = [make(folder, samples=4, seed=seed)[0].tobytes() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


def test_fewer_pictures_than_columns(folder):
    assert make(folder, samples=3)[0].shape == (SIZE[0], 3 * SIZE[1], 3)
    assert make(folder, samples=3, columns=1)[0].shape == (3 * SIZE[0], SIZE[1], 3)


def test_jpeg_by_name(folder):
    assert make(folder, "grid.JPG")[1] == "JPEG"


def test_minmax_stretches_all_pictures_together(folder):
    plain = make(folder)[0]
    stretched = make(folder, "stretched.png", normalise="minmax")[0]
    inside = cells(plain).reshape(-1, *SIZE, 3)[:7]
    expected = np.floor((inside - inside.min()) / (int(inside.max()) - inside.min()) * 255 + 0.5)
    np.testing.assert_array_equal(cells(stretched).reshape(-1, *SIZE, 3)[:7], expected)
    assert stretched.max() == 255


def test_the_grid_of_before_is_not_drawn(folder):
    first, again = (make(folder, "pictures/grid.png")[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("size", [(7, 4), (6, 5)])
def test_pictures_of_several_sizes_are_refused(folder, size):
    Image.fromarray(np.zeros((*size, 3), np.uint8)).save("pictures/odd.png")
    with pytest.raises(DataError, match="odd.png.*one size"):
        make(folder)
    assert not Path("grid.png").exists()


def test_mistakes_leave_nothing(folder):
    with pytest.raises(OptionsError, match=r"grid.gif ends neither"):
        make(folder, "grid.gif")
    with pytest.raises(DataError, match="no folder absent"):
        make("absent")
    Path("pictures/0.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="0.png"):
        make(folder)
    Path("one").mkdir()
    Image.fromarray(level(0)).save("one/grid.png")
    with pytest.raises(DataError, match="no picture but one/grid.png itself"):
        make("one", "one/grid.png")
    assert not list(Path().glob("grid*"))


def test_a_grid_too_large_is_refused(tmp_path):
    write_picture(tmp_path / "a" / "wide.png", np.zeros((2, 40000, 3), np.uint8))
    write_picture(tmp_path / "a" / "same.png", np.zeros((2, 40000, 3), np.uint8))
    with pytest.raises(OptionsError, match="2 x 80000 pixels"):
        make(tmp_path / "a", tmp_path / "grid.png")


def test_mappings():
    values = np.array([-1.5, -1, 0, 0.5, 1], np.float32)
    assert to_bytes(values, "fixed").tolist() == [0, 0, 127, 191, 255]
    assert to_bytes(values, "minmax").tolist() == [0, 51, 153, 204, 255]
    assert minmax(np.full(3, 0.25)).tolist() == [0, 0, 0]


def test_gaps_are_black_and_all_around():
    pixels = np.random.default_rng(0).integers(1, 256, (3, *SIZE, 3), dtype=np.uint8)
    tiled = grid.tile(pixels, 2, gap=2)
    assert tiled.shape == (2 * 8 + 2, 2 * 6 + 2, 3)
    for number, (top, left) in enumerate([(2, 2), (2, 8), (10, 2)]):
        cell = tiled[top : top + SIZE[0], left : left + SIZE[1]]
        np.testing.assert_array_equal(cell, pixels[number])
        cell[:] = 0
    assert not tiled.any()
