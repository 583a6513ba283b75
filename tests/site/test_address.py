"""Every mention of the repository and the site follows `_config.yml`.

The links to Colab are checked by tests/notebook_lint.py.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from set_address import rename

ROOT = Path(__file__).parents[2]
MENTION = re.compile(
    r"https://(github\.com/([\w.-]+)/[\w.-]+|([\w-]+)\.github\.io(/[\w.-]+)?)"
)
# Whose repositories the text names, and who stands in examples.
OTHERS = {"containers", "googlecolab", "keras-team", "tensorflow"}
OTHERS |= {"owner", "ada", "grace"}
# The addresses of other people's packages.
LOCKS = re.compile(r"requirements/\w+\.txt|.*/package-lock\.json")
NEW = "https://github.com/grace/losses"


def tracked():
    """Returns the names of the files that git has or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    ).stdout.split("\0")
    return [name for name in listed if (ROOT / name).is_file()]


def strays(root, names):
    """Returns mentions of a repository or site that is neither ours nor known.

    Args:
        root: of the book.
        names: of its files, relative to it.
    """
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    ours = config["repository"]["url"]
    owner, name = ours.removeprefix("https://github.com/").split("/")
    site = f"https://{owner.lower()}.github.io/{name}"
    faults = []
    for path in names:
        # What is not text has no mention either.
        text = (root / path).read_text(encoding="utf-8", errors="ignore")
        for found in MENTION.finditer(text):
            owner = (found[2] or found[3]).lower()
            known = found[0] in (ours, site) or owner in OTHERS
            if not known and not LOCKS.fullmatch(path):
                faults.append(f"{path}: {found[0]}")
    return faults


def test_every_mention_is_ours_or_known():
    assert strays(ROOT, tracked()) == []


@pytest.fixture
def copy(tmp_path):
    """The files as they are, in a folder of their own."""
    names = tracked()
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path, names


def configure(root, old, new):
    path = root / "_config.yml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(root, *command):
    return subprocess.run(
        [sys.executable, *command],
        cwd=root,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def test_one_value_changes_every_mention(copy):
    root, names = copy
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    old = config["repository"]["url"]
    before = {name: (root / name).read_bytes() for name in names}
    set_address = root / "tools" / "set_address.py"
    lint = [root / "tests" / "notebook_lint.py", *root.glob("book/**/*.ipynb")]

    # As it is, nothing changes.
    assert run(root, set_address).stdout == ""
    assert before == {name: (root / name).read_bytes() for name in names}

    # One value changes, and all that lags behind is found.
    configure(root, old, NEW)
    configure(root, "branch: main", "branch: trunk")
    lagging = {fault.split(":")[0] for fault in strays(root, names)}
    assert lagging == {
        "CITATION.cff",
        "README.md",
        "coursework/guide.md",
        "pyproject.toml",
    }
    assert "link it, in Markdown, to" in run(root, *lint).stdout

    # All of it is brought in line, and nothing else.
    assert run(root, set_address).returncode == 0
    assert strays(root, names) == []
    assert run(root, *lint).stdout == ""
    name = old.removeprefix("https://github.com/").encode()
    assert [path for path in names if name in (root / path).read_bytes()] == []

    # And back.
    configure(root, NEW, old)
    configure(root, "branch: trunk", "branch: main")
    assert run(root, set_address).returncode == 0
    assert before == {path: (root / path).read_bytes() for path in names}


def test_a_longer_name_is_not_taken_for_ours():
    text = "https://github.com/ada/losses-2 https://github.com/ada/losses.js"
    assert rename(text, "ada/losses", "grace/losses", "main") == text


def test_an_address_of_another_form_is_refused(copy):
    root, _ = copy
    configure(root, "https://github.com/", "https://example.org/")
    assert run(root, root / "tools" / "set_address.py").returncode != 0
