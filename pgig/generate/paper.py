"""Cut triptychs into single pictures for a paper, with skeletons (pose-gan: make_images_for_paper.py)."""

from pathlib import Path

from pgig.data.folders import placed
from pgig.errors import DataError
from pgig.generate.jpeg import write_jpeg
from pgig.layouts.triptych import list_triptychs, read_triptych
from pgig.pose.draw import draw_skeleton
from pgig.pose.files import read_annotations
from pgig.utils.progress import progress_bar


def run(options, source, target):
    """Write a numbered folder with from.jpg, to.jpg, frpose.jpg, topose.jpg and gen.jpg for every triptych.

    Poses are looked up in the test annotations, then in those of training, where alone the original looked.

    Args:
        options: `pgig.cli.options.Options`; the image size and the annotations of its data set are used.
        source: folder of triptychs `<from>_<to>.png`.
        target: folder to write: `<target>/0`, `<target>/1`, ... in the order of the names.

    Raises:
        DataError: there are no triptychs, or a picture of one is in no annotation table.
        StorageError: a picture cannot be written.
    """
    if not Path(source).is_dir():
        raise DataError(f"There is no folder {source}: name the folder that test.py wrote with --triptychs.")
    triptychs = list_triptychs(source)
    poses = _poses(options.data)
    for *names, path in triptychs:
        for name in names:
            if name not in poses:
                raise DataError(
                    f"{path} shows {name}, which has no row in {options.data.annotations_file_train} nor in "
                    f"{options.data.annotations_file_test}: give the --dataset of these pictures."
                )

    size = options.data.image_size
    for number, (from_name, to_name, path) in enumerate(progress_bar(triptychs, "Cutting", "pair")):
        from_pixels, to_pixels, generated = read_triptych(path, size)
        pictures = {
            "from": from_pixels,
            "to": to_pixels,
            "frpose": draw_skeleton(poses[from_name], size)[0],
            "topose": draw_skeleton(poses[to_name], size)[0],
            "gen": generated,
        }
        for part, pixels in pictures.items():
            write_jpeg(Path(target) / str(number) / f"{part}.jpg", pixels)
    print(f"{len(triptychs)} folders of five pictures in {target}.")


def _poses(data):
    """Name -> pose of all annotated pictures. The original asked for no test table, so it may be missing."""
    poses = {}
    for path in (data.annotations_file_train, data.annotations_file_test):
        if path == data.annotations_file_train or Path(path).exists():
            table = read_annotations(path)
            poses.update(zip(table.names, placed(table.keypoints, data), strict=True))
    return poses
