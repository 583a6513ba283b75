"""Cuts the theme's icon fonts down to the icons that the site draws.

The whole fonts are 270 KB, more than all else on most pages.
"""

import re

from fontTools import subset

# In the style sheet: `.fa-sun:before{content:"\f185"}`, or `{--fa:"\f185"}`.
ICON = re.compile(
    r'((?:\.fa-[\w-]+(?:::?before)?,?)+)\{(?:content|--fa):"\\([0-9a-f]+)"'
)
NAME = re.compile(r"\bfa-[\w-]+")
CODE = re.compile(r"\\([0-9a-f]{4})\b")


def icon_codes(style, names):
    r"""Returns the characters of the icons in use.

    Args:
        style: the style sheets.
        names: of the icons in use; those that the style itself draws are too.

    >>> style = '.fa-sun:before,.fa-day:before{content:"\\f185"}'
    >>> style += '.fa-x:before{content:"\\f00d"}.menu{--icon:"\\f0c9"}'
    >>> [hex(code) for code in icon_codes(style, {"fa-day"})]
    ['0xf0c9', '0xf185']
    """
    codes = {
        code
        for icons, code in ICON.findall(style)
        if names & {*NAME.findall(icons)}
    }
    codes.update(CODE.findall(ICON.sub("", style)))
    return sorted(int(code, 16) for code in codes)


def cut_fonts(app, exception):
    """Cuts the fonts that the build has copied."""
    static = app.outdir / "_static"
    if exception or app.builder.format != "html":
        return
    pages = [*app.outdir.rglob("*.html"), *static.glob("scripts/*.js")]
    names = {n for p in pages for n in NAME.findall(p.read_text("utf-8"))}
    styles = [p.read_text("utf-8") for p in static.rglob("*.css")]
    codes = icon_codes("".join(styles), names)
    for font in static.rglob("fa-*.*"):
        if font.suffix in (".ttf", ".woff2"):
            flavour = "--flavor=woff2" * (font.suffix == ".woff2")
            chosen = "--unicodes=" + ",".join(f"{code:x}" for code in codes)
            subset.main(
                [
                    *filter(None, [flavour]),
                    str(font),
                    chosen,
                    f"--output-file={font}",
                ]
            )


def setup(app):
    """Connects the functions above to Sphinx.

    Args:
        app: the Sphinx application.
    """
    app.connect("build-finished", cut_fonts)
