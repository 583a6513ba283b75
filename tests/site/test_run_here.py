"""Code of "By hand" runs in the page, and prints what the notebook saved.

CPython made what the notebook saved; here MicroPython must print the same, to
the last sign, but for decimals, which may differ by 1e-12. Which cells have a
button is not listed here: all that have one are run.
"""

import ast
import contextlib
import doctest
import importlib.util
import io
import json
import math
import re
from pathlib import Path

import pytest
from page_weight import compressed
from site_pages import page_names

from lossutils import reference

ROOT = Path(__file__).parents[2]
AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
LOADED = {"worker.mjs", "micropython.mjs", "micropython.wasm", "reference.py"}
HEAVIEST_LOAD = 300 * 1024
CHAPTER = "book/regression.html"
CHAPTERS = 7
RUN_AXE = """async () => {
  const rules = { "target-size": { enabled: true } };
  const found = await axe.run(".run-here", { rules });
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}"""
WIDER = "() => document.documentElement.scrollWidth > innerWidth"
DECIMAL = r"\d+\.\d+(?:e[-+]\d+)?"


def agree(printed, saved):
    """Tells whether two texts are the same but for a decimal's last digits."""
    pairs = zip(
        re.findall(DECIMAL, printed), re.findall(DECIMAL, saved), strict=False
    )
    same = re.sub(DECIMAL, "0.0", printed) == re.sub(DECIMAL, "0.0", saved)
    return same and all(
        math.isclose(float(a), float(b), rel_tol=1e-12) for a, b in pairs
    )


def saved_outputs(name):
    """Returns what the notebook of a page saved, by the code of the cell."""
    notebook = (ROOT / name).with_suffix(".ipynb")
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return {
        "".join(cell["source"]): "".join(
            line for output in cell["outputs"] for line in output["text"]
        )
        for cell in cells
        if cell["cell_type"] == "code"
        and all("text" in output for output in cell["outputs"])
    }


def printed(mark):
    """Returns what the program of a cell printed, when it has ended."""
    output = mark.locator("> pre:not([aria-busy])")
    output.wait_for()
    return output.text_content()


def run(mark, program):
    """Runs another program in an open cell and returns what it prints."""
    mark.locator("textarea").fill(program)
    mark.get_by_role("button", name="Run").click()
    return printed(mark)


def run_all(page, name):
    """Runs each cell of an open page; returns its name and what differs."""
    saved = saved_outputs(name)
    faults = []
    for mark in page.locator(".run-here").all():
        click(mark)
        code = mark.locator("xpath=..").locator(".cell_input pre")
        code = code.text_content().rstrip("\n")
        found = printed(mark)
        if not agree(found, saved[code]):
            faults.append(f"{name}: {code}\n{found}instead of\n{saved[code]}")
    return faults


@pytest.fixture(scope="module")
def marked(book):
    """The pages with cells that run."""
    return [
        name
        for name in page_names(book)
        if 'class="run-here"' in (book / name).read_text(encoding="utf-8")
    ]


def open_chapter(page, origin, name=CHAPTER):
    """Goes to a page, waits for its scripts alone; returns the first cell."""
    page.goto(origin + name, wait_until="domcontentloaded")
    return page.locator(".run-here").first


def click(mark):
    """Opens a cell, and so runs it."""
    mark.get_by_role("button", name="Run it here").click()


@pytest.fixture
def page(browser):
    """A page, not open yet."""
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture(scope="module")
def cell(browser, site):
    """An open cell, on which tests run programs one after another."""
    with browser.new_context(reduced_motion="reduce") as context:
        mark = open_chapter(context.new_page(), site)
        click(mark)
        printed(mark)
        yield mark


@pytest.fixture
def run_here():
    """The part of the book's extension that finds the cells."""
    path = ROOT / "book" / "_ext" / "lossbook" / "run_here.py"
    spec = importlib.util.spec_from_file_location("run_here", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_cell_prints_what_the_notebook_saved(page, site, marked):
    assert len(marked) >= CHAPTERS, marked
    faults = []
    for name in marked:
        open_chapter(page, site, name)
        faults += run_all(page, name)
    assert not faults, "\n".join(faults)


def test_planted_fault_in_the_reference_is_found(page, site, book):
    code = (book / "_run_here" / "reference.py").read_text(encoding="utf-8")
    planted = code.replace("complex(y - p, epsilon)", "complex(y - p, 3.1)")
    assert planted != code
    page.route("**/reference.py", lambda route: route.fulfill(body=planted))
    open_chapter(page, site)
    assert len(run_all(page, CHAPTER)) == 1


@pytest.mark.parametrize(
    "printed, saved, same",
    [
        ("x 0.30000000000000004", "x 0.3", True),
        ("x 0.3", "x 0.300000001", False),
        ("x 0.5 0.5", "x 0.5", False),
        ("2", "3", False),
        ("-0.5", "0.5", False),
        ("0.0", "0.000001", False),
    ],
)
def test_texts_are_compared(printed, saved, same):
    assert agree(printed, saved) == same


def test_loads_at_the_first_click_only_and_from_the_site(page, site, book):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site + CHAPTER, wait_until="networkidle")
    own = {url.split("/")[-1] for url in asked if "/_run_here/" in url}
    assert own == {"run_here.css", "run_here.js"}
    asked_before = len(asked)
    marks = page.locator(".run-here")
    for mark in (marks.nth(0), marks.nth(1)):
        click(mark)
        printed(mark)
    late = [url for url in asked[asked_before:] if "/_run_here/" in url]
    assert sorted(url.split("/")[-1] for url in late) == sorted(LOADED)
    assert all(url.startswith((site, "data:")) for url in asked), asked
    files = [(book / "_run_here" / name).read_bytes() for name in LOADED]
    assert sum(map(compressed, files)) < HEAVIEST_LOAD


def test_pages_without_such_cells_load_nothing_for_them(book, marked):
    for name in set(page_names(book)) - set(marked):
        text = (book / name).read_text(encoding="utf-8")
        assert "_run_here/" not in text, name


def test_changed_program_prints_something_else(page, site):
    mark = open_chapter(page, site)
    click(mark)
    before = printed(mark)
    program = mark.get_by_label("Change the program").input_value()
    after = run(mark, program.replace("[2.0, 3.0]", "[2.0, 4.0]"))
    assert "[1.0, 9.0]" in before and "[1.0, 16.0]" in after
    assert run(mark, program) == before


@pytest.mark.parametrize(
    "program, shown",
    [
        ("1.0", "1.0\n"),
        ("a = [1 / 4]\n\na  # the value", "[0.25]\n"),
        ("print('x')\n'text'\n", "x\n'text'\n"),
        ("max(\n    1,\n    2,\n)", "2\n"),
        ("print('no line after', end='')", "no line after"),
        ("a = None\na", ""),
        ("for i in range(3):\n    i", ""),
        ("print('ä → Δ')", "ä → Δ\n"),
        ("class A:\n    b = __name__\n\n\nprint(A.b)", "__main__\n"),
    ],
)
def test_programs_show_what_a_notebook_would(cell, program, shown):
    assert run(cell, program) == shown


def test_programs_begin_with_no_names(cell):
    assert run(cell, "kept = 1\nprint(kept)") == "1\n"
    assert "NameError" in run(cell, "kept")


@pytest.mark.parametrize(
    "program, line, error",
    [
        ("a = 1\n\nprint(b)", 3, "NameError: name 'b'"),
        ("def f():\n    return 1 / 0\n\n\nf()", 2, "ZeroDivisionError"),
        ("a = (\n  2\nprint(a", 3, "SyntaxError"),
        ("import numpy", 1, "ImportError"),
        ("raise ValueError('so it is')", 1, "ValueError: so it is"),
    ],
)
def test_errors_are_shown_as_python_prints_them(cell, program, line, error):
    shown = run(cell, program).splitlines()
    assert shown[0] == "Traceback (most recent call last):"
    assert shown[-2].startswith(f'  File "<stdin>", line {line}')
    assert shown[-1].startswith(error)
    assert run(cell, "print(1)") == "1\n"


def test_stop_ends_a_program_without_end(cell):
    program = "print('one')\nprint('two')\nwhile True:\n    pass"
    cell.locator("textarea").fill(program)
    cell.get_by_role("button", name="Run").click()
    cell.get_by_text("two").wait_for()
    cell.page.wait_for_timeout(200)
    cell.get_by_role("button", name="Stop").click()
    assert printed(cell) == "one\ntwo\n\nStopped."
    assert run(cell, "print('again')") == "again\n"
    # there is nothing left to stop
    cell.get_by_role("button", name="Stop").click()
    assert printed(cell) == "again\n"


def test_what_prints_without_end_is_stopped(cell):
    shown = run(cell, "while True:\n    print('more')")
    assert shown.startswith("more\nmore\n") and len(shown) < 30000
    assert shown.endswith("Stopped: this is too much to show.")
    assert run(cell, "print('again')") == "again\n"


def test_one_program_runs_at_a_time(cell):
    cell.locator("textarea").fill("while True:\n    pass")
    cell.get_by_role("button", name="Run").click()
    other = cell.page.locator(".run-here").nth(1)
    click(other)
    assert "mean 2.000000" in printed(other)
    assert "Stopped: another program runs now." in printed(cell)


def test_keyboard_does_all(page, site):
    mark = open_chapter(page, site)
    mark.get_by_role("button", name="Run it here").focus()
    page.keyboard.press("Enter")
    assert "RMSE" in printed(mark)
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.press("Control+a")
    page.keyboard.type("print(6 * 7)")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert printed(mark) == "42\n"


def test_a_page_from_a_disk_says_that_it_cannot_run(page, book):
    mark = open_chapter(page, book.as_uri() + "/")
    click(mark)
    assert printed(mark).startswith("This code cannot run here")


def test_says_so_if_python_cannot_be_loaded(page, site):
    page.route("**/micropython.wasm", lambda route: route.abort())
    mark = open_chapter(page, site)
    click(mark)
    assert printed(mark).startswith("This code cannot run here")


def test_without_scripts_and_on_paper_there_is_no_button(browser, site, cell):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        open_chapter(page, site)
        assert page.locator(".run-here").count() > 5
        assert page.locator(".run-here button").count() == 0
    assert cell.is_visible()
    cell.page.emulate_media(media="print")
    assert not cell.is_visible()
    cell.page.emulate_media(media="screen")


@pytest.mark.usefixtures("npm_packages")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_open_cells_are_accessible(cell, theme, width):
    page = cell.page
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("t => document.documentElement.dataset.theme = t", theme)
    run(cell, f"print('long ' * 100)\nprint({'9' * 200})\nlost")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(RUN_AXE) == []
    assert not page.evaluate(WIDER)


def examples():
    """Returns a program: the examples of the reference, printing all."""
    program = ["import math", "from lossutils.reference import *"]
    for test in doctest.DocTestFinder().find(reference):
        for example in test.examples:
            code = ast.unparse(ast.parse(example.source))
            name = code.partition(" = ")[0]
            program.append(
                f"{code}\nprint({name})" if " = " in code else f"print({code})"
            )
    return "\n".join(program)


def test_the_reference_gives_the_same_in_the_browser(cell):
    program = examples()
    losses = [name for name in vars(reference) if name.endswith("_loss")]
    assert len(losses) > 30
    assert all(f"{name}(" in program for name in losses)
    saved = io.StringIO()
    with contextlib.redirect_stdout(saved):
        exec(program, {})
    assert agree(run(cell, program), saved.getvalue())


@pytest.mark.parametrize(
    "above, code, before",
    [
        ([], "print(1)", ""),
        ([], "print(a)", None),
        ([], "import numpy", None),
        (["import numpy as np"], "print(np.pi)", None),
        (["import numpy as np\na = np.pi", "a = 1"], "print(a)", "a = 1"),
        (["a = 1", "a = [a]\nb = 2"], "print(a)", "a = 1\na = [a]"),
        (["a = []", "a.append(1)", "print(a)"], "a", "a = []\na.append(1)"),
        (["a = {}\na[0] = 1"], "a", "a = {}\na[0] = 1"),
        (["a = 1\na += b", "b = 2"], "a", None),
        (["b = 2", "a = 1\na += b"], "a", "b = 2\na = 1\na += b"),
        (["x = 1"], "[x for x in range(2)]", ""),
        (["x = 1"], "def f(x):\n    return x\n\n\nf(2)", ""),
        (["x = 1"], "for x in range(2):\n    print(x)", ""),
        (["x = 1"], "if x:\n    x = 2", "x = 1"),
        (["%pip install x", "a = 1"], "a", "a = 1"),
        (
            ["import math, os", "def f(x):\n    return math.exp(x)"],
            "f(1)",
            "import math\n\n\ndef f(x):\n    return math.exp(x)",
        ),
    ],
)
def test_what_a_cell_needs_is_found(run_here, above, code, before):
    assert run_here.preparation(above, code) == before


def test_without_micropython_the_book_has_no_buttons(run_here, monkeypatch):
    monkeypatch.setattr(run_here, "MICROPYTHON", ROOT / "no such folder")
    # it would ask for something of the application
    run_here.setup(app=None)
