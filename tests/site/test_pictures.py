"""Pages look as they did: small pictures of them, beside stored ones.

After a change that is meant, look at the pages, then store the new pictures:

    make pictures
"""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

STORED = Path(__file__).with_name("pictures")
NAMES = ["index", "detection", "cheat_sheet", "api"]
LOOKS = {
    "light": {"color_scheme": "light", "width": 1280},
    "dark": {"color_scheme": "dark", "width": 1280},
    "phone": {"color_scheme": "light", "width": 390},
}
HEIGHT = 900
SMALLER = 4
# Of a picture's points, this share may differ by more than this, of 255.
MOST_POINTS, MOST = 0.005, 32
# Machines differ in their fonts, so the pictures use those of the formulas,
# which the book brings along, for all but formulas and icons.
FONT = """
:not(.katex, .katex *, [class*="fa-"]) {
  font-family: KaTeX_Main !important;
  transition: none !important;
}"""


@pytest.fixture(scope="module")
def page(browser):
    """The one tab for all pictures; a new one takes longer than a picture."""
    with browser.new_page() as page:
        yield page


def take(page, address, color_scheme, width, extra=""):
    """Returns a small picture of the top of what a tab opens."""
    page.emulate_media(color_scheme=color_scheme)
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.goto(address)
    page.add_style_tag(content=FONT + extra)
    page.evaluate("document.fonts.ready.then(() => 1)")
    picture = Image.open(io.BytesIO(page.screenshot()))
    return picture.convert("RGB").reduce(SMALLER)


def difference(one, other):
    """Returns the share of points that differ much between two pictures."""
    if one.size != other.size:
        return 1.0
    steps = np.abs(np.asarray(one, int) - np.asarray(other, int)).max(axis=-1)
    return (steps > MOST).mean()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NAMES)
def test_page_looks_as_it_did(book, chain, page, name, look):
    address = (book / "book" / f"{name}.html").as_uri()
    picture = take(page, address, **LOOKS[look])
    stored = STORED / chain / f"{name}-{look}.png"
    if os.environ.get("UPDATE_PICTURES"):
        picture.quantize(64).save(stored, optimize=True)
    with Image.open(stored) as before:
        assert difference(picture, before.convert("RGB")) < MOST_POINTS


PLANTED = {
    "a colour": "h1 { background: red }",
    "no contents": ".bd-sidebar-primary { visibility: hidden }",
    "a wider text": ".bd-article { padding: 0 !important }",
}


@pytest.mark.parametrize("extra", PLANTED.values(), ids=PLANTED)
def test_planted_change_is_seen(book, page, extra):
    address = (book / "book" / "detection.html").as_uri()
    look = LOOKS["light"]
    before = take(page, address, **look)
    assert difference(before, take(page, address, **look)) < MOST_POINTS / 5
    after = take(page, address, **look, extra=extra)
    assert difference(before, after) > 2 * MOST_POINTS
