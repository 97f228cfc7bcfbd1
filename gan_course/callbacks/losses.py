"""Both losses of every step."""

import csv
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np

from gan_course.callbacks.rows import rows_up_to
from gan_course.files import explained, replacing


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
        self.rows = rows_up_to(self.model.steps, self.rows, self.path, read_losses, lambda row: row[0])
        if self.path:
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
