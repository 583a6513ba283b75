"""Draws the rows of a family of losses in `cheat_sheet.yml` as a table."""

from functools import cache
from pathlib import Path

import yaml
from sphinx.util.docutils import SphinxDirective

SOURCE = Path(__file__).parents[2] / "cheat_sheet.yml"
COLUMNS = {
    "Loss": "[{loss}]({section})",
    "Formula": "${formula}$",
    "Gradient": "{gradients}",
    "Range": "${range}$",
    "Minimiser": "{minimiser}",
    "Keras": "{keras}",
    "lossutils": "{lossutils}",
    "PyTorch": "{pytorch}",
    "When": "{when}",
    "Pitfall": "{pitfall}",
}


@cache
def families():
    """Returns the sheet: a list of families, each with its rows."""
    return yaml.safe_load(SOURCE.read_text(encoding="utf-8"))


def cells(row):
    """Returns the cells of a row, in Markdown.

    >>> cells(dict(families()[0]["rows"][0]))[:2]
    ['[Squared error](regression.ipynb#squared-error-mse-rmse)', '$r^2$']
    """
    code = {
        column: f"`{row[column]}`" if column in row else ""
        for column in ("keras", "lossutils", "pytorch")
    }
    gradients = "; ".join(f"${x}$: ${g}$" for x, g in row["gradient"].items())
    texts = {**row, **code, "gradients": gradients}
    return [cell.format_map(texts) for cell in COLUMNS.values()]


def table(family):
    """Returns the lines of a family's table, in Markdown."""
    rows = [list(COLUMNS), *map(cells, family["rows"])]
    yield from [":::{list-table}", ":header-rows: 1", ":stub-columns: 1"]
    yield from [":class: cheat-sheet", ""]
    for row in rows:
        yield from [f"{'  -' if i else '* -'} {c}" for i, c in enumerate(row)]
    yield ":::"


class CheatSheet(SphinxDirective):
    """Shows what the symbols of a family mean, and its losses as a table."""

    required_arguments = 1

    def run(self):
        """Returns the nodes of the text and the table."""
        self.env.note_dependency(str(SOURCE))
        (family,) = (f for f in families() if f["family"] == self.arguments[0])
        lines = [family["symbols"], "", *table(family)]
        # drawn as in the chapters; SymPy knows the other letter
        text = "\n".join(lines).replace(r"\epsilon", r"\varepsilon")
        return self.parse_text_to_nodes(text)


def setup(app):
    """Adds the directive.

    Args:
        app: the Sphinx application.
    """
    app.add_directive("cheat-sheet", CheatSheet)
