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
from pgig.generate.results import ResultFiles
from pgig.utils.files import require_folder
from pgig.utils.progress import progress_bar
from pgig.weights.networks import weight_hashes


def run(options):
    """Generate (or load) the pictures of the test pairs and score them, as they are in their files.

    Args:
        options: `pgig.cli.options.Options`.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    shared, data = options.shared, options.data
    folder = Path(shared.generated_images_dir)
    files = ResultFiles(folder, shared.result_layout, shared.result_format)
    protocol = find_protocol(shared.protocol)
    protocol.require_size(data.image_size)
    hashes = {}
    if shared.load_generated_images:
        found = files.find()[: shared.test_limit or None]
        images = open_images(data)
        pairs = files.whole_names(found, images.names)
        batches = loaded_batches(images, files, pairs, shared.test_batch_size)
    else:
        options = generation_options(options, "test.py")
        require_pairs(data, {data.pairs_file_test: 1}, options.uses_background)
        pairs = read_pairs(data.pairs_file_test)[: shared.test_limit or None]
        files.require_names(pairs)
        method = load_generator(options)
        hashes = weight_hashes(method, options)
        require_folder(folder)
        images = open_images(data)
        batches = fresh_batches(images, files, method, pairs, options)

    if shared.feature_cache:
        require_folder(shared.feature_cache)
    cache = FeatureCache(shared.feature_cache or None)
    networks = Networks(cache, stated_weights(shared))
    real = real_pictures(data, protocol) if protocol.needs_real else None
    mean = training_mean(images, options)
    guesses = {"generated": "generated_pixels", "source copied": "source_pixels"}
    if mean is not None:
        guesses["mean of training targets"] = "mean_pixels"
    from_jpeg = files.from_jpeg
    scorers = {
        name: Scorer(protocol, networks, real, (from_jpeg["target_pixels"], from_jpeg.get(key, False)))
        for name, key in guesses.items()
    }

    for batch in batches:
        pairs = list(zip(batch["source_name"], batch["target_name"], strict=True))
        target, keypoints = batch["target_pixels"], batch["target_keypoints"]
        if mean is not None:
            batch["mean_pixels"] = np.broadcast_to(mean, target.shape)
        for name, key in guesses.items():
            scorers[name].add(pairs, target, batch[key], keypoints, batch.get("target_masks"))

    results = {name: scorer.result() for name, scorer in scorers.items()}
    keys = results["generated"]["metrics"]
    result = scorers["generated"].write(
        folder,
        baselines={name: {key: results[name][key] for key in keys} for name in list(guesses)[1:]},
        pictures={
            "folder": str(folder),
            "layout": files.layout,
            "reference": None if files.holds_real else data.images_dir_test,
            "pairs_file": None,
        },
        **_origin(options, hashes),
    )

    def panels(number):
        shown = pictures(images, files, scorers["generated"].names[number])
        return side_by_side(*(shown[key] for key in ("source_pixels", "target_pixels", "generated_pixels")))

    title = f"{options.method.title}: test on {data.name}"
    subtitle = f"protocol {protocol.name}, weights {shared.generator_checkpoint}"
    caption = "source | target | generated"
    write_page(folder / "report.html", title, subtitle, results, scorers["generated"], panels, caption)
    print_scores(results | {"generated": result})
    print(f"Pictures, scores.json, scores.csv and report.html: {folder}")


def fresh_batches(images, files, method, pairs, options):
    """Generate pairs and write their pictures; what a file format takes from them is missing in the batches too."""
    stream = PairStream(
        images, pairs, 1, shuffle=False, use_bg=options.uses_background, origin=options.data.pairs_file_test
    )
    for batch in generated_batches(method, stream, options):
        files.write(batch)
        yield batch | files.as_written(batch)
    files.write_index(pairs, f"{options.method.title} on {options.data.name}")


def loaded_batches(images, files, pairs, size):
    """Read the pictures of an earlier test back, `size` pairs at a time."""
    targets = images.numbers(pairs, str(files.folder))[:, 1]
    for first in progress_bar(range(0, len(pairs), size), "Loading", "batch"):
        part = pairs[first : first + size]
        rows = [pictures(images, files, pair) for pair in part]
        yield {
            "source_name": np.array([name for name, _ in part]),
            "target_name": np.array([name for _, name in part]),
            "target_keypoints": images.keypoints[targets[first : first + size]],
            **{key: np.stack([row[key] for row in rows]) for key in rows[0]},
        }


def pictures(images, files, pair):
    """`source_pixels`, `target_pixels`, `generated_pixels` of a pair, out of its file as far as that holds them."""
    read = files.read(pair, images.size)
    if files.holds_real:
        return read
    source, target = images.numbers([pair], str(files.folder))[0]
    return {"source_pixels": images.pixels(source), "target_pixels": images.pixels(target), **read}


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
