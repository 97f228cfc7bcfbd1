"""Pairs of pictures, what is given and what is to be drawn: side by side in one file, or in two folders."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from gan_course.arguments import whole
from gan_course.datasets.folders import check_arguments, counted, find_pictures, some, warn_of
from gan_course.datasets.pictures import open_picture
from gan_course.datasets.pixels import scaled
from gan_course.files import DataError
from gan_course.places import as_path

if TYPE_CHECKING:
    import tensorflow as tf

SPLITS = ("train", "val", "test")
DIRECTIONS = ("AtoB", "BtoA")
Files = tuple[Path, ...]  # of a pair: one picture with both halves, or two
Where = str | Path | Sequence[str | Path]


def load_pairs(
    path: Where,
    size: int = 64,
    split: str = "train",
    direction: str = "AtoB",
    channels: int = 3,
    condition_channels: int = 3,
    limit: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of pictures, sorted by name: what is to be drawn, and the condition that it is drawn from.

    The files are those of pix2pix (Isola et al., 2017, https://arxiv.org/abs/1611.07004): pictures A and B side by
    side in one, so that it is twice as wide as high, in the folders `train`, `val` and `test`. Or there are two
    folders, of A and of B, in which a pair has the same name. What is broken, has another shape or no partner is
    left out, and a warning counts and names it.

    Args:
        path: The folder with `train`, or one with pictures twice as wide as high, or the two folders (A, B).
        size: Height and width of the result in pixels.
        split: Which of pix2pix's folders, if there are such.
        direction: `"AtoB"` draws B from A, as "edges to shoes"; `"BtoA"` the other way, as pix2pix's facades are
            meant.
        channels: Of what is to be drawn: 3 for color, 1 for gray.
        condition_channels: The same of the condition.
        limit: Take at most so many pairs, the first that can be read.

    Returns:
        Images uint8 `(n, size, size, channels)` and conditions uint8 `(n, size, size, condition_channels)`, in the
        order in which `GAN.fit` takes them.

    Raises:
        DataError: If there is no such folder, or no pair in it that can be read.
        ValueError: If a number is no whole number of at least 1, or `split` or `direction` is not known.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from gan_course.datasets import load_pairs
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     both = Image.new("RGB", (128, 64), "white")  # A, on the left
        ...     both.paste("red", (64, 0, 128, 64))  # B
        ...     both.save(f"{folder}/1.png")
        ...     images, conditions = load_pairs(folder, condition_channels=1)
        >>> images[0, 0, 0].tolist(), conditions.shape, int(conditions.min())
        ([255, 0, 0], (1, 64, 64, 1), 255)
    """
    limit = check_arguments(size, channels, limit)[2]
    read = _reader(size, channels, condition_channels, direction)
    pairs, left_out = _find_pairs(path, split)
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for pair in pairs:
        if len(found) == limit:
            break
        try:
            found.append(read(pair))
        except DataError as error:
            left_out.append(str(error))
    if not found:
        raise DataError(_none(path, left_out))
    warn_of(path, left_out)
    return np.stack([image for image, _ in found]), np.stack([condition for _, condition in found])


def image_pairs_dataset(
    path: Where,
    size: int = 64,
    split: str = "train",
    direction: str = "AtoB",
    channels: int = 3,
    condition_channels: int = 3,
    batch_size: int = 8,
    limit: int | None = None,
    shuffle: bool = True,
    seed: int = 0,
) -> "tf.data.Dataset":
    """Return the pairs of `load_pairs` as batches that are read when they are needed, for `GAN.fit`.

    Each pass reads all pairs in another order, and the dataset gives the same orders each time it is made. A pair
    that cannot be read is replaced by the next one that can, with a warning.

    Args:
        path: As in `load_pairs`; so are `size`, `split`, `direction`, `channels` and `condition_channels`.
        size: Height and width in pixels.
        split: Which of pix2pix's folders.
        direction: What is drawn from what.
        channels: Of what is to be drawn.
        condition_channels: Of the condition.
        batch_size: How many pairs a batch holds; what is left after the last whole batch is left out.
        limit: Take at most so many pairs, the first by name.
        shuffle: Draw an order for each pass, or keep that of the names.
        seed: Of these orders.

    Returns:
        A `tf.data.Dataset` of pairs (images, conditions), float32 in [-1, 1], as long as one pass.

    Raises:
        DataError: If there is no such folder, no pair in it that can be read, or not a whole batch.
        ValueError: As `load_pairs` does.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from gan_course.datasets import image_pairs_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for number in range(5):
        ...         Image.new("RGB", (128, 64), "red").save(f"{folder}/{number}.png")
        ...     dataset = image_pairs_dataset(folder, batch_size=2)
        ...     [(images.shape.as_list(), conditions.shape.as_list()) for images, conditions in dataset]
        [([2, 64, 64, 3], [2, 64, 64, 3]), ([2, 64, 64, 3], [2, 64, 64, 3])]
    """
    import tensorflow as tf

    _, _, limit, batch_size = check_arguments(size, channels, limit, batch_size)
    seed = whole("seed", seed, least=0)
    read = _reader(size, channels, condition_channels, direction)
    pairs, left_out = _find_pairs(path, split)
    warn_of(path, left_out)
    pairs = pairs[:limit]
    if len(pairs) < batch_size:
        raise DataError(
            f"{path} has {counted(len(pairs), 'pair')} to take and batch_size is {batch_size}; make it smaller"
        )
    _or_next(pairs, 0, read)

    def read_all(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        images, conditions = zip(*(_or_next(pairs, place, read) for place in places), strict=True)
        return np.stack(images), np.stack(conditions)

    def batch(places: tf.Tensor) -> tuple[tf.Tensor, ...]:
        found = tf.numpy_function(read_all, [places], (tf.uint8, tf.uint8))
        shapes = [(batch_size, size, size, each) for each in (channels, condition_channels)]
        both = [tf.ensure_shape(each, shape) for each, shape in zip(found, shapes, strict=True)]
        return tuple(scaled(tf.cast(each, tf.float32)) for each in both)

    places = tf.data.Dataset.range(len(pairs))
    if shuffle:
        places = places.shuffle(len(pairs), seed=seed)
    return places.batch(batch_size, drop_remainder=True).map(batch).prefetch(2)


def count_pairs(path: Where, split: str = "train") -> int:
    """Return how many pairs there seem to be; none is opened.

    Args:
        path: As in `load_pairs`.
        split: Which of pix2pix's folders.

    Raises:
        DataError: As `load_pairs` does, if there is none.
        ValueError: If `split` is not known or `path` is no path.

    Example:
        >>> import tempfile
        >>> from gan_course.datasets import count_pairs
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("RGB", (128, 64)).save(f"{folder}/1.png")
        ...     count_pairs(folder)
        1
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whoever reads them is told
        return len(_find_pairs(path, split)[0])


def has_split(path: Where, split: str) -> bool:
    """Whether a folder is of pix2pix's form and has such a split.

    Example:
        >>> has_split("no-such-folder", "val")
        False
    """
    return not isinstance(path, list | tuple) and (as_path("path", path) / split).is_dir()


def _reader(size: int, channels: int, condition_channels: int, direction: str) -> Callable[[Files], Any]:
    """Return a function from the files of a pair to the image and the condition."""
    size, channels, _, _ = check_arguments(size, channels, None)
    condition_channels = check_arguments(size, condition_channels, None)[1]
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is {direction!r}; expected one of {', '.join(DIRECTIONS)}")

    def read(files: Files) -> tuple[np.ndarray, np.ndarray]:
        given, drawn = _both(files, size) if direction == "AtoB" else _both(files, size)[::-1]
        return _pixels(drawn, size, channels), _pixels(given, size, condition_channels)

    return read


def _both(files: Files, size: int) -> tuple[Image.Image, Image.Image]:
    """Return A and B as they are in the files, or raise a `DataError` that starts with a name."""
    if len(files) == 2:
        first, second = (open_picture(file, size) for file in files)
        if first.size != second.size:
            sizes = " and ".join(f"{wide} x {high}" for wide, high in (first.size, second.size))
            raise DataError(f"{files[0].name} ({sizes} pixels; expected two of one size)")
        return first, second
    both = open_picture(files[0], 2 * size)
    wide, high = both.size
    if wide != 2 * high:
        raise DataError(f"{files[0].name} ({wide} x {high} pixels; expected twice as wide as high, A beside B)")
    return both.crop((0, 0, high, high)), both.crop((high, 0, wide, high))


def _pixels(image: Image.Image, size: int, channels: int) -> np.ndarray:
    small = image.convert("RGB" if channels == 3 else "L").resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(small).reshape(size, size, channels)


def _find_pairs(path: Where, split: str) -> tuple[list[Files], list[str]]:
    """Return the files of each pair, sorted by name, and what is none and why."""
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}; expected one of {', '.join(SPLITS)}")
    if isinstance(path, list | tuple):
        if len(path) != 2:
            raise ValueError(f"path names {len(path)} folders; expected one, or two: (A, B)")
        return _of_two_folders(*(as_path("path", each) for each in path))
    folder = as_path("path", path)
    splits = [name for name in SPLITS if (folder / name).is_dir()]
    if splits and split not in splits:
        raise DataError(f"{path} has no folder {split}, but {', '.join(splits)}; choose one of them with split")
    pictures, others = find_pictures(folder / split if splits else folder)
    return [(picture,) for picture in pictures], others


def _of_two_folders(first: Path, second: Path) -> tuple[list[Files], list[str]]:
    found = [find_pictures(folder) for folder in (first, second)]
    named = [{picture.stem: picture for picture in pictures} for pictures, _ in found]
    left_out = [other for _, others in found for other in others]
    for number, folder in enumerate((first, second)):
        mine, theirs = named[number], named[1 - number]
        left_out += [f"{mine[stem].name} (only in {folder.name})" for stem in mine if stem not in theirs]
    return [(named[0][stem], named[1][stem]) for stem in sorted(named[0]) if stem in named[1]], left_out


def _or_next(pairs: Sequence[Files], place: int, read: Callable[[Files], Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the pair at a place in the list, or the first after it that can be read."""
    left_out = []
    for offset in range(len(pairs)):
        pair = pairs[(place + offset) % len(pairs)]
        try:
            both = read(pair)
        except DataError as error:
            left_out.append(str(error))
            continue
        if left_out:
            warnings.warn(f"instead of {some(left_out)} the pair {pair[0].name} is taken", stacklevel=2)
        return both
    raise DataError(_none(pairs[0][0].parent, left_out))


def _none(path: Where, left_out: list[str]) -> str:
    found = some(sorted(left_out)) or "no pictures"
    where = " and ".join(map(str, path)) if isinstance(path, list | tuple) else path
    return (
        f"{where} holds no pair that can be read, but {found}; expected pictures twice as wide as high, A beside B"
    )
