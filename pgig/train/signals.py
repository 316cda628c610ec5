"""Ctrl-C and SIGTERM ask the loop to stop after the running iteration; a second one stops at once."""

import contextlib
import os
import signal
import threading


class _Request:
    requested = False


@contextlib.contextmanager
def stop_requests():
    """Yield an object whose `requested` turns True at the first signal; the handlers are put back at the end."""
    request = _Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def handle(number, frame):
        if request.requested:
            raise KeyboardInterrupt
        request.requested = True
        # Not `print`: the signal may have come in the middle of one.
        os.write(2, b"\nStopping after this iteration, with the state saved; once more stops at once.\n")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
