"""Drawn images in a folder of files."""

from pathlib import Path

from tqdm import tqdm

from gan_course.arguments import whole
from gan_course.files import replacing
from gan_course.places import as_path, is_free
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
    folder, count, seed = as_path("folder", folder), whole("count", count), whole("seed", seed, least=0)
    if not is_free(folder):
        raise ValueError(f"{folder} exists and is not an empty folder; choose a new one")
    for number in tqdm(range(count), unit=" face", disable=None if verbose else True):
        image, _ = draw_face(number, seed)
        with replacing(folder / f"{number + 1:06d}.jpg") as beside:
            image.save(beside, quality=90)
    return count
