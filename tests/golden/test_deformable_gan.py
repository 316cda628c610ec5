"""The Deformable GAN against every array that the original program computed; the tests stand in one module a part."""

import pytest

PARTS = ("pose", "data", "layers", "networks", "scores")
for _part in PARTS:
    pytest.register_assert_rewrite(f"tests.golden.deformable_gan.{_part}")

from tests.golden.deformable_gan.data import *  # noqa: E402, F403
from tests.golden.deformable_gan.layers import *  # noqa: E402, F403
from tests.golden.deformable_gan.networks import *  # noqa: E402, F403
from tests.golden.deformable_gan.pose import *  # noqa: E402, F403
from tests.golden.deformable_gan.scores import *  # noqa: E402, F403
