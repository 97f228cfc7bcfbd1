"""Writing files so that none is ever left half-written, and the error of those that cannot be read."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class DataError(ValueError):
    """A data file is missing or is not what it should be."""


@contextmanager
def replacing(path: str | Path, keep: Path | None = None) -> Iterator[Path]:
    """Yield a path beside `path` to write to, and give it the name `path` when the block ends well.

    If the block fails, what was begun is removed and a file that was at `path` is as it was. The new file is on
    the disk before it gets its name, so neither a kill nor a computer that goes off leaves half of it there.

    Args:
        path: The file to write; its folder is made if need be.
        keep: The name for the file that was at `path`; without one it is replaced.

    Raises:
        OSError: If the folder cannot be made or written to; the message says what to do.

    Example:
        >>> import tempfile
        >>> from gan_course.files import replacing
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing(f"{folder}/new/notes.txt") as beside:
        ...         _ = beside.write_text("done")
        ...     print(Path(folder, "new", "notes.txt").read_text())
        done
    """
    path = Path(path)
    beside = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield beside
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
            if keep and path.exists():
                path.replace(keep)
            beside.replace(path)
            _flush_folder(path.parent)
    finally:
        with suppress(OSError):
            beside.unlink()


@contextmanager
def explained(path: str | Path) -> Iterator[None]:
    """Turn a failure to write `path` into one sentence that says what to do.

    Raises:
        OSError: In place of the one that was raised inside the block.

    Example:
        >>> from gan_course.files import explained
        >>> with explained("notes.txt"):
        ...     raise OSError(28, "No space left on device")
        Traceback (most recent call last):
        ...
        OSError: cannot write notes.txt: No space left on device; free some space or choose another folder
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise OSError(f"cannot write {path}: {reason}; free some space or choose another folder") from error


def free_name(path: Path) -> Path:
    """Return `path` with the first number that makes it a new name: `history-1.csv`, `history-2.csv`, ...

    Example:
        >>> free_name(Path("no-such-folder/history.csv")).name
        'history-1.csv'
    """
    names = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(1))
    return next(name for name in names if not name.exists())


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":  # Windows cannot open a folder
        handle = os.open(folder, os.O_RDONLY)
        with suppress(OSError):  # nor can every network drive flush one
            os.fsync(handle)
        os.close(handle)
