"""Where the golden arrays lie."""

import pytest

from tests.golden.recipes import golden_root


@pytest.fixture(scope="session")
def golden():
    """`golden("pose.npz")` -> path of a file of the system's golden folder; the test fails when it is missing."""

    def path(name, system="deformable-gan"):
        file = golden_root() / system / name
        assert file.exists(), f"{file} is missing: PGIG_GOLDEN must name a folder with {system}/{name}"
        return file

    return path
