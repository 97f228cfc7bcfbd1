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
from gan_course.plots.latent import principal_directions, show_latent, spherical_walk
from gan_course.plots.plane import Scene, show_game, window_grid

__all__ = [
    "D_COLOR",
    "G_COLOR",
    "LN2",
    "Scene",
    "Sweep",
    "convolution_words",
    "image_grid",
    "number",
    "principal_directions",
    "show_convolution",
    "show_game",
    "show_images",
    "show_latent",
    "show_losses",
    "show_timeline",
    "spherical_walk",
    "sweeps",
    "window_grid",
]
