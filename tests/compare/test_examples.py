import shutil

import numpy as np
from PIL import Image

from pgig.compare.run_files import read_run
from tests.compare.comparison_runs import PAIRS


def test_pictures_that_are_gone_are_told(runs, make, page):
    text, reasons = page([*runs, make("empty", draw=False)], examples=1)
    assert len(reasons) == 1 and reasons[0].startswith("empty: no pictures are shown.")
    assert text.count("data:image/png") == 3 * 4
    text, reasons = page([make("bare", draw=False)], examples=1)
    assert "data:image/png" not in text and "Best pairs" not in text and reasons[0] in text
    for told in ({"folder": "x", "layout": "unknown"}, {"layout": "triptych"}):
        _, reasons = page([make("odd", pictures=told)])
        assert "does not say where they are" in reasons[0]


def test_a_picture_that_is_gone_leaves_a_gap(tmp_path, make, page):
    run = make("a")
    scores = np.argsort(-run.columns["ssim"])
    source, target = PAIRS[scores[0]]
    (tmp_path / "a" / f"{source}_{target}.png").unlink()
    text, reasons = page([run], examples=1)
    assert text.count("data:image/png") == 2 * 3 and "There is no picture of" in reasons[0]


def test_pictures_without_sources(tmp_path, make, page):
    for name in ("a", "b"):
        make(name, noise=60)
        for path in sorted((tmp_path / name).glob("*.png")):
            panels = np.split(np.asarray(Image.open(path)), 3, axis=1)
            for folder, pixels in (("real", panels[1]), (f"{name}/generated", panels[2])):
                (tmp_path / folder).mkdir(exist_ok=True)
                source, target = path.stem.split(".jpg_")
                file = f"{source}_2_{target}_vis.png" if "/" in folder else target
                Image.fromarray(pixels).save(tmp_path / folder / file)
    where = {"layout": "single", "reference": str(tmp_path / "real"), "pairs_file": None}
    runs = [
        make(name, draw=False, pictures={"folder": f"{tmp_path}/{name}/generated"} | where)
        for name in ("a", "b")
    ]
    text, reasons = page(runs, examples=1)
    assert reasons == [] and text.count("data:image/png") == 3 * 3 and "<h3>source</h3>" not in text


def test_a_run_that_was_moved_finds_its_pictures(tmp_path, make, page):
    make("a")
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "a", tmp_path / "elsewhere" / "a")
    text, reasons = page([read_run(tmp_path / "elsewhere" / "a", "a")], examples=1)
    assert reasons == [] and text.count("data:image/png") == 3 * 3
