import csv
import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "sup-mat"


def rows(name):
    with open(FOLDER / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_published_figures_are_unique_numbers_with_a_source():
    table = rows("published-figures.csv")
    keys = [tuple(row[key] for key in ("table", "method", "variant", "dataset", "metric")) for row in table]
    assert len(set(keys)) == len(keys)
    for row in table:
        float(row["value"]), float(row["spread"] or 0)
        assert row["source"]


def test_published_figures_read_the_same_in_both_files():
    text = (FOLDER / "published-figures.md").read_text(encoding="utf-8")
    cells = re.findall(r"(?<=\| )\d+\.\d+(?= )", text)
    assert sorted(cells) == sorted(row["value"] for row in rows("published-figures.csv"))


def test_picture_names_are_pairs_of_one_person():
    table = rows("picture-names.csv")
    patterns = {
        "Market-1501": r"\d{4}_c\ds\d_\d{6}_\d\d\.jpg",
        "DeepFashion": r"fasion(MEN|WOMEN)[A-Za-z]+id\d{10}_\d[a-z]+\.jpg",
    }
    for row in table:
        assert row["split"] in ("old", "new")
        for key in ("from", "to"):
            assert re.fullmatch(patterns[row["dataset"]], row[key]), row
        assert row["from"] != row["to"] and row["from"].split("_")[0] == row["to"].split("_")[0]
