"""What importing lossutils does, and does not do."""

import ast
import importlib.metadata
import pathlib
import subprocess
import sys

from losses.cases import FAMILIES

import lossutils

FOLDER = pathlib.Path(lossutils.__file__).parent
MODULES = {path.stem: path for path in FOLDER.glob("*.py")}


def imports_from_package(name):
    """Returns the modules of lossutils that a module of it imports."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        parts = [each.split(".") for each in names]
        found |= {part[1] for part in parts if part[0] == "lossutils"}
    return found


def test_import_loads_the_losses_and_nothing_else():
    # Keras 3 itself loads matplotlib and more; that is not ours to judge.
    lines = [
        "import sys",
        "import tensorflow as tf",
        "tf.keras.losses.Loss",
        "before = set(sys.modules)",
        "import lossutils",
        "print(*sorted(set(sys.modules) - before))",
    ]
    answer = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        check=True,
        capture_output=True,
        text=True,
        cwd=FOLDER.parent,
    )
    modules = {"inputs", "keras_loss", "pairs", "addons", *FAMILIES}
    expected = {"lossutils"} | {f"lossutils.{name}" for name in modules}
    assert set(answer.stdout.split()) == expected


def test_version():
    assert lossutils.__version__ == importlib.metadata.version("lossutils")


def test_families_import_only_what_lies_below():
    below = {"inputs", "keras_loss", "pairs"}
    for name in FAMILIES:
        assert imports_from_package(name) <= below, name
    assert not imports_from_package("pairs")


def test_no_circles():
    waiting = {name: imports_from_package(name) for name in MODULES}
    waiting.pop("__init__")
    while waiting:
        ready = [name for name, needs in waiting.items() if not needs]
        assert ready, f"these modules import each other: {sorted(waiting)}"
        for name in ready:
            waiting.pop(name)
        for needs in waiting.values():
            needs.difference_update(ready)


def test_plots_and_training_are_handed_their_losses():
    for name in ("plots", "training", "checks", "data"):
        assert not imports_from_package(name) & set(FAMILIES)
