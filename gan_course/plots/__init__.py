"""Pure functions from arrays to pictures: arrays go in, a matplotlib figure or an image comes out."""

from gan_course.plots.convolution import Sweep, convolution_words, number, show_convolution, sweeps
from gan_course.plots.images import (
    D_COLOR,
    G_COLOR,
    LN2,
    as_png,
    image_grid,
    show_images,
    show_losses,
    show_timeline,
)
<<<<<<< ours
from gan_course.plots.networks import Layer, count_words, discriminator_layers, generator_layers, show_layers
from gan_course.plots.upsampling import show_upsampling, upsampling_words
=======
from gan_course.plots.live import pace, show_training
from gan_course.plots.timeline import show_step, spread, timeline_gif
>>>>>>> theirs

__all__ = [
    "D_COLOR",
    "G_COLOR",
    "LN2",
<<<<<<< ours
    "Layer",
    "Sweep",
    "convolution_words",
    "count_words",
    "discriminator_layers",
    "generator_layers",
    "image_grid",
    "number",
    "show_convolution",
    "show_images",
    "show_layers",
    "show_losses",
    "show_timeline",
    "show_upsampling",
    "sweeps",
    "upsampling_words",
=======
    "as_png",
    "image_grid",
    "pace",
    "show_images",
    "show_losses",
    "show_step",
    "show_timeline",
    "show_training",
    "spread",
    "timeline_gif",
>>>>>>> theirs
]
