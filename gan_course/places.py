"""Where data lies: what comes with the course, and the folders that a user may have."""

import os
from pathlib import Path

from gan_course.files import DataError

_IN_WHEEL, _IN_CHECKOUT = (folder / "data" for folder in Path(__file__).parents[:2])
DATA = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_CHECKOUT
CHECKPOINTS = DATA / "checkpoints"
DRIVE = Path("/content/drive/MyDrive")  # where Colab shows Google Drive


def own_folder() -> Path | None:
    """Return the folder that the environment variable GAN_COURSE_DATA names, or None.

    Raises:
        DataError: If it names no folder.
    """
    own = os.environ.get("GAN_COURSE_DATA")
    if own and not Path(own).expanduser().is_dir():
        raise DataError(f"GAN_COURSE_DATA names {own}, which is not a folder; correct it or unset it")
    return Path(own).expanduser() if own else None


def keras_folder() -> Path:
    """Return the folder that Keras downloads data sets into."""
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"
