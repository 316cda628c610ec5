"""LPIPS against the numbers of the authors' package."""

import json

import numpy as np
import pytest

from pgig.metrics.lpips import Lpips
from pgig.pretrained.catalogue import find, what_is_missing

TOLERANCE = 1e-4
LPIPS_TRUNKS = pytest.mark.parametrize("trunk", ["alex", "vgg"])


@pytest.fixture(scope="module")
def lpips_of():
    """`lpips_of("alex")`: the metric with the real weights, loaded once; the test is skipped without them."""
    loaded = {}

    def metric(trunk):
        key = f"lpips-{trunk}"
        missing = what_is_missing(key)
        if missing:
            pytest.skip(missing)
        if trunk not in loaded:
            loaded[trunk] = Lpips(trunk, find(key), batch_size=4)
        return loaded[trunk]

    return metric


@pytest.fixture
def lpips_pictures(golden):
    """{"market": (targets, generated), ...}, all pictures of the folder in bytes."""
    with np.load(golden("images.npz", system="evaluation")) as arrays:
        kinds = [key.removesuffix("_generated") for key in arrays if key.endswith("_generated")]
        return {kind: (arrays[f"{kind}_target"], arrays[f"{kind}_generated"]) for kind in kinds}


@pytest.fixture
def lpips_values(golden):
    return json.loads(golden("expected_new_env.json", system="evaluation").read_text())["lpips"]


@LPIPS_TRUNKS
def test_lpips_of_pictures(lpips_of, lpips_pictures, lpips_values, trunk):
    kinds = [kind for kind in lpips_pictures if kind in lpips_values[trunk]]
    assert kinds
    for kind in kinds:
        scores = lpips_of(trunk)(*lpips_pictures[kind])
        np.testing.assert_allclose(scores, lpips_values[trunk][kind], rtol=TOLERANCE)


@LPIPS_TRUNKS
def test_lpips_of_pictures_from_0_to_1(lpips_of, lpips_pictures, lpips_values, trunk):
    """Converted they give the scores of the bytes; as they are, the other scores that the trap gives."""
    pairs = {key: [p / np.float32(255) for p in pair] for key, pair in lpips_pictures.items()}
    suffixes = {"_from_0_1_with_normalize": lambda x: 2 * x - 1, "_wrong_range_0_1": lambda x: x}
    for suffix, convert in suffixes.items():
        kinds = [kind for kind in pairs if kind + suffix in lpips_values[trunk]]
        assert kinds
        for kind in kinds:
            layers = lpips_of(trunk).layers_of_images(*map(convert, pairs[kind]))
            expected = lpips_values[trunk][kind + suffix]
            np.testing.assert_allclose(layers.sum(axis=1), expected, rtol=TOLERANCE)


@LPIPS_TRUNKS
def test_lpips_of_layers(lpips_of, lpips_pictures, lpips_values, trunk):
    suffix = "_first2_per_layer"
    kinds = [kind for kind in lpips_pictures if kind + suffix in lpips_values[trunk]]
    assert kinds
    for kind in kinds:
        expected = np.array(lpips_values[trunk][kind + suffix]).T
        layers = lpips_of(trunk).layers(*(pixels[: len(expected)] for pixels in lpips_pictures[kind]))
        np.testing.assert_allclose(layers, expected, rtol=TOLERANCE)


def test_lpips_of_masked_pictures(golden, lpips_of, lpips_pictures, lpips_values):
    suffix = "_masked"
    with np.load(golden("masks.npz", system="evaluation")) as stored:
        shape = tuple(stored["shape"])
        mask = np.unpackbits(stored["ma_mask"])[: np.prod(shape)].reshape(shape).astype(bool)
    pairs = [(trunk, kind) for trunk in lpips_values for kind in lpips_pictures]
    cases = [(trunk, kind) for trunk, kind in pairs if kind + suffix in lpips_values[trunk]]
    assert cases
    for trunk, kind in cases:
        scores = lpips_of(trunk)(*lpips_pictures[kind], mask)
        np.testing.assert_allclose(scores, lpips_values[trunk][kind + suffix], rtol=TOLERANCE)
