"""The chapters pass the notebook linter, and it finds what it should."""

import nbformat
import notebook_lint
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

NAME = "regression.ipynb"
REFERENCE = "coming-from-addons.ipynb"
KERNEL = {"name": "python3", "display_name": "Python 3"}
ALT = "A line rises from 0 at the left to 1 at right."
FIGURE = {"image": {"alt": ALT}, "figure": {"caption": "Pinball loss"}}
PICTURE_DATA = {
    "text/plain": "<Figure size 800x320 with 2 Axes>",
    "image/png": "iVBORw0KGgo=",
    "application/vnd.figdata+json": {"axes": []},
}

# The cells of the notebook that `minimal` builds.
(
    BADGE,
    HEAD,
    SETUP,
    IMPORTS,
    WHEN,
    BY_HAND,
    IN_KERAS,
    KERAS_CODE,
    PICTURE,
    PICTURE_CODE,
    PITFALLS,
    SUMMARY,
    QUESTIONS,
    EXERCISES,
    SOLUTION,
    MORE_EXERCISES,
    READING,
) = range(1, 18)

HEAD_TEXT = """\
# Regression

**Which loss for a number?**

**You will learn to**

- choose a loss

**Before you start** read the chapter before.

**Time** 30 minutes
"""

WHEN_TEXT = """\
## Pinball loss

**When** a quantile is wanted.

**Formula** $L = \\max(\\tau e, (\\tau - 1) e)$

```python
# This is no heading, and ### neither.
```

**By hand** with one number:
"""

FOLDED = """\
<details>
<summary>Why does it help?</summary>

Because **slopes** differ.

</details>

"""


def figure(data):
    """Returns the output that a figure leaves."""
    return new_output("display_data", data=data)


def said(text, name="stdout"):
    """Returns printed output."""
    return new_output("stream", name=name, text=text)


def shown(text):
    """Returns the output of a cell's last line."""
    return new_output("execute_result", data={"text/plain": text})


def raised(*traceback):
    """Returns the output of a cell that failed."""
    return new_output(
        "error", ename="ValueError", evalue="no", traceback=list(traceback)
    )


def minimal():
    """Returns the smallest notebook without a finding."""
    link = notebook_lint.colab_link("regression")
    hidden = {"tags": ["hide-cell"]}
    exercises = "".join(
        f"### Exercise {number}: Try it\n\nDo so.\n\n{FOLDED}"
        for number in range(2, 6)
    )
    cells = [
        new_markdown_cell(
            f"[![Open in Colab](badge.svg)]({link})",
            metadata={"tags": ["remove-cell"]},
        ),
        new_markdown_cell(HEAD_TEXT),
        new_code_cell(
            notebook_lint.setup_source(),
            metadata={"cellView": "form", **hidden},
        ),
        new_code_cell("import numpy as np\n\nfrom lossutils import plots"),
        new_markdown_cell(WHEN_TEXT),
        new_code_cell("f'{0.5:.6f}'", outputs=[shown("'0.500000'")]),
        new_markdown_cell("**In Keras** the same:"),
        new_code_cell("model.fit(x, y, verbose=0)\nprint(7 % 2)"),
        new_markdown_cell("**Picture** of loss and slope:"),
        new_code_cell(
            "plots.draw()",
            metadata={"mystnb": FIGURE},
            outputs=[figure(PICTURE_DATA)],
        ),
        new_markdown_cell(
            "**Pitfalls** Shapes.\n\n**Reference** {cite:t}`koenker1978`"
        ),
        new_markdown_cell(
            "## What to take away\n\n| Loss | Use |\n| --- | --- |\n| a | b |"
        ),
        new_markdown_cell("## Check yourself\n\n" + 5 * FOLDED),
        new_markdown_cell("## Exercises\n\n### Exercise 1: Try it\n\nDo so."),
        new_code_cell("np.ones(2).tolist()", metadata=hidden),
        new_markdown_cell(exercises),
        new_markdown_cell("## Further reading\n\n- {cite:t}`huber1964`"),
    ]
    for count, cell in enumerate(
        (cell for cell in cells if cell.cell_type == "code"), 1
    ):
        cell.execution_count = count
    for number, cell in enumerate(cells, 1):
        cell.id = f"cell-{number}"
    return new_notebook(cells=cells, metadata={"kernelspec": dict(KERNEL)})


# What a fault does to a notebook.


def change(number, old, new):
    """Replaces text of a cell, once."""

    def fault(notebook):
        cell = notebook.cells[number - 1]
        assert old in cell.source
        cell.source = cell.source.replace(old, new, 1)

    return fault


def code(source):
    """Puts other code into a cell."""
    return change(KERAS_CODE, "model.fit(x, y, verbose=0)", source)


def prose(text):
    """Puts a sentence into a text cell."""
    return change(PITFALLS, "Shapes.", text)


def output(*outputs):
    """Gives a cell outputs."""
    return lambda notebook: notebook.cells[KERAS_CODE - 1].update(
        outputs=nbformat.from_dict(outputs)
    )


def metadata(number, **values):
    """Sets a cell's metadata; None removes."""

    def fault(notebook):
        cell = notebook.cells[number - 1]
        cell.metadata.update(nbformat.from_dict(values))
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if value}
        )

    return fault


def tag(*names):
    """Tags a code cell."""
    return metadata(KERAS_CODE, tags=list(names))


def notebook_metadata(**values):
    """Sets the notebook's metadata."""
    return lambda notebook: notebook.metadata.update(values)


def put(number, **values):
    """Sets fields of a cell."""
    return lambda notebook: notebook.cells[number - 1].update(values)


def several(*faults):
    """Plants faults that only together make one."""

    def fault(notebook):
        for each in faults:
            each(notebook)

    return fault


def tolerance_tags(notebook):
    """Tags one cell more than a notebook may have."""
    allowed = [HEAD, WHEN, IN_KERAS, PITFALLS, SUMMARY]
    for number in allowed:
        metadata(number, tags=["nbval-rtol=1e-3"], reason="It varies.")(
            notebook
        )


def swap_last_sections(notebook):
    """Puts the reading before the exercises."""
    notebook.cells.insert(EXERCISES - 1, notebook.cells.pop())


def pictures(*data):
    """Gives the cell with the figure others, or several."""
    return put(PICTURE_CODE, outputs=[figure(each) for each in data])


def words(alt=ALT, caption="Pinball loss"):
    """Changes the words of the figure."""
    return metadata(
        PICTURE_CODE,
        mystnb={"image": {"alt": alt}, "figure": {"caption": caption}},
    )


# (the cell, 0 for the notebook; part of the sentence; the fault)
FAULTS = [
    # the file
    (6, "nbformat", lambda nb: nb.cells[BY_HAND - 1].pop("outputs")),
    (6, "nbformat", put(BY_HAND, cell_type="prose")),
    (0, "format 4.5", lambda nb: nb.update(nbformat_minor=6)),
    (0, "no cells", lambda nb: nb.update(cells=[])),
    (7, "earlier cell's id", put(IN_KERAS, id="cell-6")),
    (
        0,
        "kernel",
        notebook_metadata(kernelspec={**KERNEL, "name": "venv"}),
    ),
    (0, "kernel", lambda nb: nb.metadata.pop("kernelspec")),
    (
        0,
        "Python version",
        notebook_metadata(
            language_info={"name": "python", "version": "3.12.1"}
        ),
    ),
    (0, "'colab'", notebook_metadata(colab={})),
    (8, "'execution'", metadata(KERAS_CODE, execution={"started": "now"})),
    (18, "empty", lambda nb: nb.cells.append(new_markdown_cell(" \n"))),
    # tags
    (8, "-ignore-output", tag("nbval-ignore-output")),
    (8, "nbval-skip", tag("nbval-skip")),
    (8, "=wide", tag("nbval-rtol=wide")),
    (8, "NBVAL_", code("x = 1  # NBVAL_IGNORE_OUTPUT")),
    (8, "'reason'", tag("nbval-rtol=5e-3")),
    (12, "one more than 4", tolerance_tags),
    # the first cells
    (1, "Colab button", change(BADGE, "regression", "detection")),
    (1, "Colab button", change(BADGE, "/main/", "/master/")),
    (1, "Colab button", change(BADGE, "/github/", "/github/another")),
    (1, "Colab button", put(BADGE, cell_type="raw")),
    (1, "remove-cell", metadata(BADGE, tags=None)),
    (3, "make setup-cells", change(SETUP, "-q ", "")),
    (3, "hide-cell", metadata(SETUP, tags=None)),
    (3, "cellView", metadata(SETUP, cellView=None)),
    (3, "printed", put(SETUP, outputs=[said("Installed")])),
    (8, "line 1", code("import os")),
    (8, "line 2", code("def f():\n    from os import path")),
    # code
    (5, "follows no text", lambda nb: nb.cells.pop(WHEN - 1)),
    (3, "follows no text", metadata(HEAD, tags=["remove-cell"])),
    (8, "count None", put(KERAS_CODE, execution_count=None)),
    (8, "count 9", put(KERAS_CODE, execution_count=9)),
    (8, "plain Python", code("!ls")),
    (8, "plain Python", code("%pip install numpy")),
    (8, "plain Python", code("%%bash\nls")),
    (8, "plain Python", code("files = !ls")),
    (8, "16 lines", code("\n".join(15 * ["x = 1"]))),
    (8, ".summary()", code("model.summary()")),
    (8, "verbose", code("model.fit(x, verbose=1)")),
    (8, "verbose", code("build(verbose=level)")),
    (8, ".fit()", code("def f():\n    return model.fit(x)")),
    (8, ".evaluate()", code("model.evaluate(x)")),
    (8, ".predict()", code("[model.predict(x) for x in y]")),
    (8, "keras.datasets", code("tf.keras.datasets.mnist.load_data()")),
    (8, "urlopen", code("request.urlopen(address)")),
    (8, "https://", code("read_csv('https://example.org/a.csv')")),
    (8, "get_file", code("keras.utils.get_file('a')")),
    (8, "fetch_openml", code("fetch_openml('a')")),
    (8, "the loss my_loss", code("def my_loss(y): return y")),
    (8, "the loss Own", code("class Own(tf.keras.losses.Loss): pass")),
    (8, "the loss Own", code("class Own(Loss): pass")),
    # outputs
    (8, "stderr", output(said("Warning", name="stderr"))),
    (8, "raised an error", output(raised("ValueError: no"))),
    (
        8,
        "raised nothing",
        tag("raises-exception"),
    ),
    (8, "NumPy scalar", output(shown("np.float64(0.25)"))),
    (8, "NumPy scalar", output(shown("[1, np.uint8(1)]"))),
    (8, "NumPy scalar", output(said("(np.True_,)"))),
    (8, "repr", output(shown("<tf.Tensor: shape=(), numpy=1.0>"))),
    (8, "repr", output(shown("<KerasTensor shape=(1,)>"))),
    (8, "repr", output(shown("[<keras.losses.Huber>]"))),
    (8, "address", output(shown("[<Line2D object at 0x7f00a1>]"))),
    (8, "progress bar", output(said("2/2 ━━━━ 0s 3ms/step"))),
    (8, "'/home/'", output(said("in /home/someone/a.py"))),
    (
        8,
        "'/opt/'",
        several(
            output(raised("File \x1b[32m/opt/python/a.py\x1b[0m")),
            tag("raises-exception"),
        ),
    ),
    (8, "'/content/'", code("open('/content/a.csv')")),
    (8, "Users", code(r"open(r'C:\Users\someone')")),
    (11, "'/Users/'", prose("See /Users/someone.")),
    # figures
    (10, "its data", pictures({"image/png": "iVBORw0KGgo="})),
    (10, "its data", pictures({"image/svg+xml": "<svg/>"})),
    (10, "several", pictures(PICTURE_DATA, PICTURE_DATA)),
    (10, "no alt text", words(alt="")),
    (10, "no alt text", words(alt="A curve")),
    (10, "no alt text", words(alt="images/a_long_name_of_a_picture_file.png")),
    (10, "no alt text", words(alt=ALT, caption=ALT)),
    (10, "no alt text", metadata(PICTURE_CODE, mystnb={**FIGURE, "image": 1})),
    (10, "no caption", words(caption="")),
    (10, "no caption", words(caption=13 * "word ")),
    # text
    (11, "for example", prose("Losses, e.g. this.")),
    (11, "that is", prose("Losses, i.e., this.")),
    (11, "and so on", prose("Losses etc.")),
    (8, "for example", code("x = 1  # E.g. this")),
    (11, "without alt text", prose("![](curve.png)")),
    (13, "balance", change(QUESTIONS, "</details>", "")),
    (13, "own line", change(QUESTIONS, "</details>", "So. </details>")),
    (13, "without <summary>", change(QUESTIONS, "<details>", "<details>\n")),
    (13, "blank line", change(QUESTIONS, "</summary>\n", "</summary>")),
    (13, "blank line", change(QUESTIONS, "</details>\n", "</details>")),
    (13, "one line", change(QUESTIONS, "help?", "help\nhere?")),
    (11, "underlines", prose("Shapes.\n---\n")),
    (0, "no H1", change(HEAD, "# Regression", "")),
    (11, "second H1", prose("\n\n# Shapes\n\nThese.")),
    (11, "level 3", prose("\n\n#### Shapes\n\nThese.")),
    # the frame
    (2, "question", change(HEAD, "number?", "number")),
    (2, "**Time**", change(HEAD, "**Time**", "Time")),
    (
        2,
        "make it",
        change(
            HEAD,
            "**Time** 30 minutes",
            "**Time** 30 minutes\n\n**Before you start** run it.",
        ),
    ),
    (2, "no list", change(HEAD, "- choose", "choose")),
    (2, "nothing under", change(HEAD, " read the chapter before.", "")),
    (2, "minutes", change(HEAD, "30 minutes", "an hour")),
    *(
        (5, f"lacks **{name}**", change(number, f"**{name}**", name))
        for number, name in [
            (WHEN, "When"),
            (WHEN, "Formula"),
            (WHEN, "By hand"),
            (IN_KERAS, "In Keras"),
            (PICTURE, "Picture"),
            (PITFALLS, "Pitfalls"),
            (PITFALLS, "Reference"),
        ]
    ),
    (5, "make it", prose("Shapes.\n\n**In training** it helps.")),
    (11, "nothing under", prose("")),
    (9, "no code cell", change(PICTURE, "of", "x\n\n**In training** of")),
    (11, "cites nothing", change(PITFALLS, "{cite:t}", "")),
    *(
        (17, "last H2 sections", change(number, f"## {name}", "## Else"))
        for number, name in [
            (SUMMARY, "What to take away"),
            (QUESTIONS, "Check yourself"),
            (EXERCISES, "Exercises"),
            (READING, "Further reading"),
        ]
    ),
    (17, "last H2 sections", swap_last_sections),
    (17, "last H2 sections", change(READING, "- {", "## More\n\n- {")),
    (12, "no table", change(SUMMARY, "---", "...")),
    (13, "fewer than 5", change(QUESTIONS, FOLDED, "")),
    (14, "fewer than 5", change(MORE_EXERCISES, "### Exercise 5: ", "")),
    (14, "TITLE", change(EXERCISES, "Exercise 1:", "Exercise 1")),
    (16, "TITLE", change(MORE_EXERCISES, "Exercise 3", "Exercise 4")),
    (14, "no solution", metadata(SOLUTION, tags=None)),
    (16, "no solution", change(MORE_EXERCISES, FOLDED, "")),
]


# What looks like a fault and is none.
ALLOWED = [
    several(code("class Own(Loss): pass"), tag("lesson-loss")),
    several(output(raised("ValueError: no")), tag("raises-exception")),
    several(tag("nbval-rtol=5e-3"), metadata(KERAS_CODE, reason="CNN.")),
    code("evaluate(x)\nmodel.fit(x, y, verbose='0')"),
    code("Ridge().fit(x, y).predict(x)"),
    code("def pinball(y): return y"),
    code("x = (\n    7\n    % 2\n)"),
    code("important = 'import os'"),
    output(shown("0.25"), said("np.float64 and 3 steps at 0.5")),
    prose("A map $f:\\mathbb{R} \\to \\mathbb{R}$ in `../content/a.md`."),
    prose("See <https://example.org/home/a>, and fetch it."),
    prose("Code:\n\n~~~\n# A comment\n```\n<details>\n---\n~~~"),
    prose("Ratios\n\n---\n\n### Shapes\n\nThese."),
    change(PITFALLS, "**Pit", "**In training** It helps.\n\n**Pit"),
    change(SUMMARY, "## W", "## History\n\n**By hand** Old.\n\n## W"),
    change(HEAD, "a number", "numbers,\nand when"),
]


def broken(fault):
    """Returns the minimal notebook with a fault."""
    notebook = minimal()
    fault(notebook)
    return notebook


@pytest.mark.parametrize(
    "path", notebook_lint.notebooks(), ids=notebook_lint.page_name
)
def test_chapters(path):
    assert notebook_lint.lint(nbformat.read(path, as_version=4), path) == []


def test_minimal_notebook_passes():
    assert notebook_lint.lint(minimal(), NAME) == []


@pytest.mark.parametrize("harmless", ALLOWED)
def test_allowed(harmless):
    assert notebook_lint.lint(broken(harmless), NAME) == []


@pytest.mark.parametrize(("number", "sentence", "fault"), FAULTS)
def test_fault_is_found(number, sentence, fault):
    [finding] = notebook_lint.lint(broken(fault), NAME)
    place = f"cell {number}: " if number else "notebook: "
    assert finding.startswith(place)
    assert sentence in finding


# What a chapter must not do and a reference page may.
FRAMELESS = [
    lambda notebook: notebook.cells.pop(BADGE - 1),
    change(HEAD, "**You will learn to**", "Learn to"),
    change(PITFALLS, "**Pitfalls**", "Pitfalls"),
    lambda notebook: notebook.cells.pop(),
    change(
        SETUP,
        'if find_spec("lossutils")',
        '\n\nif find_spec("tensorflow_addons") is None:\n'
        '    raise ImportError("read it, do not run it")\n'
        'if find_spec("lossutils")',
    ),
]


@pytest.mark.parametrize("fault", FRAMELESS)
def test_reference_page_needs_no_frame(fault):
    assert notebook_lint.lint(broken(fault), NAME)
    assert notebook_lint.lint(broken(fault), REFERENCE) == []


@pytest.mark.parametrize(
    ("number", "sentence", "fault"),
    [
        (3, "make setup-cells", change(SETUP, "-q ", "")),
        (3, "make setup-cells", change(SETUP, "import os", "import sys")),
        (8, "plain Python", code("!ls")),
        (0, "no H1", change(HEAD, "# Regression", "")),
    ],
)
def test_reference_page_keeps_the_other_rules(number, sentence, fault):
    [finding] = notebook_lint.lint(broken(fault), REFERENCE)
    assert finding.startswith(f"cell {number}: " if number else "notebook: ")
    assert sentence in finding


def test_the_setup_cell_is_written_and_a_reference_page_keeps_its_own_part():
    text = notebook_lint.setup_source()
    before, install, rest = text.partition("if find_spec(")
    own = '\n\nif find_spec("tensorflow_addons") is None:\n    raise Stop\n'
    old = rest.replace("==", "==0.0.")
    before_old = before.replace("os.environ", "environ")
    assert notebook_lint.with_setup(before + own + install + old, NAME) == text
    first = before_old + own + install + old
    written = notebook_lint.with_setup(first, REFERENCE)
    assert written == before + own + install + rest


def test_what_the_setup_cell_can_install():
    url, _ = notebook_lint.repository()
    for requirement, start in [
        (notebook_lint.FROM_PYPI, '"lossutils[data]=='),
        (notebook_lint.FROM_GIT, f'"lossutils[data] @ git+{url}@v'),
    ]:
        text = notebook_lint.setup_source(requirement)
        assert f"%pip install -q {start}" in text


def test_notebook_without_code():
    notebook = minimal()
    notebook.cells = [c for c in notebook.cells if c.cell_type == "markdown"]
    found = notebook_lint.lint(notebook, NAME)
    assert "notebook: has no code cell; begin with the setup cell" in found


def test_command_line(tmp_path, capsys):
    path = tmp_path / NAME
    nbformat.write(minimal(), path)
    assert not notebook_lint.main([str(path)])
    assert capsys.readouterr().out == ""
    nbformat.write(broken(code("!ls")), path)
    assert notebook_lint.main([str(path)])
    assert capsys.readouterr().out.startswith(f"{path}: cell 8: ")


def test_few_outputs_of_the_book_have_a_tolerance():
    books = [
        nbformat.read(path, as_version=4) for path in notebook_lint.notebooks()
    ]
    cells = [cell for book in books for cell in book.cells]
    shown = [cell for cell in cells if cell.get("outputs")]
    loose = [
        cell
        for cell in cells
        if any(map(notebook_lint.TOLERANCE.fullmatch, notebook_lint.tags(cell)))
    ]
    assert 0 < len(loose) <= 0.03 * len(shown)
