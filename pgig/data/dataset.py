"""A data set as one numbered set of pictures with their keypoints, wherever the bytes come from."""

import sys

import numpy as np

from pgig.data.folders import FolderSource, background_name, list_dataset, refuse_misplaced_joints
from pgig.data.images import decode
from pgig.data.records import open_records
from pgig.errors import DataError, StorageError
from pgig.utils.words import counted


class ImageSet:
    """Pictures of one size with their keypoints, each known by its number.

    Attributes:
        size: (height, width) in pixels.
        names: list of N file names.
        keypoints: (N, 18, 3) float32 of (y, x, visible).
        source: where the bytes come from, a `FolderSource` or a `pgig.data.records.Records`.
    """

    def __init__(self, listing, source):
        self.size = listing.size
        self.names = listing.names
        self.keypoints = listing.keypoints
        self.source = source
        self._listing = listing
        self._numbers = {name: number for number, name in enumerate(listing.names)}

    def __len__(self):
        return len(self.names)

    def pixels(self, number):
        """Pixels (H, W, 3) uint8 of a picture."""
        return decode(self.source.encoded(number), self.size, self.names[number])

    def background(self, number):
        """Pixels (H, W, 3) uint8 of the background of a picture."""
        return decode(self.source.encoded_background(number), self.size, background_name(self.names[number]))

    def has_background(self, number):
        """Whether a picture has a background picture."""
        return self._listing.backgrounds[number] is not None

    def require_backgrounds(self, numbers):
        """Raise a `DataError` when one of the pictures has no background picture."""
        for number in np.unique(numbers):
            if not self.has_background(number):
                missing = background_name(self.names[number])
                raise DataError(
                    f"--use_bg 1 needs a background for every target, but {missing} is in neither folder of "
                    "backgrounds: add it, or use --use_bg 0."
                )

    def numbers(self, pairs, origin, least=1):
        """Turn pairs of names into pairs of numbers.

        Args:
            pairs: P (source name, target name).
            origin: what error messages call the list, usually its path.
            least: how many pairs are needed, usually those of a batch.

        Returns:
            (P, 2) int32.

        Raises:
            DataError: there are too few pairs, or one names a picture that is not here.
        """
        if not pairs:
            raise DataError(f"{origin} holds no pairs: make the lists with create_pairs_dataset.py.")
        if len(pairs) < least:
            raise DataError(
                f"{origin} holds {counted(len(pairs), 'pair')}, fewer than one batch of {least}: lower --batch_size or "
                "add pairs."
            )
        try:
            return np.array([[self._numbers[name] for name in pair] for pair in pairs], np.int32)
        except KeyError as error:
            raise DataError(f"{origin} names {error.args[0]}, {self._why_unknown(error.args[0])}.") from None

    def _why_unknown(self, name):
        folders = " or ".join(self._listing.folders)
        if name in self._listing.without_picture:
            return f"but there is no such picture in {folders}: add it, or make the pair lists again"
        return "but no annotation file has a row for it: add the row, or make the pair lists again"


def open_images(paths, progress=True):
    """Open a data set: from its records, which are made now if they are missing or out of date, or from its
    folders.

    Args:
        paths: `pgig.config.DataPaths`; without `records_dir` the folders are read.
        progress: whether to show a bar while records are made.

    Returns:
        `ImageSet` of the annotated pictures of both splits.

    Raises:
        DataError: the data set is missing or broken, or a joint lies where `paths` does not allow it.
    """
    listing = list_dataset(paths)
    refuse_misplaced_joints(listing, paths)
    if paths.records_dir is None:
        return ImageSet(listing, FolderSource(listing))
    try:
        return ImageSet(listing, open_records(paths.records_dir, listing, progress))
    except StorageError as error:
        print(f"No records are kept, the pictures are read from their folders: {error}", file=sys.stderr)
        return ImageSet(listing, FolderSource(listing))
