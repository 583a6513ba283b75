"""Every page is light, and no single file of it is heavy."""

import random
import re

import pytest
from page_weight import compressed, weigh
from site_pages import page_names, read_pages

HEAVIEST_PAGE = 600 * 1024
HEAVIEST_IMAGE = 100 * 1024
# All interactive figures of a page, with their script.
HEAVIEST_FIGURES = 30 * 1000
IMAGES = {".gif", ".jpg", ".png", ".svg", ".webp"}


def image_faults(folder):
    """Returns images of a site that are too heavy, compressed."""
    sizes = {
        path.relative_to(folder).as_posix(): compressed(path.read_bytes())
        for path in folder.rglob("*")
        if path.suffix in IMAGES
    }
    return [
        f"{name} has {size / 1024:.0f} KiB"
        for name, size in sizes.items()
        if size > HEAVIEST_IMAGE
    ]


def figures_weight(tree):
    """Returns how many figures a page has, and how much they add to it."""
    whole = compressed(tree.encode())
    figures = tree.select(".loss-figure")
    scripts = tree.find_all("script", string=re.compile("lossFigures"))
    for part in [*figures, *scripts]:
        part.decompose()
    return len(figures), whole - compressed(tree.encode())


def page_faults(browser, folder, origin, names):
    """Returns pages that are too heavy with all that they load."""
    weights = {n: weigh(browser, folder, origin, n)[2] for n in names}
    return [
        f"{name} weighs {weight / 1024:.0f} KiB"
        for name, weight in weights.items()
        if weight > HEAVIEST_PAGE
    ]


def test_pages_are_light(book, serve, browser):
    names = [name for name in page_names(book) if name.startswith("book/")]
    assert len(names) > 15
    faults = page_faults(browser, book, serve(book), names)
    assert not faults, faults


def test_figures_are_light(book):
    found = map(figures_weight, read_pages(book).values())
    counts, weights = zip(*found, strict=True)
    assert sum(counts) >= 13 and max(weights) <= HEAVIEST_FIGURES


def test_images_are_light(book):
    faults = image_faults(book)
    assert not faults, faults


@pytest.mark.parametrize("size, heavy", [(2 * 2**20, True), (2**13, False)])
def test_heavy_image_is_found(tmp_path, serve, browser, size, heavy):
    (tmp_path / "plot.png").write_bytes(random.Random(0).randbytes(size))
    (tmp_path / "page.html").write_text(
        '<link rel="icon" href="data:,"><p style="height: 9999px">'
        '<img src="plot.png" alt="A plot" loading="lazy">'
    )
    faults = page_faults(browser, tmp_path, serve(tmp_path), ["page.html"])
    assert faults == ["page.html weighs 2048 KiB"] * heavy
    assert image_faults(tmp_path) == ["plot.png has 2048 KiB"] * heavy
