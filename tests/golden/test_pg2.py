"""PG2 and mobile PG2 against every array that the original programs computed; the tests stand in one module a part."""

import pytest

PARTS = ("checkpoints", "forward", "metrics", "pose", "records", "tf_checkpoint_file", "training")
for _part in PARTS:
    pytest.register_assert_rewrite(f"tests.golden.pg2_parts.{_part}")

from tests.golden.pg2_parts.checkpoints import *  # noqa: E402, F403
from tests.golden.pg2_parts.forward import *  # noqa: E402, F403
from tests.golden.pg2_parts.metrics import *  # noqa: E402, F403
from tests.golden.pg2_parts.pose import *  # noqa: E402, F403
from tests.golden.pg2_parts.records import *  # noqa: E402, F403
from tests.golden.pg2_parts.tf_checkpoint_file import *  # noqa: E402, F403
from tests.golden.pg2_parts.training import *  # noqa: E402, F403
