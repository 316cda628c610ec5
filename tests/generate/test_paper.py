from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import make_images_for_paper
from pgig.errors import DataError
from pgig.layouts.triptych import write_triptych
from pgig.pose.draw import draw_skeleton
from pgig.pose.files import write_annotations

SIZE = (64, 32)


def pose(seed):
    points = np.random.default_rng(seed).integers(2, 30, (18, 2))
    return np.concatenate([points, np.ones((18, 1))], axis=1).astype(np.float32)


@pytest.fixture
def flags(work):
    """Two triptychs, of a training pair and of a pair of both splits; flags of their data set."""
    write_annotations("train.csv", ["1_a.jpg", "1_b.jpg"], [pose(0), pose(1)])
    write_annotations("test.csv", ["2_a.jpg"], [pose(2)])
    for level, pair in ((40, ("1_b.jpg", "2_a.jpg")), (80, ("1_a.jpg", "1_b.jpg"))):
        write_triptych("ref_nn_fasion", *pair, *(np.full((*SIZE, 3), level + panel, np.uint8) for panel in range(3)))
    tables = ["--annotations_file_train", "train.csv", "--annotations_file_test", "test.csv"]
    return ["--image_size", "64,32", *tables]


def test_triptychs_are_cut_in_the_order_of_their_names(flags):
    make_images_for_paper.main(flags)
    folder = Path("ref_nn_fasion_separated")
    assert sorted(path.name for path in folder.iterdir()) == ["0", "1"]
    assert sorted(path.name for path in (folder / "0").iterdir()) == [
        "from.jpg", "frpose.jpg", "gen.jpg", "to.jpg", "topose.jpg"
    ]  # fmt: skip
    for number, level in enumerate((80, 40)):
        for panel, part in enumerate(("from", "to", "gen")):
            with Image.open(folder / str(number) / f"{part}.jpg") as picture:
                assert picture.format == "JPEG"
                np.testing.assert_allclose(np.asarray(picture), level + panel, atol=1)
    # Skeletons: those of 1_a and 1_b, of 1_b and of the test image.
    for number, part, seed in ((0, "frpose", 0), (0, "topose", 1), (1, "frpose", 1), (1, "topose", 2)):
        drawn = np.asarray(Image.open(folder / str(number) / f"{part}.jpg")).astype(float)
        wrong = [np.abs(drawn - draw_skeleton(pose(other), SIZE)[0]).mean() for other in range(3)]
        assert np.argmin(wrong) == seed


def test_a_missing_test_table_does_no_harm(flags):
    Path("ref_nn_fasion", "1_b.jpg_2_a.jpg.png").unlink()
    Path("test.csv").unlink()
    make_images_for_paper.main([*flags, "--separated", "cut"])
    assert Path("cut/0/gen.jpg").exists()


def test_mistakes_leave_nothing(flags):
    with pytest.raises(DataError, match="no folder absent"):
        make_images_for_paper.main([*flags, "--triptychs", "absent"])
    write_triptych("ref_nn_fasion", "9_x.jpg", "1_a.jpg", *(np.zeros((*SIZE, 3), np.uint8) for _ in range(3)))
    with pytest.raises(DataError, match="9_x.jpg, which has no row"):
        make_images_for_paper.main(flags)
    assert not Path("ref_nn_fasion_separated").exists()
