"""The pictures that a training leaves in its folder: `step_000000.png`, `step_000200.png`, ..."""

from pathlib import Path

import numpy as np
from PIL import Image


def sample_path(folder: str | Path, step: int) -> Path:
    """Return where the picture of a step is kept.

    Example:
        >>> from gan_course.runs import sample_path
        >>> sample_path("MNIST", 400).name
        'step_000400.png'
    """
    return Path(folder) / f"step_{step:06d}.png"


def find_samples(folder: str | Path) -> dict[int, Path]:
    """Return the pictures of a training by their steps, in the order of the steps.

    Args:
        folder: What `gan-course train` or a `gan_course.callbacks.SampleGrid` wrote to.

    Raises:
        ValueError: If there are none.
    """
    samples = Path(folder) / "samples"
    places = (samples if samples.is_dir() else Path(folder)).glob("step_*.png")
    found = {int(path.stem[5:]): path for path in places if path.stem[5:].isdecimal()}
    if not found:
        raise ValueError(
            f"{folder} holds no pictures step_000000.png, step_000200.png, ...; "
            "name the folder of a `gan-course train` or of a SampleGrid"
        )
    return dict(sorted(found.items()))


def read_sample(path: str | Path) -> np.ndarray:
    """Return a picture as `gan_course.plots.image_grid` made it, uint8 `(height, width)` or `(height, width, 3)`.

    Raises:
        ValueError: If the file is damaged.
    """
    try:
        with Image.open(path) as picture:
            return np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{path} cannot be read ({error}); delete it, the other pictures are enough") from None
