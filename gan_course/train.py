"""A whole training as one function: data, networks, callbacks, and what is left in a folder."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
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
SHOWN_PAIRS, NEARLY_GRAY = (
    8,
    12,
)  # of the samples; steps that JPEG may leave between the channels of a gray picture


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
        channels: 3 for color, 1 for gray.
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


def train_pairs(
    pairs: str | Path | Sequence[str | Path],
    folder: str | Path,
    size: int = 64,
    channels: int = 3,
    condition_channels: int | None = None,
    direction: str = "AtoB",
    steps: int = 10_001,
    batch_size: int = 8,
    recipe: str = "plain",
    every: int = 200,
    seed: int = 0,
    resume: bool = True,
    verbose: int = 1,
    loss: str | None = None,
) -> "GAN":
    """Train a network from pictures to pictures, on pairs of what is given and what is to be drawn.

    The networks are `unet` and `patch_discriminator`, the rate is 2e-4, and the distance to the target weighs 100
    (Isola et al., 2017, https://arxiv.org/abs/1611.07004, sections 3 and 4). The samples show conditions, drawings
    and targets; they are held out where there is a folder `val` or `test`.

    Args:
        pairs: A folder of pix2pix's form, or two folders; see `gan_course.datasets.load_pairs`.
        folder: As in `train_mnist`, and so are the arguments that are not named here.
        size: Height and width in pixels that both pictures are made to, divisible by 16.
        channels: Of what is drawn: 3 for color, 1 for gray.
        condition_channels: The same of what is given; None for 1 if the first of them are gray.
        direction: What is drawn from what: `"AtoB"` or `"BtoA"`.
        steps: Batches to train on, in all.
        batch_size: Pairs a batch.
        recipe: How a step goes.
        every: Steps between two samples.
        seed: The same seed gives the same training.
        resume: Whether to go on with a training that the folder holds.
        verbose: 1 says how it goes; 0 prints nothing.
        loss: What the players want, in place of the recipe's.

    Returns:
        The GAN.

    Raises:
        ValueError: As `train_mnist` does, or if `size` is not divisible by 16.
        DataError: If there are no pairs, or fewer than a batch.
        OSError: As `train_mnist` does.
        FloatingPointError: If a loss becomes infinite or NaN.
        MemoryError: If a batch does not fit into the device's memory.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> import gan_course
        >>> with tempfile.TemporaryDirectory() as pairs:
        ...     for number in range(2):
        ...         Image.new("RGB", (32, 16), "red").save(f"{pairs}/{number}.png")
        ...     gan = gan_course.train_pairs(pairs, "runs/red", size=16, steps=1, batch_size=2, verbose=0)
        >>> gan.condition.kind, gan.image_shape
        ('pictures', (16, 16, 3))
    """
    import keras

    from gan_course import models

    plan = _Plan(folder, steps, batch_size, recipe, loss, every, seed, resume, verbose)
    plan.settings |= {"reconstruction": 100.0, "g_learning_rate": 2e-4, "d_learning_rate": 2e-4}
    models.unet(size, width=1)  # refuses a size before anything is read
    held_out = next((split for split in ("val", "test") if datasets.has_split(pairs, split)), "train")
    form: dict[str, Any] = {"direction": direction, "channels": channels}
    targets, given = datasets.load_pairs(pairs, size, held_out, limit=SHOWN_PAIRS, **form)
    if condition_channels is None:
        condition_channels = 1 if np.ptp(given.astype("int16"), axis=-1).max() <= NEARLY_GRAY else 3
    form["condition_channels"] = condition_channels
    targets, given = datasets.load_pairs(pairs, size, held_out, limit=SHOWN_PAIRS, **form)
    sides = size, condition_channels, channels
    pixels = datasets.count_pairs(pairs) * size * size * (channels + condition_channels)
    conditions = None
    if 4 * pixels > IN_MEMORY:
        keras.utils.set_random_seed(plan.seed)  # the order of the pairs depends on it
        images = datasets.image_pairs_dataset(pairs, size, batch_size=plan.batch_size, seed=plan.seed, **form)
    else:
        images, conditions = (datasets.scale(each) for each in datasets.load_pairs(pairs, size, **form))
        plan.enough(images)
    return _train(
        plan,
        images,
        "pairs",
        lambda dropout: (models.unet(*sides), models.patch_discriminator(*sides)),
        conditions,
        {"conditions": datasets.scale(given), "targets": datasets.scale(targets), "columns": 2},
    )


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


def _train(
    plan: _Plan,
    images: Any,
    what: str,
    networks: Callable[[float], tuple[Any, Any]],
    conditions: np.ndarray | None = None,
    shown: Mapping[str, Any] | None = None,
) -> "GAN":
    """Train on an array or on batches, and leave in the folder what a training leaves.

    `shown` is what the samples are drawn from, where they are not latent vectors alone.
    """
    import keras

    from gan_course.callbacks import save_model
    from gan_course.training.gan import GAN
    from gan_course.training.interrupt import sigterm_as_ctrl_c

    if plan.verbose:
        count = f"{len(images):,} {what}" if isinstance(images, np.ndarray) else f"{what} from batch to batch"
        print(f"Training on {count} for {plan.steps:,} steps.", flush=True)
    keras.utils.set_random_seed(plan.seed)
    dropout = 0.0 if plan.recipe.without_dropout else 0.3
    gan = GAN(*networks(dropout), seed=plan.seed)
    gan.compile(recipe=plan.recipe.name, **plan.settings)
    with sigterm_as_ctrl_c():
        _fit(gan, images, conditions, plan, _callbacks(gan, plan, shown or {}))
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


def _callbacks(gan: "GAN", plan: _Plan, shown: Mapping[str, Any]) -> list["keras.callbacks.Callback"]:
    import keras

    from gan_course import callbacks

    folder, steps = plan.folder, plan.steps
    said = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: _say_start(gan, folder, steps))
    return [
        callbacks.LossLog(folder / runs.HISTORY),
        callbacks.SampleGrid(folder / runs.SAMPLES, every=plan.every, seed=gan.seed, **shown),
        *([callbacks.Quality(plan.metrics, path=folder / runs.QUALITY)] if plan.metrics else []),
        callbacks.Checkpoint(folder),
        *([said, callbacks.Progress(steps)] if plan.verbose else []),
    ]


def _fit(gan: "GAN", images: Any, conditions: np.ndarray | None, plan: _Plan, keep: list) -> None:
    import tensorflow as tf

    size: dict[str, Any] = {"batch_size": plan.batch_size} if isinstance(images, np.ndarray) else {}
    try:
        gan.fit(images, conditions, steps_per_epoch=plan.steps, callbacks=keep, verbose=0, **size)
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
