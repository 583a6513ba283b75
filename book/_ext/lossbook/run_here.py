"""Lets readers run code of "By hand" in the page, changed as they like.

MicroPython runs it, loaded at the first click. It has neither NumPy nor
TensorFlow, so a cell gets a button if it, and all that it needs of the cells
above, is plain Python with `math` and `lossutils.reference`. Which these are
is read from the code; there is no list to keep.
"""

import ast
import builtins
import shutil
import symtable
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
IMPORTS = {"import math", "from lossutils import reference"}
HEAD = '<link rel="stylesheet" href="{}"><script defer src="{}"></script>'


# What a statement needs and does. Names are those of the notebook: what a
# function keeps to itself is none of them.


def symbols(table):
    """Yields the symbols of the notebook in a scope and those in it."""
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if top or symbol.is_global():
            yield symbol
    for inner in table.get_children():
        yield from symbols(inner)


def reads(node):
    """Returns the names that code reads, whatever it does before."""
    table = symtable.symtable(ast.unparse(node), "cell", "exec")
    return {s.get_name() for s in symbols(table) if s.is_referenced()}


def binds(node):
    """Returns the names to which a statement surely gives new values.

    >>> sorted(binds(ast.parse("a, b = 1, c").body[0]))
    ['a', 'b']
    """
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else []
    parts = [part for target in targets for part in ast.walk(target)]
    return {
        part.id
        for part in parts
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def changes(node):
    """Returns the names that a statement may change.

    >>> code = "for x in xs: total += x; found.append(x); squares[x] = x**2"
    >>> sorted(changes(ast.parse(code).body[0]))
    ['found', 'squares', 'total', 'x']
    """
    found = binds(node)
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return found
    for part in ast.walk(node):
        called = isinstance(part, ast.Expr) and isinstance(part.value, ast.Call)
        if called:
            part = part.value.func
        stored = isinstance(getattr(part, "ctx", None), ast.Store)
        while isinstance(part, (ast.Attribute, ast.Subscript)):
            part, called = part.value, called or stored
        if isinstance(part, ast.Name) and (stored or called):
            found.add(part.id)
    return found


def needs(node):
    """Returns the names that must have values before a statement.

    >>> code = "for x in xs: y = x + a; print(y)"
    >>> sorted(needs(ast.parse(code).body[0]) - set(dir(builtins)))
    ['a', 'xs']
    """
    if isinstance(node, ast.For):
        own = {part.id for part in ast.walk(node.target) if hasattr(part, "id")}
        return reads(node.iter) | (wanted(node.body + node.orelse) - own)
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
    """Returns the statements of a cell, each name imported by its own.

    >>> [ast.unparse(node) for node in statements("from a import b, c; d()")]
    ['from a import b', 'from a import c', 'd()']

    Args:
        code: the cell; of one that is not Python, none are returned.
    """
    try:
        body = ast.parse(code).body
    except SyntaxError:
        return []
    found = []
    for node in body:
        if isinstance(node, ast.Import):
            found += [ast.Import([alias]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [
                ast.ImportFrom(node.module, [alias], node.level)
                for alias in node.names
            ]
        else:
            found.append(node)
    return found


def layout(nodes):
    """Returns statements as text, functions with air around them."""
    text = ""
    for node in nodes:
        define = isinstance(node, (ast.FunctionDef, ast.ClassDef))
        text += "\n" * define + ast.unparse(node) + "\n" * (1 + define)
    return text.strip("\n")


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
    needed, kept = wanted(own), []
    earlier = [node for cell in above for node in statements(cell)]
    for node in reversed(earlier):
        if changes(node) & needed:
            needed = needed - binds(node) | needs(node)
            kept.insert(0, node)
    imports = {
        ast.unparse(node)
        for node in kept + own
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    if not own or imports - IMPORTS or needed - set(dir(builtins)):
        return None
    return layout(kept)


def cells_by_hand(document):
    """Yields each code cell of "By hand", and the code of all above it."""
    above, by_hand = [], False
    for node in document.findall():
        if isinstance(node, nodes.title):
            by_hand = False
        elif isinstance(node, nodes.paragraph) and node.children:
            if isinstance(node[0], nodes.strong):
                by_hand = node[0].astext() == "By hand"
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
