"""Writes the setup cell into every notebook, its first code cell.

    python tools/set_setup.py

Its text is in `tests/notebook_lint.py`; nothing else in a notebook changes. Of
an assignment it changes the source: `make release` derives the rest.
"""

import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent


def main():
    """Writes it where it differs, and prints which files it changed."""
    sys.path.insert(0, str(ROOT / "tests"))
    import notebook_lint

    for path in notebook_lint.notebooks() + notebook_lint.assignments():
        notebook = nbformat.read(path, as_version=4)
        _, cell = notebook_lint.numbered(notebook, ["code"])[0]
        source = notebook_lint.with_setup(cell.source, path)
        if cell.source != source:
            cell.source = source
            text = nbformat.writes(notebook) + "\n"
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.relative_to(ROOT)}: brought in line")


if __name__ == "__main__":
    main()
