"""Pictures of a generator's latent space."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gan_course.plots.images import D_COLOR, G_COLOR, clear, image_grid

_GRAY: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 255}


def show_latent(
    image: np.ndarray,
    neighbors: np.ndarray,
    walk: np.ndarray,
    answers: np.ndarray,
    position: float,
    figure: Figure | None = None,
    answer: str = "D(x)",
) -> Figure:
    """Draw one image large, its neighbors in a square, and a walk to another below.

    Args:
        image: uint8 `(height, width, channels)`.
        neighbors: uint8 `(n * n, height, width, channels)`, row by row from above; the middle one is the image.
        walk: uint8 `(m, height, width, channels)`.
        answers: What the discriminator says of the walk, `(m,)`: probabilities in [0, 1], or scores.
        position: Where on the walk the image stands, from 0 to 1.
        figure: One that this function has returned, to be drawn anew in place, which is faster.
        answer: What an answer is called.

    Returns:
        A matplotlib figure of 700 x 430 pixels at 100 dpi.
    """
    figure = figure or _empty(answer)
    one, square, path = figure.axes
    clear(one, square, path)
    one.imshow(image_grid(image[None]), **_GRAY)
    side = round(len(neighbors) ** 0.5)
    square.imshow(image_grid(neighbors, side), **_GRAY)
    height, width = image.shape[:2]
    middle = side // 2
    frame = (middle * (width + 2) - 1.5, middle * (height + 2) - 1.5)
    square.add_patch(Rectangle(frame, width + 2, height + 2, fill=False, ec=G_COLOR, lw=2))
    path.imshow(image_grid(walk, len(walk)), **_GRAY)
    for i, value in enumerate(answers):
        path.text(i * (width + 2) + width / 2, height + 2, f"{value:.2f}", ha="center", va="top", fontsize=9)
    here = position * (len(walk) - 1) * (width + 2) + width / 2
    path.plot(here, -4, "v", color=D_COLOR, clip_on=False)
    return figure


def _empty(answer: str) -> Figure:
    """Return the figure with all that stays when its pictures change."""
    figure = Figure(figsize=(7, 4.3), dpi=100)
    one, square = figure.add_axes((0.07, 0.37, 0.36, 0.57)), figure.add_axes((0.55, 0.37, 0.36, 0.57))
    path = figure.add_axes((0.03, 0.07, 0.94, 0.15))
    for axes in (one, square, path):
        axes.set(xticks=[], yticks=[])
    one.axis("off")
    one.set_title("this latent vector", fontsize=10)
    square.set_title("its neighbors", fontsize=10)
    square.set(xlabel="direction 1: less to more", ylabel="direction 2: less to more")
    path.axis("off")
    path.set_title(f"the walk from this seed to the other, and {answer}", fontsize=10, loc="left")
    return figure
