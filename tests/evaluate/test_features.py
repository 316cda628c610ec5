import json

import numpy as np
import pytest

from pgig.errors import NumericsError
from pgig.evaluate.features import FeatureCache


class Network:
    """Counts the pictures that it really looked at."""

    fingerprint = "sums-1-0123"

    def __init__(self, fingerprint=fingerprint):
        self.fingerprint, self.seen = fingerprint, 0

    def __call__(self, *arrays):
        self.seen += len(arrays[0])
        return sum(array.sum(axis=(1, 2, 3), dtype=np.float64) for array in arrays)[:, None]


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (7, 4, 3, 3), dtype=np.uint8)


def test_a_picture_is_looked_at_once(pixels):
    network, cache = Network(), FeatureCache()
    rows = cache.rows(network, pixels[[0, 1, 0, 2]])
    np.testing.assert_array_equal(rows, Network()(pixels[[0, 1, 0, 2]]))
    assert network.seen == 3
    cache.rows(network, pixels)
    assert network.seen == 7
    assert cache.rows(network, pixels[:0]).shape == (0, 1)


def test_the_other_pictures_of_a_pair_belong_to_the_key(pixels):
    network, cache = Network(), FeatureCache()
    cache.rows(network, pixels[:2], pixels[2:4])
    cache.rows(network, pixels[:2], pixels[3:5])
    cache.rows(network, pixels[:2])
    assert network.seen == 6


def test_rows_are_found_again_and_changed_pictures_are_not(pixels, tmp_path):
    first = FeatureCache(tmp_path)
    rows = first.rows(Network(), pixels)
    first.save()
    network = Network()
    np.testing.assert_array_equal(FeatureCache(tmp_path).rows(network, pixels), rows)
    assert network.seen == 0

    changed = pixels.copy()
    changed[4, 0, 0, 0] ^= 1
    np.testing.assert_array_equal(FeatureCache(tmp_path).rows(network, changed), Network()(changed))
    assert network.seen == 1
    turned = pixels.reshape(7, 3, 4, 3)
    FeatureCache(tmp_path).rows(network, turned)
    assert network.seen == 8

    other = Network("sums-2-0123")
    FeatureCache(tmp_path).rows(other, pixels)
    assert other.seen == 7
    manifest = json.loads((tmp_path / Network.fingerprint / "manifest.json").read_text())
    assert manifest["network"] == Network.fingerprint and manifest["row_shape"] == [1]


def test_a_damaged_file_is_computed_again(pixels, tmp_path):
    cache = FeatureCache(tmp_path)
    rows = cache.rows(Network(), pixels)
    cache.save()
    (path,) = tmp_path.glob("*/*.npz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    network = Network()
    np.testing.assert_array_equal(FeatureCache(tmp_path).rows(network, pixels), rows)
    assert network.seen == 7


def test_rows_that_are_no_numbers_are_refused(pixels):
    class Broken(Network):
        def __call__(self, pixels):
            return np.full((len(pixels), 2), np.nan)

    with pytest.raises(NumericsError, match="not finite"):
        FeatureCache().rows(Broken(), pixels)


def test_an_unreadable_file_is_passed_over(pixels, tmp_path):
    folder = tmp_path / Network.fingerprint
    (folder / "unreadable.npz").mkdir(parents=True)
    network = Network()
    FeatureCache(tmp_path).rows(network, pixels)
    assert network.seen == 7
