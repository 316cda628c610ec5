"""PCKh and re-identification against the original programs."""

import json

import numpy as np
import pytest

from pgig.metrics.pckh import pckh_of_files
from pgig.metrics.reid import rank_distances, rank_features, reid_scores
from pgig.metrics.reid_features import parse_names


@pytest.fixture(scope="module")
def pose_reid_scores(golden):
    """Scores that the original programs printed."""
    return json.loads(golden("expected_new_env.json", system="evaluation").read_text())


@pytest.fixture(scope="module")
def reid_arrays(golden):
    with np.load(golden("reid.npz", system="evaluation")) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(params=["distance", "features"])
def reid_ranking(request, reid_arrays):
    """Query ranked by the golden distances, and by our own from the features."""
    query, gallery = parse_names(reid_arrays["query_names"]), parse_names(reid_arrays["gallery_names"])
    if request.param == "distance":
        return rank_distances(reid_arrays["distance"], query, gallery)
    return rank_features(reid_arrays["query_features"], reid_arrays["gallery_features"], query, gallery)


def test_pckh(golden, pose_reid_scores):
    files = (golden(f"pckh_{name}.csv", system="evaluation") for name in ("target", "predicted"))
    result, expected = pckh_of_files(*files), pose_reid_scores["pckh"]
    assert (result["correct"], result["total"]) == (expected["correct"], expected["total"])
    assert result["value"] == pytest.approx(expected["value"], abs=1e-12)


@pytest.mark.parametrize("definition", ["torchreid", "zheng"])
def test_reid_scores(reid_ranking, pose_reid_scores, definition):
    key = {"torchreid": "reid_torchreid", "zheng": "reid_zheng_trapezoid"}[definition]
    expected = {name: value for name, value in pose_reid_scores[key].items() if name.startswith(("rank", "mAP"))}
    ranks = [int(name.removeprefix("rank")) for name in expected if name.startswith("rank")]
    assert reid_scores(reid_ranking, definition, ranks) == pytest.approx(expected, abs=1e-6)


def test_reid_precision_of_each_query(reid_ranking, pose_reid_scores):
    expected = pose_reid_scores["reid_zheng_trapezoid"]["per_query_ap"]
    np.testing.assert_allclose(reid_ranking.average_precision["zheng"], expected, rtol=0, atol=1e-6)


def test_reid_numbers_of_pictures(reid_arrays, pose_reid_scores):
    identities, _ = parse_names(reid_arrays["gallery_names"])
    expected = pose_reid_scores["reid_torchreid"]
    assert (identities != -1).sum() == expected["n_gallery_without_junk"]
    assert len(reid_arrays["query_names"]) == expected["n_query"]
