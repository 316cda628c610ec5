"""Overviews: what went in and what came out, side by side."""

import numpy as np

from pgig.generate.draw_sheet import titled_sheet
from pgig.generate.draw_skeleton import fitted, over_picture, scaled

_HEIGHT, _SMALL = 384, 192

# Rows and columns of the overview of a batch; more would be seen badly.
MOST = 12


def result_sheet(result):
    """The crop, its pose, the target pose and the result: (H, W, 3) uint8."""
    source, target = result.source, result.target
    cells = [
        ("what the network sees", fitted(source.pixels, _HEIGHT)[0]),
        ("its pose", with_pose(source.pixels, source.keypoints)),
        ("target pose", target_picture(target)),
        ("result", fitted(result.pixels, _HEIGHT)[0]),
    ]
    return titled_sheet(cells, len(cells))


def batch_sheet(sources, targets, pictures):
    """All results of a batch: a row for each photo, a column for each pose.

    Args:
        sources, targets: lists of `Framed`; the first `MOST` are shown.
        pictures: {(number of the source, number of the target): (h, w, 3) uint8}.

    Returns:
        (H, W, 3) uint8.
    """
    sources, targets = sources[:MOST], targets[:MOST]
    blank = np.full((1, 1, 3), 255, np.uint8)
    cells = [("", blank)] + [(one.subject.name, target_picture(one, _SMALL)) for one in targets]
    for row, source in enumerate(sources):
        cells.append((source.subject.name, with_pose(source.pixels, source.keypoints, _SMALL)))
        cells += [("", fitted(pictures[row, column], _SMALL)[0]) for column in range(len(targets))]
    return titled_sheet(cells, len(targets) + 1)


def film_picture(source, keypoints, pixels):
    """A frame of a film: the photo's crop, the target pose and the result, (H, W, 3) uint8."""
    photo, made = (fitted(one, _HEIGHT)[0] for one in (source.pixels, pixels))
    return np.concatenate([photo, with_pose(np.zeros_like(pixels), keypoints), made], axis=1)


def target_picture(target, height=_HEIGHT):
    """A target pose over its photo, or on black."""
    ground = target.pixels if target.pixels is not None else np.zeros((*target.frame.size, 3), np.uint8)
    return with_pose(ground, target.keypoints, height)


def with_pose(pixels, keypoints, height=_HEIGHT):
    """A picture enlarged, with its pose drawn over it."""
    shown, factors = fitted(pixels, height)
    return over_picture(shown, scaled(keypoints, factors))
