"""New pictures with factors that are sampled, the others being those of a source picture.

As the test programs of charliememory/Disentangled-Person-Image-Generation for its models 13 and 1002, with their file
names: `G/<source>_c1s1_<number>_<index>[_<logit>].png` and `G_pose/<source>_<number>.png`, all counted from 0. A
sampled pose is decoded from mapped noise; the original computed that and then decoded the codes of real poses.
"""

from pathlib import Path

import numpy as np

from pgig.data.images import list_images
from pgig.errors import OptionsError
from pgig.generate.sources import first_sources, numbered, open_pictures, refuse_taken, require_whole
from pgig.utils.files import atomic_path, require_folder, sweep
from pgig.utils.locks import alone_in
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted

SOURCES, COUNT = 8, 8

# The names of the files have places for so many sources and pictures.
_MOST_SOURCES, _MOST_PICTURES = 10**4, 10**5

# A pose of fewer joints is hardly one.
_FEW_JOINTS = 5


def run(options, output, sample=None, count=COUNT, sources=None, names=None, pose="sampled"):
    """Sample pictures and write them with their poses, all codes (`codes.npz`), `grid.png` and `index.html`.

    Started again after an interruption, it makes what is missing, to the same bytes.

    Args:
        options: `pgig.cli.options.Options` of a method of factors; `seed` decides on the noise. With a
            `discriminator_checkpoint` the names of the pictures have its logits, taken in batches of `test_batch_size`.
        output: folder of what is written.
        sample: names of the factors to sample, or None for all.
        count: pictures of each source.
        sources: how many sources to take from the test pairs, or None for `SOURCES`.
        names: names of source pictures instead, or None.
        pose: where a sampled pose comes from: "sampled" or, as in the published program, "reconstructed" from the code
            of a real pose, which is drawn from all usable ones of the data set.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    require_whole(options)
    _require_counts(count, sources, names)
    if pose == "reconstructed" and "pose" not in (sample or ["pose"]):
        raise OptionsError("--pose reconstructed has an effect on a sampled pose alone: add pose to --sample.")
    data, flag = options.data, "--source"
    images = open_pictures(data)
    if not names:
        flag, names = data.pairs_file_test, first_sources(data, sources or SOURCES)
    numbers = numbered(images, names, flag)

    # Here, so that mistakes do not wait for Keras.
    from pgig.generate import factors
    from pgig.generate.reid import claim
    from pgig.generate.sample_codes import Plan, make_codes
    from pgig.generate.sample_sheet import write_grid, write_page

    method, options = factors.build_factored(options)
    sampled = [factor.name for factor in factors.chosen(method, sample, "sample")]
    plan = Plan(sampled, names, count, pose)
    factors.load_factored(method, options, plan.mapped, "pose" in sampled)

    judged = bool(options.shared.discriminator_checkpoint)
    made_from = vars(plan) | {"seed": options.shared.seed} | factors.origin(method, options)
    if judged:
        # A logit depends on the pictures beside it.
        made_from["batch"] = options.shared.test_batch_size
    output = Path(output)
    with alone_in(output, lambda: refuse_taken(output)):
        claim(output / "G", made_from, "-o")
        for folder in (output, output / "G", output / "G_pose"):
            require_folder(folder)
            sweep(folder)
        own, made = make_codes(method, options, images, numbers, plan)
        if "pose" in sampled:
            _say_missing(made["pose"], pose)
        with atomic_path(output / "codes.npz") as temporary:
            np.savez_compressed(temporary, name=plan.names()[0], source=np.repeat(names, count), **made)
        painter = factors.Painter(method, options, judged)
        _paint(output, painter, made, plan, data.image_size)
        write_grid(output / "grid.png", method, painter, images, numbers, own, made, plan)
        write_page(output, options, method, plan)
    print(f"{counted(len(names) * count, 'picture')}, grid.png and index.html: {output}")


def _require_counts(count, sources, names):
    for flag, value in (("count", count), ("sources", sources)):
        if value is not None and value < 1:
            raise OptionsError(f"--{flag} {value} must be 1 or more.")
    if names and sources:
        raise OptionsError("--source names the sources and --sources counts them: give one of the two.")
    if names and len(set(names)) < len(names):
        raise OptionsError("--source names a picture twice: --count says how many are made of each.")
    taken = len(names) if names else sources or SOURCES
    if taken > _MOST_SOURCES or taken * count > _MOST_PICTURES:
        raise OptionsError(
            f"{taken} sources with {count} pictures each are too many for the names of the files: at most "
            f"{_MOST_SOURCES} sources and {_MOST_PICTURES} pictures in all."
        )


def _say_missing(poses, kind):
    """Say how many of the poses (N, 18, 3) that were made show next to nothing."""
    seen = (poses[..., 2] > 0).sum(axis=-1)
    few, none = int((seen < _FEW_JOINTS).sum()), int((seen == 0).sum())
    if few:
        print(
            f"Of {len(poses)} {kind} poses {few} have fewer than {_FEW_JOINTS} visible joints, and {none} have none: "
            "there is hardly a person in such pictures, so train the networks of poses longer."
        )


def _paint(output, painter, made, plan, size):
    """Write the pictures of all parts of which one is missing."""
    from keras import ops

    from pgig.generate.factors import parts_of, rows
    from pgig.pose.discs import disc_maps
    from pgig.train.pictures import write_png

    names, pose_names = plan.names()
    codes = {key.removeprefix("code_"): value for key, value in made.items() if key.startswith("code_")}
    here = {"_".join(Path(name).stem.split("_")[:4]) for name in list_images(output / "G")}
    poses_here = set(list_images(output / "G_pose"))
    there = [name in here and pose in poses_here for name, pose in zip(names, pose_names, strict=True)]
    # By whole parts: what else is computed with a picture may decide on its last bits, and does on its logit.
    todo = [part for part in parts_of(len(names), painter.batch_size) if not all(there[part])]
    left = sum(part.stop - part.start for part in todo)
    with progress_bar(None, "Sampling", "picture", len(names), initial=len(names) - left) as bar:
        for part in todo:
            pixels, logits = painter(*rows(codes, made["pose"], part))
            discs = ops.max(disc_maps(made["pose"][part], size), axis=-1) > 0
            discs = ops.convert_to_numpy(ops.cast(discs, "uint8")) * np.uint8(255)
            for row, number in enumerate(range(part.start, part.stop)):
                if not there[number]:
                    logit = "" if logits is None else f"_{logits[row]:f}"
                    write_png(output / "G_pose" / pose_names[number], discs[row])
                    write_png(output / "G" / f"{names[number]}{logit}.png", pixels[row])
            bar.update(part.stop - part.start)
