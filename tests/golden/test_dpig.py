"""DPIG against every array that the original program computed; the tests stand in one module a part."""

import pytest

PARTS = ("appearance", "gradients", "poses", "records", "scores", "vectors")
for _part in PARTS:
    pytest.register_assert_rewrite(f"tests.golden.dpig_parts.{_part}")

from tests.golden.dpig_parts.appearance import *  # noqa: E402, F403
from tests.golden.dpig_parts.gradients import *  # noqa: E402, F403
from tests.golden.dpig_parts.poses import *  # noqa: E402, F403
from tests.golden.dpig_parts.records import *  # noqa: E402, F403
from tests.golden.dpig_parts.scores import *  # noqa: E402, F403
from tests.golden.dpig_parts.vectors import *  # noqa: E402, F403
