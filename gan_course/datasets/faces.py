"""Faces: photographs of CelebA for those who have them, else drawn ones."""

from pathlib import Path

import numpy as np
from PIL import Image

from gan_course import places
from gan_course.arguments import whole
from gan_course.datasets.folders import check_arguments, load_image_folder
from gan_course.synthetic import draw_faces

CELEBA = ("img_align_celeba", "img_align_celeba_small")


def load_faces(
    size: int = 28, channels: int = 3, source: str | Path = "auto", limit: int = 1000, verbose: int = 1
) -> np.ndarray:
    """Return faces: photographs of CelebA if you have them, else drawn ones.

    The images of CelebA may be used for research that earns no money and may not be passed on, so none comes
    with the course.

    Args:
        size: Height and width of the result in pixels; the 178x218 images are squeezed into squares.
        channels: 3 for red, green and blue, 1 for gray (luminance).
        source: `"auto"` takes the first folder `img_align_celeba` or `img_align_celeba_small` that `find_faces`
            finds, or else draws faces; `"drawn"` draws them, about 5 ms each; a path takes the images of that
            folder, or those in a folder of CelebA inside it.
        limit: How many faces at most, in the order of the file names; of drawn ones there are exactly so many.
        verbose: 0 prints nothing: not that no folder of CelebA was found.

    Returns:
        uint8 `(n, size, size, channels)`.

    Raises:
        DataError: If the folder is missing or holds no image that can be read.
        ValueError: If `size` or `limit` is no whole number of at least 1, `channels` is neither 1 nor 3, or
            `source` is no path.

    Source: Liu et al., Deep Learning Face Attributes in the Wild, 2015 (CelebA).

    Example:
        >>> from gan_course.datasets import load_faces
        >>> load_faces(size=28, channels=1, source="drawn", limit=10).shape
        (10, 28, 28, 1)
    """
    size, channels, limit, _ = check_arguments(size, channels, limit)
    folder = places.as_path("source", source)
    if source in ("auto", "drawn"):
        folder = find_faces() if source == "auto" else None
    if folder:
        return load_image_folder(_celeba(folder) or folder, size, channels, limit)
    limit = whole("limit", limit)
    if verbose and source == "auto":
        print(f"No folder of CelebA was found, so these are {limit:,} faces that the course draws.")
    images, _ = draw_faces(limit, size=size)
    if channels == 1:
        images = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in images])
    return images.reshape(limit, size, size, channels)


def find_faces() -> Path | None:
    """Return the folder of CelebA on this machine, or None.

    It is called `img_align_celeba` or `img_align_celeba_small`, and is the folder that the environment variable
    GAN_COURSE_DATA names, or in that folder, or in your Google Drive when Colab shows it.

    Raises:
        DataError: If GAN_COURSE_DATA is set and names no folder.
    """
    known = [place for place in (places.own_folder(), places.DRIVE) if place]
    return next((found for found in map(_celeba, known) if found), None)


def _celeba(folder: Path) -> Path | None:
    """Return the folder of CelebA in a folder, or None; some archives unpack it into another of its name."""
    inside = (folder / path for name in CELEBA for path in (f"{name}/{name}", name))
    return next((path for path in inside if path.is_dir()), folder if folder.name in CELEBA else None)
