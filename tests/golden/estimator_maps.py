"""What a pose estimator gives for made-up people, as the README of the golden poses describes it."""

import numpy as np

from pgig.estimate.decode import FIELD_CHANNELS
from pgig.pose.joints import DRAW_LIMBS


def estimator_maps(case, size):
    """The maps that the README of the golden data describes."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    heat, fields = np.zeros((*size, 19)), np.zeros((*size, 38))
    for person, amplitude in zip(case["people"], case["amplitudes"], strict=True):
        points = np.array(person, dtype=float)
        present = (points != -1).all(axis=-1)
        for joint in np.flatnonzero(present):
            y, x = points[joint]
            blob = amplitude * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 18)
            heat[..., joint] = np.maximum(heat[..., joint], blob)
        for (first, second), channel in zip(DRAW_LIMBS, FIELD_CHANNELS, strict=True):
            start, along = points[first], points[second] - points[first]
            if present[first] and present[second] and along.any():
                length = np.hypot(*along)
                y, x = along / length
                t = (rows - start[0]) * y + (columns - start[1]) * x
                offset = (columns - start[1]) * y - (rows - start[0]) * x
                near = (t >= -1) & (t <= length + 1) & (np.abs(offset) <= 2)
                fields[near, channel], fields[near, channel + 1] = amplitude * x, amplitude * y
    heat[..., 18] = 1 - heat[..., :18].max(axis=-1)
    return heat, fields
