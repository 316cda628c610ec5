"""Sheets of what goes on inside, and when a run writes them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.data.tfrecord import read_record
from pgig.train.visuals import columns, sheet
from tests.conftest import NETWORK, RUN

SIZE = (12, 30)


def test_columns_keep_the_order_of_the_method():
    random = np.random.default_rng(0)
    batch = {f"{side}_pixels": random.integers(0, 256, (2, *SIZE, 3), np.uint8) for side in ("source", "target")}
    made = {"generated": np.full((2, *SIZE, 3), 1.0)}
    # As a back end that sorts gives them.
    titles = ["mask", "b", "a 3x2", *(f"more {number}" for number in range(9))]
    made |= dict(sorted((f"{n:03d} {title}", np.full((2, 3, 2, 3), -1.0)) for n, title in enumerate(titles)))
    shown = columns(batch, made)
    assert list(shown) == ["source", "target", "generated", *titles]
    assert shown["source"] is batch["source_pixels"] and shown["generated"].min() == 255
    assert shown["b"].shape == (2, 3, 2, 3) and shown["b"].max() == 0


def test_a_sheet_enlarges_pixels_below_a_line_of_titles():
    random = np.random.default_rng(0)
    small, same = (random.integers(0, 256, (2, *size, 3), np.uint8) for size in ((3, 5), SIZE))
    pixels = sheet({"flow": small, "same": same}, SIZE)
    header = pixels[: -2 * SIZE[0]]
    assert pixels.shape[1:] == (2 * SIZE[1], 3) and 8 < len(header) < 30
    body = pixels[-2 * SIZE[0] :].reshape(2, SIZE[0], 2, SIZE[1], 3).swapaxes(1, 2)
    np.testing.assert_array_equal(body[:, 0], small.repeat(4, 1).repeat(6, 2))
    np.testing.assert_array_equal(body[:, 1], same)
    for column in (header[:, : SIZE[1]], header[:, SIZE[1] :]):
        assert column.min() < 100 and (column == 255).mean() > 0.5


def test_a_long_title_gets_more_lines():
    cell = {"one": np.zeros((1, 8, 40, 3), np.uint8)}
    many = {"one two three four": cell["one"]}
    assert len(sheet(many, (8, 40))) > len(sheet(cell, (8, 40)))


@pytest.mark.slow
def test_a_run_shows_what_a_method_shows(tiny, program):
    result = program("train", *NETWORK, *RUN, "--warp_skip", "full")
    assert result.code == 0, result.err
    sheets = sorted(path.name for path in Path("out").glob("visuals_*.png"))
    assert sheets == ["visuals_epoch_000.png", "visuals_epoch_001.png"]
    pixels = np.asarray(Image.open("out/visuals_epoch_001.png"))
    assert pixels.shape[1] == 4 * 64 and pixels.shape[0] > 2 * 128
    body = pixels[-2 * 128 :]
    samples = np.asarray(Image.open("out/epoch_001.png"))
    for column, place in ((0, 0), (1, 2), (2, 3)):
        np.testing.assert_array_equal(body[:, column * 64 :][:, :64], samples[:, place * 64 :][:, :64])
    # The source was moved.
    assert not np.array_equal(body[:, 192:], body[:, :64])
    assert "What goes on inside" in Path("out/report.html").read_text()
    (events,) = Path("out/tensorboard").iterdir()
    assert tags(events).count("visuals") == len(sheets)


def tags(path):
    """Tags of the pictures in an event file, which stand before the pictures."""
    found, place = [], 0
    with open(path, "rb") as file:
        while place < path.stat().st_size:
            data = read_record(file, place)
            place += len(data) + 16
            found += [tag for tag in ("samples", "visuals") if b"\x0a\x07" + tag.encode() in data]
    return found
