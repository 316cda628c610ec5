"""Who may import whom: the rooms of the package, and the few files that know a back end."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "pgig"
FILES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}

BACKENDS = {"tensorflow", "jax", "torch"}
KNOW_A_BACKEND = {
    "data/feed_tensorflow.py",
    "train/step_jax.py",
    "train/step_tensorflow.py",
    "train/step_torch.py",
}

# Rooms that each room may import, beside itself and the modules at the top: errors, config.
ROOMS = {
    "utils": set(),
    "pose": {"utils"},
    "layers": {"utils"},
    "losses": {"utils", "layers", "pretrained"},
    "data": {"utils", "pose", "weights"},
    "weights": {"utils"},
    "pretrained": {"utils", "weights", "layers", "pose"},
    "estimate": {"utils", "pose", "weights", "pretrained"},
    "metrics": {"utils", "pose", "pretrained"},
    "layouts": {"utils", "data"},
    "report": {"utils"},
    "methods": {"utils", "pose", "layers", "losses", "estimate", "weights", "pretrained"},
}


def imported(path):
    """Names of all modules that a file imports, also inside of functions."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module)
    return names


@pytest.mark.parametrize("file", FILES)
def test_back_ends_are_known_in_few_files(file):
    found = {name.split(".")[0] for name in imported(FILES[file])} & BACKENDS
    assert not found or file in KNOW_A_BACKEND


def test_the_few_files_exist():
    assert set(FILES) >= KNOW_A_BACKEND


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_lies_below_it(room):
    allowed = ROOMS[room] | {room, "errors", "config"}
    for file, path in FILES.items():
        if file.startswith(f"{room}/"):
            ours = {name.split(".")[1] for name in imported(path) if name.startswith("pgig.")}
            assert ours <= allowed, file


@pytest.mark.parametrize("room", ["train", "evaluate", "generate", "metrics", "layouts", "compare", "report"])
def test_no_room_above_names_a_method(room):
    methods = {path.name for path in (PACKAGE / "methods").iterdir() if path.is_dir()}
    for file, path in FILES.items():
        if file.startswith(f"{room}/"):
            for name in imported(path):
                assert not any(f"methods.{method}" in name for method in methods), file
