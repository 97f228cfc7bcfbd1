"""Pictures of an autoencoder's plane: where digits lie in it, and what is drawn at a place."""

import numpy as np
from matplotlib.figure import Figure

from gan_course.plots.images import D_COLOR, image_grid

WINDOW = 3.0  # standard deviations on each side of the mean


def code_window(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corner of the plane where most codes lie, and the opposite one.

    Args:
        codes: `(n, 2)`.

    Returns:
        Two points `(2,)`: the mean of the codes, less and plus three standard deviations.

    Example:
        >>> import numpy as np
        >>> from gan_course.plots import code_window
        >>> low, high = code_window(np.array([[0.0, 1.0], [2.0, 3.0]]))
        >>> low.tolist(), high.tolist()
        ([-2.0, -1.0], [4.0, 5.0])
    """
    codes = np.asarray(codes, dtype="float64")
    mean, spread = codes.mean(axis=0), codes.std(axis=0)
    return mean - WINDOW * spread, mean + WINDOW * spread


def show_codes(
    codes: np.ndarray,
    labels: np.ndarray,
    here: np.ndarray | None = None,
    image: np.ndarray | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw the plane of codes, a color a digit, and beside it the digit that is drawn at one place.

    Args:
        codes: `(n, 2)`.
        labels: Which digit each is, `(n,)` whole numbers from 0 to 9.
        here: The place `(2,)` of the cross; none without.
        image: What is drawn there, uint8 `(height, width, 1)`.
        figure: One that this function has returned for the same codes: only cross and image are drawn anew.

    Returns:
        A matplotlib figure of 700 x 380 pixels at 100 dpi.

    Example:
        >>> import numpy as np
        >>> from gan_course.plots import show_codes
        >>> show_codes(np.zeros((3, 2)), np.array([0, 1, 1])).axes[0].get_xlabel()
        'first number of the code'
    """
    figure = figure or _plane(np.asarray(codes, dtype="float64"), np.asarray(labels))
    plane, beside = figure.axes
    for old in [line for line in plane.lines if line.get_label() == "here"]:
        old.remove()
    for picture in [*beside.images]:
        picture.remove()
    if here is not None:
        plane.plot(*here, "+", color=D_COLOR, markersize=18, markeredgewidth=3, label="here")
    if image is not None:
        beside.imshow(image_grid(image[None]), cmap="gray", vmin=0, vmax=255)
    return figure


def _plane(codes: np.ndarray, labels: np.ndarray) -> Figure:
    figure = Figure(figsize=(7, 3.8), dpi=100)
    plane, beside = figure.add_axes((0.09, 0.14, 0.52, 0.82)), figure.add_axes((0.68, 0.22, 0.3, 0.6))
    low, high = code_window(codes)
    high = np.where(high > low, high, low + 1)
    for digit in range(10):
        mine = codes[labels == digit]
        color = f"C{digit}"
        plane.scatter(mine[:, 0], mine[:, 1], s=4, color=color, alpha=0.5, linewidths=0)
        if len(mine):
            x, y = np.clip(np.median(mine, axis=0), low, high)
            box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": color}
            plane.text(x, y, str(digit), ha="center", va="center", fontsize=9, bbox=box)
    plane.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    plane.set(xlabel="first number of the code", ylabel="second number of the code")
    beside.axis("off")
    return figure
