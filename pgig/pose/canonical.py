"""Canonical poses: the few poses in which PN-GAN renders every picture, so that people are compared pose by pose.

Qian et al., "Pose-Normalized Image Generation for Person Re-identification", ECCV 2018. The paper clusters features of
pose pictures and takes eight poses from the clusters; neither they nor the program that made them were published. Ours
come from the keypoints themselves, by k-means: each pose is the member nearest to the centre of its cluster.

Everything after the normalisation is arithmetic of whole numbers and nothing depends on the order of the pictures, so
that the same table and seed give the same poses on every computer.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pgig.errors import DataError
from pgig.pose.check import is_valid
from pgig.pose.clusters import cluster_poses, squared_distances
from pgig.pose.joints import MISSING, NAMES, indices
from pgig.utils.files import write_text

COUNT = 8
SHIPPED = Path(__file__).with_name("canonical_poses.json")

# Coordinates are counted in thousandths of the torso, from middle of the hips to middle of the shoulders.
_PER_TORSO = 1000
# A torso shorter than this share of the picture is bent away or a wrong detection: it is no measure.
_SHORTEST = 1 / 16

_DIGITS = 5

# What a file of poses may hold: pictures are numbered by two digits at most.
_MOST_POSES, _MOST_BYTES = 99, 2**20


@dataclass(frozen=True, eq=False)
class CanonicalPoses:
    """P poses that fit pictures of every size.

    Attributes:
        joints: (P, 18, 3) float64 y, x, visible: y as a share of the picture's height and x of its width, in [0, 1).
        pictures: names of the P pictures that they were seen in.
        members: how many pictures each stands for; the largest comes first.
    """

    joints: np.ndarray
    pictures: tuple
    members: tuple

    def __len__(self):
        return len(self.joints)

    def at_size(self, size):
        """The poses in a picture of a size.

        Args:
            size: (height, width) in pixels.

        Returns:
            (P, 18, 3) float32 y, x, visible in whole pixels; a missing joint is (-1, -1, 0).
        """
        pixels = np.minimum(np.floor(self.joints[..., :2] * size + 0.5), np.subtract(size, 1))
        seen = self.joints[..., 2:]
        return np.concatenate([np.where(seen > 0, pixels, MISSING), seen], axis=-1).astype(np.float32)


def find_canonical_poses(names, keypoints, size, count=COUNT, seed=0):
    """Cluster the poses of pictures and take the one nearest to each centre.

    Poses count where both shoulders and hips are visible and the torso is at least a sixteenth of the picture's height.
    They are moved to the middle of the hips and divided by the length of the torso. A missing joint has no say: the
    distance of a pose to a centre sums over the joints that the pose has, and a centre is the mean of each joint over
    the members that have it. Of the members that lack the fewest of the joints that at least half of their cluster
    has, the one of the smallest mean squared distance is the pose.

    Args:
        names: N file names, all different.
        keypoints: (N, 18, 3) y, x, visible in pixels.
        size: (height, width) of the pictures.
        count: number of poses.
        seed: of the first centres.

    Returns:
        `CanonicalPoses`.

    Raises:
        DataError: there are fewer different poses than wanted.
    """
    order = np.argsort(np.array(names, dtype=str), kind="stable")
    names, keypoints = np.array(names, dtype=object)[order], np.asarray(keypoints, np.float64)[order]
    usable = is_valid(keypoints) & (_torso(keypoints)[1] >= _SHORTEST * size[0])
    names, keypoints = names[usable], keypoints[usable]
    points, seen = _normalised(keypoints)

    nearest, centres = cluster_poses(points, seen, count, seed)
    chosen, members = [], np.bincount(nearest, minlength=count)
    for cluster in np.argsort(-members, kind="stable"):
        rows = np.flatnonzero(nearest == cluster)
        usual = 2 * seen[rows].sum(axis=0) >= len(rows)
        lacking = (usual & ~seen[rows]).sum(axis=1)
        distances = squared_distances(points[rows], seen[rows], centres[cluster]) / seen[rows].sum(axis=1)
        chosen.append(rows[np.lexsort((distances, lacking))[0]])
    shares = np.round(np.where(seen[chosen][..., None], keypoints[chosen][..., :2] / size, 0), _DIGITS)
    joints = np.concatenate([shares, seen[chosen][..., None]], axis=-1)
    return CanonicalPoses(joints, tuple(names[chosen]), tuple(sorted(members.tolist(), reverse=True)))


def write_canonical_poses(path, poses):
    """Write poses as JSON, a line a pose, atomically.

    Args:
        path: the file.
        poses: `CanonicalPoses`.

    Raises:
        StorageError: it cannot be written.
    """
    lines = []
    for picture, members, joints in zip(poses.pictures, poses.members, poses.joints, strict=True):
        columns = {
            axis: [round(float(joint[column]), _DIGITS) if joint[2] else None for joint in joints]
            for column, axis in enumerate("yx")
        }
        lines.append(json.dumps({"picture": picture, "members": members} | columns))
    head = f'"joints": {json.dumps(NAMES)},\n"unit": "shares of the height (y) and the width (x) of the picture"'
    write_text(path, f"{{{head},\n" + '"poses": [\n' + ",\n".join(lines) + "\n]}\n")


def read_canonical_poses(path=None):
    """Read poses that `write_canonical_poses` wrote.

    Args:
        path: the file; None: the eight poses of this package, of the training pictures of its demo set.

    Returns:
        `CanonicalPoses`.

    Raises:
        DataError: the file is missing or holds something else.
    """
    path = path or SHIPPED
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ValueError(f"more than {_MOST_BYTES} bytes")
        poses = json.loads(data)["poses"]
        if not isinstance(poses, list) or not 1 <= len(poses) <= _MOST_POSES:
            raise ValueError(f"1 to {_MOST_POSES} poses are expected")
        joints = np.array([_parsed_joints(pose) for pose in poses])
        pictures = tuple(str(pose["picture"]) for pose in poses)
        members = tuple(int(pose["members"]) for pose in poses)
    except OSError as error:
        raise DataError(f"The poses {path} cannot be read ({error.strerror}): give an existing file.") from None
    # json raises the last one for brackets without end.
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise DataError(
            f"{path} holds no canonical poses ({reason}): give a file that `python -m pgig canonical-poses` wrote."
        ) from None
    return CanonicalPoses(joints, pictures, members)


def _parsed_joints(pose):
    """(18, 3) y, x, visible of one pose of a file."""
    joints = np.zeros((len(NAMES), 3))
    rows, columns = pose["y"], pose["x"]
    if not isinstance(rows, list) or not isinstance(columns, list) or {len(rows), len(columns)} != {len(NAMES)}:
        raise ValueError(f"{len(NAMES)} joints a pose are expected")
    for joint, (y, x) in enumerate(zip(rows, columns, strict=True)):
        if (y, x) == (None, None):
            continue
        if not all(type(value) in (int, float) and 0 <= value < 1 for value in (y, x)):
            raise ValueError(f"{NAMES[joint]} is at {y!r:.20}, {x!r:.20}: shares from 0 to below 1 are expected")
        joints[joint] = y, x, 1
    if not is_valid(joints):
        raise ValueError("a pose lacks a shoulder or a hip")
    return joints


def _torso(keypoints):
    """Middle of the hips (N, 2) and length of the torso (N,), in pixels; for poses that have shoulders and hips."""
    right, left = indices("Rhip Lhip"), indices("Rsho Lsho")
    hips, shoulders = (keypoints[:, joints, :2].sum(axis=1) / 2 for joints in (right, left))
    # Not hypot, whose last digit depends on the computer.
    return hips, np.sqrt(((shoulders - hips) ** 2).sum(axis=1))


def _normalised(keypoints):
    """Coordinates (N, 18, 2) int64 in thousandths of the torso, 0 where missing, and which joints are seen (N, 18)."""
    hips, length = _torso(keypoints)
    seen = keypoints[..., 2] > 0
    points = np.rint((keypoints[..., :2] - hips[:, None]) * _PER_TORSO / length[:, None, None])
    return np.where(seen[..., None], points, 0).astype(np.int64), seen
