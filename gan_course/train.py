"""A whole training as one function: data, networks, callbacks, and what is left in a folder."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from gan_course import datasets, recipes, runs
from gan_course.arguments import whole
from gan_course.backend import check_keras
from gan_course.places import is_free

if TYPE_CHECKING:
    import keras

    from gan_course.training.gan import GAN

IN_MEMORY = 2e9  # bytes of pixels that are held at once


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
    loss: str | None = None,
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
        loss: What the players want, in place of the recipe's; see `gan_course.recipes.LOSSES`. To
            `"wasserstein"` belongs a gradient penalty: where the recipe has none, `gp_lambda` is 10.

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
    plan = _Plan(folder, steps, batch_size, recipe, loss, every, seed, resume, verbose, metrics)
    images, _ = datasets.load_mnist(source, verbose=verbose)
    return _train(plan, datasets.scale(plan.enough(images)), "digits", _digits_networks)


def train_folder(
    pictures: str | Path,
    folder: str | Path,
    size: int = 32,
    channels: int = 3,
    steps: int = 40_001,
    batch_size: int = 32,
    recipe: str = "course",
    every: int = 200,
    seed: int = 0,
    resume: bool = True,
    verbose: int = 1,
    loss: str | None = None,
) -> "GAN":
    """Train a GAN on faces or on a folder of pictures, with networks that fit their size.

    Each picture is cut to the largest square in its middle. Folders of up to 2 GB of pixels are held in memory;
    larger ones are read from batch to batch, which is slower, above all when a training goes on: what it has seen
    is read again.

    Args:
        pictures: A folder of JPEG, PNG or WebP files; or `"faces"`, the first 1,000 faces of
            `gan_course.datasets.load_faces`, which are squeezed into squares, as in the exercises.
        folder: As in `train_mnist`, and so are the arguments that are not named here.
        size: Height and width in pixels that the pictures are made to; see `gan_course.models.dcgan_generator`.
        channels: 3 for colour, 1 for gray.
        steps: Batches to train on, in all.
        batch_size: Images a batch.
        recipe: How a step goes.
        every: Steps between two samples.
        seed: The same seed gives the same training.
        resume: Whether to go on with a training that the folder holds.
        verbose: 1 says how it goes; 0 prints nothing.
        loss: What the players want, in place of the recipe's.

    Returns:
        The GAN.

    Raises:
        ValueError: As `train_mnist` does, or if the networks have no such size.
        DataError: If there are no pictures, or fewer than a batch.
        OSError: As `train_mnist` does.
        FloatingPointError: If a loss becomes infinite or NaN.
        MemoryError: If a batch does not fit into the device's memory.

    Example:
        >>> import tempfile
        >>> import gan_course
        >>> with tempfile.TemporaryDirectory() as pictures:
        ...     _ = gan_course.synthetic.write_faces(pictures, count=4)
        ...     gan = gan_course.train_folder(pictures, "runs/faces", size=16, steps=1, batch_size=4, verbose=0)
        >>> gan.image_shape
        (16, 16, 3)
    """
    import keras

    from gan_course.models.dcgan import doublings

    plan = _Plan(folder, steps, batch_size, recipe, loss, every, seed, resume, verbose)
    size, channels, *_ = datasets.check_arguments(size, channels, None)
    doublings(size)
    networks = partial(_fitting_networks, size, channels, verbose)
    if pictures == "faces":
        faces = datasets.load_faces(size, channels, verbose=verbose)
        return _train(plan, datasets.scale(plan.enough(faces)), "faces", networks)
    count = datasets.count_pictures(pictures)
    if verbose:
        print(f"Reading {count:,} pictures.", flush=True)
    if 4 * count * size * size * channels > IN_MEMORY:
        keras.utils.set_random_seed(plan.seed)  # the order of the pictures depends on it
        batches = datasets.image_folder_dataset(
            pictures, size, channels, plan.batch_size, crop=True, seed=plan.seed
        )
        return _train(plan, batches, "pictures", networks)
    images = datasets.load_image_folder(pictures, size, channels, crop=True)
    return _train(plan, datasets.scale(plan.enough(images)), "pictures", networks)


class _Plan:
    """What a training is asked to be, checked before anything is read."""

    def __init__(
        self,
        folder: str | Path,
        steps: int,
        batch_size: int,
        recipe: str,
        loss: str | None,
        every: int,
        seed: int,
        resume: bool,
        verbose: int,
        metrics: int | None = None,
    ) -> None:
        self.folder, self.verbose = Path(folder), verbose
        self.recipe = recipes.get(recipe, loss=loss)
        self.settings: dict[str, Any] = {} if loss is None else {"loss": loss}
        if self.recipe.loss == "wasserstein" and not self.recipe.is_penalised:
            self.settings["gp_lambda"] = 10.0
        self.steps, self.batch_size = whole("steps", steps), whole("batch_size", batch_size)
        self.every, self.metrics = whole("every", every), None if metrics is None else whole("metrics", metrics)
        self.seed = whole("seed", seed, least=0)
        if self.seed >= 2**32:
            raise ValueError(f"seed is {seed}; expected a whole number from 0 to {2**32 - 1}")
        if not is_free(self.folder) and not (resume and runs.holds_training(self.folder)):
            raise ValueError(
                f"{folder} exists and is not an empty folder; choose a new one, so that nothing is lost"
            )
        check_keras()

    def enough(self, images: np.ndarray) -> np.ndarray:
        """Return the images if they are a batch or more."""
        if self.batch_size > len(images):
            raise ValueError(
                f"batch_size is {self.batch_size} and there are only {len(images)} images; make it smaller"
            )
        return images


def _train(plan: _Plan, images: Any, what: str, networks: Callable[[float], tuple[Any, Any]]) -> "GAN":
    """Train on an array or on batches, and leave in the folder what a training leaves."""
    import keras

    from gan_course.callbacks import save_model
    from gan_course.training.gan import GAN

    if plan.verbose:
        count = f"{len(images):,} {what}" if isinstance(images, np.ndarray) else f"{what} from batch to batch"
        print(f"Training on {count} for {plan.steps:,} steps.", flush=True)
    keras.utils.set_random_seed(plan.seed)
    dropout = 0.0 if plan.recipe.without_dropout else 0.3
    gan = GAN(*networks(dropout), seed=plan.seed)
    gan.compile(recipe=plan.recipe.name, **plan.settings)
    with sigterm_as_ctrl_c():
        _fit(gan, images, plan, _callbacks(gan, plan))
        save_model(gan.best_generator, plan.folder / runs.GENERATOR)
    if plan.verbose:
        _say_end(gan, plan.folder, plan.steps)
    return gan


def _digits_networks(dropout: float) -> tuple["keras.Model", "keras.Model"]:
    from gan_course import models

    return models.mnist_generator(), models.mnist_discriminator(dropout)


def _fitting_networks(
    size: int, channels: int, verbose: int, dropout: float
) -> tuple["keras.Model", "keras.Model"]:
    from gan_course import models

    networks = models.dcgan_generator(size, channels), models.dcgan_discriminator(size, channels, dropout)
    if verbose:
        names = "dcgan_generator", "dcgan_discriminator"
        pairs = zip(names, networks, strict=True)
        told = (f"{name}({size}, {channels}) with {each.count_params():,} parameters" for name, each in pairs)
        print(f"The networks are {' and '.join(told)}.", flush=True)
    return networks


def _callbacks(gan: "GAN", plan: _Plan) -> list["keras.callbacks.Callback"]:
    import keras

    from gan_course import callbacks

    folder, steps = plan.folder, plan.steps
    said = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: _say_start(gan, folder, steps))
    return [
        callbacks.LossLog(folder / runs.HISTORY),
        callbacks.SampleGrid(folder / runs.SAMPLES, every=plan.every, seed=gan.seed),
        *([callbacks.Quality(plan.metrics, path=folder / runs.QUALITY)] if plan.metrics else []),
        callbacks.Checkpoint(folder),
        *([said, callbacks.Progress(steps)] if plan.verbose else []),
    ]


def _fit(gan: "GAN", images: Any, plan: _Plan, keep: list) -> None:
    import tensorflow as tf

    size: dict[str, Any] = {"batch_size": plan.batch_size} if isinstance(images, np.ndarray) else {}
    try:
        gan.fit(images, steps_per_epoch=plan.steps, callbacks=keep, verbose=0, **size)
    except tf.errors.ResourceExhaustedError:
        raise MemoryError(
            f"a batch of {plan.batch_size} images does not fit into memory; take a smaller one"
        ) from None


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
