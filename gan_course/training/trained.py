"""Networks that come with the course already trained."""

from pathlib import Path

import keras

from gan_course import layers, places  # noqa: F401, now Keras knows the layers
from gan_course.files import DataError
from gan_course.training.copies import in_precision
from gan_course.training.gan import GAN


def pretrained(name: str = "mnist") -> keras.Model:
    """Return a trained network, so that good images are there in a second.

    The files are in `gan_course.places.CHECKPOINTS / name`: networks with weights in half precision, how they came
    about, and how they were made (`README.md`).

    Args:
        name: `"mnist"`, a `GAN` of handwritten digits `(28, 28, 1)` from 100 latent numbers; or the name of
            another folder there.

    Returns:
        A `GAN` in single precision where there are `generator.keras` and `discriminator.keras`: `generate` draws
        at once, and after a `compile` it can be trained further. Elsewhere the one network that there is.

    Raises:
        DataError: If there is no such folder, it holds no network or several that are no pair, or a file of it is
            damaged.

    Example:
        >>> import gan_course
        >>> gan_course.pretrained("mnist").generate(25, seed=0).shape
        (25, 28, 28, 1)
    """
    known = sorted(folder.name for folder in places.CHECKPOINTS.iterdir() if folder.is_dir())
    if name not in known:
        raise DataError(f"there is no trained network called {name!r}; there is {', '.join(known)}")
    folder = places.CHECKPOINTS / name
    files = {path.stem: path for path in sorted(folder.glob("*.keras"))}
    if "discriminator" in files:
        return GAN(*(_open(folder / f"{network}.keras") for network in ("generator", "discriminator")))
    if len(files) != 1:
        found = ", ".join(path.name for path in files.values()) or "no network"
        raise DataError(
            f"{folder} holds {found}; expected generator.keras and discriminator.keras, or one network"
        )
    return _open(*files.values())


def _open(path: Path) -> keras.Model:
    try:
        return in_precision(keras.models.load_model(path), "float32")
    except Exception as error:  # a damaged file can make zipfile, h5py and Keras raise nearly anything
        reason = str(error).partition("\n")[0]
        raise DataError(f"{path} is missing or damaged ({reason}); install gan-course again") from None
