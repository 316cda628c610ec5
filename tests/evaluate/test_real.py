from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.errors import DataError
from pgig.evaluate.networks import Networks
from pgig.evaluate.prepare import STEPS
from pgig.evaluate.protocols import find_protocol
from pgig.evaluate.real import RealPictures
from pgig.evaluate.resize import resize_pil_bicubic


class Bytes:
    """A network whose features are the bytes of a picture."""

    fingerprint = "bytes-1"

    def __call__(self, pixels):
        return pixels.reshape(len(pixels), -1)


@pytest.fixture
def networks():
    return Networks(loaded={"bytes": Bytes()})


def write(folder, size, count=3):
    """(N, H, W, 3) pictures, written into a folder as PNG."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, *size, 3)).astype(np.uint8)
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(Path(folder) / f"{number}.png")
    return pixels


def test_pictures_of_the_size_come_as_they_are(tmp_path, networks):
    pixels = write(tmp_path, (128, 64))
    real = RealPictures(tmp_path, (128, 64), find_protocol("gfla"))
    np.testing.assert_array_equal(real.rows(networks, "bytes"), pixels.reshape(3, -1))
    assert real.describe()["pictures"] == 3


@pytest.mark.parametrize("name", ["gfla", "pidm", "cfld"])
def test_larger_pictures_are_resized_where_the_program_did(tmp_path, networks, name):
    small = resize_pil_bicubic(write(tmp_path, (256, 128)), (128, 64))
    expected = STEPS["jpeg-75"].pixels(small) if name == "gfla" else small
    real = RealPictures(tmp_path, (128, 64), find_protocol(name))
    np.testing.assert_array_equal(real.rows(networks, "bytes"), expected.reshape(3, -1))


def test_dptn_cuts_and_others_refuse(tmp_path, networks):
    pixels = write(tmp_path, (256, 256))
    real = RealPictures(tmp_path, (256, 176), find_protocol("dptn"))
    np.testing.assert_array_equal(real.rows(networks, "bytes"), pixels[:, :, 40:216].reshape(3, -1))
    with pytest.raises(DataError, match="256x256 pixels .* generated pictures are 256x176"):
        RealPictures(tmp_path, (256, 176), find_protocol("standard")).rows(networks, "bytes")


@pytest.mark.parametrize("found", [(256, 256), (128, 88), (512, 100)])
def test_pictures_that_are_not_larger_both_ways_are_refused(tmp_path, networks, found):
    write(tmp_path, found, 2)
    with pytest.raises(DataError, match=r"generated pictures are 256x176: .* or larger both ways"):
        RealPictures(tmp_path, (256, 176), find_protocol("cfld")).rows(networks, "bytes")


def test_a_set_needs_pictures(tmp_path):
    write(tmp_path, (8, 8), 1)
    with pytest.raises(DataError, match="holds 1 picture,"):
        RealPictures(tmp_path, (8, 8), find_protocol("standard"))
