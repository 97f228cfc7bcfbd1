"""Tables that a callback goes on with: the rows of the training so far, and none of another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan_course.files import free_name


def rows_up_to(
    steps: int,
    rows: list[Any],
    path: Path | None,
    read: Callable[[Path], list[Any]],
    step_of: Callable[[Any], int],
) -> list[Any]:
    """Return the rows of a training that stands at a step.

    Args:
        steps: How many steps the model has trained.
        rows: Those in memory, which count where there is no file.
        path: A file that holds them, if there is one. If the model has not been trained yet, it is of another
            training, and is set aside under another name.
        read: Reads the file.
        step_of: Says of which step a row is.

    Raises:
        ValueError: If the file cannot be read.
        OSError: If it cannot be renamed.
    """
    if path and path.exists():
        rows = read(path)
        if rows and steps == 0:
            path.rename(free_name(path))
    return [row for row in rows if 0 < steps >= step_of(row)]
