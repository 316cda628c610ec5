"""Joints: names, order, limbs, mirror image; and what importing them costs."""

import subprocess
import sys

from pgig.pose import joints


def test_order_and_limbs_are_those_of_the_annotation_files():
    assert joints.indices("nose neck Rsho Lsho Rhip Lhip Leye Rear") == (0, 1, 2, 5, 8, 11, 14, 17)
    assert joints.DRAW_LIMBS == (
        (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13),
        (1, 0), (0, 14), (14, 16), (0, 15), (15, 17), (2, 16), (5, 17),
    )  # fmt: skip
    assert len(joints.COLOURS) == len(joints.NAMES) == 18


def test_flip_exchanges_left_and_right():
    flipped = [joints.NAMES[joint] for joint in joints.FLIP]
    assert flipped[:6] == ["nose", "neck", "Lsho", "Lelb", "Lwri", "Rsho"]
    assert [joints.FLIP[joint] for joint in joints.FLIP] == list(range(18))


def test_limbs_of_the_two_sides_alternate():
    for right, left in zip(joints.MASK_LIMBS[::2], joints.MASK_LIMBS[1::2], strict=True):
        assert tuple(joints.FLIP[joint] for joint in right) == left


def test_reading_and_checking_poses_does_not_import_keras():
    code = (
        "import sys, pgig.pose; pgig.pose.read_annotations, pgig.pose.is_valid, pgig.pose.draw_skeleton;"
        "import pgig.pose.joints; sys.exit('keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_exists():
    import pgig.pose

    assert all(callable(getattr(pgig.pose, name)) for name in pgig.pose.__all__)
