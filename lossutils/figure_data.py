"""The numbers behind a picture, saved beside it in a notebook.

Nobody can tell from two pictures whether a curve moved by a thousandth. So
that tests can, each Matplotlib figure shown in a notebook also carries its
titles, its labels and a digest of what is drawn in it.
"""

import sys

import numpy as np

MIME_TYPE = "application/vnd.figdata+json"

# An array is told by its mean and at most so many of its values.
_SAMPLES = 9

# Tick labels are kept where the author chose them: by these formatters.
_CHOSEN_TICKS = {"FixedFormatter", "FuncFormatter", "StrCategoryFormatter"}


def register():
    """Adds the data to every figure that IPython shows from now on.

    Does nothing where there is no IPython.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if shell:
        # By name, for Matplotlib may not have been imported yet.
        formatter = shell.display_formatter.mimebundle_formatter
        formatter.for_type_by_name("matplotlib.figure", "Figure", _bundle)


def _bundle(figure):
    """Returns what IPython adds; an empty figure has no picture either."""
    return {MIME_TYPE: describe(figure)} if figure.axes else {}


def describe(figure):
    """Returns the words and a digest of the numbers in a figure.

    Only what the author decides is kept, so that two versions of Matplotlib
    say the same: no colours, no ticks or limits that were found for us.

    Args:
        figure: A Matplotlib figure.

    Returns:
        A dictionary that JSON can hold.

    Raises:
        TypeError: If something is drawn whose data cannot be read.
    """
    axes = [*figure.axes]
    axes += [inset for one in figure.axes for inset in one.child_axes]
    shades = [it for one in axes for it in [*one.collections, *one.images]]
    bars = [shade.colorbar.ax for shade in shades if shade.colorbar]
    return _filled(
        texts=[text.get_text() for text in figure.texts],
        legends=[_legend(legend) for legend in figure.legends],
        axes=[
            # A colour bar draws nothing of its own.
            _words(one) if one in bars else _words(one) | _drawn(one)
            for one in axes
        ],
    )


def _filled(**entries):
    """Leaves out what is empty, to keep notebooks small."""
    return {name: entry for name, entry in entries.items() if entry}


def _words(axes):
    titles = [axes.get_title(loc=side) for side in ("left", "center", "right")]
    return _filled(
        title=" ".join(filter(None, titles)),
        xlabel=axes.get_xlabel(),
        ylabel=axes.get_ylabel(),
        legend=_legend(axes.get_legend()),
        texts=[text.get_text() for text in axes.texts],
    )


def _legend(legend):
    if legend is None:
        return []
    texts = [legend.get_title(), *legend.get_texts()]
    return [text.get_text() for text in texts if text.get_text()]


def _drawn(axes):
    drawn = [
        _digest(_name(artist), _read(artist))
        for artist in [*axes.lines, *axes.collections, *axes.images]
    ]
    # Bars, boxes and texts come in crowds: one digest tells of them all.
    for crowd in ([*axes.patches, *axes.tables, *axes.artists], axes.texts):
        if crowd:
            drawn.append(_digest(_name(crowd[0]), _joined(crowd)))
    return _filled(
        x=_axis(axes.xaxis, axes.get_autoscalex_on()),
        y=_axis(axes.yaxis, axes.get_autoscaley_on()),
        drawn=drawn,
    )


def _axis(axis, is_automatic):
    """Returns what was chosen for an axis: its scale, limits and ticks."""
    scale, limits, ticks = axis.get_scale(), [], []
    if not is_automatic:
        limits = [_rounded(limit) for limit in axis.get_view_interval()]
    if _name(axis.get_major_formatter()) in _CHOSEN_TICKS:
        ticks = [tick.get_text() for tick in axis.get_majorticklabels()]
    return _filled(
        scale=scale if scale != "linear" else "", limits=limits, ticks=ticks
    )


def _digest(kind, arrays):
    """Returns a short account of arrays: how many values, mean, samples."""
    digest = {"kind": kind, "n": 0}
    for name, values in arrays.items():
        values = np.ma.asarray(values, dtype=float).filled(np.nan).ravel()
        # Only what can be drawn counts, so that a NaN shows.
        drawn = values[np.isfinite(values)]
        digest["n"] += drawn.size
        if drawn.size:
            picked = np.linspace(0, values.size - 1, _SAMPLES).round()
            samples = values[np.unique(picked.astype(int))]
            digest[name] = [_rounded(it) for it in [drawn.mean(), *samples]]
    return digest


def _rounded(value):
    """Keeps seven digits. JSON knows no NaN and no infinity: words do."""
    return float(f"{value:.6e}") if np.isfinite(value) else str(float(value))


def _joined(artists):
    """Reads artists of a crowd into one array for each name."""
    readings = [_read(artist) for artist in artists]
    return {
        name: np.concatenate([np.ravel(reading[name]) for reading in readings])
        for name in readings[0]
    }


def _name(thing):
    return type(thing).__name__


def _read(artist):
    """Returns the arrays that an artist draws, by name."""
    if _name(artist) not in _READERS:
        raise TypeError(
            f"the data of a {_name(artist)} cannot be read: draw it otherwise,"
            " or add a reader to lossutils.figure_data"
        )
    return _READERS[_name(artist)](artist)


def _read_line(line):
    return _points(line.get_xydata())


def _read_endless_line(line):
    start, end = line.get_xy1(), line.get_xy2()
    return _points([start, end or (np.nan, line.get_slope())])


def _read_scatter(scatter):
    colours = scatter.get_array()
    return _points(scatter.get_offsets()) | {
        "size": scatter.get_sizes(),
        "value": [] if colours is None else colours,
    }


def _read_arrows(arrows):
    return _points(arrows.get_offsets()) | {"u": arrows.U, "v": arrows.V}


def _read_paths(collection):
    paths = [path.vertices for path in collection.get_paths()]
    return _points(np.concatenate([np.empty((0, 2)), *paths]))


def _read_mesh(mesh):
    corners = mesh.get_coordinates().reshape(-1, 2)
    return _points(corners) | {"value": mesh.get_array()}


def _read_image(image):
    return {"extent": image.get_extent(), "value": image.get_array()}


def _read_contours(contours):
    """Measures the lines of every level.

    A level that passes exactly through a point of the grid has more or fewer
    corners after the slightest drift; its length and its centre stay.
    """
    if contours.labelTexts:
        raise TypeError(
            "clabel cuts contours by the width of its letters, which differs"
            " between versions of Matplotlib: use a colour bar"
        )
    lengths, centres = zip(*map(_measure, contours.get_paths()), strict=True)
    arrays = {"level": contours.levels, "length": lengths}
    return arrays | _points(centres)


def _measure(path):
    """Returns the length of a path and the centre of its mass."""
    steps = np.diff(path.vertices, axis=0)
    middles = path.vertices[:-1] + steps / 2
    lengths = np.hypot(*steps.T)
    if path.codes is not None:
        lengths[path.codes[1:] == path.MOVETO] = 0.0
    whole = lengths.sum()
    return whole, lengths @ middles / whole if whole else (np.nan, np.nan)


def _read_patch(patch):
    transform = patch.get_patch_transform()
    return _points(transform.transform(patch.get_path().vertices))


def _read_box(rectangle):
    """Two corners tell a rectangle; four would tell its base twice."""
    corners = _read_patch(rectangle)
    return {name: values[[0, 2]] for name, values in corners.items()}


def _read_text(text):
    x, y = text.xy if hasattr(text, "xy") else text.get_position()
    return _points([[text.convert_xunits(x), text.convert_yunits(y)]])


def _points(pairs):
    x, y = np.ma.asarray(pairs, dtype=float).reshape(-1, 2).T
    return {"x": x, "y": y}


_READERS = {
    "Annotation": _read_text,
    "AxesImage": _read_image,
    "AxLine": _read_endless_line,
    "Circle": _read_patch,
    "Ellipse": _read_patch,
    "FancyArrow": _read_patch,
    "FancyBboxPatch": _read_patch,
    "FillBetweenPolyCollection": _read_paths,
    "Line2D": _read_line,
    "LineCollection": _read_paths,
    "PathCollection": _read_scatter,
    "PathPatch": _read_patch,
    "PolyCollection": _read_paths,
    "Polygon": _read_patch,
    "QuadContourSet": _read_contours,
    "QuadMesh": _read_mesh,
    "Quiver": _read_arrows,
    "Rectangle": _read_box,
    "StepPatch": _read_patch,
    "Text": _read_text,
    "TriContourSet": _read_contours,
    "Wedge": _read_patch,
}
