"""The picture of a whole GAN."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from gan_course.plots.images import D_COLOR, G_COLOR, image_grid

Place = tuple[float, float]


def show_gan(real: np.ndarray, fake: np.ndarray) -> Figure:
    """Draw a whole GAN: what goes in, the two networks, what comes out, and who learns from it.

    Args:
        real: A real image, uint8 `(height, width, channels)`.
        fake: A generated one.

    Returns:
        A matplotlib figure of 760 x 290 pixels at 100 dpi.

    Example:
        >>> import numpy as np
        >>> from gan_course.plots import show_gan
        >>> digit = np.zeros((28, 28, 1), "uint8")
        >>> [text.get_text() for text in show_gan(digit, digit).axes[0].texts][:2]
        ['random\\nnumbers', 'generator']
    """
    figure = plt.figure(figsize=(7.6, 2.9))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 7.6), ylim=(0, 2.9))
    axes.axis("off")
    axes.text(0.6, 2.0, "random\nnumbers", ha="center", va="center")
    _box(axes, (2.1, 2.0), "generator", G_COLOR)
    _picture(axes, (3.65, 2.0), fake, "fake", above=True)
    _picture(axes, (3.65, 0.75), real, "real", above=False)
    _box(axes, (5.2, 1.4), "discriminator", D_COLOR)
    axes.text(6.95, 1.4, "real or fake?\nfrom 0 to 1", ha="center", va="center")
    for start, end in (
        ((1.05, 2.0), (1.5, 2.0)),
        ((2.72, 2.0), (3.2, 2.0)),
        ((4.1, 1.95), (4.5, 1.65)),
        ((4.1, 0.85), (4.5, 1.15)),
        ((5.92, 1.4), (6.32, 1.4)),
    ):
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "black"})
    _learns(axes, (6.95, 1.08), (5.2, 1.02), "arc3,rad=-0.45", D_COLOR)
    axes.text(5.95, 0.32, "learns to be right", color=D_COLOR, ha="center", fontsize=9)
    _learns(axes, (6.95, 1.75), (2.1, 2.4), "arc3,rad=0.28", G_COLOR)
    axes.text(5.1, 2.16, "learns to be taken for real", color=G_COLOR, ha="center", fontsize=9)
    plt.close(figure)
    return figure


def _box(axes: Axes, place: Place, name: str, color: str) -> None:
    x, y = place
    rounded = "round,pad=0.02,rounding_size=0.08"
    axes.add_patch(FancyBboxPatch((x - 0.6, y - 0.3), 1.2, 0.6, boxstyle=rounded, fc="white", ec=color, lw=2.5))
    axes.text(x, y, name, ha="center", va="center", color=color, weight="bold")


def _picture(axes: Axes, place: Place, image: np.ndarray, name: str, above: bool) -> None:
    x, y = place
    axes.imshow(
        image_grid(image[None]), extent=(x - 0.4, x + 0.4, y - 0.4, y + 0.4), cmap="gray", vmin=0, vmax=255
    )
    axes.text(x, y + (0.48 if above else -0.48), name, ha="center", va="bottom" if above else "top", fontsize=9)
    axes.set(xlim=(0, 7.6), ylim=(0, 2.9), aspect="auto")


def _learns(axes: Axes, start: Place, end: Place, bend: str, color: str) -> None:
    arrow = {"arrowstyle": "-|>", "color": color, "ls": "--", "connectionstyle": bend}
    axes.annotate("", end, start, arrowprops=arrow)
