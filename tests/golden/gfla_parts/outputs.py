"""Golden tests of what comes out: scores, body masks, drawings, pictures of flow fields, names of result files."""

import json

import numpy as np
import pytest
from keras import ops

from pgig.evaluate.values import to_grid_pixels
from pgig.generate.results import ResultFiles
from pgig.layouts.finders import single_names
from pgig.methods.pictures import flow_picture
from pgig.metrics.fid import frechet_distance
from pgig.metrics.l1 import l1, mae
from pgig.metrics.masks import ma_mask
from pgig.metrics.psnr import psnr
from pgig.metrics.ssim import VARIANTS, ssim
from pgig.pose.draw import draw_skeleton
from tests.golden.gfla_parts.common import arrays
from tests.golden.recipes import with_visible

# In the order of the columns; l1 and mae are summed in float32 by the original.
MEASURES = (
    lambda *pictures: psnr(*pictures, rule="unit"),
    lambda *pictures: ssim(*pictures, variant=VARIANTS["S5-float"]),
    mae,
    lambda *pictures: l1(*pictures, span=1),
    lambda *pictures: ssim(*pictures, variant=VARIANTS["S2-float"]),
)


@pytest.fixture(scope="module")
def gfla_outputs(golden):
    return arrays(golden, "metrics")


@pytest.fixture(scope="module")
def gfla_result_names(golden):
    return json.loads(golden("names.json", "gfla").read_text())["pairs"]


def test_gfla_scores_of_pairs_are_those_of_the_original(gfla_outputs):
    expected = gfla_outputs["psnr_ssim_mae_l1_ssim256"]
    generator = np.random.Generator(np.random.PCG64(int(gfla_outputs["image_seed"])))
    real = generator.integers(0, 256, (len(expected), 128, 64, 3), dtype=np.uint8)
    generated = np.clip(real + generator.integers(-40, 41, real.shape), 0, 255).astype(np.uint8)
    found = np.stack([measure(real, generated) for measure in MEASURES], axis=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_gfla_frechet_distance_is_that_of_the_original(gfla_outputs):
    real, generated = (np.random.Generator(np.random.PCG64(int(seed))) for seed in gfla_outputs["fid_seeds"])
    features = real.standard_normal((300, 24)), generated.standard_normal((280, 24)) * 1.2 + 0.3
    assert frechet_distance(*features) == pytest.approx(float(gfla_outputs["fid"]), rel=1e-9)


def test_gfla_body_masks_are_those_of_the_original(gfla_outputs):
    size = gfla_outputs["draw0"].shape[:2]
    names = [name for name in gfla_outputs if name.startswith("mask") and not name.endswith("_kp")]
    assert names
    for name in names:
        (mask,) = ma_mask(with_visible(gfla_outputs[f"{name}_kp"])[None], size)
        expected = np.unpackbits(gfla_outputs[name], count=mask.size).reshape(size)
        np.testing.assert_array_equal(mask, expected.astype(bool), err_msg=name)


def test_gfla_skeletons_are_drawn_as_by_the_original(gfla_outputs):
    drawings = {name: picture for name, picture in gfla_outputs.items() if name.startswith("draw")}
    assert drawings
    for name, expected in drawings.items():
        pose = with_visible(gfla_outputs[f"mask{name.removeprefix('draw')}_kp"])
        np.testing.assert_array_equal(draw_skeleton(pose, expected.shape[:2])[0], expected, err_msg=name)


def test_gfla_flow_fields_have_the_colours_of_the_original(gfla_outputs):
    flow, expected = (np.moveaxis(gfla_outputs[name], 0, -1)[None] for name in ("flow_uv", "flow_rgb_u8"))
    picture = ops.convert_to_numpy(flow_picture(flow))
    # The original cuts 255 times the colour down to a byte, in float64.
    above = 255 * (picture.astype(np.float64) + 1) / 2 - expected
    assert above.min() > -1e-3 and above.max() < 1 + 1e-3
    assert (to_grid_pixels(picture) != expected).mean() < 0.01


def test_gfla_result_files_have_the_names_of_the_original(gfla_result_names):
    files = ResultFiles("results", "single")
    assert [files.name(pair["source"], pair["target"]) for pair in gfla_result_names] == [
        pair["result"] for pair in gfla_result_names
    ]
    # Only the data set knows the extensions.
    for pair in gfla_result_names:
        found = [single_names(pair["result"])]
        assert files.whole_names(found, [pair["gt_of_result"], pair["source"]]) == [(pair["source"], pair["target"])]
        assert pair["gt_of_result"] == pair["target"]

