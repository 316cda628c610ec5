"""The metrics against every value that the original programs computed; the tests stand in one module a part."""

import pytest

PARTS = ("classic", "fid_is", "lpips", "pose_reid")
for _part in PARTS:
    pytest.register_assert_rewrite(f"tests.golden.evaluation_parts.{_part}")

from tests.golden.evaluation_parts.classic import *  # noqa: E402, F403
from tests.golden.evaluation_parts.fid_is import *  # noqa: E402, F403
from tests.golden.evaluation_parts.lpips import *  # noqa: E402, F403
from tests.golden.evaluation_parts.pose_reid import *  # noqa: E402, F403
