"""The up-sampling explorer of lessons 01 and 02."""

from collections.abc import Mapping
from functools import cache

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from gan_course.plots import show_upsampling, upsampling_words
from gan_course.widgets.shell import CHOICE, Explorer

LARGEST_SIDE, LARGEST_KERNEL, LARGEST_STRIDE = 56, 6, 4
LARGE = (12, 12)  # has pixels that feel no border, whatever the kernel


def enlarge(image: np.ndarray, kernel: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Enlarge an image in both ways with Keras, with a kernel of ones and padding "same".

    Args:
        image: `(height, width)`.
        kernel: Side of the kernel.
        stride: How many times larger the output is.

    Returns:
        What transposed convolution gives, and what repetition and then convolution gives, both float32
        `(stride * height, stride * width)`.

    Example:
        >>> import numpy as np
        >>> from gan_course.widgets.upsampling import enlarge
        >>> transposed, repeated = enlarge(np.ones((2, 2)), kernel=3, stride=2)
        >>> transposed.astype(int).tolist()
        [[1, 1, 2, 1], [1, 1, 2, 1], [2, 2, 4, 2], [1, 1, 2, 1]]
    """
    from keras import ops

    batch = ops.convert_to_tensor(image[None, ..., None], "float32")
    ones = ops.ones((kernel, kernel, 1, 1))
    repeated = ops.repeat(ops.repeat(batch, stride, axis=1), stride, axis=2)
    outputs = ops.conv_transpose(batch, ones, stride, "same"), ops.conv(repeated, ones, 1, "same")
    by_transpose, by_repetition = (ops.convert_to_numpy(output)[0, ..., 0] for output in outputs)
    return by_transpose, by_repetition


@cache
def overlap(shape: tuple[int, int], kernel: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how many products reach each output pixel in both ways: what they make of an image of ones."""
    return enlarge(np.ones(shape), kernel, stride)


def upsampling_explorer(images: Mapping[str, np.ndarray], kernel: int = 3, stride: int = 2) -> Explorer:
    """Return a widget that compares transposed convolution with repetition followed by convolution.

    All weights are 1, so that any pattern that the image does not have comes from the overlap.

    Args:
        images: From a name to an image `(height, width)` of at most 56 pixels a side.
        kernel: The first side of the kernel, 1 to 6.
        stride: How many times larger the first output is, 1 to 4.

    Raises:
        ValueError: If there is no image, or one is not two-dimensional or too large.

    Example:
        >>> import numpy as np
        >>> from gan_course.widgets import upsampling_explorer
        >>> explorer = upsampling_explorer({"gray": np.ones((6, 6))})
        >>> explorer.controls["kernel"].value = 4
        >>> explorer.words.splitlines()[0][-35:]
        'Kernel 4 is a multiple of stride 2.'
    """
    images = {name: np.asarray(image) for name, image in images.items()}
    if not images:
        raise ValueError("there are no images; expected a name and an image, such as {'digit': digit}")
    for name, image in images.items():
        if image.ndim != 2 or not 1 <= min(image.shape) <= max(image.shape) <= LARGEST_SIDE:
            raise ValueError(
                f"the image {name!r} has shape {image.shape}; "
                f"expected (height, width) of 1 to {LARGEST_SIDE} pixels"
            )
    style = {"style": {"description_width": "initial"}}
    controls = {
        "image": widgets.ToggleButtons(options=list(images), description="Image", style=CHOICE),
        "kernel": widgets.IntSlider(kernel, 1, LARGEST_KERNEL, description="Kernel", **style),
        "stride": widgets.IntSlider(stride, 1, LARGEST_STRIDE, description="Stride", **style),
    }

    def draw(image: str, kernel: int, stride: int) -> tuple[Figure, str]:
        counts = overlap(images[image].shape, kernel, stride)
        outputs = enlarge(images[image], kernel, stride)
        words = upsampling_words(overlap(LARGE, kernel, stride), kernel, stride)
        return show_upsampling(images[image], outputs, counts), words

    return Explorer(draw, controls)
