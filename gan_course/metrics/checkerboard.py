"""How much of images is a pattern that repeats every few pixels, as enlarging layers leave one."""

from typing import Any

import numpy as np

from gan_course.arguments import whole


def checkerboard_energy(images: Any, period: int = 2) -> float:
    """Return the share of the images' energy that lies in patterns repeating along rows or columns.

    A transposed convolution of stride s adds unequal numbers of products to neighboring pixels, in a pattern
    that repeats every s pixels (Odena, Dumoulin and Olah, 2016, https://doi.org/10.23915/distill.00003). In the
    spectrum such a pattern is found at the frequency 1 / s and its multiples.

    Args:
        images: `(n, height, width, channels)`, any range of values.
        period: Pixels after which the pattern repeats; height and width are multiples of it.

    Returns:
        From 0 to 1: the energy at these frequencies, along one axis or both, divided by all of the energy but
        the images' means; 0 for images of one color.

    Raises:
        ValueError: If the images are not four-dimensional, hold NaN, or `period` is no whole number of at least
            2 that divides height and width.

    Example:
        >>> import numpy as np
        >>> from gan_course.metrics import checkerboard_energy
        >>> board = np.indices((8, 8)).sum(0) % 2
        >>> round(checkerboard_energy(board[np.newaxis, ..., np.newaxis]), 6)
        1.0
    """
    images, period = np.asarray(images, "float32"), whole("period", period, least=2)
    if images.ndim != 4 or not images.size or any(side % period for side in images.shape[1:3]):
        raise ValueError(
            f"found images {images.shape} and period={period}; expected (n, height, width, channels), both sides "
            "multiples of the period"
        )
    if not np.isfinite(images).all():
        raise ValueError("the images hold NaN or infinite numbers; expected finite ones")
    energy = (np.abs(np.fft.fft2(images, axes=(1, 2))) ** 2).sum((0, 3))
    energy[0, 0] = 0
    total = energy.sum()
    rows, columns = (np.arange(1, period) * side // period for side in energy.shape)
    repeating = np.zeros(energy.shape, bool)
    repeating[rows], repeating[:, columns] = True, True
    return float(energy[repeating].sum() / total) if total > 1e-12 * images.size else 0.0
