"""Figures of losses as curves: value and slope, side by side."""

import numpy as np

from lossutils.figures import drawing, figure, formulas
from lossutils.figures.drawing import Scale, element, pixels

POINTS = 81
# About the lowest of them.
FINE = 41
ROWS = 9


def curves(
    losses,
    *,
    x,
    loss,
    slope,
    xlabel,
    cursor=0.0,
    minima=False,
    marks=(),
    handle=None,
    alt,
    **starts,
):
    """Returns losses and their slopes as curves, with sliders.

    There is a slider for each hyperparameter, and one for the cursor, where
    the losses are read out.

    Args:
        losses: names of traced losses of one variable; see `cores`.
        x: the range of that variable, two numbers.
        loss: the range of the losses that is shown.
        slope: that of the slopes.
        xlabel: what the variable is.
        cursor: where the cursor stands at first.
        minima: whether to mark the lowest point of each loss.
        marks: values to mark on the axis of the variable.
        handle: the slider whose value is marked there, too, and can be
            dragged.
        alt: what the figure shows, in words.
        **starts: where sliders stand at first.

    Raises:
        TypeError: no loss has the hyperparameter of that name.
        ValueError: a loss is unknown, a slider out of its range, `alt` empty.

    >>> figure = curves(
    ...     ["squared_error", "huber"], x=(-2, 2), loss=(0, 4), slope=(-4, 4),
    ...     xlabel="error", delta=0.5, alt="A parabola and a rounded V.",
    ... )
    >>> list(figure.spec["losses"])
    ['squared_error', 'huber']
    """
    found = {name: formulas.find(name) for name in losses}
    variable = found[losses[0]]["arguments"][0]
    settings = figure.starting(found, starts)
    state = settings | {variable: cursor}
    grid = np.linspace(*x, POINTS)
    drawn = {
        name: formulas.evaluate(formula, state | {variable: grid})
        for name, formula in found.items()
    }
    at_cursor = {
        name: formulas.evaluate(formula, state)
        for name, formula in found.items()
    }
    lowest = {}
    if minima:
        lowest = {
            name: _lowest(formula, state, variable, grid, drawn[name][0])
            for name, formula in found.items()
        }
    heads = ["loss", "value", "slope"] + ["lowest at"] * minima
    rows = [
        [_swatch(number, formula["label"]), *at_cursor[name]]
        + [*lowest.get(name, ())[:1]]
        for number, (name, formula) in enumerate(found.items())
    ]

    scales = [Scale(x, loss), Scale(x, slope)]
    pictures = []
    for output, title in enumerate(["Loss", "Slope"]):
        scale = scales[output]
        lines = [
            drawing.curve(scale.line(grid, values[output]), number)
            for number, values in enumerate(drawn.values())
        ]
        if output == 0:
            lines += [
                _dot(scale, *point, number)
                for number, point in enumerate(lowest.values())
            ]
        lines += [_mark(scale, mark) for mark in marks]
        if handle:
            lines.append(_handle(scale, state[handle]))
        lines.append(_cursor(scale, cursor))
        pictures.append(
            drawing.panel(scale, *lines, title=title, xlabel=xlabel)
        )

    spec = {
        "kind": "curves",
        "losses": figure.describe(found),
        "variable": variable,
        "panels": [{"x": scale.x, "y": scale.y} for scale in scales],
        "points": POINTS,
        "fine": FINE,
        "minima": minima,
        "handle": handle,
    }
    step = round((x[1] - x[0]) / (POINTS - 1), 9)
    sliders = [figure.slider(*setting) for setting in settings.items()]
    sliders.append(
        figure.slider(
            variable,
            cursor,
            low=x[0],
            high=x[1],
            step=step,
            label="cursor",
        )
    )
    parts = [
        figure.controls(*sliders, buttons={"reset": "Reset"}),
        figure.table(heads, rows, "readout"),
        figure.said(),
        figure.folded("Show the numbers", _numbers(found, drawn, grid, xlabel)),
    ]
    return figure.Figure(spec, pictures, parts, alt)


def _lowest(formula, state, variable, grid, values):
    """Returns the lowest point of a curve, on a finer grid about the lowest.

    Args:
        formula: of the loss.
        state: the other arguments.
        variable: the name of what varies.
        grid: its values.
        values: the loss at these.
    """
    lowest = np.argmin(values)
    ends = grid[max(lowest - 1, 0)], grid[min(lowest + 1, len(grid) - 1)]
    fine = np.linspace(*ends, FINE)
    values = formulas.evaluate(formula, state | {variable: fine})[0]
    return fine[np.argmin(values)], values.min()


def _numbers(losses, drawn, grid, xlabel):
    """Returns the table of the losses and slopes at a few points."""
    heads = [xlabel]
    for formula in losses.values():
        heads += [formula["label"], "its slope"]
    picked = range(0, POINTS, (POINTS - 1) // (ROWS - 1))
    rows = [
        [
            f"{grid[i]:g}",
            *(output[i] for outputs in drawn.values() for output in outputs),
        ]
        for i in picked
    ]
    return figure.table(heads, rows, "numbers")


def _swatch(number, words):
    """Returns the name of a loss beside a piece of its line."""
    line = element(
        "svg",
        drawing.curve("M0,4H32", number),
        width=32,
        height=8,
        viewBox="0 0 32 8",
        aria_hidden="true",
    )
    return element("span", line, element("span", words))


def _cursor(scale, x):
    across = pixels(scale.across(x))
    return element(
        "path",
        d=f"M{across},0V{scale.height}",
        stroke=drawing.INK,
        class_="cursor",
    )


def _dot(scale, x, y, number):
    return element(
        "circle",
        cx=pixels(scale.across(x)),
        cy=pixels(scale.down(y)),
        r=5,
        fill=drawing.COLOURS[number],
    )


def _mark(scale, x):
    across = pixels(scale.across(x))
    return element(
        "path",
        d=f"M{across},{scale.height}V{scale.height - 12}",
        stroke=drawing.INK,
        stroke_width=2.5,
    )


def _handle(scale, x):
    across, height = pixels(scale.across(x)), scale.height
    return element(
        "path",
        d="M0,-18L9,0L-9,0Z",
        transform=f"translate({across},{height})",
        fill=drawing.COLOURS[1],
        class_="handle",
    )
