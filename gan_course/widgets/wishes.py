"""The explorer of wishes: digits on demand, in one style, and mixtures of two."""

from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from gan_course.datasets import unscale
from gan_course.metrics import classify_digits
from gan_course.models import label_vectors
from gan_course.plots import show_wishes
from gan_course.widgets.shell import CHOICE, Explorer

if TYPE_CHECKING:
    import keras

DIGITS, WAY = np.arange(10), np.linspace(0, 1, 10)
STYLES = 99


def wish_explorer(generator: "keras.Model") -> Explorer:
    """Return a widget that asks a conditional generator for digits.

    A slider chooses the latent vector, which stays the same for all ten digits: they have one style. Below stand
    mixtures of the vectors of two labels.

    Args:
        generator: From latent vectors and labels 0 to 9 to digits `(n, 28, 28, 1)` in [-1, 1], as
            `gan_course.models.conditional_generator` makes them.

    Raises:
        ValueError: If the generator cannot be taken apart; see `gan_course.models.label_vectors`.

    Example:
        >>> from gan_course.models import conditional_generator
        >>> from gan_course.widgets import wish_explorer
        >>> explorer = wish_explorer(conditional_generator(latent_dim=20))
        >>> explorer.controls["style"].value = 5
        >>> explorer.words.split(":")[0]
        'Style 5, from a 3 to a 8. The ten wishes are read as'
    """
    vectors, network = label_vectors(generator)
    latent_dim = network.inputs[0].shape[1]
    figure: Figure | None = None

    def draw(style: int, first: int, second: int) -> tuple[Figure, str]:
        nonlocal figure
        latent = np.random.default_rng(style).standard_normal(latent_dim)
        mixed = vectors[first] + WAY[:, None] * (vectors[second] - vectors[first])
        labels = np.concatenate([vectors[DIGITS], mixed]).astype("float32")
        images = network.predict_on_batch([np.tile(latent, (len(labels), 1)).astype("float32"), labels])
        read = classify_digits(images)["probabilities"].argmax(axis=1)
        wishes, way = np.split(unscale(images), [len(DIGITS)])
        figure = show_wishes(wishes, way, read[len(DIGITS) :], figure)
        told = " ".join(map(str, read[: len(DIGITS)]))
        return figure, f"Style {style}, from a {first} to a {second}. The ten wishes are read as: {told}."

    digits = [(str(digit), int(digit)) for digit in DIGITS]
    return Explorer(
        draw,
        {
            "style": widgets.IntSlider(0, 0, STYLES, description="Style", layout={"width": "320px"}),
            "first": widgets.ToggleButtons(options=digits, value=3, description="From", style=CHOICE),
            "second": widgets.ToggleButtons(options=digits, value=8, description="To", style=CHOICE),
        },
    )
