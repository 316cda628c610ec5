"""The parts of a system's tests are imported into one module: no two of them may use a name twice."""

import ast
from collections import Counter
from pathlib import Path

import pytest

FOLDERS = sorted(Path(__file__).parent.glob("*_parts"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_part_hides_a_test_of_another(folder):
    names = Counter()
    for path in folder.glob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        names.update({node.name for node in body if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_"})
    assert names and [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_part_with_tests_is_imported(folder):
    system = folder.name.removesuffix("_parts")
    text = (folder.parent / f"test_{system}.py").read_text(encoding="utf-8")
    imported = {
        node.module.split(".")[-1] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)
        and node.names[0].name == "*"
    }  # fmt: skip
    with_tests = {path.stem for path in folder.glob("*.py") if "\ndef test_" in path.read_text(encoding="utf-8")}
    assert with_tests and with_tests <= imported
