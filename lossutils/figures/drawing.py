"""The still picture of a figure: an SVG, and the same as a PNG.

A panel is an `svg` with axes around an inner one, the area, which cuts off
what leaves it. Only a few kinds of element are used, so that Matplotlib can
draw them too.
"""

import base64
import io
import re
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from lossutils.plots import COLOURS

# In pixels: an area with axes, and the room around it.
WIDTH, HEIGHT = 280, 170
LEFT, TOP, RIGHT, BOTTOM = 44, 24, 12, 38
DASHES = ["", "8 4", "8 3 2 3", "2 3", "12 3", "8 2 2 2 2 2"]
INK = "currentColor"
IMAGE = "data:image/svg+xml,"


def element(tag, *children, **attributes):
    """Returns an element of SVG or HTML.

    Args:
        tag: its name.
        *children: elements, or one text that comes first.
        **attributes: their names with `_` for `-`; None leaves one out.

    >>> to_text(element("path", d="M0,0", stroke_width=2, fill=None))
    '<path d="M0,0" stroke-width="2" />'
    """
    node = ElementTree.Element(
        tag,
        {
            name.rstrip("_").replace("_", "-"): str(value)
            for name, value in attributes.items()
            if value is not None
        },
    )
    for child in children:
        if isinstance(child, str):
            node.text = child
        else:
            node.append(child)
    return node


def to_text(node):
    """Returns an element as text."""
    return ElementTree.tostring(node, encoding="unicode")


def pixels(value):
    """Returns a length in pixels, short: `12.3`, `12`.

    >>> pixels(12.34), pixels(12.0), pixels(-0.01)
    ('12.3', '12', '0')
    """
    # Halves go up, as in JavaScript, where the same is written again.
    return f"{np.floor(value * 10 + 0.5) / 10 + 0.0:g}"


class Scale:
    """How numbers become pixels of an area."""

    def __init__(self, x, y, width=WIDTH, height=HEIGHT):
        """Takes the ranges, which may fall, and the size of the area."""
        self.x, self.y, self.width, self.height = x, y, width, height

    def across(self, x):
        """Returns the pixels from the left."""
        return (x - self.x[0]) / (self.x[1] - self.x[0]) * self.width

    def down(self, y):
        """Returns the pixels from the top."""
        return (self.y[1] - y) / (self.y[1] - self.y[0]) * self.height

    def line(self, x, y):
        """Returns the `d` of a path; far off, it runs beside the area."""
        across = np.clip(self.across(np.asarray(x)), -999, 999)
        down = np.clip(self.down(np.asarray(y)), -999, 999)
        points = zip(across, down, strict=True)
        return "M" + "L".join(f"{pixels(a)},{pixels(b)}" for a, b in points)


def ticks(limits, count=5):
    """Returns round numbers within two limits.

    >>> ticks((-2, 2))
    [-2.0, -1.0, 0.0, 1.0, 2.0]
    """
    low, high = sorted(limits)
    values = MaxNLocator(count, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [v + 0.0 for v in values.round(9).tolist() if low <= v <= high]


def label(words, x, y, anchor="middle", **attributes):
    """Returns a text of a picture."""
    return element(
        "text",
        words,
        x=pixels(x),
        y=pixels(y),
        text_anchor=anchor,
        fill=INK,
        font_size=12,
        **attributes,
    )


def area(scale, *children, left=0, top=0):
    """Returns an area, which cuts off what leaves it."""
    return element(
        "svg",
        *children,
        class_="area",
        x=left,
        y=top,
        width=scale.width,
        height=scale.height,
        viewBox=f"0 0 {scale.width} {scale.height}",
    )


def panel(scale, *children, title, xlabel, ylabel=""):
    """Returns a picture with axes: grid, ticks, title, area."""
    width, height = scale.width, scale.height
    grid, words = [], []
    for x in ticks(scale.x):
        across = scale.across(x)
        grid.append(f"M{pixels(across)},0V{height}")
        words.append(label(f"{x:g}", LEFT + across, TOP + height + 15))
    for y in ticks(scale.y):
        down = scale.down(y)
        grid.append(f"M0,{pixels(down)}H{width}")
        words.append(label(f"{y:g}", LEFT - 6, TOP + down + 4, "end"))
    lines = element("path", d="".join(grid), stroke=INK, opacity=0.2)
    words.append(label(title, LEFT + width / 2, TOP - 9, font_weight="bold"))
    words.append(label(xlabel, LEFT + width / 2, TOP + height + 32))
    words.append(label(ylabel, 2, TOP - 9, "start"))
    return picture(
        LEFT + width + RIGHT,
        TOP + height + BOTTOM,
        area(scale, lines, *children, left=LEFT, top=TOP),
        *words,
    )


def picture(width, height, *children):
    """Returns an SVG that is as wide as it can be, up to its size."""
    return element(
        "svg",
        *children,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        fill="none",
        font_family="system-ui, sans-serif",
    )


def curve(d, number=0, class_="curve"):
    """Returns a line in one of the book's colours, with its dashes."""
    return element(
        "path",
        d=d,
        stroke=COLOURS[number],
        stroke_width=2.5,
        stroke_dasharray=DASHES[number] or None,
        class_=class_,
    )


def arrow(x, y, dx, dy, longest):
    """Returns the `d` of an arrow; one without a length is a point.

    >>> arrow(0, 0, 20, 0, longest=10)
    'M0,0L10,0M5,-3L10,0L5,3'
    """
    length = np.hypot(dx, dy)
    start = f"M{pixels(x)},{pixels(y)}"
    if length < 1:
        return start
    u, v = dx / length, dy / length
    length = min(length, longest)
    x, y = x + length * u, y + length * v
    tip, one, other = (
        f"{pixels(x - back * u - side * v)},{pixels(y - back * v + side * u)}"
        for back, side in ((0, 0), (5, -3), (5, 3))
    )
    return f"{start}L{tip}M{one}L{tip}L{other}"


def to_image(picture, alt):
    """Returns a picture as an image.

    JupyterLab and others take drawings out of the HTML of a notebook that they
    do not trust, and leave their words; images they show.
    """
    text = to_text(picture).replace(
        "<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1
    )
    return element(
        "img",
        src=IMAGE + quote(text, safe=" '/:=,;()"),
        alt=alt,
        width=picture.get("width"),
        height=picture.get("height"),
        style="background: white",
    )


def with_drawings(html):
    """Returns HTML with the pictures of `to_image` as they were drawn."""
    image = rf'<img src="{re.escape(IMAGE)}([^"]*)"[^>]*>'
    return re.sub(image, lambda match: unquote(match[1]), html)


def to_png(pictures):
    """Returns pictures beside each other as a PNG, in base 64."""
    boxes = [list(map(float, p.get("viewBox").split())) for p in pictures]
    width, height = sum(b[2] for b in boxes), max(b[3] for b in boxes)
    # Whatever layout the notebook has chosen for its own plots.
    canvas = Canvas((width / 100, height / 100), dpi=150, layout="none")
    axes = canvas.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    left = 0.0
    for one, box in zip(pictures, boxes, strict=True):
        _draw(axes, one, left, 0.0, None)
        left += box[2]
    file = io.BytesIO()
    canvas.savefig(file, format="png", facecolor="white")
    return base64.b64encode(file.getvalue()).decode()


def _draw(axes, node, left, top, clip):
    """Draws an element and what is in it, moved by left and top."""
    if node.get("display") == "none":
        return

    def number(name, default=0):
        return float(node.get(name, default))

    if node.tag == "svg" and node.get("class") == "area":
        left, top = left + number("x"), top + number("y")
        sides = left + number("width"), top + number("height")
        clip = Path([(left, top), (sides[0], top), sides, (left, sides[1])])
    if move := re.match(r"translate\((\S+),(\S+)\)", node.get("transform", "")):
        left, top = left + float(move[1]), top + float(move[2])
    style = dict(
        edgecolor=_colour(node, "stroke"),
        facecolor=_colour(node, "fill"),
        linewidth=number("stroke-width", 1) * 0.7,
    )
    if node.tag == "text":
        anchor = {"middle": "center", "end": "right"}
        axes.text(
            left + number("x"),
            top + number("y"),
            node.text,
            fontsize=8.6,
            fontweight=node.get("font-weight"),
            horizontalalignment=anchor.get(node.get("text-anchor"), "left"),
        )
    elif node.tag in ("path", "circle"):
        if node.tag == "circle":
            center = left + number("cx"), top + number("cy")
            patch = Circle(center, number("r"), **style)
        else:
            patch = PathPatch(_path(node.get("d"), left, top), **style)
        if dashes := node.get("stroke-dasharray"):
            # Matplotlib counts dashes in widths of the line.
            widths = [float(part) / 2.5 for part in dashes.split()]
            patch.set_linestyle((0, widths))
        axes.add_patch(patch)
        if clip is not None:
            patch.set_clip_path(clip, axes.transData)
    for child in node:
        _draw(axes, child, left, top, clip)


def _colour(node, part):
    """Returns the colour of an element's stroke or fill, as Matplotlib's."""
    name = node.get(part, "none")
    if name == "none":
        return name
    share = float(node.get(f"{part}-opacity", 1))
    return "black" if name == INK else name, share * float(
        node.get("opacity", 1)
    )


def _path(d, left, top):
    """Reads a path of absolute lines: M, L, H, V and Z."""
    points, codes = [], []
    for letter, numbers in re.findall(r"([MLHVZ])([^MLHVZ]*)", d):
        values = [float(part) for part in numbers.split(",") if part]
        if letter == "H":
            values = [values[0], points[-1][1] - top]
        elif letter == "V":
            values = [points[-1][0] - left, values[0]]
        elif letter == "Z":
            values = [0.0, 0.0]
        points.append((left + values[0], top + values[1]))
        codes.append(
            {"M": Path.MOVETO, "Z": Path.CLOSEPOLY}.get(letter, Path.LINETO)
        )
    return Path(points, codes)
