"""Features for re-identification: whom a file name shows, reading a file of features, several shots as one query."""

import io
import re
import tokenize
import zipfile
import zlib
from pathlib import PurePath

import numpy as np

from pgig.errors import DataError
from pgig.utils.files import atomic_path
from pgig.utils.words import counted

_NAME = re.compile(r"(-1|\d+)_c(\d+)")
_VIPER_NAME = re.compile(r"(?:c\d_)?(\d{3})_")

# Bytes that an array of a features file may claim: a full Market-1501 gallery in eight poses, 2048 numbers a picture.
_LARGEST = 2**31

# What zipfile and numpy raise on damaged files, by trial with random damage.
_DAMAGE = (
    ValueError,
    KeyError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    MemoryError,
    SyntaxError,
    TypeError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def parse_names(names):
    """Identities and cameras from names as Market-1501 has them, `0002_c1s1_000451_03.jpg`; folders do not matter.

    Args:
        names: N file names; identity -1 is a bad box, 0000 a distractor.

    Returns:
        (identities, cameras): (N,) integer arrays.

    Raises:
        DataError: a name is of another form.
    """
    parsed = np.zeros((len(names), 2), np.int64)
    for row, name in enumerate(names):
        found = _NAME.match(PurePath(str(name)).name)
        if not found or len(found[0]) > 16:
            raise DataError(
                f"The name {str(name)[:80]!r} says no person and camera: a name as 0002_c1s1_000451_03.jpg is expected."
            )
        parsed[row] = int(found[1]), int(found[2])
    return parsed[:, 0], parsed[:, 1]


def parse_viper_names(names):
    """Identities from names as VIPeR has them, `001_45.bmp`, or after `c1_` or `c2_`; folders do not matter.

    Args:
        names: N file names.

    Returns:
        (N,) integers.

    Raises:
        DataError: a name is of another form.
    """
    parsed = [_VIPER_NAME.match(PurePath(str(name)).name) for name in names]
    for name, found in zip(names, parsed, strict=True):
        if not found:
            raise DataError(f"The name {str(name)[:80]!r} says no person: a name as 001_45.bmp is expected.")
    return np.array([int(found[1]) for found in parsed], np.int64)


def read_features(path):
    """Read a file of features: an `.npz` of `names` (N,) text and `features` (N, D) float.

    Args:
        path: the file.

    Returns:
        (names, features): list of N texts and (N, D) float array.

    Raises:
        DataError: the file is missing, damaged, or holds something else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names, features = _member(archive, "names"), _member(archive, "features")
    except OSError as error:
        raise DataError(f"The features file {path} cannot be read ({error.strerror}): give an existing file.") from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split())[:120]
        raise DataError(
            f"{path} cannot be read as a features file ({reason}): an .npz of names and features is expected."
        ) from None
    if names.ndim != 1 or names.dtype.kind != "U" or features.dtype.kind != "f" or features.ndim != 2:
        raise DataError(
            f"{path} holds names of type {names.dtype} {names.shape} and features of type {features.dtype} "
            f"{features.shape}: N texts and (N, D) floating-point numbers are expected."
        )
    if len(names) != len(features):
        raise DataError(f"{path} holds {len(names)} names and {len(features)} features: one per picture is expected.")
    return names.tolist(), features


def write_features(path, names, features):
    """Write a file of features as `read_features` reads it, atomically.

    Args:
        path: the file, `.npz`.
        names: N texts.
        features: (N, D) float.

    Raises:
        StorageError: it cannot be written.
    """
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, names=np.array(names, dtype=str), features=features)


def normalise(features):
    """Features (..., D) divided by their Euclidean length; a feature of length 0 stays as it is."""
    lengths = np.linalg.norm(features, axis=-1, keepdims=True)
    return features / np.where(lengths > 0, lengths, 1)


def multi_query_features(query, features, shots, how="mean"):
    """One feature per query from all pictures of its person and camera ("multi query").

    Args:
        query: (identities, cameras) of the queries, each (Q,) integers.
        features: (N, D) float features of the pictures to draw together.
        shots: (identities, cameras) of these pictures, each (N,) integers.
        how: "mean" or "max", element by element.

    Returns:
        (Q, D) float64.

    Raises:
        DataError: a query has no picture, the shapes do not fit, or `how` is not known.
    """
    if how not in ("mean", "max"):
        raise DataError(f"Features cannot be drawn together by {how!r}: give mean or max.")
    features = checked_features(features, shots, "multi-query")
    groups, group = np.unique(np.stack(shots, axis=1), axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(groups)))
    pooled = (np.add if how == "mean" else np.maximum).reduceat(features[order], starts) if len(groups) else features
    if how == "mean":
        pooled = pooled / np.bincount(group, minlength=len(groups))[:, None]

    row_of = {tuple(pair): row for row, pair in enumerate(groups.tolist())}
    wanted = list(zip(*(np.asarray(part).tolist() for part in query), strict=True))
    lacking = [pair for pair in wanted if pair not in row_of]
    if lacking:
        raise DataError(
            f"There is no multi-query picture of person {lacking[0][0]} by camera {lacking[0][1]} ({len(lacking)} "
            "queries lack theirs): give features of all pictures of the queries' persons."
        )
    return pooled[[row_of[pair] for pair in wanted]]


def checked_features(features, labels, name):
    """Features as an array whose rows have a person and a camera each.

    Args:
        features: (N, D) float.
        labels: (identities, cameras), each (N,).
        name: what error messages call them.

    Raises:
        DataError: the shape does not fit, or a number is not finite.
    """
    features = np.asarray(features)
    if features.ndim != 2 or len(features) != len(labels[0]) or features.dtype.kind != "f":
        raise DataError(
            f"The {name} features are {features.dtype} {features.shape} for {len(labels[0])} pictures: give "
            "floating-point numbers (N, D), a row per picture."
        )
    broken = ~np.isfinite(features).all(axis=1)
    if broken.any():
        raise DataError(
            f"The {name} features of {counted(broken.sum(), 'picture')} (first: row {np.argmax(broken)}) are not "
            "finite: extract them again."
        )
    return features.astype(np.float64)


def _member(archive, name):
    """An array of the archive, after a look at what it claims."""
    info = archive.getinfo(f"{name}.npy")
    if info.file_size > _LARGEST:
        raise ValueError(f"{name} claims {info.file_size} bytes")
    return np.lib.format.read_array(io.BytesIO(archive.read(info)), allow_pickle=False)
