"""Poses to be looked at: skeletons, heat maps, masks and placed limbs, one by one or as sheets."""

import os
from pathlib import Path

from pgig.errors import DataError, OptionsError
from pgig.generate.draw_folder import to_folder, to_sheet
from pgig.generate.draw_one import KINDS, drawing
from pgig.generate.draw_poses import Poses, alone, count_joints
from pgig.generate.draw_sheet import columns_for, titled_sheet
from pgig.generate.pixels import require_picture_name, write_picture
from pgig.pose.formats import is_picture, named_poses, read_pose

# Heights: of a drawing, and of one picture among many on a sheet.
_HEIGHT, _SMALL = 512, 192
# Picture in which all named poses have room, also those with arms stretched out.
_NAMED_SIZE = (256, 208)


def run(
    source,
    output,
    pose=None,
    annotations=None,
    target=None,
    kind="skeleton",
    size=None,
    ground="black",
    height=None,
    estimator="auto",
):
    """Draw a picture's pose, those of a folder of pictures, or a pose alone, and write it.

    Args:
        source: a picture, a folder of pictures, or a pose as `read_pose` takes it; None: all named poses on a sheet.
        output: the picture to write, PNG or JPEG by its name. For a folder of pictures also a folder, then there is a
            drawing for each picture, `NAME.png`; else all are on one sheet.
        pose: the pose of the picture `source`, as `read_pose` takes it.
        annotations: path of an annotation table with the poses of pictures. Without both an estimator finds them.
        target: for the kinds "warp" and "all": where limbs go: a picture, or a pose as `read_pose` takes it. One that
            does not stand in a picture of the same size is brought to the place and the size of the source's torso.
        kind: one of `KINDS`.
        size: (height, width) of the picture for poses that do not know theirs, or None.
        ground: "black" or "white", behind a pose alone.
        height: of a drawing in pixels; None: 512, 192 on a sheet of many.
        estimator: a name of `pgig.estimate.people.ESTIMATORS`.

    Raises:
        OptionsError: the choices do not fit each other.
        DataError: a picture, a table or a pose cannot be read.
        WeightsError: an estimator is needed and there is none.
        StorageError: a picture cannot be written.
    """
    many = source is not None and os.path.isdir(source)
    in_folder = many and (os.path.isdir(output) or not Path(output).suffix)
    if not in_folder:
        require_picture_name(output)
    _require_fitting(source, many, pose, target, kind)
    poses = Poses(annotations, estimator)
    if source is None:
        subjects = {name: alone(one, _NAMED_SIZE, ground) for name, one in named_poses().items()}
        cells = [(name, drawing(subject, kind, height or _SMALL)) for name, subject in subjects.items()]
        write_picture(output, titled_sheet(cells, columns_for([pixels for _, pixels in cells])))
        print(f"{len(cells)} named poses: {output}")
        return
    goal = None if target is None else _with_joints(poses.of(target, size), "--target")
    if in_folder:
        to_folder(source, output, poses, goal, kind, height or _HEIGHT)
        return
    if many:
        to_sheet(source, output, poses, goal, kind, height or _SMALL)
        return
    one = poses.of_picture(source, pose) if is_picture(source) else alone(read_pose(source), size, ground)
    subject = _with_joints(one, "--pose")
    write_picture(output, drawing(subject, kind, height or _HEIGHT, goal))
    print(f"{subject.note}\n{output}")


def _with_joints(subject, flag):
    """The subject itself.

    Raises:
        DataError: it has no joint.
    """
    if not count_joints(subject):
        raise DataError(f"{subject.note} Give a pose with {flag}.")
    return subject


def _require_fitting(source, many, pose, target, kind):
    """Refuse choices that do not fit each other.

    Raises:
        OptionsError: they do not.
    """
    if kind not in KINDS:
        raise OptionsError(f"The kind {kind!r} is unknown: choose one of {', '.join(KINDS)}.")
    picture = source is not None and (many or is_picture(source))
    if source is None and kind != "skeleton":
        raise OptionsError(f"--kind {kind} draws one pose or picture: say which one.")
    if pose is not None and (many or not picture):
        raise OptionsError("--pose is the pose of one picture: give the picture too, or the pose in its place.")
    if kind == "warp" and target is None:
        raise OptionsError("--kind warp places limbs in another pose: give it with --target.")
    if target is not None and kind not in ("warp", "all"):
        raise OptionsError(f"--target is for --kind warp and all, not for {kind}.")
    if target is not None and not picture:
        raise OptionsError("--target says where the limbs of a picture go: give a picture, not a pose alone.")
