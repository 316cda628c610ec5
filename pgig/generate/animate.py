"""Animate one photo by the poses of a sequence of frames (pose-gan: demo.py, here with given keypoints)."""

import numpy as np

from pgig.data.dataset import open_images
from pgig.generate.sequence import PAIRS, dataset_paths, read_sequence, write_dataset
from pgig.generate.video import check_video, write_video
from pgig.layouts.triptych import write_triptych
from pgig.utils.words import counted


def run(options, source, frames, keypoints, background, video, fps):
    """Generate the source person in the pose of every frame; write triptychs and a video.

    Nothing is written before the flags, the tables, the weights and the pictures have turned out to be good.

    Args:
        options: `pgig.cli.options.Options`; `generated_images_dir` is the folder of the triptychs, and
            `test_limit` the number of frames to generate (0: all).
        source: path of the photo.
        frames: folder of the driving frames, taken in the order of their names.
        keypoints: annotation table with a row for the photo and for each frame, in pixels of these files.
        background: path of the background picture, read with `--use_bg 1` only.
        video: path of the `.mp4` or `.gif` to write: photo | frame | generated.
        fps: frames a second.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    check_video(video, fps)
    paths, poses = read_sequence(source, frames, keypoints)

    # Here, so that mistakes do not wait for Keras.
    from pgig.data.stream import PairStream
    from pgig.generate.pairs import generated_batches, generation_options, load_generator

    options = generation_options(options, "demo.py")
    method = load_generator(options)
    use_bg = options.uses_background
    pairs = write_dataset(paths, poses, background if use_bg else None, options.data.image_size)

    images = open_images(dataset_paths(options.data))
    stream = PairStream(images, pairs, 1, shuffle=False, use_bg=use_bg, origin=PAIRS["test"])
    folder, shown = options.shared.generated_images_dir, []
    for batch in generated_batches(method, stream, options, options.shared.test_limit):
        for row in zip(*(batch[key] for key in _ROW), strict=True):
            write_triptych(folder, *row)
            shown.append(np.concatenate(row[2:], axis=1))
    write_video(video, shown, fps)
    print(f"{counted(len(shown), 'frame')} (photo | frame | generated): {video}; their pictures: {folder}.")
    if len(pairs) < len(paths) - 1:
        print(f"Left out for want of shoulders or hips: {counted(len(paths) - 1 - len(pairs), 'frame')}.")


_ROW = ("source_name", "target_name", "source_pixels", "target_pixels", "generated_pixels")
