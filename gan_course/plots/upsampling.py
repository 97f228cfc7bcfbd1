"""Two ways to enlarge an image, and how evenly each output pixel is served."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gan_course.arguments import whole
from gan_course.plots.tables import blank_page, by, draw_table

WIDTH, HEIGHT, TOP, SIDE, BETWEEN = 700, 576, 44, 224, 64  # pixels
INPUT, OUTPUT, OVERLAP = (10, 160), (190, SIDE), (460, SIDE)  # pixels from the left edge, and the most for a side
MOST = 12  # rows and columns of an overlap map that are drawn
METHODS = ("transposed convolution", "repetition, then convolution")


def inside(counts: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    """Return the part of an overlap map that no border of the image touches.

    Args:
        counts: `(height, width)`, how many products reach each pixel of the output.
        kernel: Side of the kernel.
        stride: How many times larger the output is than the input.

    Returns:
        The middle of `counts`, empty if every pixel feels the border.

    Raises:
        ValueError: If `kernel` or `stride` is no whole number of at least 1.

    Example:
        >>> import numpy as np
        >>> from gan_course.plots.upsampling import inside
        >>> inside(np.ones((12, 12)), kernel=3, stride=2).shape
        (8, 8)
    """
    border = max(whole("kernel", kernel) - 1, whole("stride", stride))
    return counts[border:-border, border:-border]


def upsampling_words(counts: tuple[np.ndarray, np.ndarray], kernel: int, stride: int) -> str:
    """Say how many products reach the pixels of both outputs, and why.

    Args:
        counts: The overlap maps of transposed convolution and of repetition and convolution, for an image large
            enough to have pixels that feel no border.
        kernel: Side of the kernel.
        stride: How many times larger the outputs are than the input.

    Returns:
        A line for each way.

    Raises:
        ValueError: If `kernel` or `stride` is no whole number of at least 1.

    Source: Odena, Dumoulin and Olah (2016, https://doi.org/10.23915/distill.00003), "Deconvolution & Overlap".

    Example:
        >>> import numpy as np
        >>> from gan_course.plots import upsampling_words
        >>> print(upsampling_words((np.full((9, 9), 1), np.full((9, 9), 4)), kernel=2, stride=2))
        Transposed convolution: inside, every pixel gets 1 product. Kernel 2 is a multiple of stride 2.
        Repetition, then convolution: inside, every pixel gets 4 products.
    """
    by_transpose, by_repetition = (
        np.unique(inside(each, kernel, stride).round().astype(int)).tolist() for each in counts
    )
    if kernel % stride == 0:
        why = f"Kernel {kernel} is a multiple of stride {stride}."
    elif kernel < stride:
        why = f"Kernel {kernel} is smaller than stride {stride}, so there are gaps."
    else:
        why = f"Stride {stride} does not divide kernel {kernel}: a checkerboard."
    return (
        f"Transposed convolution: inside, {_served(by_transpose)}. {why}\n"
        f"Repetition, then convolution: inside, {_served(by_repetition)}."
    )


def _served(counts: list[int]) -> str:
    if len(counts) == 1:
        return f"every pixel gets {counts[0]} product{'s' * (counts[0] != 1)}"
    return f"pixels get {', '.join(map(str, counts[:-1]))} or {counts[-1]} products"


def show_upsampling(
    image: np.ndarray, outputs: tuple[np.ndarray, np.ndarray], counts: tuple[np.ndarray, np.ndarray]
) -> Figure:
    """Draw an image, what both ways make of it, and the upper left corner of their overlap maps.

    Args:
        image: `(height, width)`, at most 224 pixels a side.
        outputs: What transposed convolution and what repetition and convolution give, two-dimensional.
        counts: How many products reach each pixel of these outputs.

    Returns:
        A figure of 700 x 576 pixels at 100 dots an inch. Every pixel of a picture is a square of whole pixels,
        so that no pattern comes from the drawing.

    Example:
        >>> import numpy as np
        >>> from gan_course.plots import show_upsampling
        >>> image, larger = np.ones((4, 4)), np.ones((8, 8))
        >>> show_upsampling(image, (larger, larger), (larger, larger)).get_size_inches().tolist()
        [7.0, 5.76]
    """
    figure, page = blank_page(WIDTH, HEIGHT)
    _place(page, image, *INPUT, TOP, f"input {by(image)}")
    for i, (method, output, count) in enumerate(zip(METHODS, outputs, counts, strict=True)):
        top = TOP + i * (SIDE + BETWEEN)
        _place(page, output, *OUTPUT, top, f"{method}\n{by(output)}")
        corner = count[:MOST, :MOST].round()
        title = "products that reach a pixel" + (f"\n(its first {by(corner)})" if corner.size < count.size else "")
        draw_table(page, corner, (OVERLAP[0], top), SIDE / max(corner.shape), title)
    return figure


def _place(page: Axes, image: np.ndarray, left: int, most: int, top: int, title: str) -> None:
    """Draw an image in the largest whole multiple of its size that fits in `most` pixels."""
    height, width = (max(most // max(image.shape), 1) * pixels for pixels in image.shape)
    extent = (left, left + width, top + height, top)
    low, high = min(image.min(), 0), max(image.max(), 0)
    page.imshow(image, "gray", vmin=low, vmax=high or 1, interpolation="nearest", aspect="auto", extent=extent)
    page.add_artist(Rectangle((left, top), width, height, fill=False, ec="black", lw=0.8))
    page.text(left + width / 2, top - 6, title, ha="center", va="bottom", fontsize=9.5)
