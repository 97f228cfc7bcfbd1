"""Networks that come with the course already trained."""

from pathlib import Path

import keras

from gan_course import places
from gan_course.files import DataError
from gan_course.training.copies import in_precision
from gan_course.training.gan import GAN


def pretrained(name: str = "mnist") -> GAN:
    """Return a trained GAN, so that good images are there in a second.

    The files are in `gan_course.places.CHECKPOINTS / name`: both networks with weights in half
    precision, the losses (`history.csv`), the measured quality (`quality.csv`) and how it was made (`README.md`).

    Args:
        name: `"mnist"`, handwritten digits `(28, 28, 1)` from 100 latent numbers.

    Returns:
        A GAN in single precision: `generate` draws at once, and after a `compile` it can be trained further.

    Raises:
        DataError: If there is no such checkpoint, or a file of it is damaged.

    Example:
        >>> import gan_course
        >>> gan_course.pretrained("mnist").generate(25, seed=0).shape
        (25, 28, 28, 1)
    """
    known = sorted(folder.name for folder in places.CHECKPOINTS.iterdir() if folder.is_dir())
    if name not in known:
        raise DataError(f"there is no trained GAN called {name!r}; there is {', '.join(known)}")
    return GAN(
        *(_open(places.CHECKPOINTS / name / f"{network}.keras") for network in ("generator", "discriminator"))
    )


def _open(path: Path) -> keras.Model:
    try:
        return in_precision(keras.models.load_model(path), "float32")
    except Exception as error:  # a damaged file can make zipfile, h5py and Keras raise nearly anything
        reason = str(error).partition("\n")[0]
        raise DataError(f"{path} is missing or damaged ({reason}); install gan-course again") from None
