"""Interactive figures on pages that are no notebooks, and their one script."""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from lossutils import figures
from lossutils.figures import figure


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


def share_script(app, page, template, context, doctree):
    """Leaves the script of all figures once on each page."""
    script = f"<script>{figure.script()}</script>"
    before, found, after = context.get("body", "").partition(script)
    context["body"] = before + found + after.replace(script, "")


def setup(app):
    """Adds the directive, and connects the function above to Sphinx.

    Args:
        app: the Sphinx application.
    """
    app.add_directive("loss-figure", LossFigure)
    app.connect("html-page-context", share_script)
