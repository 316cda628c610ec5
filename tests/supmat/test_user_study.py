import csv

import numpy as np
import pytest
from PIL import Image

from pgig.errors import DataError


@pytest.fixture
def pictures(tmp_path):
    """Six three-panel pictures: source 10, target 20 + n, generated 30 + n."""
    folder = tmp_path / "generated"
    folder.mkdir()
    for n in range(6):
        panels = [np.full((8, 4, 3), value, np.uint8) for value in (10, 20 + n, 30 + n)]
        Image.fromarray(np.concatenate(panels, axis=1)).save(folder / f"{n:04}_a.jpg_{n:04}_b.jpg.png")
    return folder


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_pick(script, pictures, tmp_path):
    study = script("user_study")
    flags = ["--generated_images_dir", str(pictures), "--output_dir", str(tmp_path / "s"), "--pairs", "4"]
    study.main(["pick", *flags])

    names = read(tmp_path / "s" / "names.csv")
    assert [int(row["number"]) for row in names] == list(range(4))
    for row in names:
        n = int(row["name"][:4])
        for kind, value in (("to", 20 + n), ("gen", 30 + n)):
            pixels = np.asarray(Image.open(tmp_path / "s" / kind / f"{row['number']}.png"))
            assert pixels.shape == (8, 4, 3) and (pixels == value).all()

    order = [row["picture"] for row in read(tmp_path / "s" / "order.csv")]
    assert sorted(order) == sorted(f"{kind}/{n}.png" for kind in ("to", "gen") for n in range(4))

    study.pick(pictures, tmp_path / "again", 4, 0)
    assert read(tmp_path / "again" / "order.csv") == read(tmp_path / "s" / "order.csv")


def test_pick_refuses(script, pictures, tmp_path):
    study = script("user_study")
    with pytest.raises(DataError, match="holds 6"):
        study.pick(pictures, tmp_path / "s", 7, 0)
    with pytest.raises(DataError, match="exists already"):
        study.pick(pictures, pictures, 2, 0)
    Image.new("RGB", (10, 4)).save(pictures / "0000.png")
    with pytest.raises(DataError, match="three panels"):
        study.pick(pictures, tmp_path / "s", 7, 0)
    assert not (tmp_path / "s").exists()


def test_score(script, tmp_path, capsys):
    study = script("user_study")
    tables = {
        "a.csv": "picture,answer\nto/0.png,real\nto/1.png,generated\ngen/0.png,real\n",
        "b.csv": "picture,answer\nto/0.png,real\nto/1.png,real\ngen/0.png,generated\ngen/1.png,real\n",
    }
    for name, text in tables.items():
        (tmp_path / name).write_text(text)
    study.main(["score", *(str(tmp_path / name) for name in tables)])
    assert capsys.readouterr().out == "R2G = 25.00 %; G2R = 66.67 %\n"


@pytest.mark.parametrize("text", ["", "name,answer\nto/0.png,real\n", "picture,answer\nto/0.png,maybe\n"])
def test_score_refuses(script, tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match="a.csv"):
        script("user_study").score([tmp_path / "a.csv"])
