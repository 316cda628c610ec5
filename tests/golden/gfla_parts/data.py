"""Golden tests of GFLA's data: joints and their maps, moved pictures, resized pictures, names."""

import io
import json
import re

import numpy as np
import pytest
from keras import ops
from PIL import Image

from pgig.config import Shared
from pgig.data.fashion_lists import list_name
from pgig.data.folders import placed
from pgig.data.images import decode, encoded_resized
from pgig.data.paths import data_paths
from pgig.methods.gfla.config import GflaConfig
from pgig.methods.pictures import to_image
from pgig.pose.augment import augment_batch, carried, carried_back, draw
from pgig.pose.files import add_visibility
from pgig.pose.maps import heat_maps
from tests.golden.gfla_parts.common import FRAMES, arrays, close, frames

# How a golden file writes the place of a missing joint.
NOWHERE = -1000000

# Sizes of the pictures that images.npz draws.
DRAWN = {"market": (128, 64, 3), "fashion": (330, 225, 3)}

# The imaging library computes in 1/65536 of a pixel: so many pixels may be read beside.
FEW = 8


@pytest.fixture(scope="module")
def joints(golden):
    return arrays(golden, "keypoints")


@pytest.fixture(scope="module")
def pictures(golden):
    return arrays(golden, "images")


def poses(joints, kind):
    """(1, 18, 3) keypoints as the data set of that kind gives them."""
    size, frame = frames(kind)
    options = Shared(image_size="{},{}".format(*size), old_size="{},{}".format(*frame))
    return placed(add_visibility(joints[f"{kind}_kp"][None]), data_paths(options))


def drawn_picture(pictures, kind):
    """(H, W, 3) uint8."""
    random = np.random.Generator(np.random.PCG64(int(pictures[f"{kind}_seed"])))
    return random.integers(0, 256, DRAWN[kind], dtype=np.uint8)


def affine_cases(joints):
    found = sorted(name.split("_")[1] for name in joints if re.fullmatch(r"aff_\w+_params", name))
    assert found
    return found


def moved(joints, pictures, case):
    """The picture and the pose of Market-1501 under the map of a case, each with a batch dimension."""
    batch = {
        "source_pixels": drawn_picture(pictures, "market")[None],
        "source_keypoints": poses(joints, "market"),
        "source_affine": joints[f"aff_{case}_params"][None].astype(np.float32),
    }
    batch = augment_batch(batch)
    return ops.convert_to_numpy(batch["source_pixels"])[0], batch["source_keypoints"]


def compare_map(keypoints, expected, size, name):
    """`expected` holds every so many-th row and column of a map."""
    steps = [length // kept for length, kept in zip(size, expected.shape, strict=False)]
    close(ops.convert_to_numpy(heat_maps(keypoints, size, "gaussian"))[0, :: steps[0], :: steps[1]], expected, name)


@pytest.mark.parametrize("kind", FRAMES)
def test_gfla_joints_in_the_pictures(joints, kind):
    found, expected = poses(joints, kind)[0], joints[f"{kind}_centres"]
    visible = (expected != NOWHERE).all(axis=-1)
    np.testing.assert_array_equal(found[:, 2] > 0, visible)
    np.testing.assert_array_equal(found[visible, :2], expected[visible])


@pytest.mark.parametrize("kind", FRAMES)
def test_gfla_maps_of_joints(joints, kind):
    compare_map(poses(joints, kind), joints[f"{kind}_map"], frames(kind)[0], kind)


def test_gfla_affine_maps(joints):
    size = frames("market")[0]
    corners = np.float32([[(0, 0), (0, 1), (1, 0)]])
    for case in affine_cases(joints):
        marks = joints[f"aff_{case}_params"][None].astype(np.float32)
        forward, inverse = joints[f"aff_{case}_matrix"], joints[f"aff_{case}_inverse"].reshape(2, 3)
        assert forward[2].tolist() == [0, 0, 1]
        for function, matrix in ((carried, forward[:2]), (carried_back, inverse)):
            # y, x of the images of the origin, of a step to the right and of one down.
            origin, right, down = ops.convert_to_numpy(function(corners, marks, size))[0, :, ::-1]
            close(np.stack([right - origin, down - origin, origin], axis=1), matrix, f"{case} {function.__name__}")


def test_gfla_maps_of_moved_joints(joints, pictures):
    for case in affine_cases(joints):
        compare_map(moved(joints, pictures, case)[1], joints[f"aff_{case}_map"], frames("market")[0], case)


def test_gfla_moved_pictures(joints, pictures):
    for case in affine_cases(joints):
        expected = pictures[f"market_aff_{case}_u8"]
        wrong = moved(joints, pictures, case)[0][::2, ::2] != expected
        assert wrong.any(axis=-1).sum() <= FEW, case


def test_gfla_draws(joints):
    expected = joints["rand_params"]
    ranges = GflaConfig().augment(frames("market")[0])
    found = draw(np.random.RandomState(int(joints["rand_seed"])), ranges, len(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_gfla_resized_picture(pictures):
    size, data = frames("fashion")[0], io.BytesIO()
    Image.fromarray(drawn_picture(pictures, "fashion")).save(data, "PNG")
    found = decode(encoded_resized(data.getvalue(), size, "golden"), size, "golden")
    np.testing.assert_array_equal(found[::4, ::4], pictures["fashion_resized_u8"])
    tensor = ops.convert_to_numpy(to_image(found)).transpose(2, 0, 1)
    close(tensor[:, ::16, ::16], pictures["fashion_tensor"], "fashion_tensor")


def test_gfla_names_of_pictures(golden):
    renamed = json.loads(golden("names.json", "gfla").read_text())["rename"]
    assert renamed
    for entry in renamed:
        assert list_name(entry["path_below_img_highres"].split("/")) == entry["name"]


def test_gfla_data_arrays_are_all_compared(joints, pictures):
    cases = affine_cases(joints)
    assert set(joints) == {
        *(f"{kind}_{what}" for kind in FRAMES for what in ("kp", "map", "centres")),
        *(f"aff_{case}_{what}" for case in cases for what in ("params", "matrix", "inverse", "map")),
        "rand_seed", "rand_params",
    }  # fmt: skip
    assert set(pictures) == {
        *(f"{kind}_seed" for kind in FRAMES), *(f"market_aff_{case}_u8" for case in cases),
        "fashion_resized_u8", "fashion_tensor", "pillow_version",
    }  # fmt: skip
