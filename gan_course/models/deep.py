"""The networks of lesson 10: a deeper DCGAN, as a blog has it."""

import math
from typing import Any

import keras
from keras import layers, ops

from gan_course.arguments import whole


@keras.saving.register_keras_serializable("gan_course")
class NormalToUniform(layers.Layer):
    """Turns standard normal numbers into uniform ones in (-1, 1): each into how much lies nearer to 0 than it.

    A generator that begins with it draws from uniform noise, wherever its latent vectors come from.

    Example:
        >>> import numpy as np
        >>> from gan_course.models import NormalToUniform
        >>> NormalToUniform()(np.array([-9.0, 0.0, 0.6745])).numpy().round(2)
        array([-1. ,  0. ,  0.5], dtype=float32)
    """

    def call(self, latent: Any) -> Any:
        """Return the numbers in the other distribution, in the same shape."""
        return ops.erf(latent / math.sqrt(2))


def deep_generator(latent_dim: int = 100, width: int = 256) -> keras.Sequential:
    """Return the generator of lesson 10: `create_g`, with both ends fitted to a `GAN`.

    The blog draws from noise that is uniform in [-1, 1] and ends with a sigmoid, so images lie in [0, 1]. A `GAN`
    has normal latent vectors and images in [-1, 1]: a first and a last layer without parameters lead from one to
    the other.

    Args:
        latent_dim: How many numbers a latent vector has.
        width: Feature maps at the beginning, halved three times; 256 is the blog's, 64 a quarter-width twin.

    Returns:
        An uncompiled model from `(n, latent_dim)` to `(n, 28, 28, 1)`, values in [-1, 1].

    Raises:
        ValueError: If a number is not a positive whole one, or the width no multiple of 8.

    Example:
        >>> from gan_course.models import deep_generator
        >>> deep_generator().count_params()
        2394241
    """
    latent_dim, width = whole("latent_dim", latent_dim), _width(width)
    normal = {"momentum": 0.9}
    stack = [
        keras.Input((latent_dim,)),
        NormalToUniform(),
        layers.Dense(7 * 7 * width),
        layers.BatchNormalization(**normal),
        layers.ReLU(),
        layers.Reshape((7, 7, width)),
        layers.Dropout(0.4),
    ]
    for number, maps in enumerate((width // 2, width // 4, width // 8)):
        stack += [layers.UpSampling2D()] if number < 2 else []
        stack += [
            layers.Conv2DTranspose(maps, 5, padding="same"),
            layers.BatchNormalization(**normal),
            layers.ReLU(),
        ]
    stack += [layers.Conv2DTranspose(1, 5, padding="same", activation="sigmoid"), layers.Rescaling(2, offset=-1)]
    return keras.Sequential(stack, name="generator")


def deep_discriminator(dropout: float = 0.4, width: int = 64) -> keras.Sequential:
    """Return the discriminator of lesson 10: `create_d`, which sees images in [0, 1].

    Args:
        dropout: Share of each hidden layer's values that a training step leaves out, 0 <= dropout < 1.
        width: Feature maps of the first layer, doubled three times; 64 is the blog's, 16 a quarter-width twin.

    Returns:
        An uncompiled model from `(n, 28, 28, 1)`, values in [-1, 1], to `(n, 1)`, values in [0, 1].

    Raises:
        ValueError: If the width is not a positive whole number.

    Example:
        >>> from gan_course.models import deep_discriminator
        >>> deep_discriminator().count_params()
        4311553
    """
    stack = [keras.Input((28, 28, 1)), layers.Rescaling(0.5, offset=0.5)]
    for number, strides in enumerate((2, 2, 2, 1)):
        stack += [
            layers.Conv2D(whole("width", width) << number, 5, strides=strides, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(dropout),
        ]
    return keras.Sequential(
        [*stack, layers.Flatten(), layers.Dense(1, activation="sigmoid")], name="discriminator"
    )


def _width(width: int) -> int:
    if whole("width", width) % 8:
        raise ValueError(f"width is {width}; expected a multiple of 8, since it is halved three times")
    return width
