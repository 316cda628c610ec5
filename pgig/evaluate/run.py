"""`test.py`: generate the test pairs, keep the pictures, score them beside two baselines, and write a report."""

from pathlib import Path

import numpy as np

from pgig.data.check import require_pairs
from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.data.stream import PairStream
from pgig.errors import PgigError
from pgig.evaluate.baselines import training_mean
from pgig.evaluate.features import FeatureCache
from pgig.evaluate.networks import Networks, stated_weights
from pgig.evaluate.outcome import print_scores, side_by_side, write_page
from pgig.evaluate.protocols import find_protocol
from pgig.evaluate.real import RealPictures
from pgig.evaluate.scores import Scorer
from pgig.generate.pairs import generated_batches, generation_options, load_generator
from pgig.layouts.triptych import list_triptychs, read_triptych, triptych_name, write_triptych
from pgig.utils.files import require_folder
from pgig.utils.progress import progress_bar
from pgig.weights.networks import weight_hashes


def run(options):
    """Generate (or load) the pictures of the test pairs and score them.

    Args:
        options: `pgig.cli.options.Options`.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    shared, data = options.shared, options.data
    folder = Path(shared.generated_images_dir)
    protocol = find_protocol(shared.protocol)
    protocol.require_size(data.image_size)
    hashes = {}
    if shared.load_generated_images:
        found = list_triptychs(folder)
        images = open_images(data)
        batches = loaded_batches(images, found[: shared.test_limit or len(found)], folder, shared.test_batch_size)
    else:
        options = generation_options(options, "test.py")
        require_pairs(data, {data.pairs_file_test: 1}, options.uses_background)
        method = load_generator(options)
        hashes = weight_hashes(method, options)
        require_folder(folder)
        images = open_images(data)
        batches = fresh_batches(images, method, folder, options)

    if shared.feature_cache:
        require_folder(shared.feature_cache)
    cache = FeatureCache(shared.feature_cache or None)
    networks = Networks(cache, stated_weights(shared))
    real = real_pictures(data, protocol) if protocol.needs_real else None
    mean = training_mean(images, options)
    names = ["generated", "source copied"] + ([] if mean is None else ["mean of training targets"])
    scorers = {name: Scorer(protocol, networks, real) for name in names}

    for batch in batches:
        pairs = list(zip(batch["source_name"], batch["target_name"], strict=True))
        target, keypoints = batch["target_pixels"], batch["target_keypoints"]
        guesses = {"generated": batch["generated_pixels"], "source copied": batch["source_pixels"]}
        if mean is not None:
            guesses["mean of training targets"] = np.broadcast_to(mean, target.shape)
        for name, scorer in scorers.items():
            scorer.add(pairs, target, guesses[name], keypoints)

    results = {name: scorer.result() for name, scorer in scorers.items()}
    keys = results["generated"]["metrics"]
    result = scorers["generated"].write(
        folder,
        baselines={name: {key: results[name][key] for key in keys} for name in names[1:]},
        pictures={"folder": str(folder), "layout": "triptych", "reference": None, "pairs_file": None},
        **_origin(options, hashes),
    )

    def panels(number):
        path = folder / triptych_name(*scorers["generated"].names[number])
        return side_by_side(*read_triptych(path, data.image_size))

    title = f"{options.method.title}: test on {data.name}"
    subtitle = f"protocol {protocol.name}, weights {shared.generator_checkpoint}"
    caption = "source | target | generated"
    write_page(folder / "report.html", title, subtitle, results, scorers["generated"], panels, caption)
    print_scores(results | {"generated": result})
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


def real_pictures(data, protocol):
    """The training pictures for set metrics, or None (and a line saying so) when there are none."""
    try:
        return RealPictures(data.images_dir_train, data.image_size, protocol)
    except PgigError as error:
        print(f"No scores against the training pictures: {error}")
        return None


def _origin(options, hashes):
    """Where the scores come from, for scores.json."""
    return {
        "method": options.method.name,
        "stage": options.stage,
        "dataset": options.data.name,
        "checkpoint": options.shared.generator_checkpoint,
        "checkpoint_sha256": hashes.get("weights"),
        "stage1_sha256": hashes.get("stage1_weights"),
    }
