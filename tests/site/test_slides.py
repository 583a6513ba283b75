"""The slides of the chapters: nothing is missing, and all fits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser import do_without

ROOT = Path(__file__).parents[2]
CHAPTERS = [
    "fundamentals",
    "classification",
    "regression",
    "detection",
    "embeddings",
    "custom_losses",
    "loss_weights",
]
SIZE = {"width": 1280, "height": 720}

# Looks at each slide in turn. What is folded or clipped is not on the slide.
FAULTS = r"""() => {
  const faults = [];
  const slides = Reveal.getSlides();
  for (const [index, slide] of slides.entries()) {
    Reveal.slide(index);
    const blame = words => faults.push(`slide ${index + 1}: ${words}`);
    const room = slide.getBoundingClientRect();
    const {paddingRight, paddingBottom} = getComputedStyle(slide);
    const right = room.right - parseFloat(paddingRight) + 1;
    const bottom = room.bottom - parseFloat(paddingBottom) + 1;
    const hidden = ".katex *, svg *, .said, script";
    for (const part of slide.querySelectorAll(`*:not(${hidden})`)) {
      const box = part.getBoundingClientRect();
      const cut = part.clientWidth && part.scrollWidth > part.clientWidth + 1;
      if (box.right > right || box.bottom > bottom || cut)
        blame(`${part.tagName} ${part.textContent.slice(0, 40)} overflows`);
      const text = parseFloat(getComputedStyle(part).fontSize);
      if (box.height && part.textContent.trim() && text < 16)
        blame(`${part.tagName} is written in ${text} px`);
    }
    for (const image of slide.querySelectorAll("img")) {
      if (!image.complete || !image.naturalWidth) blame("a broken image");
      if (image.alt.length < 30) blame(`alt is "${image.alt}"`);
    }
    for (const picture of slide.querySelectorAll("img, .panels > svg"))
      if (picture.getBoundingClientRect().height < 240) blame("tiny picture");
    const bare = slide.cloneNode(true);
    bare.querySelectorAll("annotation, code, pre, script")
      .forEach(it => it.remove());
    const raw = bare.textContent.match(/\$|\{\w+\}`|\\\w+|\*\*|<\w+>/);
    if (raw) blame(`markup is left: ${raw[0]}`);
  }
  if (slides.length < 10) faults.push(`only ${slides.length} slides`);
  return faults;
}"""
SHOW = "it => Reveal.slide(Reveal.getIndices(it.closest('section')).h)"
PLACE = "Reveal.getIndices().h"
# A formula without its fonts is no formula.
FONTS = """async () => {
  await document.fonts.ready;
  return [...document.fonts].filter(it => it.status == "loaded").length;
}"""


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    """The folder of all slides, made without a network."""
    if not (ROOT / "book/_ext/node_modules/reveal.js").is_dir():
        do_without("no reveal.js found: `npm ci --prefix book/_ext`")
    folder = tmp_path_factory.mktemp("slides")
    paths = [ROOT / "book" / f"{name}.ipynb" for name in CHAPTERS]
    nobody = "http://127.0.0.1:9"
    subprocess.run(
        [sys.executable, ROOT / "tools" / "slides.py", folder, *paths],
        env=os.environ | {"http_proxy": nobody, "https_proxy": nobody},
        check=True,
    )
    return folder


@pytest.fixture
def page(browser):
    """A page of the size of a slide; what goes wrong, `page.wrong` lists."""
    with browser.new_page(viewport=SIZE) as page:
        page.wrong = wrong = []
        page.on("request", lambda it: wrong.extend(outside(it.url)))
        page.on("requestfailed", lambda it: wrong.append(f"failed: {it.url}"))
        page.on("pageerror", lambda it: wrong.append(str(it)))
        page.on("console", lambda it: wrong.append(it.text))
        yield page


def outside(url):
    """Returns an address, in a list, unless it leads to a file or to data."""
    return [] if url.startswith(("file:", "data:")) else [f"outside: {url}"]


def faults(page, path):
    """Returns all that is wrong with slides."""
    page.goto(path.as_uri())
    page.wait_for_function("window.Reveal?.isReady()")
    return page.wrong + page.evaluate(FAULTS)


@pytest.mark.parametrize("name", CHAPTERS)
def test_slides_are_whole_and_fit(slides, page, name):
    assert faults(page, slides / f"{name}.html") == []
    assert page.evaluate(FONTS) > 2 and page.locator(".katex").count() > 5
    assert page.locator("html").get_attribute("lang") == "en"
    title = page.locator("h1").inner_text()
    assert page.title() == f"{title}: slides"
    link = page.locator("footer a").get_attribute("href")
    assert link.endswith(f"/book/{name}.html")


PLANTED = {
    "<p>" + "A long sentence. " * 200 + "</p>": "P A long sentence.",
    "<pre>" + "wide " * 60 + "</pre>": "PRE wide wide",
    '<p style="font-size: 11px">Small.</p>': "P is written in 11 px",
    '<img src="reveal/none.png" alt="">': 'alt is ""',
    '<img src="reveal/no.png" alt="A picture of nothing at all, in short.">': (
        "a broken image"
    ),
    "<p>$\\frac12$</p>": "markup is left: $",
    '<script src="https://example.org/x.js"></script>': "outside: https:",
    "<script>nothing()</script>": "nothing is not defined",
}


def test_planted_faults_are_found(slides, page):
    path = slides / "planted.html"
    source = (slides / "loss_weights.html").read_text("utf-8")
    planted = source.replace("</h2>", "</h2>" + "".join(PLANTED), 1)
    path.write_text(planted, "utf-8")
    found = "\n".join(faults(page, path))
    assert [it for it in PLANTED.values() if it not in found] == []


def test_a_figure_keeps_its_own_keys(slides, page):
    page.goto((slides / "regression.html").as_uri())
    slider = page.locator(".loss-figure input[name=delta]").first
    slider.evaluate(SHOW)
    place, before = page.evaluate(PLACE), slider.input_value()
    slider.press("ArrowRight")
    assert slider.input_value() > before
    page.get_by_role("button", name="Reset").click()
    assert slider.input_value() == before
    assert page.evaluate(PLACE) == place > 0
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(PLACE) == place + 1
