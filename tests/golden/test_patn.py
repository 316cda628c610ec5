"""PATN against every array that the original program computed; the tests stand in one module a part."""

import pytest

PARTS = ("data", "losses", "networks", "outputs", "steps")
for _part in PARTS:
    pytest.register_assert_rewrite(f"tests.golden.patn_parts.{_part}")

from tests.golden.patn_parts.data import *  # noqa: E402, F403
from tests.golden.patn_parts.losses import *  # noqa: E402, F403
from tests.golden.patn_parts.networks import *  # noqa: E402, F403
from tests.golden.patn_parts.outputs import *  # noqa: E402, F403
from tests.golden.patn_parts.steps import *  # noqa: E402, F403
