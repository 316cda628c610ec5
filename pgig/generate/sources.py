"""The pictures of a data set that commands of single pictures begin with. No Keras: mistakes are said at once."""

from dataclasses import replace

from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.errors import DataError, OptionsError
from pgig.methods import available
from pgig.utils.words import counted


def require_whole(options):
    """Refuse a method whose pictures are not made of factors.

    Args:
        options: `pgig.cli.options.Options`.

    Raises:
        OptionsError: the method has no stage of all networks, see `MethodInfo.whole`, or another stage is asked for.
    """
    whole = options.method.whole
    if not whole:
        able = " or ".join(f"--method {name}" for name, info in available().items() if info.whole)
        raise OptionsError(
            f"--method {options.method.name} does not take pictures apart into factors that could be sampled: give "
            f"{able}."
        )
    if "stage" in options.given and options.stage != whole:
        raise OptionsError(f"--stage {options.stage} has not all of the networks: leave --stage out.")


def open_pictures(data):
    """The pictures of both splits, from their folders: for a few of them records are not worth making.

    Args:
        data: `pgig.config.DataPaths`.

    Returns:
        `pgig.data.dataset.ImageSet`.

    Raises:
        DataError: the data set is missing or broken.
    """
    return open_images(replace(data, records_dir=None))


def first_sources(data, count):
    """Names of the first different sources of the test pairs, at most `count`; says it where there are fewer.

    Raises:
        DataError: the list cannot be read.
    """
    names = list(dict.fromkeys(source for source, _ in read_pairs(data.pairs_file_test)))[:count]
    if len(names) < count:
        found = counted(len(names), "different source")
        print(f"{data.pairs_file_test} has {found}, fewer than {count}: all are taken.")
    return names


def numbered(images, names, origin):
    """Find pictures by their names and make sure that each can be read and shows somebody.

    Args:
        images: `pgig.data.dataset.ImageSet`.
        names: S file names.
        origin: what error messages call the list of names.

    Returns:
        (S,) int32.

    Raises:
        DataError: there are none, one is unknown or damaged, or no joint of its person is known.
    """
    numbers = images.numbers([(name, name) for name in names], origin)[:, 0]
    for name, number in zip(names, numbers, strict=True):
        images.pixels(number)
        if not images.keypoints[number, :, 2].any():
            raise DataError(f"No joint of {name} is known, so that nothing says where its person is: give another one.")
    return numbers


def refuse_taken(output):
    """Refuse a folder that another program works in: the second argument of `pgig.utils.locks.alone_in`.

    Raises:
        OptionsError: always.
    """
    raise OptionsError(f"Another program writes to {output}: wait until it ends, or give another folder with -o.")
