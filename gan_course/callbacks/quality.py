"""The quality of drawn digits, measured during training."""

import csv
import dataclasses
import time
from pathlib import Path
from typing import Any

import keras

from gan_course.arguments import whole
from gan_course.callbacks.rows import rows_up_to
from gan_course.files import replacing
from gan_course.metrics import DigitQuality, digit_quality

SHOWN = ("frechet_distance", "coverage", "entropy", "confident")


class Quality(keras.callbacks.Callback):
    """Measure how good the drawn digits are: before the first step and every so often.

    The latent vectors are the same each time, and nothing that the training depends on is changed. The last
    measures (`frechet_distance`, `coverage`, `entropy`, `confident`) stand in the progress bar and in Keras's
    `History` at the end of each epoch.

    Args:
        every: How many steps lie between two measurements.
        count: How many images are drawn for one; see `gan_course.metrics.digit_quality`.
        path: A CSV file with the columns of `rows`; one that exists is continued from the model's step, and set
            aside under another name if the model has not been trained yet.
        seed: Seed of the latent vectors.

    Attributes:
        rows: A dictionary for each measurement: `step`, `seconds` and what `digit_quality` returns.
            Seconds are those of training, without measuring and without pauses between two calls of `fit`.
            After a kill those of the steps since the last row are taken to be like the ones before.

    Raises:
        ValueError: If `every` or `count` is no whole number of at least 1. When training starts, if the generator
            does not draw digits `(n, 28, 28, 1)`, `count` is too small, or the file is not such a CSV.
        OSError: If the file cannot be written.

    Example:
        >>> from gan_course.callbacks import Quality
        >>> Quality(every=500).rows
        []
    """

    COLUMNS = ("step", "seconds", *(field.name for field in dataclasses.fields(DigitQuality)))

    def __init__(
        self, every: int = 1000, count: int = 5000, path: str | Path | None = None, seed: int = 0
    ) -> None:
        """Keep the settings."""
        super().__init__()
        self.every, self.count, self.seed = (
            whole("every", every),
            whole("count", count),
            whole("seed", seed, least=0),
        )
        self.path = Path(path) if path else None
        self.rows: list[dict[str, float]] = []
        self._stopped = (0, 0.0)

    def on_train_begin(self, logs: Any = None) -> None:
        """Take up the rows up to the model's step, and measure a model that has not been trained."""
        steps = self.model.steps
        self.rows = rows_up_to(steps, self.rows, self.path, read_quality, lambda row: row["step"])
        known = [self._stopped, *((row["step"], row["seconds"]) for row in self.rows)]
        step, seconds = max((point for point in known if 0 < point[0] <= steps), default=(1, 0.0))
        self._start = time.perf_counter() - seconds * steps / step
        self._measure_if_due()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Measure when its step has come."""
        self._measure_if_due()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Put the last measures beside the losses."""
        logs.update({name: self.rows[-1][name] for name in SHOWN} if self.rows else {})

    def on_train_end(self, logs: Any = None) -> None:
        """Remember how long the training took."""
        self._stopped = self.model.steps, time.perf_counter() - self._start

    def _measure_if_due(self) -> None:
        step, begun = self.model.steps, time.perf_counter()
        if step % self.every or (self.rows and self.rows[-1]["step"] == step):
            return
        self.rows.append(quality_row(self.model, step, begun - self._start, self.count, self.seed))
        if self.path:
            write_quality(self.path, self.rows)
        self._start += time.perf_counter() - begun


def quality_row(
    generator: keras.Model, step: int, seconds: float, count: int = 5000, seed: int = 0
) -> dict[str, float]:
    """Return one row of a `Quality` file: what `digit_quality` finds in a generator of that step."""
    return {"step": step, "seconds": seconds, **dataclasses.asdict(digit_quality(generator, count, seed))}


def read_quality(path: str | Path) -> list[dict[str, float]]:
    """Return the rows of a `Quality` file.

    Raises:
        ValueError: If the file is not such a CSV.
    """
    with Path(path).open(newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != Quality.COLUMNS:
            raise ValueError(
                f"{path} starts with {reader.fieldnames}; expected the columns {', '.join(Quality.COLUMNS)}"
            )
        try:
            return [
                {name: int(text) if name in ("step", "count") else float(text) for name, text in row.items()}
                for row in reader
            ]
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged ({error}); move it away") from None


def write_quality(path: str | Path, rows: list[dict[str, float]]) -> None:
    """Write the rows of a `Quality` file, which `read_quality` reads again.

    Raises:
        OSError: If the file cannot be written; one that was there is kept.
    """
    with replacing(path) as beside, beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, Quality.COLUMNS)
        writer.writeheader()
        writer.writerows(map(_as_text, rows))


def _as_text(row: dict[str, float]) -> dict[str, str]:
    return {name: str(value) if isinstance(value, int) else f"{value:.6g}" for name, value in row.items()}
