"""The range of pixels: 0 to 255 in files, [-1, 1] in networks."""

import numpy as np


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
