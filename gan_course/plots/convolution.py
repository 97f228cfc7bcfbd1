"""The arithmetic of a convolution, pixel by pixel, as pictures and words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gan_course.arguments import whole
from gan_course.plots.tables import blank_page, by, draw_table, number

WIDTH, HEIGHT, TITLE, GAP, LARGEST_CELL = 700, 330, 44, 40, 42  # pixels


@dataclass(frozen=True)
class Sweep:
    """How a kernel sweeps over one axis of an image.

    Args:
        size: Pixels of the image along this axis.
        kernel: Weights of the kernel along this axis.
        padding: "valid" adds no zeros; "same" adds those that make the output `ceil(size / stride)` long, the odd
            one at the end, as Keras does; "full" adds so many that every weight meets every pixel.
        stride: Pixels from one position to the next.
        dilation: Pixels from one weight to the next.

    Raises:
        ValueError: If the kernel does not fit on the padded image, or a number is no whole number of at least 1.

    Source: Dumoulin and Visin (2016, https://arxiv.org/abs/1603.07285), sections 2 and 5.1.

    Example:
        >>> from gan_course.plots import Sweep
        >>> sweep = Sweep(28, 5, "same", stride=2)
        >>> sweep.output, sweep.before, sweep.after, sweep.unreached
        (14, 1, 2, [])
    """

    size: int
    kernel: int
    padding: str = "valid"
    stride: int = 1
    dilation: int = 1

    def __post_init__(self) -> None:
        """Refuse a kernel without a position."""
        for name in ("size", "kernel", "stride", "dilation"):
            whole(name, getattr(self, name))
        if self.span > self.padded:
            raise ValueError(
                f"the kernel spans {self.span} pixels and the padded image has only {self.padded}; "
                "choose a smaller kernel, a smaller dilation or more padding"
            )

    @property
    def span(self) -> int:
        """Pixels from the first weight to the last."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def zeros(self) -> int:
        """Padding on both sides together."""
        if self.padding == "full":
            return 2 * (self.span - 1)
        if self.padding == "same":
            return max((-(-self.size // self.stride) - 1) * self.stride + self.span - self.size, 0)
        return 0

    @property
    def before(self) -> int:
        """Zeros before the first pixel."""
        return self.zeros // 2

    @property
    def after(self) -> int:
        """Zeros after the last pixel."""
        return self.zeros - self.before

    @property
    def padded(self) -> int:
        """Pixels of the padded image."""
        return self.size + self.zeros

    @property
    def output(self) -> int:
        """Pixels of the output."""
        return (self.padded - self.span) // self.stride + 1

    def taps(self, position: int) -> np.ndarray:
        """Return the padded pixels under the weights, for one pixel of the output."""
        return position * self.stride + self.dilation * np.arange(self.kernel)

    @property
    def unreached(self) -> list[int]:
        """The pixels of the image, counted from 0, that no position of the kernel touches."""
        reached = {int(tap) - self.before for position in range(self.output) for tap in self.taps(position)}
        return [pixel for pixel in range(self.size) if pixel not in reached]

    def formula(self) -> str:
        """Return the size of the output with its numbers."""
        span = f"{self.kernel}" if self.dilation == 1 else f"(({self.kernel} − 1) · {self.dilation} + 1)"
        return f"⌊({self.size} + {self.zeros} − {span}) / {self.stride}⌋ + 1 = {self.output}"


def sweeps(
    image: np.ndarray, kernel: np.ndarray, padding: str = "valid", stride: int = 1, dilation: int = 1
) -> tuple[Sweep, Sweep]:
    """Return how `kernel` sweeps over the rows and the columns of `image`, both two-dimensional; see `Sweep`."""
    rows, columns = (
        Sweep(size, side, padding, stride, dilation) for size, side in zip(image.shape, kernel.shape, strict=True)
    )
    return rows, columns


def pad(image: np.ndarray, rows: Sweep, columns: Sweep) -> np.ndarray:
    """Return `image` with the zeros that both sweeps ask for."""
    return np.pad(image, ((rows.before, rows.after), (columns.before, columns.after)))


def convolution_words(
    image: np.ndarray,
    kernel: np.ndarray,
    output: np.ndarray,
    pixel: tuple[int, int],
    rows: Sweep,
    columns: Sweep,
) -> str:
    """Write out how one pixel of a convolution is computed, how large the output is, and what is never read.

    Args:
        image: `(height, width)`.
        kernel: `(rows, columns)`.
        output: What the convolution of `image` with `kernel` gives.
        pixel: Row and column in `output`, counted from 0.
        rows: How the kernel sweeps over the rows of the image.
        columns: How it sweeps over the columns; `sweeps` makes both.

    Returns:
        Lines of text: the products and their sum, the formula of the size, and the rows or columns of the image
        that no position of the kernel touches, if there are any.

    Example:
        >>> import numpy as np
        >>> from gan_course.plots import convolution_words, sweeps
        >>> image, kernel, output = np.eye(3), np.eye(2), np.array([[2, 0], [0, 2]])
        >>> print(convolution_words(image, kernel, output, (0, 0), *sweeps(image, kernel)))
        Output pixel in row 0, column 0:
        1×1 + 0×0 + 0×0 + 1×1 = 2
        Size ⌊(n + p − k) / s⌋ + 1: ⌊(3 + 0 − 2) / 1⌋ + 1 = 2
    """
    window = pad(image, rows, columns)[np.ix_(rows.taps(pixel[0]), columns.taps(pixel[1]))]
    products = [f"{_signed(a)}×{_signed(b)}" for a, b in zip(window.flat, kernel.flat, strict=True)]
    equals = "=" if all(map(_is_exact, (*window.flat, *kernel.flat, output[pixel]))) else "≈"
    sizes = dict.fromkeys([rows.formula(), columns.formula()])
    lines = [
        f"Output pixel in row {pixel[0]}, column {pixel[1]}:",
        f"{' + '.join(products)} {equals} {number(output[pixel])}",
        f"Size ⌊(n + p − k) / s⌋ + 1: {', '.join(sizes)}",
    ]
    missed = [_listed(name, sweep.unreached) for name, sweep in (("row", rows), ("column", columns))]
    if any(missed):
        never = " and ".join(filter(None, missed))
        lines.append(f"With stride {rows.stride} the window never reaches {never} of the image.")
    return "\n".join(lines)


def _signed(factor: float) -> str:
    return f"({number(factor)})" if factor < 0 else number(factor)


def _is_exact(value: float) -> bool:
    """Whether `number` writes a value as it is."""
    return bool(np.isclose(float(number(value).replace("−", "-")), value, rtol=1e-6, atol=0))


def _listed(name: str, numbers: Sequence[int]) -> str:
    return f"{name}{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}" if numbers else ""


def show_convolution(
    image: np.ndarray,
    kernel: np.ndarray,
    output: np.ndarray,
    pixel: tuple[int, int],
    rows: Sweep,
    columns: Sweep,
) -> Figure:
    """Draw the padded image with the window on it, the kernel, and the output with the window's pixel framed.

    Args:
        image: `(height, width)`, at most about 8 x 8.
        kernel: `(rows, columns)`.
        output: What the convolution of `image` with `kernel` gives.
        pixel: Row and column in `output`, counted from 0.
        rows: How the kernel sweeps over the rows of the image.
        columns: How it sweeps over the columns; `sweeps` makes both.

    Returns:
        A figure of 700 x 330 pixels at 100 dots an inch. Padding is written in gray, and what the kernel never
        reads is hatched. Cells too small for a number show only their color.
    """
    padded = pad(image, rows, columns)
    tables = (padded, kernel, output)
    free = WIDTH - 2 * GAP - 8
    cell = min(LARGEST_CELL, free / sum(t.shape[1] for t in tables), (HEIGHT - TITLE - 4) / max(map(len, tables)))
    figure, axes = blank_page(WIDTH, HEIGHT)
    gap = (WIDTH - cell * sum(t.shape[1] for t in tables)) / 4
    inner = np.zeros(padded.shape, bool)
    inner[rows.before : rows.before + rows.size, columns.before : columns.before + columns.size] = True
    grown = f"\npadded to {rows.padded} × {columns.padded}" if rows.zeros or columns.zeros else ""
    titles = (f"input {by(image)}{grown}", f"kernel {by(kernel)}", f"output {by(output)}")
    left, corners = gap, []
    for title, table in zip(titles, tables, strict=True):
        corners.append((left, TITLE))
        draw_table(axes, table, corners[-1], cell, title, inner if table is padded else None)
        left += cell * table.shape[1] + gap
    _draw_unreached(axes, rows, columns, corners[0], cell)
    _draw_window(axes, rows.taps(pixel[0]), columns.taps(pixel[1]), corners[0], cell)
    _frame(axes, corners[2], pixel, (1, 1), cell)
    return figure


def _draw_unreached(axes: Axes, rows: Sweep, columns: Sweep, corner: tuple[float, float], cell: float) -> None:
    for row in rows.unreached:
        _frame(axes, corner, (row + rows.before, columns.before), (1, columns.size), cell, hatch="////", lw=0)
    for column in columns.unreached:
        _frame(axes, corner, (rows.before, column + columns.before), (rows.size, 1), cell, hatch="////", lw=0)


def _draw_window(
    axes: Axes, rows: np.ndarray, columns: np.ndarray, corner: tuple[float, float], cell: float
) -> None:
    spans = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    _frame(axes, corner, (rows[0], columns[0]), spans, cell)
    if spans != (len(rows), len(columns)):
        for row in rows:
            for column in columns:
                _frame(axes, corner, (row, column), (1, 1), cell, lw=1.2)


def _frame(
    axes: Axes,
    corner: tuple[float, float],
    start: tuple[int, int],
    spans: tuple[int, int],
    cell: float,
    hatch: str = "",
    lw: float = 2.5,
) -> None:
    place = corner[0] + cell * start[1], corner[1] + cell * start[0]
    shape = Rectangle(place, cell * spans[1], cell * spans[0], fill=False, ec="black", lw=lw, hatch=hatch)
    axes.add_artist(shape)
