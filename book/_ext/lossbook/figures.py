"""Interactive figures: on pages that are no notebooks, too; fit for a site."""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from lossutils import figures
from lossutils.figures import drawing, figure


class LossFigure(SphinxDirective):
    """Shows the figure that its content, a call of `figures`, returns."""

    has_content = True
    option_spec = {
        "caption": directives.unchanged_required,
        "name": directives.unchanged_required,
    }

    def run(self):
        """Returns the figure with its caption."""
        shown = eval("\n".join(self.content), {"figures": figures})
        html = nodes.raw("", shown.to_html(), format="html")
        caption = nodes.caption("", self.options["caption"])
        node = nodes.figure("", html, caption)
        self.add_name(node)
        return [node]


def fit_page(app, page, template, context, doctree):
    """Leaves the script once on a page, and images as the drawings they are.

    Drawings take the colours of the page, light or dark.
    """
    script = f"<script>{figure.script()}</script>"
    before, found, after = context.get("body", "").partition(script)
    body = before + found + after.replace(script, "")
    context["body"] = drawing.with_drawings(body)


def setup(app):
    """Adds the directive, and connects the function above to Sphinx.

    Args:
        app: the Sphinx application.
    """
    app.add_directive("loss-figure", LossFigure)
    app.connect("html-page-context", fit_page)
