"""Single pictures for a paper from the triptychs of a test (pose-gan: make_images_for_paper.py)."""

from pathlib import Path

from PIL import Image
from tqdm import tqdm

from pgig.data.images import decode, read_bytes
from pgig.errors import DataError
from pgig.evaluate.triptych import list_triptychs, read_triptych
from pgig.pose.draw import draw_skeleton
from pgig.pose.files import read_annotations
from pgig.utils.files import atomic_path


def run(options, source, target):
    """Write a numbered folder with from.jpg, to.jpg, frpose.jpg, topose.jpg and gen.jpg for every triptych.

    Args:
        options: `pgig.cli.options.Options`; the training annotations and images of its data set are used.
        source: folder of triptychs.
        target: folder to write; `<target>/0`, `<target>/1`, ... in the order of the names.

    Raises:
        DataError: a picture or an annotation is missing.
    """
    table = read_annotations(options.data.annotations_file_train)
    poses = dict(zip(table.names, table.keypoints, strict=True))
    size, images = options.data.image_size, Path(options.data.images_dir_train)
    for number, (from_name, to_name, path) in enumerate(tqdm(list_triptychs(source), unit="pair", dynamic_ncols=True)):
        for name in (from_name, to_name):
            if name not in poses:
                raise DataError(f"{path} is of {name}, which {options.data.annotations_file_train} does not list.")
        pictures = {
            "from": decode(read_bytes(images / from_name), size, from_name),
            "to": decode(read_bytes(images / to_name), size, to_name),
            "frpose": draw_skeleton(poses[from_name], size)[0],
            "topose": draw_skeleton(poses[to_name], size)[0],
            "gen": read_triptych(path, size)[2],
        }
        for part, pixels in pictures.items():
            with atomic_path(Path(target) / str(number) / f"{part}.jpg") as temporary:
                Image.fromarray(pixels).save(temporary, format="JPEG")
