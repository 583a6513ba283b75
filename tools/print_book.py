"""Prints the built book as one PDF with contents, and its cheat sheet alone.

    python tools/print_book.py [folder of the built pages] [folder of the PDFs]

The pages become one document in the order of `_toc.yml`. Chromium prints it
twice: where a heading falls is known only then, and the contents say it.
"""

import argparse
import html
import json
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import chromium
import pikepdf
import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]

# On paper they lead nowhere.
SCREEN_ONLY = "a.headerlink, a:has(> .viewcode-link), button, script"

DOCUMENT = """<!doctype html>
<html lang="en" data-theme="light">
<head><meta charset="utf-8"><title>{title}</title>
{styles}
<style>
{page_styles}</style></head>
<body class="book">
<header>
<p class="title">{title}</p>
<p>Version {version}</p>
<p>{footer}</p>
<p><a href="{address}">{address}</a></p>
</header>
<nav>
<h1>Contents</h1>
<div>
{contents}
</div>
</nav>
<main class="bd-content">{chapters}</main>
</body></html>"""

FILL_CONTENTS = """numbers => {
  for (const link of document.querySelectorAll("nav a")) {
    link.lastElementChild.textContent = numbers[link.hash.slice(1)];
  }
}"""


def toc_parts(root=ROOT):
    """Returns the book's parts: pairs of a caption and a list of pages.

    Not the coursework: an assignment is for a computer.
    """

    def files(entry):
        sections = entry.get("sections", [])
        below = [page for section in sections for page in files(section)]
        return [entry["file"], *below]

    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    yield "", [toc["root"]]
    for part in toc["parts"]:
        pages = [page for entry in part["chapters"] for page in files(entry)]
        if not pages[0].startswith("coursework/"):
            yield part["caption"], pages


def anchor(page, fragment=""):
    """Returns the id in the document of a page or of a place on it.

    >>> anchor("book/regression", "huber")
    'book--regression--huber'
    """
    return "--".join([*page.split("/"), fragment]).removesuffix("--")


def read_article(folder, page, pages):
    """Returns a page's article, at home in the document.

    Args:
        folder: of the built pages.
        page: its name, without the suffix.
        pages: the names of all pages that the document holds.
    """
    source = (folder / f"{page}.html").read_bytes()
    article = BeautifulSoup(source, "html.parser").select_one("article")
    for tag in article.select(SCREEN_ONLY):
        tag.decompose()
    for tag in article.select("[id]"):
        tag["id"] = anchor(page, tag["id"])
    for heading in article.select("section[id] > :is(h2, h3, h4, h5, h6)"):
        # A section may begin at the foot of a page, and its heading overleaf.
        heading["id"] = heading.parent.attrs.pop("id")
    for image in article.select("[loading]"):
        # Not every Chromium loads what waits to be scrolled to.
        del image["loading"]
    for tag in article.select("[src]"):
        tag["src"] = urljoin(f"{folder.as_uri()}/{page}.html", tag["src"])
    for link in article.select("a[href]"):
        url = urlsplit(urljoin(f"{page}.html", link["href"]))
        target = unquote(url.path).removesuffix(".html")
        if target in pages and not url.netloc:
            link["href"] = "#" + anchor(target, unquote(url.fragment))
        elif not url.scheme:
            link.unwrap()
    for details in article.select("details"):
        details["open"] = ""
    for prompt in article.select("details.hide > summary"):
        # "Show the solution" is no use where nothing can be hidden.
        shown = prompt.select_one(".collapsed").text
        prompt.string = shown.removeprefix("Show the ").capitalize()
    for formula in article.select(".katex"):
        # PDF has no MathML: what is drawn is a picture, read out as its TeX.
        drawn = formula.select_one(".katex-html")
        del drawn["aria-hidden"]
        drawn["role"] = "img"
        drawn["aria-label"] = formula.annotation.text
        formula.select_one(".katex-mathml").decompose()
    for word in article.select(".highlight span:is(.n, .o, .p, .w)"):
        # Nearly black, but each would be an element of the PDF's structure.
        word.unwrap()
    article.smooth()
    article["id"] = anchor(page)
    return article


def read_articles(folder, root=ROOT):
    """Returns the articles of the book's parts, as pairs with the caption."""
    parts = list(toc_parts(root))
    pages = {page for _, part in parts for page in part}
    articles = [
        (caption, [read_article(folder, page, pages) for page in part])
        for caption, part in parts
    ]
    # The title stands on the title page.
    articles[0][1][0].h1.string = "About this book"
    return articles


def contents_list(articles):
    """Returns the contents as HTML, still without the page numbers."""

    def link(target, heading):
        text = html.escape(heading.get_text())
        return f'<a href="#{target}"><span>{text}</span> <span></span></a>'

    for caption, part in articles:
        yield f'<p class="part">{caption}</p>' if caption else ""
        for article in part:
            yield f"<ul><li>{link(article['id'], article.h1)}<ul>"
            for heading in article.select("section > h2"):
                yield f"<li>{link(heading['id'], heading)}</li>"
            yield "</ul></li></ul>"


def page_style(article):
    """Returns the style that puts an article's title on top of its pages.

    The cheat sheet has a sheet of its own, see print.css.
    """
    if article.select(".cheat-sheet"):
        return ""
    name, title = article["id"], json.dumps(article.h1.get_text())
    return (
        f"#{name} {{ page: {name} }}\n"
        f"@page {name} {{ @top-right {{ content: {title} }} }}\n"
    )


def stylesheets(folder):
    """Returns the styles of the built pages, as links."""
    front = folder / "book" / "index.html"
    tree = BeautifulSoup(front.read_bytes(), "html.parser")
    for link in tree.select('link[rel="stylesheet"]'):
        address = urljoin(front.as_uri(), link["href"])
        yield f'<link rel="stylesheet" href="{address}">'


def assemble(folder, root=ROOT):
    """Returns the whole book as one HTML document, without page numbers.

    Args:
        folder: of the built pages.
        root: of the book's sources, for `_toc.yml` and `_config.yml`.
    """
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    parts = read_articles(folder, root)
    articles = [article for _, part in parts for article in part]
    return DOCUMENT.format(
        title=config["title"],
        version=version("lossutils"),
        footer=config["html"]["extra_footer"],
        address=config["repository"]["url"],
        styles="\n".join(stylesheets(folder)),
        page_styles="".join(map(page_style, articles)),
        contents="\n".join(contents_list(parts)),
        chapters="\n".join(map(str, articles)),
    )


def print_page(page, path, tagged=True):
    """Prints what a browser's page shows.

    Args:
        page: a Playwright page.
        path: of the PDF.
        tagged: with structure and bookmarks; without is quicker.
    """
    options = dict(tagged=tagged, outline=tagged)
    page.pdf(path=path, format="A4", prefer_css_page_size=True, **options)


def page_numbers(path):
    """Returns the page of each place in a PDF that a link leads to."""
    with pikepdf.open(path) as pdf:
        numbers = {page.objgen: n for n, page in enumerate(pdf.pages, 1)}
        return {
            name.removeprefix("/"): numbers[place[0].objgen]
            for name, place in pdf.Root.Dests.items()
        }


def pack(path):
    """Makes a PDF smaller, and loses nothing: its structure is text."""
    pikepdf.settings.set_flate_compression_level(9)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(
            path,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            recompress_flate=True,
        )


def print_book(browser, folder, path, root=ROOT):
    """Prints the whole book.

    Args:
        browser: a Playwright browser.
        folder: of the built pages.
        path: of the PDF; the document that it is printed from is put beside.
        root: of the book's sources.

    Raises:
        RuntimeError: the numbers in the contents moved the pages.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    document = path.with_suffix(".html")
    document.write_text(assemble(folder, root), encoding="utf-8")
    numbers = {}
    for tagged in (False, True):
        # A page of its own for each: printed twice, one may break elsewhere.
        with browser.new_page() as page:
            page.goto(document.as_uri())
            if numbers:
                page.evaluate(FILL_CONTENTS, numbers)
            print_page(page, path, tagged)
        expected, numbers = numbers, page_numbers(path)
    if moved := dict(expected.items() - numbers.items()):
        raise RuntimeError(f"the numbers in the contents moved {moved}")
    pack(path)


def print_sheet(browser, folder, path):
    """Prints the cheat sheet, from its own page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with browser.new_page() as page:
        page.goto((folder / "book" / "cheat_sheet.html").as_uri())
        print_page(page, path)
    pack(path)


def main(arguments=None):
    """Prints the book and the cheat sheet, and tells where they are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    build = ROOT / "_build"
    parser.add_argument("pages", nargs="?", type=Path, default=build / "html")
    parser.add_argument("output", nargs="?", type=Path, default=build / "pdf")
    options = parser.parse_args(arguments)
    folder, output = options.pages.resolve(), options.output.resolve()
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        for name, print_it in PRINTS.items():
            print_it(browser, folder, output / name)
            print(f"{output / name}: printed")
        browser.close()


PRINTS = {"lossbook.pdf": print_book, "cheat_sheet.pdf": print_sheet}

if __name__ == "__main__":
    main()
