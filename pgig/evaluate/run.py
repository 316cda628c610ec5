"""`test.py`: generate the test pairs, keep the pictures, score them beside two baselines, and write a report."""

from pathlib import Path

import numpy as np

from pgig.data.check import require_pairs
from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.data.stream import PairStream
from pgig.errors import PgigError
from pgig.evaluate.inception_graph import InceptionGraph, what_is_missing
from pgig.evaluate.protocols import POSE_GAN
from pgig.evaluate.report import Gallery, Table, ranked_examples, report
from pgig.evaluate.scores import Scorer, mean_picture, summary_line
from pgig.evaluate.triptych import list_triptychs, read_triptych, triptych_name, write_triptych
from pgig.generate.pairs import generated_batches, generation_options, load_generator
from pgig.utils.files import require_folder, sha256
from pgig.utils.progress import progress_bar

_COLUMNS = ("ssim", "masked_ssim", "l1")
_EXAMPLES = 4


def run(options):
    """Generate (or load) the pictures of the test pairs and score them.

    Args:
        options: `pgig.cli.options.Options`.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    shared, data = options.shared, options.data
    folder = Path(shared.generated_images_dir)
    if shared.load_generated_images:
        found = list_triptychs(folder)
        images = open_images(data)
        batches = loaded_batches(images, found[: shared.test_limit or len(found)], folder, shared.test_batch_size)
    else:
        options = generation_options(options, "test.py")
        require_pairs(data, {data.pairs_file_test: 1}, options.uses_background)
        method = load_generator(options)
        require_folder(folder)
        images = open_images(data)
        batches = fresh_batches(images, method, folder, options)

    missing = what_is_missing(shared.inception_weights)
    graph = None if missing else InceptionGraph(shared.inception_weights)
    scorers = {"generated": Scorer(POSE_GAN, graph, missing), "source copied": Scorer(POSE_GAN)}
    mean = training_mean(images, options)
    if mean is not None:
        scorers["mean of training targets"] = Scorer(POSE_GAN)

    for batch in batches:
        pairs = list(zip(batch["source_name"], batch["target_name"], strict=True))
        target, keypoints = batch["target_pixels"], batch["target_keypoints"]
        guesses = {"generated": batch["generated_pixels"], "source copied": batch["source_pixels"]}
        if mean is not None:
            guesses["mean of training targets"] = np.broadcast_to(mean, target.shape)
        for name, scorer in scorers.items():
            scorer.add(pairs, target, guesses[name], keypoints)

    results = {name: scorer.result() for name, scorer in scorers.items()}
    origin = _origin(options)
    baselines = {
        name: {key: result[key] for key in _COLUMNS}
        for name, result in results.items()
        if name != "generated"
    }
    result = scorers["generated"].write(folder, baselines=baselines, **origin)
    write_page(folder, options, results, scorers["generated"])
    print_scores(results)
    print(summary_line(result))
    print(f"Pictures, scores.json, scores.csv and report.html: {folder}")


def fresh_batches(images, method, folder, options):
    """Generate the test pairs and write their pictures."""
    path = options.data.pairs_file_test
    stream = PairStream(images, read_pairs(path), 1, shuffle=False, use_bg=options.uses_background, origin=path)
    for batch in generated_batches(method, stream, options, options.shared.test_limit):
        for row in zip(*(batch[key] for key in _ROW), strict=True):
            write_triptych(folder, *row)
        yield batch


_ROW = ("source_name", "target_name", "source_pixels", "target_pixels", "generated_pixels")


def loaded_batches(images, found, folder, size):
    """Read the pictures of an earlier test back, in the order of their names, `size` at a time."""
    numbers = images.numbers([(source, target) for source, target, _ in found], str(folder))
    for first in progress_bar(range(0, len(found), size), "Loading", "batch"):
        part = found[first : first + size]
        panels = [read_triptych(path, images.size) for _, _, path in part]
        source, target, generated = (np.stack(column) for column in zip(*panels, strict=True))
        yield {
            "source_name": np.array([name for name, _, _ in part]),
            "target_name": np.array([name for _, name, _ in part]),
            "source_pixels": source,
            "target_pixels": target,
            "generated_pixels": generated,
            "target_keypoints": images.keypoints[numbers[first : first + size, 1]],
        }


def training_mean(images, options):
    """Mean picture of the targets of the training pairs, or None (and a line saying so) when there are none."""
    path = options.data.pairs_file_train
    try:
        targets = np.unique(images.numbers(read_pairs(path), path)[:, 1])
    except PgigError as error:
        print(f"No baseline from the mean of the training targets: {error}")
        return None
    bar = progress_bar(targets, "Mean of training targets", "picture")
    return mean_picture(images.pixels(number)[None] for number in bar)


def print_scores(results):
    """Print a line of scores for the method and for each baseline."""
    print(f"\n{'protocol ' + POSE_GAN.name:28}{'SSIM':>10}{'mask SSIM':>12}{'L1':>10}")
    for name, result in results.items():
        values = [result[key] for key in _COLUMNS]
        ssim, masked, l1 = ("-" if value is None else f"{value:.4f}" for value in values)
        print(f"{name:28}{ssim:>10}{masked:>12}{l1:>10}")
    for note in results["generated"]["notes"]:
        print(note)


def write_page(folder, options, results, scorer):
    """Write report.html: the scores beside the baselines, and the best, median and worst pairs as pictures."""
    rows = tuple((name, *(result[key] for key in _COLUMNS)) for name, result in results.items())
    pairs = f"{results['generated']['pairs']} pairs of {options.data.name}"
    note = " ".join(("SSIM: higher is better. L1: lower is better.", *results["generated"]["notes"]))
    table = Table(f"Scores on {pairs}", ("", "SSIM", "mask SSIM", "L1"), rows, note)
    scores = scorer.pair_scores()["ssim"]
    galleries = []
    for kind, numbers in ranked_examples(scores, _EXAMPLES).items():
        pictures = []
        for number in numbers:
            path = folder / triptych_name(*scorer.names[number])
            panels = read_triptych(path, options.data.image_size)
            pictures.append((f"SSIM {scores[number]:.3f}", np.concatenate(panels, axis=1)))
        galleries.append(
            Gallery(f"{kind.capitalize()} pairs by SSIM", tuple(pictures), "source | target | generated")
        )
    report(
        folder / "report.html",
        f"{options.method.title}: test on {options.data.name}",
        tables=[table],
        images=galleries,
        subtitle=f"protocol {POSE_GAN.name}, {pairs}, weights {options.shared.generator_checkpoint}",
    )


def _origin(options):
    """Where the scores come from, for scores.json."""
    path = options.shared.generator_checkpoint
    digest = sha256(path) if path and Path(path).is_file() else None
    return {
        "method": options.method.name,
        "dataset": options.data.name,
        "checkpoint": path,
        "checkpoint_sha256": digest,
    }
