"""What a figure shows of itself, without a browser."""

import base64
import io
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from lossutils import embeddings, figures
from lossutils.figures import drawing, figure, formulas
from lossutils.figures.points import CLASSES, START, groups, total

XMLNS = ' xmlns="http://www.w3.org/2000/svg"'
FIGURES = {
    "curves": (
        figures.curves,
        dict(
            losses=["squared_error", "huber"],
            x=(-2, 2),
            loss=(0, 4),
            slope=(-4, 4),
            xlabel="error",
        ),
    ),
    "boxes": (figures.boxes, {}),
    "points": (figures.points, {}),
    "line": (figures.line, {}),
}


def make_one(kind, **more):
    """Makes a figure of a kind."""
    make, arguments = FIGURES[kind]
    return make(**{**arguments, "alt": "What it shows.", **more})


@pytest.fixture(params=FIGURES, name="make")
def make_figure(request):
    return lambda **more: make_one(request.param, **more)


def test_bundle(make):
    bundle = make(alt='Words & "more".')._repr_mimebundle_()
    assert bundle["text/plain"] == 'Words & "more".'
    assert 'aria-label="Words &amp; &quot;more&quot;."' in bundle["text/html"]
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    # lines in several colours on white
    colours = picture.convert("RGB").getcolors(1 << 20)
    assert len(colours) > 20 and (255, 255, 255) in [c for _, c in colours]


def test_boxes_of_the_picture_can_be_seen_through():
    png = make_one("boxes")._repr_mimebundle_()["image/png"]
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    # The middle of the predicted box, at (2.5, 2.5) of 10 by 7, between lines.
    across, down = 0.26 * picture.width, 2.6 / 7 * picture.height
    assert min(picture.getpixel((round(across), round(down)))) > 200


def test_html_is_well_formed_and_holds_what_it_needs(make):
    html, *scripts = make().to_html().split("\n<script>", 2)
    root = ElementTree.fromstring(html)
    spec = json.loads(root.get("data-figure"))
    added = re.search(r"lossFigures\.add\(\{(.*)\}\)", scripts[1])[1]
    for name, loss in spec["losses"].items():
        start = f"{name}:({','.join(loss['arguments'])})=>"
        assert start in added
    assert root.find(".//div[@class='controls']").get("hidden") == "hidden"
    # read by screen readers as one picture, until the script comes
    assert root.find(".//div[@class='panels']").get("role") == "img"


def test_pictures_are_images_that_hold_the_drawings(make):
    shown = make()
    html = shown.to_html().split("\n<script>")[0]
    panels = ElementTree.fromstring(html).find(".//div[@class='panels']")
    images = panels.findall("img")
    assert len(images) == len(panels)  # of a drawing, sanitisers leave words
    assert [it.get("alt") for it in images] == [
        shown.alt if i == 0 else "" for i in range(len(shown.pictures))
    ]
    drawn = drawing.with_drawings(html)
    assert "<img" not in drawn
    for picture in shown.pictures:
        text = drawing.to_text(picture)
        assert text in drawn.replace(XMLNS, "")


def test_script_asks_for_nothing_and_evaluates_no_text():
    script = figure.script()
    for word in ("eval(", "Function(", "http", "import(", "fetch(", "//"):
        assert word not in script
    assert '"STYLE"' not in script and ".loss-figure" in script


def test_two_calls_say_the_same(make):
    assert make()._repr_mimebundle_() == make()._repr_mimebundle_()


@pytest.mark.parametrize("alt", ["", "  "])
def test_alt_must_say_something(make, alt):
    with pytest.raises(ValueError, match="alt must say"):
        make(alt=alt)


def test_unknown_loss_is_told_with_those_there_are():
    with pytest.raises(ValueError, match="'hubert'.*squared_error, absolute"):
        make_one("curves", losses=["hubert"])
    with pytest.raises(ValueError, match="received 'huber'"):
        make_one("points", losses=["huber"])
    with pytest.raises(ValueError, match="received 'l1'"):
        figures.boxes(loss="l1", alt="Two boxes.")
    with pytest.raises(ValueError, match="received 'huber'"):
        figures.line(loss="huber", alt="Rings.")


def test_slider_out_of_range_or_unknown():
    with pytest.raises(ValueError, match="delta must be between 0.1 and 3"):
        make_one("curves", delta=7)
    with pytest.raises(TypeError, match="'gamma'; there are .'delta'."):
        make_one("curves", gamma=1)
    with pytest.raises(TypeError, match="'delta'; there are .'margin', 'temp"):
        make_one("points", delta=1)
    with pytest.raises(ValueError, match="temperature must be between"):
        make_one("points", temperature=0)


def test_curve_of_the_picture_is_the_loss():
    picture = make_one("curves", delta=0.5).pictures[0]
    line = picture.findall(".//path[@class='curve']")[1]
    points = np.array(
        [pair.split(",") for pair in line.get("d")[1:].split("L")], float
    )
    error = -2 + 4 * points[:, 0] / 280
    loss = 4 * (1 - points[:, 1] / 170)
    size = np.abs(error)
    huber = np.where(size <= 0.5, size**2 / 2, 0.5 * (size - 0.25))
    np.testing.assert_allclose(loss, huber, atol=4 / 170 / 5)


@pytest.mark.parametrize("margin", [0.2, 1.0, 3.0])
def test_mean_of_triplets_is_that_of_the_batch(margin):
    value, slopes, active = total(
        formulas.find("triplet"),
        groups("triplet"),
        START,
        {"margin": margin},
        active_only=True,
    )
    expected = embeddings.triplet_batch_all_loss(CLASSES, START, margin=margin)
    np.testing.assert_allclose(value, np.mean(expected), rtol=1e-6)
    assert len(active) == sum(
        margin + np.linalg.norm(np.subtract(START[a], START[p]))
        > np.linalg.norm(np.subtract(START[a], START[n]))
        for (a, p, n), _ in groups("triplet")
    )
    # what pulls one point pushes another
    np.testing.assert_allclose(slopes.sum(0), 0, atol=1e-9)
