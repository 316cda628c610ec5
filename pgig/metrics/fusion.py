"""Several features of one picture, of its renderings in canonical poses, drawn together into one.

Qian et al., "Pose-Normalized Image Generation for Person Re-identification", ECCV 2018; viper_feature.py and
CMC_viper.py of naiq/PN_GAN, which draws the eight poses together by their mean, their maximum, or side by side, and
compares by squared Euclidean distances without normalising again. The paper takes the maximum over nine features: that
of the picture itself, too.
"""

import re
from pathlib import PurePath

import numpy as np

from pgig.errors import DataError
from pgig.metrics.reid_features import normalise

FUSIONS = ("avg", "max", "concat")

_RENDERED = re.compile(r"(.+)_to_(\d{1,4})")


def fuse(features, how):
    """One feature a picture from those of its poses.

    Args:
        features: (N, P, D) float, P at least 1; usually each of length 1.
        how: "avg" or "max", element by element, or "concat", pose after pose.

    Returns:
        (N, D) float, or (N, P * D); not normalised again.

    Raises:
        DataError: `how` is not known.
    """
    if how == "avg":
        return features.mean(axis=1)
    if how == "max":
        return features.max(axis=1)
    if how == "concat":
        return features.reshape(len(features), features.shape[1] * features.shape[2])
    raise DataError(f"Features cannot be fused by {how!r}: give one of {', '.join(FUSIONS)}.")


def group_poses(names, features, origin="The features"):
    """Gather the features of rendered pictures, `<name>_to_<k>.png`, picture by picture.

    Args:
        names: N * P file names, in any order.
        features: (N * P, D) float.
        origin: what error messages call them, usually the path of their file.

    Returns:
        (names, features, poses): list of N `<name>` in the order of their first appearance, (N, P, D) with the poses in
        the order of their numbers, and the list of these P numbers.

    Raises:
        DataError: a name is of another form or appears twice, or the pictures have different poses.
    """
    pictures = {}
    for row, name in enumerate(names):
        found = _RENDERED.fullmatch(PurePath(str(name)).stem)
        if not found:
            raise DataError(
                f"{origin}: the name {str(name)[:80]!r} says no pose; <name>_to_<k>.png is expected, as `python -m "
                "pgig normalise` writes it."
            )
        rows = pictures.setdefault(found[1], {})
        if rows.setdefault(int(found[2]), row) != row:
            raise DataError(f"{origin}: pose {found[2]} of {found[1][:80]} is there twice: keep one of them.")
    if not pictures:
        return [], np.asarray(features)[:, None], []
    first, poses = next((name, sorted(rows)) for name, rows in pictures.items())
    for name, rows in pictures.items():
        if sorted(rows) != poses:
            raise DataError(
                f"{origin}: {name[:80]} has the poses {_list(sorted(rows))}, but {first[:80]} has {_list(poses)}: "
                "render all pictures in the same poses."
            )
    order = [[rows[pose] for pose in poses] for rows in pictures.values()]
    return list(pictures), np.asarray(features)[order], poses


def require_same_poses(first, second):
    """Refuse to compare pictures that were rendered in different poses.

    Args:
        first, second: numbers of the poses of two files, as `group_poses` gives them.

    Raises:
        DataError: they differ.
    """
    if first != second:
        raise DataError(
            f"The pictures of one file have the poses {_list(first)}, but those of another {_list(second)}: render all "
            "pictures in the same poses."
        )


def with_original(names, rendered, original_names, originals):
    """Put the feature of each picture itself before those of its poses, all normalised.

    Args:
        names: N names without extension, as `group_poses` gives them.
        rendered: (N, P, D) float.
        original_names: M file names of the pictures themselves; others may be among them.
        originals: (M, D) float, of the same network or of another one with as many numbers.

    Returns:
        (N, 1 + P, D) float, each of length 1.

    Raises:
        DataError: a picture has no feature, or features have different lengths.
    """
    if originals.shape[1] != rendered.shape[2]:
        raise DataError(
            f"The features of the pictures themselves have {originals.shape[1]} numbers and those of their poses "
            f"{rendered.shape[2]}: fuse features of the same length."
        )
    row_of = {PurePath(str(name)).stem: row for row, name in enumerate(original_names)}
    lacking = [name for name in names if name not in row_of]
    if lacking:
        raise DataError(
            f"There is no feature of the picture {lacking[0][:80]} itself ({len(lacking)} are missing): give those of "
            "the folder that was rendered."
        )
    own = originals[[row_of[name] for name in names]]
    return normalise(np.concatenate([own[:, None], rendered], axis=1))


def squared_distances(gallery, query):
    """Squared Euclidean distances |g|^2 + |q|^2 - 2 g.q.

    Args:
        gallery: (G, D) float.
        query: (Q, D) float.

    Returns:
        (G, Q) float64, a row per gallery picture and a column per query, as naiq/PN_GAN keeps them.

    Raises:
        DataError: the two have different lengths D.
    """
    gallery, query = np.asarray(gallery, np.float64), np.asarray(query, np.float64)
    if gallery.shape[1] != query.shape[1]:
        raise DataError(
            f"The query features have {query.shape[1]} numbers a picture and the gallery features {gallery.shape[1]}: "
            "give features of the same network and as many poses."
        )
    return (gallery**2).sum(axis=1)[:, None] + (query**2).sum(axis=1) - 2 * gallery @ query.T


def _list(poses):
    shown = [str(pose) for pose in poses[:12]]
    return ", ".join(shown + ["..."] * (len(poses) > 12))
