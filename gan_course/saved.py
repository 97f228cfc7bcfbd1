"""Networks in files: opened, or named in one sentence with what to do about them."""

import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from gan_course import runs
from gan_course.arguments import whole
from gan_course.backend import check_keras, reason
from gan_course.datasets import read_picture, scale, sketch, unscale

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
    path, network, takes, draws = _newest(folder)
    if len(takes) != 2 or not takes[1] or len(draws) != 4 or draws[3] not in (1, 3):
        advice = "; `gan-course translate` draws with it" if len(takes) == 4 else ""
        raise ValueError(
            f"{path} takes {takes or None} and returns {draws or None}; expected a generator, which takes latent "
            f"vectors (n, latent_dim) and returns images (n, height, width, 1 or 3){advice}"
        )
    return network


def translate(folder: str | Path, picture: str | Path, from_photo: bool = False) -> np.ndarray:
    """Draw what a network that was trained on pairs makes of a picture.

    Args:
        folder: What `gan-course train --pairs` wrote to.
        picture: A JPEG, PNG or WebP file; its middle square is taken.
        from_photo: Make a line drawing of it first, for a network that has learned from such.

    Returns:
        uint8 `(height, width, channels)`, in the size of the network.

    Raises:
        ValueError: As `open_generator` does, or if the network takes no pictures.
        DataError: If the picture cannot be read.

    Example:
        >>> from gan_course.saved import translate
        >>> translate("no-such-folder", "sketch.png")
        Traceback (most recent call last):
        ...
        ValueError: no-such-folder holds no generator.keras; name a folder that `gan-course train` made
    """
    path, network, takes, draws = _newest(folder)
    if len(takes) != 4 or takes[1] != takes[2] or takes[3] not in (1, 3) or len(draws) != 4:
        raise ValueError(
            f"{path} takes {takes or None} and returns {draws or None}; expected a network from square pictures "
            "to pictures, as `gan-course train --pairs` makes"
        )
    pixels = read_picture(picture, takes[1])
    if from_photo:
        pixels = np.broadcast_to(sketch(pixels[None])[0], pixels.shape)
    if takes[3] == 1:
        pixels = np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
    return unscale(network.predict(scale(pixels)[None], verbose=0))[0]


def _newest(folder: str | Path) -> tuple[Path, "keras.Model", tuple, tuple]:
    """Return the newest network in a folder, its file and shapes, which are empty where there are several."""
    names = (runs.GENERATOR, runs.CHECKPOINT, runs.PREVIOUS)
    paths = [path for name in names if (path := Path(folder, name)).is_file()]
    if not paths:
        raise ValueError(f"{folder} holds no {runs.GENERATOR}; name a folder that `gan-course train` made")
    path = max(paths, key=lambda path: path.stat().st_mtime)
    network = _open(path)
    network = getattr(network, "best_generator", network)
    found = (getattr(network, name, None) for name in ("input_shape", "output_shape"))
    takes, draws = (each if isinstance(each, tuple) else () for each in found)
    return path, network, takes, draws


def _open(path: Path) -> "keras.Model":
    check_keras()
    import keras

    from gan_course import models  # noqa: F401, now Keras knows their layers
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
