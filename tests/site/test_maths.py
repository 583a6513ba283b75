"""Maths is drawn by the Node and the KaTeX that belong together."""

import importlib.util
import re
from pathlib import Path

import pytest
from sphinxcontrib import katex

BOOK = Path(__file__).parents[2] / "book"


@pytest.fixture(scope="module")
def render():
    """The function of the book's extension that draws a formula."""
    path = BOOK / "_ext" / "lossbook" / "formulas.py"
    spec = importlib.util.spec_from_file_location("formulas", path)
    formulas = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(formulas)
    yield formulas.render_latex
    formulas.start_node().communicate()


def test_formula_becomes_html_and_mathml(render):
    html = render(r"\frac{1}{N} \sum_i L_i")
    assert 'class="katex-html"' in html and "<mfrac>" in html


@pytest.mark.parametrize("formula", [r"\nosuchmacro", r"\frac{1}", "é"])
def test_formula_that_katex_cannot_read_is_an_error(render, formula):
    with pytest.raises(ValueError, match=re.escape(repr(formula))):
        render(formula)


def test_style_is_of_the_version_that_draws():
    # With another version's style, indices come out full size.
    folder = BOOK / "_static" / "katex"
    style = (folder / "katex.min.css").read_text(encoding="utf-8")
    assert f"KaTeX {katex.katex_version}" in style


def test_style_has_all_its_fonts():
    folder = BOOK / "_static" / "katex"
    style = (folder / "katex.min.css").read_text(encoding="utf-8")
    fonts = {p.name for p in (folder / "fonts").iterdir()}
    assert {part.split(")")[0] for part in style.split("fonts/")[1:]} == fonts
