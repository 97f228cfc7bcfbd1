"""What happens during training: ordinary Keras callbacks that count steps over all calls of `fit`."""

import csv
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image
from tqdm import tqdm

from gan_course.datasets import unscale
from gan_course.files import explained, free_name, replacing
from gan_course.live import LivePlot as LivePlot
from gan_course.plots import image_grid
from gan_course.quality import Quality as Quality
from gan_course.samples import sample_path
from gan_course.training.checkpoint import Checkpoint as Checkpoint


class SampleGrid(keras.callbacks.Callback):
    """Save what the generator draws from the same latent vectors: before the first step and every so often.

    Args:
        folder: Where `step_000000.png`, `step_000200.png`, ... go; it is made if need be.
        every: How many steps lie between two pictures.
        count: How many images a picture shows.
        columns: How many stand in a row.
        seed: Seed of the latent vectors.

    Raises:
        ValueError: If `every` or `count` is less than 1.
        OSError: When training starts, if the folder cannot be written to.

    Example:
        >>> from gan_course.callbacks import SampleGrid
        >>> SampleGrid("MNIST", every=200).path(400).name
        'step_000400.png'
    """

    def __init__(
        self, folder: str | Path, every: int = 200, count: int = 25, columns: int = 5, seed: int = 0
    ) -> None:
        """Keep the settings."""
        super().__init__()
        if every < 1 or count < 1:
            raise ValueError(f"every is {every} and count is {count}; expected at least 1")
        self.folder, self.every, self.count, self.columns, self.seed = (
            Path(folder),
            every,
            count,
            columns,
            seed,
        )

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
        grid = image_grid(unscale(self.model.generate(self.count, self.seed)), self.columns)
        with replacing(self.path(self.model.steps)) as beside:
            Image.fromarray(grid).save(beside)


class LossLog(keras.callbacks.Callback):
    """Keep both losses of every step, in memory and, if a path is given, in a CSV file.

    Args:
        path: A file with the columns step, d_loss, g_loss, seconds; one that exists is continued from the
            model's step, and set aside under another name if the model has not been trained yet.
            Seconds are those of training, without pauses between two calls of `fit`.

    Raises:
        OSError: When training starts, if the file cannot be written to.
        ValueError: When training starts, if the file is not such a CSV.

    Example:
        >>> from gan_course.callbacks import LossLog
        >>> LossLog().d_loss
        []
    """

    COLUMNS = ("step", "d_loss", "g_loss", "seconds")

    def __init__(self, path: str | Path | None = None) -> None:
        """Keep the path."""
        super().__init__()
        self.path = Path(path) if path else None
        self.rows: list[tuple[int, float, float, float]] = []
        self._file = None

    @property
    def d_loss(self) -> list[float]:
        """The discriminator's loss at each step."""
        return [row[1] for row in self.rows]

    @property
    def g_loss(self) -> list[float]:
        """The generator's loss at each step."""
        return [row[2] for row in self.rows]

    def on_train_begin(self, logs: Any = None) -> None:
        """Read what the file holds up to the model's step, and open it to go on from there."""
        if self.path:
            found = read_losses(self.path) if self.path.exists() else self.rows
            if found and self.model.steps == 0:
                self.path.rename(free_name(self.path))
            self.rows = [row for row in found if row[0] <= self.model.steps]
            with replacing(self.path) as beside, beside.open("w", newline="") as file:
                csv.writer(file).writerows([self.COLUMNS, *map(_as_text, self.rows)])
            self._file = self.path.open("a", newline="")
            self._writer = csv.writer(self._file)
        self._start = time.perf_counter() - (self.rows[-1][3] if self.rows else 0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Add a row."""
        seconds = time.perf_counter() - self._start
        row = (self.model.steps, float(logs["d_loss"]), float(logs["g_loss"]), seconds)
        self.rows.append(row)
        if self._file:
            try:
                with explained(self.path):
                    self._writer.writerow(_as_text(row))
                    self._file.flush()
            except OSError:
                with suppress(OSError):  # else Python complains of the unwritten rest when it ends
                    self._file.close()
                raise

    def on_train_end(self, logs: Any = None) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None


class SaveModel(keras.callbacks.Callback):
    """Save the whole model every so often and at the end, so that training can go on after an interruption.

    `keras.models.load_model` opens the file with weights, optimisers and random states (import `gan_course.GAN`
    first).

    Args:
        path: A file that ends in `.keras`.
        every: How many steps lie between two saves.

    Raises:
        ValueError: If the path does not end in `.keras` or `every` is less than 1.
        OSError: When saving, if the file cannot be written.

    Example:
        >>> from gan_course.callbacks import SaveModel
        >>> SaveModel("runs/first/gan.keras", every=500).path.name
        'gan.keras'
    """

    def __init__(self, path: str | Path, every: int = 1000) -> None:
        """Keep the settings."""
        super().__init__()
        if Path(path).suffix != ".keras" or every < 1:
            raise ValueError(f"path is {path} and every is {every}; expected a .keras file and at least 1")
        self.path, self.every = Path(path), every

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save when a step has come."""
        if self.model.steps % self.every == 0:
            save_model(self.model, self.path)

    def on_train_end(self, logs: Any = None) -> None:
        """Save the last state."""
        save_model(self.model, self.path)


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
        self.steps = steps

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


def save_model(model: keras.Model, path: str | Path) -> None:
    """Save a Keras model without ever leaving a half-written file at `path`."""
    with replacing(path) as beside:
        model.save(beside)


def read_losses(path: str | Path) -> list[tuple[int, float, float, float]]:
    """Return the rows of a `LossLog` file: step, d_loss, g_loss, seconds.

    Raises:
        ValueError: If the file is not such a CSV. A last line that was cut off is left out.
    """
    with Path(path).open(newline="") as file:
        whole_lines = file.read().rpartition("\n")[0].splitlines()
    header, *lines = list(csv.reader(whole_lines)) or [[]]
    if tuple(header) != LossLog.COLUMNS:
        raise ValueError(f"{path} starts with {header}; expected the columns {', '.join(LossLog.COLUMNS)}")
    try:
        return [(int(step), float(d), float(g), float(seconds)) for step, d, g, seconds in lines]
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); move it away") from None


def _as_text(row: tuple[int, float, float, float]) -> tuple[str, ...]:
    step, d_loss, g_loss, seconds = row
    return str(step), f"{np.float32(d_loss):.6f}", f"{np.float32(g_loss):.6f}", f"{seconds:.3f}"
