"""Weighs pages: what a browser fetches to show one, all its images included.

python tools/page_weight.py _build/html book/detection.html
"""

import gzip
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import chromium
from playwright.sync_api import sync_playwright


def compressed(content):
    """Returns the bytes that a server sends for a file's content.

    >>> compressed(b"a" * 1000) < 50
    True
    """
    return min(len(content), len(gzip.compress(content)))


def fetched(browser, address):
    """Returns the addresses that a page and its scripts ask for."""
    with browser.new_context() as context:
        page = context.new_page()
        asked = set()
        page.on("request", lambda request: asked.add(request.url))
        page.goto(address, wait_until="load")
        page.evaluate("for (const i of document.images) i.loading = 'eager'")
        page.wait_for_load_state("networkidle")
    return asked


def weigh(browser, folder, origin, name):
    """Returns how much a page asks for.

    Args:
        browser: a Playwright browser.
        folder: the site.
        origin: the address at which it is served, with a slash at the end.
        name: the page, relative to it.

    Returns:
        The number of requests to the site, the number to elsewhere (which are
        not weighed), and the bytes of the former, compressed.
    """
    asked = fetched(browser, origin + name)
    inside = {url for url in asked if url.startswith(origin)}
    outside = [u for u in asked - inside if urlsplit(u).scheme != "data"]
    paths = {urlsplit(url.removeprefix(origin)).path for url in inside}
    files = [Path(folder, unquote(path)) for path in paths]
    weight = sum(compressed(p.read_bytes()) for p in files if p.is_file())
    return len(files), len(outside), weight


def main(folder, *names):
    """Prints the weight of pages."""
    with (
        sync_playwright() as playwright,
        chromium.launch(playwright) as browser,
        chromium.serve(folder) as origin,
    ):
        for name in names:
            inside, _, weight = weigh(browser, folder, origin, name)
            print(f"{weight / 1024:6.0f} KiB {inside:3} requests {name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
