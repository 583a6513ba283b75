"""Colab without Colab: its packages, a folder with nothing in it, no network.

Each run has an environment of its own, laid over one with Colab's packages
(`requirements/colab-runtime.txt`): what a notebook installs goes there and
away with it. pip finds packages in one folder and nowhere else. Not simulated
are a GPU, Colab's page and its module `google.colab`.
"""

import copy
import json
import os
import re
import shutil
import subprocess
import venv
from pathlib import Path
from typing import NamedTuple

import nbformat
import notebook_lint
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / ".venv" / "colab-runtime"
# What builds the package from its source, as pip asks for it.
BUILDERS = RUNTIME / "builders"

# What it is built from.
SOURCE = ["LICENSE", "README.md", "pyproject.toml", "lossutils"]

KERNEL = ["-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
KERNEL += ["-f", "{connection_file}"]
NO_NETWORK = ["unshare", "--map-root-user", "--net"]
NOBODY = "http://127.0.0.1:9"
CELL_SECONDS = 600

# %pip says so whatever it did.
NOTE = "Note: you may need to restart the kernel to use updated packages.\n"


class Run(NamedTuple):
    """What became of a notebook."""

    cells: list  # its code cells, with their new outputs
    error: str  # what ended it, or ""
    new: list[str]  # lines of `pip freeze` that it added
    gone: list[str]  # and those that are there no more
    files: list[str]  # what it left in its folder


def simulate(notebook, folder, offer):
    """Runs a notebook from top to bottom, as a new session in Colab does.

    Args:
        notebook: as `nbformat.read` returns it.
        folder: an empty folder; the notebook sees another, below it.
        offer: what can be installed, by `publish`.
    """
    content, home = folder / "content", folder / "home"
    content.mkdir()
    home.mkdir()
    overlay = lay_over(RUNTIME, folder / "overlay")
    notebook = copy.deepcopy(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        cell.outputs = []
    nbformat.write(notebook, content / "notebook.ipynb")
    client = NotebookClient(
        notebook,
        km=kernel_manager(overlay, folder),
        timeout=CELL_SECONDS,
        coalesce_streams=True,
        resources={"metadata": {"path": str(content)}},
    )
    client.owns_km = True  # to end the kernel, too
    environ = offer | {
        "COLAB_RELEASE_TAG": "simulated",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": f"{overlay / 'bin'}:{os.defpath}",
        "PIP_NO_INDEX": "1",
        # For systems that do not let us cut the network off.
        "http_proxy": NOBODY,
        "https_proxy": NOBODY,
    }
    error = ""
    try:
        client.execute(env=environ)
    except CellExecutionError as failure:
        error = str(failure)
    before, after = freeze(RUNTIME), freeze(overlay)
    left = {path.name for path in content.iterdir()} - {"notebook.ipynb"}
    return Run(cells, error, *added(before, after), sorted(left))


def lay_over(base, folder):
    """Makes an environment that sees another's packages, and returns it."""
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (below,) = base.glob("lib/python*/site-packages")
    (packages / "below.pth").write_text(f"{below}\n")
    return folder


def kernel_manager(environment, folder):
    """Returns what starts a kernel of an environment, off the network."""
    command = [str(environment / "bin" / "python"), *KERNEL]
    if can_cut_off():
        command = [*NO_NETWORK, *command]
    spec = {"argv": command, "display_name": "Python 3", "language": "python"}
    place = folder / "kernels" / "python3"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps(spec))
    return AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=KernelSpecManager(
            kernel_dirs=[str(folder / "kernels")], ensure_native_kernel=False
        ),
        # Sockets in the file system: without network there are no ports.
        transport="ipc",
        connection_file=str(folder / "kernel.json"),
    )


def can_cut_off():
    """Tells whether this system lets a process run without network."""
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run([*NO_NETWORK, "true"], capture_output=True)
    return tried.returncode == 0


def freeze(environment):
    """Returns the packages of an environment, as `pip freeze` lists them."""
    return pip(environment, "freeze").splitlines()


def added(before, after):
    """Returns what is new in a list, and what it has no more, both sorted."""
    return sorted({*after} - {*before}), sorted({*before} - {*after})


def publish(source, folder):
    """Offers the package of a source tree, as PyPI and as GitHub do.

    Args:
        source: a folder with all that `SOURCE` names.
        folder: an empty folder.

    Returns:
        The environment variables by which pip finds wheels, those for building
        from source included, and git finds the tag of a release.
    """
    options = ["--no-deps", "--no-index", f"--find-links={BUILDERS}"]
    pip(RUNTIME, "wheel", *options, f"--wheel-dir={folder}", source)
    (wheel,) = folder.glob("lossutils-*.whl")
    copy_source(source, folder / "git")
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    tag = f"tag v{wheel.name.split('-')[1]}"
    for command in ("init -q", "add .", "commit -q -m Release", tag):
        command = [*git, *command.split()]
        subprocess.run(command, cwd=folder / "git", check=True)
    return {
        "PIP_FIND_LINKS": f"{folder} {BUILDERS}",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{(folder / 'git').as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": notebook_lint.repository()[0],
    }


def copy_source(source, folder):
    """Copies what a package is built from."""
    folder.mkdir()
    for name in SOURCE:
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy
        copy(source / name, folder / name)


def pip(environment, *arguments):
    """Runs an environment's pip and returns what it prints."""
    python = environment / "bin" / "python"
    result = subprocess.run(
        # Isolated: blind to what this machine sets for its own pip.
        [python, "-m", "pip", "--isolated", *arguments],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def complaints(run):
    """Yields what a notebook must not do in Colab, whatever it prints."""
    if run.error:
        yield run.error
    installed = len(run.new) == 1 and re.match("lossutils(==| @ )", run.new[0])
    if run.gone or not installed:
        yield f"pip freeze: {run.new} for {run.gone}, instead of lossutils"
    if run.files:
        yield f"it left files: {run.files}"
    for output in run.cells[0].outputs:
        if output.get("text") != NOTE:
            yield f"the setup cell printed {output}"
