"""Every built page: nothing missing, nothing from outside, no script error.

Each check is a function that returns a list of faults. The tests run it over
the built book, and over small pages with a fault planted, which it must find.
"""

import copy
import importlib
import pkgutil
import re
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from site_pages import page_names, read_pages

import lossutils

WIDTHS = {"phone": 390, "desktop": 1280}
PATH_AS_ALT = re.compile(r"\.(png|svg|jpe?g|gif|webp)$|^_images")
RAW_TEX = re.compile(r"\$\$|\\\(|\\\[|\\[a-z]+\{")


# What the files say, without a browser.


def link_faults(folder, trees):
    """Returns links and assets of the site that lead nowhere in it."""
    ids = {
        page: {tag["id"] for tag in tree.select("[id]")}
        for page, tree in trees.items()
    }
    faults = []
    for page, tree in trees.items():
        for tag in tree.select("[href], [src]"):
            link = tag.get("href") or tag.get("src")
            url = urlsplit(urljoin(page, link))
            if url.scheme or url.netloc:
                continue
            missing_file = not (folder / unquote(url.path)).is_file()
            anchors = ids.get(url.path, {url.fragment})
            if missing_file or (url.fragment and url.fragment not in anchors):
                faults.append(f"{page}: {link} leads nowhere")
    return faults


def outside_faults(folder, trees):
    """Returns what a page would load from elsewhere, now or on a click."""
    return [
        f"{page}: loads {tag.get('src') or tag['href']}"
        for page, tree in trees.items()
        for tag in tree.select("[src], link[href]:not([rel=canonical])")
        if urlsplit(tag.get("src") or tag["href"]).scheme not in ("", "data")
    ]


def alt_faults(folder, trees):
    """Returns images that do not say what they show."""
    return [
        f"{page}: {image['src']} has the alt text {image.get('alt')!r}"
        for page, tree in trees.items()
        for image in tree.select("img:not(.logo__image)")  # named beside it
        if not image.get("alt") or PATH_AS_ALT.search(image["alt"])
    ]


def tex_faults(folder, trees):
    """Returns pages that show a formula's source instead of the formula."""
    faults = []
    for page, tree in trees.items():
        body = copy.copy(tree.body or tree)
        # KaTeX keeps the source for screen readers; code may hold any.
        for tag in body.select("annotation, pre, code, script"):
            tag.decompose()
        if raw := RAW_TEX.search(body.get_text()):
            faults.append(f"{page}: raw TeX near {raw[0]!r}")
    return faults


# What a browser says; it can reach nothing outside (see conftest.py).


def watch(page, origin, faults):
    """Records what goes wrong on a page, and what it asks of elsewhere."""

    def record(message, when=True):
        if when:
            faults.append(message)

    page.on(
        "request",
        lambda r: record(
            f"asks for {r.url}", not r.url.startswith((origin, "data:"))
        ),
    )
    page.on(
        "response", lambda r: record(f"{r.status}: {r.url}", r.status > 399)
    )
    # A file: address has no status; a missing file is a failed request. One
    # that the browser drops, because the page leads on, is not missing.
    page.on(
        "requestfailed",
        lambda r: record(f"lacks {r.url}", r.failure != "net::ERR_ABORTED"),
    )
    page.on("pageerror", lambda error: record(f"throws {error}"))
    page.on("console", lambda m: record(f"logs {m.text}", m.type == "error"))


def layout_faults(page):
    """Returns what is wrong with a page as it is drawn."""
    faults = []
    for name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 800})
        if page.locator("html").evaluate("e => e.scrollWidth > e.clientWidth"):
            faults.append(f"is wider than a {name}")
    for formula in page.locator(".katex-html").all()[:1]:
        font = formula.evaluate("e => getComputedStyle(e).fontFamily")
        if "KaTeX" not in font:
            faults.append("has formulas without KaTeX's style")
    return faults


def browser_faults(browser, origin, names, **options):
    """Opens pages one after another in one tab and returns their faults.

    A new tab for each would take the browser longer than the page.

    Args:
        browser: a Playwright browser.
        origin: the site's address, with a slash at the end.
        names: pages, relative to it.
        **options: of the browser's context, such as scripts switched off.
    """
    all_faults, faults = [], []
    with browser.new_page(**options) as page:
        watch(page, origin, faults)
        # The page that leads on would break into the opening of the next.
        for name in sorted(names, key="index.html".__eq__):
            page.goto(origin + name, wait_until="load")
            faults += layout_faults(page)
            all_faults += [f"{name}: {fault}" for fault in faults]
            faults.clear()
    return all_faults


# The book.


@pytest.fixture(scope="module")
def trees(book):
    pages = read_pages(book)
    # It stands at any address, so its links begin at the host: test_published
    # follows them.
    del pages["404.html"]
    return pages


@pytest.mark.parametrize(
    "find", [link_faults, outside_faults, alt_faults, tex_faults]
)
def test_files_are_sound(book, trees, find):
    faults = find(book, trees)
    assert not faults, faults


def test_pages_with_maths_in_their_source_show_formulas(book, trees):
    sources = book / "_sources"
    for source in sources.rglob("*.*"):
        page = source.relative_to(sources).with_suffix(".html").as_posix()
        if re.search(r"\$[^$\s][^$]*\$", source.read_text(encoding="utf-8")):
            assert trees[page].select(".katex"), page


def names_of(module):
    """Returns the functions and classes that a module defines for others."""
    return [
        f"{module.__name__}.{name}"
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and callable(thing)
        and thing.__module__ == module.__name__
    ]


def test_every_name_of_the_package_is_explained_and_used(trees):
    modules = [
        importlib.import_module(f"lossutils.{info.name}")
        for info in pkgutil.iter_modules(lossutils.__path__)
    ]
    names = {name for module in modules for name in names_of(module)}
    described = {tag["id"] for tag in trees["book/api.html"].select("dt[id]")}
    assert names <= described, names - described
    # The API's own page and the index lead to all of them.
    linked = {
        urlsplit(tag["href"]).fragment
        for page, tree in trees.items()
        if page.startswith(("book/", "coursework/")) and page != "book/api.html"
        for tag in tree.select("a.mention")
    }
    assert names <= linked, names - linked


def test_first_mentions_lead_to_the_glossary_and_to_losses(trees):
    for page, tree in trees.items():
        links = [
            tag["href"] for tag in tree.select("a.mention:not(:has(code))")
        ]
        assert len(links) == len(set(links)), page
    detection = trees["book/detection.html"]
    assert detection.select_one('a.mention[href="regression.html#huber"]')
    assert detection.select_one('a.mention[href^="glossary.html#term-"]')


def test_the_cheat_sheet_prints_on_one_page(book, browser):
    with browser.new_page() as page:
        page.goto((book / "book" / "cheat_sheet.html").as_uri())
        pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


def test_pages_open_without_fault(book, site, browser):
    faults = browser_faults(browser, site, page_names(book))
    assert not faults, faults


def test_pages_read_without_scripts(book, site, browser):
    options = dict(java_script_enabled=False)
    faults = browser_faults(browser, site, page_names(book), **options)
    assert not faults, faults


def test_pages_read_from_the_disk(book, browser):
    # no host shows its page for what is not found here
    names = [name for name in page_names(book) if name != "404.html"]
    faults = browser_faults(browser, book.as_uri() + "/", names)
    assert not faults, faults


@pytest.mark.parametrize(
    "prefers, scripts, theme",
    [
        ("light", True, "light"),
        ("dark", True, "dark"),
        ("dark", False, "light"),
    ],
)
def test_page_follows_the_colour_scheme(book, browser, prefers, scripts, theme):
    options = dict(color_scheme=prefers, java_script_enabled=scripts)
    with browser.new_context(**options) as context:
        page = context.new_page()
        page.goto((book / "book" / "index.html").as_uri())
        assert page.locator("html").get_attribute("data-theme") == theme


@pytest.mark.parametrize("served", [True, False])
def test_search_finds_a_word(book, site, browser, served):
    origin = site if served else book.as_uri() + "/"
    faults = []
    with browser.new_page() as page:
        watch(page, origin, faults)
        page.goto(origin + "search.html?q=pinball")
        results = page.locator("#search-results li")
        (results if not served else results.locator("p")).first.wait_for()
        page.wait_for_load_state("networkidle")
    assert not faults, faults


def test_search_opens_by_keyboard(book, browser):
    with browser.new_page() as page:
        page.goto((book / "book" / "detection.html").as_uri())
        page.keyboard.press("Control+k")
        page.locator("dialog[open] input").wait_for()
        page.keyboard.type("pinball")
        page.keyboard.press("Enter")
        page.locator("#search-results li a").first.wait_for()


def test_contents_show_where_the_reader_is(book, browser):
    with browser.new_page(viewport=dict(width=1280, height=800)) as page:
        page.goto((book / "book" / "detection.html").as_uri())
        here = page.locator("#pst-page-toc-nav a[aria-current=true]")
        for section in ("iou-loss", "giou-loss"):
            page.locator(f"#{section}").evaluate("e => e.scrollIntoView()")
            page.wait_for_function(
                "s => document.querySelector('#pst-page-toc-nav "
                "a[aria-current=true]')?.hash == s",
                arg=f"#{section}",
            )
        assert here.count() == 1


# Faults planted, which the checks must find.

GOOD_PAGE = """<!doctype html><title>t</title>
<link rel="icon" href="data:,"><article><h1 id="top">Title</h1>
<a href="#top">up</a> <a href="https://keras.io">elsewhere</a>
<img src="dot.svg" alt="A dot"> <code>$$ x $$</code></article>"""
DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


@pytest.fixture
def plant(tmp_path):
    """A function that adds HTML to a sound page and returns the folder."""

    def write(extra=""):
        (tmp_path / "dot.svg").write_text(DOT)
        (tmp_path / "page.html").write_text(
            GOOD_PAGE.replace("</article>", extra + "</article>")
        )
        return tmp_path

    return write


FILE_FAULTS = [
    (link_faults, '<a href="gone.html">x</a>', "gone.html leads nowhere"),
    (link_faults, '<a href="/page.html">x</a>', "/page.html leads nowhere"),
    (link_faults, '<a href="#gone">x</a>', "#gone leads nowhere"),
    (link_faults, '<a href="page.html#gone">x</a>', "#gone leads nowhere"),
    (link_faults, '<img src="gone.png" alt="A plot">', "gone.png leads"),
    (outside_faults, '<script src="https://a.org/x.js"></script>', "a.org"),
    (outside_faults, '<link rel="preconnect" href="https://a.org">', "a.org"),
    (alt_faults, '<img src="dot.svg">', "alt text None"),
    (alt_faults, '<img src="dot.svg" alt="">', "alt text ''"),
    (alt_faults, '<img src="dot.svg" alt="_images/ab12.png">', "ab12.png"),
    (tex_faults, r"<p>$$ x $$</p>", "$$"),
    (tex_faults, r"<p>\frac{1}{2}</p>", r"\\frac{"),
]


@pytest.mark.parametrize("find, extra, message", FILE_FAULTS)
def test_planted_fault_in_a_file_is_found(plant, find, extra, message):
    folder = plant()
    assert find(folder, read_pages(folder)) == []
    plant(extra)
    (fault,) = find(folder, read_pages(folder))
    assert message in fault


BROWSER_FAULTS = {
    '<script src="https://a.org/x.js"></script>': "asks for https://a.org",
    "<script>fetch('https://a.org/x')</script>": "asks for https://a.org",
    '<img src="gone.png" alt="A plot">': "404: http",
    "<script>throw new Error('oh')</script>": "throws oh",
    "<script>console.error('oh')</script>": "logs oh",
    '<div style="width: 3000px">wide</div>': "wider than a desktop",
    '<div style="width: 500px">wide</div>': "wider than a phone",
    '<span class="katex-html">x</span>': "without KaTeX's style",
}


@pytest.mark.parametrize("extra, message", BROWSER_FAULTS.items())
def test_planted_fault_on_a_page_is_found(
    plant, serve, browser, extra, message
):
    faults = browser_faults(browser, serve(plant(extra)), ["page.html"])
    assert any(message in fault for fault in faults)


def test_sound_page_has_no_fault(plant, serve, browser):
    folder = plant()
    origins = [serve(folder), folder.as_uri() + "/"]
    for origin in origins:
        assert browser_faults(browser, origin, ["page.html"]) == []


def test_missing_file_is_found_on_the_disk(plant, browser):
    origin = plant('<img src="gone.png" alt="A plot">').as_uri() + "/"
    faults = browser_faults(browser, origin, ["page.html"])
    assert any("lacks" in fault for fault in faults)
