"""The traced formulas: computed in Python, or written as JavaScript.

A formula is a list of steps, `[name, operation, argument, ...]`, each of
which computes one number from numbers and from earlier names. `tracing` makes
them from TensorFlow's graphs and stores them in `formulas.json`.
"""

import functools
import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np

STORED = Path(__file__).with_name("formulas.json")

# Each operation in JavaScript, whose brackets are added, and in NumPy.
OPERATIONS = {
    "Abs": ("Math.abs({})", np.abs),
    "Add": ("{}+{}", np.add),
    "And": ("{}&&{}", np.logical_and),
    "Atan": ("Math.atan({})", np.arctan),
    "Div": ("{}/{}", np.divide),
    "Equal": ("{}==={}", np.equal),
    "Exp": ("Math.exp({})", np.exp),
    "Expm1": ("Math.expm1({})", np.expm1),
    "IsFinite": ("Number.isFinite({})", np.isfinite),
    "Less": ("{}<{}", np.less),
    "LessEqual": ("{}<={}", np.less_equal),
    "Log": ("Math.log({})", np.log),
    "Log1p": ("Math.log1p({})", np.log1p),
    "Maximum": ("Math.max({},{})", np.maximum),
    "Minimum": ("Math.min({},{})", np.minimum),
    "Mul": ("{}*{}", np.multiply),
    "Neg": ("-{}", np.negative),
    "Pow": ("{}**{}", np.power),
    "Select": ("{}?{}:{}", np.where),
    "Sign": ("Math.sign({})", np.sign),
    "Sqrt": ("Math.sqrt({})", np.sqrt),
    "Sub": ("{}-{}", np.subtract),
}


@functools.cache
def stored():
    """Returns the formulas by name, as `tracing` stored them."""
    return json.loads(STORED.read_text(encoding="utf-8"))


def find(name):
    """Returns one formula.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in stored():
        raise ValueError(
            f"no loss called {name!r} was traced; there are "
            f"{', '.join(stored())}"
        )
    return stored()[name]


def evaluate(formula, arguments):
    """Computes a formula, in double precision.

    Args:
        formula: `{"arguments": names, "steps": ..., "results": ...}`.
        arguments: a number or an array for each name.

    Returns:
        An array of results: the loss, then its derivatives.

    >>> formula = {"steps": [["a", "Mul", "x", "x"]], "results": ["a", 1.0]}
    >>> evaluate(formula, {"x": np.array([2.0, 3.0])}).tolist()
    [[4.0, 9.0], [1.0, 1.0]]
    """
    values = {name: np.asarray(x, float) for name, x in arguments.items()}

    def value(term):
        return values[term] if isinstance(term, str) else term

    # A branch that is not taken may divide by 0.
    with np.errstate(all="ignore"):
        for name, operation, *terms in formula["steps"]:
            values[name] = OPERATIONS[operation][1](*map(value, terms))
    return np.array(np.broadcast_arrays(*map(value, formula["results"])))


def javascript(formula):
    """Writes a formula as a function that returns an array.

    What is used once stands where it is used.

    >>> formula = {"arguments": ["x"], "results": ["b", "a"]}
    >>> formula["steps"] = [["a", "Mul", "x", "x"], ["b", "Neg", "a"]]
    >>> javascript(formula)
    '(x)=>{const a=x*x;return[-a,a]}'
    """
    steps, results = formula["steps"], formula["results"]
    uses = Counter(results)
    for _, _, *terms in steps:
        uses.update(term for term in terms if isinstance(term, str))
    texts, lines = {}, []
    for name, operation, *terms in steps:
        template = OPERATIONS[operation][0]
        inner = [_written(term, texts) for term in terms]
        if template.endswith(")"):  # a function, whose brackets are enough
            line = bracketed = template.format(*map(_bare, inner))
        else:
            line = template.format(*inner)
            bracketed = f"({line})"
        if uses[name] > 1:
            lines.append(f"{name}={line}")
        else:
            texts[name] = bracketed
    body = f"const {','.join(lines)};" if lines else ""
    values = ",".join(_bare(_written(term, texts)) for term in results)
    return f"({','.join(formula['arguments'])})=>{{{body}return[{values}]}}"


def _written(term, texts):
    """Returns a term as an operand: a name, a number, or in brackets."""
    if isinstance(term, str):
        return texts.get(term, term)
    # as JSON, so that true is true; without the .0 of a whole number
    number = json.dumps(term).removesuffix(".0")
    return f"({number})" if term < 0 else number


def _bare(text):
    """Returns an expression without the brackets around the whole of it.

    >>> _bare("(a+b)"), _bare("(a+b)*(c+d)")
    ('a+b', '(a+b)*(c+d)')
    """
    depths = itertools.accumulate({"(": 1, ")": -1}.get(s, 0) for s in text)
    around = text.startswith("(") and list(depths).index(0) == len(text) - 1
    return text[1:-1] if around else text
