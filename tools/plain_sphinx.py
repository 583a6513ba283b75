"""Builds the book by plain Sphinx, without Jupyter Book.

    python tools/plain_sphinx.py FOLDER .venv/sphinx/bin/sphinx-build

Jupyter Book 1 gets no new features and stops at Sphinx 7. This is the way on:
its own settings, written as a `conf.py`, without itself.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
# The extensions that only Jupyter Book needs.
ITS_OWN = "'(jupyter_book|sphinx_comments)', "


def settings(folder):
    """Writes `conf.py` into a folder, and links there what it names."""
    for name in ("_config.yml", "_toc.yml", "book"):
        (folder / name).symlink_to(ROOT / name)
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    subprocess.run(
        [jupyter_book, "config", "sphinx", folder],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    conf = folder / "conf.py"
    text = conf.read_text(encoding="utf-8")
    conf.write_text(re.sub(ITS_OWN, "", text), encoding="utf-8")


def build(output, sphinx_build):
    """Builds the pages, any warning being an error; returns the exit code."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        settings(folder)
        options = ["-W", "-n", "--keep-going", "--quiet", "-c", folder]
        extensions = str(ROOT / "book" / "_ext")
        return subprocess.run(
            [sphinx_build, *options, ROOT, output],
            env=os.environ | {"PYTHONPATH": extensions},
        ).returncode


if __name__ == "__main__":
    sys.exit(build(*map(Path, sys.argv[1:])))
