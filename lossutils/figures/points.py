"""Figures of points in a plane: embeddings, or the weights of a line."""

import itertools

import numpy as np
from matplotlib.figure import Figure as Canvas

from lossutils.figures import cores, drawing, figure, formulas
from lossutils.figures.drawing import COLOURS, Scale, element, pixels

LOSSES = ("triplet", "contrastive", "nt_xent")
PLANE = Scale((-2.5, 2.5), (-2, 2), 340, 272)
START = (
    (-1.6, 0.9),
    (0.7, 1.2),
    (-1.1, -1.1),
    (1.5, -0.3),
    (-0.4, 0.2),
    (0.4, -1.4),
)
CLASSES = (0, 0, 1, 1, 2, 2)
# The shapes of the classes, around 0.
SHAPES = (
    "M-7,-7L7,-7L7,7L-7,7Z",
    "M0,-9L8,7L-8,7Z",
    "M0,-10L9,0L0,10L-9,0Z",
)
# Pixels of an arrow for a slope of 1, for steep surfaces too, and at most.
ARROW, SURFACE_ARROW, LONGEST = 100, 25, 80
# Of the lines of equal loss.
LEVELS = (0.3, 0.4, 0.55, 0.75, 1, 1.5, 2, 3, 4.5, 6.5)


def groups(loss):
    """Returns what a loss compares: points, and what else it asks of them.

    Returns:
        A list of pairs: the numbers of the points of a group, and a dict of
        further arguments.

    >>> [len(groups(loss)) for loss in LOSSES]
    [24, 15, 1]
    """
    everyone = range(len(CLASSES))
    if loss == "triplet":
        return [
            ([a, p, n], {})
            for a, p, n in itertools.permutations(everyone, 3)
            if CLASSES[a] == CLASSES[p] != CLASSES[n]
        ]
    if loss == "contrastive":
        return [
            ([a, b], {"same": int(CLASSES[a] == CLASSES[b])})
            for a, b in itertools.combinations(everyone, 2)
        ]
    return [(list(everyone), {})]


def points(losses=LOSSES, *, alt, **starts):
    """Returns six embeddings of three classes, to be moved by the reader.

    Arrows show minus the gradient of the chosen loss, lines which pairs it
    moves. `triplet` is the mean of all triplets that cost something,
    `contrastive` that of all pairs.

    Args:
        losses: names of losses to choose from; the first one is chosen.
        alt: what the figure shows, in words.
        **starts: where sliders stand at first.

    Raises:
        TypeError: no loss has the hyperparameter of that name.
        ValueError: a loss is unknown, a slider out of its range, or `alt` is
            empty.

    >>> list(points(["triplet"], margin=0.5, alt="Six points.").spec["losses"])
    ['triplet']
    """
    for name in losses:
        if name not in LOSSES:
            raise ValueError(
                f"a loss must be one of {LOSSES}, received {name!r}"
            )
    found = {name: formulas.find(name) for name in losses}
    state = figure.starting(found, starts)
    sliders = [figure.slider(*setting) for setting in state.items()]
    spec = {
        "losses": figure.describe(found),
        "groups": {name: groups(name) for name in losses},
        "active": ["triplet"],
        "points": START,
        "names": [f"class {'ABC'[c]}" for c in CLASSES],
        "arrow": ARROW,
        "longest": LONGEST,
    }
    results = _, slopes, active = total(
        found[losses[0]],
        groups(losses[0]),
        START,
        state,
        active_only=losses[0] == "triplet",
    )
    cross = f"M0,{PLANE.height / 2:g}H{PLANE.width}"
    cross += f"M{PLANE.width / 2:g},0V{PLANE.height}"
    picture = drawing.picture(
        PLANE.width,
        PLANE.height,
        drawing.area(
            PLANE,
            element("path", d=cross, stroke=drawing.INK, opacity=0.2),
            *_links(PLANE, START, active),
            *_arrows(PLANE, START, slopes),
            *(
                _marker(PLANE, point, SHAPES[c], c)
                for point, c in zip(START, CLASSES, strict=True)
            ),
            drawing.label(
                "arrows: minus the gradient", 4, PLANE.height - 5, "start"
            ),
        ),
    )
    return _figure(spec, [picture], PLANE, sliders, results, 1, alt)


def total(formula, compared, places, state, active_only):
    """Returns the mean loss of groups, its slopes, and the groups that cost.

    Args:
        formula: of one group.
        compared: what `groups` returns.
        places: of the points, `(n, 2)`.
        state: the hyperparameters.
        active_only: whether the mean is that of the groups that cost.
    """
    places = np.asarray(places, float)
    values, slopes, active = [], np.zeros_like(places), []
    for members, more in compared:
        numbers = [*places[members].ravel()]
        names = formula["arguments"][: len(numbers)]
        arguments = dict(zip(names, numbers, strict=True)) | state | more
        value, *slope = formulas.evaluate(formula, arguments)
        values.append(value)
        slopes[members] += np.reshape(slope, (-1, 2))
        if value > 0:
            active.append((members, more))
    count = max(len(active), 1) if active_only else len(values)
    return sum(values) / count, slopes / count, active


def line(*, weights=(-0.5, 1.5), loss="squared_error_of_line", alt):
    """Returns the loss of a line over its two weights, to be descended.

    A point on the surface is a line through five labels, which is drawn
    beside it.

    Args:
        weights: slope and height of the line at first.
        loss: the loss chosen at first, `"squared_error_of_line"` or
            `"absolute_error_of_line"`.
        alt: what the figure shows, in words.

    Raises:
        ValueError: the loss is unknown, or `alt` is empty.

    >>> line(alt="Rings around a hollow.").spec["points"]
    [(-0.5, 1.5)]
    """
    names = ["squared_error_of_line", "absolute_error_of_line"]
    if loss not in names:
        raise ValueError(f"loss must be one of {names}, received {loss!r}")
    names.sort(key=lambda name: name != loss)
    found = {name: formulas.find(name) for name in names}
    surface = Scale((-1, 2), (-1, 2), 280, 220)
    data = Scale((-2.4, 2.4), (-3, 3), 280, 220)
    results = _, slopes, _ = total(
        found[loss], [([0], {})], [weights], {}, False
    )
    fitted = data.line(data.x, [weights[0] * x + weights[1] for x in data.x])
    labels = [
        element(
            "circle",
            cx=pixels(data.across(x)),
            cy=pixels(data.down(y)),
            r=5,
            fill=COLOURS[1],
        )
        for x, y in zip(cores.X, cores.Y, strict=True)
    ]
    pictures = [
        drawing.panel(
            surface,
            *(
                _contours(surface, name, formula, name == loss)
                for name, formula in found.items()
            ),
            element("path", d="M0,0", stroke=COLOURS[1], class_="trail"),
            *_arrows(surface, [weights], slopes, SURFACE_ARROW),
            _marker(surface, weights, "M-7,-7L7,-7L7,7L-7,7Z", 0),
            title="Loss of a line",
            xlabel="slope w of the line",
            ylabel="height b at 0",
        ),
        drawing.panel(
            data,
            drawing.curve(fitted, 0, class_="fitted"),
            *labels,
            title="The line",
            xlabel="x",
        ),
    ]
    spec = {
        "losses": figure.describe(found),
        "groups": {name: [([0], {})] for name in names},
        "active": [],
        "points": [tuple(weights)],
        "names": ["the line's weights"],
        "line": {"x": data.x, "y": data.y},
        "arrow": SURFACE_ARROW,
        "longest": LONGEST,
    }
    return _figure(spec, pictures, surface, [], results, 0.2, alt)


def _figure(spec, pictures, scale, sliders, results, rate, alt):
    """Returns the figure, with what both kinds have."""
    value, slopes, active = results
    labels = {name: it["label"] for name, it in spec["losses"].items()}
    first, words = next(iter(labels.items()))
    if first in spec["active"]:
        words += f", {len(active)} of {len(spec['groups'][first])} active"
    options = [figure.choice("loss", "loss", labels)] if len(labels) > 1 else []
    rows = [
        [f"{i + 1}, {name}", *point, *slope]
        for i, (name, point, slope) in enumerate(
            zip(spec["names"], spec["points"], slopes, strict=True)
        )
    ]
    heads = ["point", "x", "y", "slope by x", "slope by y"]
    parts = [
        figure.controls(
            *options,
            *sliders,
            figure.slider("rate", rate),
            buttons=figure.STEPPING,
        ),
        figure.table(["loss", "value"], [[words, value]], "readout"),
        figure.said(),
        figure.folded("Show the numbers", figure.table(heads, rows, "numbers")),
    ]
    spec = {"kind": "points", "x": scale.x, "y": scale.y} | spec
    return figure.Figure(spec, pictures, parts, alt)


def _marker(scale, point, shape, colour):
    across, down = scale.across(point[0]), scale.down(point[1])
    return element(
        "path",
        d=shape,
        transform=f"translate({pixels(across)},{pixels(down)})",
        fill=COLOURS[colour],
        class_="point",
    )


def _arrows(scale, places, slopes, reach=ARROW):
    return [
        element(
            "path",
            d=drawing.arrow(
                scale.across(x),
                scale.down(y),
                # down is towards small y
                -dx * reach,
                dy * reach,
                LONGEST,
            ),
            stroke=drawing.INK,
            stroke_width=2,
            class_="arrow",
        )
        for (x, y), (dx, dy) in zip(places, slopes, strict=True)
    ]


def links(active):
    """Returns which pairs of points are pulled together, and pushed apart.

    >>> links([([0, 1, 4], {}), ([2, 5], {"same": 0})])
    ([(0, 1)], [(0, 4), (2, 5)])
    """
    pulled, pushed = {}, {}
    for (first, *others), more in active:
        if len(others) == 2:
            pulled[first, others[0]] = pushed[first, others[1]] = None
        elif len(others) == 1:
            (pulled if more["same"] else pushed)[first, others[0]] = None
    return list(pulled), list(pushed)


def _links(scale, places, active):
    pulled, pushed = (
        "".join(
            scale.line(*np.transpose([places[a], places[b]])) for a, b in pairs
        )
        for pairs in links(active)
    )
    return [
        element("path", d=d or "M0,0", stroke=drawing.INK, class_=name, **style)
        for d, name, style in (
            (pulled, "pulled", {"opacity": 0.6}),
            (pushed, "pushed", {"opacity": 0.4, "stroke_dasharray": "2 4"}),
        )
    ]


def _contours(scale, name, formula, shown):
    """Returns the lines along which the loss is the same."""
    x, y = np.linspace(*scale.x, 41), np.linspace(*scale.y, 41)
    grid = dict(zip(formula["arguments"], np.meshgrid(x, y), strict=True))
    heights = formulas.evaluate(formula, grid)[0]
    contours = Canvas().subplots().contour(x, y, heights, LEVELS)
    lines = [it for level in contours.allsegs for it in level if len(it)]
    return element(
        "path",
        d="".join(scale.line(*line.T) for line in lines),
        stroke=COLOURS[0],
        opacity=0.8,
        class_="contours",
        data_loss=name,
        display=None if shown else "none",
    )
