"""Plastic bricks: renderings for those who have them, else drawn ones."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gan_course import places
from gan_course.arguments import whole
from gan_course.datasets.folders import check_arguments, count_pictures, load_image_folder
from gan_course.files import DataError
from gan_course.synthetic import draw_bricks


def load_bricks(
    size: int = 64, source: str | Path = "auto", limit: int = 2000, seed: int = 0, verbose: int = 1
) -> np.ndarray:
    """Return gray bricks: renderings of a folder if you have them, else drawn ones.

    Args:
        size: Height and width of the result in pixels.
        source: `"auto"` takes the folder that `find_bricks` finds, or else draws bricks; `"drawn"` draws them,
            about 2 ms each; a path takes the pictures of that folder.
        limit: How many at most, in the order of the file names; of drawn ones there are exactly so many.
        seed: Of drawn ones.
        verbose: 0 prints nothing: not that no folder was found.

    Returns:
        uint8 `(n, size, size, 1)`.

    Raises:
        DataError: If the folder is missing or holds no picture that can be read.
        ValueError: If `size` or `limit` is no whole number of at least 1, or `source` is no path.

    Example:
        >>> from gan_course.datasets import load_bricks
        >>> load_bricks(source="drawn", limit=10).shape
        (10, 64, 64, 1)
    """
    size, _, limit, _ = check_arguments(size, 1, limit)
    folder = places.as_path("source", source)
    if source in ("auto", "drawn"):
        folder = find_bricks() if source == "auto" else None
    if folder:
        return load_image_folder(folder, size, 1, limit)
    limit = whole("limit", limit)
    if verbose and source == "auto":
        print(f"No folder of bricks was found, so these are {limit:,} that the course draws.")
    return draw_bricks(limit, seed, size)[0]


def find_bricks() -> Path | None:
    """Return a folder of renderings of bricks on this machine, or None.

    Its name has "brick" and "images" in it, as the data set of 40,000 renderings on Kaggle has. It is the folder
    that the environment variable GAN_COURSE_DATA names, or in that folder, or in your Google Drive when Colab
    shows it; its pictures lie in it or in a folder inside.

    Raises:
        DataError: If GAN_COURSE_DATA is set and names no folder.
    """
    for place in filter(None, (places.own_folder(), places.DRIVE)):
        for folder in [place, *_folders(place)]:
            if "brick" in folder.name.lower() and "images" in folder.name.lower():
                found = next((each for each in [folder, *_folders(folder)] if _has_pictures(each)), None)
                if found:
                    return found
    return None


def _folders(place: Path) -> Iterator[Path]:
    return (each for each in sorted(place.glob("*")) if each.is_dir())


def _has_pictures(folder: Path) -> bool:
    try:
        return count_pictures(folder) > 0
    except DataError:
        return False
