"""The range of pixels: 0 to 255 in files, [-1, 1] in networks."""

from typing import Any

import numpy as np

EXPECTED_RANGE = "expected floats in [-1, 1], as gan_course.datasets.scale makes them of 0 to 255"
ROUNDING = 1e-5  # how far beyond [-1, 1] is taken for a rounding error; a thousandth of a pixel's step


def scale(images: np.ndarray) -> np.ndarray:
    """Map pixels of 0 to 255 onto [-1, 1], the range of the generator's tanh.

    Args:
        images: uint8, any shape: an array, a list of arrays or a tensor.

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
    images = _array(images, "the images")
    if images.dtype != np.uint8:
        raise ValueError(
            f"scale expects uint8 pixels of 0 to 255, found {_found(images)}; are they scaled already, or do they "
            "lack .astype('uint8')?"
        )
    return scaled(images.astype("float32"))


def scaled(pixels: Any) -> Any:
    """Map floats of 0 to 255 onto [-1, 1], in an array or a tensor: the arithmetic of `scale`, unchecked."""
    return pixels / 127.5 - 1


def unscale(images: np.ndarray) -> np.ndarray:
    """Map values in [-1, 1] onto pixels of 0 to 255; the inverse of `scale`.

    Args:
        images: float, any shape, values in [-1, 1]: an array, a list or a tensor.

    Returns:
        uint8 of the same shape.

    Raises:
        ValueError: As `check_range` does.

    Example:
        >>> import numpy as np
        >>> from gan_course.datasets import unscale
        >>> unscale(np.array([-1.0, 0.0, 1.0])).tolist()
        [0, 128, 255]
    """
    images = check_range(images)
    if images.dtype.itemsize < 4:  # half precision would be rounded twice
        images = images.astype("float32")
    return np.round((images + 1) * 127.5).astype("uint8")


def check_range(images: Any, what: str = "the images") -> np.ndarray:
    """Return images as an array, or refuse them if their values are not in [-1, 1].

    A value may be beyond by 1e-5, as arithmetic in float32 leaves it; `unscale` makes 0 or 255 of it all the same.

    Args:
        images: Numbers, any shape: an array, a list or a tensor. There may be none.
        what: What they are called in the message.

    Raises:
        ValueError: If a value is outside [-1, 1] or NaN, or they are no numbers or are uint8, even if all are 0
            or 1.

    Example:
        >>> import numpy as np
        >>> from gan_course.datasets.pixels import check_range
        >>> check_range([-1.0, 0.5])
        array([-1. ,  0.5])
        >>> check_range(np.array([0, 255], "uint8"), "the digits")
        Traceback (most recent call last):
        ...
        ValueError: the digits are uint8 pixels of 0 to 255; expected floats in [-1, 1], \
as gan_course.datasets.scale makes them of 0 to 255
    """
    images = _array(images, what)
    limit = 1 + ROUNDING
    if not _is_signed(images.dtype) or (images.size and not (images.min() >= -limit and images.max() <= limit)):
        raise ValueError(f"{what} are {_found(images)}; {EXPECTED_RANGE}")
    return images


def _array(images: Any, what: str) -> np.ndarray:
    try:
        return np.asarray(images)
    except ValueError:
        raise ValueError(f"{what} differ in shape; expected them in one array") from None


def _is_signed(dtype: np.dtype) -> bool:
    """Whether a type holds real numbers below 0 as well, bfloat16 of tensors included."""
    return dtype.kind not in "bu" and np.can_cast(dtype, "float64", "same_kind")


def _found(images: np.ndarray) -> str:
    if not images.size or not np.can_cast(images.dtype, "float64", "same_kind"):
        return f"{images.dtype}"
    low, high = float(images.min()), float(images.max())
    return f"{images.dtype} pixels " + ("with NaN" if np.isnan(low) else f"of {low:g} to {high:g}")
