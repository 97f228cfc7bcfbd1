"""From a picture to a picture: the networks of Isola et al., 2017, https://arxiv.org/abs/1611.07004."""

from typing import Any

import keras
from keras import layers

from gan_course.arguments import whole

LEVELS = 4  # from 64 x 64 to 4 x 4
NOISY = 2  # levels on the way up whose dropout stays on


@keras.saving.register_keras_serializable("gan_course")
class LastingDropout(layers.Dropout):
    """Dropout that also leaves out values when nothing is trained; its noise makes a drawing one of several.

    Calling Keras's `Dropout` with `training=True` inside a functional model does not do it: the model's own
    `training` counts.

    Example:
        >>> import numpy as np
        >>> from gan_course.models import LastingDropout
        >>> set(np.asarray(LastingDropout(0.5, seed=0)(np.ones((1, 20)), training=False)).ravel().tolist())
        {0.0, 2.0}
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Leave out values whatever `training` says."""
        return super().call(inputs, training=True)


def unet(size: int = 64, condition_channels: int = 1, channels: int = 3, width: int = 24) -> keras.Model:
    """Return a generator from pictures to pictures that hands the details of each size across.

    On the way down four convolutions with stride 2 gather what there is to see; on the way up each transposed
    convolution also gets the feature maps that had its size on the way down (section 3.2.1). Its noise is dropout
    that stays on when it draws (section 3.1), so one picture can give several.

    Args:
        size: Height and width in pixels, divisible by 16.
        condition_channels: Of the pictures that go in, 1 or 3.
        channels: Of those that come out.
        width: Feature maps of the first layer; the deepest have four times as many.

    Returns:
        An uncompiled functional model from `(n, size, size, condition_channels)`, values in [-1, 1], to
        `(n, size, size, channels)`, values in [-1, 1].

    Raises:
        ValueError: If a number is not positive and whole, or `size` is not divisible by 16.

    Example:
        >>> from gan_course.models import unet
        >>> unet().count_params(), unet().output_shape
        (575739, (None, 64, 64, 3))
    """
    size, width = whole("size", size), whole("width", width)
    if size % 2**LEVELS:
        raise ValueError(f"size is {size}; expected a number that is divisible by {2**LEVELS}")
    drawing = x = keras.Input((size, size, whole("condition_channels", condition_channels)), name="drawing")
    widths = [width, 2 * width, 4 * width, 4 * width]
    across: list[Any] = []
    for number, maps in enumerate(widths):
        x = layers.Conv2D(maps, 4, strides=2, padding="same", use_bias=number == 0)(x)
        if number:
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
        across.append(x)
    for number, maps in enumerate(widths[-2::-1]):
        x = layers.Conv2DTranspose(maps, 4, strides=2, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        if number < NOISY:
            x = LastingDropout(0.5)(x)
        x = layers.Concatenate()([layers.ReLU()(x), across[-2 - number]])
    channels = whole("channels", channels)
    x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", activation="tanh")(x)
    return keras.Model(drawing, x, name="generator")


def patch_discriminator(
    size: int = 64, condition_channels: int = 1, channels: int = 3, width: int = 32
) -> keras.Model:
    """Return a discriminator that judges each patch of a picture beside the one it was drawn from.

    Its answer is a map of probabilities, one for each patch of 34 x 34 pixels (section 3.2.2): whether a patch is
    real is all it can tell, and the distance to the target takes care of the rest.

    Args:
        size: Height and width in pixels, divisible by 4.
        condition_channels: Of the pictures that were drawn from.
        channels: Of those that are judged.
        width: Feature maps of the first layer.

    Returns:
        An uncompiled functional model from images `(n, size, size, channels)` and conditions
        `(n, size, size, condition_channels)`, values in [-1, 1], to `(n, size // 4, size // 4, 1)`, values in
        [0, 1].

    Raises:
        ValueError: If a number is not positive and whole, or `size` is not divisible by 4.

    Example:
        >>> from gan_course.models import patch_discriminator
        >>> patch_discriminator().output_shape
        (None, 16, 16, 1)
    """
    size, width = whole("size", size), whole("width", width)
    if size % 4:
        raise ValueError(f"size is {size}; expected a number that is divisible by 4")
    image = keras.Input((size, size, whole("channels", channels)), name="image")
    drawing = keras.Input((size, size, whole("condition_channels", condition_channels)), name="drawing")
    x = layers.Concatenate()([image, drawing])
    for number, strides in enumerate((2, 2, 1)):
        x = layers.Conv2D(width << number, 4, strides=strides, padding="same", use_bias=number == 0)(x)
        if number:
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    x = layers.Conv2D(1, 4, padding="same", activation="sigmoid")(x)
    return keras.Model([image, drawing], x, name="discriminator")
