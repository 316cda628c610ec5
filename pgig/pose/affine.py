"""The affine map that carries one set of points onto another, by total least squares, in closed form.

Both sets are normalised (Hartley and Zisserman, Multiple View Geometry, section 4.4): centroid at the
origin, mean squared distance 2. The map is read from the eigenvector of the smallest eigenvalue of the 7 x 7
matrix of the homogeneous equations; scikit-image's `estimate_transform("affine")` defines the fit like this.
With normalised points on their principal axes that matrix falls apart and needs no eigensolver:

    s1 >= s2        sums of squares of the points to map along their principal axes; s1 + s2 = 2n
    u1, u2          sums of (coordinate along the axis) x (point to reach): two 2-vectors
    lambda          smallest root of (2n - lambda) = |u1|^2 / (s1 - lambda) + |u2|^2 / (s2 - lambda)
    linear part     u1 / (s1 - lambda) and u2 / (s2 - lambda), one column per axis

Ordinary least squares is lambda = 0; the two differ when more than three points cannot be met exactly.
"""

import numpy as np
from keras import backend, ops

# Everything is read from far outside the picture, hence zeros.
NO_POINT = (1.0, 0.0, 1000.0, 0.0, 1.0, 1000.0, 0.0, 0.0)

_SMALLEST_DETERMINANT = 1e-6
_LARGEST_ENTRY = 1e6
_NEWTON_STEPS = 12


def fit_affine(points, reached, weights, fit="total"):
    """Fit affine maps from `points` to `reached`.

    Args:
        points: (..., n, 2) y, x, in the precision wanted.
        reached: (..., n, 2) y, x that the points should be carried to, same precision.
        weights: (..., n) 1 for pairs that count, 0 for others, same precision.
        fit: "total" (as the original) or "ordinary" least squares.

    Returns:
        (..., 8) rows (a0, a1, a2, b0, b1, b2, 0, 0): x' = a0 x + a1 y + a2, y' = b0 x + b1 y + b2. Points on
        one line, too few points, and maps that are huge or cannot be inverted give `NO_POINT`; never NaN.
    """
    points, reached, weights = (ops.convert_to_tensor(array) for array in (points, reached, weights))
    epsilon = float(np.finfo(backend.standardize_dtype(points.dtype)).eps)
    points, centre, spread = _normalise(points, weights)
    reached, reached_centre, reached_spread = _normalise(reached, weights)

    # Turn the points to their principal axes.
    y, x = points[..., 0], points[..., 1]
    cosine, sine = _principal_axis(ops.sum(x * x - y * y, axis=-1), 2.0 * ops.sum(x * y, axis=-1))
    first, second = cosine * x + sine * y, cosine * y - sine * x
    s1, s2 = ops.sum(first * first, axis=-1), ops.sum(second * second, axis=-1)
    u1, u2 = (ops.sum(axis[..., None] * reached, axis=-2) for axis in (first, second))

    # Points on one line leave the map open. A harmless value stands in for them until the end.
    spans = s2 > epsilon * s1
    s1, s2 = ops.where(spans, s1, ops.ones_like(s1)), ops.where(spans, s2, ops.ones_like(s2))
    if fit == "total":
        gap = _smallest_gap(s1, s2, ops.sum(u1 * u1, axis=-1), ops.sum(u2 * u2, axis=-1), epsilon)
    else:
        gap = s2
    column1, column2 = u1 / (s1 - s2 + gap)[..., None], u2 / gap[..., None]

    # Back from the principal axes and the normalisation.
    ratio = (reached_spread / spread)[..., None]
    by_x, by_y = ratio * (cosine * column1 - sine * column2), ratio * (sine * column1 + cosine * column2)
    offset = reached_centre - by_x * centre[..., 1:] - by_y * centre[..., :1]
    zero = ops.zeros_like(offset[..., 0])
    rows = [t[..., axis] for axis in (1, 0) for t in (by_x, by_y, offset)]
    transform = ops.stack([*rows, zero, zero], axis=-1)

    determinant = by_x[..., 1] * by_y[..., 0] - by_y[..., 1] * by_x[..., 0]
    # Written so that a NaN fails the test.
    usable = ops.logical_and(
        ops.abs(determinant) >= _SMALLEST_DETERMINANT, ops.max(ops.abs(transform), axis=-1) <= _LARGEST_ENTRY
    )
    usable = ops.logical_and(usable, spans)[..., None]
    return ops.where(usable, transform, ops.convert_to_tensor(np.array(NO_POINT), dtype=transform.dtype))


def _normalise(points, weights):
    """Centre and scale points to a mean squared distance of 2; also return centre and scale."""
    weights = weights[..., None]
    count = ops.sum(weights, axis=-2)
    count = ops.where(count > 0, count, ops.ones_like(count))
    centre = ops.sum(points * weights, axis=-2) / count
    points = (points - centre[..., None, :]) * weights
    spread = ops.sqrt(ops.sum(ops.square(points), axis=(-2, -1)) / count[..., 0] / 2.0)
    spread = ops.where(spread > 0, spread, ops.ones_like(spread))
    return points / spread[..., None, None], centre, spread


def _principal_axis(difference, mixed):
    """Cosine and sine of half the angle of the vector (difference, mixed): (..., 1) each."""
    length = ops.sqrt(difference * difference + mixed * mixed)
    # Of two formulas for the same direction, the one in which nothing cancels.
    steep = difference < 0
    cosine = ops.where(steep, mixed, length + difference)
    sine = ops.where(steep, length - difference, mixed)

    length = ops.sqrt(cosine * cosine + sine * sine)
    round_ = length == 0
    length = ops.where(round_, ops.ones_like(length), length)
    cosine = ops.where(round_, ops.ones_like(cosine), cosine / length)
    return cosine[..., None], (sine / length)[..., None]


def _smallest_gap(s1, s2, a1, a2, epsilon):
    """Solve for gap = s2 - lambda > 0, which unlike lambda keeps its digits when the two are close.

    With 2n = s1 + s2 the equation above, times the gap, is h(gap) = 0 for the convex function
    h = (s1 + gap) gap - a1 gap / (s1 - s2 + gap) - a2 with h(0) <= 0 <= h(s2): Newton's method from s2 falls
    towards the root and never passes it.
    """
    difference, smallest = s1 - s2, epsilon**2 * s2
    gap = s2
    for _ in range(_NEWTON_STEPS):
        share = a1 / (difference + gap)
        value = (s1 + gap - share) * gap - a2
        slope = s1 + 2.0 * gap - share * difference / (difference + gap)
        gap = ops.clip(gap - value / slope, smallest, s2)
    return gap
