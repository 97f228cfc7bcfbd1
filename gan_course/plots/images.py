"""Pictures of images and losses."""

import io
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gan_course.arguments import whole
from gan_course.recipes import LOSSES

D_COLOR, G_COLOR = "#0072B2", "#D55E00"  # blue and vermillion, told apart by every kind of eyes


def image_grid(images: np.ndarray, columns: int = 5, gap: int = 2) -> np.ndarray:
    """Lay images side by side in rows.

    Args:
        images: uint8 `(n, height, width, channels)` with 1 or 3 channels.
        columns: How many stand in a row; an unfinished last row is filled with white.
        gap: White pixels between two images.

    Returns:
        One picture, uint8 `(rows * height + ..., columns * width + ...)`, with a last axis of 3 if in color.

    Raises:
        ValueError: If the images have another shape or type, or there are none; if `columns` is no whole number
            of at least 1, or `gap` none of at least 0.

    Example:
        >>> import numpy as np
        >>> from gan_course.plots import image_grid
        >>> image_grid(np.zeros((25, 28, 28, 1), "uint8")).shape
        (148, 148)
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] not in (1, 3) or not len(images) or images.dtype != np.uint8:
        raise ValueError(
            f"found images {images.dtype} {images.shape}; expected uint8 (n, height, width, 1 or 3), n >= 1; "
            "gan_course.datasets.unscale makes them from [-1, 1]"
        )
    count, height, width, channels = images.shape
    columns, gap = min(whole("columns", columns), count), whole("gap", gap, least=0)
    rows = -(-count // columns)
    grid = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, "uint8")
    for i, image in enumerate(images):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        grid[top : top + height, left : left + width] = image
    return grid[..., 0] if channels == 1 else grid


def side_by_side(*columns: np.ndarray) -> np.ndarray:
    """Join pictures that belong together, such as a condition, what was drawn from it, and its target.

    Args:
        *columns: uint8 `(n, height, width, 1 or 3)` each. Gray ones become gray colors beside colors, and small
            ones are enlarged to the size of the largest by repeating pixels.

    Returns:
        uint8 `(n, height, columns * width, channels)`.

    Raises:
        ValueError: If there are not as many in each, or the largest has not a multiple of each one's pixels.

    Example:
        >>> import numpy as np
        >>> from gan_course.plots import side_by_side
        >>> side_by_side(np.zeros((2, 4, 4, 1), "uint8"), np.zeros((2, 8, 8, 3), "uint8")).shape
        (2, 8, 16, 3)
    """
    counts = {len(each) for each in columns}
    height, width, channels = np.max([each.shape[1:] for each in columns], axis=0)
    if len(counts) > 1 or any(height % each.shape[1] or width % each.shape[2] for each in columns):
        found = ", ".join(str(each.shape) for each in columns)
        raise ValueError(
            f"the pictures have shapes {found}; expected as many of each, of one size or enlarged to it"
        )
    enlarged = [each.repeat(height // each.shape[1], 1).repeat(width // each.shape[2], 2) for each in columns]
    return np.concatenate([np.broadcast_to(each, (*each.shape[:3], channels)) for each in enlarged], axis=2)


def show_images(images: np.ndarray, columns: int = 5, title: str | None = None, inches: float = 3.0) -> Figure:
    """Draw images in a grid.

    Args:
        images: As for `image_grid`.
        columns: How many stand in a row.
        title: A line above them.
        inches: Width of the figure.

    Returns:
        A matplotlib figure.
    """
    grid = image_grid(images, columns)
    figure, axes = plt.subplots(figsize=(inches, inches * grid.shape[0] / grid.shape[1]), layout="constrained")
    axes.imshow(grid, cmap="gray", vmin=0, vmax=255)
    axes.axis("off")
    axes.set_title(title, fontsize=10)
    return figure


def show_losses(
    d_loss: Sequence[float] | np.ndarray,
    g_loss: Sequence[float] | np.ndarray,
    smooth: int = 1,
    loss: str = "non-saturating",
) -> Figure:
    """Draw both losses over the steps, with a line where the discriminator can only guess.

    Args:
        d_loss: One value a step.
        g_loss: One value a step.
        smooth: How many steps are averaged for one point of the line; single steps jump about.
        loss: Which one, a name in `gan_course.recipes.LOSSES`.

    Returns:
        A matplotlib figure.

    Raises:
        ValueError: If the two have different lengths, or fewer values than `smooth`, or that is no whole number
            of at least 1.
    """
    smooth = whole("smooth", smooth)
    if len(d_loss) != len(g_loss) or smooth > len(d_loss):
        raise ValueError(
            f"found {len(d_loss)} and {len(g_loss)} losses and smooth={smooth}; "
            "expected as many of each, and smooth from 1 to that number"
        )
    figure, axes = plt.subplots(figsize=(6.5, 3), layout="constrained")
    draw_losses(axes, d_loss, g_loss, smooth, loss=loss)
    axes.legend(frameon=False)
    return figure


def draw_losses(
    axes: Axes,
    d_loss: Sequence[float] | np.ndarray,
    g_loss: Sequence[float] | np.ndarray,
    smooth: int,
    first: int = 0,
    loss: str = "non-saturating",
) -> None:
    """Draw the lines of `show_losses` into axes; `first` is the step before the first loss."""
    count = len(d_loss) // smooth
    steps = first + (np.arange(count) + 0.5) * smooth
    for values, label, color in ((g_loss, "generator", G_COLOR), (d_loss, "discriminator", D_COLOR)):
        means = np.reshape(values[: count * smooth], (count, smooth)).mean(1)
        axes.plot(steps, means, label=label, color=color, lw=1)
    draw_guess(axes, loss)
    known = LOSSES[loss]
    axes.set(xlabel="step", ylabel="binary cross-entropy" if known.is_probability else f"{loss} loss")
    if loss == "non-saturating":
        axes.set_ylim(0, None)


def draw_guess(axes: Axes, loss: str) -> None:
    """Draw a dashed line at each loss of a discriminator that can only guess."""
    d_guess, g_guess = LOSSES[loss].guess
    is_ln2 = LOSSES[loss].is_probability
    if d_guess == g_guess:
        label = "ln 2: a guess" if is_ln2 else f"{d_guess:.2g}: a guess"
        axes.axhline(d_guess, color="black", lw=0.8, ls="--", label=label)
        return
    axes.axhline(d_guess, color=D_COLOR, lw=0.8, ls="--", label="a guess")
    axes.axhline(g_guess, color=G_COLOR, lw=0.8, ls="--")


def clear(*all_axes: Axes) -> None:
    """Remove what was drawn into axes; titles, labels, ticks, legends stay, and need not be made again."""
    for axes in all_axes:
        for artist in (*axes.images, *axes.lines, *axes.collections, *axes.patches, *axes.texts):
            artist.remove()
        axes.relim()


def as_png(figure: Figure) -> bytes:
    """Return a figure as the bytes of a PNG file with 100 pixels an inch, and close it.

    Args:
        figure: Any matplotlib figure.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from gan_course.plots import as_png
        >>> as_png(Figure())[1:4]
        b'PNG'
    """
    file = io.BytesIO()
    figure.set_dpi(100)
    canvas = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    canvas.print_png(file, pil_kwargs={"compress_level": 1})
    plt.close(figure)
    return file.getvalue()
