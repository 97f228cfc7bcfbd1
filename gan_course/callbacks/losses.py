"""The losses of every step, and how often the discriminator is right."""

import csv
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import keras
import numpy as np

from gan_course.callbacks.rows import rows_up_to
from gan_course.files import explained, replacing
from gan_course.recipes import LOSSES

Row = tuple[float, ...]


class LossLog(keras.callbacks.Callback):
    """Keep the losses of every step, in memory and, if a path is given, in a CSV file.

    Args:
        path: A file with the columns of `columns`; one that exists is continued from the model's step, and set
            aside under another name if the model has not been trained yet.
            Seconds are those of training, without pauses between two calls of `fit`.
        accuracies: Keep also how often the discriminator is right, in the step before its update: the shares of
            real images and of fakes, `real_accuracy` and `fake_accuracy`, their mean `accuracy`, and the share of
            fakes called real, `fakes_called_real`, all in [0, 1].

    Attributes:
        rows: One tuple a step.
        columns: What stands in it: step, d_loss, g_loss, seconds; `reconstruction` where the training has such
            a distance; the accuracies. A loss that nobody asks for is NaN.

    Raises:
        OSError: When training starts, if the file cannot be written to.
        ValueError: When training starts, if the file is not such a CSV, or the loss calls no image real or fake.

    Example:
        >>> from gan_course.callbacks import LossLog
        >>> LossLog().d_loss
        []
    """

    COLUMNS = ("step", "d_loss", "g_loss", "seconds")
    ACCURACIES = ("real_accuracy", "fake_accuracy", "accuracy", "fakes_called_real")

    def __init__(self, path: str | Path | None = None, accuracies: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.path, self.accuracies = Path(path) if path else None, bool(accuracies)
        self.rows: list[Row] = []
        self.columns = (*self.COLUMNS, *(self.ACCURACIES if accuracies else ()))
        self._file: TextIO | None = None

    @property
    def d_loss(self) -> list[float]:
        """The discriminator's loss at each step."""
        return self.values("d_loss")

    @property
    def g_loss(self) -> list[float]:
        """The generator's loss at each step."""
        return self.values("g_loss")

    def values(self, column: str) -> list[float]:
        """Return one of the `columns`, a value for each step.

        Raises:
            ValueError: If it is not kept.
        """
        if column not in self.columns:
            raise ValueError(f"column is {column!r}; this log keeps {', '.join(self.columns)}")
        return [row[self.columns.index(column)] for row in self.rows]

    def on_train_begin(self, logs: Any = None) -> None:
        """Read what the file holds up to the model's step, and open it to go on from there."""
        recipe = self.model.recipe
        if self.accuracies and LOSSES[recipe.loss].boundary is None:
            raise ValueError(
                f"the {recipe.loss} loss only compares scores, so it calls no image real or fake; make the "
                "LossLog without accuracies"
            )
        if recipe.reconstruction and "reconstruction" not in self.columns:
            self.columns = (*self.COLUMNS, "reconstruction", *self.columns[len(self.COLUMNS) :])
        self.rows = rows_up_to(self.model.steps, self.rows, self.path, self._read, lambda row: row[0])
        if self.path:
            with replacing(self.path) as beside, beside.open("w", newline="") as file:
                csv.writer(file).writerows([self.columns, *map(_as_text, self.rows)])
            self._file = self.path.open("a", newline="")
            self._writer = csv.writer(self._file)
        self._start = time.perf_counter() - (self.rows[-1][3] if self.rows else 0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Add a row."""
        seconds = time.perf_counter() - self._start
        told = {**logs, "step": self.model.steps, "seconds": seconds}
        if self.accuracies:
            told["accuracy"] = (told["real_accuracy"] + told["fake_accuracy"]) / 2
            told["fakes_called_real"] = 1 - told["fake_accuracy"]
        step, *values = (told.get(name, np.nan) for name in self.columns)
        row = (step, *map(float, values))
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

    def _read(self, path: Path) -> list[Row]:
        rows = read_losses(path)
        found = _columns(path)
        if found != self.columns:
            raise ValueError(
                f"{path} has the columns {', '.join(found)}, and this training has {', '.join(self.columns)}; "
                "choose another file"
            )
        return rows


def read_losses(path: str | Path) -> list[Row]:
    """Return the rows of a `LossLog` file: step, d_loss, g_loss, seconds, and what else it keeps.

    Raises:
        ValueError: If the file is not such a CSV. A last line that was cut off is left out.
    """
    columns = _columns(path)
    if columns[:4] != LossLog.COLUMNS or not {*columns[4:]} <= {"reconstruction", *LossLog.ACCURACIES}:
        raise ValueError(f"{path} starts with {[*columns]}; expected the columns {', '.join(LossLog.COLUMNS)}")
    try:
        rows = [(int(step), *map(float, values)) for step, *values in _lines(path)[1:]]
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); move it away") from None
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(f"{path} is damaged (a line has not {len(columns)} values); move it away")
    return rows


def _columns(path: str | Path) -> tuple[str, ...]:
    return tuple(_lines(path)[0])


def _lines(path: str | Path) -> list[list[str]]:
    with Path(path).open(newline="") as file:
        whole_lines = file.read().rpartition("\n")[0].splitlines()
    return list(csv.reader(whole_lines)) or [[]]


def _as_text(row: Row) -> tuple[str, ...]:
    step, d_loss, g_loss, seconds, *more = row
    texts = (f"{np.float32(value):.6f}" for value in (d_loss, g_loss, *more))
    return str(step), next(texts), next(texts), f"{seconds:.3f}", *texts
