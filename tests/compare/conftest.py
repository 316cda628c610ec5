"""Runs to compare, and the page about them."""

import pytest

from pgig.compare.compare import compare
from pgig.compare.page import write_page
from pgig.compare.run_files import read_run
from tests.compare.comparison_runs import write_run


@pytest.fixture
def make(tmp_path):
    """`make(name, ...)` writes a run and reads it back."""

    def run(name, **settings):
        write_run(tmp_path / name, **settings)
        return read_run(tmp_path / name, name)

    return run


@pytest.fixture
def runs(make):
    return make("near", noise=10), make("far", noise=60, seed=1)


@pytest.fixture
def page(tmp_path):
    """`page(runs, published, ...)` writes the page; its text, and what is said of pictures that are not shown."""

    def text_and_reasons(runs, published=(), **settings):
        path = tmp_path / "comparison.html"
        reasons = write_page(path, compare(runs, samples=100), published, **settings)
        return path.read_text(encoding="utf-8"), reasons

    return text_and_reasons
