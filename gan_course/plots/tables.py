"""Tables of numbers as pictures, drawn in a few milliseconds."""

from collections.abc import Iterable
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

DPI = 100
SIGNED = LinearSegmentedColormap.from_list("pale", ["#7FB8DA", "white", "#F0AE80"])
GRAY, LINES = "#767676", "#BBBBBB"
LARGEST_FONT, SMALLEST_FONT, DIGIT_HEIGHT = 15, 7, 0.73  # pixels, pixels, and of a font one high


def number(value: float) -> str:
    """Return a number as it is written in a table: short, with a real minus sign.

    Example:
        >>> from gan_course.plots import number
        >>> number(-1.0), number(1 / 3)
        ('−1', '0.333')
    """
    return (f"{value + 0.0:.3g}" if abs(value) < 1000 else f"{value:.0f}").replace("-", "−")


def by(table: np.ndarray) -> str:
    """Return the shape of an array as it is said: rows × columns."""
    return " × ".join(map(str, table.shape))


def blank_page(width: int, height: int) -> tuple[Figure, Axes]:
    """Return a figure and axes over all of it, in pixels from the upper left corner."""
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return figure, axes


def write(
    axes: Axes,
    texts: Iterable[tuple[float, float, str]],
    size: float = 12,
    color: str = "black",
    align: float = 0.5,
    weight: str = "normal",
) -> None:
    """Write many texts as one shape, which is much faster than one artist for each.

    Args:
        axes: As `blank_page` makes them.
        texts: Position and text of each: x, y of its middle, and what is written.
        size: Height of the font in pixels.
        color: Of all of them.
        align: Which part of a text stands at x: 0 its left end, 0.5 its middle, 1 its right end.
        weight: "normal" or "bold".
    """
    vertices, codes = [], []
    for x, y, text in texts:
        outline = _outline(text, weight)
        corners = np.asarray(outline.vertices)
        middle = align * corners[:, 0].max(initial=0), DIGIT_HEIGHT / 2
        vertices.append((corners - middle) * (size, -size) + (x, y))
        codes.append(outline.codes)
    if vertices:
        axes.add_artist(PathPatch(Path(np.concatenate(vertices), np.concatenate(codes)), color=color, lw=0))


@cache
def _outline(text: str, weight: str) -> Path:
    return TextPath((0, 0), text, size=1, prop=FontProperties(weight=weight))


def draw_table(
    axes: Axes,
    table: np.ndarray,
    corner: tuple[float, float],
    cell: float,
    title: str,
    inner: np.ndarray | None = None,
) -> None:
    """Draw an array as colored cells with its numbers; those too long for a cell are left out.

    Args:
        axes: As `blank_page` makes them.
        table: `(rows, columns)`. Positive cells are vermillion, negative ones blue.
        corner: x and y of the upper left corner.
        cell: Side of a cell in pixels.
        title: One or two lines above.
        inner: Boolean, like `table`: the others are written in gray.
    """
    x, y = corner
    edges = [start + cell * np.arange(count + 1) for start, count in ((x, table.shape[1]), (y, table.shape[0]))]
    limit = np.abs(table).max() or 1
    axes.pcolormesh(*edges, table, cmap=SIGNED, vmin=-limit, vmax=limit, edgecolors=LINES, linewidth=0.5)
    axes.text(edges[0].mean(), y - 6, title, ha="center", va="bottom", fontsize=9.5)
    longest = max(len(number(value)) for value in table.flat)
    size = min(LARGEST_FONT, 0.6 * cell, 1.4 * cell / longest)
    if size < SMALLEST_FONT:
        return
    inner = np.ones(table.shape, bool) if inner is None else inner
    for chosen, color in ((inner, "black"), (~inner, GRAY)):
        places = [
            (x + cell * (c + 0.5), y + cell * (r + 0.5), number(table[r, c])) for r, c in np.argwhere(chosen)
        ]
        write(axes, places, size, color)
