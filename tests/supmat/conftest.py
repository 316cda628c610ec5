"""The scripts of sup-mat are no package: they are loaded by their path."""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "sup-mat"


@pytest.fixture
def script(monkeypatch):
    """`script("search")` -> the module sup-mat/search.py."""

    def load(name):
        spec = importlib.util.spec_from_file_location(f"supmat_{name}", FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load
