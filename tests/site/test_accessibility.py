"""Every page as it meets those who use a keyboard, a screen reader, a phone.

axe looks at each page with all its parts unfolded, light and dark, at the
width of a desk and of a phone, with none of its rules switched off. What axe
does not look for is looked for here: parts that scroll and that the keyboard
does not reach, focus that is not seen, a second title.
"""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from site_pages import page_names

pytestmark = pytest.mark.usefixtures("npm_packages")

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
# So long, in ms, may it take until what now scrolls is known to the page.
SETTLED = 400
# By theme and width. The theme changes colours alone, so in the dark axe looks
# at these alone. Fingers are on the phone: the size of what they aim for is
# not among axe's default rules.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
LOOKS = {
    ("light", 1280): {},
    ("dark", 1280): COLOURS,
    ("dark", 390): COLOURS,
    ("light", 390): {"rules": {"target-size": {"enabled": True}}},
}
RUN_AXE = """async (options) => {
  const found = await axe.run({
    resultTypes: ["violations"], selectors: false, ...options,
  });
  return found.violations.flatMap(
    ({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 150)}`)
  );
}"""
FIND_SCROLLED = """() => [...document.querySelectorAll("body *")].filter(
  (e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0
    && /auto|scroll/.test(getComputedStyle(e).overflowX)
).map((e) => `scrolls out of reach: ${e.outerHTML.slice(0, 150)}`)"""
# What has the focus, and whether that is seen: some part of it, or the form
# around it, has a ring, and is in view.
FOCUS = """() => {
  const focused = document.activeElement;
  if (focused === document.body) return null;
  const ringed = (e) => {
    const { boxShadow, outlineStyle, outlineWidth } = getComputedStyle(e);
    const line = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    return line || boxShadow !== "none";
  };
  const inView = (e) => {
    const { top, right, bottom, left, width } = e.getBoundingClientRect();
    return e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })
      && width > 1 && bottom > 0 && top < innerHeight && right > 0
      && left < innerWidth;
  };
  const parts = [focused, ...focused.querySelectorAll("*")];
  const seen = [...parts, focused.closest("form") ?? focused].some(
    (e) => ringed(e) && inView(e)
  );
  return [focused.outerHTML.slice(0, 150), seen];
}"""


def names_of(folder):
    """Returns the pages of a site, but for the one that leads to its front."""
    return [name for name in page_names(folder) if name != "index.html"]


def title_faults(folder, names):
    """Returns pages without exactly one title, or with headings skipped."""
    faults = []
    for name in names:
        tree = BeautifulSoup((folder / name).read_bytes(), "html.parser")
        headings = tree.select("h1, h2, h3, h4, h5, h6, [role=heading]")
        levels = [int(h.get("aria-level") or h.name[1]) for h in headings]
        if levels.count(1) != 1:
            faults.append(f"{name}: has {levels.count(1)} titles")
        steps = zip([0, *levels], levels, strict=False)
        if any(level > before + 1 for before, level in steps):
            faults.append(f"{name}: skips a heading in {levels}")
    return faults


def set_look(page, theme, width):
    """Draws an open page in a theme and a width."""
    page.evaluate("t => document.documentElement.dataset.theme = t", theme)
    if page.viewport_size["width"] != width:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(SETTLED)


def look_faults(page, looks=LOOKS):
    """Returns what is wrong with an open page, as axe and we see it."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    unfold = (
        "for (const e of document.querySelectorAll('details')) e.open = true"
    )
    page.evaluate(unfold)
    page.wait_for_timeout(SETTLED)
    faults = {}
    for (theme, width), options in looks.items():
        set_look(page, theme, width)
        found = page.evaluate(RUN_AXE, options) + page.evaluate(FIND_SCROLLED)
        for fault in found:
            faults.setdefault(fault, f"{theme}, {width} px: {fault}")
    return list(faults.values())


def page_faults(browser, origin, names, **options):
    """Opens pages one after another in one tab and returns their faults.

    Args:
        browser: a Playwright browser.
        origin: the site's address, with a slash at the end.
        names: pages, relative to it.
        **options: of the browser's context.
    """
    faults = []
    # Colours that fade into each other would be looked at half-way.
    with browser.new_page(reduced_motion="reduce", **options) as page:
        for name in names:
            page.set_viewport_size({"width": 1280, "height": 800})
            page.goto(origin + name)
            faults += [f"{name}: {fault}" for fault in look_faults(page)]
    return faults


def focus_faults(page, limit=1000):
    """Returns what takes the focus without being seen to, by Tab."""
    faults, names = [], []
    while len(names) < limit:
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found is None:
            break
        names.append(found[0])
        if not found[1]:
            faults.append(f"focus is not seen: {found[0]}")
    return faults + ["nothing takes the focus"] * (not names)


# The book. Two classes, so that two workers of pytest-xdist share the pages.


class Pages:
    """Looks at every second page of the book."""

    first: int

    def test_pages_are_accessible(self, book, site, browser):
        names = names_of(book)[self.first :: 2]
        faults = page_faults(browser, site, names)
        assert not faults, "\n".join(faults)

    def test_without_scripts_the_keyboard_reaches_what_scrolls(
        self, book, site, browser
    ):
        options = dict(java_script_enabled=False)
        options["viewport"] = {"width": 390, "height": 800}
        faults = []
        with browser.new_page(**options) as page:
            for name in names_of(book)[self.first :: 2]:
                page.goto(site + name)
                found = page.evaluate(FIND_SCROLLED)
                faults += [f"{name}: {fault}" for fault in found]
        assert not faults, "\n".join(faults)


class TestEvenPages(Pages):
    first = 0


class TestOddPages(Pages):
    first = 1


@pytest.fixture
def chapter(site):
    """The address of the page that has most: folded code, maths, contents."""
    return site + "book/fundamentals.html"


def test_pages_have_one_title_and_skip_no_heading(book):
    faults = title_faults(book, names_of(book))
    assert not faults, faults


@pytest.mark.parametrize(
    "opener, width, opened",
    [
        (".primary-toggle", 390, "#pst-primary-sidebar-modal[open]"),
        (".secondary-toggle", 390, "#pst-secondary-sidebar-modal[open]"),
        (".search-button__button", 1280, "#pst-search-dialog[open]"),
        (".dropdown-toggle", 1280, ".dropdown-menu.show"),
        (".dropdown-toggle >> nth=-1", 1280, ".dropdown-menu.show"),
    ],
)
def test_what_opens_is_accessible(chapter, browser, opener, width, opened):
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(chapter)
        page.locator(opener).first.focus()
        page.keyboard.press("Enter")
        page.locator(opened).wait_for()
        looks = {look: o for look, o in LOOKS.items() if look[1] == width}
        faults = look_faults(page, looks)
        assert not faults, faults
        page.keyboard.press("Escape")
        page.locator(opened).wait_for(state="detached")


def test_search_results_are_accessible(site, browser):
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(site + "search.html?q=pinball")
        page.locator("#search-results li a").first.wait_for()
        faults = look_faults(page)
        assert not faults, faults


@pytest.mark.parametrize("theme, width", LOOKS)
def test_focus_is_seen(chapter, browser, theme, width):
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(chapter)
        set_look(page, theme, width)
        faults = focus_faults(page)
        assert not faults, faults


def test_first_stop_of_the_keyboard_leads_to_the_text(chapter, browser):
    with browser.new_page(reduced_motion="reduce") as page:
        page.goto(chapter)
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS)[1]
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        inside = "document.activeElement.closest('main') !== null"
        assert page.evaluate(inside)


def test_who_wants_little_motion_gets_none(chapter, browser):
    moving = """() => [...document.querySelectorAll("*")].filter((e) => {
      const { animationName, transitionDuration } = getComputedStyle(e);
      return animationName !== "none" || transitionDuration !== "0s";
    }).length"""
    found = {}
    for wish in ("no-preference", "reduce"):
        with browser.new_page(reduced_motion=wish) as page:
            page.goto(chapter)
            found[wish] = page.evaluate(moving)
    assert found["no-preference"] > 0
    assert found["reduce"] == 0


def test_cards_stay_a_table(site, browser):
    with browser.new_page() as page:
        page.goto(site + "book/cheat_sheet.html")
        table = page.get_by_role("table").first
        row = table.get_by_role("row").first
        assert row.get_by_role("rowheader").count() == 1
        assert row.get_by_role("cell").count() > 5


# Faults planted, which the checks must find.

PAGE = """<!doctype html><html lang="en"><head><title>t</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ background: #fff; color: #222 }}
[data-theme=dark] body {{ background: #222; color: #fff }}
:focus-visible {{ outline: 3px solid #0a0 }} a {{ color: inherit }}</style>
</head><body><main><h1>Title</h1> <a href="#">up</a> {}</main></body></html>"""
WIDE = '<div style="width: 3000px">wide</div>'
MIDDLING = '<div style="width: 600px">wide</div>'
LOOK_FAULTS = {
    '<img src="data:,">': "light, 1280 px: image-alt",
    "<button></button>": "button-name",
    '<p style="color: #ccc; background: #fff">pale</p>': "color-contrast",
    '<p style="color: #333">dark on dark</p>': "dark, 1280 px: color-contrast",
    "<h3>Deeper</h3>": "heading-order",
    "<details><summary></summary>x</details>": "summary-name",
    '<details><summary>s</summary><img src="data:,"></details>': "image-alt",
    "</main><p>outside</p>": "region",
    f'<div style="overflow: auto">{WIDE}</div>': "1280 px: scrolls out of",
    f'<div style="overflow: auto">{MIDDLING}</div>': "390 px: scrolls out of",
    '<button style="font-size: 4px; padding: 0">x</button>' * 2: "target-size",
}


@pytest.fixture
def plant(tmp_path):
    """A function that writes a sound page with an addition."""

    def write(extra="", page=PAGE):
        (tmp_path / "page.html").write_text(page.format(extra))
        return tmp_path.as_uri() + "/"

    return write


def test_sound_page_has_no_fault(plant, browser, tmp_path):
    assert page_faults(browser, plant(), ["page.html"]) == []
    assert title_faults(tmp_path, ["page.html"]) == []


@pytest.mark.parametrize("extra, message", LOOK_FAULTS.items())
def test_planted_fault_is_found(plant, browser, extra, message):
    faults = page_faults(browser, plant(extra), ["page.html"])
    assert any(message in fault for fault in faults), faults


def test_missing_language_is_found(plant, browser):
    origin = plant(page=PAGE.replace(' lang="en"', ""))
    (fault,) = page_faults(browser, origin, ["page.html"])
    assert "html-has-lang" in fault


@pytest.mark.parametrize(
    "extra, message",
    [
        ("<h1>Again</h1>", "has 2 titles"),
        ("<h3>Deeper</h3>", "skips a heading"),
        ('<p role="heading" aria-level="3">Deeper</p>', "skips a heading"),
    ],
)
def test_planted_heading_is_found(plant, tmp_path, extra, message):
    plant(extra)
    (fault,) = title_faults(tmp_path, ["page.html"])
    assert message in fault


@pytest.mark.parametrize(
    "extra, found",
    [
        ("", 0),
        ('<a href="#" style="outline: 0">x</a>', 1),
        ('<a href="#" style="opacity: 0">x</a>', 1),
        ('<a href="#" style="position: absolute; left: -99px">x</a>', 1),
    ],
)
def test_focus_out_of_sight_is_found(plant, browser, extra, found):
    with browser.new_page() as page:
        page.goto(plant(extra) + "page.html")
        assert len(focus_faults(page)) == found
