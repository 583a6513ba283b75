"""Writes tables and a plot of the results: report.py [FOLDER]."""

import pathlib
import sys

import matplotlib.pyplot as plt
import numpy as np
from cells import ALL_SIZES, FLOOR, IN_TORCH, LOSSES, SIZES, Cell, read

from lossutils import plots

NAMES = {
    "lossutils": "lossutils",
    "addons": "TensorFlow Addons",
    "peer": "PyTorch",
    "floor": "floor",
}
UNITS = {"milliseconds": "time", "mebibytes": "memory"}
GLANCE = 512
AGREE = 1e-3

# Below this many mebibytes the gauge shows pages, not tensors.
SMALLEST = 1.0


def other_of(who, cell):
    """Returns the cell to compare one of lossutils with."""
    name = FLOOR if who == "floor" else cell.loss
    few = cell.few and who != "floor"
    return Cell(who, name, cell.n, few)


def amount(results, cell, unit):
    """Returns a measured number, or None."""
    number = results.get(cell, {}).get(unit)
    if number is not None and unit == "mebibytes":
        number = max(number, SMALLEST)
    return number


def ratio(results, cell, other, unit):
    """Returns how much a cell takes, in units of another, as text."""
    ours, theirs = (amount(results, each, unit) for each in (cell, other))
    if ours and theirs:
        return (
            f"{ours / theirs:.2g}"
            if ours < 9.5 * theirs
            else (f"{ours / theirs:.0f}")
        )
    failed = results.get(other, {}).get("status", "")
    return "" if failed == "measured" else failed


def ratios(results, cell):
    """Returns the cells of a table's row: time and memory, beside each."""
    loss = LOSSES[cell.loss]
    row = []
    for unit in UNITS:
        for who, has in (
            ("addons", loss.addons),
            ("peer", loss.peer),
            ("floor", loss.of_pairs),
        ):
            text = ""
            if has:
                text = ratio(results, cell, other_of(who, cell), unit)
            if text and who == "peer" and loss.differs:
                text += " *"
            row.append(text)
    return row


def table(head, rows):
    """Returns the lines of a Markdown table."""
    rule = ["---"] + ["--:"] * (len(head) - 1)
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return ["| " + " | ".join(head) + " |", f"|{'|'.join(rule)}|", *lines, ""]


def head(first):
    """Returns the head of a table of ratios."""
    return [
        *first,
        *(
            f"{unit} / {who}"
            for unit in UNITS.values()
            for who in ("TFA", "PyTorch", "floor")
        ),
    ]


def agreement(results):
    """Returns sentences on whether the same values were computed."""
    worst, strangers = 0.0, []
    for cell, result in results.items():
        loss = LOSSES[cell.loss]
        who, _, _ = cell.implementation.partition(" ")
        ours = results.get(Cell("lossutils", cell.loss, cell.n, cell.few))
        if who not in ("addons", "peer") or (who == "peer" and loss.differs):
            continue
        if not ours or {ours["status"], result["status"]} != {"measured"}:
            continue
        error = max(
            abs(result[key] - ours[key]) / max(abs(ours[key]), 1e-12)
            for key in ("value", "slope")
        )
        worst = max(worst, error)
        if error > AGREE:
            strangers.append(f"{cell} by {error:.1e}")
    lines = [
        "The loss and the norm of its gradient are those of the others to "
        f"within {worst:.0e} of their size, but where a star says otherwise."
    ]
    if strangers:
        lines.append("**Unexplained differences:** " + "; ".join(strangers))
    notes = [
        f"for `{name}` PyTorch ({loss.peer}) {loss.differs}"
        for name, loss in LOSSES.items()
        if loss.differs
    ]
    return [*lines, "", "\\* " + "; ".join(notes) + ".", ""]


def curve(results, name, who, unit):
    """Returns the batch sizes measured, and the amounts at them."""
    cells = [other_of(who, Cell("lossutils", name, n)) for n in SIZES]
    amounts = {cell.n: amount(results, cell, unit) for cell in cells}
    amounts = {n: number for n, number in amounts.items() if number}
    return list(amounts), list(amounts.values())


def power(sizes, amounts):
    """Returns the power of n that fits the three largest sizes."""
    return np.polyfit(np.log(sizes[-3:]), np.log(amounts[-3:]), 1)[0]


def draw(results, file):
    """Draws time and memory by batch, and returns a text in its place."""
    plots.use_style()
    plt.rcParams["svg.hashsalt"] = "scaling"  # the same file each time
    figure, axes = plt.subplots(2, 2, figsize=(9, 7.5), sharex=True)
    told = []
    rows = {"triplet_semihard": "semi-hard", "lifted_struct": "lifted"}
    for (name, title), row in zip(rows.items(), axes, strict=True):
        for (unit, what), panel in zip(UNITS.items(), row, strict=True):
            told.append(f"{title}, {what}:")
            looks = zip(plots.COLOURS, plots.LINES, NAMES.items(), strict=False)
            for colour, line, (who, label) in looks:
                sizes, numbers = curve(results, name, who, unit)
                if len(sizes) < 2:
                    continue
                growth = f"{label}, n^{power(sizes, numbers):.1f}"
                panel.loglog(
                    sizes, numbers, "o", c=colour, ls=line, label=growth
                )
                told.append(
                    f"{growth}, {float(f'{numbers[-1]:.3g}'):g} {unit} at "
                    f"{sizes[-1]};"
                )
            panel.set(title=f"{title}: {what}", ylabel=unit, xticks=SIZES)
            panel.set_xticklabels(SIZES)
            panel.minorticks_off()
            if panel.lines:
                panel.legend(fontsize=9)
    for panel in axes[1]:
        panel.set_xlabel("batch")
    figure.savefig(file, metadata={"Date": None})
    text = " ".join(["Lines by batch, both axes logarithmic.", *told])
    return text.rstrip(";:") + "."


def conditions(results):
    """Returns a sentence on what the results were measured with."""
    abouts = {}
    for cell, result in results.items():
        abouts[cell.implementation in IN_TORCH] = dict(result["about"])
    cpus = {about.pop("cpus") for about in abouts.values()}
    lists = [
        ", ".join(f"{name} {version}" for name, version in about.items())
        for _, about in sorted(abouts.items())
    ]
    return f"One thread, of {min(cpus)} CPUs; {'; '.join(lists)}."


def summary(results, picture_text):
    """Returns the lines of the page's tables: ratios, ours to theirs."""
    at_a_glance, growing, compiled = [], [], []
    for name in LOSSES:
        cell = Cell("lossutils", name, GLANCE)
        if cell in results:
            at_a_glance.append([f"`{name}`", *ratios(results, cell)])
        xla = Cell("lossutils XLA", name, GLANCE)
        if xla in results:
            theirs = Cell("addons XLA", name, GLANCE)
            compiled.append(
                [f"`{name}`"]
                + [
                    ratio(results, xla, other, "milliseconds")
                    for other in (theirs, cell)
                ]
            )
        for few in (False, True) if name in ALL_SIZES else ():
            for n in SIZES:
                cell = Cell("lossutils", name, n, few)
                if cell in results:
                    label = f"`{name}`" + ", 10 classes" * few
                    growing.append([label, n, *ratios(results, cell)])
    return [
        "<!-- Written by benchmarks/report.py. -->",
        "Time and memory of lossutils, divided by those of the other: below "
        "1, lossutils takes less. TFA is TensorFlow Addons; PyTorch is "
        "pytorch-metric-learning and, for `sigmoid_focal`, `giou`, `diou` and "
        "`ciou`, torchvision; the floor is the bare product of all pairs. "
        + conditions(results),
        "",
        f"**A batch of {GLANCE}**",
        "",
        *table(head(["loss"]), at_a_glance),
        *agreement(results),
        "**As the batch grows**",
        "",
        *table(head(["loss", "batch"]), growing),
        f"![{picture_text}](scaling.svg)",
        "",
        f"**Compiled by XLA**, time at a batch of {GLANCE}",
        "",
        *table(["loss", "XLA / TFA's XLA", "XLA / lossutils"], compiled),
    ]


def every_cell(results):
    """Returns the lines of the table of all that was measured."""
    names = list(LOSSES)
    order = sorted(
        results, key=lambda c: (names.index(c.loss), c.few, c.n, str(c))
    )
    keys = ("milliseconds", "mebibytes", "repetitions", "value", "slope")
    rows = []
    for cell in order:
        result = results[cell]
        numbers = [
            f"{result[key]:.4g}" if key in result else "" for key in keys
        ]
        if result["status"] != "measured":
            numbers[0] = result["status"]
        rows.append(
            [f"`{cell.loss}`", cell.n, cell.classes, cell.implementation]
            + numbers
        )
    columns = ["loss", "batch", "classes", "library", "ms", "MiB"]
    columns += ["repetitions", "loss", "gradient's norm"]
    return table(columns, rows)


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(*sys.argv[1:]) if sys.argv[1:] else here / "results"
    found = read(folder / "cells.jsonl")
    text = draw(found, folder / "scaling.svg")
    (folder / "summary.md").write_text("\n".join(summary(found, text)))
    (folder / "cells.md").write_text("\n".join(every_cell(found)))
