r"""Computes the formulas of the cheat sheet, as the reader sees them.

SymPy reads the LaTeX. What it does not know is spelt out for it before: the
hat, brackets that are 1 or 0, and a product with a bracket, which it would
take for a function.
"""

import math
import re
from functools import cache

import sympy
from sympy.parsing.latex import parse_latex

GREEK = "alpha beta gamma delta epsilon theta lambda rho tau".split()
SYMBOL = rf"(?<![\\a-zA-Z])(?:[a-zA-GI-Z]|\\(?:{'|'.join(GREEK)}))(?:_\w)?"
FUNCTIONS = {"H": lambda x: float(x > 0), "max": max, "min": min}
CONSTANTS = {"e": math.e, "infty": math.inf, "oo": math.inf}


def spell_out(latex):
    r"""Returns LaTeX that SymPy can read.

    >>> spell_out(r"[a > b] \hat y (1 - \alpha_t (c))")
    'H(a - (b)) h \\cdot (1 - \\alpha_t \\cdot (c))'
    """
    latex = latex.replace(r"\hat y", "h")
    latex = re.sub(r"\[([^][]+)> ?([^][]+)\]", r"H(\1- (\2))", latex)
    return re.sub(rf"({SYMBOL}) ?\(", r"\1 \\cdot (", latex)


@cache
def parse(latex):
    """Returns a formula as SymPy's expression."""
    return parse_latex(spell_out(latex))


def value(latex, symbols):
    r"""Computes a formula.

    Args:
        latex: the formula.
        symbols: from the name of each symbol, such as `p_t`, `alpha` or `h`
            for the hat of y, to its value. Where a sum runs over k, each of
            the `x_k` in it is a list, and so is each `x_p` of a sum over p;
            outside a sum `x_k` is the first item.

    >>> value(r"\frac{\alpha}{2} + \sum_{k=1}^{K} x_k", dict(alpha=1, x_k=[2]))
    2.5
    """
    return evaluate(parse(latex), symbols)


def evaluate(expression, symbols):
    """Computes an expression of SymPy; see `value`."""
    if isinstance(expression, sympy.Sum):
        index = str(expression.limits[0][0])
        lists = {
            name: items
            for name, items in symbols.items()
            if name.endswith(f"_{index}") and isinstance(items, list)
        }
        rows = zip(*lists.values(), strict=True)
        return sum(
            evaluate(
                expression.function,
                {**symbols, **dict(zip(lists, row, strict=True))},
            )
            for row in rows
        )
    if isinstance(expression, sympy.Symbol):
        name = str(expression).replace("{", "").replace("}", "")
        found = {**CONSTANTS, **symbols}[name]
        return float(found[0] if isinstance(found, list) else found)
    if not expression.args:
        return float(expression)
    items = [evaluate(item, symbols) for item in expression.args]
    if isinstance(expression, sympy.log):
        return math.log(items[0]) if items[0] else -math.inf
    name = expression.func.__name__
    if name in FUNCTIONS:
        return FUNCTIONS[name](*items)
    return float(expression.func(*items))
