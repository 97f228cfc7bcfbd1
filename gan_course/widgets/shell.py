"""What every explorer is made of: controls above, a picture below, and words about it."""

import html
import io
import textwrap
import threading
from collections.abc import Callable, Mapping

import ipywidgets as widgets
from matplotlib.figure import Figure
from PIL import Image

from gan_course.plots import as_png

CHOICE = {"button_width": "auto", "description_width": "initial"}  # of buttons one of which is chosen
_WORDS = '<div role="status" style="white-space: pre-line; line-height: 1.4">{}</div>'
_PROBLEM = _WORDS.replace('style="', 'style="font-weight: bold; ')
_OLD = "The picture above is still the one before."


class Shown(widgets.VBox):
    """Widgets one below the other, with an output of the cell that says the same where no kernel runs.

    ipywidgets would leave nothing to see on GitHub, in print and in an exported file.
    """

    _ipython_display_ = None  # ipywidgets 7 has this one, which shows the widget alone

    def still(self) -> dict[str, object]:
        """Return the output without a kernel, by kinds such as `text/plain` and `image/png`."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {**self.still(), "application/vnd.jupyter.widget-view+json": view}


class Explorer(Shown):
    """Controls, a picture that follows them, and words about it.

    The picture changes in place, so the page does not jump. Where no kernel runs (on GitHub, in print, in an
    exported file), the output of the cell is a still picture with its words.

    Args:
        draw: Called with the values of `controls` by name. It returns a figure, of the same size each time, and
            the words below it, plain text. When the values make no picture it raises a `ValueError`
            whose text says so to a student; then the last picture stays, and the text says that too.
        controls: From the name of an argument of `draw` to the widget that holds its value.
        panel: The controls as they are laid out; by default in a row that wraps.

    Attributes:
        figure: The matplotlib figure that is shown.
        words: The text below it.

    Raises:
        ValueError: If the first values make no picture.

    Example:
        >>> import ipywidgets
        >>> from matplotlib.figure import Figure
        >>> from gan_course.widgets.shell import Explorer
        >>> def draw(side):
        ...     return Figure(figsize=(side, side)), f"{side} inches a side"
        >>> explorer = Explorer(draw, {"side": ipywidgets.IntSlider(3, 1, 6)})
        >>> explorer.controls["side"].value = 5
        >>> explorer.words
        '5 inches a side'
    """

    def __init__(
        self,
        draw: Callable[..., tuple[Figure, str]],
        controls: Mapping[str, widgets.Widget],
        panel: widgets.Widget | None = None,
    ) -> None:
        """Draw for the first time, and again whenever a control's value changes."""
        self.draw, self.controls = draw, dict(controls)
        self.figure: Figure | None = None
        self._lock = threading.RLock()  # JupyterLab lets two controls speak in two threads
        never_enlarged = {"max_width": "100%", "height": "auto", "align_self": "flex-start", "margin": "0"}
        self._image = widgets.Image(format="png", layout=never_enlarged)
        self._text = widgets.HTML(layout={"min_height": "3em", "max_width": "700px"})
        row = widgets.HBox(list(self.controls.values()), layout={"flex_flow": "row wrap"})
        super().__init__([panel or row, self._image, self._text])
        for control in self.controls.values():
            control.observe(self.show, "value")
        self._show()

    def show(self, change: object = None) -> None:
        """Draw again; for callers whose own state has changed, too."""
        with self._lock:
            try:
                self._show()
            except ValueError as problem:
                self._say(f"{problem}\n{_OLD}", _PROBLEM)

    def _show(self) -> None:
        figure, words = self.draw(**{name: control.value for name, control in self.controls.items()})
        self.figure = figure
        self._image.value = as_png(figure)
        self._say(words)

    def _say(self, words: str, style: str = _WORDS) -> None:
        self.words = words
        self._text.value = style.format(html.escape(words))

    def still(self) -> dict[str, object]:
        """Return the picture with its words below."""
        picture = Image.open(io.BytesIO(self._image.value)).convert("RGB")
        lines = "\n".join(textwrap.fill(line, picture.width // 7) for line in self.words.splitlines())
        caption = Figure(figsize=(picture.width / 100, 0.27 + 0.17 * lines.count("\n")))
        caption.text(10 / picture.width, 1, lines, va="top", fontsize=9)
        below = Image.open(io.BytesIO(as_png(caption))).convert("RGB")
        both = Image.new("RGB", (picture.width, picture.height + below.height), "white")
        both.paste(picture)
        both.paste(below, (0, picture.height))
        file = io.BytesIO()
        both.save(file, "PNG")
        return {"text/plain": self.words, "image/png": file.getvalue()}
