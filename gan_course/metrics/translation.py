"""How close drawn pictures are to those that were meant."""

from typing import Any, NamedTuple

import numpy as np

from gan_course.datasets.pixels import check_range


class Closeness(NamedTuple):
    """How close drawn pictures are to their targets, each a mean over all of them, of pixels in [0, 1].

    Attributes:
        l1: Mean absolute difference of two pixels; 0 is equal.
        psnr: Peak signal-to-noise ratio in decibels, 10 log10(1 / mean squared difference); infinite is equal.
        ssim: Structural similarity (Wang et al., 2004, Image Quality Assessment, section III.B); 1 is equal.
    """

    l1: float
    psnr: float
    ssim: float


def closeness(drawn: Any, real: Any) -> Closeness:
    """Compare pictures with those that were meant.

    All is computed on [0, 1], with `max_val=1`. On [-1, 1] the structural similarity would be another number, as
    its formula multiplies means; the signal-to-noise ratio would be the same with `max_val=2`.

    Args:
        drawn: Float `(n, height, width, channels)`, values in [-1, 1], at least 11 pixels high and wide.
        real: As many, of the same shape.

    Raises:
        ValueError: If the shapes differ, a side is too short, or values leave [-1, 1].

    Example:
        >>> import numpy as np
        >>> from gan_course.metrics import closeness
        >>> gray = np.zeros((2, 16, 16, 3))
        >>> closeness(gray, gray + 0.2).l1, round(closeness(gray, gray + 0.2).psnr, 2)
        (0.1, 20.0)
    """
    import tensorflow as tf

    drawn, real = check_range(drawn, "the drawn pictures"), check_range(real, "the real pictures")
    if drawn.shape != real.shape or drawn.ndim != 4 or min(drawn.shape[1:3], default=0) < 11:
        raise ValueError(
            f"the drawn pictures have shape {drawn.shape} and the real ones {real.shape}; expected the same "
            "(n, height, width, channels), at least 11 pixels high and wide"
        )
    both = [np.clip((each.astype("float32") + 1) / 2, 0, 1) for each in (drawn, real)]
    psnr, ssim = tf.image.psnr(*both, max_val=1), tf.image.ssim(*both, max_val=1)
    l1 = float(np.abs(both[0] - both[1]).mean(dtype=float))
    return Closeness(round(l1, 7), float(np.mean(psnr)), float(np.mean(ssim)))
