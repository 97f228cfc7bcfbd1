"""A whole training as one function: data, networks, callbacks, and what is left in a folder."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import numpy as np

from gan_course import datasets, recipes, runs
from gan_course.arguments import whole
from gan_course.backend import check_keras
from gan_course.places import is_free

if TYPE_CHECKING:
    import keras

    from gan_course.training.gan import GAN


def train_mnist(
    folder: str | Path,
    steps: int = 40_001,
    batch_size: int = 32,
    recipe: str = "course",
    every: int = 200,
    metrics: int | None = None,
    seed: int = 0,
    source: str | Path = "auto",
    resume: bool = True,
    verbose: int = 1,
) -> "GAN":
    """Train a GAN on handwritten digits, and keep samples, losses and networks in a folder.

    Ctrl-C and SIGTERM end the training after the current step, with everything up to it in the folder. The same
    call then goes on from there, exactly.

    Args:
        folder: Where the results go: `samples/`, `history.csv`, `generator.keras`, `gan.keras` and, with
            `metrics`, `quality.csv`; see `gan_course.runs`. It is made if need be.
        steps: Batches to train on, in all.
        batch_size: Images a batch.
        recipe: How a step goes; see `gan_course.recipes.RECIPES`.
        every: Steps between two samples.
        metrics: Steps between two measurements of the digits; `None` for none.
        seed: The same seed gives the same training.
        source: Which digits; see `gan_course.datasets.load_mnist`.
        resume: Whether to go on with a training that the folder holds.
        verbose: 1 says how it goes, with a progress bar on a terminal; 0 prints nothing.

    Returns:
        The GAN. After an interruption its `steps` are fewer than those asked for.

    Raises:
        ValueError: If an argument cannot be meant, the folder holds something else or a training with other
            settings, or Keras is set up in a way the course cannot train with.
        DataError: If the digits cannot be had.
        OSError: If the folder cannot be written to; what was written before is kept.
        FloatingPointError: If a loss becomes infinite or NaN.
        MemoryError: If a batch does not fit into the device's memory.

    Example:
        >>> import gan_course
        >>> gan = gan_course.train_mnist("runs/tiny", steps=2, batch_size=4, source="embedded", verbose=0)
        >>> gan.steps
        2
    """
    folder, chosen = Path(folder), recipes.get(recipe)
    steps, batch_size, every = whole("steps", steps), whole("batch_size", batch_size), whole("every", every)
    metrics = None if metrics is None else whole("metrics", metrics)
    if (seed := whole("seed", seed, least=0)) >= 2**32:
        raise ValueError(f"seed is {seed}; expected a whole number from 0 to {2**32 - 1}")
    if not is_free(folder) and not (resume and runs.holds_training(folder)):
        raise ValueError(f"{folder} exists and is not an empty folder; choose a new one, so that nothing is lost")
    check_keras()
    images, _ = datasets.load_mnist(source, verbose=verbose)
    if batch_size > len(images):
        raise ValueError(f"batch_size is {batch_size} and there are only {len(images)} images")
    if verbose:
        print(f"Training on {len(images):,} digits for {steps:,} steps.", flush=True)
    from gan_course.callbacks import save_model

    gan = _make_gan(chosen, seed)
    with sigterm_as_ctrl_c():
        _fit(gan, images, batch_size, steps, _callbacks(gan, folder, steps, every, metrics, verbose))
        save_model(gan.best_generator, folder / runs.GENERATOR)
    if verbose:
        _say_end(gan, folder, steps)
    return gan


def _make_gan(recipe: recipes.Recipe, seed: int) -> "GAN":
    import keras

    from gan_course import models
    from gan_course.training.gan import GAN

    keras.utils.set_random_seed(seed)
    dropout = 0.0 if recipe.r1_gamma else 0.3  # the penalty keeps the discriminator in check
    gan = GAN(models.mnist_generator(), models.mnist_discriminator(dropout), seed=seed)
    gan.compile(recipe=recipe.name)
    return gan


def _callbacks(
    gan: "GAN", folder: Path, steps: int, every: int, metrics: int | None, verbose: int
) -> list["keras.callbacks.Callback"]:
    import keras

    from gan_course import callbacks

    said = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: _say_start(gan, folder, steps))
    return [
        callbacks.LossLog(folder / runs.HISTORY),
        callbacks.SampleGrid(folder / runs.SAMPLES, every=every, seed=gan.seed),
        *([callbacks.Quality(metrics, path=folder / runs.QUALITY)] if metrics else []),
        callbacks.Checkpoint(folder),
        *([said, callbacks.Progress(steps)] if verbose else []),
    ]


def _fit(gan: "GAN", images: np.ndarray, batch_size: int, steps: int, keep: list) -> None:
    import tensorflow as tf

    try:
        gan.fit(datasets.scale(images), batch_size=batch_size, steps_per_epoch=steps, callbacks=keep, verbose=0)
    except tf.errors.ResourceExhaustedError:
        raise MemoryError(f"a batch of {batch_size} images does not fit into memory; take a smaller one") from None


def _say_start(gan: "GAN", folder: Path, steps: int) -> None:
    if gan.steps:
        print(f"Going on from step {gan.steps:,} in {folder}.", flush=True)
    if gan.steps >= steps:
        print("All steps that were asked for are trained; for more, ask for more steps.")


def _say_end(gan: "GAN", folder: Path, steps: int) -> None:
    if gan.steps < steps:
        done = f"{gan.steps:,} of {steps:,} steps"
        print(f"gan-course: interrupted after {done}; the same command goes on from there", file=sys.stderr)
    print(f"{folder} holds {runs.SAMPLES}/, {runs.HISTORY}, {runs.GENERATOR} and {runs.CHECKPOINT}.")


@contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, with which a cluster or Colab ends a program, do what Ctrl-C does; in the main thread only.

    Example:
        >>> import signal
        >>> from gan_course.train import sigterm_as_ctrl_c
        >>> try:
        ...     with sigterm_as_ctrl_c():
        ...         signal.raise_signal(signal.SIGTERM)
        ... except KeyboardInterrupt:
        ...     print("interrupted")
        interrupted
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        ctrl_c = signal.getsignal(signal.SIGINT)
        (ctrl_c if callable(ctrl_c) else signal.default_int_handler)(signal.SIGINT, frame)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
