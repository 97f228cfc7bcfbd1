"""A game that can be seen whole: a small generator and a small discriminator in the plane, step by step."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_course.plots import Scene, window_grid

LATENT_DIM = 2
SHOWN = 256  # how many points of each kind a scene holds; arrows at the first 64


class Loss(NamedTuple):
    """What the two players want.

    The scores are what the discriminator's last layer gives, from minus to plus infinity.

    Attributes:
        discriminator: From the scores of real and of generated points to its loss.
        generator: From the scores of generated points to its loss.
        answer: From a score to D(x).
        guess: Both losses if every score is 0, where D(x) is 0.5.
    """

    discriminator: Callable[[Any, Any], Any]
    generator: Callable[[Any], Any]
    answer: Callable[[Any], Any]
    guess: tuple[float, float]


def _cross_entropy(on_real: tf.Tensor, on_fake: tf.Tensor) -> tf.Tensor:
    return (tf.reduce_mean(tf.nn.softplus(-on_real)) + tf.reduce_mean(tf.nn.softplus(on_fake))) / 2


def _squares(on_real: tf.Tensor, on_fake: tf.Tensor) -> tf.Tensor:
    return (tf.reduce_mean((on_real - 0.5) ** 2) + tf.reduce_mean((on_fake + 0.5) ** 2)) / 2


LN2 = float(np.log(2))
LOSSES = {
    "non-saturating": Loss(_cross_entropy, lambda on_fake: tf.reduce_mean(tf.nn.softplus(-on_fake)), tf.sigmoid, (LN2, LN2)),
    "minimax": Loss(_cross_entropy, lambda on_fake: -tf.reduce_mean(tf.nn.softplus(on_fake)), tf.sigmoid, (LN2, -LN2)),
    "least squares": Loss(_squares, lambda on_fake: tf.reduce_mean((on_fake - 0.5) ** 2), lambda score: tf.clip_by_value(score + 0.5, 0, 1), (0.25, 0.25)),
}
