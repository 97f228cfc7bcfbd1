"""How the drawings of one training change from step to step, as a figure and as a moving picture."""

import functools
import io
from collections.abc import Iterable, Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from gan_course.arguments import whole

SIDE, TITLE = 480, 30  # pixels: the longest side of a picture, and the height of the line above it
FRAMES, FRAME_MS, LAST_MS = 60, 150, 2000
GIF_BYTES = 2_000_000
COLORS = 32


def show_timeline(grids: Mapping[int, np.ndarray], columns: int = 7) -> Figure:
    """Draw the grids of one run beside each other, in the order of their steps.

    Args:
        grids: From a step to its picture, as `image_grid` makes it.
        columns: How many stand in a row.

    Returns:
        A matplotlib figure.

    Raises:
        ValueError: If there is no grid, or `columns` is no whole number of at least 1.
    """
    if not grids:
        raise ValueError("there are no grids to show; train first")
    columns = min(whole("columns", columns), len(grids))
    rows = -(-len(grids) // columns)
    figure, all_axes = plt.subplots(
        rows, columns, figsize=(1.6 * columns, 1.8 * rows), squeeze=False, layout="constrained"
    )
    for axes in all_axes.flat:
        axes.axis("off")
    for axes, step in zip(all_axes.flat, sorted(grids), strict=False):
        axes.imshow(grids[step], cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"step {step:,}", fontsize=9)
    return figure


def show_step(grid: np.ndarray, step: int) -> Figure:
    """Draw one grid under the number of its step, enlarged by a whole factor, or shrunk, to at most 480 pixels.

    Args:
        grid: As `image_grid` makes it: uint8 `(height, width)` or `(height, width, 3)`.
        step: Its step.

    Returns:
        A matplotlib figure; at 100 pixels an inch none of its pixels is smoothed over.

    Raises:
        ValueError: If `step` is no whole number of at least 0.
    """
    step = whole("step", step, least=0)
    factor = max(1, SIDE // max(grid.shape[:2]))
    picture = Image.fromarray(grid.repeat(factor, 0).repeat(factor, 1))
    picture.thumbnail((SIDE, SIDE))
    pixels = np.array([max(picture.width, 200), picture.height + TITLE])
    figure = Figure(figsize=tuple((pixels + 0.1) / 100), dpi=100)  # 0.1 more, or rounding clips the last pixel
    figure.figimage(np.asarray(picture.convert("RGB")))
    figure.text(0.01, 1 - TITLE / 2 / pixels[1], f"step {step:,}", va="center", fontsize=12)
    return figure


def spread(steps: Iterable[int], count: int = FRAMES) -> list[int]:
    """Choose at most `count` steps: the first, the last, and more from the beginning, where more changes.

    Raises:
        ValueError: If `count` is no whole number of at least 1.

    Example:
        >>> from gan_course.plots import spread
        >>> spread(range(0, 1001, 100), 5)
        [0, 100, 200, 600, 1000]
    """
    steps, count = sorted(steps), whole("count", count)
    if len(steps) <= count:
        return steps
    places = np.linspace(0, 1, count) ** 2 * (len(steps) - 1)
    return [steps[place] for place in np.unique(places.round().astype(int))]


def timeline_gif(grids: Mapping[int, np.ndarray]) -> bytes:
    """Return an animated GIF of the grids of one run: at most 60 of them, and fewer until it is under 2 MB.

    Args:
        grids: From a step to its picture, as `image_grid` makes it, all of one size.

    Returns:
        The bytes of the file. It repeats, and rests two seconds on the last picture.

    Raises:
        ValueError: If there is no grid, or they differ in size.
    """
    shapes = {grid.shape for grid in grids.values()}
    if len(shapes) != 1:
        raise ValueError(f"found pictures of the shapes {sorted(shapes)}; expected those of one training")

    @functools.cache
    def frame(step: int) -> Image.Image:
        canvas = FigureCanvasAgg(show_step(grids[step], step))
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        return picture.quantize(COLORS, dither=Image.Dither.NONE)

    count = min(FRAMES, len(grids))
    while True:
        first, *others = map(frame, spread(grids, count))
        durations = [FRAME_MS] * len(others) + [LAST_MS]
        file = io.BytesIO()
        first.save(file, "GIF", save_all=True, append_images=others, duration=durations, loop=0)
        if file.tell() < GIF_BYTES:
            return file.getvalue()
        count = max(2, int(0.95 * count * GIF_BYTES / file.tell()))  # two of them always fit
