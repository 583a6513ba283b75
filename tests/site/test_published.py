"""What a site has beside its pages: who finds it, how it is taken along."""

import re
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

import notebook_lint
import pytest
import yaml
from fontTools.ttLib import TTFont
from site_pages import read_pages

ROOT = Path(__file__).parents[2]
DAY = re.compile(r"Last updated on (\d\d \w+ \d{4})\.")


@pytest.fixture(scope="module")
def trees(book):
    pages = read_pages(book)
    # It only leads to the front page.
    del pages["index.html"]
    return pages


@pytest.fixture(scope="module")
def address(folder):
    """Where the one value in `_config.yml` says that the book is."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    owner = config["repository"]["url"].split("/")[3].lower()
    return f"https://{owner}.github.io{folder}"


def content(tree, name):
    """Returns what the one tag of a name in a page's head says."""
    (tag,) = tree.select(f'meta[name="{name}"], meta[property="{name}"]')
    return tag["content"]


def test_each_page_says_what_it_is(trees):
    descriptions = [content(tree, "description") for tree in trees.values()]
    assert len(set(descriptions)) == len(descriptions)
    assert all(15 < len(text) < 250 for text in descriptions)
    titles = [tree.title.text for tree in trees.values()]
    assert len(set(titles)) == len(titles)


def test_each_page_has_its_address_and_its_card(book, trees, address):
    for name, tree in trees.items():
        (link,) = tree.select("link[rel=canonical]")
        assert link["href"] == address + name
        if name.startswith("book/"):
            assert content(tree, "og:url") == address + name
            card = content(tree, "og:image").removeprefix(address)
            assert (book / card).is_file()


def test_the_map_lists_the_pages(book, trees, address):
    root = ElementTree.parse(book / "sitemap.xml").getroot()
    listed = {tag.text for tag in root.iter() if tag.tag.endswith("}loc")}
    pages = {address + name for name in trees if name.startswith("book/")}
    assert pages <= listed
    assert address + "404.html" not in listed


def test_pages_bear_the_day_of_their_last_change(trees):
    log = ["git", "log", "-1", "--format=%ad", "--date=format:%d %B %Y", "--"]
    found = subprocess.run(
        [*log, "book/speed.md"], cwd=ROOT, capture_output=True, text=True
    )
    if found.returncode:
        pytest.skip("no git repository here")
    assert DAY.search(trees["book/speed.html"].text)[1] == found.stdout.strip()
    assert not DAY.search(trees["search.html"].text)


def test_readers_can_edit_a_page_and_report_a_fault(trees):
    links = {tag["href"] for tag in trees["book/detection.html"].select("a")}
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    repository = config["repository"]["url"]
    assert f"{repository}/edit/main/book/detection.ipynb" in links
    assert any(link.startswith(f"{repository}/issues/new") for link in links)


def test_notebooks_can_be_run_elsewhere(trees):
    repository, branch = notebook_lint.repository()
    name = repository.removeprefix("https://github.com/")
    places = [
        f"https://mybinder.org/v2/gh/{name}/{branch}?urlpath=lab/tree/{{}}",
        f"https://colab.research.google.com/github/{name}/blob/{branch}/{{}}",
    ]
    for path in notebook_lint.notebooks():
        file = path.relative_to(ROOT)
        links = trees[str(file.with_suffix(".html"))].select("a")
        found = {tag.get("href") for tag in links}
        assert {place.format(file) for place in places} <= found, file


def test_page_for_what_is_not_found_leads_on(book, trees, folder):
    page = trees["404.html"]
    assert page.select_one("article h1").find(string=True) == "Page not found"
    links = {
        urljoin(folder, tag.get("href") or tag["src"])
        for tag in page.select("[href], [src]")
    }
    inside = {
        link.split("#")[0].split("?")[0].removeprefix(folder)
        for link in links
        if link.startswith(folder)
    }
    assert {"book/detection.html", "search.html"} <= inside
    missing = [name for name in inside if name and not (book / name).is_file()]
    assert not missing, missing


def test_the_copy_to_take_along_is_whole(book, trees, browser, tmp_path):
    zipfile.ZipFile(book / "lossbook.zip").extractall(tmp_path)
    copy = tmp_path / "lossbook"
    for name in trees.keys() - {"404.html"}:
        page = (copy / name).read_text(encoding="utf-8")
        assert "lossbook.zip" not in page
    with browser.new_page() as page:
        failed = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.goto((copy / "book" / "detection.html").as_uri())
        page.locator("nav a[href='regression.html']").first.click()
        page.wait_for_url("**/regression.html")
    assert not failed


def test_all_icons_are_in_their_fonts(book, trees):
    style = (book / "_static/styles/pydata-sphinx-theme.css").read_text()
    fonts = book / "_static/vendor/fontawesome/webfonts"
    cut = [TTFont(path).getBestCmap() for path in fonts.glob("*.woff2")]
    drawn = set().union(*cut)
    names = {
        name
        for tree in trees.values()
        for tag in tree.select("i, span")
        for name in tag.get("class", [])
        if name.startswith("fa-")
    }
    codes = {
        name: re.search(rf'\.{name}\b(?!-)[^{{}}]*{{[^}}]*"\\(\w+)"', style)
        for name in names
    }
    icons = {name: int(code[1], 16) for name, code in codes.items() if code}
    assert {"fa-magnifying-glass", "fa-github", "fa-bars"} <= icons.keys()
    assert {n for n, code in icons.items() if code not in drawn} == set()
    assert max(path.stat().st_size for path in fonts.iterdir()) < 10_000


def test_colours_are_those_of_the_plots():
    from lossutils.plots import COLOURS

    style = (ROOT / "book/_static/identity.css").read_text(encoding="utf-8")
    names = re.findall(r"--colour-\d: (#\w+);", style)
    assert names == [colour.lower() for colour in COLOURS]
