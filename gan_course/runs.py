"""What the folder of a training holds, and what the files in it are called."""

from pathlib import Path

import numpy as np
from PIL import Image

CHECKPOINT = "gan.keras"  # both networks and all that the next step depends on
PREVIOUS = "gan-previous.keras"  # the checkpoint before
DAMAGED = "gan-damaged.keras"  # a checkpoint that was set aside, with a number: gan-damaged-1.keras
GENERATOR = "generator.keras"  # what images are drawn with, after the training
HISTORY = "history.csv"  # both losses of every step
QUALITY = "quality.csv"  # what was measured on the way
SAMPLES = "samples"  # the folder of step_000000.png, step_000200.png, ...


def holds_training(folder: str | Path) -> bool:
    """Whether a training can go on in a folder.

    Example:
        >>> from gan_course.runs import holds_training
        >>> holds_training("no-such-folder")
        False
    """
    return any((Path(folder) / name).is_file() for name in (CHECKPOINT, PREVIOUS))


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
    samples = Path(folder) / SAMPLES
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
    except Exception as error:  # a damaged picture makes Pillow raise nearly anything
        raise ValueError(f"{path} cannot be read ({error}); delete it, the other pictures are enough") from None
