"""Drawn images in a folder of files."""

from collections.abc import Iterable
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from gan_course.arguments import whole
from gan_course.files import replacing
from gan_course.places import as_path, is_free
from gan_course.synthetic.bricks import draw_bricks
from gan_course.synthetic.faces import draw_face


def write_faces(folder: str | Path, count: int = 100, seed: int = 0, verbose: int = 1) -> int:
    """Draw cartoon faces into a folder like that of the aligned CelebA: 000001.jpg, 000002.jpg, ...

    Args:
        folder: Where to; it is made if need be. Nothing of yours may be in it.
        count: How many faces, those that `draw_faces` draws with this seed.
        seed: Another seed draws other faces.
        verbose: 0 shows no progress bar; in a file there is none either.

    Returns:
        How many faces were written, JPEG, 178x218 in RGB.

    Raises:
        ValueError: If the folder is not empty (hidden files and those of the system aside), `count` is no whole
            number of at least 1, or `seed` none of at least 0.
        OSError: If the folder cannot be made or written to.

    Example:
        >>> import tempfile
        >>> from gan_course.synthetic import write_faces
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_faces(folder, count=3, verbose=0)
        3
    """
    count, seed = whole("count", count), whole("seed", seed, least=0)
    faces = (draw_face(number, seed)[0] for number in range(count))
    return _write(folder, faces, count, "{:06d}.jpg", verbose)


def write_bricks(folder: str | Path, count: int = 2000, seed: int = 0, size: int = 64, verbose: int = 1) -> int:
    """Draw bricks into a folder: 000001.png, 000002.png, ...

    Args:
        folder: Where to; it is made if need be. Nothing of yours may be in it.
        count: How many bricks, those that `draw_bricks` draws with this seed.
        seed: Another seed draws other bricks.
        size: Height and width in pixels.
        verbose: 0 shows no progress bar.

    Returns:
        How many bricks were written, PNG, gray.

    Raises:
        ValueError: If the folder is not empty, `count` or `size` is no whole number of at least 1, or `seed` none
            of at least 0.
        OSError: If the folder cannot be made or written to.

    Example:
        >>> import tempfile
        >>> from gan_course.synthetic import write_bricks
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_bricks(folder, count=3, verbose=0)
        3
    """
    images, _ = draw_bricks(count, seed, size)
    return _write(folder, map(Image.fromarray, images[..., 0]), count, "{:06d}.png", verbose)


def _write(folder: str | Path, pictures: Iterable[Image.Image], count: int, name: str, verbose: int) -> int:
    """Write pictures under a name that holds their number; nothing of anybody's may be in the folder."""
    folder = as_path("folder", folder)
    if not is_free(folder):
        raise ValueError(f"{folder} exists and is not an empty folder; choose a new one")
    for number, picture in enumerate(tqdm(pictures, total=count, disable=None if verbose else True), 1):
        with replacing(folder / name.format(number)) as beside:
            picture.save(beside, quality=90)  # of a JPEG; a PNG has none
    return count
