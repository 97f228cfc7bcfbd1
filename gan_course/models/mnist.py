"""The networks of the lessons, as plain Keras models.

They are the DCGAN of Radford, Metz and Chintala (2015, https://arxiv.org/abs/1511.06434) reduced to
28 x 28 pixels, with up-sampling followed by convolution in place of transposed convolution
(Odena, Dumoulin and Olah, 2016, https://doi.org/10.23915/distill.00003).
"""

import keras
from keras import layers

from gan_course.arguments import whole


def mnist_generator(latent_dim: int = 100) -> keras.Sequential:
    """Return the generator of lesson 02: from a latent vector to a 28 x 28 image.

    Args:
        latent_dim: How many numbers a latent vector has.

    Returns:
        An uncompiled model from `(n, latent_dim)` to `(n, 28, 28, 1)`, values in [-1, 1].

    Raises:
        ValueError: If `latent_dim` is not a positive whole number.

    Example:
        >>> from gan_course.models import mnist_generator
        >>> mnist_generator().count_params()
        865281
    """
    latent_dim = whole("latent_dim", latent_dim)
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(7 * 7 * 128),
            layers.LeakyReLU(negative_slope=0.2),
            layers.BatchNormalization(),
            layers.Reshape((7, 7, 128)),
            layers.UpSampling2D(),
            layers.Conv2D(64, 5, padding="same"),
            layers.BatchNormalization(),
            layers.LeakyReLU(negative_slope=0.2),
            layers.UpSampling2D(),
            layers.Conv2D(1, 5, padding="same", activation="tanh"),
        ],
        name="generator",
    )


def mnist_discriminator(dropout: float = 0.3) -> keras.Sequential:
    """Return the discriminator of lesson 03: from a 28 x 28 image to the probability that it is real.

    Args:
        dropout: Share of each hidden layer's values that a training step leaves out, 0 <= dropout < 1. The
            recipe `"course"` is meant for 0: its gradient penalty keeps the discriminator in check.

    Returns:
        An uncompiled model from `(n, 28, 28, 1)`, values in [-1, 1], to `(n, 1)`, values in [0, 1].

    Example:
        >>> from gan_course.models import mnist_discriminator
        >>> mnist_discriminator().count_params()
        212865
    """
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 5, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(dropout),
            layers.Conv2D(128, 5, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(dropout),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="discriminator",
    )
