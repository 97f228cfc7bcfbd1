"""Folders of pictures: all of them in an array, or streamed in batches without ever holding them all."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gan_course.files import DataError

if TYPE_CHECKING:
    import tensorflow as tf

FORMATS = ("JPEG", "PNG", "WEBP")
LANCZOS = Image.Resampling.LANCZOS


def load_image_folder(
    path: str | Path, size: int = 28, channels: int = 3, limit: int | None = None, crop: bool = False
) -> np.ndarray:
    """Return the pictures of a folder, sorted by file name and resized to squares.

    JPEG, PNG and WebP are read, in colour, grayscale, 16 bits, with a palette or CMYK. A photograph that was
    taken with the camera turned is turned back, as its EXIF note says. What is transparent becomes white.
    Files that are no pictures or are damaged are left out, and a warning names them. Hidden files and folders
    inside the folder are passed over.

    Args:
        path: The folder.
        size: Height and width of the result in pixels; reached by Lanczos resampling, which smooths before it
            leaves pixels out.
        channels: 3 for red, green and blue, 1 for gray (the luminance of ITU-R 601).
        limit: Stop after so many pictures.
        crop: Cut the largest square from the middle first. Otherwise the whole picture is squeezed or
            stretched into the square.

    Returns:
        uint8 `(n, size, size, channels)`.

    Raises:
        DataError: If there is no such folder, or no picture in it that can be read.
        ValueError: If `size` or `limit` is less than 1, or `channels` is neither 1 nor 3.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from gan_course.datasets import load_image_folder
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("RGB", (178, 218), "red").save(f"{folder}/000001.png")
        ...     images = load_image_folder(folder, size=28)
        >>> images.shape, images[0, 0, 0].tolist()
        ((1, 28, 28, 3), [255, 0, 0])
    """
    check_arguments(size, channels, limit)
    files = _files(path)
    images, left_out = [], []
    for file in files:
        if len(images) == limit:
            break
        try:
            images.append(_read(file, size, channels, crop))
        except DataError as error:
            left_out.append(str(error))
    if not images:
        raise DataError(_none(path, left_out))
    _warn(path, left_out)
    return np.stack(images)


def image_folder_dataset(
    path: str | Path,
    size: int = 28,
    channels: int = 3,
    batch_size: int = 32,
    limit: int | None = None,
    crop: bool = False,
    shuffle: bool = True,
    seed: int = 0,
) -> "tf.data.Dataset":
    """Return the pictures of a folder as batches that are read when they are needed, for `GAN.fit`.

    The pixels are those of `load_image_folder` after `scale`. Only the file names stay in memory. Each pass
    reads all pictures in another order, and the dataset gives the same orders each time it is made. A file with
    the name of a picture that cannot be read is replaced by the next one that can, with a warning.

    Args:
        path: The folder.
        size: Height and width in pixels.
        channels: 3 for colour, 1 for gray.
        batch_size: How many images a batch holds. What is left after the last whole batch is left out.
        limit: Take only the first so many files, sorted by name.
        crop: Cut the largest square from the middle first.
        shuffle: Draw an order for each pass, or keep that of the names.
        seed: Seed of these orders; `tf.random.set_seed` changes them too.

    Returns:
        A `tf.data.Dataset` of float32 `(batch_size, size, size, channels)`, values in [-1, 1], as long as one
        pass.

    Raises:
        DataError: If there is no such folder, no picture in it that can be read, or not a whole batch.
        ValueError: If `size`, `limit` or `batch_size` is less than 1, or `channels` is neither 1 nor 3.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from gan_course.datasets import image_folder_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for number in range(5):
        ...         Image.new("RGB", (178, 218), "red").save(f"{folder}/{number}.png")
        ...     [batch.shape.as_list() for batch in image_folder_dataset(folder, batch_size=2)]
        [[2, 28, 28, 3], [2, 28, 28, 3]]
    """
    import tensorflow as tf

    check_arguments(size, channels, limit, batch_size)
    suffixes = {suffix for suffix, name in Image.registered_extensions().items() if name in FORMATS}
    files, others = [], []
    for file in _files(path):
        if file.suffix.lower() in suffixes:
            files.append(file)
        else:
            others.append(f"{file.name} (not named as a picture)")
    if not files:
        raise DataError(_none(path, others))
    _warn(path, others)
    files = files[:limit]
    if len(files) < batch_size:
        raise DataError(
            f"{path} has {len(files)} pictures to take and batch_size is {batch_size}; make it smaller"
        )
    _read_or_next(files, 0, size, channels, crop)

    def read(places: np.ndarray) -> np.ndarray:
        return np.stack([_read_or_next(files, place, size, channels, crop) for place in places])

    def batch(places: tf.Tensor) -> tf.Tensor:
        images = tf.ensure_shape(tf.numpy_function(read, [places], tf.uint8), (batch_size, size, size, channels))
        return tf.cast(images, tf.float32) / 127.5 - 1

    places = tf.data.Dataset.range(len(files))
    if shuffle:
        places = places.shuffle(len(files), seed=seed)
    # Not in parallel: Pillow lets no second thread run while it decodes, so that was measured to be no faster.
    batches = places.batch(batch_size, drop_remainder=True).map(batch)
    return batches.prefetch(2)


def check_arguments(size: int, channels: int, limit: int | None, batch_size: int = 1) -> None:
    """Refuse numbers that no folder of pictures can be loaded with.

    Raises:
        ValueError: If a number is less than 1, or `channels` is neither 1 nor 3.
    """
    for name, value in (("size", size), ("limit", limit), ("batch_size", batch_size)):
        if value is not None and value < 1:
            raise ValueError(f"{name} is {value}; expected at least 1")
    if channels not in (1, 3):
        raise ValueError(f"channels is {channels}; expected 3 for colour or 1 for gray")


def _files(path: str | Path) -> list[Path]:
    folder = Path(path).expanduser()
    if not folder.exists():
        raise DataError(f"there is no folder {path}; expected one with JPEG, PNG or WebP pictures")
    if not folder.is_dir():
        raise DataError(f"{path} is not a folder; give the folder that the pictures are in")
    return sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))


def _read(file: Path, size: int, channels: int, crop: bool) -> np.ndarray:
    """Return one picture, uint8 `(size, size, channels)`, or raise a `DataError` that starts with its name."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            image.draft(
                None, (4 * size, 4 * size)
            )  # decode a large JPEG at half its size or less: 20 times faster
            image = _opaque(ImageOps.exif_transpose(image)).convert("RGB" if channels == 3 else "L")
    except UnidentifiedImageError:
        raise DataError(f"{file.name} (no JPEG, PNG or WebP)") from None
    except Exception as error:  # a damaged file can make Pillow raise nearly anything
        raise DataError(f"{file.name} ({error})") from None
    square = (size, size)
    image = ImageOps.fit(image, square, LANCZOS) if crop else image.resize(square, LANCZOS)
    return np.asarray(image).reshape(*square, channels)


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # Pillow's own conversion would clip
        return Image.fromarray(np.round(np.asarray(image) / 257).astype("uint8"))
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def _read_or_next(files: list[Path], place: int, size: int, channels: int, crop: bool) -> np.ndarray:
    """Return the picture at a place in the list, or the first after it that can be read."""
    left_out = []
    for offset in range(len(files)):
        file = files[(place + offset) % len(files)]
        try:
            image = _read(file, size, channels, crop)
        except DataError as error:
            left_out.append(str(error))
            continue
        if left_out:
            warnings.warn(f"instead of {_some(left_out)} the picture {file.name} is taken", stacklevel=2)
        return image
    raise DataError(_none(files[0].parent, left_out))


def _warn(path: str | Path, left_out: list[str]) -> None:
    if left_out:
        files = "1 file" if len(left_out) == 1 else f"{len(left_out):,} files"
        warnings.warn(f"left out {files} in {path}: {_some(left_out)}", stacklevel=3)


def _none(path: str | Path, left_out: list[str]) -> str:
    found = _some(left_out) or "no files"
    folders = sorted(each.name for each in Path(path).expanduser().iterdir() if each.is_dir())
    advice = f"give one of the folders inside: {_some(folders)}" if folders else "give another folder"
    return f"{path} holds no picture that can be read, but {found}; expected JPEG, PNG or WebP, so {advice}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
