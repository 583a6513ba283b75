"""Reads the page "What changed in Keras 3", runs it and compares.

The page is written for people; its form is fixed so that it can be a test:

- the first Python block is the preamble of every snippet, the second makes
  the devices that some need;
- the table of the part "At a glance" has one row per section, and in it one
  line of what that prints, or the word error;
- each `###` section has a Python block, then a table of what it prints, with
  a column for each version and a row for each line; and, if there is anything
  to mend, a line that begins with **Mended**, a Python block that runs in all
  versions, and a `text` block with what it prints; else **Nothing to mend**.
"""

import contextlib
import io
import math
import re
import warnings
from pathlib import Path
from typing import NamedTuple

from nbval_tolerance import NUMBER

# One unit of the last digit is forgiven if it is as fine as this share of the
# number: 0.123 may become 0.124; 0.5 must never become 0.6.
FINE_UNIT = 1e-2

ERROR = re.compile(r"\w+Error(:|$)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[(.*)\]\(#(.*)\)")
VERSIONS = {
    "Every version": ("2.15", "3.13", "3.15"),
    "Keras 2.15": ("2.15",),
    "Keras 3.13 and 3.15": ("3.13", "3.15"),
    "Keras 2.15 and 3.13": ("2.15", "3.13"),
    "Keras 3.13": ("3.13",),
    "Keras 3.15": ("3.15",),
}


class Section(NamedTuple):
    """One change: a snippet, what it prints, and how to mend it."""

    title: str
    snippet: str
    printed: dict  # a list of lines for each version
    mended: str | None
    mended_printed: list | None


class Row(NamedTuple):
    """One row of the table at the top."""

    title: str
    anchor: str
    printed: dict  # a cell for each of the versions 2.15 and 3.15
    advice: str


class Page(NamedTuple):
    """All of the page that is checked."""

    preamble: str
    devices: str
    overview: list
    sections: list


def parse(text):
    """Reads the page.

    Raises:
        ValueError: A section lacks a part, or a table does not fit.
    """
    top, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    glance, sections = None, []
    for part in parts:
        intro, *chunks = re.split(r"^### ", part, flags=re.MULTILINE)
        if intro.startswith("At a glance"):
            glance = intro
        elif not chunks or FENCE.search(intro):
            raise ValueError(f"no section, or code before: {intro[:40]!r}")
        sections += map(_section, chunks)
    if glance is None:
        raise ValueError("no part 'At a glance'")
    preamble, devices = [code for _, code in FENCE.findall(top)]
    header, *rows = _table(glance)
    if header[1:3] != ["Keras 2.15", "Keras 3.15"]:
        raise ValueError(f"the first table has the header {header}")
    return Page(preamble, devices, list(map(_row, rows)), sections)


def slug(title):
    """Returns the anchor that MyST gives to a heading."""
    kept = re.sub(r"[^\w\- ]", "", title.lower())
    return kept.strip().replace(" ", "-")


def _table(text):
    """Returns the cells of the only table of a text, row by row."""
    tables = re.findall(r"(?:^\|.*\|$\n?)+", text, re.MULTILINE)
    if len(tables) != 1:
        raise ValueError(f"not one table: {text[:40]!r}")
    lines = tables[0].splitlines()
    rows = [[cell.strip() for cell in it[1:-1].split("|")] for it in lines]
    if len({len(row) for row in rows}) > 1:
        raise ValueError(f"rows of different lengths: {lines[0]}")
    return [row for row in rows if set("".join(row)) - set("-:")]


def _code(cell):
    """Returns what a cell of a table shows as code."""
    match = re.fullmatch(r"(`+) ?(.*?) ?\1", cell)
    if cell and match is None:
        raise ValueError(f"not code: {cell!r}")
    return match[2] if match else ""


def _row(cells):
    title, old, new, advice = cells
    link = LINK.fullmatch(title)
    if link is None or not advice:
        raise ValueError(f"no link, or no advice: {cells}")
    old, new = [it if it == "error" else _code(it) for it in (old, new)]
    printed = {"2.15": old, "3.15": new}
    return Row(link[1], link[2], printed, advice)


def _section(chunk):
    """Reads a section, from its title on."""
    title, text = chunk.split("\n", 1)
    before, mend, after = text.partition("\n**Mended**")
    blocks = FENCE.findall(before)
    if [language for language, _ in blocks] != ["python"]:
        raise ValueError(f"not one Python block: {title}")
    if not before.partition("```")[0].strip():
        raise ValueError(f"no words before the code: {title}")
    if bool(mend) == ("**Nothing to mend" in before):
        raise ValueError(f"mended, or nothing to mend? {title}")
    snippet = blocks[0][1]
    header, *rows = _table(before)
    printed = {}
    for name, column in zip(header, zip(*rows, strict=True), strict=True):
        # A shorter output ends above a longer one.
        lines = "\n".join(map(_code, column)).rstrip("\n").split("\n")
        printed |= {version: lines for version in VERSIONS[name]}
    if sorted(printed) != ["2.15", "3.13", "3.15"]:
        raise ValueError(f"not one column for each version: {title}")
    mended = mended_printed = None
    if mend:
        blocks = FENCE.findall(after)
        if [language for language, _ in blocks] != ["python", "text"]:
            raise ValueError(f"not a block and its output: {title}")
        mended, mended_printed = blocks[0][1], blocks[1][1].splitlines()
    return Section(title, snippet, printed, mended, mended_printed)


def run(code, preamble=""):
    """Runs code in a namespace of its own, without its warnings.

    Returns:
        The printed lines; an error adds one, its type and message.
    """
    namespace = {"__name__": "snippet"}
    printed = io.StringIO()
    exec(preamble, namespace)
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(code, namespace)
        except Exception as error:
            # TensorFlow may name a node before the message.
            message = re.sub(r"\{\{.*?\}\}", "", str(error))
            message = " ".join(message.split())
            print(f"{type(error).__name__}: {message}")
    return printed.getvalue().splitlines()


def agree(stated, printed):
    """Tells whether a line of the page is what was printed.

    Words, whole numbers and short decimals must be the same. A decimal of
    more digits may differ by one unit of the last. Of an error the page states
    the type and the first words, or the type alone.
    """
    if ERROR.match(stated):
        rest = printed[len(stated) :]
        return printed.startswith(stated) and not rest[:1].isalnum()
    words, numbers = _split(stated)
    new_words, new_numbers = _split(printed)
    if words != new_words:
        return False
    return all(map(_close, numbers, new_numbers))


def _split(line):
    """Returns a line without its decimals, and these."""
    return re.sub(NUMBER, "#", line), re.findall(NUMBER, line)


def _close(stated, printed):
    x, y = float(stated), float(printed)
    if x == y or not math.isfinite(x - y):
        return repr(x) == repr(y)
    unit = min(_unit(stated), _unit(printed))
    # The difference of two decimals is itself rounded.
    return unit <= FINE_UNIT * abs(x) and abs(x - y) <= unit * (1 + 1e-6)


def _unit(text):
    """Returns one unit of the last digit of a decimal as it is printed."""
    digits, _, exponent = text.lower().partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def faults(stated, printed):
    """Returns what differs between the page and what was printed."""
    pairs = zip(stated, printed, strict=False)
    found = [
        f"the page says {a!r}, this version {b!r}"
        for a, b in pairs
        if not agree(a, b)
    ]
    if len(stated) != len(printed):
        found.append(f"the page has the lines {stated}, this version {printed}")
    return found


def section_faults(page, section, version):
    """Returns what is wrong about a section, in this version."""
    stated = section.printed[version]
    found = faults(stated, run(section.snippet, page.preamble))
    if section.mended is not None:
        printed = run(section.mended, page.preamble)
        found += faults(section.mended_printed, printed)
    return found


def overview_faults(page):
    """Returns what differs between the first table and the sections."""
    anchors = [slug(section.title) for section in page.sections]
    if [row.anchor for row in page.overview] != anchors:
        return ["the rows of the first table are not the sections, in order"]
    found = []
    for row, section in zip(page.overview, page.sections, strict=True):
        old, new = (section.printed[version] for version in row.printed)
        lines = max(len(old), len(new))
        pairs = [(_short(old, i), _short(new, i)) for i in range(lines)]
        if tuple(row.printed.values()) not in pairs:
            found.append(f"{row.title}: {row.printed} is not in {pairs}")
    return found


def _short(lines, i):
    """Returns line i as the first table has it: of an error, that word."""
    # After an error comes no line.
    line = lines[min(i, len(lines) - 1)]
    return "error" if ERROR.match(line) else line


PATH = Path(__file__).parents[2] / "book/keras_3.md"
PAGE = parse(PATH.read_text(encoding="utf-8"))
