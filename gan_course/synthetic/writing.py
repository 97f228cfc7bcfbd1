"""Drawn pictures in a folder, as if they had been downloaded."""

from pathlib import Path

from tqdm import tqdm

from gan_course.arguments import whole
from gan_course.files import replacing
from gan_course.runs import is_free
from gan_course.synthetic.faces import draw_face


def write_faces(folder: str | Path, count: int = 100, seed: int = 0, verbose: int = 1) -> None:
    """Draw cartoon faces into a folder like the aligned CelebA: `000001.jpg`, `000002.jpg`, ...

    Args:
        folder: A new or empty one; it is made if need be.
        count: How many.
        seed: Another seed draws other faces.
        verbose: 1 shows a progress bar on a terminal, 0 nothing.

    Raises:
        ValueError: If the folder is not free, or `count` or `seed` is no whole number.
        OSError: If a file cannot be written.

    Example:
        >>> from gan_course.synthetic import write_faces
        >>> write_faces("faces", count=2, verbose=0)
        >>> sorted(path.name for path in Path("faces").iterdir())
        ['000001.jpg', '000002.jpg']
    """
    folder, count, seed = Path(folder), whole("count", count), whole("seed", seed, least=0)
    if not is_free(folder):
        raise ValueError(f"{folder} exists and is not an empty folder; choose a new one")
    for number in tqdm(range(count), unit=" face", disable=None if verbose else True):
        image, _ = draw_face(number, seed)
        with replacing(folder / f"{number + 1:06d}.jpg") as beside:
            image.save(beside, quality=90)
