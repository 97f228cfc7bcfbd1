"""Pure functions from arrays to pictures: arrays go in, a matplotlib figure or an image comes out."""

from gan_course.plots.convolution import Sweep, convolution_words, number, show_convolution, sweeps
from gan_course.plots.images import (
    D_COLOR,
    G_COLOR,
    LN2,
    image_grid,
    show_images,
    show_losses,
    show_timeline,
)

__all__ = [
    "D_COLOR",
    "G_COLOR",
    "LN2",
    "Sweep",
    "convolution_words",
    "image_grid",
    "number",
    "show_convolution",
    "show_images",
    "show_losses",
    "show_timeline",
    "sweeps",
]
