"""One picture file: as it was meant to be seen, whatever its mode."""

from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gan_course.arguments import whole
from gan_course.files import DataError
from gan_course.places import as_path

FORMATS = ("JPEG", "PNG", "WEBP")
LEAST = 32  # pixels that a picture for style transfer has on each side


def read_picture(path: str | Path, size: int = 256, least: int = LEAST) -> np.ndarray:
    """Return a picture file, its shorter side made to `size` and its middle square cut out.

    It is turned as the camera meant it. What is transparent becomes white; 16 bits become 8; CMYK and gray become
    RGB.

    Args:
        path: A JPEG, PNG or WebP file.
        size: Height and width in pixels.
        least: Pixels that its shorter side must have.

    Returns:
        uint8 `(size, size, 3)`.

    Raises:
        DataError: If it is no such file, damaged, or too small.
        ValueError: If `path` is no path, or `size` or `least` no whole number of at least 1.

    Example:
        >>> import tempfile
        >>> from gan_course.datasets import read_picture
        >>> from gan_course.synthetic import write_faces
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = write_faces(folder, count=1)
        ...     read_picture(f"{folder}/000001.jpg", size=128).shape
        (128, 128, 3)
    """
    size, least, file = whole("size", size), whole("least", least), as_path("path", path)
    if file.is_dir():
        raise DataError(f"{path} is a folder; give one of the pictures in it")
    if not file.exists():
        raise DataError(f"there is no file {path}; give a JPEG, PNG or WebP file")
    try:
        picture = open_picture(file, size)
    except DataError as error:
        raise DataError(f"cannot read {error}; give another JPEG, PNG or WebP file") from None
    if min(picture.size) < least:
        wide, high = picture.size
        raise DataError(f"{file.name} has {wide} x {high} pixels; give a picture of at least {least} on each side")
    return np.asarray(ImageOps.fit(picture.convert("RGB"), (size, size), Image.Resampling.LANCZOS))


def open_picture(file: Path, size: int) -> Image.Image:
    """Return a picture without transparency, as it was meant to be seen; a large JPEG at a part of its size.

    Raises:
        DataError: If it cannot be read; the sentence starts with its name.

    Example:
        >>> import tempfile
        >>> from gan_course.datasets.pictures import open_picture
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("LA", (5, 4)).save(f"{folder}/clear.png")
        ...     open_picture(Path(folder, "clear.png"), 4).getpixel((0, 0))
        (255, 255, 255, 255)
    """
    try:
        with Image.open(file, formats=FORMATS) as opened:
            opened.draft(None, (4 * size, 4 * size))  # a large JPEG at half its size or less: 20 times faster
            opened.load()
            with suppress(Exception):  # a damaged EXIF block is no reason to lose the picture
                ImageOps.exif_transpose(opened, in_place=True)
            return _opaque(opened)
    except UnidentifiedImageError:
        raise DataError(f"{file.name} (no JPEG, PNG or WebP)") from None
    except Image.DecompressionBombError:
        raise DataError(f"{file.name} (more than {2 * Image.MAX_IMAGE_PIXELS:,} pixels)") from None
    except Exception as error:  # a damaged file can make Pillow raise nearly anything
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(f"{file.name} ({reason})") from None


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # Pillow's own conversion would clip
        return Image.fromarray(np.round(np.asarray(image) / 257).astype("uint8"))
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
