"""Pictures of wishes: each digit in one style, and the way from one digit to another."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from gan_course.plots.images import image_grid


def show_wishes(wishes: np.ndarray, way: np.ndarray, read: np.ndarray, figure: Figure | None = None) -> Figure:
    """Draw one image for each label, and below them the way from one label to another.

    Args:
        wishes: uint8 `(classes, height, width, 1)`.
        way: uint8 `(n, height, width, 1)`.
        read: What each image of the way is read as, `(n,)`; it stands below them.
        figure: One that this function has returned: its pictures are drawn anew.

    Returns:
        A matplotlib figure of 700 x 230 pixels at 100 dpi.

    Example:
        >>> import numpy as np
        >>> from gan_course.plots import show_wishes
        >>> digits = np.zeros((10, 28, 28, 1), "uint8")
        >>> show_wishes(digits, digits, np.arange(10)).axes[0].get_title()
        'ten wishes, one latent vector'
    """
    figure = figure or plt.figure(figsize=(7, 2.3), layout="constrained")
    figure.clear()
    above, below = figure.subplots(2, 1)
    for axes, images, names in ((above, wishes, range(len(wishes))), (below, way, read)):
        grid = image_grid(images, columns=len(images))
        axes.imshow(grid, cmap="gray", vmin=0, vmax=255)
        width = grid.shape[1] / len(images)
        axes.set_xticks([width * (place + 0.5) for place in range(len(images))], [str(name) for name in names])
        axes.set_yticks([])
        axes.tick_params(length=0, labelsize=9)
        axes.spines[:].set_visible(False)
    above.set_title("ten wishes, one latent vector", fontsize=10)
    below.set_title("from one label to the other, and what a classifier reads", fontsize=10)
    plt.close(figure)
    return figure
