"""`python -m pgig evaluate`: score a folder of pictures that any program of any method left."""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pgig.config import Shared
from pgig.data.paths import data_paths
from pgig.errors import DataError
from pgig.evaluate.features import FeatureCache
from pgig.evaluate.networks import Networks, stated_weights
from pgig.evaluate.outcome import print_scores, side_by_side, write_page
from pgig.evaluate.prepare import MIDDLE, SQUARE, STEPS
from pgig.evaluate.protocols import find_protocol
from pgig.evaluate.real import RealPictures
from pgig.evaluate.scores import Scorer
from pgig.layouts.listing import list_pairs
from pgig.layouts.pictures import stem
from pgig.pose.files import read_annotations
from pgig.utils.files import require_folder
from pgig.utils.progress import progress_bar

# Share of the joints that may lie outside of the pictures before it is said: arms that a cut went through.
_MOST_OUTSIDE = 0.01


@dataclass(frozen=True)
class Request:
    """What `evaluate` was asked for; paths are text, None where not given.

    Attributes:
        generated: folder of the generated pictures.
        protocol: name of the protocol.
        layout: how the pictures lie in the folder, see `pgig.layouts.listing`; "auto": found out.
        reference: folder of the real target pictures, where the layout does not hold them.
        pairs: comma file of the pairs.
        annotations: table of the joints of the target pictures.
        masks: folder of mask pictures of the targets.
        real: folder of the real pictures for set metrics.
        dataset: a data set of `data/`, which gives annotations and real pictures, or None.
        method: label of the method; None: name of the folder.
        output: folder of scores.json, scores.csv and report.html.
        limit: score only the first pairs; 0: all.
        batch_size: pairs scored at a time.
        feature_cache: folder of the features; "": nowhere.
        inception_weights: path of the Inception graph.
        pose_estimator: path of the OpenPose estimator.
    """

    generated: str
    protocol: str = "standard"
    layout: str = "auto"
    reference: str | None = None
    pairs: str | None = None
    annotations: str | None = None
    masks: str | None = None
    real: str | None = None
    dataset: str | None = None
    method: str | None = None
    output: str | None = None
    limit: int = 0
    batch_size: int = 16
    feature_cache: str = "output/features"
    inception_weights: str | None = None
    pose_estimator: str | None = None


def run(request):
    """Score the folder.

    Args:
        request: `Request`.

    Returns:
        the dictionary that scores.json holds.

    Raises:
        PgigError: one sentence for whatever the user can mend, before any long work.
    """
    protocol = find_protocol(request.protocol)
    request, joints_size = with_dataset(request)
    pairs = list_pairs(
        request.generated, request.layout, request.reference, pairs_file=request.pairs, masks=request.masks
    )
    protocol.require_size(pairs.size)
    count = min(request.limit or len(pairs), len(pairs))
    keypoints = joints_of(pairs.names[:count], request.annotations)
    if keypoints is not None:
        keypoints = fitting_joints(keypoints, joints_size, pairs.size, pairs.notes)
    real = RealPictures(request.real, pairs.size, protocol) if request.real and protocol.needs_real else None
    name = request.method or Path(request.generated).resolve().name
    # A label may hold slashes; the folder that is named after it stays in its place.
    output = Path(request.output or Path("output/evaluation") / re.sub(r"[/\\]|^\.+", "-", name))
    for needed in filter(None, (output, request.feature_cache)):
        require_folder(needed)

    networks = Networks(FeatureCache(request.feature_cache or None), stated_weights(request))
    scorer = Scorer(protocol, networks, real, pairs.from_jpeg, pairs.notes)
    for start in progress_bar(range(0, count, request.batch_size), "Scoring", "batch"):
        numbers = range(start, min(start + request.batch_size, count))
        target, generated, masks = _stacked(pairs, numbers)
        joints = None if keypoints is None else keypoints[start : numbers.stop]
        scorer.add(pairs.names[start : numbers.stop], target, generated, joints, masks)

    result = scorer.write(
        output,
        method=name,
        dataset=request.dataset,
        baselines={},
        pictures={
            "folder": str(request.generated),
            "layout": pairs.layout,
            "reference": request.reference,
            "pairs_file": request.pairs,
        },
    )

    def panels(number):
        pair = pairs.read(number)
        shown = [pair.target, pair.generated] if pair.source is None else [pair.source, pair.target, pair.generated]
        return side_by_side(*shown)

    caption = "source | target | generated" if pairs.has_source else "target | generated"
    subtitle = f"protocol {protocol.name}, pictures {request.generated}"
    write_page(output / "report.html", name, subtitle, {name: result}, scorer, panels, caption)
    print_scores({name: result})
    print(f"scores.json, scores.csv and report.html: {output}")
    return result


def with_dataset(request):
    """Fill in the joints of the targets and the real pictures from a data set of `data/`, where they exist.

    Returns:
        the request, and the (height, width) of the pictures in which the data set gives joints; None for joints from
        elsewhere.

    Raises:
        OptionsError: the data set is not known.
    """
    if request.dataset is None:
        return request, None
    data = data_paths(Shared(dataset=request.dataset))
    annotations, real = data.annotations_file_test, data.images_dir_train
    filled = replace(
        request,
        annotations=request.annotations or (annotations if Path(annotations).is_file() else None),
        real=request.real or (real if Path(real).is_dir() else None),
    )
    return filled, None if request.annotations else data.image_size


def joints_of(names, annotations):
    """(N, 18, 3) joints of the targets of pairs, or None without a table.

    A picture's row has its name, or its name with another extension (programs save their pictures anew), or in
    another folder, as long as it is the only one.

    Raises:
        DataError: the table is damaged, or has no row, or several, for a target.
    """
    if annotations is None:
        return None
    table = read_annotations(annotations)
    likenesses = (str, stem, _base, lambda name: stem(_base(name)))
    indices = []
    for likeness in likenesses:
        rows = defaultdict(list)
        for row, name in enumerate(table.names):
            rows[likeness(name)].append(row)
        indices.append((likeness, rows))

    found = []
    for _, target in names:
        candidates = (rows[likeness(target)] for likeness, rows in indices if likeness(target) in rows)
        found.append(next(candidates, []))
    for problem, wrong in (
        ("no row", [target for (_, target), rows in zip(names, found, strict=True) if not rows]),
        ("several rows", [target for (_, target), rows in zip(names, found, strict=True) if len(rows) > 1]),
    ):
        if wrong:
            raise DataError(
                f"{annotations} has {problem} for {len(wrong)} of the {len(names)} targets, the first is {wrong[0]}: "
                "give the annotation table of these pictures, or none."
            )
    return table.keypoints[[rows[0] for rows in found]]


def _base(name):
    return Path(name).name


def fitting_joints(keypoints, joints_size, size, notes):
    """Joints in the coordinates of the scored pictures.

    Args:
        keypoints: (N, 18, 3) y, x, visible.
        joints_size: (height, width) of the pictures in which they are given; None: not known.
        size: (height, width) of the scored pictures.
        notes: list that gets a sentence where the joints seem to be those of other pictures.

    Returns:
        (N, 18, 3), or None where nobody knows how the pictures were made from those of the joints.
    """
    if joints_size == SQUARE and size == MIDDLE:
        keypoints = STEPS["cut-176"].keypoints(keypoints, joints_size)
    elif joints_size not in (None, size):
        notes.append(
            f"The data set gives the joints of pictures of {joints_size[0]}x{joints_size[1]} pixels (height x width), "
            f"the scored ones are {size[0]}x{size[1]}: give their joints with --annotations."
        )
        return None
    visible = keypoints[..., 2] > 0
    outside = visible & ((keypoints[..., :2] < 0) | (keypoints[..., :2] >= size)).any(axis=-1)
    if outside.sum() > _MOST_OUTSIDE * visible.sum():
        notes.append(
            f"{outside.sum()} of the {visible.sum()} joints lie outside of the pictures of {size[0]}x{size[1]} pixels "
            "(height x width): masked scores and PCKh are wrong unless the annotation table is of these pictures."
        )
    return keypoints


def _stacked(pairs, numbers):
    """Target and generated pictures (B, H, W, 3) and mask pictures (B, H, W) or None of some pairs."""
    read = [pairs.read(number) for number in numbers]
    target, generated = (np.stack([getattr(pair, name) for pair in read]) for name in ("target", "generated"))
    masks = None if read[0].mask is None else np.stack([pair.mask for pair in read])
    return target, generated, masks
