"""A headless Chromium, and a server on loopback for it to read from."""

import contextlib
import functools
import http.server
import os
import shutil
import threading

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
NOT_FOUND = (
    "no Chromium found: `apt-get install chromium`, or "
    "`playwright install chromium` where there is no apt"
)


def find(playwright):
    """Returns the path of the system's Chromium, else Playwright's, or None."""
    names = ["chromium", "chromium-browser", "google-chrome"]
    own = playwright.chromium.executable_path
    found = [path for path in map(shutil.which, names) if path]
    return (found + [own] * os.path.exists(own) + [None])[0]


def launch(playwright):
    """Starts a browser.

    Raises:
        FileNotFoundError: there is none; the message says how to get one.
    """
    path = find(playwright)
    if path is None:
        raise FileNotFoundError(NOT_FOUND)
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and keeps no log."""

    def log_message(self, *args):
        """Writes nothing."""


@contextlib.contextmanager
def serve(folder, handler=QuietHandler):
    """Serves a folder on loopback; gives its address, up to the last slash."""
    handler = functools.partial(handler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    serve = functools.partial(server.serve_forever, poll_interval=0.01)
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
