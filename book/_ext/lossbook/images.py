"""Gives images their size, so that text does not jump, and loads them late."""

import re
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

IMAGE = re.compile(
    r'<img\b(?![^>]*\bwidth=)([^>]*?\bsrc="([^"]+)"[^>]*?)\s*/?>'
)
PIXELS = {"": 1, "px": 1, "pt": 4 / 3}


def length(text):
    """Returns a length of an SVG in pixels.

    >>> length("576pt")
    768.0
    """
    number, unit = re.fullmatch(r"([\d.]+)([a-z]*)", text).groups()
    return float(number) * PIXELS[unit]


def size(path):
    """Returns the width and the height of an image, in pixels."""
    if path.suffix == ".svg":
        root = ElementTree.parse(path).getroot()
        return tuple(round(length(root.get(s))) for s in ("width", "height"))
    with Image.open(path) as image:
        return image.size


def size_images(app, page, template, context, doctree):
    """Adds sizes; images below the first screen wait until they are near."""
    sources = {name: path for path, name in app.builder.images.items()}

    def sized(match):
        path = sources.get(Path(match[2]).name)
        if path is None:
            return match[0]
        width, height = size(Path(app.srcdir, path))
        return (
            f'<img width="{width}" height="{height}" loading="lazy"{match[1]}/>'
        )

    context["body"] = IMAGE.sub(sized, context.get("body", ""))


def setup(app):
    """Connects the functions above to Sphinx.

    Args:
        app: the Sphinx application.
    """
    app.connect("html-page-context", size_images)
