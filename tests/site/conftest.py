"""One build of the book, and a server for it, for all tests here."""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import chromium
import pytest
from browser import do_without

ROOT = Path(__file__).parents[2]
CHAIN = os.environ.get("BOOK_CHAIN", "jupyter-book")


def pytest_collection_modifyitems(config, items):
    """Leaves out what never looks at the book, when only its chain differs."""
    if CHAIN == "sphinx":
        alike = [item for item in items if "book" not in item.fixturenames]
        config.hook.pytest_deselected(items=alike)
        items[:] = [item for item in items if item not in alike]


@pytest.fixture(scope="session")
def chain():
    """What builds the book; `sphinx` does without Jupyter Book."""
    return CHAIN


def build(chain, output):
    """Builds the pages and returns their folder; any warning fails it."""
    scripts = Path(sys.executable).parent
    jupyter_book = [scripts / "jupyter-book", "build", ROOT]
    jupyter_book += ["--path-output", output, "-W", "-n", "--keep-going"]
    sphinx_build = ROOT / ".venv" / "sphinx" / "bin" / "sphinx-build"
    plain_sphinx = [sys.executable, ROOT / "tools" / "plain_sphinx.py"]
    plain_sphinx += [output / "_build" / "html", sphinx_build]
    # Nothing on PATH but git, so Node must be the one that pip installed; and
    # a proxy that answers nobody, so the build must do without the network.
    (output / "git").symlink_to(shutil.which("git"))
    nobody = "http://127.0.0.1:9"
    environ = os.environ | dict(
        PATH=str(output), https_proxy=nobody, http_proxy=nobody, NO_COLOR="1"
    )
    result = subprocess.run(
        plain_sphinx if chain == "sphinx" else jupyter_book,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    assert result.returncode == 0, result.stdout
    return output / "_build" / "html"


@pytest.fixture(scope="session")
def book(chain, tmp_path_factory, worker_id):
    """The folder of the built pages, built by the worker that asks first."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    with open(shared / "book.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # After a build that failed it is not there: each worker tells why.
        if not (shared / "book").exists():
            output = tmp_path_factory.mktemp("build")
            build(chain, output).rename(shared / "book")
    return shared / "book"


@pytest.fixture(scope="session")
def folder(book):
    """The folder of its host that the book is published in, as a path."""
    page = (book / "book" / "index.html").read_text(encoding="utf-8")
    canonical = re.search(r'rel="canonical" href="([^"]+)"', page)[1]
    return urlsplit(canonical).path.removesuffix("book/index.html")


@pytest.fixture(scope="session")
def site(book, folder, serve, tmp_path_factory):
    """The address of the book, served in the folder where it belongs."""
    host = tmp_path_factory.mktemp("host")
    place = host / folder.strip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(book)
    return serve(host) + folder.removeprefix("/")


@pytest.fixture(scope="session")
def serve():
    """A function that serves a folder on loopback and returns its address."""
    with contextlib.ExitStack() as servers:
        yield lambda folder: servers.enter_context(chromium.serve(folder))


@pytest.fixture(scope="session")
def npm_packages():
    """What npm brings; without it, tests skip, but fail in CI."""
    if not (Path(__file__).parent / "node_modules").is_dir():
        do_without("no npm packages found: `npm ci --prefix tests/site`")
