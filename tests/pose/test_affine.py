"""The closed form against the singular value decomposition it replaces."""

import numpy as np
import pytest
from keras import ops

from pgig.pose.affine import NO_POINT, fit_affine
from pgig.pose.geometry import geometry_dtype

TOLERANCE = {"float64": 1e-8, "float32": 2e-3}


def by_singular_values(points, reached):
    """Row of the homogeneous total-least-squares fit, points as (y, x)."""
    matrices, normalised = [], []
    for p in (points[:, ::-1], reached[:, ::-1]):
        centre = p.mean(0)
        scale = np.sqrt(2 / np.square(p - centre).sum(1).mean())
        matrices.append(np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]]))
        normalised.append((p - centre) * scale)

    (x, y), (x2, y2) = normalised[0].T, normalised[1].T
    one, zero = np.ones_like(x), np.zeros_like(x)
    equations = np.stack(
        [np.r_[x, zero], np.r_[y, zero], np.r_[one, zero], np.r_[zero, x], np.r_[zero, y], np.r_[zero, one],
         np.r_[x2, y2]], axis=1,
    )  # fmt: skip
    vector = np.linalg.svd(equations)[2][-1]
    matrix = np.vstack([(-vector[:6] / vector[6]).reshape(2, 3), [0, 0, 1]])
    return np.r_[(np.linalg.inv(matrices[1]) @ matrix @ matrices[0])[:2].ravel(), 0, 0]


def torsos(random, count, noise, mirrored=False):
    """Hips and shoulders on whole pixels, shaken; mirrored: the shoulders change sides, as from behind."""
    corners = np.array([(25.0, 0.0), (25.0, 10.0), (0.0, 10.0), (0.0, 0.0)])
    if mirrored:
        corners[2:] = corners[[3, 2]]
    return np.rint(corners + 20 + random.normal(0, noise, (count, 4, 2)))


@pytest.mark.parametrize("kind", ["scattered", "torso", "nearly mirrored", "exact", "three points"])
def test_the_closed_form_is_the_total_least_squares_fit(kind):
    random = np.random.default_rng(17)
    count = 1500
    points, weights = random.uniform(0, 256, (count, 7, 2)), np.ones((count, 7))
    reached = random.uniform(0, 256, (count, 7, 2))
    if kind in ("torso", "nearly mirrored"):
        weights[:, 4:] = 0
        points[:, :4] = torsos(random, count, 2)
        reached[:, :4] = torsos(random, count, 1, kind == "nearly mirrored")
    if kind == "exact":
        reached = points @ random.normal(size=(count, 2, 2)) + random.uniform(-50, 50, (count, 1, 2))
    if kind == "three points":
        weights[:, 3:] = 0

    sets = zip(points, reached, weights > 0, strict=True)
    expected = np.array([by_singular_values(p[chosen], r[chosen]) for p, r, chosen in sets])
    determinant = expected[:, 0] * expected[:, 4] - expected[:, 1] * expected[:, 3]
    unusable = (np.abs(determinant) < 1e-6) | (np.abs(expected).max(-1) > 1e6)
    expected[unusable] = NO_POINT

    ours = ops.convert_to_numpy(fit_affine(points, reached, weights))
    error = np.abs(ours - expected).max(-1) / np.abs(expected).max(-1)
    if geometry_dtype() == "float32":
        # Nearly undetermined maps lose all digits in single precision.
        error = np.sort(error)[: int(0.97 * count)]
    assert error.max() <= TOLERANCE[geometry_dtype()]


@pytest.mark.parametrize(
    "kind", ["no points", "one point", "two points", "line", "onto a line", "onto a point"]
)
def test_maps_that_do_not_exist_are_no_point(kind):
    points = np.random.default_rng(0).integers(0, 60, (5, 4, 2)).astype("float64")
    reached = points[:, ::-1] + 3.0
    weights = np.ones((5, 4))
    if kind in ("no points", "one point", "two points"):
        weights[:, ("no points", "one point", "two points").index(kind) :] = 0
    if kind == "line":
        points = points[:, :1] + np.arange(4.0)[:, None] * (3.0, -7.0)
    if kind == "onto a line":
        reached = np.array((5.0, 9.0)) + np.arange(4.0)[:, None] * (3.0, -7.0) + np.zeros_like(points)
    if kind == "onto a point":
        reached = np.full_like(points, 12.0)
    ours = fit_affine(points, reached, weights)
    np.testing.assert_array_equal(ops.convert_to_numpy(ours), np.tile(NO_POINT, (5, 1)))
