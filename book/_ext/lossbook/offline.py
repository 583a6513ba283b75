"""Packs the site into one file, to read where there is no network."""

import re
import zipfile

# What only the published site needs: these files, and on each page the link
# to what is packed here.
ONLINE = re.compile(r"404\.html|sitemap\.xml|\.buildinfo|_images/social_")
LINK = re.compile(rb'<p class="downloads">.*?</p>', re.DOTALL)


def pack(app, exception):
    """Writes `lossbook.zip`, which holds the site in a folder `lossbook`."""
    if exception or app.builder.format != "html":
        return
    folder = app.outdir
    target = folder / "lossbook.zip"
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p != target)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            name = path.relative_to(folder).as_posix()
            if not ONLINE.match(name):
                content = path.read_bytes()
                if path.suffix == ".html":
                    content = LINK.sub(b"", content)
                archive.writestr(f"lossbook/{name}", content)


def setup(app):
    """Connects the function above to Sphinx.

    Args:
        app: the Sphinx application.
    """
    # when the other extensions have written their files
    app.connect("build-finished", pack, priority=900)
