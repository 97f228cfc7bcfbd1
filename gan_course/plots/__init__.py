"""Pure functions from arrays to pictures: arrays go in, a matplotlib figure or an image comes out."""

from gan_course.counting import Layer, count_words, discriminator_layers, generator_layers
from gan_course.latent import principal_directions, spherical_walk
from gan_course.plane.points import Scene, window_grid
from gan_course.plots.codes import code_window, show_codes
from gan_course.plots.convolution import Sweep, convolution_words, show_convolution, sweeps
from gan_course.plots.images import (
    D_COLOR,
    G_COLOR,
    as_png,
    image_grid,
    show_images,
    show_losses,
    side_by_side,
)
from gan_course.plots.latent import show_latent
from gan_course.plots.live import pace, show_training
from gan_course.plots.networks import show_layers
from gan_course.plots.plane import ARROW, LONGEST, show_game
from gan_course.plots.tables import number
from gan_course.plots.timeline import show_step, show_timeline, spread, timeline_gif
from gan_course.plots.upsampling import show_upsampling, upsampling_words
from gan_course.plots.whole import show_gan
from gan_course.plots.wishes import show_wishes
from gan_course.recipes import LN2

__all__ = [
    "ARROW",
    "D_COLOR",
    "G_COLOR",
    "LN2",
    "LONGEST",
    "Layer",
    "Scene",
    "Sweep",
    "as_png",
    "code_window",
    "convolution_words",
    "count_words",
    "discriminator_layers",
    "generator_layers",
    "image_grid",
    "number",
    "pace",
    "principal_directions",
    "show_codes",
    "show_convolution",
    "show_game",
    "show_gan",
    "show_images",
    "show_latent",
    "show_layers",
    "show_losses",
    "show_step",
    "show_timeline",
    "show_training",
    "show_upsampling",
    "show_wishes",
    "side_by_side",
    "spherical_walk",
    "spread",
    "sweeps",
    "timeline_gif",
    "upsampling_words",
    "window_grid",
]
