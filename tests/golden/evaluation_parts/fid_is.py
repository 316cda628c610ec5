"""Fréchet distance, inception score and the resize of the Inception graph against the original programs."""

import json

import numpy as np
import pytest
from keras import ops

from pgig.metrics.fid import frechet_distance, statistics
from pgig.metrics.inception_score import inception_score
from pgig.pretrained.resize import resize_bilinear

# Names of the arrays, and of our rules.
RESIZES = {"tf1_legacy": "legacy", "half_pixel": "half-pixel", "align_corners": "align-corners"}


@pytest.fixture
def inception_cases(golden):
    """(table of cases, features and probabilities)."""
    expected = json.loads(golden("expected_new_env.json", system="evaluation").read_text())
    return expected, np.load(golden("features.npz", system="evaluation"))


def test_frechet_distance(inception_cases):
    expected, features = inception_cases
    assert expected["fid"]
    for case in expected["fid"]:
        x, y = features[case["x"]], features[case["y"]]
        assert [len(x), len(y)] == case["n"] and x.shape[1] == case["d"]
        # Equal sets have distance 0, of which no part can be taken: the covariances' traces are the measure there.
        rounding = 1e-11 * (np.trace(statistics(x)[1]) + np.trace(statistics(y)[1]))
        for value in (case["reference_sqrtm"], case["eigenvalue_form"]):
            assert frechet_distance(x, y) == pytest.approx(value, rel=1e-7, abs=rounding), case
            assert frechet_distance(y, x) == pytest.approx(value, rel=1e-7, abs=rounding), case


def test_inception_score(inception_cases):
    expected, features = inception_cases
    assert expected["inception_score"]
    for case in expected["inception_score"]:
        mean, deviation = inception_score(features[case["array"]], case["splits"])
        assert mean == pytest.approx(case["mean"], abs=1e-6), case
        assert deviation == pytest.approx(case["std"], abs=1e-6), case


@pytest.mark.parametrize("name", RESIZES)
def test_bilinear_resize(golden, name):
    arrays = np.load(golden("resize_bilinear.npz", system="evaluation"))
    pixels = ops.cast(ops.convert_to_tensor(arrays["x_u8"]), "float32")
    resized = resize_bilinear(pixels, arrays[name].shape[1:3], RESIZES[name])
    np.testing.assert_allclose(ops.convert_to_numpy(resized), arrays[name], rtol=1e-6, atol=1e-4)
