"""Makes the slides of the chapters from the tagged cells of their notebooks.

    python tools/slides.py _build/slides book/regression.ipynb ...

A cell with the tag `slide` goes on slides: of Markdown what a lecture shows, as
`slide_text` picks it; of code what it put out, and with the tag `slide-code`
its source too. A heading begins a slide, and so does text after an output, or
what has no room on the last one; without a heading of its own, a slide bears
that of its section.
"""

import math
import re
import shutil
import sys
from pathlib import Path

import nbformat
import yaml
from nbconvert import SlidesExporter
from slide_text import shown, to_html

ROOT = Path(__file__).resolve().parents[1]
EXTENSIONS = ROOT / "book" / "_ext"
# As a single file, for the whole extension would import TensorFlow.
sys.path.append(str(EXTENSIONS / "lossbook"))
from address import pages_address  # noqa: E402

TAGS = {"slide", "slide-code"}
LABEL = re.compile(r"\$\$ \(([\w-]+)\)$", re.MULTILINE)
# How many sentences of a paragraph, in parts with a name and elsewhere: the
# first that fits on one slide, or the last, on several.
LENGTHS = [(9, 3), (9, 2), (9, 1), (2, 1), (1, 1), (9, 9)]
# All in lines of text.
ROOM = 15.5
PICTURE, FIGURE = 9, 12


def lines_of(group):
    """Returns how many lines blocks take, with the gaps below them."""
    lines = 0
    for kind, text in group:
        if kind == "heading":
            continue
        if kind == "table":
            rows = text.splitlines()[1:]
            lines += sum(0.25 + 0.75 * math.ceil(len(it) / 60) for it in rows)
        elif kind.startswith("math"):
            rows = text.split(r"\\")
            high = sum(bool(re.search(r"\\(frac|sum)", row)) for row in rows)
            lines += 0.5 + 1.2 * len(rows) + 0.9 * high
        else:
            items = re.split("^- ", text, flags=re.MULTILINE)
            lines += 0.4 + sum(math.ceil(len(item) / 90) for item in items)
    return lines


def lines_of_code(cell):
    """Returns how many lines the outputs of a cell take, and its source."""
    lines = 0
    if "slide-code" in tags(cell):
        lines += 1 + 0.8 * len(cell.source.splitlines())
    for output in cell.outputs:
        if output.output_type == "stream":
            lines += 1 + 0.8 * output.text.count("\n")
        else:
            lines += FIGURE if "text/html" in output.data else PICTURE
    return lines


def tags(cell):
    """Returns which of our tags a cell has."""
    return TAGS & {*cell.metadata.get("tags", [])}


def fit(cell, after):
    """Returns the groups of a Markdown cell, and the lines that they need.

    With the output of the code after it, where slides show that; if they do
    not, without the last paragraph, which leads to it.
    """
    code = after is not None and after.cell_type == "code"
    output = lines_of_code(after) if code and tags(after) else 0
    uncut = re.match("# |## What to take away", cell.source)
    for lengths in LENGTHS[-1:] if uncut else LENGTHS:
        groups = shown(cell.source, *lengths, untold=code and not tags(after))
        lines = output + sum(map(lines_of, groups))
        if lines <= ROOM:
            break
    return groups, lines


def deck(notebook):
    """Returns the cells of the slides of a notebook, in order."""
    cells, heading, left = [], "", 0

    def put(cell, lines):
        nonlocal left
        if lines > left:
            title = f"{'##' if cells else '#'} {heading}"
            cells.append(nbformat.v4.new_markdown_cell(title))
            cells[-1].metadata.slideshow = {"slide_type": "slide"}
            left = ROOM if cells[1:] else ROOM - 4
        cells.append(cell)
        left -= lines

    followed = [*notebook.cells[1:], None]
    for cell, after in zip(notebook.cells, followed, strict=True):
        if cell.cell_type == "code" and tags(cell):
            hidden = "slide-code" not in tags(cell)
            cell.metadata.transient = {"remove_source": hidden}
            put(cell, lines_of_code(cell))
        elif cell.cell_type == "markdown":
            groups, lines = fit(cell, after)
            output = cells and cells[-1].cell_type == "code"
            if tags(cell) and (output or left < lines <= ROOM):
                left = 0
            for above, group in zip([None, *groups], groups, strict=False):
                kinds, texts = zip(*group, strict=True)
                lines = lines_of(group)
                # A few words that found no room would be a slide alone.
                few = kinds == ("paragraph",) and lines < 4 and lines > left
                if kinds == ("heading",):
                    heading, left = texts[0].lstrip("# "), 0
                elif tags(cell) and not (few and above and left != 0):
                    text = "\n\n".join(texts)
                    put(nbformat.v4.new_markdown_cell(text), lines)
    return cells


def export(notebook, page, number):
    """Returns the slides of a notebook as HTML.

    Args:
        notebook: as nbformat reads it.
        page: where the chapter is published.
        number: the chapter's, with which those of its formulas begin.
    """
    sources = "\n".join(cell.source for cell in notebook.cells)
    labels = enumerate(LABEL.findall(sources), 1)
    numbers = {label: f"{number}.{n}" for n, label in labels}
    title = re.search("^# (.+)", sources, re.MULTILINE)[1]
    exporter = SlidesExporter(
        template_file=str(Path(__file__).with_name("slides.html.j2")),
        reveal_url_prefix="reveal",
        exclude_output_prompt=True,
        exclude_input_prompt=True,
        filters={"markdown2html": lambda text: to_html(text, page, numbers)},
    )
    notebook.cells = deck(notebook)
    resources = {"chapter": {"title": title, "page": page}}
    return exporter.from_notebook_node(notebook, resources)[0]


def main(output, *paths):
    """Writes the slides of notebooks, and what they need, into a folder."""
    output.mkdir(parents=True, exist_ok=True)
    reveal = EXTENSIONS / "node_modules" / "reveal.js" / "dist"
    (output / "reveal").mkdir(exist_ok=True)
    for name in ("reveal.css", "reveal.js", "../LICENSE"):
        shutil.copy(reveal / name, output / "reveal")
    katex = ROOT / "book" / "_static" / "katex"
    shutil.copytree(katex, output / "katex", dirs_exist_ok=True)
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    address = pages_address(config["repository"]["url"])
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    parts = [part["chapters"] for part in toc["parts"] if "numbered" in part]
    chapters = [chapter["file"] for chapter in sum(parts, [])]
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        if any(map(tags, notebook.cells)):
            slides = output / f"{path.stem}.html"
            page = f"{address}book/{path.stem}.html"
            number = chapters.index(f"book/{path.stem}") + 1
            slides.write_text(export(notebook, page, number), "utf-8")
            print(f"{path}: {slides.resolve().as_uri()}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
