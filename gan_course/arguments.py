"""What an argument may be, and the sentence for one that may not."""

import operator
import reprlib
from typing import Any


def whole(name: str, value: Any, least: int = 1) -> int:
    """Return a whole number as Python's own, NumPy's included.

    Args:
        name: What the argument is called.
        value: What was given.
        least: The smallest number that makes sense.

    Raises:
        ValueError: If it is no whole number, or less than `least`.

    Example:
        >>> import numpy as np
        >>> from gan_course.arguments import whole
        >>> whole("batch_size", np.int32(16))
        16
        >>> whole("every", 2.5)
        Traceback (most recent call last):
        ...
        ValueError: every is 2.5; expected a whole number of at least 1
    """
    try:
        number = None if type(value).__name__.startswith("bool") else operator.index(value)  # also NumPy's
    except TypeError:
        number = None
    if number is None or number < least:
        raise ValueError(f"{name} is {reprlib.repr(value)}; expected a whole number of at least {least}")
    return number
