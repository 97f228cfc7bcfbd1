"""Folders of pictures: all of them in an array, or streamed in batches without ever holding them all."""

import os
import re
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from gan_course.arguments import whole
from gan_course.datasets.pictures import open_picture
from gan_course.datasets.pixels import scaled
from gan_course.files import DataError
from gan_course.places import as_path, is_system_file

if TYPE_CHECKING:
    import tensorflow as tf

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp"}
STARTS = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP", re.DOTALL)  # first bytes of the three
LANCZOS = Image.Resampling.LANCZOS


def load_image_folder(
    path: str | Path, size: int = 28, channels: int = 3, limit: int | None = None, crop: bool = False
) -> np.ndarray:
    """Return the pictures of a folder, sorted by file name and resized to squares.

    JPEG, PNG and WebP are read, in color, grayscale, 16 bits, with a palette or CMYK. A photograph that was
    taken with the camera turned is turned back, as its EXIF note says. What is transparent becomes white.
    A file is taken for a picture by its suffix or else by its first bytes; of a moving picture the first frame
    is read. Files that are no pictures or are damaged are left out, and a warning names them. Hidden files are
    passed over, and those that systems leave in folders, such as Thumbs.db.

    Args:
        path: The folder. Folders inside it are not read: a warning says how many pictures they hold.
        size: Height and width of the result in pixels; reached by Lanczos resampling, which smooths before it
            leaves pixels out.
        channels: 3 for red, green and blue, 1 for gray (the luminance of ITU-R 601).
        limit: Take at most so many pictures, the first that can be read.
        crop: Cut the largest square from the middle first. Otherwise the whole picture is squeezed or
            stretched into the square.

    Returns:
        uint8 `(n, size, size, channels)`.

    Raises:
        DataError: If there is no such folder, no picture in it that can be read, or there are more pictures in
            the folders inside than in the folder itself.
        ValueError: If `size` or `limit` is no whole number of at least 1, `channels` is neither 1 nor 3, or
            `path` is no path.

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
    size, channels, limit, _ = check_arguments(size, channels, limit)
    files, left_out = find_pictures(path)
    images: list[np.ndarray] = []
    for file in files:
        if len(images) == limit:
            break
        try:
            images.append(_read(file, size, channels, crop))
        except DataError as error:
            left_out.append(str(error))
    if not images:
        raise DataError(_none(path, left_out))
    warn_of(path, left_out)
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

    The files and the pixels are those of `load_image_folder`, after `scale`. Only the file names stay in memory.
    Each pass reads all pictures in another order, and the dataset gives the same orders each time it is made. A
    picture that cannot be read is replaced by the next one that can, with a warning.

    Args:
        path: The folder. Folders inside it are not read: a warning says how many pictures they hold.
        size: Height and width in pixels.
        channels: 3 for color, 1 for gray.
        batch_size: How many images a batch holds. What is left after the last whole batch is left out;
            a warning counts it if without `shuffle` it is the same in every pass.
        limit: Take at most so many pictures, the first by name.
        crop: Cut the largest square from the middle first.
        shuffle: Draw an order for each pass, or keep that of the names.
        seed: Seed of these orders; `tf.random.set_seed` changes them too.

    Returns:
        A `tf.data.Dataset` of float32 `(batch_size, size, size, channels)`, values in [-1, 1], as long as one
        pass.

    Raises:
        DataError: If there is no such folder, no picture in it that can be read, not a whole batch, or there are
            more pictures in the folders inside than in the folder itself.
        ValueError: If `size`, `limit` or `batch_size` is no whole number of at least 1, `seed` none of at least
            0, `channels` is neither 1 nor 3, or `path` is no path.

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

    size, channels, limit, batch_size = check_arguments(size, channels, limit, batch_size)
    seed = whole("seed", seed, least=0)
    files, left_out = find_pictures(path)
    warn_of(path, left_out)
    files = files[:limit]
    if len(files) < batch_size:
        raise DataError(
            f"{path} has {counted(len(files), 'picture')} to take and batch_size is {batch_size}; make it smaller"
        )
    if not shuffle and (rest := len(files) % batch_size):
        last = f"the last {counted(rest, 'picture')} in {path}"
        warnings.warn(
            f"never read: {last}; without shuffle what fills no batch of {batch_size} is left out", stacklevel=2
        )
    _read_or_next(files, 0, size, channels, crop)

    def read(places: np.ndarray) -> np.ndarray:
        return np.stack([_read_or_next(files, place, size, channels, crop) for place in places])

    def batch(places: tf.Tensor) -> tf.Tensor:
        images = tf.ensure_shape(tf.numpy_function(read, [places], tf.uint8), (batch_size, size, size, channels))
        return scaled(tf.cast(images, tf.float32))

    places = tf.data.Dataset.range(len(files))
    if shuffle:
        places = places.shuffle(len(files), seed=seed)
    # Not in parallel: Pillow lets no second thread run while it decodes, so that was measured to be no faster.
    batches = places.batch(batch_size, drop_remainder=True).map(batch)
    return batches.prefetch(2)


def count_pictures(path: str | Path) -> int:
    """Return how many files in a folder look like pictures; none is opened but those without a known suffix.

    Raises:
        DataError: As `load_image_folder` does, if there is none.
        ValueError: If `path` is no path.

    Example:
        >>> import tempfile
        >>> from gan_course.datasets import count_pictures
        >>> from gan_course.synthetic import write_faces
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = write_faces(folder, count=3)
        ...     count_pictures(folder)
        3
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whoever reads them is told
        return len(find_pictures(path)[0])


def check_arguments(
    size: int, channels: int, limit: int | None, batch_size: int = 1
) -> tuple[int, int, int | None, int]:
    """Return the numbers that a folder of pictures is loaded with as Python's own.

    Raises:
        ValueError: If one of them is no whole number of at least 1, or `channels` is neither 1 nor 3.
    """
    try:
        known = whole("channels", channels) in (1, 3)
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"channels is {channels!r}; expected 3 for color or 1 for gray")
    limit = None if limit is None else whole("limit", limit)
    return whole("size", size), int(channels), limit, whole("batch_size", batch_size)


def find_pictures(path: str | Path) -> tuple[list[Path], list[str]]:
    """Return what looks like a picture in a folder, sorted by name, and what does not and why."""
    folder = as_path("path", path)
    if not folder.exists():
        raise DataError(f"there is no folder {path}; expected one with JPEG, PNG or WebP pictures")
    if not folder.is_dir():
        raise DataError(f"{path} is not a folder; give the folder that the pictures are in")
    try:
        pictures, others, folders = _look(folder)
    except OSError as error:
        raise DataError(f"{path} cannot be opened: {error.strerror}; give a folder that you may read") from None
    if not pictures:
        raise DataError(_none(folder, others))
    inside = _inside(folder, folders)
    if total := sum(inside.values()):
        below = f"{counted(total, 'picture')}: " + some([f"{name} ({n:,})" for name, n in inside.items() if n])
        if total > len(pictures):
            raise DataError(
                f"{path} holds {counted(len(pictures), 'picture')} and the folders inside hold {below}; give one "
                "of these folders, or move away what is not meant"
            )
        warnings.warn(f"the folders inside {path} are not read; they hold {below}", stacklevel=3)
    return pictures, others


def _look(folder: Path) -> tuple[list[Path], list[str], list[Path]]:
    """Return the pictures of a folder, what is none and why, and the folders inside.

    What is hidden is passed over, and so is what belongs to the system.
    """
    pictures, others, folders = [], [], []
    with os.scandir(folder) as entries:  # it knows folders from files without asking for each
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = Path(entry)
            place = path if entry.is_symlink() else entry  # a path bears links that lead in a circle
            if entry.name.startswith(".") or is_system_file(path):
                continue
            if place.is_dir():
                folders.append(path)
            elif refusal := _refusal(path) if place.is_file() else "no file":
                others.append(f"{path.name} ({refusal})")
            else:
                pictures.append(path)
    return pictures, others, folders


def _refusal(file: Path) -> str:
    """Say why a file is no picture by its name nor by its first bytes; nothing if it is one."""
    if file.suffix.lower() in SUFFIXES:
        return ""
    try:
        with file.open("rb") as content:
            return "" if STARTS.match(content.read(12)) else "no JPEG, PNG or WebP"
    except OSError as error:
        return f"{error.strerror}"


def _inside(folder: Path, folders: list[Path]) -> dict[str, int]:
    """Count the pictures of the folders inside a folder, and of those inside them."""
    counts, seen = {}, {folder.resolve(), *folder.resolve().parents}
    for _ in range(2):
        deeper = []
        for each in folders:
            if each.resolve() not in seen:  # a link may lead back
                seen.add(each.resolve())
                with suppress(OSError):  # one that may not be opened
                    pictures, _, more = _look(each)
                    counts[str(each.relative_to(folder))] = len(pictures)
                    deeper += more
        folders = deeper
    return counts


def _read(file: Path, size: int, channels: int, crop: bool) -> np.ndarray:
    """Return one picture, uint8 `(size, size, channels)`, or raise a `DataError` that starts with its name."""
    image = open_picture(file, size).convert("RGB" if channels == 3 else "L")
    square = (size, size)
    image = ImageOps.fit(image, square, LANCZOS) if crop else image.resize(square, LANCZOS)
    return np.asarray(image).reshape(*square, channels)


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
            warnings.warn(f"instead of {some(left_out)} the picture {file.name} is taken", stacklevel=2)
        return image
    raise DataError(_none(files[0].parent, left_out))


def warn_of(path: Any, left_out: list[str]) -> None:
    """Warn that files of a folder, or of several, are left out."""
    if left_out:
        where = " and ".join(map(str, path)) if isinstance(path, list | tuple) else path
        warnings.warn(
            f"left out {counted(len(left_out), 'file')} in {where}: {some(sorted(left_out))}", stacklevel=3
        )


def _none(path: str | Path, left_out: list[str]) -> str:
    found = some(sorted(left_out)) or "no files"
    folder = Path(path).expanduser()
    inside = _inside(folder, _look(folder)[2])
    folders = [name for name, count in inside.items() if count] or [*inside]
    advice = f"give one of the folders inside: {some(folders)}" if folders else "give another folder"
    return f"{path} holds no picture that can be read, but {found}; expected JPEG, PNG or WebP, so {advice}"


def counted(number: int, noun: str) -> str:
    """Return a number of things in words.

    Example:
        >>> counted(1, "pair"), counted(2000, "pair")
        ('1 pair', '2,000 pairs')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


def some(names: list[str]) -> str:
    """Return the first names of a list, and how many more there are.

    Example:
        >>> some(["a", "b", "c", "d", "e", "f"])
        'a, b, c, d, e and 1 more'
    """
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
