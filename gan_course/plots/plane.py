"""Pictures of the two-player game in the plane."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import EllipseCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from gan_course.plane.points import WINDOW, Scene
from gan_course.plots.images import D_COLOR, G_COLOR, clear
from gan_course.recipes import LOSSES

ARROW, LONGEST = 0.1, 0.3  # how long an arrow of length 1 is drawn, and how long any is drawn at most
_ANSWERS = LinearSegmentedColormap.from_list("answers", ["#F2B68C", "white", "#8FC3E6"])  # pale G_COLOR, D_COLOR
_LINE: dict[str, Any] = {"marker": ".", "ms": 2, "lw": 1}
_POINTS: dict[str, dict[str, Any]] = {
    "real": {"marker": "o", "ms": 4, "color": D_COLOR, "mec": "white", "mew": 0.4},
    "generated": {"marker": "^", "ms": 5, "color": G_COLOR, "mec": "white", "mew": 0.4},
}
_PLAYERS = {"generator": G_COLOR, "discriminator": D_COLOR}
_AT_RIGHT_EDGE: dict[str, Any] = {
    "xycoords": ("axes fraction", "data"),
    "textcoords": "offset points",
    "ha": "right",
    "fontsize": 8,
}


def show_game(scene: Scene, figure: Figure | None = None) -> Figure:
    """Draw the plane with both players' points, and the course of the game beside it.

    On the left: what the discriminator answers everywhere, the real and the generated points, and an arrow at each
    generated point in the direction in which the discriminator would move it. A circle stands for each mode, whole
    if it is reached, dotted if it is missed. On the right: both losses, and how long the gradients were.

    Args:
        scene: What is to be seen.
        figure: One that this function has returned, to be drawn anew in place: that takes half the time.

    Returns:
        A matplotlib figure of 700 x 400 pixels at 100 dpi.

    Example:
        >>> from gan_course.plane import Game, load_points
        >>> from gan_course.plots import show_game
        >>> show_game(Game(load_points("eight Gaussians")).scene()).axes[0].get_title()
        '0 of 8 modes reached'
    """
    figure = figure or _empty()
    plane, bar, losses, lengths = figure.axes
    clear(plane, losses, lengths)
    _draw_plane(plane, scene)
    _name_colors(bar, scene)
    _draw_losses(losses, scene)
    _draw_lengths(lengths, scene.history[:, 2])
    return figure


def _empty() -> Figure:
    """Return the figure with all that no scene changes."""
    figure = Figure(figsize=(7, 4), dpi=100)
    plane, bar = figure.add_axes((0.01, 0.03, 0.515, 0.9)), figure.add_axes((0.535, 0.03, 0.015, 0.9))
    losses, lengths = figure.add_axes((0.675, 0.6, 0.31, 0.33)), figure.add_axes((0.675, 0.12, 0.31, 0.33))
    plane.set(xlim=(-WINDOW, WINDOW), ylim=(-WINDOW, WINDOW), xticks=[], yticks=[], aspect="equal")
    points = [Line2D([], [], ls="", label=label, **style) for label, style in _POINTS.items()]
    plane.legend(handles=points, loc="upper left", fontsize=8, framealpha=0.8, handletextpad=0, borderpad=0.2)
    figure.colorbar(ScalarMappable(cmap=_ANSWERS), cax=bar, ticks=[0, 0.5, 1])
    bar.tick_params(labelsize=9)
    bar.set_title("", fontsize=9)
    players = [Line2D([], [], color=color, label=label, **_LINE) for label, color in _PLAYERS.items()]
    losses.legend(
        handles=players,
        fontsize=8,
        frameon=False,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.97),
        ncols=2,
        handlelength=1,
        columnspacing=1,
    )
    losses.set_ylabel("loss", fontsize=9)
    losses.margins(y=0.16)
    losses.locator_params(nbins=4)
    losses.tick_params(labelsize=8, labelbottom=False)
    lengths.set_yscale("log")
    lengths.minorticks_off()
    lengths.set(ylim=(1e-6, 1e2), yticks=[1e-6, 1e-3, 1], yticklabels=["1e-6", "0.001", "1"])
    lengths.set_title("mean length of the gradients", fontsize=10)
    lengths.set_xlabel("step", fontsize=9)
    lengths.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    lengths.tick_params(labelsize=8)
    return figure


def _draw_plane(plane: Axes, scene: Scene) -> None:
    side = round(len(scene.answers) ** 0.5)
    answers = np.reshape(scene.answers, (side, side))
    window = (-WINDOW, WINDOW, -WINDOW, WINDOW)
    low, _, high = _range(scene)
    plane.imshow(answers, cmap=_ANSWERS, vmin=low, vmax=high, origin="lower", extent=window)
    for kind, line in ((scene.reached, "-"), (~scene.reached, ":")):
        size = 2 * scene.radii[kind]
        circles = EllipseCollection(
            size, size, 0 * size, units="xy", offsets=scene.centers[kind], transOffset=plane.transData
        )
        circles.set(facecolor="none", edgecolor="#444444", linestyle=line)
        plane.add_collection(circles)
    for points, (label, style) in zip((scene.real, scene.fake), _POINTS.items(), strict=True):
        plane.plot(*points.T, ls="", label=label, **style)
    length = np.linalg.norm(scene.advice, axis=1, keepdims=True)
    arrows = scene.advice * np.minimum(ARROW, LONGEST / np.maximum(length, 1e-12))
    plane.quiver(*scene.fake.T, *arrows.T, angles="xy", scale_units="xy", scale=1, width=0.004)
    plane.set(xlim=(-WINDOW, WINDOW), ylim=(-WINDOW, WINDOW))
    plane.set_title(f"{scene.reached.sum()} of {len(scene.reached)} modes reached", fontsize=10)


def _range(scene: Scene) -> tuple[float, float, float]:
    """Return the answers with the palest generator's color, with white, and with the discriminator's."""
    facts = LOSSES[scene.loss]
    if facts.is_probability:
        return 0.0, 0.5, 1.0
    middle = float(np.median(scene.answers)) if facts.boundary is None else facts.boundary
    reach = max(float(np.abs(scene.answers - middle).max()), 1e-6)
    return middle - reach, middle, middle + reach


def _name_colors(bar: Axes, scene: Scene) -> None:
    """Write at the color bar what its ends and its middle stand for."""
    title = "D(x)" if LOSSES[scene.loss].is_probability else "score"
    words = [f"{value:.2g}".replace("-", "−") for value in _range(scene)]
    if (bar.get_title(), [label.get_text() for label in bar.get_yticklabels()]) != (title, words):
        bar.set_yticks([0, 0.5, 1], labels=words)
        bar.set_title(title, fontsize=9)


def _draw_losses(axes: Axes, scene: Scene) -> None:
    d_loss, g_loss, _ = scene.history.T
    axes.set_ylim(0, 1, auto=True)  # from these, whatever was drawn before, autoscaling sets out
    for losses, (label, color) in zip((g_loss, d_loss), _PLAYERS.items(), strict=True):
        axes.plot(*_binned(losses), color=color, label=label, **_LINE)
    for guess in sorted(set(LOSSES[scene.loss].guess)):
        axes.axhline(guess, color="black", lw=0.8, ls="--")
        is_ln2 = np.isclose(abs(guess), np.log(2))
        words = ("−" if guess < 0 else "") + "ln 2" if is_ln2 else f"{guess:g}"
        axes.annotate(words, (1, guess), (-2, 2), **_AT_RIGHT_EDGE)
    axes.set_xlim(0, len(d_loss) + 1)


def _draw_lengths(axes: Axes, lengths: np.ndarray) -> None:
    axes.plot(*_binned(lengths), color="black", **_LINE)
    axes.set_xlim(0, len(lengths) + 1)


def _binned(values: np.ndarray, most: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return steps, and the mean of the values around each: at most `most` of them, leaving out NaN."""
    steps = np.flatnonzero(np.isfinite(values))
    width = max(1, -(-len(steps) // most))
    whole = len(steps) // width * width
    return tuple(part[:whole].reshape(-1, width).mean(1) for part in (steps + 1, values[steps]))
