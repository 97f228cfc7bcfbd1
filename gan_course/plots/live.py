"""The picture of a training that is running: how far it is, both losses, and what the generator draws now."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from gan_course.arguments import whole
from gan_course.plots.images import draw_losses

POINTS = 200


def show_training(
    d_loss: Sequence[float] | np.ndarray,
    g_loss: Sequence[float] | np.ndarray,
    grid: np.ndarray,
    title: str,
    first: int = 0,
    loss: str = "non-saturating",
) -> Figure:
    """Draw the losses so far beside the last grid.

    Args:
        d_loss: One value a step; there may be none yet. Many are averaged to 200 to 400 points.
        g_loss: One value a step.
        grid: As `image_grid` makes it.
        title: A line above both, such as `pace` returns.
        first: The step before the first loss.
        loss: Which one, a name in `gan_course.recipes.LOSSES`.

    Returns:
        A matplotlib figure of 7 by 3 inches. Its places are fixed, which is quick to draw and stands still.

    Raises:
        ValueError: If `first` is no whole number of at least 0.

    Example:
        >>> import numpy as np
        >>> from gan_course.plots import show_training
        >>> figure = show_training([0.7, 0.6], [0.7, 0.9], np.zeros((148, 148), "uint8"), "step 2 of 301")
        >>> figure.get_size_inches()
        array([7., 3.])
    """
    first = whole("first", first, least=0)
    figure = Figure(figsize=(7, 3))
    figure.text(0.01, 0.94, title, va="center", fontsize=11)
    left, right = figure.add_axes((0.08, 0.16, 0.5, 0.64)), figure.add_axes((0.63, 0.04, 0.36, 0.84))
    draw_losses(left, d_loss, g_loss, max(1, len(d_loss) // POINTS), first, loss)
    left.set_xlim(first, first + max(len(d_loss), 1))
    left.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=3, fontsize=9, borderpad=0)
    right.imshow(grid, cmap="gray", vmin=0, vmax=255)
    right.axis("off")
    return figure


def pace(step: int, steps: int, seconds_a_step: float | None = None, ended: bool = False) -> str:
    """Say how far a training is, how fast, and how long it still takes.

    Args:
        step: How many steps are done.
        steps: How many it has in all.
        seconds_a_step: What a step took so far, if that is known yet.
        ended: Whether it has ended, after the last step or before.

    Raises:
        ValueError: If `step` or `steps` is no whole number of at least 0.

    Example:
        >>> from gan_course.plots import pace
        >>> pace(1_200, 40_001, seconds_a_step=0.05)
        'step 1,200 of 40,001 · 20.0 steps a second · 32:20 left'
        >>> pace(1_200, 40_001, seconds_a_step=0.05, ended=True)
        'step 1,200 of 40,001 · 20.0 steps a second · stopped'
    """
    step, steps = whole("step", step, least=0), whole("steps", steps, least=0)
    words = [f"step {step:,} of {steps:,}"]
    if seconds_a_step:
        words.append(f"{1 / seconds_a_step:.1f} steps a second")
    if step >= steps:
        words.append("done")
    elif ended:
        words.append("stopped")
    elif seconds_a_step:
        words.append(f"{tqdm.format_interval((steps - step) * seconds_a_step)} left")
    return " · ".join(words)
