"""`python -m pgig repose`: one picture, all photos of a folder in all poses of another, or a film."""

from dataclasses import dataclass
from pathlib import Path

from pgig.data.photos import is_photo, list_photos
from pgig.errors import DataError, OptionsError
from pgig.generate.pixels import require_picture_name, write_picture
from pgig.pose.formats import is_picture, read_pose
from pgig.repose.reposer import Reposer
from pgig.repose.sequence import is_sequence
from pgig.repose.sheets import batch_sheet, result_sheet
from pgig.repose.subjects import require_photo
from pgig.utils.files import require_folder
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted

_POSE_FILES = (".json", ".npy")


@dataclass(frozen=True)
class Request:
    """What the own flags of the command ask for.

    Attributes:
        photo: path of a photo or of a folder of photos.
        pose: a text for `pgig.pose.formats.read_pose`, a photo, a folder of both, or a driving sequence.
        output: path of the picture, or of the folder for batches and for the frames of a film; or None.
        video: path of the film, or None.
        box: (y0, x0, y1, x1) in pixels, where to look in the photo, or None.
        person: which one of the photo's people, 1 for the largest.
        keypoints: file of the photo's own joints, or None.
        paste: whether to put the result back into the photo.
        sheet: whether to write overviews.
        resume: whether pictures of a batch that are there already are kept.
        fps: frames a second of the film; None: those of the driving video, else 12.
    """

    photo: str
    pose: str
    output: str | None = None
    video: str | None = None
    box: tuple | None = None
    person: int = 1
    keypoints: str | None = None
    paste: bool = False
    sheet: bool = True
    resume: bool = False
    fps: float | None = None


def run(options, request, finder):
    """Do what was asked for.

    Args:
        options: `pgig.cli.options.Options`; `test_limit` limits the frames of a film.
        request: `Request`.
        finder: `pgig.repose.subjects.Finder`.

    Returns:
        How many photos or poses of a batch were left out.

    Raises:
        PgigError: one sentence for whatever the user can mend; of a batch, when nothing at all could be made.
    """
    if request.video:
        from pgig.repose.film import run_film

        run_film(options, request, finder)
        return 0
    if is_sequence(request.pose) and not Path(request.pose).is_dir():
        raise OptionsError(f"--pose {request.pose} is no picture and no keypoint file: to drive a film, add --video.")
    if not request.output:
        raise OptionsError("Say where the result goes: -o OUT.png, for a folder of photos or poses -o FOLDER.")
    if Path(request.photo).is_dir() or Path(request.pose).is_dir():
        return _batch(options, request, finder)
    _single(options, request, finder)
    return 0


def _single(options, request, finder):
    require_picture_name(request.output)
    require_photo(request.photo)
    if not is_picture(request.pose):
        read_pose(request.pose)
    reposer = Reposer.of_options(options, finder)
    source = reposer.source(request.photo, request.box, request.person, request.keypoints)
    target = reposer.target(request.pose)
    result = reposer.result(source, target, next(reposer.generate(source, [target.keypoints])))
    output = Path(request.output)
    written = [output]
    write_picture(output, result.pasted() if request.paste else result.pixels)
    if request.sheet:
        written.append(output.with_name(f"{output.stem}-sheet.png"))
        write_picture(written[-1], result_sheet(result))
    print("\n".join([*result.sentences, *map(str, written)]))


def _batch(options, request, finder):
    """Every photo in every pose: `PHOTO__POSE.png` in the folder."""
    folder = Path(request.output)
    if folder.suffix.lower() in (".png", ".jpg", ".jpeg"):
        raise OptionsError(f"-o {folder} is a picture, but a folder of photos or poses gives many: give a folder.")
    photos = _items(request.photo, list_photos, "photos")
    poses = _items(request.pose, _list_poses, "photos or keypoint files")
    if len(photos) > 1 and (request.box or request.person != 1):
        raise OptionsError("--box and --person belong to one photo: leave them out for a folder.")
    for given in (request.photo, request.pose):
        if folder.resolve() == Path(given).resolve():
            raise OptionsError(f"-o {folder} is the folder of {given}: give another one.")
    reposer = Reposer.of_options(options, finder)
    require_folder(folder)

    left_out = []
    targets = _framed(poses, reposer.target, "Reading poses", left_out)
    sources, shown, made = [], {}, 0
    for name, photo in progress_bar(photos.items(), "Reposing", "photo"):
        try:
            source = reposer.source(photo, request.box, request.person, request.keypoints)
        except DataError as error:
            left_out.append(str(error))
            continue
        todo = {target: folder / f"{name}__{target}.png" for target in targets}
        if request.resume:
            todo = {target: path for target, path in todo.items() if not path.is_file()}
        pictures = reposer.generate(source, [targets[target].keypoints for target in todo])
        for (target, path), pixels in zip(todo.items(), pictures, strict=True):
            result = reposer.result(source, targets[target], pixels)
            write_picture(path, result.pasted() if request.paste else pixels)
            shown[name, target] = pixels
            made += 1
        sources.append((name, source.light()))
    if not sources or not targets:
        raise DataError(f"Nothing could be made of {request.photo} and {request.pose}. The first reason: {left_out[0]}")
    if request.sheet and made == len(sources) * len(targets):
        _write_overview(folder, sources, targets, shown)
    if left_out:
        print("\n".join([f"Left out ({len(left_out)}):", *(f"  {sentence}" for sentence in left_out)]))
    asked = f"{counted(len(sources), 'photo')} in {counted(len(targets), 'pose')}"
    print(f"{reposer.sentence}\n{counted(made, 'picture')} of {asked}: {folder}")
    return len(left_out)


def _write_overview(folder, sources, targets, shown):
    rows, columns = [name for name, _ in sources], list(targets)
    numbered = {(rows.index(row), columns.index(column)): pixels for (row, column), pixels in shown.items()}
    write_picture(folder / "sheet.png", batch_sheet([one for _, one in sources], list(targets.values()), numbered))


def _items(text, listed, kind):
    """{short name: path or pose} of what a flag names: the stems of the files, or their names where stems clash."""
    if not Path(text).is_dir():
        return {Path(text).stem if Path(text).is_file() else Path(text.replace(":", "-")).name: text}
    paths = listed(text)
    if not paths:
        raise DataError(f"{text} holds no {kind}: give a folder of them.")
    stems = [path.stem for path in paths]
    clash = len(set(stems)) < len(stems)
    return {path.name if clash else path.stem: str(path) for path in paths}


def _list_poses(folder):
    """The photos and keypoint files of a folder."""
    return sorted(
        path for path in Path(folder).iterdir() if is_photo(path.name) or path.suffix.lower() in _POSE_FILES
    )


def _framed(items, frame, title, left_out):
    """{name: `Framed`} of those that can be used; the sentences of the others are added to `left_out`."""
    framed = {}
    for name, item in progress_bar(items.items(), title, "pose"):
        try:
            framed[name] = frame(item).light()
        except DataError as error:
            left_out.append(str(error))
    return framed
