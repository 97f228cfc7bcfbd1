"""The networks of lesson 11: bricks at 64 x 64, after Radford, Metz and Chintala, 2015, figure 1."""

from typing import Any

import keras
from keras import layers

from gan_course.arguments import whole

LATENT_DIM = 100


def bricks_discriminator(width: int = 64) -> keras.Model:
    """Return the discriminator of lesson 11: convolutions of 4 x 4 down to a single number.

    No convolution has a bias: the batch normalization after it would take it away again. The first and the last
    have no normalization either (Radford et al., 2015, https://arxiv.org/abs/1511.06434, section 3).

    Args:
        width: Feature maps of the first layer; each further one has twice as many.

    Returns:
        An uncompiled functional model from `(n, 64, 64, 1)`, values in [-1, 1], to `(n, 1)`, values in [0, 1].

    Raises:
        ValueError: If `width` is not a positive whole number.

    Example:
        >>> from gan_course.models import bricks_discriminator
        >>> bricks_discriminator().count_params()
        2765312
    """
    width = whole("width", width)
    images = x = keras.Input((64, 64, 1))
    for number in range(4):
        x = layers.Conv2D(width << number, 4, strides=2, padding="same", use_bias=False)(x)
        if number:
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.Dropout(0.3)(layers.LeakyReLU(negative_slope=0.2)(x))
    x = layers.Conv2D(1, 4, use_bias=False, activation="sigmoid")(x)
    return keras.Model(images, layers.Flatten()(x), name="discriminator")


def bricks_generator(upsampling: bool = False, width: int = 64) -> keras.Model:
    """Return the generator of lesson 11: from 1 x 1 to 64 x 64 in five layers.

    Args:
        upsampling: Enlarge with `UpSampling2D` and a `Conv2D`, in place of strided transposed convolutions. Both
            have the same number of parameters. The first layer, from 1 x 1 to 4 x 4, is the same in both.
        width: Feature maps of the layer before the image; each earlier one has twice as many.

    Returns:
        An uncompiled functional model from `(n, 100)` to `(n, 64, 64, 1)`, values in [-1, 1].

    Raises:
        ValueError: If `width` is not a positive whole number.

    Example:
        >>> from gan_course.models import bricks_generator
        >>> bricks_generator().count_params(), bricks_generator(upsampling=True).count_params()
        (3576576, 3576576)
    """
    width = whole("width", width)
    latent = keras.Input((LATENT_DIM,))
    x = layers.Reshape((1, 1, LATENT_DIM))(latent)
    x = layers.Conv2DTranspose(8 * width, 4, use_bias=False)(x)
    for maps in (4 * width, 2 * width, width):
        x = layers.LeakyReLU(negative_slope=0.2)(layers.BatchNormalization(momentum=0.9)(x))
        x = _doubled(x, maps, upsampling)
    x = layers.LeakyReLU(negative_slope=0.2)(layers.BatchNormalization(momentum=0.9)(x))
    x = _doubled(x, 1, upsampling)
    return keras.Model(latent, layers.Activation("tanh")(x), name="generator")


def _doubled(x: Any, maps: int, upsampling: bool) -> Any:
    if upsampling:
        return layers.Conv2D(maps, 4, padding="same", use_bias=False)(layers.UpSampling2D()(x))
    return layers.Conv2DTranspose(maps, 4, strides=2, padding="same", use_bias=False)(x)
