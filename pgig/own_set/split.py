"""Who is trained on and who is tested on, and which pictures make pairs."""

import hashlib
import random

from pgig.data.check import SHOWN
from pgig.data.pairs import identity, pairs_of_people
from pgig.errors import DataError
from pgig.utils.words import counted, first_few

# People that many usable pictures of whom are needed for a pair, and for pairs in both splits.
_PAIR, _BOTH = 2, 4


def people_for_testing(counts, share, wanted=()):
    """The people of the test set; the others are those of the training set.

    Args:
        counts: {person: number of usable pictures}.
        share: share of the people with pairs that is wanted, 0 to 1; at least one person is on either side. Who it is
            depends on the names alone, by a hash of each: another run chooses alike.
        wanted: the people by name, instead.

    Returns:
        set of names. People without pairs are not among them, unless they are wanted.

    Raises:
        DataError: a wanted person is unknown, or one side is left without a pair.
    """
    paired = [person for person, count in counts.items() if count >= _PAIR]
    unknown = [person for person in wanted if person not in counts]
    if unknown:
        raise DataError(f"--test_ids {unknown[0]!r} is nobody: choose of {first_few(list(counts), SHOWN)}.")
    if len(paired) < 2:
        who = f"Only {paired[0]!r} has" if paired else "Nobody has"
        raise DataError(
            f"{who} two or more usable photos, of {counted(len(counts), 'person', 'people')}: training and testing "
            "need different people with pairs. Add photos, say with --identity what tells people apart, or give "
            "--split pictures to test on other photos of the same people."
        )
    if wanted:
        chosen = set(wanted)
        for side, people in (("testing", chosen & set(paired)), ("training", set(paired) - chosen)):
            if not people:
                raise DataError(
                    f"With these --test_ids nobody with two usable photos is left for {side}: those with pairs are "
                    f"{first_few(paired, SHOWN)}."
                )
        return chosen
    number = min(max(1, round(share * len(paired))), len(paired) - 1)
    return set(sorted(paired, key=lambda person: hashlib.sha256(person.encode(errors="replace")).digest())[:number])


def pictures_for_testing(names, share):
    """The test pictures where everybody is in both splits: the last ones of each person with four or more.

    The last and not any: neighbours in a film look alike, and would be on both sides.

    Args:
        names: {person: usable pictures of the person, in order}.
        share: share of a person's pictures that is wanted, 0 to 1; at least two are on either side.

    Returns:
        set of pictures.

    Raises:
        DataError: nobody has four pictures.
    """
    chosen = set()
    for pictures in names.values():
        if len(pictures) >= _BOTH:
            number = min(max(_PAIR, round(share * len(pictures))), len(pictures) - _PAIR)
            chosen.update(pictures[-number:])
    if not chosen:
        raise DataError(
            f"Nobody has {_BOTH} photos with a usable pose, but --split pictures needs two for training and two for "
            "testing: add photos."
        )
    return chosen


def some_pairs(names, most):
    """Ordered pairs of two pictures of one person: all, or `most` of them, drawn without listing all.

    Args:
        names: names of pictures with a usable pose.
        most: at most that many pairs.

    Returns:
        list of (source name, target name), and how many there would be in all.
    """
    people = {}
    for name in names:
        people.setdefault(identity(name), []).append(name)
    counts = [len(pictures) * (len(pictures) - 1) for pictures in people.values()]
    if sum(counts) <= most:
        return pairs_of_people(names), sum(counts)
    pairs, before = [], 0
    wanted = sorted(random.Random(0).sample(range(sum(counts)), most), reverse=True)
    for pictures, count in zip(people.values(), counts, strict=True):
        while wanted and wanted[-1] < before + count:
            source, target = divmod(wanted.pop() - before, len(pictures) - 1)
            pairs.append((pictures[source], pictures[target + (target >= source)]))
        before += count
    random.Random(0).shuffle(pairs)
    return pairs, sum(counts)
