"""What a data set is to be made of, and where it will lie."""

from dataclasses import dataclass
from pathlib import Path

from pgig.config import DATASETS, Shared, dataset_name
from pgig.data.paths import OWN_NAME, data_paths
from pgig.data.split_writer import require_absent, split_files
from pgig.errors import DataError, OptionsError
from pgig.own_set.photos import BY_FOLDER

SPLITS = {"train": "training", "test": "testing"}

_SMALLEST, _LARGEST = 16, 2048


@dataclass(frozen=True)
class Request:
    """What `pgig.own_set.run.run` is to do.

    Attributes:
        folder: of the photos.
        name: of the data set.
        size: (height, width) of its pictures in pixels.
        identity: "folder", or a regular expression with one group, see `pgig.own_set.photos.find_photos`.
        test_share: share of the people, or of the pictures of each person, that is for testing.
        test_ids: names of the people for testing, instead of a share.
        by_pictures: whether everybody's pictures are split, instead of the people.
        crop: whether pictures are cut out around the person.
        framing: name of a known data set: people are framed as there.

    Raises:
        OptionsError: one of these is wrong, or contradicts another.
    """

    folder: str
    name: str
    size: tuple
    identity: str = BY_FOLDER
    test_share: float = 0.2
    test_ids: tuple = ()
    by_pictures: bool = False
    crop: bool = True
    framing: str = "fasion"

    def __post_init__(self):
        if not OWN_NAME.fullmatch(self.name):
            raise OptionsError(f"--name {self.name!r} must begin with a letter or digit, and have only these and . _ -")
        if dataset_name(self.name) in DATASETS:
            raise OptionsError(f"--name {self.name} is a data set that is known already: choose a name of your own.")
        if not all(_SMALLEST <= side <= _LARGEST for side in self.size):
            raise OptionsError(
                f"--image_size {self.size[0]},{self.size[1]} must be a height and a width of {_SMALLEST} to {_LARGEST} "
                "pixels."
            )
        if not 0 < self.test_share < 1:
            raise OptionsError(f"--test_share {self.test_share} must lie between 0 and 1.")
        if self.by_pictures and self.test_ids:
            raise OptionsError("--test_ids names people, but --split pictures tests on everybody: give one of both.")

    @property
    def settings(self):
        """Options of `train.py` that say where the data set lies: {name: text}."""
        settings = {"dataset": self.name, "image_size": ",".join(map(str, self.size))}
        for split in SPLITS:
            settings |= {
                f"images_dir_{split}": f"data/{self.name}-dataset/{split}",
                f"annotations_file_{split}": f"data/{self.name}-annotation-{split}.csv",
                f"pairs_file_{split}": f"data/{self.name}-pairs-{split}.csv",
                f"bg_images_dir_{split}": f"data/{self.name}-dataset/{split}-bg",
            }
        return settings | {"records_dir": f"data/{self.name}-records"}

    @property
    def paths(self):
        """`pgig.config.DataPaths` of the data set."""
        return data_paths(Shared(**self.settings))

    @property
    def folder_made(self):
        """`pathlib.Path` of the folder of its pictures and of its page."""
        return Path(f"data/{self.name}-dataset")

    @property
    def config_file(self):
        """`pathlib.Path` of the file that says to `train.py` where it is."""
        return Path(f"data/{self.name}.toml")

    @property
    def poses_folder(self):
        """`pathlib.Path` of the folder in which estimated poses are kept."""
        return Path(f"data/{self.name}-poses")

    def require_absent(self):
        """Raise a `DataError` when anything of the data set exists already."""
        for path in (self.folder_made, self.config_file):
            if path.exists():
                raise DataError(
                    f"{path} exists already, and nothing is overwritten: move the data set away, or give another "
                    f"--name. Poses may stay in {self.poses_folder} for making it anew."
                )
        for split in SPLITS:
            require_absent(split_files(self.paths, split))
