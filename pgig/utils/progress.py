"""Progress bars on stderr, with rate and time left."""

import sys

from tqdm import tqdm

# A log file gets a line for every update: these are seconds between two of them.
_LOG_INTERVAL = 15.0


def progress_bar(iterable=None, desc=None, unit="it", total=None, initial=0, show=True):
    """A `tqdm` bar that suits a terminal of any width, and does not flood a log file.

    Args:
        iterable: what to run through, or None for a bar that is moved by `update`.
        desc: text before the bar.
        unit: name of one of what is counted.
        total: how many there are; None: the length of `iterable`.
        initial: how many are done already.
        show: False makes no output.

    Returns:
        `tqdm.tqdm`, an iterable and a context manager.
    """
    interval = 0.1 if sys.stderr.isatty() else _LOG_INTERVAL
    return tqdm(
        iterable,
        desc,
        total,
        unit=f" {unit}",
        initial=initial,
        mininterval=interval,
        maxinterval=max(10.0, interval),
        dynamic_ncols=True,
        disable=not show,
    )
