"""The convolution explorer of lesson 01."""

import re

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from gan_course.plots import convolution_words, show_convolution, sweeps
from gan_course.plots.convolution import pad
from gan_course.widgets.shell import CHOICE, Explorer

LARGEST_IMAGE, LARGEST_KERNEL, LARGEST_NUMBER = 8, 5, 999
IMAGES = {
    "a slanted line": np.eye(6, dtype=int),
    "a square": np.pad(np.ones((4, 4), int), 2),
    "an edge": np.repeat([[0, 0, 0, 9, 9, 9]], 6, axis=0),
    "counting": np.arange(36).reshape(6, 6),
}
KERNELS = {
    "horizontal edges": np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]),
    "vertical edges": np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]),
    "outline": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "blur": np.ones((3, 3), int),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "leave as it is": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "blur 2 × 2": np.ones((2, 2), int),
}
_WIDE = {"style": {"description_width": "5em"}, "layout": {"width": "330px", "max_width": "97%"}}
PADDINGS = [("none (valid)", "valid"), ("same", "same"), ("full", "full")]


def read_table(text: str, largest: int, name: str) -> np.ndarray:
    """Read a table of numbers: a line for each row, with spaces or commas between the numbers.

    Args:
        text: What somebody typed.
        largest: The most rows and columns it may have.
        name: What the table is, for the messages.

    Returns:
        float32 `(rows, columns)`.

    Raises:
        ValueError: If it is empty or too large, if its rows differ in length, if something in it is no number, or
            one that is larger than 999 either way, or if a row seems to have decimal commas, as `0,5 1`.

    Example:
        >>> from gan_course.widgets.convolution import read_table
        >>> read_table("1 0 -2\\n0, 1, .5", 8, "image").tolist()
        [[1.0, 0.0, -2.0], [0.0, 1.0, 0.5]]
    """
    if found := re.search(r"\d,\d+[ \t]+\S|\S[ \t]+\S*\d,\d", text):
        raise ValueError(
            f"the {name} has {found[0]!r}; write a decimal with a point, as in 0.5, and either spaces or commas "
            "between the numbers"
        )
    rows = [line.replace(",", " ").replace("−", "-").split() for line in text.splitlines() if line.strip()]
    if not rows:
        raise ValueError(f"the {name} is empty; type numbers with spaces between them, a line for each row")
    for i, row in enumerate(rows):
        for word in row:
            if not _is_number(word):
                raise ValueError(
                    f"row {i} of the {name} has {word!r}; expected a number from "
                    f"−{LARGEST_NUMBER} to {LARGEST_NUMBER}"
                )
        if len(row) != len(rows[0]):
            raise ValueError(
                f"row {i} of the {name} has {len(row)} numbers and row 0 has {len(rows[0])}; "
                "expected as many in every row"
            )
    if max(len(rows), len(rows[0])) > largest:
        raise ValueError(
            f"the {name} has {len(rows)} × {len(rows[0])} numbers; expected at most {largest} × {largest}"
        )
    return np.array(rows, "float32")


def _is_number(word: str) -> bool:
    try:
        return abs(float(word)) <= LARGEST_NUMBER
    except ValueError:
        return False


def convolve(image: np.ndarray, kernel: np.ndarray, padding: str, stride: int, dilation: int) -> np.ndarray:
    """Convolve with Keras.

    Args:
        image: `(height, width)`.
        kernel: `(rows, columns)`.
        padding: "valid", "same", or "full", for which the zeros are added first.
        stride: Pixels from one position to the next.
        dilation: Pixels from one weight to the next.

    Returns:
        What `keras.ops.conv` gives, float32 and two-dimensional.

    Raises:
        ValueError: If stride and dilation are both above 1, which Keras cannot do.

    Example:
        >>> import numpy as np
        >>> from gan_course.widgets.convolution import convolve
        >>> convolve(np.ones((3, 3)), np.ones((2, 2)), "valid", 1, 1).tolist()
        [[4.0, 4.0], [4.0, 4.0]]
    """
    import keras

    if stride > 1 and dilation > 1:
        raise ValueError(
            f"Keras has no convolution with stride {stride} and dilation {dilation}; set one of them to 1"
        )
    if padding == "full":
        image, padding = pad(image, *sweeps(image, kernel, "full", stride, dilation)), "valid"
    batch = keras.ops.convert_to_tensor(image[None, ..., None], "float32")
    weights = keras.ops.convert_to_tensor(kernel[..., None, None], "float32")
    output = keras.ops.conv(batch, weights, strides=stride, padding=padding, dilation_rate=dilation)
    return keras.ops.convert_to_numpy(output)[0, ..., 0]


def convolution_explorer(image: np.ndarray | None = None, kernel: np.ndarray | None = None) -> Explorer:
    """Return a widget that shows how each pixel of a convolution is computed.

    The input and the kernel can be chosen and edited; padding, stride, dilation and the position have controls.
    The output is Keras's.

    Args:
        image: The first input, two-dimensional, at most 8 x 8; without it, one of the ready-made ones.
        kernel: The first kernel, two-dimensional, at most 5 x 5; without it, one of the ready-made ones.

    Raises:
        ValueError: If one of them is too large.

    Example:
        >>> from gan_course.widgets import convolution_explorer
        >>> explorer = convolution_explorer()
        >>> explorer.controls["padding"].value = "same"
        >>> print(explorer.words.splitlines()[-1])
        Size ⌊(n + p − k) / s⌋ + 1: ⌊(6 + 2 − 3) / 1⌋ + 1 = 6
    """
    images = IMAGES if image is None else {"from the lesson": image, **IMAGES}
    kernels = KERNELS if kernel is None else {"from the lesson": kernel, **KERNELS}
    image_choice, image_text = _table_control("Input", images, LARGEST_IMAGE)
    kernel_choice, kernel_text = _table_control("Kernel", kernels, LARGEST_KERNEL)
    controls = {
        "image": image_text,
        "kernel": kernel_text,
        "padding": widgets.SelectionSlider(options=PADDINGS, description="Padding", **_WIDE),
        "stride": widgets.IntSlider(1, 1, 4, description="Stride", **_WIDE),
        "dilation": widgets.IntSlider(1, 1, 3, description="Dilation", **_WIDE),
        "position": widgets.IntSlider(0, 0, 0, description="Position", **_WIDE),
    }

    def draw(
        image: str, kernel: str, padding: str, stride: int, dilation: int, position: int
    ) -> tuple[Figure, str]:
        table, weights = read_table(image, LARGEST_IMAGE, "input"), read_table(kernel, LARGEST_KERNEL, "kernel")
        swept = sweeps(table, weights, padding, stride, dilation)
        output = convolve(table, weights, padding, stride, dilation)
        controls["position"].max = output.size - 1
        pixel = divmod(min(position, output.size - 1), output.shape[1])
        shown = table, weights, output, pixel, *swept
        return show_convolution(*shown), convolution_words(*shown)

    settings = widgets.VBox([controls[name] for name in ("padding", "stride", "dilation", "position")])
    tables = [widgets.VBox([image_choice, image_text]), widgets.VBox([kernel_choice, kernel_text])]
    return Explorer(draw, controls, widgets.HBox([*tables, settings], layout={"flex_flow": "row wrap"}))


def _table_control(
    name: str, tables: dict[str, np.ndarray], largest: int
) -> tuple[widgets.ToggleButtons, widgets.Textarea]:
    """A choice of tables, and the text of the chosen one, to be edited."""
    texts = {
        title: "\n".join(" ".join(f"{value:g}" for value in row) for row in table)
        for title, table in tables.items()
    }
    choice = widgets.ToggleButtons(options=list(texts), description=name, style=CHOICE, layout=_WIDE["layout"])
    layout = {**_WIDE["layout"], "height": f"{1.45 * largest + 1:.0f}em"}
    text = widgets.Textarea(texts[choice.value], description="Numbers", style=_WIDE["style"], layout=layout)

    def fill(change: dict) -> None:
        if change["new"]:
            text.value = texts[change["new"]]

    def unmark(change: dict) -> None:
        if choice.value and change["new"] != texts[choice.value]:
            choice.value = None  # so that it can be chosen again

    choice.observe(fill, "value")
    text.observe(unmark, "value")
    return choice, text
