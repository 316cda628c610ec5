"""Fusion of the features of eight poses, distances and CMC against naiq/PN_GAN."""

import numpy as np
import pytest

from pgig.metrics.fusion import FUSIONS, fuse, squared_distances
from pgig.metrics.reid import one_per_person_cmc


@pytest.fixture(scope="module")
def fusion_arrays(golden):
    with np.load(golden("train_reid.npz", system="pn-gan")) as file:
        return {name: file[name] for name in file.files if name.startswith("reid_")}


@pytest.mark.parametrize("how", FUSIONS)
def test_fusion(fusion_arrays, how):
    # Stored as (poses, numbers, pictures).
    gallery, query = (fusion_arrays[f"reid_{name}"].transpose(2, 0, 1) for name in ("gallery", "query"))
    distances = squared_distances(fuse(gallery, how), fuse(query, how))
    np.testing.assert_allclose(distances, fusion_arrays[f"reid_dist_{how}"], rtol=0, atol=1e-10)

    expected = fusion_arrays[f"reid_cmc_{how}"]
    ranks = range(1, len(expected) + 1)
    scores = one_per_person_cmc(distances.T, range(len(query)), range(len(gallery)), ranks)
    np.testing.assert_allclose([scores[f"rank{k}"] for k in ranks], expected, rtol=0, atol=1e-10)


def test_all_fusions_are_checked(fusion_arrays):
    assert {name.removeprefix("reid_dist_") for name in fusion_arrays if "dist" in name} == {*FUSIONS}
