"""Where data lies: what comes with the course, and the folders that a user may have."""

import os
import reprlib
from pathlib import Path
from typing import Any

from gan_course.files import DataError

_IN_WHEEL, _IN_CHECKOUT = (folder / "data" for folder in Path(__file__).parents[:2])
DATA = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_CHECKOUT
CHECKPOINTS = DATA / "checkpoints"
DRIVE = Path("/content/drive/MyDrive")  # where Colab shows Google Drive

_SYSTEM_FILES = {  # files and folders that Windows, macOS, Linux, Picasa and network drives leave behind
    *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "system volume information"),
    *(".ds_store", "__macosx", "icon\r", "lost+found", "picasa.ini", ".picasa.ini", "@eadir"),
}


def as_path(name: str, value: Any) -> Path:
    """Return a path, with `~` replaced by the user's own folder.

    Args:
        name: What the argument is called.
        value: What was given.

    Raises:
        ValueError: If it is no path, or empty.

    Example:
        >>> from gan_course.places import as_path
        >>> as_path("source", "pictures").name
        'pictures'
        >>> as_path("source", None)
        Traceback (most recent call last):
        ...
        ValueError: source is None; expected a path
    """
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise ValueError(f"{name} is {reprlib.repr(value)}; expected a path")
    return expanded(value)


def is_system_file(path: str | Path) -> bool:
    """Whether a file or folder has a name, in any case, that systems and picture viewers give to their own.

    Example:
        >>> from gan_course.places import is_system_file
        >>> is_system_file("pictures/Thumbs.db"), is_system_file("pictures/000001.jpg")
        (True, False)
    """
    return Path(path).name.lower() in _SYSTEM_FILES


def is_free(folder: str | Path) -> bool:
    """Whether nothing can be lost in a folder; hidden files are leftovers of a kill or of the system.

    Example:
        >>> from gan_course.places import is_free
        >>> is_free("no-such-folder")
        True
    """
    folder = Path(folder)
    if not folder.is_dir():
        return not folder.exists()
    return all(path.name.startswith(".") or is_system_file(path) for path in folder.iterdir())


def own_folder() -> Path | None:
    """Return the folder that the environment variable GAN_COURSE_DATA names, or None.

    Raises:
        DataError: If it names no folder.
    """
    own = os.environ.get("GAN_COURSE_DATA")
    if own and not expanded(own).is_dir():
        raise DataError(f"GAN_COURSE_DATA names {own}, which is not a folder; correct it or unset it")
    return expanded(own) if own else None


def expanded(path: str | os.PathLike) -> Path:
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
