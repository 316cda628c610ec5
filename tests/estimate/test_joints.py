import keras
import numpy as np
import pytest
from keras import ops
from skimage.transform import warp

from pgig.errors import DataError, WeightsError
from pgig.estimate import joints
from pgig.estimate.decode import scales
from pgig.estimate.joints import OpenPose, joint_maps_of_pictures, resize
from pgig.utils.files import sha256


@pytest.fixture(scope="module")
def small_network():
    """A network with the inputs and outputs of the real one, and sharp maps."""
    keras.utils.set_random_seed(0)
    picture = keras.Input((None, None, 3))
    outputs = [keras.layers.Conv2D(depth, 8, strides=8)(picture) for depth in (38, 19)]
    return keras.Model(picture, outputs)


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 256, (3, 40, 24, 3)).astype(np.uint8)


def by_scikit_image(image, size, order):
    """Today's scikit-image has the same filter in its `warp`, one picture at a time."""
    y, x = np.array(image.shape[:2]) / size
    matrix = np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1]])
    warped = warp(image, matrix, output_shape=size, order=order, mode="constant", preserve_range=True, clip=False)
    return np.clip(warped, image.min(), image.max())


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("old, new", [((40, 24), (57, 34)), ((40, 24), (29, 17)), ((5, 3), (40, 24)), ((8, 8), (8, 8))])
def test_resize(old, new, order):
    image = np.random.default_rng(0).normal(size=(*old, 3))
    np.testing.assert_allclose(resize(image, new, order), by_scikit_image(image, new, order), rtol=0, atol=1e-12)


def test_maps_are_averaged_and_fields_added_up(small_network, pictures):
    heat_maps, fields = joint_maps_of_pictures(small_network, pictures)
    assert heat_maps.shape == (3, 40, 24, 19) and fields.shape == (3, 40, 24, 38)
    for index, picture in enumerate(pictures):
        expected_maps, expected_fields = [], []
        for scale in scales(40):
            size = int(40 * scale), int(24 * scale)
            bgr = by_scikit_image(picture[..., ::-1].astype(float), size, 3) / 255 - 0.5
            outputs = [ops.convert_to_numpy(one)[0] for one in small_network(bgr[None].astype("float32"))]
            expected_fields.append(by_scikit_image(outputs[0].astype(float), (40, 24), 1))
            expected_maps.append(by_scikit_image(outputs[1].astype(float), (40, 24), 1))
        np.testing.assert_allclose(heat_maps[index], np.mean(expected_maps, axis=0), rtol=0, atol=1e-5)
        np.testing.assert_allclose(fields[index], np.sum(expected_fields, axis=0), rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(400, 4), (1000, 8), (0, 24)])
def test_pictures_that_vanish_are_refused(small_network, size):
    with pytest.raises(DataError, match="OpenPose got pictures of"):
        joint_maps_of_pictures(small_network, np.zeros((1, *size, 3), np.uint8))


def test_the_extractor(small_network, pictures, tmp_path, monkeypatch):
    # The real network takes half a minute to compile for four scales; loading it has its own test.
    monkeypatch.setattr(joints, "load_estimator", lambda path: small_network)
    path = tmp_path / "pose_estimator.h5"
    path.write_bytes(b"weights")
    extractor = OpenPose(path, batch_size=2)
    keypoints = extractor(pictures)
    assert keypoints.shape == (3, 18, 3) and keypoints.dtype == np.float32
    for index in range(3):
        np.testing.assert_array_equal(extractor(pictures[index : index + 1])[0], keypoints[index])
    assert extractor(pictures[:0]).shape == (0, 18, 3)
    assert extractor.fingerprint == f"openpose-18-1-{sha256(path)[:16]}"
    with pytest.raises(DataError, match="OpenPose got pictures of shape"):
        extractor(pictures.astype(float))


def test_a_missing_file(tmp_path):
    with pytest.raises(WeightsError, match="does not exist"):
        OpenPose(tmp_path / "pose_estimator.h5")
