"""A training to look at while it runs, in a notebook."""

import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from IPython import get_ipython
from IPython.display import DisplayHandle

from gan_course.arguments import whole
from gan_course.callbacks.losses import LossLog
from gan_course.datasets import unscale
from gan_course.plots import as_png, image_grid, pace, show_training

SHARE = 0.02  # of the training's time


class LivePlot(keras.callbacks.Callback):
    """Show the training in a notebook while it runs: both losses, the last images, the speed, the time left.

    One picture below the cell changes in place, and its last state stays in the notebook. It is drawn as often
    as fits in 2 % of the time. In a terminal nothing is drawn; there, `fit` has its progress bar.

    Args:
        steps: How many steps the training has in all.
        losses: The `LossLog` that stands before it among the callbacks of `fit`. Its losses from before an
            interruption are drawn too; without it, only those of this call.
        count: How many images are drawn.
        columns: How many stand in a row.
        seed: Seed of their latent vectors, which stay the same.
        conditions: What they are to show, where the networks take conditions; there are then as many images.

    Raises:
        ValueError: If `steps`, `count` or `columns` is no whole number of at least 1. When training starts, if the
            conditions do not fit the networks.

    Example:
        >>> from gan_course.callbacks import LivePlot
        >>> LivePlot(steps=40_001).steps
        40001
    """

    def __init__(
        self,
        steps: int,
        losses: LossLog | None = None,
        count: int = 25,
        columns: int = 5,
        seed: int = 0,
        conditions: Any = None,
    ) -> None:
        """Keep the settings."""
        super().__init__()
        self.steps, self.count, self.columns = (
            whole("steps", steps),
            whole("count", count),
            whole("columns", columns),
        )
        self.losses, self.seed, self.conditions = losses, whole("seed", seed, least=0), conditions
        if conditions is not None:
            self.count = len(conditions)
        self._handle: DisplayHandle | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Show what the model draws before the first step of this call of `fit`."""
        self._losses: list[Sequence[float]] = [row[1:3] for row in self.losses.rows] if self.losses else []
        self._before = len(self._losses)
        self._inputs = self.model.drawn_from(self.count, self.seed, self.conditions)
        if in_notebook():
            self._handle = DisplayHandle()
            self._handle.display(**self._picture())
            self._next = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keep the losses, and draw again when enough time has passed."""
        self._losses.append([float(logs.get(name, np.nan)) for name in ("d_loss", "g_loss")])
        now = time.perf_counter()
        if len(self._losses) == self._before + 1:
            self._start = now  # the first step is slow: TensorFlow traces it
        if self._handle and now >= self._next:
            self._handle.update(**self._picture())
            drawn = time.perf_counter()
            self._next = drawn + (drawn - now) * (1 / SHARE - 1)

    def on_train_end(self, logs: Any = None) -> None:
        """Leave the last state."""
        if self._handle:
            self._handle.update(**self._picture(ended=True))
            self._handle = None

    def _picture(self, ended: bool = False) -> dict[str, Any]:
        """Return the whole picture; an interruption while it is made leaves the one before."""
        images = self.model.best_generator.predict_on_batch(self._inputs)  # a quarter of the cost of `generate`
        grid = image_grid(unscale(images), self.columns)
        d_loss, g_loss = np.reshape(self._losses, (-1, 2)).T
        timed = len(d_loss) - self._before - 1
        seconds_a_step = (time.perf_counter() - self._start) / timed if timed > 0 else None
        words = pace(self.model.steps, self.steps, seconds_a_step, ended)
        figure = show_training(d_loss, g_loss, grid, words, self.model.steps - len(d_loss), self.model.recipe.loss)
        return {"obj": {"image/png": as_png(figure), "text/plain": words}, "raw": True}


def in_notebook() -> bool:
    """Whether a kernel runs this, as in JupyterLab, VS Code and Colab, and not a terminal or a script."""
    return hasattr(get_ipython(), "kernel")
