"""The table of a network's layers."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gan_course.arguments import whole
from gan_course.counting import Layer
from gan_course.plots.images import D_COLOR
from gan_course.plots.tables import blank_page, write

WIDTH, ROW, BAR = 700, 22, 590  # pixels; bars start at the last one
COLUMNS = (10, 0), (170, 0), (400, 1), (420, 0)  # pixels from the left edge, and 1 for flush right


def show_layers(layers: Sequence[Layer], rows: int | None = None) -> Figure:
    """Draw the table of a network's layers, with a bar for each layer's share of the parameters.

    Args:
        layers: As `generator_layers` and `discriminator_layers` list them.
        rows: For how many layers the figure has room, so that it keeps its size; as many as there are, if None.

    Returns:
        A figure 700 pixels wide at 100 dots an inch.

    Raises:
        ValueError: If `rows` is no whole number of at least 1.

    Example:
        >>> from gan_course.plots import discriminator_layers, show_layers
        >>> show_layers(discriminator_layers()).get_size_inches().tolist()
        [7.0, 2.2]
    """
    rows = len(layers) if rows is None else whole("rows", rows)
    figure, axes = blank_page(WIDTH, ROW * (rows + 2))
    total = sum(layer.parameters for layer in layers)
    lines = [("layer", "output of an image", "parameters", "counted as")]
    for layer in layers:
        shape = " × ".join(f"{n:,}" for n in layer.shape)
        lines.append((layer.name, shape, f"{layer.parameters:,}" if layer.parameters else "–", layer.sum))
    lines.append(("together", "", f"{total:,}", ""))
    for column, (x, align) in enumerate(COLUMNS):
        texts = [(x, ROW * (i + 0.5), line[column]) for i, line in enumerate(lines) if line[column]]
        write(axes, [texts[0]], align=align, weight="bold")
        write(axes, texts[1:], align=align)
    for i, layer in enumerate(layers, 1):
        share = (WIDTH - BAR - 10) * layer.parameters / total
        axes.add_artist(Rectangle((BAR, ROW * (i + 0.2)), share, 0.6 * ROW, color=D_COLOR, lw=0))
    axes.axhline(ROW * (len(layers) + 1), color="black", lw=0.8)
    return figure
