"""The pages of a built site, for the tests in tests/site."""

from bs4 import BeautifulSoup


def page_names(folder):
    """Returns the pages of a site, without the theme's own templates."""
    pages = {p.relative_to(folder) for p in folder.rglob("*.html")}
    return sorted(p.as_posix() for p in pages if p.parts[0] != "_static")


def read_pages(folder):
    """Returns the HTML of a site's pages as a dictionary of trees."""
    return {
        page: BeautifulSoup((folder / page).read_bytes(), "html.parser")
        for page in page_names(folder)
    }
