"""A figure of two boxes, which are dragged, and the losses between them."""

from lossutils.figures import drawing, figure, formulas
from lossutils.figures.drawing import COLOURS, Scale, element, pixels

LOSSES = ("iou", "giou", "diou", "ciou")
# y grows downwards, as in an image.
SCALE = Scale((0, 10), (7, 0), 340, 238)
# Pixels of an arrow for a slope of 1, and at most.
ARROW, LONGEST = 150, 60


def boxes(*, box=(1, 1, 4, 4), target=(5, 2.5, 9, 5.5), loss="giou", alt):
    """Returns a predicted box and a true one, to be moved by the reader.

    Arrows at the corners of the predicted box show minus the gradient of the
    chosen loss: where a step of gradient descent takes them.

    Args:
        box: the predicted box at first, `(x1, y1, x2, y2)` within 10 by 7.
        target: the true box at first.
        loss: the loss chosen at first, one of `LOSSES`.
        alt: what the figure shows, in words.

    Raises:
        ValueError: the loss is unknown, or `alt` is empty.

    >>> boxes(loss="iou", alt="Two boxes.").spec["loss"]
    'iou'
    """
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {LOSSES}, received {loss!r}")
    found = {name: formulas.find(name) for name in LOSSES}
    state = _named("box", box) | _named("target", target)
    values = {
        name: formulas.evaluate(formula, state)
        for name, formula in found.items()
    }
    slopes = values[loss][1:]
    children = [
        _grid(),
        _rectangle(target, 2, "8 4", "target"),
        _name(target, "true"),
        _rectangle(box, 0, None, "box"),
        _name(box, "predicted"),
        *(
            element(
                "path", d=d, stroke=COLOURS[1], stroke_width=2.5, class_="arrow"
            )
            for d in _arrows(box, slopes)
        ),
    ]
    picture = drawing.picture(
        SCALE.width, SCALE.height, drawing.area(SCALE, *children)
    )
    spec = {
        "kind": "boxes",
        "losses": figure.describe(found),
        "loss": loss,
        "box": box,
        "target": target,
        "x": SCALE.x,
        "y": SCALE.y,
        "arrow": ARROW,
        "longest": LONGEST,
    }
    labels = {name: formula["label"] for name, formula in found.items()}
    ordered = {loss: labels[loss]} | labels
    corners = [
        [words, *numbers]
        for words, numbers in (
            ("predicted", box),
            ("its gradient", slopes),
            ("true", target),
        )
    ]
    parts = [
        figure.controls(
            figure.choice("loss", "arrows of", ordered),
            figure.slider("rate", 1, high=4),
            buttons=figure.STEPPING,
        ),
        figure.table(
            ["loss", "value"],
            [[labels[name], values[name][0]] for name in found],
            "readout",
        ),
        figure.said(),
        figure.folded(
            "Show the numbers",
            figure.table(["box", "x1", "y1", "x2", "y2"], corners, "numbers"),
        ),
    ]
    return figure.Figure(spec, [picture], parts, alt)


def _named(name, numbers):
    return {f"{name}{i}": number for i, number in enumerate(numbers)}


def _grid():
    across = [pixels(SCALE.across(x)) for x in range(1, 10)]
    down = [pixels(SCALE.down(y)) for y in range(1, 7)]
    d = "".join(f"M{x},0V{SCALE.height}" for x in across)
    d += "".join(f"M0,{y}H{SCALE.width}" for y in down)
    return element("path", d=d, stroke=drawing.INK, opacity=0.15)


def _rectangle(box, colour, dashes, name):
    x1, y1, x2, y2 = box
    return element(
        "path",
        d=SCALE.line([x1, x2, x2, x1], [y1, y1, y2, y2]) + "Z",
        fill=COLOURS[colour],
        fill_opacity=0.15,
        stroke=COLOURS[colour],
        stroke_width=2.5,
        stroke_dasharray=dashes,
        class_=name,
    )


def _name(box, words):
    """Returns the name of a box, in its upper left corner."""
    across, down = SCALE.across(box[0]), SCALE.down(box[1])
    return element(
        "text",
        words,
        x=6,
        y=16,
        fill=drawing.INK,
        font_size=12,
        transform=f"translate({pixels(across)},{pixels(down)})",
        pointer_events="none",
    )


def _arrows(box, slopes):
    """Returns an arrow for each corner."""
    return [
        drawing.arrow(
            SCALE.across(box[i]),
            SCALE.down(box[j]),
            -slopes[i] * ARROW,
            -slopes[j] * ARROW,
            LONGEST,
        )
        for i, j in ((0, 1), (2, 1), (2, 3), (0, 3))
    ]
