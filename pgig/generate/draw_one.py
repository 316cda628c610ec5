"""One drawing of a picture and its pose, or of a pose alone."""

import numpy as np

from pgig.generate.draw_poses import matched
from pgig.generate.draw_sheet import titled_sheet
from pgig.generate.draw_skeleton import fitted, over_picture, scaled

KINDS = ("skeleton", "heat", "limbs", "mask", "warp", "all")
_TITLES = {"skeleton": "skeleton", "heat": "heat maps", "limbs": "limb masks", "mask": "body mask and discs"}


def drawing(subject, kind, height, goal=None):
    """One drawing.

    Args:
        subject: `Subject`.
        kind: one of `KINDS`.
        height: of the drawing in pixels; less for pictures more than twice as wide as high.
        goal: `Subject` of the target pose, which "warp" needs; "all" shows what it does with it.

    Returns:
        (H, W, 3) uint8; for "all" a titled sheet.
    """
    pixels, factors = fitted(subject.pixels, height)
    keypoints = scaled(subject.keypoints, factors)
    if kind == "skeleton":
        return over_picture(pixels, keypoints)

    # Here, so that skeletons do not wait for Keras.
    from pgig.generate import draw_maps

    scene = draw_maps.Scene(pixels, keypoints, len(subject.pixels))
    if goal is not None:
        same = goal.fixed and goal.pixels.shape == subject.pixels.shape
        reached = scaled(goal.keypoints, factors) if same else matched(goal.keypoints, keypoints)
    if kind == "warp":
        return draw_maps.warp(scene, reached)
    if kind != "all":
        return getattr(draw_maps, kind)(scene)

    cells = [("picture", pixels)] if subject.has_picture else []
    cells.append((_TITLES["skeleton"], over_picture(pixels, keypoints)))
    cells += [(_TITLES[one], getattr(draw_maps, one)(scene)) for one in ("heat", "limbs", "mask")]
    if goal is not None:
        there = draw_maps.Scene(np.zeros_like(pixels), reached, scene.rows)
        if goal.has_picture and same:
            there = draw_maps.Scene(fitted(goal.pixels, height)[0], reached, scene.rows)
        cells += [
            ("target pose", over_picture(there.pixels, reached)),
            ("its limb masks", draw_maps.limbs(there)),
            ("limbs placed there", draw_maps.warp(scene, reached)),
            ("with the whole body", draw_maps.warp(scene, reached, body=True)),
        ]
    across = 5 if pixels.shape[1] < pixels.shape[0] else 3
    return titled_sheet(cells, across)
