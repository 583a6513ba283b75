"""What the cheat sheet says of each loss, computed."""

import ast
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import yaml
from cheat_sheet.latex import value
from cheat_sheet.minimisers import CHECKS
from cheat_sheet.worlds import WORLDS, constant
from losses.cases import CASES

SHEET = Path(__file__).parents[2] / "book" / "cheat_sheet.yml"
ROWS = [
    (family["family"], row)
    for family in yaml.safe_load(SHEET.read_text(encoding="utf-8"))
    for row in family["rows"]
]
# What the formulas call the hyperparameters.
LETTERS = dict(
    margin="m",
    margin_1="m_1",
    margin_2="m_2",
    power="p",
    smooth="s",
    scale="s",
    temperature="T",
    base="lambda",
    semantic_scale="lambda",
    gamma_negative="gamma",
    min_variance="epsilon",
)
# Numbers of this size count as no end.
FAR = 10


def each_row(test):
    ids = [row["loss"] for _, row in ROWS]
    return pytest.mark.parametrize("family, row", ROWS, ids=ids)(test)


def settings(*calls):
    """Returns the keyword arguments of calls that the sheet shows."""
    return {
        keyword.arg: ast.literal_eval(keyword.value)
        for call in calls
        for keyword in ast.parse(call, mode="eval").body.keywords
    }


def build(call, module, hyper):
    """Returns the loss of a call, with some of its settings changed."""
    call_tree = ast.parse(call, mode="eval").body
    arguments = [ast.literal_eval(item) for item in call_tree.args]
    made = getattr(module, call_tree.func.id)
    return made(*arguments, **{**settings(call), **hyper})


def calls(family, row):
    """Returns `(call, module)` for each call that the row shows."""
    modules = dict(
        keras=tf.keras.losses, lossutils=import_module(f"lossutils.{family}")
    )
    found = [(row[name], modules[name]) for name in modules if name in row]
    assert found, "the row shows no call"
    return found


def shrunk(hyper):
    """Returns settings 0.8 times as large, where they are numbers."""
    return {
        name: 0.8 * number if type(number) is float else number
        for name, number in hyper.items()
    }


def values_of(loss, labels, predictions):
    return np.asarray(loss.call(labels, predictions), float)


def letters(world, variables, hyper):
    """Returns what every letter of a row's formulas is worth."""
    named = {LETTERS.get(name, name): item for name, item in hyper.items()}
    return {**named, **variables, **world.letters(variables, hyper)}


def test_every_loss_has_a_row_and_every_row_a_world():
    assert {row["loss"] for _, row in ROWS} == set(WORLDS) == set(CHECKS)
    assert {c.loss_class.__name__ for c in CASES} <= {
        row["lossutils"].partition("(")[0]
        for _, row in ROWS
        if "lossutils" in row
    }


@each_row
def test_formula_and_gradient_are_those_of_the_calls(family, row):
    world, random = WORLDS[row["loss"]], np.random.RandomState(0)
    found = calls(family, row)
    for call, module in found:
        shown = settings(call)
        for hyper in [shown, shrunk(shown)]:
            loss = build(call, module, {**world.hyper, **hyper})
            for _ in range(5):
                known = {**settings(*(call for call, _ in found)), **hyper}
                agree(row, world, loss, world.draw(random), known)


def agree(row, world, loss, variables, hyper):
    """Asserts that a loss and its row agree at one point."""
    tensors = {name: constant(item) for name, item in variables.items()}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(tensors)
        values = loss.call(*world.batch(tensors))
        picked = world.pick(tf.unstack(values))
        actual = tf.reduce_mean(picked)
    known = letters(world, variables, hyper)
    known["L"] = value(row["formula"], known)
    np.testing.assert_allclose(actual, known["L"], 2e-5, 2e-6)
    for letter, formula in row["gradient"].items():
        name = letter.replace(r"\hat y", "h").replace("\\", "")
        slope = tape.gradient(actual, tensors[name])
        slope = np.ravel(0.0 if slope is None else slope)[0]
        expected = value(formula, known)
        np.testing.assert_allclose(slope, expected, 2e-4, 2e-5)


@each_row
def test_range_is_kept_and_reached(family, row):
    world, random = WORLDS[row["loss"]], np.random.RandomState(1)
    found = calls(family, row)
    shown = [call for call, _ in found]
    for call, module in found:
        hyper = settings(call)
        known = letters(world, world.draw(random), settings(*shown))
        low, high = (value(end, known) for end in row["range"][1:-1].split(","))
        loss = build(call, module, {**hyper, **world.hyper})
        for _ in range(10):
            tensors = {k: constant(v) for k, v in world.draw(random).items()}
            picked = world.pick(values_of(loss, *world.batch(tensors)))
            assert low - 1e-5 <= picked <= high + 1e-5
        for end, given in [(low, world.low), (high, world.high)]:
            labels, predictions, more = given
            loss = build(call, module, {**hyper, **more})
            batch = constant(labels), constant(predictions)
            reached = values_of(loss, *batch).mean()
            if np.isinf(end):
                assert reached * np.sign(end) > FAR
            else:
                assert abs(reached - end) < 1e-2
                assert low - 1e-5 <= reached <= high + 1e-5


@each_row
def test_minimiser_is_as_told(family, row):
    ((told, check),) = CHECKS[row["loss"]].items()
    assert row["minimiser"] == told
    for call, module in calls(family, row):

        def mean(labels, predictions, call=call, module=module, **hyper):
            loss = build(call, module, hyper)
            return tf.reduce_mean(
                loss.call(constant(labels), constant(predictions))
            )

        check(mean)


def test_no_name_leads_to_two_places():
    names = [name.lower() for _, row in ROWS for name in row["names"]]
    assert len(set(names)) == len(names)
