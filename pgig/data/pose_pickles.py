"""Pickled tables of poses, as the authors of PG2 and DPIG publish them. No code of theirs is run."""

import io
import sys

from pgig.errors import DataError
from pgig.weights.pickle_arrays import read_table
from pgig.weights.restricted import DAMAGE

# The poses of all pictures of DeepFashion take some forty million.
_MOST_OPERATIONS = 2**29


def read_pose_pickle(name, data, progress=True):
    """A table of poses.

    Args:
        name: what messages call the file.
        data: its bytes: a pickle of Python 2 or 3.
        progress: whether to say what is read.

    Returns:
        {picture: what is known of it}; arrays stand in it as objects with the method `array()`.

    Raises:
        DataError: it is damaged, is no table, or holds more than lists, numbers and arrays.
    """
    if progress:
        print(f"Reading {name} ({len(data) / 1e6:.0f} MB)", file=sys.stderr)
    try:
        return read_table(io.BytesIO(data), _MOST_OPERATIONS)
    except DAMAGE as error:
        # Other errors speak of this program's own functions.
        told = isinstance(error, ValueError)
        reason = " ".join(str(error).split())[:200] if told else "its parts do not fit together"
        raise DataError(f"{name} is no readable pickle of poses ({reason}): take another copy.") from None
