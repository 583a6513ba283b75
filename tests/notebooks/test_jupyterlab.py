"""The notebooks in JupyterLab: they open clean, run, and their figures move.

A real server on loopback, and a real browser.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import nbformat
import pytest
from grader.classroom import ASSIGNMENTS, read, solved

from lossutils.figures import figure, formulas

BOOK = Path(__file__).parents[2] / "book"
# A chapter with sliders that is soon run.
CHAPTER = "classification"
# A figure of each kind.
KINDS = {
    "curves": """figures.curves(
        ["squared_error", "huber"], x=(-4, 4), loss=(0, 6), slope=(-3, 3),
        xlabel="error", cursor=1.5, alt="Two curves.")""",
    "boxes": """figures.boxes(alt="Two boxes.")""",
    "points": """figures.points(["triplet"], alt="Six points.")""",
}
# The one thing that a notebook shows from elsewhere.
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
# What the server may say, besides information: the notebook came from
# elsewhere; a setting of its own that it corrects; where to find it.
FAULTY_LINE = re.compile(
    r"\[[WEC] |\[\w+\] (ERROR|CRITICAL) |Traceback |\w*Error\b"
)
USUAL_LINE = re.compile(
    r"\[W .*\] (Notebook \w+\.ipynb is not trusted|The websocket_ping_timeout )"
    r"|\[C [^]]*\] $"
)
# What TensorFlow's own C++ says of a machine without GPU when it is imported.
TENSORFLOW_LINE = re.compile(
    r"WARNING: All log messages before absl::|[IWE]\d+ .*\.cc:\d+\]"
)
# What JupyterLab would do in command mode: move, insert, cut, convert, delete,
# edit. Each is pressed in a figure, where it must do nothing of the kind.
SHORTCUTS = ["a", "b", "m", "r", "1", "x", "v", "d", "d", "Shift+ArrowDown"]
ARROWS = ["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"]


class Lab:
    """A JupyterLab of nobody, which knows nothing but its own folder."""

    def __init__(self, folder):
        self.folder = folder / "notebooks"
        self.log = folder / "log"
        self.home = folder / "home"
        self.folder.mkdir()
        config = self.home / "config" / "labconfig"
        config.mkdir(parents=True)
        # It asks whether there is news, and where it is newer.
        news = "@jupyterlab/apputils-extension:announcements"
        disabled = {"disabledExtensions": {news: True}}
        (config / "page_config.json").write_text(json.dumps(disabled))

    @contextlib.contextmanager
    def running(self):
        """Runs the server."""
        nobody = "http://127.0.0.1:9"
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "JPY", "XDG", "PYTEST"))
        } | {
            "HOME": str(self.home),
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "http_proxy": nobody,
            "https_proxy": nobody,
        }
        command = [sys.executable, "-m", "jupyterlab", "--no-browser"]
        command += ["--allow-root", "--ip=127.0.0.1", "--port=0"]
        command += ["--LabApp.extension_manager=readonly"]
        with self.log.open("w") as log:
            server = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.server = self.wait_for(server)
            yield self
        finally:
            server.terminate()
            server.wait(120)

    def wait_for(self, server):
        """Returns what a server says of itself, as soon as it answers."""
        for _ in range(600):
            assert server.poll() is None, self.log.read_text()
            if "is running at" in self.log.read_text():
                (file,) = (self.home / "runtime").glob("jpserver-*.json")
                return json.loads(file.read_text())
            time.sleep(0.1)
        raise TimeoutError(self.log.read_text())

    def write(self, name, cells):
        """Saves a notebook, without the numbers that show what has run."""
        for cell in cells:
            if cell.cell_type == "code":
                cell.execution_count = None
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, self.folder / f"{name}.ipynb")

    def read(self, name):
        """Returns the code cells of a notebook."""
        path = self.folder / f"{name}.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        return [cell for cell in cells if cell.cell_type == "code"]

    def end_kernels(self):
        """Ends all kernels, to make room."""
        for kernel in json.loads(self.ask("api/kernels")):
            self.ask(f"api/kernels/{kernel['id']}", "DELETE")

    def ask(self, path, method="GET"):
        """Returns what the server answers."""
        url = f"{self.server['url']}{path}?token={self.server['token']}"
        direct = build_opener(ProxyHandler({}))
        with direct.open(Request(url, method=method), timeout=60) as answer:
            return answer.read()

    def faults(self):
        """Returns what is wrong, by the server's log."""
        return [
            line
            for line in self.log.read_text().splitlines()
            if FAULTY_LINE.match(line) and not USUAL_LINE.match(line)
        ]


class Notebook:
    """A notebook in JupyterLab, and all that the browser finds wrong."""

    def __init__(self, lab, browser, name):
        self.lab, self.name, self.faults = lab, name, []
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.page.set_default_timeout(60_000)
        self.watch()
        # In a workspace of its own, else it opens what was open before.
        self.page.goto(
            f"{lab.server['url']}lab/workspaces/{name}/tree/{name}.ipynb"
            f"?token={lab.server['token']}"
        )
        # Before it has a kernel, to run a cell is to be asked for one.
        self.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        self.figures = self.page.locator(".loss-figure")
        self.dialogs = self.page.locator(".jp-Dialog, .Toastify__toast")

    def watch(self):
        def is_outside(url):
            place = urlsplit(url)
            outside = place.scheme not in ("data", "blob")
            return outside and place.hostname != "127.0.0.1" and url != BADGE

        def tell(words, when=True):
            if when:
                self.faults.append(words)

        page = self.page
        page.route(BADGE, lambda it: it.fulfill(body="", content_type="image"))
        page.on("console", lambda it: tell(it.text, it.type == "error"))
        page.on("pageerror", lambda it: tell(it.message))
        page.on("request", lambda it: tell(it.url, is_outside(it.url)))
        page.on("websocket", lambda it: tell(it.url, is_outside(it.url)))
        page.on("response", lambda it: tell(it.url, it.status >= 400))

    def run(self):
        """Runs all cells, and saves the notebook."""
        for name in ("Run", "Run All Cells"):
            self.page.get_by_role("menuitem", name=name, exact=True).click()
        self.page.wait_for_function(
            """() => {
                const prompts = [
                    ...document.querySelectorAll(".jp-InputArea-prompt"),
                ].map((it) => it.textContent).join();
                return /\\[\\d+\\]/.test(prompts) && !prompts.includes("*");
            }""",
            polling=500,
            timeout=180_000,
        )
        with self.page.expect_response(lambda it: it.request.method == "PUT"):
            self.page.keyboard.press("Control+s")

    def state(self):
        """Returns its cells: their kinds, and which ones are chosen."""
        return self.page.locator(".jp-Notebook-cell").evaluate_all(
            """(cells) => cells.map((cell) =>
                [...cell.classList].filter((it) =>
                    /^jp-(\\w+Cell|mod-(active|multiSelected))$/.test(it)
                ).join(" "))"""
        )


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("lab")).running() as lab:
        yield lab


@pytest.fixture(scope="module")
def chapter(lab, browser):
    cells = nbformat.read(BOOK / f"{CHAPTER}.ipynb", as_version=4).cells
    lab.write(CHAPTER, cells)
    return Notebook(lab, browser, CHAPTER)


@pytest.fixture(scope="module")
def ran(chapter):
    chapter.run()
    return chapter


@pytest.fixture(scope="module")
def kinds(lab, browser):
    code = ["from lossutils import figures", *KINDS.values()]
    lab.write("kinds", [nbformat.v4.new_code_cell(it) for it in code])
    notebook = Notebook(lab, browser, "kinds")
    notebook.run()
    return notebook


def test_opens_clean(chapter):
    """Nobody has run it here, so no script may run; pictures are still seen."""
    assert not chapter.dialogs.count()
    live = sum(
        "figures.curves" in it.source for it in chapter.lab.read(CHAPTER)
    )
    chapter.page.wait_for_function(
        f"document.querySelectorAll('.loss-figure').length === {live}"
    )
    for i in range(live):
        still = chapter.figures.nth(i)
        still.scroll_into_view_if_needed()
        assert still.locator("img").count(), still.inner_text()
        picture = still.locator("img").first
        assert picture.evaluate("it => it.complete && it.naturalWidth") > 200
        assert picture.get_attribute("alt")
        assert not still.locator("input, button").first.is_visible()
    assert not chapter.faults


def test_runs_from_top_to_bottom(ran):
    cells = ran.lab.read(CHAPTER)
    counts = [cell.execution_count for cell in cells]
    assert counts == [*range(1, len(cells) + 1)]
    assert errors(cells) == []
    assert not ran.dialogs.count()


def errors(cells):
    """Returns what cells raised, or wrote to stderr."""
    outputs = [output for cell in cells for output in cell.outputs]
    raised = [it.evalue for it in outputs if it.output_type == "error"]
    written = "".join(it.text for it in outputs if it.get("name") == "stderr")
    return raised + [
        line for line in written.splitlines() if not TENSORFLOW_LINE.match(line)
    ]


def test_sliders_move_the_figure(ran):
    shown = ran.page.locator(".loss-figure[data-live]")
    assert shown.count() == ran.figures.count() > 0
    for i in range(shown.count()):
        found = shown.nth(i)
        sliders = found.locator("input")
        assert len({*drawn(found)}) > 1
        for slider in map(sliders.nth, range(sliders.count())):
            before = drawn(found)
            slider.focus()
            # To the left, where it stands at the right end.
            slider.press("ArrowLeft")
            slider.press("ArrowLeft")
            slider.press("ArrowRight")
            assert drawn(found) != before
            assert read_out(found) == expected(found)


def drawn(found):
    """Returns the lines of a figure: its curves, and the cursor."""
    return found.locator(":is(.curve, .cursor)").evaluate_all(
        "lines => lines.map((it) => it.getAttribute('d'))"
    )


def read_out(found):
    """Returns the numbers that a figure of curves shows, without lowest."""
    rows = found.locator(".readout tbody tr").all()
    return [row.locator("td").all_text_contents()[:2] for row in rows]


def expected(found):
    """Returns the same by the traced formulas, evaluated in Python."""
    values = found.locator("input").evaluate_all(
        "all => Object.fromEntries(all.map((it) => [it.name, +it.value]))"
    )
    return [
        list(map(figure.three, formulas.evaluate(formulas.find(name), values)))
        for name in json.loads(found.get_attribute("data-figure"))["losses"]
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_keys_reach_the_figure_and_no_cell(kind, kinds):
    """In command mode a letter may delete a cell: not from a figure."""
    found = kinds.figures.nth([*KINDS].index(kind))
    found.scroll_into_view_if_needed()
    # As a reader would, so that its cell is the chosen one.
    found.locator("td").first.click()
    before = kinds.state()
    focused = found.locator("input, select, button, summary, [tabindex]")
    for part in map(focused.nth, range(focused.count())):
        if not part.is_visible():
            continue
        for key in [*ARROWS, *SHORTCUTS]:
            part.focus()
            kinds.page.keyboard.press(key)
            assert kinds.state() == before, key
            assert part.evaluate("it => it === document.activeElement"), key


@pytest.mark.parametrize("kind", ["boxes", "points"])
def test_arrow_keys_move_shapes(kind, kinds):
    found = kinds.figures.nth([*KINDS].index(kind))
    shapes = found.locator(".movable")
    places = "it => it.getAttribute('d') + it.getAttribute('transform')"
    for shape in map(shapes.nth, range(shapes.count())):
        for key in ARROWS:
            before = shape.evaluate(places)
            shape.press(key)
            assert shape.evaluate(places) != before, key


def test_buttons_obey_the_enter_key(kinds):
    found = kinds.figures.first
    slider = found.locator("input").first
    slider.press("Home")
    start = slider.evaluate("it => it.defaultValue")
    assert slider.input_value() != start
    found.get_by_role("button", name="Reset").press("Enter")
    assert slider.input_value() == start


def test_nothing_is_found_wrong(ran, kinds):
    assert ran.faults == []
    assert kinds.faults == []
    assert ran.lab.faults() == []


def test_faults_would_be_found(tmp_path, browser):
    """One fault of each sort, in a JupyterLab of its own."""
    scripts = {
        "thrown": "throw new Error('thrown')",
        "logged": "console.error('logged')",
        "asked": "fetch('https://example.org/asked')",
        "missed": "fetch('/missed')",
    }
    code = [
        f'from IPython.display import HTML; HTML("<script>{script}</script>")'
        for script in scripts.values()
    ]
    # The server logs what its kernels write.
    code += [r"import os; os.write(2, b'[E written] x\n');", "1 / 0", "2"]
    with Lab(tmp_path).running() as lab:
        lab.write("faulty", [nbformat.v4.new_code_cell(it) for it in code])
        notebook = Notebook(lab, browser, "faulty")
        notebook.run()
        notebook.page.close()
    told = " ".join(notebook.faults)
    assert [word for word in scripts if word not in told] == []
    cells = lab.read("faulty")
    assert "division by zero" in errors(cells)
    assert cells[-1].execution_count is None
    assert [line for line in lab.faults() if "written" in line]


@pytest.fixture(scope="module")
def assignment_lab(tmp_path_factory):
    """Another JupyterLab: a page that is closed may leave a line in its log."""
    with Lab(tmp_path_factory.mktemp("assignments")).running() as lab:
        yield lab


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_an_assignment_runs_until_the_first_answer(
    name, assignment_lab, browser
):
    lab = assignment_lab
    lab.write(name, read("release", name).cells)
    notebook = Notebook(lab, browser, name)
    notebook.run()
    cells = lab.read(name)
    assert errors(cells) == ["Your code here."]
    counts = [it.execution_count for it in cells if it.execution_count]
    assert counts == [*range(1, len(counts) + 1)] and len(counts) > 3
    assert not notebook.faults
    lab.end_kernels()
    notebook.page.close()


def test_a_solved_assignment_runs(assignment_lab, browser):
    lab = assignment_lab
    lab.write("solved", solved("gradient").cells)
    notebook = Notebook(lab, browser, "solved")
    notebook.run()
    cells = lab.read("solved")
    assert errors(cells) == []
    assert all(it.execution_count for it in cells)
    said = "".join(it.get("text", "") for cell in cells for it in cell.outputs)
    assert said.count("right: ") > 10
    assert not notebook.faults
    lab.end_kernels()
    notebook.page.close()
