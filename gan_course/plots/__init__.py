"""Pure functions from arrays to pictures: arrays go in, a matplotlib figure or an image comes out."""

from gan_course.plots.convolution import Sweep, convolution_words, show_convolution, sweeps
from gan_course.plots.images import (
    D_COLOR,
    G_COLOR,
    LN2,
    image_grid,
    show_images,
    show_losses,
    show_timeline,
)
from gan_course.plots.networks import Layer, count_words, discriminator_layers, generator_layers, show_layers
from gan_course.plots.tables import number
from gan_course.plots.upsampling import show_upsampling, upsampling_words

__all__ = [
    "D_COLOR",
    "G_COLOR",
    "LN2",
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
]
