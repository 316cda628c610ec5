"""The poses of the people in a data set's training pictures, which need not be there."""

import numpy as np

from pgig.data.folders import misplaced, outside_sentence, placed
from pgig.data.pairs import DISTRACTORS
from pgig.errors import DataError
from pgig.pose.files import read_annotations


def training_poses(data):
    """Names and poses of all annotated training pictures but those of nobody.

    Args:
        data: `pgig.config.DataPaths`.

    Returns:
        (N names, keypoints (N, 18, 3) float32 y, x, visible, in pixels of the data set's size).

    Raises:
        DataError: the table cannot be read, or a joint lies where the data set may not have it.
    """
    table = read_annotations(data.annotations_file_train)
    rows = [row for row, name in enumerate(table.names) if not name.startswith(DISTRACTORS)]
    names, keypoints = [table.names[row] for row in rows], placed(table.keypoints, data)[rows]
    wrong = misplaced(keypoints, data)
    if wrong.any():
        row = np.flatnonzero(wrong.any(-1))[0]
        raise DataError(outside_sentence(names[row], keypoints[row], data.image_size, wrong[row]))
    return names, keypoints
