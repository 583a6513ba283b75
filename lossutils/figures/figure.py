"""What all figures are made of: pictures, controls, tables and a script."""

import functools
import json
import re
from pathlib import Path

from lossutils.figures import drawing, formulas
from lossutils.figures.drawing import element

# What a slider sets: lowest and highest value, step, start, and its label.
SLIDERS = {
    "alpha": (0, 1, 0.05, 0.25, "alpha"),
    "beta": (0.25, 4, 0.25, 1, "beta"),
    "delta": (0.1, 3, 0.1, 1, "delta"),
    "epsilon": (0.05, 2, 0.05, 0.5, "epsilon"),
    "first": (0, 4, 0.1, 1, "first weight"),
    "gamma": (0, 5, 0.1, 2, "gamma"),
    "label": (0, 1, 0.05, 1, "label"),
    "margin": (0, 3, 0.1, 1, "margin"),
    "outlier": (0, 7, 0.25, 6, "outlier"),
    "rate": (0.05, 2, 0.05, 0.2, "learning rate"),
    "second": (0, 4, 0.1, 2, "second weight"),
    "tau": (0.05, 0.95, 0.05, 0.9, "tau"),
    "temperature": (0.05, 1, 0.05, 0.5, "temperature"),
}

STEPPING = {
    "step": "One gradient step",
    "play": "Play",
    "reset": "Reset",
}


class Figure:
    """A figure, which shows itself as HTML; or as a picture, or as words."""

    def __init__(self, spec, pictures, parts, alt):
        """Puts a figure together.

        Args:
            spec: what the script needs to know, for JSON; `losses` are its
                formulas by name.
            pictures: SVG elements.
            parts: HTML elements that stand beside or below them.
            alt: what the pictures show, in words.

        Raises:
            ValueError: `alt` is empty.
        """
        if not alt.strip():
            raise ValueError(
                f"alt must say what the figure shows, received {alt!r}"
            )
        self.spec, self.pictures, self.parts = spec, pictures, parts
        self.alt = alt

    def to_html(self):
        """Returns the figure with its script."""
        panels = element(
            "div",
            drawing.to_image(self.pictures[0], self.alt),
            *(drawing.to_image(it, "") for it in self.pictures[1:]),
            class_="panels",
            role="img",
            aria_label=self.alt,
        )
        spec = json.dumps(self.spec, separators=(",", ":"))
        figure = element(
            "div",
            panels,
            element("div", *self.parts, class_="side"),
            class_="loss-figure",
            data_figure=spec,
        )
        losses = ",".join(
            f"{name}:{formulas.javascript(formulas.find(name))}"
            for name in self.spec["losses"]
        )
        return "\n".join(
            [
                drawing.to_text(figure),
                f"<script>{script()}</script>",
                f"<script>lossFigures.add({{{losses}}})</script>",
            ]
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/html": self.to_html(),
            "image/png": drawing.to_png(self.pictures),
            "text/plain": self.alt,
        }


@functools.cache
def script():
    """Returns the script of all figures, without its comments."""
    folder = Path(__file__).parent
    style = (folder / "figures.css").read_text(encoding="utf-8")
    style = re.sub(r"/\*.*?\*/|\s+", " ", style, flags=re.DOTALL).strip()
    code = (folder / "figures.js").read_text(encoding="utf-8")
    code = re.sub(r"^ *(//.*)?\n|^ +", "", code, flags=re.MULTILINE)
    return code.replace('"STYLE"', json.dumps(style))


def describe(losses):
    """Returns what the script needs to know of losses."""
    return {
        name: {
            "label": formula["label"],
            "arguments": formula["arguments"],
        }
        for name, formula in losses.items()
    }


def starting(losses, given):
    """Returns the value of each hyperparameter of losses, at first.

    Args:
        losses: formulas by name.
        given: values to start with, instead of those of `SLIDERS`.

    Raises:
        TypeError: no loss has a hyperparameter that is given.
    """
    names = dict.fromkeys(
        name
        for formula in losses.values()
        for name in formula["arguments"]
        if name in SLIDERS
    )
    for name in given:
        if name not in names:
            raise TypeError(
                f"no loss of this figure has {name!r}; there are {list(names)}"
            )
    return {name: given.get(name, SLIDERS[name][3]) for name in names}


def slider(name, start=None, **settings):
    """Returns a labelled slider and its value.

    Args:
        name: of what it sets; if it is none of `SLIDERS`, `settings` says
            `low`, `high`, `step` and `label`.
        start: where it stands at first.
        **settings: of these what is to be another than in `SLIDERS`.

    Raises:
        ValueError: `start` is out of its range.
    """
    keys = ("low", "high", "step", "start", "label")
    known = dict(zip(keys, SLIDERS.get(name, ()), strict=False)) | settings
    start = known["start"] if start is None else start
    if not known["low"] <= start <= known["high"]:
        raise ValueError(
            f"{name} must be between {known['low']} and {known['high']}, "
            f"received {start!r}"
        )
    value = f"{start:g}"
    setter = element(
        "input",
        type="range",
        name=name,
        min=f"{known['low']:g}",
        max=f"{known['high']:g}",
        step=f"{known['step']:g}",
        value=value,
    )
    return element(
        "span",
        element("label", element("span", known["label"]), setter),
        element("output", value),
        class_="slider",
    )


def choice(name, words, options):
    """Returns a labelled choice among options, a dict of labels."""
    return element(
        "label",
        element("span", words),
        element(
            "select",
            *(element("option", it, value=key) for key, it in options.items()),
            name=name,
        ),
    )


def controls(*parts, buttons):
    """Returns controls, which the script shows; a dict names the buttons."""
    return element(
        "div",
        *parts,
        element(
            "div",
            *(
                element("button", words, type="button", name=name)
                for name, words in buttons.items()
            ),
        ),
        class_="controls",
        hidden="hidden",  # an empty word, JupyterLab may drop
    )


def three(value):
    """Returns a number with three decimals.

    >>> three(2), three(-0.0001)
    ('2.000', '0.000')
    """
    return f"{round(float(value), 3) + 0.0:.3f}"


def table(heads, rows, name):
    """Returns a table, of numbers but for the first of each row.

    Args:
        heads: a text for each column.
        rows: for each a first cell, an element or a text, and numbers.
        name: the class of the table.
    """
    head = [element("th", words, scope="col") for words in heads]
    body = [
        element(
            "tr",
            element("th", first, scope="row"),
            *(element("td", three(value)) for value in values),
        )
        for first, *values in rows
    ]
    return element(
        "table",
        element("thead", element("tr", *head)),
        element("tbody", *body),
        class_=name,
    )


def folded(words, part):
    """Returns a part that unfolds, and scrolls where it is too wide."""
    scrolled = element(
        "div",
        part,
        class_="scrolled",
        tabindex=0,
        role="group",
        aria_label="Numbers",
    )
    return element(
        "details", element("summary", words), scrolled, class_="folded"
    )


def said():
    """Returns where the script tells screen readers what has changed."""
    return element("p", class_="said", aria_live="polite")
