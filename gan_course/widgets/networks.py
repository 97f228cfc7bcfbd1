"""The parameter counters of lessons 02 and 03."""

from collections.abc import Callable

import ipywidgets as widgets
from matplotlib.figure import Figure

from gan_course.counting import Layer, count_words, discriminator_layers, generator_layers
from gan_course.plots import show_layers
from gan_course.widgets.shell import Explorer

SIDES, WIDTHS, LATENT_DIMS = (28, 32, 64), (16, 32, 64, 128, 256), (2, 10, 50, 100, 200)
DEEPEST, LARGEST_KERNEL = 3, 9
STYLE = {"style": {"description_width": "initial"}}


def generator_counter() -> Explorer:
    """Return a widget that counts the parameters of generators such as lesson 02's.

    Example:
        >>> from gan_course.widgets import generator_counter
        >>> counter = generator_counter()
        >>> counter.controls["latent_dim"].value = 10
        >>> counter.words.splitlines()[0]
        '300,801 parameters, 288,129 of them trained. As float32 they take 1.2 MB.'
    """
    latent_dim = widgets.SelectionSlider(options=LATENT_DIMS, value=100, description="Latent numbers", **STYLE)
    controls = {"latent_dim": latent_dim, **_controls(128, "Doublings")}
    return _counter(controls, generator_layers)


def discriminator_counter() -> Explorer:
    """Return a widget that counts the parameters of discriminators such as lesson 03's.

    Example:
        >>> from gan_course.widgets import discriminator_counter
        >>> counter = discriminator_counter()
        >>> counter.controls["depth"].value = 3
        >>> counter.words.splitlines()[0]
        '1,030,145 parameters, all trained. As float32 they take 4.1 MB.'
    """
    return _counter(_controls(64, "Strided layers"), discriminator_layers)


def _controls(width: int, depth: str) -> dict[str, widgets.Widget]:
    return {
        "width": widgets.SelectionSlider(options=WIDTHS, value=width, description="Width", **STYLE),
        "depth": widgets.IntSlider(2, 1, DEEPEST, description=depth, **STYLE),
        "kernel": widgets.IntSlider(5, 1, LARGEST_KERNEL, step=2, description="Kernel", **STYLE),
        "side": widgets.SelectionSlider(options=SIDES, description="Side of the image", **STYLE),
    }


def _counter(controls: dict[str, widgets.Widget], layers_of: Callable[..., list[Layer]]) -> Explorer:
    rows = len(layers_of(depth=DEEPEST, side=64))

    def draw(**settings: int) -> tuple[Figure, str]:
        layers = layers_of(**settings)
        return show_layers(layers, rows), count_words(layers)

    return Explorer(draw, controls)
