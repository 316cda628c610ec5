"""DeepFashion as `RenYurui/Global-Flow-Local-Attention` and `tengteng95/Pose-Transfer` use it: split by lists of names.

The former copies the high-resolution pictures, the latter cuts the margins off those of 256 x 256 pixels. Both find a
picture in `train.lst` or `test.lst` by a name that is put together from its folders.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pgig.data.fashion import FULL_SIZE, MARGIN, fashion_pictures, save_picture
from pgig.data.images import decode, read_bytes
from pgig.data.split_writer import safe_name
from pgig.errors import DataError
from pgig.utils.files import atomic_path, sweep
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted, first_few

# Of a long list of names that many are shown.
_SHOWN = 3


@dataclass(frozen=True)
class Form:
    """One of the two.

    Attributes:
        input_dir, output_dir: folders that are taken and made where none are named.
        write: function of the paths of a picture and of its copy.
    """

    input_dir: str
    output_dir: str
    write: Callable


def list_name(parts):
    """The name in the lists of a DeepFashion picture.

    Args:
        parts: (gender, category, identity, file), e.g. `("WOMEN", "Tees_Tanks", "id_00000001", "01_1_front.jpg")`.

    Returns:
        For the example `fashionWOMENTees_Tanksid0000000101_1front.jpg`: other than in `pgig.data.fashion.split_name`,
        it is "fashion", and the category keeps its `_`.
    """
    gender, category, identity, file = parts
    head, _, tail = file.partition("_")
    return f"fashion{gender}{category}{identity.replace('_', '')}{head}_{tail.replace('_', '')}"


def read_list(path):
    """Read a list of file names of pictures, one a line.

    Args:
        path: the file.

    Returns:
        dict of the names in file order, for quick look-up: {name: None}.

    Raises:
        DataError: the file cannot be read, is empty, or a line is no such name; the line is named.
    """
    try:
        lines = read_bytes(path).decode("utf-8-sig").split("\n")
    except DataError as error:
        raise DataError(f"{error} Name the lists with --train_list and --test_list: they come with the data.") from None
    except UnicodeDecodeError:
        raise DataError(f"The list {path} is not UTF-8 text: a picture's file name is expected in each line.") from None
    stripped = enumerate(map(str.strip, lines), start=1)
    names = {safe_name(line, f"{path}, line {number},"): None for number, line in stripped if line}
    if not names:
        raise DataError(f"The list {path} is empty: a picture's file name is expected in each line.")
    return names


def generate_fashion(form, train_list, test_list, input_dir=None, output_dir=None, progress=True):
    """Make the folders `train` and `test`. What an interrupted run has written is not written again.

    Args:
        form: key of `FORMS`.
        train_list, test_list: paths of the lists.
        input_dir: folder of GENDER/CATEGORY/ID/FILE; None: that of the form.
        output_dir: where `train` and `test` are made; None: that of the form.
        progress: whether to show a bar.

    Returns:
        text: what was written, and what has no place.

    Raises:
        DataError: a list or the pictures are missing, a name is in both lists, two pictures have one name, no picture
            is in a list, or a picture is damaged or has another size.
        StorageError: the disk is full or a folder cannot be written.
    """
    chosen = FORMS[form]
    input_dir, output_dir = input_dir or chosen.input_dir, output_dir or chosen.output_dir
    lists = {"train": read_list(train_list), "test": read_list(test_list)}
    twice = lists["train"].keys() & lists["test"].keys()
    if twice:
        raise DataError(f"{min(twice)} is in both {train_list} and {test_list}: a picture belongs to one split only.")

    found = {}
    for path in fashion_pictures(input_dir):
        name = list_name(path.relative_to(input_dir).parts)
        if name in found:
            raise DataError(f"{path} and {found[name]} would both be called {name}: take one of them away.")
        found[name] = path
    places = {name: Path(output_dir, split, name) for split, names in lists.items() for name in names if name in found}
    if not places:
        raise DataError(
            f"None of the {len(found)} pictures under {input_dir} is in {train_list} or {test_list}; the first would "
            f"be called {next(iter(found))}: give other lists, or another --input_dir."
        )

    done = {name for name, place in places.items() if place.exists()}
    for split in lists:
        sweep(Path(output_dir, split))
    for name in progress_bar([name for name in places if name not in done], form, "picture", show=progress):
        chosen.write(found[name], places[name])
    return _summary(lists, found, places, done, output_dir)


def _summary(lists, found, places, done, output_dir):
    lines = []
    for split, names in lists.items():
        here = [name for name in names if name in places]
        before = sum(name in done for name in here)
        there = f", {before} of them were there already" if before else ""
        lines.append(f"{Path(output_dir, split)}: {counted(len(here), 'picture')}{there}.")
        absent = [name for name in names if name not in found]
        if absent:
            lines.append(f"In the list of {split}, but no picture: {first_few(absent, _SHOWN)}.")
    lines.append(f"In neither list: {counted(len(found) - len(places), 'picture')}.")
    return "\n".join(lines)


def _copy(source, target):
    data = read_bytes(source)
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)


def _crop(source, target):
    pixels = decode(read_bytes(source), None, str(source))
    if pixels.shape[:2] != FULL_SIZE:
        height, width = pixels.shape[:2]
        raise DataError(
            f"{source} is {height} x {width} pixels (height x width), but --form patn takes the pictures of 256 x 256 "
            "(img.zip): give their folder, or --form gfla."
        )
    save_picture(pixels[:, MARGIN:-MARGIN], target)


FORMS = {
    "gfla": Form("img_highres", "fasion-dataset", _copy),
    "patn": Form("fashion", "fasion-resize-dataset", _crop),
}
