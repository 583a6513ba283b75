"""Lets readers run code of "By hand" in the page, changed as they like.

MicroPython runs it, loaded at the first click. It has neither NumPy nor
TensorFlow, so a cell gets a button if it, and all that it needs of the cells
above, is plain Python with `math` and `lossutils.reference`. Which these are
is read from the code; there is no list to keep.
"""

import ast
import builtins
import copy
import re
import shutil
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

BOOK = Path(__file__).parents[2]
MICROPYTHON = (
    BOOK / "_ext/node_modules/@micropython/micropython-webassembly-pyscript"
)
FILES = [
    *sorted((BOOK / "_run_here").iterdir()),
    MICROPYTHON / "micropython.mjs",
    MICROPYTHON / "micropython.wasm",
    BOOK.parent / "lossutils/reference.py",
]
FOLDER = "_run_here"
IMPORT = (ast.Import, ast.ImportFrom)
IMPORTS = {"import math", "from lossutils import reference"}
SCOPES = (
    ast.ClassDef,
    ast.DictComp,
    ast.FunctionDef,
    ast.GeneratorExp,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
)
HEAD = '<link rel="stylesheet" href="{}"><script defer src="{}"></script>'


# What code needs and does. Names are those of the notebook: what a function
# or a comprehension keeps to itself is none of them.


def reads(node):
    """Returns the names that code reads.

    >>> sorted(reads(ast.parse("[f(x, a) for x in xs]")))
    ['a', 'f', 'xs']
    """
    found = set().union(*map(reads, ast.iter_child_nodes(node)))
    if isinstance(node, SCOPES):
        for part in ast.walk(node):
            if isinstance(part, ast.arg):
                found.discard(part.arg)
            elif isinstance(part, ast.Name) and is_stored(part):
                found.discard(part.id)
    elif isinstance(node, ast.Name) and not is_stored(node):
        found.add(node.id)
    return found


def is_stored(node):
    """Tells whether code gives a value to what a node names."""
    return isinstance(getattr(node, "ctx", None), ast.Store)


def holder(node):
    """Returns, in a set, the name that dots and brackets follow."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def changes(node):
    """Returns the names whose values code may change.

    >>> code = "for x in xs: total += x; found.append(x); squares[x] = x**2"
    >>> sorted(changes(ast.parse(code)))
    ['found', 'squares', 'total', 'x']
    """
    if isinstance(node, SCOPES):
        return {node.name} if hasattr(node, "name") else set()
    if isinstance(node, ast.alias):
        return {node.asname or node.name}
    found = set().union(*map(changes, ast.iter_child_nodes(node)))
    match node:
        case ast.Expr(ast.Call(ast.Attribute() as method)):
            found |= holder(method)
        case _ if is_stored(node):
            found |= holder(node)
    return found


def binds(node):
    """Returns the names to which a statement surely gives new values.

    >>> sorted(binds(ast.parse("a, b = c[0], d = 1, 2").body[0]))
    ['a', 'b', 'd']
    """
    if isinstance(node, SCOPES + IMPORT):
        return changes(node)
    targets = node.targets if isinstance(node, ast.Assign) else []
    parts = [part for target in targets for part in ast.walk(target)]
    return {p.id for p in parts if isinstance(p, ast.Name) and is_stored(p)}


def needs(node):
    """Returns the names that must have values before a statement.

    >>> code = "for x in xs: y = x + a; print(y)"
    >>> sorted(needs(ast.parse(code).body[0]) - set(dir(builtins)))
    ['a', 'xs']
    """
    if isinstance(node, ast.For):
        inner = wanted(node.body + node.orelse) - changes(node.target)
        return reads(node.iter) | inner
    if isinstance(node, (ast.If, ast.While)):
        return reads(node.test) | wanted(node.body) | wanted(node.orelse)
    if isinstance(node, ast.AugAssign):
        return reads(node) | changes(node)
    return reads(node)


def wanted(statements):
    """Returns the names that must have values before statements."""
    found = set()
    for node in reversed(statements):
        found = found - binds(node) | needs(node)
    return found


# From the cells to the programs.


def statements(code):
    """Returns `(node, text)` for each statement; names are imported singly.

    >>> [text for _, text in statements("from a import b, c; d()")]
    ['from a import b', 'from a import c', 'd()']

    Args:
        code: a cell; if it is not Python, it has no statements.
    """
    try:
        body = ast.parse(code).body
    except SyntaxError:
        return []
    found = []
    for node in body:
        if isinstance(node, IMPORT):
            for alias in node.names:
                single = copy.copy(node)
                single.names = [alias]
                found.append((single, ast.unparse(single)))
        else:
            found.append((node, ast.get_source_segment(code, node)))
    return found


def layout(parts):
    """Returns statements, each `(node, text)`, with air around functions."""
    air = "\n" * 2
    lines = [
        air + text + air if isinstance(node, SCOPES) else text
        for node, text in parts
    ]
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip("\n")


def preparation(above, code):
    """Returns what a cell needs of the cells above, or None if it cannot run.

    >>> above = ["import math, numpy as np", "x = np.ones(2); y = [1, 2]"]
    >>> print(preparation(above, "print(math.sqrt(sum(y)))"))
    import math
    y = [1, 2]
    >>> preparation(above, "print(x, y)") is None
    True

    Args:
        above: the code of the cells above it, in their order.
        code: that of the cell.
    """
    own = statements(code)
    needed, kept = wanted([node for node, _ in own]), []
    for part in reversed([part for cell in above for part in statements(cell)]):
        if changes(part[0]) & needed:
            needed = needed - binds(part[0]) | needs(part[0])
            kept.insert(0, part)
    imports = {text for node, text in kept + own if isinstance(node, IMPORT)}
    if not own or imports - IMPORTS or needed - set(dir(builtins)):
        return None
    return layout(kept)


def cells_by_hand(document):
    """Yields each code cell of "By hand", and the code of all above it."""
    above, by_hand = [], False
    for node in document.findall(nodes.Element):
        if isinstance(node, nodes.title):
            by_hand = False
        elif isinstance(node, nodes.paragraph):
            first = next((n for n in node.children if n.astext()), None)
            if isinstance(first, nodes.strong):
                by_hand = first.astext() == "By hand"
        elif node.get("nb_element") == "cell_code_source":
            code = node.astext()
            if by_hand:
                yield node.parent, above, code
            above = [*above, code]


class AddPrograms(SphinxPostTransform):
    """Marks the cells that can run; the script turns marks into buttons."""

    default_priority = 500
    formats = ("html",)

    def run(self, **kwargs):
        """Puts into each mark what its cell needs of the cells above."""
        for cell, above, code in list(cells_by_hand(self.document)):
            before = preparation(above, code)
            if before is not None:
                mark = f'<div class="run-here" data-before="{escape(before)}">'
                cell.append(nodes.raw("", mark + "</div>", format="html"))


def add_script(app, page, template, context, doctree):
    """Lets pages with a mark load the script and its style."""
    if 'class="run-here"' in context.get("body", ""):
        files = (f"{FOLDER}/run_here.{kind}" for kind in ("css", "js"))
        places = [context["pathto"](file, resource=True) for file in files]
        context["metatags"] = context.get("metatags", "") + HEAD.format(*places)


def copy_files(app, exception):
    """Copies what the pages load."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir, FOLDER)
    target.mkdir(exist_ok=True)
    for file in FILES:
        shutil.copy(file, target)


def setup(app):
    """Connects what is here to Sphinx; without MicroPython, nothing.

    Args:
        app: the Sphinx application.
    """
    if MICROPYTHON.is_dir():
        app.add_post_transform(AddPrograms)
        app.connect("html-page-context", add_script)
        app.connect("build-finished", copy_files)
