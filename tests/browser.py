"""A pytest plugin: a headless Chromium, for all tests that drive one."""

import os

import chromium
import pytest


def do_without(what):
    """Skips a test for what is missing, but fails it in CI."""
    stop = pytest.fail if os.environ.get("CI") else pytest.skip
    stop(str(what))


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; without one, tests skip, but fail in CI."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        try:
            found = chromium.launch(playwright)
        except FileNotFoundError as error:
            do_without(error)
        yield found
        found.close()
