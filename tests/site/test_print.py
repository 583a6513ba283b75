"""The whole book as a PDF: tagged, whole, its contents right, nothing cut."""

import base64
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pikepdf
import print_book
import pytest
import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader

ROOT = Path(__file__).parents[2]
# What A4 leaves between margins of 18 mm, in pixels.
WIDTH = round((210 - 2 * 18) / 25.4 * 96)
WIDE = """() => [...document.querySelectorAll("article")].flatMap(article => {
  const edge = article.getBoundingClientRect().right + 1;
  const inner = "pre, td, th, div.math";
  return [...article.querySelectorAll(`${inner}, img, svg, p, .base`)].filter(
    e => e.getBoundingClientRect().right > edge ||
         e.matches(inner) && e.scrollWidth > e.clientWidth + 1
  ).map(e => `${article.id}: ${e.localName} is cut: ` +
             e.textContent.trim().slice(0, 60));
})"""


def squeeze(text):
    """Returns text without white space, which lines do not keep."""
    return re.sub(r"\s", "", text)


def headings(tree):
    """Returns levels and texts of a tree's headings."""
    for link in tree.select("a.headerlink"):
        link.decompose()
    found = tree.select("h1, h2, h3, h4")
    return [(int(tag.name[1]), squeeze(tag.text)) for tag in found]


def outline(reader, items=None, level=1):
    """Returns levels, texts and pages of a PDF's bookmarks."""
    found = []
    for item in reader.outline if items is None else items:
        if isinstance(item, list):
            found += outline(reader, item, level + 1)
        else:
            page = reader.get_destination_page_number(item) + 1
            found.append((level, squeeze(item.title), page))
    return found


def described(reader):
    """Counts the descriptions of a PDF's pictures and formulas."""
    with pikepdf.open(reader.stream) as pdf:
        return Counter(
            squeeze(str(thing.Alt))
            for thing in pdf.objects
            if isinstance(thing, pikepdf.Dictionary) and "/Alt" in thing
        )


def picture_faults(reader, pages):
    """Returns descriptions of pictures and formulas that the PDF lacks."""
    expected = Counter(
        squeeze(tag.get("alt") or tag.get("aria-label") or tag.text)
        for page in pages
        for tag in page.select("img, [role=img], .katex annotation")
    )
    lost = expected - described(reader)
    return [f"the PDF lacks '{text}'" for text in lost]


def contents_faults(reader):
    """Returns lines of the contents that differ from the bookmarks."""
    marks = [mark for mark in outline(reader) if mark[0] < 3]
    pages = range(marks[0][2], marks[1][2])
    # Each page begins with its number.
    said = "".join(
        squeeze(reader.pages[page - 1].extract_text().removeprefix(str(page)))
        for page in pages
    )
    faults, end = [], 0
    for _, title, page in marks[1:]:
        line = f"{title}{page}"
        start = said.find(line, end)
        # Between two lines only a part's caption may stand.
        if start < 0 or re.search(r"\d", said[end:start]):
            faults.append(f"the contents lack {title} on page {page}")
        else:
            end = start + len(line)
    if said[end:]:
        faults.append(f"the contents end with {said[end:]}")
    return faults


def link_faults(tree):
    """Returns links of the document that lead nowhere on paper."""
    ids = Counter(tag["id"] for tag in tree.select("[id]"))
    links = {tag["href"] for tag in tree.select("a[href]")}
    return [f"{name} is there twice" for name in ids if ids[name] > 1] + [
        f"{link} leads nowhere"
        for link in links
        if not (link.startswith("#") and link[1:] in ids)
        and urlsplit(link).scheme not in ("http", "https")
    ]


def width_faults(browser, document):
    """Returns what does not fit between the margins of a page."""
    size = {"width": WIDTH, "height": 1000}
    with browser.new_page(viewport=size) as page:
        page.emulate_media(media="print")
        page.goto(document.as_uri())
        return page.evaluate(WIDE)


# The book.


@pytest.fixture(scope="module")
def path(book, browser, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "book.pdf"
    print_book.print_book(browser, book, path)
    return path


@pytest.fixture(scope="module")
def reader(path):
    return PdfReader(path)


@pytest.fixture(scope="module")
def pages(book):
    """The articles of the book's built pages, in the order of the sidebar."""
    front = book / "book" / "index.html"
    links = [it["href"] for it in read(front).select("nav.bd-links a")]
    # Beside the book lies the coursework, which is not printed.
    inside = [front.parent / link for link in links if link[0] != "."]
    paths = [front, *inside]
    return [read(path).article for path in paths]


def read(path):
    """Returns a built page as a tree."""
    return BeautifulSoup(path.read_bytes(), "html.parser")


def test_the_pdf_is_tagged_and_says_what_it_is(reader):
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert reader.metadata.title == config["title"]


def test_the_bookmarks_are_the_headings(reader, pages):
    expected = [heading for page in pages for heading in headings(page)]
    found = [(level, title) for level, title, _ in outline(reader)]
    assert found[:2] == [(1, "Contents"), (1, "Aboutthisbook")]
    assert found[2:] == expected[1:]


def test_the_contents_say_the_pages(reader):
    faults = contents_faults(reader)
    assert not faults, faults


def test_the_pdf_has_every_picture_and_formula(reader, pages):
    faults = picture_faults(reader, pages)
    assert not faults, faults


def test_links_lead_somewhere(path, reader):
    source = path.with_suffix(".html").read_text(encoding="utf-8")
    faults = link_faults(BeautifulSoup(source, "html.parser"))
    assert not faults, faults


def test_nothing_is_wider_than_the_paper(path, browser):
    faults = width_faults(browser, path.with_suffix(".html"))
    assert not faults, faults


def test_the_cheat_sheet_is_one_sheet_in_the_book(reader):
    sizes = Counter(
        tuple(map(round, page.mediabox[2:])) for page in reader.pages
    )
    assert sizes.pop((1191, 842)) == 1
    assert len(sizes) == 1, sizes


# A small book, with a fault planted.

CONFIG = """title: A small book
html: {extra_footer: Free}
repository: {url: "https://example.org"}
"""
TOC = """root: index
parts: [{caption: All, chapters: [{file: page}]}]
"""
PAGE = """<article><h1>Title</h1><section id="a"><h2>Heading</h2>
<p><img src="dot.gif" alt="A plot">
<span class="katex"><span class="katex-mathml"><math><semantics><mi>y</mi>
<annotation>\\hat y</annotation></semantics></math></span>
<span class="katex-html" aria-hidden="true">y</span></span></p>
</section></article>"""
DOT = "R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs="


@pytest.fixture
def print_small(browser, tmp_path):
    """A function that prints a book of two pages, the same but for a fault."""
    (tmp_path / "_config.yml").write_text(CONFIG)
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "book").mkdir()
    style = (ROOT / "book/_static/print.css").as_uri()
    front = f'<link rel="stylesheet" href="{style}" media="print">'
    (tmp_path / "book/index.html").write_text(front)
    (tmp_path / "dot.gif").write_bytes(base64.b64decode(DOT))

    def print_page(page=PAGE):
        (tmp_path / "index.html").write_text(PAGE)
        (tmp_path / "page.html").write_text(page)
        path = tmp_path / "small.pdf"
        print_book.print_book(browser, tmp_path, path, tmp_path)
        return PdfReader(path)

    return print_page


@pytest.mark.parametrize(
    "old, new, lost",
    [
        ("", "", []),
        ('alt="A plot"', 'alt=""', ["Aplot"]),
        ('class="katex-html"', 'class="katex-html" hidden', [r"\haty"]),
    ],
)
def test_lost_picture_and_formula_are_found(print_small, old, new, lost):
    pages = [BeautifulSoup(PAGE, "html.parser")] * 2
    reader = print_small(PAGE.replace(old, new) if old else PAGE)
    expected = [f"the PDF lacks '{text}'" for text in lost]
    assert picture_faults(reader, pages) == expected


def test_wrong_page_number_is_found(print_small, monkeypatch):
    assert contents_faults(print_small()) == []
    fill = print_book.FILL_CONTENTS.replace("slice(1)]", "slice(1)] + 1")
    monkeypatch.setattr(print_book, "FILL_CONTENTS", fill)
    faults = contents_faults(print_small())
    assert faults[0] == "the contents lack Aboutthisbook on page 3"


def test_contents_that_move_the_pages_are_an_error(print_small, monkeypatch):
    longer = "() => document.querySelector('nav').append('x '.repeat(99999))"
    monkeypatch.setattr(print_book, "FILL_CONTENTS", longer)
    with pytest.raises(RuntimeError, match="moved .*index.*: 3"):
        print_small()


@pytest.mark.parametrize(
    "piece, fault",
    [
        ('<pre style="white-space: pre">' + "x " * 400 + "</pre>", "pre"),
        ('<p><img width="900"></p>', "img"),
        ("<table><tr><td>" + "x" * 400 + "</td></tr></table>", "td"),
        ("<pre>x</pre>", None),
    ],
)
def test_cut_piece_is_found(browser, tmp_path, piece, fault):
    document = tmp_path / "document.html"
    document.write_text(f'<article id="a">{piece}</article>')
    faults = width_faults(browser, document)
    assert len(faults) == (fault is not None)
    assert all(f"a: {fault} is cut" in text for text in faults)


def test_lost_link_is_found():
    source = (
        '<p id="a"><p id="a"><a href="#a">x</a><a href="#b">x</a>'
        '<a href="page.html">x</a><a href="https://example.org">x</a>'
    )
    faults = link_faults(BeautifulSoup(source, "html.parser"))
    assert sorted(faults) == [
        "#b leads nowhere",
        "a is there twice",
        "page.html leads nowhere",
    ]
