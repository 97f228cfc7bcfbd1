"""Pictures of what the generator draws, from step to step."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from gan_course.arguments import whole
from gan_course.datasets import unscale
from gan_course.files import replacing
from gan_course.plots import image_grid, side_by_side
from gan_course.runs import sample_path


class SampleGrid(keras.callbacks.Callback):
    """Save what the generator draws from the same latent vectors: before the first step and every so often.

    Args:
        folder: Where `step_000000.png`, `step_000200.png`, ... go; it is made if need be.
        every: How many steps lie between two pictures.
        count: How many images a picture shows; as many as there are conditions, where there are some.
        columns: How many stand in a row.
        seed: Seed of the latent vectors.
        conditions: What the images are to show, where the networks take conditions; see `GAN.generate`. Pictures
            stand at the left of what was drawn from them.
        targets: The real images of these conditions, `(n, height, width, channels)` in [-1, 1], which then stand
            at the right.

    Raises:
        ValueError: If `every`, `count` or `columns` is no whole number of at least 1, or there is another number
            of targets than of conditions. When training starts, if the conditions do not fit the networks.
        OSError: When training starts, if the folder cannot be written to.

    Example:
        >>> from gan_course.callbacks import SampleGrid
        >>> SampleGrid("MNIST", every=200).path(400).name
        'step_000400.png'
    """

    def __init__(
        self,
        folder: str | Path,
        every: int = 200,
        count: int = 25,
        columns: int = 5,
        seed: int = 0,
        conditions: Any = None,
        targets: Any = None,
    ) -> None:
        """Keep the settings."""
        super().__init__()
        self.folder, self.every, self.seed = Path(folder), whole("every", every), whole("seed", seed, least=0)
        self.count, self.columns = whole("count", count), whole("columns", columns)
        self.conditions, self.targets = conditions, targets
        if conditions is not None:
            self.count = len(conditions)
        if targets is not None and (conditions is None or len(targets) != self.count):
            found = "no" if conditions is None else f"{self.count:,}"
            raise ValueError(f"there are {len(targets):,} targets and {found} conditions; expected one for each")

    def path(self, step: int) -> Path:
        """Return where the picture of a step is kept."""
        return sample_path(self.folder, step)

    def on_train_begin(self, logs: Any = None) -> None:
        """Save the picture of a model that has not been trained."""
        self._save_if_due()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save a picture when its step has come."""
        self._save_if_due()

    def _save_if_due(self) -> None:
        if self.model.steps % self.every:
            return
        grid = image_grid(self._images(), self.columns)
        with replacing(self.path(self.model.steps)) as beside:
            Image.fromarray(grid).save(beside)

    def _images(self) -> np.ndarray:
        """Return what is drawn now, pictures that belong to it beside it, as uint8."""
        drawn = [self.model.generate(self.count, self.seed, self.conditions)]
        if np.ndim(self.conditions) == 4:
            drawn.insert(0, self.conditions)
        if self.targets is not None:
            drawn.append(self.targets)
        return side_by_side(*map(unscale, drawn))
