"""One panel out of every strip: `python -m pgig crop`."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli.crop import crop
from pgig.errors import DataError, OptionsError

SIZE = (16, 16)


@pytest.fixture
def strips(work):
    """{name: (16, 80, 3) uint8} of two strips in the folder `strips`, a PNG and a JPEG."""
    random = np.random.default_rng(0)
    Path("strips").mkdir()
    pixels = {}
    for name in ("a.png___b.png_vis.png", "a.png___c.png_vis.jpg"):
        Image.fromarray(random.integers(0, 256, (16, 80, 3), dtype=np.uint8)).save(Path("strips", name))
        pixels[name] = np.asarray(Image.open(Path("strips", name)))
    Path("strips/index.html").write_text("<html>")
    return pixels


def test_the_last_panel_keeps_name_and_format(strips):
    crop(["-r", "strips", "-o", "cut"])
    assert {path.name for path in Path("cut").iterdir()} == set(strips)
    png, jpeg = strips
    np.testing.assert_array_equal(np.asarray(Image.open(Path("cut", png))), strips[png][:, 64:])
    # Columns 64 to 79 of the decoded strip, compressed again.
    expected = io.BytesIO()
    Image.fromarray(strips[jpeg][:, 64:]).save(expected, "JPEG")
    assert Path("cut", jpeg).read_bytes() == expected.getvalue()


def test_any_panel(strips):
    png = next(iter(strips))
    crop(["-r", "strips", "-o", "cut", "--panels", "10", "--panel", "1"])
    np.testing.assert_array_equal(np.asarray(Image.open(Path("cut", png))), strips[png][:, :8])


@pytest.mark.parametrize(
    ("words", "error", "sentence"),
    [
        (["--panel", "6"], OptionsError, "--panel 6 is none of the 5 panels"),
        (["--panels", "0"], OptionsError, "--panels 0 must be 1 or more"),
        (["--panels", "3"], DataError, "3 equal panels"),
        (["-o", "strips"], OptionsError, "folder of the strips"),
        (["-r", "nowhere"], DataError, "no folder nowhere"),
    ],
)
def test_mistakes_leave_nothing(strips, words, error, sentence):
    with pytest.raises(error, match=sentence):
        crop(["-r", "strips", "-o", "cut", *words])
    assert not Path("cut").exists()
