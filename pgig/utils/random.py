"""Everything random is a function of (seed, purpose, step), so nothing random ever needs saving."""

import hashlib

import numpy as np


def seed_for(seed, purpose, *steps):
    """A 31-bit integer seed that depends on all arguments.

    Args:
        seed: integer seed of the run.
        purpose: short text naming what the numbers are for, e.g. `"order"`.
        steps: further integers (pass, iteration, ...).

    Returns:
        int in [0, 2**31).
    """
    text = "/".join(map(str, (seed, purpose, *steps)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def generator(seed, purpose, *steps):
    """A numpy random generator seeded from (seed, purpose, *steps)."""
    return np.random.Generator(np.random.PCG64(seed_for(seed, purpose, *steps)))
