"""aPR: how well a network that knows persons and their attributes recognises both in generated pictures.

The score of Human-Pose-Transfer (`evaluate/cal_apr.py`), a loss: smaller is better. The network, a ResNet-50 with heads
as in Lin et al., "Improving Person Re-identification by Attribute and Identity Learning", 2019, was never published,
nor its list of identities: given its outputs, the score is what the script prints.
"""

import json
from pathlib import Path

import numpy as np

from pgig.errors import DataError
from pgig.utils.mat_file import read_variable

# Number of classes of each attribute, in the order of the original; the names are those of `market_attribute.mat`.
ATTRIBUTES = dict.fromkeys(("gender", "hair", "up", "down", "clothes", "hat", "backpack", "bag", "handbag"), 2)
ATTRIBUTES |= {"age": 4}
ATTRIBUTES |= dict.fromkeys((f"up{colour}" for colour in "black white red purple yellow gray blue green".split()), 2)
ATTRIBUTES |= dict.fromkeys(
    (f"down{colour}" for colour in "black white pink purple yellow gray blue green brown".split()), 2
)
IDENTITIES = 751

_IDENTITY_WEIGHT = 8
_BATCH = 32
_LARGEST_FILE = 2**26


def apr_losses(identity_logits, attribute_logits, identities, attributes):
    """Loss of each picture: eight times the cross-entropy of the person plus the mean of those of the attributes.

    Args:
        identity_logits: (N, 751).
        attribute_logits: 27 arrays (N, classes), in the order of `ATTRIBUTES`.
        identities: (N,) integers from 0.
        attributes: (N, 27) integers from 0.

    Returns:
        (N,) float64.

    Raises:
        DataError: the shapes do not fit, a logit is not finite, or a label is no class.
    """
    identities, attributes = np.asarray(identities), np.asarray(attributes)
    count = len(identities)
    if attributes.shape != (count, len(ATTRIBUTES)) or len(attribute_logits) != len(ATTRIBUTES):
        raise DataError(
            f"aPR got {len(attribute_logits)} outputs and labels of shape {attributes.shape} for {count} pictures: "
            f"{len(ATTRIBUTES)} attributes of each are expected."
        )
    loss = _IDENTITY_WEIGHT * _cross_entropy(identity_logits, identities, IDENTITIES, "identity")
    for (name, classes), logits, labels in zip(ATTRIBUTES.items(), attribute_logits, attributes.T, strict=True):
        loss = loss + _cross_entropy(logits, labels, classes, name) / len(ATTRIBUTES)
    return loss


def apr(losses):
    """The score of a set of pictures.

    Args:
        losses: (N,) as `apr_losses` gives them, in the order of the pictures.

    Returns:
        dictionary of `apr`, what the original prints: the means over batches of 32 added up and divided by the number
        of *pictures*, so about a 32nd of the loss; and `mean_loss`, the mean over pictures. NaN without pictures.
    """
    losses = np.asarray(losses, np.float64)
    if not len(losses):
        return {"apr": float("nan"), "mean_loss": float("nan")}
    means = [losses[start : start + _BATCH].mean() for start in range(0, len(losses), _BATCH)]
    return {"apr": float(np.sum(means) / len(losses)), "mean_loss": float(losses.mean())}


def read_attributes(path, part="test"):
    """Attributes of persons from `market_attribute.mat`.

    Args:
        path: the file.
        part: "train" or "test".

    Returns:
        {person, four characters: (27,) integers from 0, in the order of `ATTRIBUTES`}.

    Raises:
        DataError: the file is missing, damaged, or holds something else.
    """
    try:
        table = _fields(read_variable(_read(path), "market_attribute"), (part,), "market_attribute")[part]
        table = _fields(table, ("image_index", *ATTRIBUTES), part)
        people = table["image_index"]
        if not isinstance(people, list) or not all(isinstance(person, str) for person in people):
            raise ValueError("image_index is no list of texts")
        columns = [_labels(table[name], name, classes, len(people)) for name, classes in ATTRIBUTES.items()]
        if len(set(people)) != len(people):
            raise ValueError("image_index names a person twice")
    except ValueError as error:
        raise DataError(
            f"{path} cannot be read as Market-1501's attributes ({error}): give market_attribute.mat as published."
        ) from None
    return dict(zip(people, np.stack(columns, axis=1), strict=True))


def read_identities(path):
    """The network's number of each person, from a JSON file of `{"0002": 0, ...}` (`market_name_to_id_test.json`).

    Args:
        path: the file.

    Returns:
        {person: integer from 0 below 751}.

    Raises:
        DataError: the file is missing, damaged, or holds something else.
    """
    try:
        numbers = json.loads(_read(path))
    except (ValueError, RecursionError):
        numbers = None
    if not isinstance(numbers, dict) or not all(type(n) is int and 0 <= n < IDENTITIES for n in numbers.values()):
        raise DataError(
            f"{path} is no JSON table of persons and their numbers from 0 to {IDENTITIES - 1}: give the network's own."
        )
    return numbers


def labels_of(names, identities, attributes):
    """Labels of pictures by the first four characters of their names.

    Args:
        names: N names.
        identities: as `read_identities` gives it.
        attributes: as `read_attributes` gives it.

    Returns:
        (identities, attributes): (N,) and (N, 27) integers.

    Raises:
        DataError: a person has no number or no attributes.
    """
    people = [name[:4] for name in names]
    for table, what in ((identities, "number"), (attributes, "attributes")):
        lacking = sorted({person for person in people if person not in table})
        if lacking:
            raise DataError(f"There is no {what} of person {lacking[0]!r} ({len(lacking)} lack it): check the names.")
    rows = [attributes[person] for person in people]
    return (
        np.array([identities[person] for person in people], np.int64),
        np.array(rows, np.int64).reshape(-1, len(ATTRIBUTES)),
    )


def _cross_entropy(logits, labels, classes, name):
    """(N,) of logits (N, classes) and integers."""
    logits = np.asarray(logits, np.float64)
    if logits.shape != (len(labels), classes) or not np.isfinite(logits).all():
        raise DataError(
            f"aPR got outputs for {name} of shape {logits.shape}: finite numbers {(len(labels), classes)} are expected."
        )
    if labels.dtype.kind not in "iu" or ((labels < 0) | (labels >= classes)).any():
        raise DataError(f"aPR got labels of {name} that are not integers from 0 to {classes - 1}: mend them.")
    logits = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(logits).sum(axis=1)) - np.take_along_axis(logits, labels[:, None].astype(int), axis=1)[:, 0]


def _fields(table, names, what):
    if not isinstance(table, dict) or not all(name in table for name in names):
        raise ValueError(f"{what} has no fields {', '.join(names[:3])}")
    return table


def _labels(values, name, classes, count):
    """Labels of one attribute, from 1 in the file, from 0 here."""
    fits = isinstance(values, np.ndarray) and values.shape == (count,)
    if not fits or not np.isin(values, np.arange(1, classes + 1)).all():
        raise ValueError(f"{name} is not {count} numbers from 1 to {classes}")
    return values.astype(np.int64) - 1


def _read(path):
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > _LARGEST_FILE:
            raise DataError(f"{path} has {size} bytes, more than any table of labels: give the right file.")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): give an existing file.") from None
