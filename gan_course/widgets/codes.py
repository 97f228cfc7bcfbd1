"""The explorer of codes: a plane, and what decoders draw in it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from gan_course.datasets import unscale
from gan_course.metrics import classify_digits
from gan_course.plots import code_window, show_codes
from gan_course.widgets.shell import CHOICE, Explorer

if TYPE_CHECKING:
    import keras

_WIDE = {"style": {"description_width": "5em"}, "layout": {"width": "320px"}}


def code_explorer(decoders: Mapping[str, tuple["keras.Model", np.ndarray]], labels: np.ndarray) -> Explorer:
    """Return a widget that moves through the plane of codes of digits and shows what is drawn there.

    The sliders go from one edge of the plane to the other.

    Args:
        decoders: For each name a decoder from codes `(n, 2)` to digits `(n, 28, 28, 1)` in [-1, 1], and the codes
            `(m, 2)` of some digits.
        labels: Which digits these are, `(m,)`.

    Raises:
        ValueError: If a decoder's codes are not `(m, 2)`.

    Example:
        >>> import numpy as np
        >>> from gan_course.models import digit_decoder
        >>> from gan_course.widgets import code_explorer
        >>> codes = np.random.default_rng(0).normal(size=(20, 2))
        >>> explorer = code_explorer({"untrained": (digit_decoder(2), codes)}, np.arange(20) % 10)
        >>> explorer.controls["across"].value = 1.0
        >>> explorer.words.split(" ")[0]
        'Code'
    """
    for name, (_, codes) in decoders.items():
        if np.shape(codes) != (len(labels), 2):
            raise ValueError(f"the codes of {name} have shape {np.shape(codes)}; expected ({len(labels)}, 2)")
    figures: dict[str, Figure | None] = dict.fromkeys(decoders)

    def draw(decoder: str, across: float, up: float) -> tuple[Figure, str]:
        network, codes = decoders[decoder]
        low, high = code_window(codes)
        here = low + np.array([across, up]) * (high - low)
        image = network.predict_on_batch(here[None].astype("float32"))
        shares = classify_digits(image)["probabilities"][0]
        figure = figures[decoder] = show_codes(codes, labels, here, unscale(image)[0], figures[decoder])
        told = f"The classifier reads a {shares.argmax()} and is {100 * shares.max():.0f} % sure."
        return figure, f"Code ({here[0]:.2f}, {here[1]:.2f}). {told}"

    slider: dict[str, Any] = {"min": 0, "max": 1, "step": 0.02, "readout_format": ".2f", **_WIDE}
    return Explorer(
        draw,
        {
            "decoder": widgets.ToggleButtons(options=[*decoders], description="Decoder", style=CHOICE),
            "across": widgets.FloatSlider(0.5, description="Across", **slider),
            "up": widgets.FloatSlider(0.5, description="Up", **slider),
        },
    )
