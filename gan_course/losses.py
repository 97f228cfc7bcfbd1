"""What the two players want, by name, as functions of what the discriminator answers before any sigmoid."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from gan_course import recipes

SUREST = -60.0  # the logit down to which exp(-logit) brings back what a sigmoid has made small

_cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class Loss(NamedTuple):
    """The losses of both players; each is a mean over scores `(n, ...)`, float32, any numbers.

    Attributes:
        discriminator: From the scores of n real images, of n fakes, and the label smoothing, to its loss.
        generator: From the same two to its loss.
        factor: From the scores of fakes to what turns the slope of their share of the discriminator's loss into
            that of their share of the generator's; None where no number does.
    """

    discriminator: Callable[..., tf.Tensor]
    generator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    factor: Callable[[tf.Tensor], tf.Tensor] | None = None


def devices() -> int:
    """Return on how many devices a step is computed at once.

    Keras adds up their gradients, and for that divides its own losses by this number.

    Example:
        >>> from gan_course.losses import devices
        >>> devices()
        1
    """
    return tf.distribute.get_strategy().num_replicas_in_sync


def mean(values: tf.Tensor) -> tf.Tensor:
    """Return a device's share of the mean over the values of all devices."""
    return tf.reduce_mean(values) / devices()


def called(target: float, scores: tf.Tensor) -> tf.Tensor:
    """Return the mean binary cross-entropy of scores, read as logits, with a label: 1 for real, 0 for fake.

    Example:
        >>> import tensorflow as tf
        >>> from gan_course.losses import called
        >>> round(float(called(1.0, tf.zeros((2, 1)))), 4)
        0.6931
    """
    return _cross_entropy(target * tf.ones_like(scores), scores)


def _telling_apart(real: tf.Tensor, fake: tf.Tensor, smoothing: float = 0.0) -> tf.Tensor:
    return (called(1.0 - smoothing, real) + called(0.0, fake)) / 2


def _squares(real: tf.Tensor, fake: tf.Tensor, smoothing: float = 0.0) -> tf.Tensor:
    return (mean((real - 1) ** 2) + mean(fake**2)) / 2


def _margins(real: tf.Tensor, fake: tf.Tensor, smoothing: float = 0.0) -> tf.Tensor:
    return mean(tf.nn.relu(1 - real)) + mean(tf.nn.relu(1 + fake))


def _relative(better: tf.Tensor, worse: tf.Tensor, smoothing: float = 0.0) -> tf.Tensor:
    return mean(tf.nn.softplus(worse - better))


LOSSES = {
    "non-saturating": Loss(
        discriminator=_telling_apart,
        generator=lambda real, fake: called(1.0, fake),
        factor=lambda fake: -2 * tf.exp(-tf.maximum(fake, SUREST)),  # from p / 2 to p - 1, p the sigmoid
    ),
    "saturating": Loss(
        discriminator=_telling_apart,
        generator=lambda real, fake: -called(0.0, fake),
        factor=lambda fake: -2 * tf.ones_like(fake),
    ),
    "least-squares": Loss(discriminator=_squares, generator=lambda real, fake: mean((fake - 1) ** 2) / 2),
    "hinge": Loss(discriminator=_margins, generator=lambda real, fake: -mean(fake)),
    "wasserstein": Loss(
        discriminator=lambda real, fake, smoothing=0.0: mean(fake) - mean(real),
        generator=lambda real, fake: -mean(fake),
        factor=lambda fake: -tf.ones_like(fake),
    ),
    "relativistic": Loss(discriminator=_relative, generator=lambda real, fake: _relative(fake, real)),
}
"""By the names of `gan_course.recipes.LOSSES`, which says where they come from."""


def get(name: str) -> Loss:
    """Return the loss of that name.

    Raises:
        ValueError: If there is none.

    Example:
        >>> import tensorflow as tf
        >>> from gan_course import losses
        >>> hinge = losses.get("hinge")
        >>> float(hinge.discriminator(tf.constant([[0.5]]), tf.constant([[-2.0]])))
        0.5
    """
    return LOSSES[recipes.known_loss(name)]
