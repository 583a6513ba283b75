"""What slides show of the Markdown of a chapter, and how it becomes HTML."""

import functools
import math
import re
import sys
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from pybtex.database import parse_file
from pybtex.richtext import Text

BOOK = Path(__file__).resolve().parents[1] / "book"
# As a single file, for the whole extension would import TensorFlow.
sys.path.append(str(BOOK / "_ext" / "lossbook"))
from formulas import render_latex  # noqa: E402

WORKS = parse_file(BOOK / "references.bib")
# Parts of a chapter, by name.
SHOWN = ["You will learn to", "When", "Formula", "Picture", "In training"]
LEFT_OUT = ["Before you start", "Time", "By hand", "In Keras", "Pitfalls"]
LEFT_OUT += ["Reference"]
RUN_IN = re.compile(rf"\*\*({'|'.join(SHOWN + LEFT_OUT)})\*\*")
SENTENCES = re.compile(r"(?<=[.?!])\s+(?=[A-Z*`$])")
CITED = re.compile(r"\s*\{cite\}`[^`]+`")
# A longer table is cut.
ROWS = 9


def draw_formula(self, tokens, index, options, env):
    """Returns a formula as HTML, with the number that the chapter gives it."""
    token = tokens[index]
    number = env["numbers"].get(token.info)
    tag = rf"\tag{{{number}}}" if number else ""
    display = token.type != "math_inline"
    return render_latex(token.content + tag, {"displayMode": display})


def write_role(self, tokens, index, options, env):
    """Returns the number of a formula, or who wrote a work."""
    name, key = tokens[index].meta["name"], tokens[index].content
    if name == "eq":
        return f"({env['numbers'][key]})"
    if name != "cite:t":
        raise ValueError(f"no slide can show {{{name}}}`{key}`")
    work = WORKS.entries[key]
    names = [Text(*it.rich_last_names) for it in work.persons["author"]]
    text = " and ".join(map(str, names)) if names[2:] == [] else ""
    return f"{text or f'{names[0]} et al.'} ({work.fields['year']})"


def open_link(self, tokens, index, options, env):
    """Returns a link into the book as one to the published page."""
    token = tokens[index]
    target = re.sub(r"\.(ipynb|md)(?=#|$)", ".html", token.attrs["href"])
    token.attrs["href"] = urljoin(env["page"], target)
    return self.renderToken(tokens, index, options, env)


MARKDOWN = MarkdownIt("commonmark").enable("table")
MARKDOWN.use(dollarmath_plugin).use(myst_role_plugin)
for kind in ("math_inline", "math_block", "math_block_label"):
    MARKDOWN.add_render_rule(kind, draw_formula)
MARKDOWN.add_render_rule("myst_role", write_role)
MARKDOWN.add_render_rule("link_open", open_link)


def to_html(source, page, numbers):
    """Returns Markdown as HTML.

    Args:
        source: the Markdown.
        page: where the chapter is published.
        numbers: those of its formulas, by their labels.
    """
    html = MARKDOWN.render(source, {"page": page, "numbers": numbers})
    # For screen readers a cell without words heads nothing.
    return html.replace("<th></th>", "<td></td>")


@functools.cache
def blocks(source):
    """Returns kind and text of the blocks of Markdown, but of no folded one."""
    lines, folded, found = source.splitlines(), False, []
    for token in MARKDOWN.parse(source):
        if token.level or not token.map:
            continue
        text = "\n".join(lines[slice(*token.map)]).strip()
        if token.type == "html_block":
            folded = text.startswith("<details")
        elif not folded:
            found.append((token.type.removesuffix("_open"), text))
    return found


def shorten(text, most, leads=False):
    """Returns the first sentences; also the last, if it leads to what follows.

    >>> shorten("It is so. Since it is. It was:", 1, leads=True)
    'It is so. It was:'
    """
    sentences = SENTENCES.split(text.strip())
    kept, cut = sentences[:most], sentences[most:]
    if cut and kept[1:] and kept[-1].endswith("?"):
        # Its answer would be missing.
        kept.pop()
    return " ".join(kept + (cut[-1:] if leads else []))


def cut_table(text):
    """Returns a table as one or more of at most `ROWS` rows each."""
    one, two, *rows = text.splitlines()
    count = math.ceil(len(rows) / ROWS)
    size = math.ceil(len(rows) / count)
    starts = range(0, len(rows), size)
    return ["\n".join([one, two, *rows[i : i + size]]) for i in starts]


def shown(source, most, elsewhere, untold=False):
    """Returns of a Markdown cell what slides show, as groups of blocks.

    Not what is folded, nor parts with a name in `LEFT_OUT`. A group stays on
    one slide.

    Args:
        source: the text of the cell.
        most: how many sentences paragraphs of named parts have at most.
        elsewhere: the same for other paragraphs; of an item the first is shown.
        untold: leave out the last paragraph, unless it is part of a named one.
    """
    groups, name, opened = [], None, False
    found = [*blocks(source), ("end", "")]
    for (kind, text), (after, _) in pairwise(found):
        begun = RUN_IN.match(text)
        if begun or kind == "heading":
            name, opened = begun and begun[1], False
        if kind == "heading" and not any(it[0][0] == kind for it in groups):
            groups = []
        if name in LEFT_OUT or (name == "Picture" and not begun):
            continue
        bare = kind == "paragraph" and not name and not text.startswith("**")
        if untold and bare and after == "end":
            continue
        leads = after not in ("paragraph", "heading", "end")
        text = CITED.sub("", text)
        if kind == "bullet_list":
            items = re.split(r"^- ", text, flags=re.MULTILINE)[1:]
            text = "\n".join(f"- {shorten(item, 1)}" for item in items)
        elif kind == "paragraph":
            whole = begun or name == "Formula"
            text = shorten(text, most if whole else elsewhere, leads)
        if not opened:
            groups.append([])
        first, *others = cut_table(text) if kind == "table" else [text]
        groups[-1].append((kind, first))
        groups += [[(kind, other)] for other in others]
        opened = kind == "paragraph" and leads
    return groups
