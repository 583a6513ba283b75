"""What the book asks of a notebook beyond running: one short rule for each.

Chapters stand under a numbered heading of `_toc.yml`. Other notebooks are for
reference: they need no frame, and may not run in Colab.

A rule yields `(number, sentence)`, where `number` is the cell's, from 1, or 0
for the notebook as a whole. A rule for single cells yields the sentence only.

    python tests/notebook_lint.py book/*.ipynb book/*/*.ipynb
"""

import ast
import re
import sys
from functools import cache
from itertools import pairwise, takewhile
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml
from nbformat.validator import iter_validate

ROOT = Path(__file__).resolve().parent.parent

# What the setup cell asks pip for: the release on PyPI. FROM_GIT, a tag of the
# repository, is for as long as the name on PyPI is not ours: whoever took it
# could run anything in the readers' sessions. `make setup-cells` brings the
# choice into the notebooks.
FROM_PYPI = "lossutils[data]=={version}"
FROM_GIT = "lossutils[data] @ git+{repository}@v{version}"
REQUIREMENT = FROM_PYPI

# `find_spec` rather than `import`, so that ruff finds no unused import. %pip
# raises nothing when it fails, hence the second look.
SETUP = """\
# @title Setup (run once)
import os
from importlib.util import find_spec

os.environ |= {{
    "TF_CPP_MIN_LOG_LEVEL": "3",  # no start-up messages
    "TF_ENABLE_ONEDNN_OPTS": "0",  # and the same numbers on every machine
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}}
if find_spec("lossutils") is None:
    %pip install -q "{requirement}"
    if find_spec("lossutils") is None:
        raise ImportError(
            "lossutils was not installed: pip says why, above. If the network"
            " was away, run this cell again."
        )"""

INSTALL = 'if find_spec("lossutils")'

NOTEBOOK_KEYS = {"kernelspec", "language_info", "myst", "mystnb"}
CELL_KEYS = {"cellView", "mystnb", "reason", "tags"}
TAGS = {
    # In assignments: only shown, so the grader does not run it.
    "demonstration",
    "hide-cell",
    "hide-input",
    "lesson-loss",
    "raises-exception",
    "remove-cell",
    "slide",
    "slide-code",
}
TOLERANCE = re.compile(r"nbval-[ar]tol=\d+(\.\d+)?(e-?\d+)?")
MOST_TOLERANCES = 4
MOST_LINES = 15
SHORTEST_ALT = 30
LONGEST_CAPTION = 12

HEAD = ["You will learn to", "Before you start", "Time"]
LOSS = [
    "When",
    "Formula",
    "By hand",
    "In Keras",
    "Picture",
    "In training",
    "Pitfalls",
    "Reference",
]
OPTIONAL = "In training"
WITH_CODE = ["By hand", "In Keras", "Picture"]
FOOT = [
    "What to take away",
    "Check yourself",
    "Exercises",
    "Further reading",
]
FEWEST_QUESTIONS = FEWEST_EXERCISES = 5

PATH = re.compile(
    # In a web address, too, a folder may bear such a name: not after a word.
    r"(?<![\w.-])/(?:content|home|mnt|opt|private|root|tmp|Users|usr|var|work)/"
    r"|\b[A-Za-z]:\\+(?:Program|Python|Temp|Users|Windows)"
)
PATH_ADVICE = "holds an absolute path {!r}; name no folder of one machine"
LATIN = {
    r"\be\.\s?g\b": "for example",
    r"\bi\.\s?e\b": "that is",
    r"\betc\b": "and so on",
}
DOWNLOAD = re.compile(
    r"https?://|keras\.datasets|keras import .*\bdatasets|\bimagenet\b"
    r"|\b(?:fetch_\w+|get_file|get_rdataset|load_dataset|requests|urlopen"
    r"|urlretrieve|tensorflow_datasets|tfds)\b"
)
OUTPUT = {
    r"\bnp\.(?:\w*?(?:float|int|complex)\d+\(|(?:str|bytes)_\(|True_|False_)": (
        "a bare NumPy scalar, shown differently by NumPy 1 and 2; print "
        'f"{float(x):.6f}", int(x) or bool(x)'
    ),
    r"<(?:tf\.|keras|tensorflow|Keras|Sequential|Functional|Variable)": (
        "the repr of a TensorFlow or Keras object; print its numbers"
    ),
    r"\bat 0x[0-9a-fA-F]+": (
        "the address of an object; end the cell with a value, or assign it to _"
    ),
    r"/step\b|━|\[=+[>\]]": (
        "a progress bar, whose timings differ each run; pass verbose=0"
    ),
}


class Line(NamedTuple):
    """A line of Markdown, or a code cell as one empty line."""

    number: int
    text: str
    cell: nbformat.NotebookNode


# Reading a notebook.


def numbered(notebook, kind=("code", "markdown", "raw")):
    """Returns `(number, cell)` for the cells of a kind."""
    cells = enumerate(notebook.cells, 1)
    return [(number, cell) for number, cell in cells if cell.cell_type in kind]


def tags(cell):
    """Returns the tags of a cell."""
    return cell.metadata.get("tags", [])


def setting(cell, *keys):
    """Returns the text at nested keys of a cell's metadata, or ''."""
    value = cell.metadata
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def unfenced(source):
    """Yields the lines of Markdown, those of fenced code as mere fences."""
    fence = None
    for line in source.splitlines():
        mark = re.match(r"\s*(`{3,}|~{3,})([^`]*)$", line)
        if fence:
            yield "```"
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = None
        elif mark:
            yield "```"
            fence = mark[1]
        else:
            yield line


def outline(notebook):
    """Returns the whole notebook as a list of `Line`."""
    lines = []
    for number, cell in numbered(notebook):
        texts = [""] if cell.cell_type == "code" else unfenced(cell.source)
        lines += [Line(number, text, cell) for text in texts]
    return lines


def split(lines, mark):
    """Cuts lines before each that matches; drops what precedes the first."""
    starts = [i for i, line in enumerate(lines) if re.match(mark, line.text)]
    return [lines[start:end] for start, end in pairwise([*starts, None])]


def blocks(lines, names):
    """Returns `(name, lines)` for each bold run-in that bears a known name."""
    mark = rf"\*\*({'|'.join(names)})\*\*"
    return [(re.match(mark, b[0].text)[1], b) for b in split(lines, mark)]


def has_code(lines):
    """Tells whether a code cell is among the lines."""
    return any(line.cell.cell_type == "code" for line in lines)


def joined(lines):
    """Returns the text of the lines."""
    return "\n".join(line.text for line in lines)


def folds(lines):
    """Returns the lines that open a folded block."""
    return [line for line in lines if line.text.strip().startswith("<details")]


@cache
def parse(source):
    """Returns the syntax tree of a cell, or None if it is not plain Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


def nodes(cell, *kinds):
    """Returns the nodes of some kinds, wherever they are in a code cell."""
    tree = parse(cell.source)
    return [n for n in ast.walk(tree) if isinstance(n, kinds)] if tree else []


def output_text(output):
    """Returns all that an output says in words, without terminal colours."""
    data = output.get("data", {})
    texts = [
        output.get("text", ""),
        output.get("evalue", ""),
        *output.get("traceback", []),
        *(str(data[kind]) for kind in data if not kind.startswith("image/")),
    ]
    return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(texts))


@cache
def reference_pages():
    """Returns the pages that are no chapters, after `_toc.yml`."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    parts = [part for part in toc["parts"] if "numbered" not in part]
    return {page["file"] for part in parts for page in part["chapters"]}


def notebooks():
    """Returns the paths of the book's notebooks, sub-pages included."""
    book = ROOT / "book"
    return sorted([*book.glob("*.ipynb"), *book.glob("[a-z]*/*.ipynb")])


def assignments():
    """Returns the paths of the sources of the graded assignments."""
    return sorted((ROOT / "coursework" / "source").glob("*/*.ipynb"))


def page_name(path):
    """Returns where a notebook stands below `book`, without its suffix.

    >>> page_name("book/classification/margins.ipynb")
    'classification/margins'
    """
    path = Path(path).with_suffix("")
    book = next((it for it in path.parents if it.name == "book"), path.parent)
    return path.relative_to(book).as_posix()


def is_reference(path):
    """Tells whether a notebook is a reference page."""
    return f"book/{page_name(path)}" in reference_pages()


@cache
def repository():
    """Returns the repository's address and branch, after `_config.yml`."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    return config["repository"]["url"], config["repository"]["branch"]


def colab_link(name):
    """Returns where Colab opens a chapter."""
    url, branch = repository()
    owner_and_name = url.removeprefix("https://github.com/")
    return (
        "https://colab.research.google.com/github/"
        f"{owner_and_name}/blob/{branch}/book/{name}.ipynb"
    )


def setup_source(requirement=REQUIREMENT):
    """Returns the text of the setup cell, which installs this very version."""
    package = (ROOT / "lossutils" / "__init__.py").read_text("utf-8")
    version = re.search(r'^__version__ = "(.+)"', package, re.MULTILINE)[1]
    wanted = requirement.format(repository=repository()[0], version=version)
    return SETUP.format(requirement=wanted)


# Rules for the file.


def valid(notebook):
    """A valid notebook of format 4.5 that has cells."""
    for error in iter_validate(notebook):
        place = list(error.relative_path)
        number = place[1] + 1 if place[:1] == ["cells"] and place[1:] else 0
        fault = error.message.splitlines()[0]
        yield number, f"is not as nbformat asks: {fault}; mend it"
    if (notebook.get("nbformat"), notebook.get("nbformat_minor")) != (4, 5):
        yield 0, "is not in format 4.5; save it with a current Jupyter"
    if not notebook.get("cells"):
        yield 0, "has no cells; start from another chapter"


def unique_ids(notebook, path):
    """No two cells with one id."""
    seen = set()
    for number, cell in numbered(notebook):
        if cell.id in seen:
            yield number, f"has an earlier cell's id, {cell.id!r}; change it"
        seen.add(cell.id)


def file_metadata(notebook, path):
    """Nothing of the machine or editor in the notebook's metadata."""
    metadata = notebook.metadata
    if metadata.get("kernelspec", {}).get("name") != "python3":
        yield 0, "has another kernel than 'python3'; set kernelspec.name to it"
    if "version" in metadata.get("language_info", {}):
        yield 0, "names a Python version; remove language_info.version"
    for key in sorted(metadata.keys() - NOTEBOOK_KEYS):
        yield 0, f"has the metadata {key!r}; remove it"


def cell_metadata(cell):
    """Nothing of the machine or editor in a cell's metadata."""
    for key in sorted(cell.metadata.keys() - CELL_KEYS):
        yield f"has the metadata {key!r}; remove it"


def not_empty(cell):
    """No cell without text."""
    if not cell.source.strip():
        yield "is empty; delete it"


def known_tags(cell):
    """Only tags that the book uses; so none that makes nbval look away."""
    for tag in tags(cell):
        if tag not in TAGS and not TOLERANCE.fullmatch(tag):
            yield (
                f"has the tag {tag!r}; use one of {', '.join(sorted(TAGS))}, "
                "nbval-rtol=NUMBER, nbval-atol=NUMBER"
            )


def tolerances(notebook, path):
    """Few cells with a tolerance of their own, each with a reason."""
    loose = []
    for number, cell in numbered(notebook):
        if any(map(TOLERANCE.fullmatch, tags(cell))):
            loose.append(number)
            if not setting(cell, "reason").strip():
                yield (
                    number,
                    "has a tolerance tag; say why in metadata 'reason'",
                )
    for number in loose[MOST_TOLERANCES:]:
        yield (
            number,
            f"is one more than {MOST_TOLERANCES} cells with a tolerance tag; "
            "print what does not vary",
        )


# Rules for the first cells.


def badge(notebook, path):
    """The Colab button comes first."""
    cell, link = notebook.cells[0], colab_link(page_name(path))
    if cell.cell_type != "markdown" or f"]({link})" not in cell.source:
        yield 1, f"is not the Colab button; link it, in Markdown, to {link}"
    if "remove-cell" not in tags(cell):
        yield 1, "is the Colab button but lacks the tag remove-cell; add it"


def with_setup(source, path):
    """Returns the source of a first code cell with the setup cell's text.

    A reference page may say, before it installs, where it cannot run. That
    part of its own stands below two blank lines.
    """
    before, install, rest = setup_source().partition(INSTALL)
    own = source.partition("\n\n\n")[2].partition(install)[0]
    if is_reference(path) and own:
        before += f"\n\n{own}"
    return before + install + rest


def setup_cell(notebook, path):
    """The first code cell installs what is missing, the same everywhere."""
    number, cell = next(iter(numbered(notebook, ["code"])), (0, None))
    if cell is None:
        yield 0, "has no code cell; begin with the setup cell"
        return
    text = setup_source()
    if cell.source != with_setup(cell.source, path):
        yield (
            number,
            "is not the setup cell; `make setup-cells` writes its text:\n"
            + text,
        )
    if "hide-cell" not in tags(cell) or setting(cell, "cellView") != "form":
        yield (
            number,
            "is the setup cell; give it the tag hide-cell and the metadata "
            '"cellView": "form"',
        )
    if cell.outputs:
        yield number, "is the setup cell but printed something; re-run it"


def imports(notebook, path):
    """All imports of a chapter stand in its second code cell."""
    for number, cell in numbered(notebook, ["code"])[2:]:
        for node in nodes(cell, ast.Import, ast.ImportFrom):
            yield (
                number,
                f"imports on line {node.lineno}; do so in the second code cell",
            )


# Rules for code.


def prose_before_code(notebook, path):
    """Text before each code cell; only the imports follow the setup cell."""
    cells = numbered(notebook)
    setup = next((n for n, cell in cells if cell.cell_type == "code"), 0)
    for (before, above), (number, cell) in pairwise(cells):
        code = cell.cell_type == "code" and before != setup
        if code and (above.cell_type == "code" or "remove-cell" in tags(above)):
            yield number, "follows no text; say before it what it shows"


def in_order(notebook, path):
    """Every code cell was run, in order, by a fresh kernel."""
    for count, (number, cell) in enumerate(numbered(notebook, ["code"]), 1):
        if cell.execution_count != count:
            yield (
                number,
                f"has execution count {cell.execution_count} instead of "
                f"{count}; re-run the whole notebook",
            )
            return


def plain_python(cell):
    """No magic and no shell line; the setup cell has the only one."""
    if parse(cell.source) is None:
        yield (
            "is not plain Python; only the setup cell may hold a magic (%) or "
            "a shell line (!)"
        )


def short(cell):
    """A code cell is seen at a glance."""
    lines = len(cell.source.splitlines())
    if lines > MOST_LINES:
        yield f"has {lines} lines; split it, {MOST_LINES} are the most"


def quiet(cell):
    """Keras prints no bars, timings and tables.

    `Ridge().fit(x, y).predict(x)` passes: other libraries' models are used so,
    while a Keras model is compiled first and has a name. Should a bar slip
    through, `same_everywhere` sees it.
    """
    for call in nodes(cell, ast.Call):
        method = getattr(call.func, "attr", "")
        named = not isinstance(getattr(call.func, "value", None), ast.Call)
        trains = method in {"evaluate", "fit", "predict"} and named
        verbose = [
            getattr(keyword.value, "value", None)
            for keyword in call.keywords
            if keyword.arg == "verbose"
        ]
        if method == "summary":
            yield "calls .summary(), which differs by version; print shapes"
        elif verbose and verbose[0] not in (0, "0"):
            yield "sets verbose to something else; pass verbose=0"
        elif trains and not verbose:
            yield f"calls .{method}() with its progress bar; pass verbose=0"


def no_download(cell):
    """Data come from packages, never from the network."""
    if found := DOWNLOAD.search(cell.source):
        yield f"may download by {found[0]!r}; take data from lossutils.data"


def losses_from_package(cell):
    """A notebook shows the tested losses, not copies of them."""
    if "lesson-loss" in tags(cell):
        return
    for node in nodes(cell, ast.FunctionDef, ast.ClassDef):
        bases = [
            getattr(base, "attr", getattr(base, "id", ""))
            for base in getattr(node, "bases", [])
        ]
        derived = any(name.endswith("Loss") for name in bases)
        if derived or node.name.endswith("_loss"):
            yield (
                f"defines the loss {node.name}; take it from lossutils, or tag "
                "the cell lesson-loss if writing one is the lesson"
            )


def no_nbval_comment(cell):
    """No comment that makes nbval look away."""
    if "NBVAL_" in cell.source:
        yield "has an NBVAL_ comment; remove it and print what does not vary"


# Rules for outputs.


def clean_outputs(cell):
    """Nothing on stderr, and an error only where one is announced."""
    raises = "raises-exception" in tags(cell)
    kinds = [output.output_type for output in cell.outputs]
    if any(output.get("name") == "stderr" for output in cell.outputs):
        yield "wrote to stderr; mend what it warns of"
    if "error" in kinds and not raises:
        yield "raised an error; mend it, or tag the cell raises-exception"
    if "error" not in kinds and raises:
        yield "has the tag raises-exception but raised nothing; remove the tag"


def same_everywhere(cell):
    """Outputs hold nothing that differs by version, machine or run."""
    text = "\n".join(map(output_text, cell.outputs))
    for pattern, advice in OUTPUT.items():
        if re.search(pattern, text):
            yield f"shows {advice}"
    if found := PATH.search(text):
        yield PATH_ADVICE.format(found[0])


def figures(cell):
    """A figure has alt text, a caption, and its data for the tests.

    One that the reader moves is HTML, the data included; its alt text is an
    argument of the call, and stands in for it as plain text.
    """
    pictures = [
        output.data
        for output in cell.outputs
        if any(kind.startswith("image/") for kind in output.get("data", {}))
    ]
    if not pictures:
        return
    if len(pictures) > 1:
        yield "shows several pictures, but a cell has one alt text; split it"
    interactive = "loss-figure" in pictures[0].get("text/html", "")
    if not interactive and any(
        "application/vnd.figdata+json" not in data for data in pictures
    ):
        yield "shows a picture without its data; call use_style() and re-run"
    alt = setting(cell, "mystnb", "image", "alt").strip()
    if interactive:
        alt = pictures[0]["text/plain"]
    caption = setting(cell, "mystnb", "figure", "caption").strip()
    if len(alt) < SHORTEST_ALT or " " not in alt or alt == caption:
        yield (
            "has no alt text; say in mystnb.image.alt what the picture shows, "
            f"in {SHORTEST_ALT} characters or more, not as the caption does"
        )
    if not 0 < len(caption.split()) <= LONGEST_CAPTION:
        yield (
            "has no caption; set mystnb.figure.caption, at most "
            f"{LONGEST_CAPTION} words"
        )


# Rules for text.


def no_path(cell):
    """No folder of one machine."""
    if found := PATH.search(cell.source):
        yield PATH_ADVICE.format(found[0])


def no_latin(cell):
    """Plain English for abbreviations."""
    for pattern, english in LATIN.items():
        if found := re.search(pattern, cell.source, re.IGNORECASE):
            yield f"says {found[0]!r}; write {english!r}"


def pictures_in_text(cell):
    """A picture in Markdown has alt text, too."""
    if re.search(r"!\[\s*\]\(", cell.source):
        yield "has a picture without alt text; write it between the brackets"


def details(cell):
    """Folded blocks whose Markdown is rendered in the book and in Colab."""
    lines = [*unfenced(cell.source), ""]
    found = re.findall(r"</?details", "\n".join(lines))
    if found != ["<details", "</details"] * (len(found) // 2):
        yield "does not close each <details> before the next; balance them"
    for line, below in pairwise(map(str.strip, lines)):
        tag = re.search("</?details", line)
        if tag and not re.fullmatch(r"</?details[^>]*>", line):
            yield "has text beside a details tag; give the tag its own line"
        elif line.startswith("<details") and not below.startswith("<summary>"):
            yield "has a <details> without <summary>; add it on the next line"
        elif re.search("</summary>|</details>", line) and below:
            yield f"goes on right below {line!r}; leave a blank line there"
        elif "<summary" in line and not re.fullmatch(
            "<summary>.+</summary>", line
        ):
            yield "has a summary that is not one line; write it as one"


def no_underlined_heading(cell):
    """Headings by # only: a line of --- below text silently makes one."""
    for line, below in pairwise(unfenced(cell.source)):
        if line.strip() and re.fullmatch(r"\s*(=+|-{2,})\s*", below):
            yield f"underlines {line!r}, a heading so; put a blank line between"


def headings(notebook, path):
    """One H1, and no level skipped."""
    found = [
        (line, len(mark[1]))
        for line in outline(notebook)
        if (mark := re.match(r" {0,3}(#{1,6})(?:\s|$)", line.text))
    ]
    ones = [line for line, level in found if level == 1]
    if not ones:
        yield 0, "has no H1; begin the head with '# ' and the title"
    for line in ones[1:]:
        yield line.number, f"has a second H1, {line.text!r}; make it an H2"
    start = 0 if ones else 1
    for (_, above), (line, level) in pairwise([(None, start), *found]):
        if level > above + 1:
            yield (
                line.number,
                f"skips a level by {line.text!r}; make it level {above + 1}",
            )


# Rules for the frame of a chapter.


def misplaced(found, wanted):
    """Says what is missing or out of order among names; '' if nothing is."""
    missing = [f"**{name}**" for name in wanted if name not in found]
    if missing:
        return f"lacks {', '.join(missing)}; add it at the start of a line"
    if found != wanted:
        return f"has {', '.join(found)}; make it {', '.join(wanted)}"
    return ""


def hollow(found):
    """Yields a finding for each run-in that nothing follows."""
    for name, block in found:
        if not joined(block).split("**", 2)[2].strip() and not has_code(block):
            yield block[0].number, f"has nothing under **{name}**; write it"


def head(notebook, path):
    """The question, what one learns, what one needs, and how long it takes."""
    top = takewhile(lambda line: line.text[:3] != "## ", outline(notebook))
    for lines in split(list(top), "# "):
        number, found = lines[0].number, blocks(lines, HEAD)
        if not re.search(r"^\*\*[^*]+\?\*\*", joined(lines), re.MULTILINE):
            yield number, "asks no question; add the chapter's, **in bold?**"
        if problem := misplaced([name for name, _ in found], HEAD):
            yield number, f"is the head and {problem}"
            return
        yield from hollow(found)
        goals, _, time = (joined(block) for _, block in found)
        if not re.search(r"^- ", goals, re.MULTILINE):
            yield number, "has no list under **You will learn to**; use '- '"
        if not re.search(r"\d+ minutes", time):
            yield (
                number,
                "gives no minutes under **Time**; add 'NUMBER minutes'",
            )


def loss_sections(notebook, path):
    """A section on a loss says the same things in the same order."""
    for section in split(outline(notebook), "## "):
        found = blocks(section, LOSS)
        names = [name for name, _ in found]
        if not {"When", "Formula"} & set(names):
            continue
        number, title = section[0].number, section[0].text
        wanted = [name for name in LOSS if name != OPTIONAL or name in names]
        if problem := misplaced(names, wanted):
            yield number, f"begins {title!r}, which {problem}"
        yield from hollow(found)
        for name, block in found:
            number = block[0].number
            if name in WITH_CODE and not has_code(block):
                yield number, f"has no code cell under **{name}**; add it"
            if name == "Reference" and "{cite" not in joined(block):
                yield (
                    number,
                    "cites nothing under **Reference**; add {cite}`KEY`",
                )


def foot(notebook, path):
    """The chapter ends with a table, questions, exercises and reading."""
    sections = split(outline(notebook), "## ")
    titles = [section[0].text[3:].strip() for section in sections]
    if titles[-len(FOOT) :] != FOOT:
        yield (
            len(notebook.cells),
            f"ends the chapter; its last H2 sections must be {', '.join(FOOT)}",
        )
        return
    summary, questions, tasks, _ = sections[-len(FOOT) :]
    if not any(re.match(r"\|[ :]*---", line.text) for line in summary):
        yield summary[0].number, f"has no table under {FOOT[0]!r}; add one"
    if len(folds(questions)) < FEWEST_QUESTIONS:
        yield (
            questions[0].number,
            f"has fewer than {FEWEST_QUESTIONS} questions with an answer in "
            f"<details> under {FOOT[1]!r}; add some",
        )
    yield from exercises(tasks)


def exercises(section):
    """Numbered exercises, each with a folded solution."""
    found = split(section, "### ")
    if len(found) < FEWEST_EXERCISES:
        yield (
            section[0].number,
            f"has fewer than {FEWEST_EXERCISES} H3 exercises below; add some",
        )
    for count, lines in enumerate(found, 1):
        number, title = lines[0].number, lines[0].text
        if not re.match(rf"### Exercise {count}: \S", title):
            yield number, f"has {title!r}; write '### Exercise {count}: TITLE'"
        solved = any("hide-cell" in tags(line.cell) for line in lines)
        if not solved and not folds(lines):
            yield (
                number,
                f"has no solution to {title!r}; add a code cell tagged "
                "hide-cell, or a <details> block",
            )


NOTEBOOK_RULES = [
    unique_ids,
    file_metadata,
    setup_cell,
    imports,
    prose_before_code,
    in_order,
    tolerances,
    headings,
]
CHAPTER_RULES = [badge, head, loss_sections, foot]
CELL_RULES = [cell_metadata, not_empty, known_tags, no_path, no_latin]
MARKDOWN_RULES = [pictures_in_text, details, no_underlined_heading]
CODE_RULES = [
    plain_python,
    short,
    quiet,
    no_download,
    losses_from_package,
    no_nbval_comment,
    clean_outputs,
    same_everywhere,
    figures,
]


def findings(notebook, path):
    """Yields `(number, sentence)` by every rule."""
    frame = [] if is_reference(path) else CHAPTER_RULES
    for rule in NOTEBOOK_RULES + frame:
        yield from rule(notebook, path)
    # `setup_cell` says all there is to say on the first code cell.
    checked = [number for number, _ in numbered(notebook, ["code"])[1:]]
    for number, cell in numbered(notebook):
        text = MARKDOWN_RULES if cell.cell_type == "markdown" else []
        code = CODE_RULES if number in checked else []
        for rule in CELL_RULES + text + code:
            yield from ((number, sentence) for sentence in rule(cell))


def lint(notebook, path):
    """Returns what is wrong with a notebook and what to do about it.

    Args:
        notebook: as `nbformat.read` returns it.
        path: where it is; the last part names it.

    Returns:
        A list of sentences, each with the number of its cell from 1.
    """
    # The rules rely on the format, so they wait until it is right.
    found = sorted(valid(notebook)) or sorted(findings(notebook, path))
    return [
        f"cell {number}: {sentence}" if number else f"notebook: {sentence}"
        for number, sentence in found
    ]


def main(paths):
    """Prints the findings on notebooks; tells whether there are any."""
    found = [
        f"{path}: {finding}"
        for path in paths
        for finding in lint(nbformat.read(path, as_version=4), path)
    ]
    for finding in found:
        print(finding)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
