"""Runs to compare: pictures, scores.json and scores.csv of a few random pairs."""

import json

import numpy as np

from pgig.data.pairs import pairs_hash
from pgig.evaluate.scores import pair_table
from pgig.layouts.triptych import write_triptych
from pgig.metrics.l1 import l1
from pgig.metrics.ssim import ssim

SIZE, COUNT = (32, 24), 15
PAIRS = [(f"p{i}_a.jpg", f"p{i}_b.jpg") for i in range(COUNT)]

METRICS = {
    "ssim": {"title": "SSIM", "better": "higher", "kind": "pair", "columns": ["ssim"]},
    "l1": {"title": "L1", "better": "lower", "kind": "pair", "columns": ["l1"]},
    "pckh": {"title": "PCKh", "better": "higher", "kind": "ratio", "columns": ["pckh_correct", "pckh_total"]},
    "lpips": {"title": "LPIPS", "better": "lower", "kind": "pair", "columns": ["lpips"]},
    "inception_score": {"title": "IS", "better": "higher", "kind": "set", "columns": []},
    "fid": {"title": "FID", "better": "lower", "kind": "set", "columns": []},
}


def write_run(folder, noise=20, pairs=PAIRS, draw=True, seed=0, old=False, **more):
    """Write a run whose pictures are the targets with noise; LPIPS could not be computed.

    Args:
        folder: folder of the run.
        noise: standard deviation of the noise, grey levels.
        pairs: which of `PAIRS`, in which order.
        draw: whether to write the pictures.
        seed: seed of the hits of PCKh.
        old: leave out what earlier versions did not write.
        more: entries of scores.json.

    Returns:
        the dictionary that scores.json holds, and the columns of scores.csv.
    """
    rows = [PAIRS.index(pair) for pair in pairs]
    random = np.random.default_rng(5)
    source, target = random.integers(0, 256, (2, COUNT, *SIZE, 3)).astype(np.uint8)
    spread = noise * random.random((COUNT, 1, 1, 1)) * random.standard_normal((COUNT, *SIZE, 3))
    generated = np.clip(target + spread, 0, 255).astype(np.uint8)
    hits = np.random.default_rng(seed).integers(0, 17, COUNT)
    columns = {
        "ssim": ssim(target, generated)[rows],
        "l1": l1(target, generated)[rows],
        "pckh_correct": hits[rows].astype(float),
        "pckh_total": np.full(len(rows), 16.0),
    }
    result = {
        "protocol": "pose-gan",
        "protocol_settings": {"source": "A paper", "window": 13},
        "size": list(SIZE),
        "pairs": len(pairs),
        "pairs_sha256": pairs_hash(pairs),
        "ssim": float(columns["ssim"].mean()),
        "l1": float(columns["l1"].mean()),
        "inception_score": [2.5, 0.25],
        "undefined": {},
        "notes": ["Not computed: LPIPS."],
        "versions": {},
        "method": "pose-gan",
        "dataset": "demo",
        "checkpoint": "epoch_001_generator.h5",
        "baselines": {"source copied": {"ssim": 0.125, "l1": 0.5}},
    }
    if not old:
        result |= {
            "pckh": float(columns["pckh_correct"].sum() / columns["pckh_total"].sum()),
            "lpips": None,
            "fid": 30.0 + noise,
            "metrics": METRICS,
            "reference_set": {"folder": "train", "pictures": 9, "sha256": "0" * 64},
            "pictures": {"folder": str(folder), "layout": "triptych", "reference": None, "pairs_file": None},
        }
    result |= more
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows if draw else ():
        write_triptych(folder, *PAIRS[row], source[row], target[row], generated[row])
    (folder / "scores.json").write_text(json.dumps(result))
    (folder / "scores.csv").write_text(pair_table(pairs, columns))
    return result, columns
