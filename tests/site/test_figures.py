"""The figures that the reader moves, in a browser.

What they show is held against TensorFlow, `GradientTape` and the losses of
the package. Each figure stands on a page of its own, without the book.
"""

import functools
import gzip
import inspect
import itertools
import re
import statistics
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from lossutils import detection, embeddings, figures
from lossutils.figures import cores, drawing, figure, formulas, tracing
from lossutils.figures.figure import SLIDERS

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">{head}
<meta name="viewport" content="width=device-width"><title>Figures</title>
<link rel="icon" href="data:,">
<style>body {{ background: #fff; color: #222; font: 16px sans-serif }}
@media (prefers-color-scheme: dark) {{
body {{ background: #121212; color: #ddd }} }}</style>
</head><body><main><h1>Figures</h1>{body}</main></body></html>"""
# Scripts and styles of the page itself, but no eval and nothing from outside.
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "img-src data:; script-src 'unsafe-inline'; style-src 'unsafe-inline'\">"
)
ALT = "What can be seen here."
FIGURES = {
    "robust": lambda: figures.curves(
        "squared_error absolute_error huber log_cosh charbonnier "
        "pinball".split(),
        x=(-4, 4),
        loss=(0, 6),
        slope=(-3, 3),
        xlabel="error",
        cursor=1.5,
        delta=0.5,
        alt=ALT,
    ),
    "outlier": lambda: figures.curves(
        "mean_squared_error mean_absolute_error mean_huber "
        "mean_pinball".split(),
        x=(0, 8),
        loss=(0, 6),
        slope=(-3, 3),
        xlabel="constant",
        cursor=3,
        minima=True,
        marks=[1, 1.5, 2, 2.5],
        handle="outlier",
        alt=ALT,
    ),
    "probability": lambda: figures.curves(
        ["binary_crossentropy", "focal"],
        x=(0.02, 0.98),
        loss=(0, 5),
        slope=(-9, 9),
        xlabel="probability",
        cursor=0.5,
        alt=ALT,
    ),
    "threshold": lambda: figures.curves(
        ["soft_f_beta", "hard_f_beta"],
        x=(-4, 4),
        loss=(0, 1),
        slope=(-0.5, 0.5),
        xlabel="threshold",
        minima=True,
        alt=ALT,
    ),
    "boxes": lambda: figures.boxes(alt=ALT),
    "touching": lambda: figures.boxes(
        box=(1, 1, 4, 4), target=(4, 1, 8, 6), loss="ciou", alt=ALT
    ),
    "points": lambda: figures.points(alt=ALT),
    "pairs": lambda: figures.points(["contrastive"], margin=2, alt=ALT),
    "line": lambda: figures.line(alt=ALT),
}
CURVES = ["robust", "outlier", "probability", "threshold"]
# One of each kind.
KINDS = ["outlier", "boxes", "points", "line"]


def drawn(*names):
    """Returns figures as the pages of the book hold them."""
    return drawing.with_drawings("".join(map(html, names)))


# What can be seen of a figure, and where its controls stand.
STATE = """(root) => ({
  spec: JSON.parse(root.dataset.figure),
  drawn: [...root.querySelectorAll(".panels svg *")].map((e) =>
    ["d", "transform", "cx", "cy", "display"].map((a) => e.getAttribute(a))),
  curves: [...root.querySelectorAll(".curve, .fitted")].map(
    (e) => e.getAttribute("d")),
  arrows: [...root.querySelectorAll(".arrow")].map((e) => e.getAttribute("d")),
  dots: [...root.querySelector(".area").querySelectorAll("circle")].map(
    (e) => ["cx", "cy"].map((a) => Number(e.getAttribute(a)))),
  cursors: [...root.querySelectorAll(".cursor")].map(
    (e) => e.getAttribute("d")),
  shapes: [...root.querySelectorAll(".box, .target, .point")].map(
    (e) => e.getAttribute("transform") ?? e.getAttribute("d")),
  size: ["width", "height"].map((a) =>
    Number(root.querySelector(".area").getAttribute(a))),
  tables: [...root.querySelectorAll("table")].map((table) =>
    [...table.tBodies[0].rows].map((row) =>
      [...row.cells].slice(1).map((cell) => Number(cell.textContent)))),
  values: Object.fromEntries([...root.querySelectorAll("input, select")].map(
    (e) => [e.name, e.type === "range" ? e.valueAsNumber : e.value])),
  outputs: [...root.querySelectorAll("output")].map((e) => e.textContent),
})"""


@functools.cache
def html(name):
    return FIGURES[name]().to_html()


def parameters(name):
    """Returns the arguments of a core, and how many numbers each has."""
    names = inspect.signature(getattr(cores, name)).parameters
    return {it: int(np.prod(tracing.shape_of(it))) for it in names}


@functools.cache
def of_rows(name):
    sizes = parameters(name)
    loss_and_slopes = tracing.with_gradient(getattr(cores, name))

    def of_row(row):
        parts = zip(sizes, tf.split(row, list(sizes.values())), strict=True)
        arguments = {
            it: tf.reshape(part, tracing.shape_of(it)) for it, part in parts
        }
        results = loss_and_slopes(**arguments)
        return tf.concat([tf.reshape(it, [-1]) for it in results], 0)

    spec = [tf.TensorSpec([None, sum(sizes.values())], tf.float32)]
    return tf.function(lambda rows: tf.map_fn(of_row, rows), spec, False)


def by_tensorflow(name, rows):
    """Returns a loss and `GradientTape`'s slopes for each row of arguments."""
    return of_rows(name)(tf.constant(rows, tf.float32)).numpy()


@pytest.fixture(scope="module", autouse=True)
def as_traced():
    """TensorFlow computes what was traced, without rearranging it first.

    It makes 1 + e - p of e + (1 - p), which in float32 is off by 9 % at p = 1.
    """
    option = "disable_meta_optimizer"
    tf.config.optimizer.set_experimental_options({option: True})
    yield
    tf.config.optimizer.set_experimental_options({option: False})


# What is seen must be this near to what is computed, to the last digit shown.
shown = functools.partial(pytest.approx, rel=1e-5, abs=6e-4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("figures")


@pytest.fixture(scope="module")
def address(folder, serve):
    return serve(folder)


@pytest.fixture
def show(browser, folder, address):
    """A function that opens a page of figures, which must have no fault."""
    faults, contexts = [], []

    def open_page(*names, head="", body=None, origin=address, **options):
        text = PAGE.format(head=head, body=body or "".join(map(html, names)))
        (folder / "page.html").write_text(text, encoding="utf-8")
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.faults = faults
        page.goto(origin + "page.html")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


def state(page, number=0):
    """Returns what can be seen of a figure."""
    return page.locator(".loss-figure").nth(number).evaluate(STATE)


# Formulas: JavaScript against TensorFlow.

RANGES = {name: it[:2] for name, it in SLIDERS.items()} | {
    "box": (0, 10),
    "constant": (0, 8),
    "error": (-4, 4),
    "logit": (-6, 6),
    "pair": (-2.5, 2.5),
    "points": (-2.5, 2.5),
    "probability": (0.001, 0.999),
    "same": (0, 1),
    "target": (0, 10),
    "theta": (-1, 4),
    "threshold": (-4, 4),
    "triplet": (-2.5, 2.5),
    "weights": (-1, 2),
}
# Where losses have kinks, poles or no slope. All combinations are compared.
KINKS = {
    "alpha": [[0], [0.25], [1]],
    "beta": [[0.25], [1]],
    "box": [
        [1, 1, 3, 3],  # equal to the target
        [3, 1, 5, 3],  # touching its side
        [3, 3, 5, 5],  # touching its corner
        [1.5, 1.5, 2, 2],  # within
        [1, 1, 2, 2],  # within, in its corner
        [0, 0, 4, 4],  # around
        [2, 2, 2, 2],  # without an area
        [3, 3, 1, 1],  # turned round
        [6, 1, 8, 3],  # beside
        [6, 5, 8, 9],  # apart
    ],
    "constant": [[1], [1.5], [1.75], [2], [2.5], [6]],
    "delta": [[0.5], [1]],
    "epsilon": [[0.05], [2]],
    "error": [[-1], [-0.5], [0], [0.5], [1], [30]],
    "first": [[0], [1]],
    "gamma": [[0], [1], [2]],
    "label": [[0], [0.5], [1]],
    "logit": [[-100], [0], [100]],
    "margin": [[0], [1], [5]],
    "outlier": [[0], [1], [2], [6]],
    "pair": [[1, 1, 1, 1], [0, 0, 3, 4], [0, 0, 0.6, 0.8], [-1, 0, 1, 0]],
    "points": [
        [1, 0] * 6,
        [0, 0] * 6,
        [0, 0] + [1, 2] * 5,
        [1, 0, 0, 1, -1, 0, 0, -1, 1, 1, -1, -1],
    ],
    "probability": [[0], [1e-7], [0.5], [1]],
    "same": [[0], [1]],
    "second": [[0], [1]],
    "target": [[1, 1, 3, 3], [2, 2, 2, 2]],
    "tau": [[0.05], [0.5]],
    "temperature": [[0.05], [1]],
    "theta": [[0], [1], [2]],
    "threshold": [[it] for it in cores._LOGITS],
    "triplet": [
        [1, 1] * 3,  # equal
        [0, 0, 0, 0, 3, 4],  # the positive in the anchor, at the margin
        [0, 0, 3, 4, 0, 0],  # the negative in it
        [0, 0, 1, 0, -1, 0],  # as near as each other
        [0, 0, 1, 0, 2, 0],  # at the margin
    ],
    "weights": [[0, 0], [0.5, 0], [1.5, 2], [1, 0.5]],
}


# Stored is what Keras 3 computes; Keras 2 has 1e-7 inside these logarithms, and
# so another loss near 0 and 1.
OTHER_IN_KERAS_2 = {"binary_crossentropy", "crossentropy_of_sigmoid"}


def random_rows(name, count):
    random = np.random.default_rng(0)
    columns = [
        random.integers(0, 2, (count, size))
        if it == "same"
        else random.uniform(*RANGES[it], (count, size))
        for it, size in parameters(name).items()
    ]
    return np.concatenate(columns, 1)


def kinks(name):
    combinations = itertools.product(*(KINKS[it] for it in parameters(name)))
    return np.array([sum(parts, []) for parts in combinations])


def errors(page, code, name, rows):
    """Returns how far the results of JavaScript are from TensorFlow's."""
    rows = np.asarray(rows, np.float32)
    computed = by_tensorflow(name, rows).astype(float)
    assert np.isfinite(computed).all()
    script = f"(rows) => rows.map((row) => ({code})(...row))"
    found = np.array(page.evaluate(script, rows.tolist()), float)
    return np.abs(found - computed) / np.maximum(1, np.abs(computed))


@pytest.fixture(scope="module")
def blank(browser):
    with browser.new_page() as page:
        yield page


@pytest.mark.parametrize("name", formulas.stored())
def test_formula_agrees_with_tensorflow(blank, name, record_property):
    rows = np.concatenate([random_rows(name, 1000), kinks(name)])
    formula = formulas.find(name)
    if version("keras").startswith("2.") and name in OTHER_IN_KERAS_2:
        formula = tracing.trace(getattr(cores, name))
    found = errors(blank, formulas.javascript(formula), name, rows)
    record_property("largest_error", float(found.max()))
    assert found.max() <= 1e-5, rows[found.max(1).argmax()]


@pytest.mark.parametrize(
    "name, right, wrong",
    [
        ("pinball", "-", "+"),
        ("giou", "Math.max", "Math.min"),
        ("log_cosh", "0.693147", "0.693247"),
    ],
)
def test_planted_fault_in_a_formula_is_found(blank, name, right, wrong):
    code = formulas.javascript(formulas.find(name))
    assert right in code
    code = code.replace(right, wrong, 1)
    assert errors(blank, code, name, random_rows(name, 100)).max() > 1e-5


# Curves


def values_at(name, loss, told, now, xs):
    """Returns TensorFlow's loss and slope where the figure's sliders stand."""
    settings = now["values"]
    rows = [
        [(settings | {told["variable"]: x})[it] for it in loss["arguments"]]
        for x in xs
    ]
    return by_tensorflow(name, rows)


def pixels_of(now, x, y, x_limits, y_limits):
    """Returns where numbers are in a picture."""
    across = (x - x_limits[0]) / (x_limits[1] - x_limits[0])
    down = (y_limits[1] - y) / (y_limits[1] - y_limits[0])
    return np.stack([across, down], -1) * now["size"]


def assert_curves_agree(page):
    """Compares what a figure of curves shows with TensorFlow's results."""
    now = state(page)
    told, (readout, numbers) = now["spec"], map(np.array, now["tables"])
    panels = [(panel["x"], panel["y"]) for panel in told["panels"]]
    xs = np.linspace(*panels[0][0], told["points"])
    at = now["values"][told["variable"]]
    for i, (name, loss) in enumerate(told["losses"].items()):
        values = functools.partial(values_at, name, loss, told, now)
        at_cursor, *computed = values([at, *xs])
        computed = np.array(computed)
        assert readout[i][:2] == shown(at_cursor)
        assert numbers[:, 2 * i : 2 * i + 2] == shown(computed[::10])
        if told["minima"]:
            near = (xs[1] - xs[0]) * 2 / (told["fine"] - 1)
            lowest = readout[i][2] + np.array([0, -near, near])
            least, *others = values(np.clip(lowest, xs[0], xs[-1]))[:, 0]
            assert least <= min(*others, *computed[:, 0]) + 2e-6
            dot = pixels_of(now, lowest[0], least, *panels[0])
            assert now["dots"][i] == pytest.approx(dot, abs=0.2)
        for k, limits in enumerate(panels):
            d = now["curves"][i + k * len(told["losses"])]
            drawn = np.array([it.split(",") for it in d[1:].split("L")], float)
            points = pixels_of(now, xs, computed[:, k], *limits)
            # On a kink, the slope is that of one side or of the other.
            same = np.abs(drawn - points.clip(-999, 999)).max(1) < 0.2
            assert same.sum() >= len(xs) - 2 * k
    for d, limits in zip(now["cursors"], panels, strict=True):
        across, _ = pixels_of(now, at, 0, *limits)
        assert float(re.match("M(.*),0V", d)[1]) == pytest.approx(across, abs=1)


@pytest.mark.parametrize("name", CURVES)
def test_sliders_move_curves_by_keyboard(show, name):
    page = show(name)
    assert_curves_agree(page)
    for slider in page.locator("input").all():
        slider.focus()
        low, high, step = (
            float(slider.get_attribute(it)) for it in ("min", "max", "step")
        )
        stops = {"Home": low, "ArrowRight": low + step, "End": high}
        pictures = set()
        for key, value in stops.items():
            page.keyboard.press(key)
            assert float(slider.input_value()) == pytest.approx(value)
            label = slider.locator("xpath=../following-sibling::output")
            assert label.text_content() == slider.input_value()
            assert_curves_agree(page)
            now = state(page)
            cursor = slider.get_attribute("name") == now["spec"]["variable"]
            pictures.add(str(now["drawn" if cursor else "curves"]))
        assert len(pictures) == len(stops)


PLACE = """([across, down]) => {
  const outer = document.querySelector(".panels > svg");
  const area = outer.querySelector(".area");
  const [left, top, width, height] = ["x", "y", "width", "height"].map(
    (it) => Number(area.getAttribute(it)));
  const box = outer.getBoundingClientRect();
  const scale = box.width / outer.viewBox.baseVal.width;
  return [
    box.left + scale * (left + across * width),
    box.top + scale * (top + down * height),
  ];
}"""


def place(page, across, down):
    """Returns where a part of the first picture is in the window."""
    return page.evaluate(PLACE, [across, down])


def drag_by_mouse(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=3)
    page.mouse.up()
    page.mouse.move(*start)


def drag_by_touch(page, start, end):
    session = page.context.new_cdp_session(page)

    def touch(kind, *places):
        points = [dict(zip("xy", place, strict=True)) for place in places]
        session.send(
            "Input.dispatchTouchEvent",
            {"type": f"touch{kind}", "touchPoints": points},
        )

    touch("Start", start)
    for part in (0.3, 0.6, 1):
        touch("Move", np.add(start, np.subtract(end, start) * part).tolist())
    touch("End")


PHONE = dict(has_touch=True, viewport={"width": 390, "height": 800})
by_pointers = pytest.mark.parametrize(
    "drag, options", [(drag_by_mouse, {}), (drag_by_touch, PHONE)]
)


@by_pointers
def test_pointers_move_the_cursor(show, drag, options):
    page = show("robust", **options)
    drag(page, place(page, 0.25, 0.5), place(page, 0.75, 0.4))
    assert state(page)["values"]["error"] == pytest.approx(2, abs=0.1)
    assert_curves_agree(page)


@by_pointers
def test_pointers_move_the_outlier(show, drag, options):
    page = show("outlier", **options)
    before = state(page)
    drag(page, place(page, 6 / 8, 0.97), place(page, 4 / 8, 0.97))
    after = state(page)
    assert after["values"] == before["values"] | {"outlier": 4}
    assert after["curves"] != before["curves"]
    assert_curves_agree(page)


@pytest.mark.parametrize("name", ["robust", "boxes"])
def test_fingers_scroll_past_a_picture(show, name):
    page = show(name, body=html(name) + "<p style='height: 9999px'>", **PHONE)
    drag_by_touch(page, place(page, 0.9, 0.9), place(page, 0.9, 0.1))
    page.wait_for_function("scrollY > 50")


# Boxes, points and a line: what can be moved, and how.

PAIRS = list(itertools.combinations(range(6), 2))
CLASSES = [0, 0, 1, 1, 2, 2]


def mean_of_pairs(points, margin):
    same = [float(CLASSES[a] == CLASSES[b]) for a, b in PAIRS]
    distances = tf.stack([tf.norm(points[a] - points[b]) for a, b in PAIRS])
    return embeddings.contrastive_loss(same, distances, margin=margin)


def errors_of_line(weights):
    return weights[0, 0] * tf.constant(cores.X) + weights[0, 1] - cores.Y


LOSSES = {
    "iou": lambda box, it: detection.iou_loss(it["target"], box),
    "giou": lambda box, it: detection.giou_loss(it["target"], box),
    "diou": lambda box, it: detection.diou_loss(it["target"], box),
    "ciou": lambda box, it: detection.ciou_loss(it["target"], box),
    "triplet": lambda points, it: embeddings.triplet_batch_all_loss(
        CLASSES, points, margin=it["margin"]
    ),
    "contrastive": lambda points, it: mean_of_pairs(points, it["margin"]),
    "nt_xent": lambda points, it: embeddings.nt_xent_loss(
        CLASSES, points, temperature=it["temperature"]
    ),
    "squared_error_of_line": lambda weights, _: errors_of_line(weights) ** 2,
    "absolute_error_of_line": lambda weights, _: tf.abs(
        errors_of_line(weights)
    ),
}


def value_and_slopes(name, places, values):
    """Returns a loss of the package and `GradientTape`'s slopes."""
    places = tf.constant(places, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(places)
        loss = tf.reduce_mean(LOSSES[name](places, values))
    return loss.numpy(), tape.gradient(loss, places).numpy()


def places_of(now):
    """Returns where shapes are: boxes as rows, or points as rows."""
    numbers = np.array(now["tables"][1])
    is_boxes = now["spec"]["kind"] == "boxes"
    return numbers[[0, 2]] if is_boxes else numbers[:, :2]


def moved_of(now):
    """Returns the rows that descend, and what their loss asks for besides."""
    places = places_of(now)
    if now["spec"]["kind"] == "boxes":
        return places[:1], now["values"] | {"target": places[1:]}
    loss = next(iter(now["spec"]["losses"]))
    return places, {"loss": loss} | now["values"]


def assert_agree(page, tolerance=6e-4):
    """Compares the numbers and arrows of a figure with the package's losses.

    The places are read to three digits, so after a pointer moved one, slopes
    are known less well.
    """
    near = functools.partial(pytest.approx, rel=1e-5, abs=tolerance)
    now = state(page)
    told, (readout, numbers) = now["spec"], now["tables"]
    limits = told["x"], told["y"]
    places, values = moved_of(now)
    names = told["losses"] if told["kind"] == "boxes" else [values["loss"]]
    for name, (cell,) in zip(names, readout, strict=True):
        assert cell == near(value_and_slopes(name, places, values)[0])
    _, slopes = value_and_slopes(values["loss"], places, values)
    if told["kind"] == "boxes":
        assert numbers[1] == near(slopes[0])
        corners = [[0, 1], [2, 1], [2, 3], [0, 3]]
        places, slopes = places[0][corners], slopes[0][corners]
        outline = np.concatenate([values["target"][0][corners], places])
    else:
        assert np.array(numbers)[:, 2:] == near(slopes)
        outline = places
    drawn = re.findall(r"([-\d.]+),([-\d.]+)", "".join(now["shapes"]))
    pixels = pixels_of(now, *outline.T, *limits)
    assert np.array(drawn, float) == pytest.approx(pixels, abs=0.2)
    zero, one = (pixels_of(now, it, it, *limits) for it in (0, 1))
    steps = -slopes * told["arrow"] * np.sign(one - zero)
    starts = pixels[-len(steps) :]
    for d, start, step in zip(now["arrows"], starts, steps, strict=True):
        points = re.findall(r"([-\d.]+),([-\d.]+)", d)
        tail, *head = np.array(points[:2], float)
        assert tail == pytest.approx(start, abs=0.2)
        length = np.hypot(*step)
        if head:
            step *= min(1, told["longest"] / length)
            assert head[0] - tail == pytest.approx(
                step, abs=0.2 + 150 * tolerance
            )
        else:
            assert length < 1 + 100 * tolerance


MOVES = [
    # figure, shape, keys, and what they add to its row
    ("boxes", 0, ["ArrowRight"], [0.25, 0, 0.25, 0]),
    ("boxes", 0, ["ArrowLeft", "ArrowUp"], [-0.25, -0.25, -0.25, -0.25]),
    ("boxes", 0, ["ArrowDown"] * 2, [0, 0.5, 0, 0.5]),
    ("boxes", 0, ["Shift+ArrowRight"] * 4, [0, 0, 1, 0]),
    ("boxes", 0, ["Shift+ArrowUp"], [0, 0, 0, -0.25]),
    ("boxes", 0, ["Shift+ArrowLeft"] * 20, [0, 0, -2.75, 0]),
    ("boxes", 1, ["ArrowLeft"] * 4, [-1, 0, -1, 0]),
    ("boxes", 1, ["Shift+ArrowDown"], [0, 0, 0, 0.25]),
    ("points", 0, ["ArrowRight"], [0.1, 0]),
    ("points", 5, ["ArrowUp", "ArrowLeft"], [-0.1, 0.1]),
    ("points", 3, ["Shift+ArrowDown"], [0, -0.5]),
    ("pairs", 4, ["ArrowDown"], [0, -0.1]),
    ("line", 0, ["ArrowRight", "Shift+ArrowDown"], [0.1, -0.5]),
]


@pytest.mark.parametrize("name, shape, keys, change", MOVES)
def test_keys_move_shapes(show, name, shape, keys, change):
    page = show(name)
    expected = places_of(state(page))
    movable = page.locator(".movable")
    # In the order in which they are seen: the true box comes first.
    movable.nth(1 - shape if name == "boxes" else shape).focus()
    for key in keys:
        page.keyboard.press(key)
    expected[shape] += change
    assert places_of(state(page)) == shown(expected)
    assert_agree(page)


@pytest.mark.parametrize("name", ["boxes", "points"])
def test_browser_keeps_its_keys_and_buttons(show, name):
    page = show(name)
    before = state(page)
    shape = page.locator(".movable").first
    for key in ["Alt+ArrowLeft", "Control+ArrowUp", "Meta+ArrowDown"]:
        shape.press(key)
    page.mouse.move(*center(page, ".movable"))
    page.mouse.down(button="right")
    page.mouse.move(*place(page, 0.5, 0.5), steps=3)
    assert state(page) == before


def center(page, selector, number=0):
    box = page.locator(selector).nth(number).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@by_pointers
@pytest.mark.parametrize(
    "name, selector, shape, to",
    [
        ("boxes", ".box", 0, (0.6, 0.6)),
        ("boxes", ".target", 1, (0.5, 0.4)),
        ("points", ".point", 2, (0.75, 0.25)),
        ("line", ".point", 0, (0.5, 0.75)),
    ],
)
def test_pointers_move_shapes(show, drag, options, name, selector, shape, to):
    page = show(name, **options)
    before = state(page)
    expected, told = places_of(before), before["spec"]
    start = center(page, selector, shape if name == "points" else 0)
    end = place(page, *to)
    drag(page, start, end)
    size = np.subtract(place(page, 1, 1), place(page, 0, 0))
    x, y = told["x"], told["y"]
    change = np.subtract(end, start) / size * [x[1] - x[0], y[0] - y[1]]
    expected[shape] += np.tile(change, 2 if name == "boxes" else 1)
    assert places_of(state(page)) == pytest.approx(expected, abs=0.01)
    assert page.evaluate("scrollY") == 0
    assert_agree(page, tolerance=3e-3)


@by_pointers
@pytest.mark.parametrize("off", [0, -0.2])
def test_pointers_resize_a_box_by_its_corner(show, drag, options, off):
    page = show("boxes", **options)
    corner = place(page, (4 + off) / 10, (4 + off) / 7)
    drag(page, corner, place(page, (6 + off) / 10, (5 + off) / 7))
    assert places_of(state(page))[0] == pytest.approx([1, 1, 6, 5], abs=0.01)
    assert_agree(page, tolerance=3e-3)


def choices(name):
    """Returns the losses between which the reader of a figure chooses."""
    return list(FIGURES[name]().spec["losses"])


DESCENTS = [
    (name, loss)
    for name in ("boxes", "touching", "points", "line")
    for loss in choices(name)
]


def choose(page, loss):
    page.get_by_role("combobox").select_option(loss)


@pytest.mark.parametrize("name, loss", DESCENTS)
def test_one_step_follows_the_gradient(show, name, loss):
    page = show(name)
    choose(page, loss)
    assert_agree(page)
    places, values = moved_of(state(page))
    _, slopes = value_and_slopes(loss, places, values)
    page.get_by_role("button", name="One gradient step").click()
    stepped = places - values["rate"] * slopes
    assert moved_of(state(page))[0] == shown(stepped)
    assert_agree(page, tolerance=3e-3)


@pytest.mark.parametrize("name", ["boxes", "points", "line"])
def test_rate_is_the_length_of_a_step(show, name):
    page = show(name)
    page.locator("[name=rate]").focus()
    page.keyboard.press("End")
    places, values = moved_of(state(page))
    _, slopes = value_and_slopes(values["loss"], places, values)
    assert values["rate"] == {"boxes": 4}.get(name, 2)
    page.get_by_role("button", name="One gradient step").click()
    assert moved_of(state(page))[0] == shown(places - values["rate"] * slopes)


@pytest.mark.parametrize("name", ["boxes", "points", "line"])
def test_play_runs_until_it_is_stopped(show, name):
    page = show(name)
    before = state(page)["drawn"]
    page.get_by_role("button", name="Play").click()
    pause = page.get_by_role("button", name="Pause")
    pause.wait_for()
    page.wait_for_timeout(250)
    during = state(page)["drawn"]
    pause.click()
    stopped = state(page)["drawn"]
    page.wait_for_timeout(250)
    assert before != during
    assert state(page)["drawn"] == stopped
    assert page.get_by_role("button", name="Play").count() == 1
    assert_agree(page, tolerance=3e-3)


@pytest.mark.parametrize(
    "name, loss",
    [
        ("boxes", "giou"),
        ("touching", "ciou"),
        ("points", "triplet"),
        ("points", "nt_xent"),
        ("line", "squared_error_of_line"),
    ],
)
def test_who_wants_little_motion_sees_the_end(show, name, loss):
    page = show(name, reduced_motion="reduce")
    choose(page, loss)
    places, values = moved_of(state(page))
    for _ in range(50):
        _, slopes = value_and_slopes(loss, places, values)
        places = places - values["rate"] * slopes
        if np.linalg.norm(slopes) <= 1e-4:
            break
    button = page.get_by_role("button", name="Play")
    button.click()
    assert button.text_content() == "Play"
    jumped = state(page)["drawn"]
    assert moved_of(state(page))[0] == pytest.approx(places, abs=0.01)
    page.wait_for_timeout(100)
    assert state(page)["drawn"] == jumped


def test_points_tell_which_triplets_cost(show):
    page = show("points")
    for key in ["Home", "ArrowRight", "End"]:
        page.locator("[name=margin]").focus()
        page.keyboard.press(key)
        now = state(page)
        limits = now["spec"]["x"], now["spec"]["y"]
        places, values = moved_of(now)
        far = np.linalg.norm(places[:, None] - places[None], axis=2)
        active = [
            (a, p, n)
            for a, p, n in itertools.permutations(range(6), 3)
            if CLASSES[a] == CLASSES[p] != CLASSES[n]
            and values["margin"] + far[a, p] - far[a, n] > 0
        ]
        page.wait_for_timeout(200)
        told = page.locator(".said").text_content()
        assert f"{len(active)} of 24 active" in told
        for link, pairs in (
            (".pulled", {(a, p) for a, p, _ in active}),
            (".pushed", {(a, n) for a, _, n in active}),
        ):
            d = page.locator(link).get_attribute("d")
            drawn = re.findall(r"([-\d.]+),([-\d.]+)L([-\d.]+),([-\d.]+)", d)
            ends = places[sorted(pairs)].reshape(-1, 2).T
            pixels = pixels_of(now, *ends, *limits).reshape(-1, 4)
            assert sorted(np.array(drawn, float).reshape(-1, 4).tolist()) == [
                pytest.approx(it, abs=0.2) for it in sorted(pixels.tolist())
            ]


def test_points_offer_the_sliders_of_their_loss(show):
    page = show("points")
    offered = {
        "triplet": ["margin", "rate"],
        "contrastive": ["margin", "rate"],
        "nt_xent": ["temperature", "rate"],
    }
    for loss, names in offered.items():
        choose(page, loss)
        sliders = page.locator("input:visible").all()
        assert [it.get_attribute("name") for it in sliders] == names
        assert_agree(page)


def test_line_is_drawn_and_leaves_a_trail(show):
    page = show("line")
    step = page.get_by_role("button", name="One gradient step")
    for count in range(1, 4):
        step.click()
        now = state(page)
        ((slope, height),) = places_of(now)
        limits = now["spec"]["line"]["x"], now["spec"]["line"]["y"]
        xs = np.array(limits[0])
        ends = pixels_of(now, xs, slope * xs + height, *limits)
        drawn = re.findall(r"([-\d.]+),([-\d.]+)", now["curves"][0])
        assert np.array(drawn, float) == pytest.approx(ends, abs=0.3)
        assert page.locator(".trail").get_attribute("d").count("L") == count


def test_surface_is_that_of_the_loss(show):
    page = show("line")
    for loss in choices("line"):
        choose(page, loss)
        contours = page.locator(".contours:visible")
        assert contours.get_attribute("data-loss") == loss


# All kinds


def test_still_pictures_are_what_the_script_draws(show):
    still, live = (
        [state(page, number) for number in range(len(FIGURES))]
        for page in (
            show(body=drawn(*FIGURES), java_script_enabled=False),
            show(*FIGURES),
        )
    )
    for before, after in zip(still, live, strict=True):
        for part in ("tables", "values", "outputs"):
            assert after[part] == before[part]
        for one, other in zip(before["drawn"], after["drawn"], strict=True):
            # What has no length may be elsewhere; what is shown may say so.
            (d, *places, display), (new_d, *new_places, new_display) = (
                one,
                other,
            )
            assert new_d == d or "L" not in d + new_d
            assert new_places == places
            assert (new_display or "inline") == (display or "inline")


@pytest.mark.parametrize("place, part", [("book", "svg"), ("notebook", "img")])
@pytest.mark.parametrize("name", KINDS)
def test_without_scripts_the_picture_remains(show, name, place, part):
    body = drawn(name) if place == "book" else html(name)
    page = show(body=body, java_script_enabled=False)
    picture = page.get_by_role("img", name=ALT).first
    assert picture.is_visible()
    parts = picture.locator(f"> {part}")
    assert parts.count() == picture.locator("> *").count() > 0
    for still in parts.all():
        assert still.bounding_box()["height"] > 100
        if part == "img":
            assert still.evaluate("it => it.naturalHeight") > 100
    assert not page.locator(".controls").is_visible()
    focused = "document.activeElement.tagName"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "SUMMARY"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "BODY"


@pytest.mark.parametrize("name", FIGURES)
def test_reset_undoes_everything(show, name):
    page = show(name)
    before = state(page)
    for slider in page.locator("input").all():
        slider.evaluate(
            "(it) => { it.value = it.min;"
            "it.dispatchEvent(new Event('input', { bubbles: true })); }"
        )
    for select in page.locator("select").all():
        select.select_option(index=1)
    for shape in page.locator(".movable").all():
        shape.press("Shift+ArrowRight")
    for button in page.get_by_role("button").all()[:-1]:
        button.click()
    assert state(page) != before
    page.get_by_role("button", name="Reset").click()
    assert state(page) == before
    # It does not go on playing.
    page.wait_for_timeout(100)
    assert state(page) == before


def move_each(page, count):
    """Moves something of each figure, and nothing else must move."""
    for number in range(count):
        before = [state(page, i) for i in range(count)]
        root = page.locator(".loss-figure").nth(number)
        root.locator(".movable, input").first.press("ArrowRight")
        after = [state(page, i) for i in range(count)]
        same = [a == b for a, b in zip(after, before, strict=True)]
        assert same == [i != number for i in range(count)]


def test_no_eval_and_no_request(show, address):
    page = show(*KINDS, head=POLICY)
    move_each(page, len(KINDS))
    assert page.requests == [address + "page.html"]


@pytest.mark.parametrize(
    "planted",
    [
        "<script>eval('1')</script>",
        "<script>new Function('1')</script>",
        "<img src='other.png' alt=''>",
    ],
)
def test_planted_eval_or_request_is_found(show, planted):
    page = show(head=POLICY, body=planted)
    assert "Content Security Policy" in str(page.faults)
    page.faults.clear()


def test_runs_from_a_file(show, folder):
    page = show(*KINDS, origin=folder.as_uri() + "/")
    move_each(page, len(KINDS))


def test_runs_in_a_sandbox(show):
    text = PAGE.format(head="", body="".join(map(html, KINDS)))
    quoted = text.replace("&", "&amp;").replace('"', "&quot;")
    frame = (
        '<iframe sandbox="allow-scripts" title="Output" width="800" '
        f'height="2000" srcdoc="{quoted}"></iframe>'
    )
    page = show(body=frame)
    move_each(page.frame_locator("iframe"), len(KINDS))


def test_runs_in_a_notebook(show):
    page = show(body="<div id='output'></div>")
    # As JupyterLab does: scripts in what is set so would not run.
    insert = """(html) => {
      const output = document.createElement("div");
      document.querySelector("#output").append(output);
      output.innerHTML = html;
      for (const old of output.querySelectorAll("script")) {
        const script = document.createElement("script");
        script.textContent = old.textContent;
        old.replaceWith(script);
      }
    }"""
    for name in KINDS:
        page.evaluate(insert, html(name))
    move_each(page, len(KINDS))


def test_equal_figures_move_apart(show):
    page = show("robust", "robust", "boxes", "touching", "robust")
    move_each(page, 5)


SCROLLED_OUT_OF_REACH = """() =>
  [...document.querySelectorAll(".loss-figure *")].filter((e) =>
    e.clientWidth && e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0
    && /auto|scroll/.test(getComputedStyle(e).overflowX)
  ).map((e) => e.outerHTML.slice(0, 150))"""


@pytest.mark.usefixtures("npm_packages")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_are_accessible(show, scheme, width):
    page = show(
        *FIGURES,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(
        "document.querySelectorAll('details').forEach("
        "(it) => { it.open = true; })"
    )
    found = page.evaluate("""async () => {
      const found = await axe.run({
        resultTypes: ["violations"],
        rules: { "target-size": { enabled: true } },
      });
      return found.violations.flatMap(
        ({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)
      );
    }""")
    assert not found
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SCROLLED_OUT_OF_REACH) == []


@pytest.mark.parametrize("name", KINDS)
def test_what_changes_is_said(show, name):
    page = show(name)
    said = page.locator(".said")
    assert said.get_attribute("aria-live") == "polite"
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.locator(".movable, input").first.press("ArrowRight")
    # Not unasked, and not at once, since much may follow.
    assert said.text_content() == ""
    page.clock.run_for(100)
    assert said.text_content() == ""
    page.clock.run_for(100)
    values = [row[0] for row in state(page)["tables"][0]]
    assert all(f"{value:.3f}" in said.text_content() for value in values)


# How much of the reader's computer they take.

TIMES = """(root) => {
  const shape = root.querySelector(".movable");
  const slider = root.querySelector("input");
  const times = [];
  for (let i = 0; i < 30; i++) {
    slider.stepUp();
    const [target, event] = shape
      ? [shape, new KeyboardEvent("keydown", { key: "ArrowRight" })]
      : [slider, new Event("input", { bubbles: true })];
    const start = performance.now();
    target.dispatchEvent(event);
    times.push(performance.now() - start);
  }
  return times;
}"""


@pytest.mark.parametrize("name", ["robust", *KINDS])
def test_a_step_takes_less_than_a_frame(show, name, record_property):
    page = show(name)
    before = state(page)["drawn"]
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    times = page.locator(".loss-figure").evaluate(TIMES)
    record_property("ms", statistics.median(times))
    assert state(page)["drawn"] != before
    assert statistics.median(times) < 16


def test_figures_of_a_page_are_light(record_property):
    together = "".join(map(html, ["robust", *KINDS]))
    # A page of the book holds it once.
    script = f"<script>{figure.script()}</script>"
    once = together.replace(script, "") + script
    size = len(gzip.compress(once.encode()))
    record_property("bytes", size)
    assert size < 30 * 1024
