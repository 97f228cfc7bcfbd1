"""A progress bar that may begin in the middle."""

from typing import Any

import keras
from tqdm import tqdm

from gan_course.arguments import whole


class Progress(keras.callbacks.Callback):
    """Show a bar with the losses, steps per second and the time that is left, on a terminal only.

    Keras's own bar begins at 0, also where a `Checkpoint` goes on in the middle.

    Args:
        steps: How many steps the training has in all.

    Example:
        >>> from gan_course.callbacks import Progress
        >>> Progress(steps=40_001).steps
        40001
    """

    def __init__(self, steps: int) -> None:
        """Keep the settings."""
        super().__init__()
        self.steps = whole("steps", steps)

    def on_train_begin(self, logs: Any = None) -> None:
        """Draw the bar where the model stands."""
        self._bar = tqdm(total=self.steps, initial=self.model.steps, unit=" step", disable=None)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Move on by one step."""
        self._bar.set_postfix({name: f"{float(loss):.3f}" for name, loss in logs.items()}, refresh=False)
        self._bar.update()

    def on_train_end(self, logs: Any = None) -> None:
        """Leave the bar as it is."""
        self._bar.close()
