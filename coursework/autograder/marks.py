"""Compares a student's numbers with those of the model solution."""

import importlib.util
from pathlib import Path
from typing import NamedTuple

import numpy as np

ANSWERS = Path(__file__).parents[2] / "lossutils" / "answers.py"


def load_answers():
    """Imports `lossutils.answers` alone, where there is no TensorFlow."""
    spec = importlib.util.spec_from_file_location("answers", ANSWERS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


answers = load_answers()


class Mark(NamedTuple):
    """The points for a part, and a line on each of its values."""

    points: float
    of: float
    lines: list[str]


def mark(part, expected, outcome, forbidden):
    """Marks a part: its points times the share of values that are right.

    Args:
        part: a `Part`.
        expected: the values of the model solution, by (part, name).
        outcome: the student's `Outcome`.
        forbidden: forbidden words that the answer holds.
    """
    if forbidden:
        words = ", ".join(forbidden)
        line = f"no points: your answer uses {words}, which is yours to write"
        return Mark(0.0, part.points, [line])
    names = [name for owner, name in expected if owner == part.name]
    broken = outcome.values.get((part.name, ""), {}).get("error", "")
    lines, right = [], 0
    for name in names:
        value = outcome.values.get((part.name, name))
        if value is None:
            found = broken or outcome.end or "it came to no value"
        else:
            found = complaint(value, expected[part.name, name])
        right += not found
        lines.append(f"{name}: {found}" if found else f"right: {name}")
    return Mark(round(part.points * right / len(names), 2), part.points, lines)


def complaint(value, expected):
    """Returns what is wrong with a value from the sandbox, or ""."""
    if "error" in value:
        return value["error"] or "an error without words"
    try:
        return answers.complaint(as_array(value), as_array(expected))
    except (KeyError, TypeError, ValueError, OverflowError):
        return "what came back is no array of numbers"


def as_array(value):
    """Returns the array that a value from the sandbox describes, or None."""
    if value["numbers"] is None:
        return None
    return np.array(value["numbers"], np.float64).reshape(value["shape"])
