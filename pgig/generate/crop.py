"""One panel out of every strip of a folder, for programs that read single pictures.

PATN's `tool/crop_market.py` and `tool/crop_fashion.py` cut the generated pictures out of its strips of five panels in
this way, before a pose estimator looked at them.
"""

from pathlib import Path

from pgig.errors import OptionsError
from pgig.generate.pixels import require_picture_name, write_picture
from pgig.layouts.pictures import Part, check_parts, find_pictures, read_parts
from pgig.utils.files import require_folder
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted


def run(root, output, panels=5, panel=None):
    """Cut one panel out of every picture of a folder; the new pictures keep names and formats.

    Args:
        root: folder of the strips, all of one size. JPEG files are compressed a second time, as PATN's tools do.
        output: another folder; pictures of the same names in it are replaced.
        panels: panels of a strip, at least 1.
        panel: which one, counted from 1; None: the last.

    Raises:
        DataError: the folder is missing or holds no pictures, one is damaged, they differ in size, or their width is
            not that of so many equal panels.
        OptionsError: there is no such panel, both folders are one, or a picture is neither PNG nor JPEG.
        StorageError: a picture cannot be written.
    """
    if panels < 1:
        raise OptionsError(f"--panels {panels} must be 1 or more.")
    panel = panels if panel is None else panel
    if not 1 <= panel <= panels:
        raise OptionsError(f"--panel {panel} is none of the {panels} panels: give a number from 1 to {panels}.")
    if Path(root).resolve() == Path(output).resolve():
        raise OptionsError(f"--output {output} is the folder of the strips: give another one.")
    paths, _ = find_pictures(root)
    for path in paths:
        require_picture_name(path)
    parts = [Part(path, panel - 1, panels) for path in paths]
    size, _ = check_parts(parts)
    require_folder(output)
    for part in progress_bar(parts, "Cutting", "picture"):
        (pixels,) = read_parts([part], size)
        write_picture(Path(output) / part.path.name, pixels)
    print(f"{counted(len(parts), 'picture')} of {size[0]} x {size[1]} pixels (height x width): {output}")
