"""The data of the lessons: uint8 images `(n, height, width, channels)`, and scaling to [-1, 1] and back."""

import hashlib
import os
import sys
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image

from gan_course.files import DataError as DataError
from gan_course.files import replacing
from gan_course.folders import check_arguments
from gan_course.folders import image_folder_dataset as image_folder_dataset
from gan_course.folders import load_image_folder as load_image_folder
from gan_course.synthetic import draw_faces

MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
TIMEOUT = 5  # seconds without an answer
CELEBA = ("img_align_celeba", "img_align_celeba_small")
DRIVE = Path("/content/drive/MyDrive")  # where Colab shows Google Drive

_IN_WHEEL, _IN_CHECKOUT = (folder / "data" for folder in Path(__file__).parents[:2])
DATA = _IN_WHEEL if _IN_WHEEL.is_dir() else _IN_CHECKOUT


def load_mnist(source: str | Path = "auto") -> tuple[np.ndarray, np.ndarray]:
    """Return handwritten digits and their labels.

    Args:
        source: `"auto"` takes the first of: `mnist.npz` in the folder that the environment variable
            GAN_COURSE_DATA names; the file that Keras or an earlier call downloaded, if it is whole; a download;
            the 10,000 digits that come with the course. `"embedded"` takes those 10,000, `"full"` all 60,000
            training images or fails, and a path takes that `.npz` file or the `mnist.npz` in that folder.

    Returns:
        Images, uint8 `(n, 28, 28, 1)`, 0 is background and 255 ink; labels, uint8 `(n,)`, 0 to 9.

    Raises:
        DataError: If a file is missing, damaged or not MNIST, or `"full"` is asked for and cannot be had.
            No file is ever deleted or overwritten.

    Source: LeCun and Cortes, the MNIST database of handwritten digits, CC BY-SA 3.0.

    Example:
        >>> from gan_course.datasets import load_mnist
        >>> images, labels = load_mnist(source="embedded")
        >>> images.shape, images.dtype, labels[:3]
        ((10000, 28, 28, 1), dtype('uint8'), array([5, 0, 4], dtype=uint8))
    """
    if source == "embedded":
        return _read_mnist(DATA / "mnist_10k.npz")
    if source not in ("auto", "full"):
        path = Path(source).expanduser()
        return _read_mnist(path / "mnist.npz" if path.is_dir() else path)
    path = find_mnist()
    if path is None:
        try:
            path = _download(_download_target())
        except OSError as error:
            if source == "full":
                raise DataError(
                    f"the full MNIST could not be downloaded ({error}); connect to the internet, or put mnist.npz "
                    "into a folder and set GAN_COURSE_DATA to it"
                ) from None
            print("MNIST could not be downloaded, so these are the 10,000 digits that come with the course.")
            return load_mnist("embedded")
    return _read_mnist(path)


def find_mnist() -> Path | None:
    """Return where the full MNIST file is on this machine, or None; see `load_mnist` for where it looks.

    Raises:
        DataError: If GAN_COURSE_DATA is set and names no folder.
    """
    own = _own_folder()
    if own and (own / "mnist.npz").exists():
        return own / "mnist.npz"
    return next((path for path in _caches() if path.is_file() and _sha256(path) == MNIST_SHA256), None)


def damaged_mnist() -> Path | None:
    """Return a downloaded MNIST file whose hash is not that of the original, or None."""
    return next((path for path in _caches() if path.is_file() and _sha256(path) != MNIST_SHA256), None)


def load_faces(size: int = 28, channels: int = 3, source: str | Path = "auto", limit: int = 1000) -> np.ndarray:
    """Return faces: photographs of CelebA if you have them, else drawn ones.

    The images of CelebA may be used for research that earns no money and may not be passed on, so none comes
    with the course.

    Args:
        size: Height and width of the result in pixels; the 178x218 images are squeezed into squares.
        channels: 3 for red, green and blue, 1 for gray (luminance).
        source: `"auto"` takes the first folder `img_align_celeba` or `img_align_celeba_small` that `find_faces`
            finds, or else draws faces; `"drawn"` draws them, about 5 ms each; a path takes the images of that
            folder, or those in a folder of CelebA inside it.
        limit: How many faces at most, in the order of the file names; of drawn ones there are exactly so many.

    Returns:
        uint8 `(n, size, size, channels)`.

    Raises:
        DataError: If the folder is missing or holds no image that can be read.
        ValueError: If `size` or `limit` is less than 1, or `channels` is neither 1 nor 3.

    Source: Liu et al., Deep Learning Face Attributes in the Wild, 2015 (CelebA).

    Example:
        >>> from gan_course.datasets import load_faces
        >>> load_faces(size=28, channels=1, source="drawn", limit=10).shape
        (10, 28, 28, 1)
    """
    check_arguments(size, channels, limit)
    if source == "auto":
        source = find_faces() or "drawn"
        if source == "drawn":
            print(f"No folder of CelebA was found, so these are {limit:,} faces that the course draws.")
    if source != "drawn":
        folder = Path(source).expanduser()
        return load_image_folder(_celeba(folder) or folder, size, channels, limit)
    images, _ = draw_faces(limit, size=size)
    if channels == 1:
        images = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in images])
    return images.reshape(limit, size, size, channels)


def find_faces() -> Path | None:
    """Return the folder of CelebA on this machine, or None.

    It is called `img_align_celeba` or `img_align_celeba_small`, and is the folder that the environment variable
    GAN_COURSE_DATA names, or in that folder, or in your Google Drive when Colab shows it.

    Raises:
        DataError: If GAN_COURSE_DATA is set and names no folder.
    """
    places = [place for place in (_own_folder(), DRIVE) if place]
    return next((found for found in map(_celeba, places) if found), None)


def scale(images: np.ndarray) -> np.ndarray:
    """Map pixels of 0 to 255 onto [-1, 1], the range of the generator's tanh.

    Args:
        images: uint8, any shape.

    Returns:
        float32 of the same shape; 0 becomes -1 and 255 becomes 1.

    Raises:
        ValueError: If the images are not uint8; scaling twice is a common mistake.

    Example:
        >>> import numpy as np
        >>> from gan_course.datasets import scale
        >>> scale(np.array([0, 51, 255], "uint8")).tolist()
        [-1.0, -0.6000000238418579, 1.0]
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError(f"scale expects uint8 pixels of 0 to 255, found {images.dtype}; are they scaled already?")
    return images.astype("float32") / 127.5 - 1


def unscale(images: np.ndarray) -> np.ndarray:
    """Map values in [-1, 1] onto pixels of 0 to 255; the inverse of `scale`.

    Args:
        images: float, any shape, values in [-1, 1].

    Returns:
        uint8 of the same shape.

    Raises:
        ValueError: If a value is outside [-1, 1] or NaN.

    Example:
        >>> import numpy as np
        >>> from gan_course.datasets import unscale
        >>> unscale(np.array([-1.0, 0.0, 1.0])).tolist()
        [0, 128, 255]
    """
    images = np.asarray(images)
    if images.size and not (images.min() >= -1 and images.max() <= 1):
        raise ValueError(f"unscale expects values in [-1, 1], found {images.min():g} to {images.max():g}")
    return np.round((images + 1) * 127.5).astype("uint8")


def _own_folder() -> Path | None:
    own = os.environ.get("GAN_COURSE_DATA")
    if own and not Path(own).expanduser().is_dir():
        raise DataError(f"GAN_COURSE_DATA names {own}, which is not a folder; correct it or unset it")
    return Path(own).expanduser() if own else None


def _celeba(folder: Path) -> Path | None:
    """Return the folder of CelebA in a folder, or None; some archives unpack it into another of its name."""
    inside = (folder / path for name in CELEBA for path in (f"{name}/{name}", name))
    return next((path for path in inside if path.is_dir()), folder if folder.name in CELEBA else None)


def _caches() -> list[Path]:
    keras_home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    return [keras_home / "datasets" / name for name in ("mnist.npz", "mnist-gan-course.npz")]


def _download_target() -> Path:
    for path in _caches():
        if not os.path.lexists(path):
            return path
    raise DataError(f"{_caches()[0]} and {_caches()[1].name} are both damaged; move them away and try again")


def _download(path: Path) -> Path:
    content = bytearray()
    with urllib.request.urlopen(MNIST_URL, timeout=TIMEOUT) as answer:
        total = int(answer.headers.get("Content-Length", 0)) or 1
        while block := answer.read(1 << 18):
            content += block
            print(f"\rDownloading MNIST: {min(100, 100 * len(content) // total)} %", end="", file=sys.stderr)
        print(file=sys.stderr)
    found = hashlib.sha256(content).hexdigest()
    if found != MNIST_SHA256:
        raise OSError(f"the file that was downloaded is damaged, sha256 {found[:12]}...")
    with replacing(path) as beside:
        beside.write_bytes(content)
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_mnist(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            images, labels = arrays["x_train"], arrays["y_train"]
    except FileNotFoundError:
        raise DataError(f"there is no file {path}; expected MNIST as an .npz file") from None
    except KeyError as error:
        raise DataError(f"{path} has no array {error}; expected MNIST's x_train and y_train") from None
    except Exception as error:  # a damaged file can make zipfile, zlib and numpy raise nearly anything
        reason = str(error).partition("\n")[0]
        raise DataError(f"{path} is damaged or no MNIST file ({reason}); get a new copy") from None
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28) or not len(images):
        raise DataError(f"x_train in {path} is {images.dtype} {images.shape}; expected uint8 (n, 28, 28), n >= 1")
    if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"y_train in {path} is {labels.dtype} {labels.shape}; expected {len(images)} whole numbers"
        )
    if labels.min() < 0 or labels.max() > 9:
        raise DataError(f"y_train in {path} reaches from {labels.min()} to {labels.max()}; expected 0 to 9")
    return images[..., np.newaxis], labels.astype("uint8")
