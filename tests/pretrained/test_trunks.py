"""AlexNet and VGG16 trunks against plain numpy, from both kinds of files."""

import numpy as np
import pytest
from keras import ops

from pgig.errors import WeightsError
from pgig.pretrained.trunks import TRUNKS, load_trunk, scaled
from tests.pretrained.plain_trunks import (
    plain_taps,
    random_pairs,
    random_weights,
    write_flax,
    write_torchvision,
)


@pytest.mark.parametrize(("trunk", "size"), [("alex", (46, 31)), ("vgg", (16, 19))])
def test_both_kinds_of_files_give_the_same_network(tmp_path, trunk, size):
    weights, heads = random_weights(trunk)
    image = random_pairs(2, *size)[0] / 127.5 - 1
    expected = plain_taps(image, trunk, weights)
    # No picture smaller than this one reaches the last group.
    assert min(size) == TRUNKS[trunk].smallest and expected[-1].shape[2] == 1
    paths = [
        write_torchvision(tmp_path / "net.pth", trunk, weights, classifier_6_bias=np.zeros(5, np.float32)),
        write_flax(tmp_path / "net.ckpt", trunk, weights, heads),
    ]
    for path in paths:
        taps = load_trunk(trunk, path)(scaled(ops.convert_to_tensor(image.astype(np.float32))))
        for tap, other in zip(taps, expected, strict=True):
            np.testing.assert_allclose(ops.convert_to_numpy(tap), other, rtol=1e-4, atol=1e-4 * other.max())


def test_wrong_files_are_described_completely(tmp_path):
    weights, heads = random_weights("alex")
    broken = {
        "features_0_bias": None,
        "features_3_weight": np.zeros((192, 3, 5, 5), np.float32),
        "features_6_bias": np.full(384, np.nan, np.float32),
    }
    path = write_torchvision(tmp_path / "net.pth", "alex", weights, **broken)
    with pytest.raises(WeightsError) as caught:
        load_trunk("alex", path)
    message = str(caught.value)
    assert "features.0.bias is missing" in message
    assert "features.3.weight has shape (5, 5, 3, 192) instead of (5, 5, 64, 192)" in message
    assert "features.6.bias holds values that are not finite" in message
    with pytest.raises(WeightsError, match="VGG16_0/Conv_12/kernel is missing"):
        load_trunk("vgg", write_flax(tmp_path / "net.ckpt", "alex", weights, heads))
