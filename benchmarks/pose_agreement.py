"""How far an estimator's joints agree with those of an annotation table: `python benchmarks/pose_agreement.py -h`.

    python benchmarks/pose_agreement.py data/market-dataset/test data/market-annotation-test.csv --limit 300

takes pictures evenly from the table and finds the person in each as `compute_coordinates.py` does. For each threshold
of the scores it prints, in percent of the table's joints, how many were found, and how many were found within a
twentieth of the picture's height; the median distance of those found; and in percent of the joints found, how many the
table has.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402

from pgig.cli.main import guarded  # noqa: E402
from pgig.data.photos import read_photo  # noqa: E402
from pgig.errors import DataError  # noqa: E402
from pgig.estimate.people import ESTIMATORS, find_detector, find_people, load_estimator_by_name  # noqa: E402
from pgig.pose.files import read_annotations  # noqa: E402
from pgig.pose.joints import NAMES  # noqa: E402
from pgig.utils.progress import progress_bar  # noqa: E402

FRACTION = 0.05
THRESHOLDS = (0.1, 0.2, 0.3, 0.4)


def agreement(truth, found, heights, threshold):
    """Compare poses joint by joint.

    Args:
        truth: (N, 18, 3) y, x, visible of the table.
        found: (N, 18, 3) y, x, score of the estimator.
        heights: (N,) of the pictures in pixels.
        threshold: scores up to it do not count as found.

    Returns:
        dict: "joints" of the table; "found" and "within", shares of these; "median" distance in pixels of those found;
        "known", share of the joints found that the table has. nan where there is nothing to count.
    """
    there, seen = truth[..., 2] > 0, found[..., 2] > threshold
    both = there & seen
    distance = np.hypot(*np.moveaxis(truth[..., :2] - found[..., :2], -1, 0))
    near = both & (distance <= FRACTION * np.asarray(heights)[:, None])
    return {
        "joints": there.sum(),
        "found": _mean(seen[there]),
        "within": _mean(near[there]),
        "median": np.median(distance[both]) if both.any() else np.nan,
        "known": _mean(there[seen]),
    }


def _mean(values):
    return values.mean() if len(values) else np.nan


def evenly(table, limit):
    """Numbers of at most `limit` rows with a joint, evenly from the table."""
    rows = np.flatnonzero((table.keypoints[..., 2] > 0).any(axis=1))
    return rows[np.linspace(0, len(rows) - 1, min(limit, len(rows))).round().astype(int)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="folder of the pictures")
    parser.add_argument("table", help="annotation table with their joints")
    parser.add_argument("--estimator", default="auto", choices=ESTIMATORS)
    parser.add_argument("--weights", help="its weight file (else as `python -m pgig weights` says)")
    parser.add_argument("--several", action="store_true", help="find several people and take the largest")
    parser.add_argument("--limit", type=int, default=300, help="number of pictures (default: 300)")
    flags = parser.parse_args()
    table = read_annotations(flags.table)
    rows = evenly(table, flags.limit)
    if not len(rows):
        raise DataError(f"{flags.table} has no joints: give a table with known poses.")
    estimator = load_estimator_by_name(flags.estimator, flags.weights)
    detector = find_detector() if flags.several else None

    found, heights, seconds = [], [], 0.0
    for row in progress_bar(rows, estimator.name, "pictures"):
        pixels = read_photo(Path(flags.folder, table.names[row]))
        start = time.perf_counter()
        people = find_people(pixels, estimator, detector=detector, threshold=min(THRESHOLDS))
        seconds += time.perf_counter() - start
        pose = np.zeros((len(NAMES), 3))
        if people:
            keypoints = people[0].keypoints
            pose = np.column_stack([keypoints[:, :2], people[0].scores * keypoints[:, 2]])
        found.append(pose)
        heights.append(len(pixels))
    found = np.stack(found)
    print(f"{estimator.name}, {len(rows)} pictures, {1000 * seconds / len(rows):.0f} ms each")
    print("| score above | joints of the table | found | within 0.05 of the height | median px | of the found, known |")
    print("| --- | --- | --- | --- | --- | --- |")
    for threshold in THRESHOLDS:
        row = agreement(table.keypoints[rows], found, heights, threshold)
        print(
            f"| {threshold} | {row['joints']} | {row['found']:.1%} | {row['within']:.1%} | {row['median']:.2f} | "
            f"{row['known']:.1%} |"
        )


if __name__ == "__main__":
    guarded(main)
