"""Brings the repository's address in `_config.yml` to where else it stands.

    python tools/set_address.py

Notebooks, README and the metadata of package and citation cannot read that
file. The address that they have so far is the one in `pyproject.toml`; nothing
else in them changes.
"""

import re
import sys
from pathlib import Path

import tomllib
import yaml

ROOT = Path(__file__).resolve().parent.parent
# The file with the address so far is last, so that a run that was broken off
# can be repeated.
PLACES = ["*.cff", "*.md", "book/**/*.ipynb", "book/**/*.md"]
PLACES += ["coursework/guide.md", "coursework/*/*/*.ipynb", "pyproject.toml"]


def wanted():
    """Returns owner and name, the branch, and the site, by `_config.yml`."""
    # Not by way of the package, whose other parts import TensorFlow.
    sys.path.insert(0, str(ROOT / "book" / "_ext" / "lossbook"))
    from address import pages_address

    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    url, branch = config["repository"]["url"], config["repository"]["branch"]
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", url):
        sys.exit(f"repository.url is {url}, not https://github.com/OWNER/NAME")
    site = config["html"].get("baseurl") or pages_address(url)
    return repository_name(url), branch, site.rstrip("/") + "/"


def found():
    """Returns owner and name, and the site, as they are so far."""
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    urls = metadata["project"]["urls"]
    return repository_name(urls["Source"]), urls["Homepage"]


def repository_name(url):
    """Returns owner and name, `ada/losses`."""
    return url.removeprefix("https://github.com/")


def rename(text, old, new, branch):
    """Returns a text whose links lead to another repository and branch.

    Args:
        text: any text.
        old: owner and name, `ada/losses`, as they are.
        new: owner and name, as they shall be.
        branch: that links to files shall show.
    """
    # Links to GitHub, and to Colab, which shows what is on GitHub.
    link = rf"(/github(?:\.com)?/){re.escape(old)}(?!\.?[\w-])"
    text = re.sub(link, rf"\g<1>{new}", text)
    return re.sub(rf"(/{re.escape(new)}/blob/)[^/\s]+", rf"\g<1>{branch}", text)


def main():
    """Brings the address in, and prints which files it changed."""
    new, branch, new_site = wanted()
    old, old_site = found()
    for path in (path for place in PLACES for path in ROOT.glob(place)):
        before = path.read_bytes().decode()
        after = rename(before, old, new, branch).replace(old_site, new_site)
        if after != before:
            path.write_bytes(after.encode())
            print(f"{path.relative_to(ROOT)}: brought in line")


if __name__ == "__main__":
    main()
