"""One build of the book, a server for it and a browser, for all tests here."""

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
# What builds the book: Jupyter Book, or plain Sphinx (make test-sphinx).
CHAIN = os.environ.get("BOOK_CHAIN", "jupyter-book")
# Only loopback has an address, and Chromium itself calls no one.
FLAGS = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NO_CHROMIUM = (
    "no Chromium found: `apt-get install chromium`, or "
    "`playwright install chromium` where there is no apt"
)


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The folder of the built pages; any warning fails the build."""
    output = tmp_path_factory.mktemp("book")
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
        plain_sphinx if CHAIN == "sphinx" else jupyter_book,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    assert result.returncode == 0, result.stdout
    return output / "_build" / "html"


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


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and keeps no log."""

    def log_message(self, *args):
        """Writes nothing."""


@pytest.fixture(scope="session")
def serve():
    """A function that serves a folder on loopback and returns its address."""
    servers = []

    def start(folder):
        handler = functools.partial(QuietHandler, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        serve = functools.partial(server.serve_forever, poll_interval=0.01)
        threading.Thread(target=serve, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def find_chromium(playwright):
    """Returns the system's Chromium, else Playwright's own, else None."""
    names = ["chromium", "chromium-browser", "google-chrome"]
    own = playwright.chromium.executable_path
    found = [path for path in map(shutil.which, names) if path]
    return (found + [own] * os.path.exists(own) + [None])[0]


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; without one, tests skip, but fail in CI."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            stop = pytest.fail if os.environ.get("CI") else pytest.skip
            stop(NO_CHROMIUM)
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()
