import csv
import io
import json

from pgig.compare.compare import compare
from pgig.compare.published import rows
from pgig.compare.result_files import as_dictionary, methods_csv, pairs_csv
from tests.compare.comparison_runs import COUNT, PAIRS


def test_the_files(runs):
    found = compare(runs, samples=100, seed=7)
    published = rows("pose-gan", "market")
    table = list(csv.DictReader(io.StringIO(methods_csv(found, published))))
    assert [row["kind"] for row in table] == ["run", "run", "baseline"] + ["published"] * (len(table) - 3)
    assert len(table) > 10
    assert float(table[1]["ssim_low"]) == found.scores[1]["ssim"].low
    assert float(table[1]["l1_difference"]) == found.differences[0]["l1"].value
    assert table[0]["ssim_difference"] == "" and table[0]["inception_score_deviation"] == "0.25"
    assert "fid_low" not in table[0] and "lpips" not in table[0]
    assert (table[3]["ssim"], table[3]["ssim_status"]) == ("0.253", "Q")

    pairs = list(csv.DictReader(io.StringIO(pairs_csv(found))))
    assert [(row["from"], row["to"]) for row in pairs] == PAIRS
    for run in runs:
        for name, values in run.columns.items():
            assert [float(row[f"{name} {run.name}"]) for row in pairs] == values.tolist()

    told = json.loads(json.dumps(as_dictionary(found, published), allow_nan=False))
    assert (told["protocol"], told["pairs"], told["samples"], told["seed"]) == ("pose-gan", COUNT, 100, 7)
    assert told["runs"][1]["difference_to_first"]["ssim"]["verdict"] == "worse"
    assert told["runs"][0]["scores"]["ssim"]["low"] == found.scores[0]["ssim"].low
    assert told["published"][0]["figures"]["ssim"]["source"] == "PG2 Table 1"
    assert as_dictionary(compare(runs, samples=100, seed=7), published) == as_dictionary(found, published)
