"""GFLA against every array that the original program computed; the tests stand in one module a part."""

import pytest

PARTS = ("attention", "checkpoints", "data", "losses", "networks", "operators", "outputs", "steps", "vgg")
for _part in PARTS:
    pytest.register_assert_rewrite(f"tests.golden.gfla_parts.{_part}")

from tests.golden.gfla_parts.attention import *  # noqa: E402, F403
from tests.golden.gfla_parts.checkpoints import *  # noqa: E402, F403
from tests.golden.gfla_parts.data import *  # noqa: E402, F403
from tests.golden.gfla_parts.losses import *  # noqa: E402, F403
from tests.golden.gfla_parts.networks import *  # noqa: E402, F403
from tests.golden.gfla_parts.operators import *  # noqa: E402, F403
from tests.golden.gfla_parts.outputs import *  # noqa: E402, F403
from tests.golden.gfla_parts.steps import *  # noqa: E402, F403
from tests.golden.gfla_parts.vgg import *  # noqa: E402, F403
