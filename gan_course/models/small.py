"""Networks of one layer, which train in a second."""

import math

import keras
from keras import layers

from gan_course.arguments import whole


def small_networks(channels: int = 1) -> tuple[keras.Model, keras.Model]:
    """Return a generator and a discriminator of one layer each, for a check that trains.

    Args:
        channels: 1 for gray, 3 for color.

    Returns:
        The generator, from `(n, 100)` to `(n, 28, 28, channels)`, values in [-1, 1]; the discriminator, from such
        images to `(n, 1)`, values in [0, 1].

    Example:
        >>> from gan_course.models import small_networks
        >>> [network.output_shape for network in small_networks(channels=3)]
        [(None, 28, 28, 3), (None, 1)]
    """
    shape = (28, 28, whole("channels", channels))
    draw = [keras.Input((100,)), layers.Dense(math.prod(shape), activation="tanh"), layers.Reshape(shape)]
    judge = [keras.Input(shape), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    return keras.Sequential(draw, name="generator"), keras.Sequential(judge, name="discriminator")
