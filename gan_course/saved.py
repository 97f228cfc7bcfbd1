"""Networks in files: opened, or named in one sentence with what to do about them."""

import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gan_course import runs
from gan_course.arguments import whole
from gan_course.backend import check_keras, reason
from gan_course.datasets import unscale

if TYPE_CHECKING:
    import keras

IN_PYTHON = "draw in Python with gan_course.models.generate and keras.models.load_model"


def draw_images(folder: str | Path, count: int = 25, seed: int | None = None) -> np.ndarray:
    """Draw images with the network that a training has left.

    Args:
        folder: What `gan-course train` or a `Checkpoint` wrote to.
        count: How many.
        seed: The same seed draws the same images. `None` draws new ones each time.

    Returns:
        uint8 `(count, height, width, channels)`.

    Raises:
        ValueError: As `open_generator` does, or if the network draws outside [-1, 1].

    Example:
        >>> import gan_course
        >>> from gan_course.saved import draw_images
        >>> _ = gan_course.train_mnist("runs/tiny", steps=1, source="embedded", verbose=0)
        >>> draw_images("runs/tiny", count=4, seed=0).shape
        (4, 28, 28, 1)
    """
    count, generator = whole("count", count), open_generator(folder)
    from gan_course.models import generate

    return unscale(generate(generator, count, seed))


def open_generator(folder: str | Path) -> "keras.Model":
    """Return the network that a training's images are drawn with.

    It is that of the newest file in the folder: a training that was killed has left only a checkpoint.

    Args:
        folder: What `gan-course train` or a `Checkpoint` wrote to.

    Returns:
        A Keras model from `(n, latent_dim)` to images `(n, height, width, channels)`, 1 or 3 channels.

    Raises:
        ValueError: If the folder holds no network, it cannot be opened, or it draws no images. Python code
            in it, as in a `Lambda` layer, is not run.

    Example:
        >>> from gan_course.saved import open_generator
        >>> open_generator("no-such-folder")
        Traceback (most recent call last):
        ...
        ValueError: no-such-folder holds no generator.keras; name a folder that `gan-course train` made
    """
    names = (runs.GENERATOR, runs.CHECKPOINT, runs.PREVIOUS)
    paths = [path for name in names if (path := Path(folder, name)).is_file()]
    if not paths:
        raise ValueError(f"{folder} holds no {runs.GENERATOR}; name a folder that `gan-course train` made")
    path = max(paths, key=lambda path: path.stat().st_mtime)
    network = _open(path)
    network = getattr(network, "best_generator", network)
    takes, draws = (getattr(network, name, None) for name in ("input_shape", "output_shape"))
    one_each = isinstance(takes, tuple) and isinstance(draws, tuple)
    if not one_each or len(takes) != 2 or not takes[1] or len(draws) != 4 or draws[3] not in (1, 3):
        raise ValueError(
            f"{path} takes {takes} and returns {draws}; expected a generator, which takes latent vectors "
            "(n, latent_dim) and returns images (n, height, width, 1 or 3)"
        )
    return network


def _open(path: Path) -> "keras.Model":
    check_keras()
    import keras

    from gan_course.training.gan import GAN  # noqa: F401, now Keras knows the class

    try:
        return keras.models.load_model(path, compile=path.name != runs.GENERATOR)
    except Exception as error:  # a damaged file can make zipfile, h5py and Keras raise nearly anything
        why = reason(error)
    if own := re.match(r"Could not locate (class|function) '(.+?)'", why):
        raise ValueError(
            f"{path} needs the {own[1]} {own[2]}, which this command does not know; import it and {IN_PYTHON}"
        )
    if "safe_mode" in why:
        raise ValueError(
            f"{path} holds Python code, as in a Lambda layer, which this command does not run; if you trust it, "
            f"{IN_PYTHON} with safe_mode=False"
        )
    with path.open("rb") as file:
        why = why if zipfile.is_zipfile(file) else "it is no whole zip archive"
    raise ValueError(
        f"{path} is damaged or made by another version of Keras ({why}); move it away, or train in a new folder"
    )
