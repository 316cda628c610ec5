"""PN-GAN against every array that the original programs computed; the tests stand in one module a part."""

import pytest

PARTS = ("forward", "reid", "training")
for _part in PARTS:
    pytest.register_assert_rewrite(f"tests.golden.pn_gan_parts.{_part}")

from tests.golden.pn_gan_parts.forward import *  # noqa: E402, F403
from tests.golden.pn_gan_parts.reid import *  # noqa: E402, F403
from tests.golden.pn_gan_parts.training import *  # noqa: E402, F403
