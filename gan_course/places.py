"""Where data lies: what comes with the course, and the folders that a user may have."""

import os
from pathlib import Path

from gan_course.files import DataError

_IN_WHEEL, _IN_CHECKOUT = (folder / "data" for folder in Path(__file__).parents[:2])
DATA = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_CHECKOUT
CHECKPOINTS = DATA / "checkpoints"
DRIVE = Path("/content/drive/MyDrive")  # where Colab shows Google Drive
SYSTEM_FILES = ("thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini", "icon\r", ".ds_store")


def own_folder() -> Path | None:
    """Return the folder that the environment variable GAN_COURSE_DATA names, or None.

    Raises:
        DataError: If it names no folder.
    """
    own = os.environ.get("GAN_COURSE_DATA")
    if own and not expanded(own).is_dir():
        raise DataError(f"GAN_COURSE_DATA names {own}, which is not a folder; correct it or unset it")
    return expanded(own) if own else None


def expanded(path: str | Path) -> Path:
    """Return a path with the home folder in place of `~`; where there is none it stays as it is."""
    return Path(os.path.expanduser(path))  # noqa: PTH111, that of Path raises a RuntimeError


def keras_home() -> Path:
    """Return the folder of Keras's settings and downloads, by Keras's own rule."""
    home = expanded("~")
    usual = (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"
    return expanded(os.environ.get("KERAS_HOME", usual))


def keras_folder() -> Path:
    """Return the folder that Keras downloads data sets into."""
    return keras_home() / "datasets"


def is_system_file(path: Path) -> bool:
    """Whether a file is one that Windows, macOS or Picasa puts into folders of pictures unasked.

    Example:
        >>> is_system_file(Path("faces/Thumbs.db")), is_system_file(Path("faces/000001.jpg"))
        (True, False)
    """
    return path.name.lower() in SYSTEM_FILES
