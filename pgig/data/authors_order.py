"""The order of pairs that the converters of PG2 and DPIG give, so that published splits come out again.

They shuffle with Python 2's `random` after the seed 0. Python 3 draws the same numbers, but shuffles otherwise.
"""

import random

from pgig.data.pairs import identity

# Pairs of two people are formed with every so many-th picture. They are never written, but shuffled, and draw numbers.
_STRIDE = 2000


def new_draws():
    """What a run of a converter draws from, for one folder after the other."""
    return random.Random(0)


def converter_pairs(names, draws, shuffled=True):
    """All ordered pairs of two pictures of one person, as the converters put them.

    Args:
        names: pictures of a folder in the order of their listing.
        draws: as `new_draws` returned it.
        shuffled: whether the pairs are shuffled: not those of the folders of test samples.

    Returns:
        list of (source name, target name).
    """
    people, places = {}, []
    for name in names:
        pictures = people.setdefault(identity(name), [])
        places.append(len(pictures))
        pictures.append(name)

    strangers = sum(number - places[number] for number in range(_STRIDE, len(names), _STRIDE))
    for _ in range(strangers - 1):
        draws.random()
    pairs = []
    for name, place in zip(names, places, strict=True):
        for other in people[identity(name)][place + 1 :]:
            pairs += [(name, other), (other, name)]
    if shuffled:
        for last in range(len(pairs) - 1, 0, -1):
            chosen = int(draws.random() * (last + 1))
            pairs[last], pairs[chosen] = pairs[chosen], pairs[last]
    return pairs
