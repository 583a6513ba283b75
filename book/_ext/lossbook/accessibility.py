"""Mends what the theme and Sphinx write that is not valid or not accessible.

The finished body of a page goes through `mend`, a filter in the template
`layout.html`; each function below mends one thing, where it stands.
"""

from bs4 import BeautifulSoup
from bs4.dammit import EntitySubstitution
from bs4.formatter import HTMLFormatter

# What a phone of 390 px shows at once, in characters; what is wider scrolls.
CODE_WIDTH = 30
FORMULA_WIDTH = 20
# Void tags without a slash; only &, < and > are escaped, which is shortest.
PLAIN = HTMLFormatter(
    entity_substitution=EntitySubstitution.substitute_xml,
    void_element_close_prefix="",
    empty_attributes_are_booleans=True,
)


def name_buttons(page):
    """Gives buttons a type, and a name that holds what is seen on them."""
    for button in page.select("button"):
        button["type"] = button.get("type", "button")
        if button.get_text(strip=True):
            button.attrs.pop("aria-label", None)
        elif "title" in button.attrs:
            button["aria-label"] = button["title"]


def name_icons(page):
    """Hides the pictures of the icon font from screen readers."""
    for icon in page.select("i[class*=fa-], span[class*=fa-]"):
        icon["aria-hidden"] = "true"
        # The button that holds the icon has the name.
        icon.attrs.pop("title", None)


def submit_search(page):
    """Turns the lens of a search field into a button that searches."""
    for lens in page.select("form.bd-search > i"):
        button = page.new_tag("button", type="submit", **{"class": "lens"})
        button["aria-label"] = "Search"
        lens.wrap(button)
    # The lens comes first, but a dialog opens for writing into its field.
    for field in page.select("dialog form.bd-search input[type=search]"):
        field["autofocus"] = ""


def name_foldings(page):
    """Gives each summary a name, and only what may stand in one."""
    for summary in page.select("summary"):
        summary.attrs.pop("aria-label", None)
        for part in summary.select("p, div"):
            part.name = "span"
        if not summary.get_text(strip=True):
            link = summary.find_previous("a")
            summary["aria-label"] = f"Pages in {link.get_text(strip=True)}"
    for toggle in page.select(".toctree-toggle"):
        del toggle["role"]


def mark_landmarks(page):
    """Puts the name of the site into a header."""
    for logo in page.select(".sidebar-primary-item:has(> .logo)"):
        logo.name = "header"


def caption_contents(page):
    """Lets the captions in the list of contents name lists, not be headings.

    They come before the heading of the page.
    """
    for i, caption in enumerate(page.select("p.caption[role=heading]")):
        del caption["role"], caption["aria-level"]
        caption["id"] = f"contents-{i}"
        caption.find_next_sibling("ul")["aria-labelledby"] = caption["id"]


def list_citations(page):
    """Makes the bibliography a list, which its roles only half do."""
    for citations in page.select(".citation-list"):
        citations.name = "ul"
        citations.attrs.pop("role", None)
        for citation in citations.select(".citation"):
            citation.name = "li"
            citation.attrs.pop("role", None)


def scope_tables(page):
    """Tells which cells a header cell is for; an empty one is no header."""
    for cell in page.select("th"):
        if not cell.get_text(strip=True):
            cell.name = "td"
        elif cell.find_parent("thead"):
            wide = int(cell.get("colspan", 1)) > 1
            cell["scope"] = "colgroup" if wide else "col"
        else:
            tall = int(cell.get("rowspan", 1)) > 1
            cell["scope"] = "rowgroup" if tall else "row"


def keep_cards_a_table(page):
    """Says the roles that a table loses in some browsers when drawn as cards.

    Of the columns' headers nothing is left then: each cell says its own.
    """
    roles = {
        "tbody": "rowgroup",
        "tr": "row",
        "tbody th": "rowheader",
        "td": "cell",
    }
    for table in page.select("table.cheat-sheet"):
        table["role"] = "table"
        for selector, role in roles.items():
            for part in table.select(selector):
                part["role"] = role


def block_code(page):
    """Lets `pre` hold what it may: the blocks of listed modules are spans."""
    for block in page.select("pre div.viewcode-block"):
        block.name = "span"


def reach_scrolled(page):
    """Lets the keyboard reach, and so scroll, what is wider than a phone.

    The script in `layout.html` takes the stop away while all is in view.
    """
    for block in page.select("pre"):
        if max(map(len, block.get_text().splitlines())) > CODE_WIDTH:
            block["tabindex"] = "0"
    for formula in page.select(".katex-display"):
        if len(formula.select_one(".katex-html").get_text()) > FORMULA_WIDTH:
            formula["tabindex"] = "0"
    for table in page.select(".pst-scrollable-table-container"):
        table["tabindex"] = "0"


def mend(html):
    """Returns a part of a page, mended.

    >>> mend('<button aria-label="Go">Search</button>')
    '<button type="button">Search</button>'

    Args:
        html: whole elements, as text.
    """
    page = BeautifulSoup(html, "html.parser")
    for mend_one in (
        name_buttons,
        name_icons,
        submit_search,
        name_foldings,
        mark_landmarks,
        caption_contents,
        list_citations,
        scope_tables,
        keep_cards_a_table,
        block_code,
        reach_scrolled,
    ):
        mend_one(page)
    return page.decode(formatter=PLAIN)


def add_filter(app):
    """Lets templates use `mend`."""
    if app.builder.format == "html":
        app.builder.templates.environment.filters["mend"] = mend


def setup(app):
    """Connects what is here to Sphinx.

    Args:
        app: the Sphinx application.
    """
    app.connect("builder-inited", add_filter)
