"""Golden tests of what comes out: drawings of poses, and network values as bytes."""

import numpy as np
from keras import ops

from pgig.evaluate.values import to_pixels
from pgig.pose.draw import draw_skeleton
from pgig.pose.maps import heat_maps, peaks
from tests.golden.recipes import with_visible


def test_patn_poses_are_drawn_as_by_the_original(golden):
    """The original draws the peaks of the maps; those are the joints."""
    with np.load(golden("pose_maps.npz", "patn")) as arrays:
        places, colours, mask = (arrays[name] for name in ("market_kp_yx", "draw_colors", "draw_mask"))
    size = mask.shape[1:]
    poses = with_visible(places)
    found = ops.convert_to_numpy(peaks(heat_maps(poses, size, form="gaussian")))
    for number in range(len(poses)):
        for pose in (poses[number], found[number]):
            picture, drawn = draw_skeleton(pose, size)
            np.testing.assert_array_equal(picture, colours[number])
            np.testing.assert_array_equal(drawn, mask[number])


def test_patn_values_become_bytes_as_in_the_original(golden):
    with np.load(golden("tensor2im.npz", "patn")) as arrays:
        values, expected = arrays["x"], arrays["y"]
    np.testing.assert_array_equal(to_pixels(np.moveaxis(values[0], 0, -1)), expected)
