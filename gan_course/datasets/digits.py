"""MNIST: handwritten digits, uint8 images `(n, 28, 28, 1)`."""

import hashlib
import os
import sys
import urllib.request
from http.client import HTTPException
from pathlib import Path

import numpy as np

from gan_course.files import DataError, replacing
from gan_course.places import DATA, as_path, keras_folder, own_folder

MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
TIMEOUT = 5  # seconds without an answer


def load_mnist(source: str | Path = "auto", verbose: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return handwritten digits and their labels.

    Args:
        source: `"auto"` takes the first of: `mnist.npz` in the folder that the environment variable
            GAN_COURSE_DATA names; the file that Keras or an earlier call downloaded, if it is whole; a download;
            the 10,000 digits that come with the course. `"embedded"` takes those 10,000, `"full"` all 60,000
            training images or fails, and a path takes that `.npz` file or the `mnist.npz` in that folder.
        verbose: 0 prints nothing: neither how far a download is, nor that the 10,000 digits are taken.

    Returns:
        Images, uint8 `(n, 28, 28, 1)`, 0 is background and 255 ink; labels, uint8 `(n,)`, 0 to 9.

    Raises:
        DataError: If a file is missing, damaged or not MNIST, or `"full"` is asked for and cannot be had.
            No file is ever deleted or overwritten.
        ValueError: If `source` is no path.

    Source: LeCun and Cortes, the MNIST database of handwritten digits, CC BY-SA 3.0.

    Example:
        >>> from gan_course.datasets import load_mnist
        >>> images, labels = load_mnist(source="embedded")
        >>> images.shape, images.dtype, labels[:3]
        ((10000, 28, 28, 1), dtype('uint8'), array([5, 0, 4], dtype=uint8))
    """
    path = as_path("source", source)
    if source == "embedded":
        return _read_mnist(DATA / "mnist_10k.npz")
    if source not in ("auto", "full"):
        return _read_mnist(path / "mnist.npz" if path.is_dir() else path)
    path = find_mnist()
    if path is None:
        try:
            path = _download(_download_target(), verbose)
        except (OSError, HTTPException) as error:
            if source == "full":
                raise DataError(
                    f"the full MNIST could not be downloaded ({error}); connect to the internet, or put mnist.npz "
                    "into a folder and set GAN_COURSE_DATA to it"
                ) from None
            if verbose:
                print("MNIST could not be downloaded, so these are the 10,000 digits that come with the course.")
            return load_mnist("embedded")
    return _read_mnist(path)


def find_mnist() -> Path | None:
    """Return where the full MNIST file is on this machine, or None; see `load_mnist` for where it looks.

    Raises:
        DataError: If GAN_COURSE_DATA is set and names no folder.
    """
    own = own_folder()
    if own and (own / "mnist.npz").exists():
        return own / "mnist.npz"
    return next((path for path in _caches() if path.is_file() and _sha256(path) == MNIST_SHA256), None)


def damaged_mnist() -> Path | None:
    """Return a downloaded MNIST file whose hash is not that of the original, or None."""
    return next((path for path in _caches() if path.is_file() and _sha256(path) != MNIST_SHA256), None)


def _caches() -> list[Path]:
    return [keras_folder() / name for name in ("mnist.npz", "mnist-gan-course.npz")]


def _download_target() -> Path:
    for path in _caches():
        if not os.path.lexists(path):
            return path
    raise DataError(f"{_caches()[0]} and {_caches()[1].name} are both damaged; move them away and try again")


def _download(path: Path, verbose: int) -> Path:
    content = bytearray()
    with urllib.request.urlopen(MNIST_URL, timeout=TIMEOUT) as answer:
        total = int(answer.headers.get("Content-Length", 0)) or 1
        while block := answer.read(1 << 18):
            content += block
            if verbose:
                print(f"\rDownloading MNIST: {min(100, 100 * len(content) // total)} %", end="", file=sys.stderr)
        if verbose:
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
