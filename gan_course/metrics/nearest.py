"""The training images that are closest to drawn ones."""

import numpy as np

from gan_course.arguments import whole

_BLOCK = 2048  # training images compared at once


def nearest_images(images: np.ndarray, training: np.ndarray, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Find the training images that are closest, pixel by pixel: has the generator learned any by heart?

    Args:
        images: `(n, height, width, channels)`, any size.
        training: `(m, height, width, channels)` of the same range of values. It is read in blocks, so that
            1,000 images against all of MNIST take less than 100 MB beside the two arrays.
        count: How many neighbors of each image.

    Returns:
        Their positions in `training`, int `(n, count)`, the closest first, and their Euclidean distances,
        float `(n, count)`.

    Raises:
        ValueError: If the shapes do not fit, only one of the two is scaled, or `count` is not within 1 to m.

    Example:
        >>> from gan_course.datasets import load_mnist
        >>> from gan_course.metrics import nearest_images
        >>> digits, _ = load_mnist(source="embedded")
        >>> positions, distances = nearest_images(digits[7:9], digits, count=2)
        >>> positions[:, 0], distances[:, 0]
        (array([7, 8]), array([0., 0.]))
    """
    images, training, count = np.asarray(images), np.asarray(training), whole("count", count)
    if images.shape[1:] != training.shape[1:] or count > len(training):
        raise ValueError(
            f"found images {images.shape}, training images {training.shape} and count={count}; "
            "expected equal shapes after n, and count from 1 to the number of training images"
        )
    if (images.dtype == np.uint8) != (training.dtype == np.uint8):
        raise ValueError(f"found images {images.dtype} and training images {training.dtype}; scale both or none")
    if images.dtype != np.uint8 and (np.abs(images).max() > 2) != (
        np.abs(training).max() > 2
    ):  # 1 and a little more
        raise ValueError("only one of the images and the training images lies in [-1, 1]; scale both or none")
    flat = images.reshape(len(images), -1).astype("float32")
    positions, closeness = np.empty((len(flat), 0), int), np.empty((len(flat), 0), "float32")
    for start in range(0, len(training), _BLOCK):
        block = training[start : start + _BLOCK].reshape(-1, flat.shape[1]).astype("float32")
        squared = np.sum(block**2, axis=1) - 2 * flat @ block.T  # less |image|², which changes no order
        rows = np.broadcast_to(np.arange(start, start + len(block)), squared.shape)
        positions, closeness = np.hstack([positions, rows]), np.hstack([closeness, squared])
        best = np.argpartition(closeness, count - 1, axis=1)[:, :count]
        positions, closeness = (np.take_along_axis(array, best, 1) for array in (positions, closeness))
    return _exactly_sorted(flat, training, positions)


def _exactly_sorted(
    flat: np.ndarray, training: np.ndarray, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the few distances again without the rounding of large squares, so that a copy is at 0."""
    neighbors = (training[column].reshape(flat.shape).astype("float64") for column in positions.T)
    distances = np.stack([np.linalg.norm(flat - neighbor, axis=1) for neighbor in neighbors], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(positions, order, 1), np.take_along_axis(distances, order, 1)
