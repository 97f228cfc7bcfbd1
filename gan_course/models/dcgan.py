"""The lessons' networks for other sizes: as many doublings and halvings as the size needs."""

import keras
from keras import layers

from gan_course.arguments import whole

LEAST, MOST = 7, 15  # sides at which the generator may begin
WIDEST = 256  # feature maps, so that two cores can train it


def doublings(size: int) -> int:
    """Return how often the smallest maps are doubled in networks for images of a size.

    Args:
        size: Height and width in pixels: a number from 7 to 15, doubled at least once and to 256 at most: 14, 16,
            18, ... 30, 32, 36, ... 60, 64, 72, ... 120, 128, 144, ... 240, 256.

    Raises:
        ValueError: If the size is none of these.

    Example:
        >>> from gan_course.models.dcgan import doublings
        >>> doublings(28), doublings(64)
        (2, 3)
    """
    side, count = whole("size", size), 0
    while side % 2 == 0 and side // 2 >= LEAST:
        side, count = side // 2, count + 1
    if not count or side > MOST or size > 256:
        near = [each for each in _SIZES if each < size][-1:] + [each for each in _SIZES if each > size][:1]
        raise ValueError(
            f"size is {size}, which is no number from 7 to 15 doubled once or more, to 256 at most; take "
            f"{' or '.join(map(str, near))}"
        )
    return count


_SIZES = sorted(
    {side << count for side in range(LEAST, MOST + 1) for count in range(1, 6) if side << count <= 256}
)


def dcgan_generator(size: int, channels: int = 3, latent_dim: int = 100) -> keras.Sequential:
    """Return a generator of square images: that of lesson 02, with as many doublings as the size needs.

    Of 28 pixels and one channel it is `mnist_generator`. Each doubling halves the number of feature maps (Radford,
    Metz and Chintala, 2015, https://arxiv.org/abs/1511.06434, figure 1), from 256 at most.

    Args:
        size: Height and width in pixels; see `doublings`.
        channels: 1 for gray, 3 for color.
        latent_dim: How many numbers a latent vector has.

    Returns:
        An uncompiled model from `(n, latent_dim)` to `(n, size, size, channels)`, values in [-1, 1].

    Raises:
        ValueError: If the size is none that can be drawn, or a number is not a positive whole one.

    Example:
        >>> from gan_course.models import dcgan_generator
        >>> dcgan_generator(64).output_shape, dcgan_generator(28, channels=1).count_params()
        ((None, 64, 64, 3), 865281)
    """
    count, channels = doublings(size), whole("channels", channels)
    side, maps = size >> count, min(64 << count - 1, WIDEST)
    network = [
        keras.Input((whole("latent_dim", latent_dim),)),
        layers.Dense(side * side * maps),
        layers.LeakyReLU(negative_slope=0.2),
        layers.BatchNormalization(),
        layers.Reshape((side, side, maps)),
    ]
    for _ in range(count - 1):
        maps //= 2
        network += [
            layers.UpSampling2D(),
            layers.Conv2D(maps, 5, padding="same"),
            layers.BatchNormalization(),
            layers.LeakyReLU(negative_slope=0.2),
        ]
    network += [layers.UpSampling2D(), layers.Conv2D(channels, 5, padding="same", activation="tanh")]
    return keras.Sequential(network, name="generator")


def dcgan_discriminator(size: int, channels: int = 3, dropout: float = 0.3) -> keras.Sequential:
    """Return a discriminator of square images: that of lesson 03, with as many halvings as the size needs.

    Of 28 pixels and one channel it is `mnist_discriminator`.

    Args:
        size: Height and width in pixels; see `doublings`.
        channels: 1 for gray, 3 for color.
        dropout: As in `mnist_discriminator`.

    Returns:
        An uncompiled model from `(n, size, size, channels)`, values in [-1, 1], to `(n, 1)`, values in [0, 1].

    Raises:
        ValueError: As `dcgan_generator` does.

    Example:
        >>> from gan_course.models import dcgan_discriminator
        >>> dcgan_discriminator(64).output_shape, dcgan_discriminator(28, channels=1).count_params()
        ((None, 1), 212865)
    """
    count = doublings(size)
    network = [keras.Input((size, size, whole("channels", channels)))]
    for step in range(count):
        network += [
            layers.Conv2D(min(64 << step, WIDEST), 5, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(dropout),
        ]
    network += [layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    return keras.Sequential(network, name="discriminator")
