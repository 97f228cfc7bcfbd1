"""Saving a model during its training."""

from pathlib import Path
from typing import Any

import keras

from gan_course.arguments import whole
from gan_course.files import replacing
from gan_course.training.settings import settings_of


class SaveModel(keras.callbacks.Callback):
    """Save the whole model every so often and at the end, so that training can go on after an interruption.

    `keras.models.load_model` opens the file with weights, optimizers and random states (import `gan_course.GAN`
    first).

    Args:
        path: A file that ends in `.keras`.
        every: How many steps lie between two saves.

    Raises:
        ValueError: If the path does not end in `.keras` or `every` is no whole number of at least 1.
        OSError: When saving, if the file cannot be written.

    Example:
        >>> from gan_course.callbacks import SaveModel
        >>> SaveModel("runs/first/gan.keras", every=500).path.name
        'gan.keras'
    """

    def __init__(self, path: str | Path, every: int = 1000) -> None:
        """Keep the settings."""
        super().__init__()
        self.path, self.every = Path(path), whole("every", every)
        if self.path.suffix != ".keras":
            raise ValueError(f"path is {path}; expected the name of a file that ends in .keras")

    def on_train_begin(self, logs: Any = None) -> None:
        """See whether the model can be saved at all."""
        settings_of(self.model)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save when a step has come."""
        if self.model.steps % self.every == 0:
            save_model(self.model, self.path)

    def on_train_end(self, logs: Any = None) -> None:
        """Save the last state."""
        save_model(self.model, self.path)


def save_model(model: keras.Model, path: str | Path) -> None:
    """Save a Keras model without ever leaving a half-written file at `path`."""
    with replacing(path) as beside:
        model.save(beside)
