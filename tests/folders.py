"""Folders of pictures for the tests."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from gan_course.datasets import image_folder_dataset, load_image_folder, scale


def fill(folder: Path, count: int, size: int = 4, channels: int = 1) -> np.ndarray:
    """Write pictures 000.png, 001.png, ... without loss and return them."""
    folder.mkdir(exist_ok=True)
    images = np.random.default_rng(0).integers(0, 256, (count, size, size, channels), "uint8")
    for number, image in enumerate(images):
        Image.fromarray(image.squeeze()).save(folder / f"{number:03}.png")
    return images


def streamed(folder: Path, batch_size: int = 1, **arguments: object) -> np.ndarray:
    return np.concatenate([*image_folder_dataset(folder, batch_size=batch_size, **arguments)])


def truncated(suffix: str) -> bytes:
    content = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), "uint8")
    Image.fromarray(noise).save(content, {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[suffix])
    return content.getvalue()[: len(content.getvalue()) // 2]


def both(folder: Path, **arguments: object) -> np.ndarray:
    """Load a folder in both ways, which must give the same pictures and warn of the same, and return them."""
    with warnings.catch_warnings(record=True) as loaded:
        warnings.simplefilter("always")
        images = load_image_folder(folder, **arguments)
    with warnings.catch_warnings(record=True) as as_dataset:
        warnings.simplefilter("always")
        found = streamed(folder, shuffle=False, **arguments)
    np.testing.assert_array_equal(found, scale(images))
    assert _said(loaded) == _said(as_dataset)
    for each in loaded:
        warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    return images


def quietly(folder: Path, **arguments: object) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return both(folder, **arguments)


def _said(warned) -> list[str]:
    return [str(each.message) for each in warned if issubclass(each.category, UserWarning)]
