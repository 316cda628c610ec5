"""Virtual Market: pictures of people whom nobody has seen, labelled, to train a re-identification network.

Ma et al., "Disentangled Person Image Generation", CVPR 2018; model 11 of the published program. A person is one sampled
code of the foreground (of the appearance, where a method has no background); each of their pictures has a background of
its own and the pose of a training picture. All pictures of a person are made in one batch: the discriminator normalises
by its batch, so that its logit of a picture depends on the others. How the authors came from 751 people of 32 pictures
to 500 of 24 is not in their program; here the best by logit can be kept.
"""

import hashlib
import shutil
from pathlib import Path

import numpy as np

from pgig.data.images import decode, list_images, read_bytes
from pgig.data.training_poses import training_poses
from pgig.errors import DataError, OptionsError, StorageError
from pgig.generate.sources import refuse_taken, require_whole
from pgig.pose.check import is_valid
from pgig.report.report import Gallery, report
from pgig.train.pictures import write_png
from pgig.utils.files import sweep, write_text
from pgig.utils.locks import alone_in
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted

# Folder of the pictures for each way of naming them.
FOLDERS = {"market": "bounding_box_train", "published": "G"}
POSES = ("real", "sampled")

# People and pictures of each on the page.
_SHOWN = 10, 12


def run(options, output, ids=500, images=24, generate=None, pose="real", names="market"):
    """Make the pictures; started again after an interruption, it goes on with the people that are missing.

    Args:
        options: `pgig.cli.options.Options`; `seed` decides on everything, `test_batch_size` on nothing.
        output: folder of the folder of pictures, of `index.html` and, for a network that takes it, of `train.txt`.
        ids: how many people.
        images: pictures of each.
        generate: pictures made of each, of which those with the best logits are kept; None: as many as `images`.
        pose: one of `POSES`: poses of training pictures, or of the mapping of noise to poses.
        names: key of `FOLDERS`: names as in Market-1501, people from 1, or those of the original, people from 0.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    require_whole(options)
    for flag, value in (("ids", ids), ("images", images), ("generate", generate)):
        if value is not None and value < 1:
            raise OptionsError(f"--{flag} {value} must be 1 or more.")
    generate = generate or images
    judged = bool(options.shared.discriminator_checkpoint)
    if generate < images:
        raise OptionsError(f"--generate {generate} of which --images {images} are kept: generate at least as many.")
    if generate > images and not judged:
        raise OptionsError(
            f"--images {images} of --generate {generate} are chosen by the discriminator: name its file with "
            "--discriminator_checkpoint, or leave --generate out."
        )
    poses = real_poses(options.data) if pose == "real" else None

    # Here, so that mistakes do not wait for Keras.
    from pgig.generate.factors import build_factored, load_factored, origin
    from pgig.generate.reid import LIST_FILE, claim, training_list
    from pgig.generate.virtual_people import People

    method, options = build_factored(options)
    mapped = [factor.name for factor in method.factors if factor.name != "pose" or pose == "sampled"]
    load_factored(method, options, mapped, decodes_poses=pose == "sampled")
    folder = Path(output) / FOLDERS[names]
    made_from = origin(method, options) | {"seed": options.shared.seed, "images": images, "generate": generate}
    made_from["poses"] = pose if poses is None else hashlib.sha256(poses.tobytes()).hexdigest()
    with alone_in(folder, lambda: refuse_taken(output)):
        claim(folder, made_from, "-o")
        sweep(folder)
        _require_space(folder, ids * images - len(list_images(folder)), options.data.image_size)
        missing = _missing(folder, ids, images, names)
        print(f"{len(missing)} of {ids} people are to be made, {counted(images, 'picture')} of each.")
        people = People(method, options, generate, poses, judged)
        for person in progress_bar(missing, "Virtual Market", "person"):
            pixels, logits = people(person)
            # Of pictures that are alike to the discriminator, the earlier ones.
            best = range(generate) if logits is None else sorted(np.argsort(-logits, kind="stable")[:images])
            for frame in best:
                name = picture_name(names, person, frame, generate, None if logits is None else logits[frame])
                write_png(folder / name, pixels[frame])
        found = list_images(folder)
        if names == "market":
            write_text(Path(output) / LIST_FILE, training_list(found))
        _write_page(output, folder, found, names)
    print(f"{counted(len(found), 'picture')} in {folder}; {Path(output) / 'index.html'} shows some of them.")


def picture_name(names, person, frame, count, logit=None):
    """File name of a picture.

    Args:
        names: key of `FOLDERS`.
        person: number of the person, from 0.
        frame: number of the picture among those of the person, from 0.
        count: pictures that are made of each person.
        logit: of the discriminator; None: none looked at it. The original's names tell it.
    """
    number = person * count + frame
    if names == "market":
        return f"{_beginning(names, person)}{number:06d}_00.png"
    judged = "" if logit is None else f"_{logit:f}"
    return f"{_beginning(names, person)}{frame:06d}_{number:05d}{judged}.png"


def real_poses(data):
    """Poses (N, 18, 3) of the training pictures that have both shoulders and hips.

    Raises:
        DataError: there are none.
    """
    _, keypoints = training_poses(data)
    poses = keypoints[is_valid(keypoints)]
    if not len(poses):
        raise DataError(f"{data.annotations_file_train} holds no pose with both shoulders and hips: give another one.")
    return poses


def _beginning(names, person):
    return f"{person + (names == 'market'):04d}_c1s1_"


def _missing(folder, ids, images, names):
    """Numbers of the people that lack pictures; what there is of them is removed: its names may tell old logits."""
    there = {}
    for name in list_images(folder):
        there.setdefault(name.partition("_")[0], []).append(name)
    missing = []
    for person in range(ids):
        own = there.get(_beginning(names, person).partition("_")[0], [])
        if len(own) != images:
            missing.append(person)
            for name in own:
                (folder / name).unlink()
    return missing


def _require_space(folder, count, size):
    """Refuse to begin what will not fit, in the worst case: pictures that do not compress at all."""
    needed, free = count * (3 * size[0] * size[1] + 4096), shutil.disk_usage(folder).free
    if needed > free:
        raise StorageError(
            f"{counted(count, 'picture takes', 'pictures take')} up to {needed / 1e9:.1f} GB, but in {folder} "
            f"{free / 1e9:.1f} GB are free: free some space, or make fewer --ids."
        )


def _write_page(output, folder, found, names):
    """A row of pictures for each of the first people."""
    people, pictures = _SHOWN
    rows = []
    for person in range(people):
        own = [name for name in found if name.startswith(_beginning(names, person))][:pictures]
        if own:
            strip = [decode(read_bytes(folder / name), None, name) for name in own]
            rows.append((own[0].partition("_")[0], np.concatenate(strip, axis=1)))
    title = f"Virtual Market: the first {counted(len(rows), 'person', 'people')}"
    report(Path(output) / "index.html", title, images=[Gallery("A row is a person", tuple(rows))])
