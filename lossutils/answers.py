"""Says in words what is wrong with a number that a student computed."""

import numpy as np


def check(what, actual, expected, hint="", rtol=1e-4, atol=1e-6):
    """Prints that an answer is right, or says in words how it is wrong.

    Args:
        what: a few words that name the answer.
        actual: the student's number or array.
        expected: what it should be.
        hint: a sentence to add where the answer is wrong.
        rtol: the difference allowed, relative to `expected`.
        atol: the difference allowed on top of that.

    Raises:
        AssertionError: the answer is wrong.

    >>> check("the sum of two and three", 2 + 3, 5)
    right: the sum of two and three
    >>> check("the sum", 6, 5, hint="Add.")
    Traceback (most recent call last):
    AssertionError: the sum: it is 6, and should be 5. Add.
    """
    if found := complaint(actual, expected, rtol, atol):
        raise AssertionError(f"{what}: {found} {hint}".rstrip())
    print(f"right: {what}")


def complaint(actual, expected, rtol=1e-4, atol=1e-6):
    """Returns a sentence on how an answer is wrong, or "" if it is right.

    Args:
        actual: what was computed.
        expected: what it should be: a number, or an array of numbers.
        rtol: the difference allowed, relative to `expected`.
        atol: the difference allowed on top of that.

    >>> complaint(-2.0, 2.0)
    'the sign is wrong: it is -2, and should be 2.'
    >>> complaint(None, 2.0)
    'it is None: does the function end with `return`?'
    """
    if actual is None:
        return "it is None: does the function end with `return`?"
    expected = np.asarray(expected, np.float64)
    try:
        if np.iscomplexobj(array := np.asarray(actual)):
            raise TypeError("complex")
        array = array.astype(np.float64)
    except (TypeError, ValueError):
        return f"it is no number, and no array of numbers: {actual!r:.60}."
    if array.shape != expected.shape:
        return f"its shape is {array.shape}, and should be {expected.shape}."
    if _agree(array, expected, rtol, atol):
        return ""
    return f"{_kind(array, expected, rtol, atol)}{_both(array, expected)}"


def _agree(actual, expected, rtol, atol):
    """Tells whether arrays of one shape hold the same numbers, NaN included."""
    return np.allclose(actual, expected, rtol, atol, equal_nan=True)


def _kind(actual, expected, rtol, atol):
    """Returns the sort of a fault, where it has a name."""
    if np.any(np.isnan(actual) & ~np.isnan(expected)):
        return "there is a NaN: "
    if np.any(np.isinf(actual) & ~np.isinf(expected)):
        return "there is an infinite number: "
    if _agree(-actual, expected, rtol, atol):
        return "the sign is wrong: "
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.nanmedian(actual / expected)
    if actual.size > 1 and np.isfinite(factor) and factor:
        if _agree(actual / factor, expected, rtol, atol):
            return f"all is {factor:.4g} times what it should be: "
    return ""


def _both(actual, expected):
    """Returns the two numbers where they differ most."""
    with np.errstate(invalid="ignore"):
        gap = np.nan_to_num(np.abs(actual - expected), nan=np.inf)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    place = np.unravel_index(np.argmax(np.where(same, 0, gap)), gap.shape)
    at = f"at [{', '.join(map(str, place))}] " if place else ""
    return (
        f"{at}it is {actual[place]:.6g}, and should be {expected[place]:.6g}."
    )
