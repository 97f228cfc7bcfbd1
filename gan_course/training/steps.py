"""One training step: the players, real images and latent vectors go in, the losses come out."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import NamedTuple

import keras
import tensorflow as tf

from gan_course.layers import fused_upsampling
from gan_course.recipes import Recipe

Losses = dict[str, tf.Tensor]

_cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class Players(NamedTuple):
    """Both networks with their optimisers, and how they may see and be computed.

    Attributes:
        generator: From latent vectors `(n, latent_dim)` to images `(n, height, width, channels)`.
        discriminator: From such images to the probability `(n, 1)` that each is real.
        generator_optimizer: A Keras optimiser, built for the generator.
        discriminator_optimizer: One for the discriminator.
        augmentation: Changes every image before the discriminator sees it; None for none.
        shortcuts: Whether to compute faster what gives the same within rounding.
    """

    generator: keras.Model
    discriminator: keras.Model
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    augmentation: keras.Layer | None = None
    shortcuts: bool = True

    def seen(self, images: tf.Tensor) -> tf.Tensor:
        """Return images `(n, height, width, channels)` as the discriminator is to see them."""
        return images if self.augmentation is None else self.augmentation(images, training=True)


def simultaneous_step(players: Players, real: tf.Tensor, latent: tf.Tensor, recipe: Recipe, step: int) -> Losses:
    """Update both networks at once from one batch of fakes (Goodfellow et al., 2014, section 3).

    Args:
        players: Who trains.
        real: Images `(n, height, width, channels)`, values in [-1, 1].
        latent: Latent vectors `(n, latent_dim)`.
        recipe: With which numbers.
        step: How many steps were trained before.

    Returns:
        `d_loss`, the mean binary cross-entropy over the n real and n fake images, and `g_loss`, that of
        the fakes called real.
    """
    real = players.seen(real)
    with tf.GradientTape() as g_tape:
        fake = _draw(players, latent, training=True)
    with tf.GradientTape(persistent=True) as d_tape:
        d_tape.watch(fake)
        on_real, on_fake = _logits(players.discriminator, real), _logits(players.discriminator, fake)
        d_loss = (_called_real(on_real) + _called_fake(on_fake)) / 2
        g_loss = _called_real(on_fake)
        d_total = d_loss + _gradient_penalty(players.discriminator, real, recipe, step)
    d_variables = players.discriminator.trainable_variables
    if players.shortcuts and _judges_each_image_alone(players.discriminator):
        d_slopes, d_pixels = d_tape.gradient(d_total, (d_variables, fake))
        pixels = d_pixels * _from_called_fake_to_called_real(on_fake, fake.shape.rank)
    else:
        d_slopes, pixels = d_tape.gradient(d_total, d_variables), d_tape.gradient(g_loss, fake)
    g_variables = players.generator.trainable_variables
    g_slopes = g_tape.gradient(fake, g_variables, output_gradients=pixels)
    players.discriminator_optimizer.apply(d_slopes, d_variables)
    players.generator_optimizer.apply(g_slopes, g_variables)
    return {"d_loss": d_loss, "g_loss": g_loss}


def textbook_step(players: Players, real: tf.Tensor, latent: tf.Tensor, recipe: Recipe, step: int) -> Losses:
    """Update the discriminator on real images, then on fakes, then the generator on the same latent vectors.

    The fakes come from the generator in inference mode, as from `predict`; its own update draws them again
    in training mode. Arguments and result are those of `simultaneous_step`.
    """
    real = players.seen(real)
    fake = _draw(players, latent, training=False)
    d_losses = []
    for images, loss in ((real, _called_real), (fake, _called_fake)):
        with tf.GradientTape() as tape:
            d_losses.append(loss(_logits(players.discriminator, images)))
        _update(players.discriminator_optimizer, players.discriminator, tape, d_losses[-1])
    with tf.GradientTape() as tape:
        g_loss = _called_real(_logits(players.discriminator, _draw(players, latent, training=True)))
    _update(players.generator_optimizer, players.generator, tape, g_loss)
    return {"d_loss": sum(d_losses) / 2, "g_loss": g_loss}


STEPS: dict[str, Callable[..., Losses]] = {"simultaneous": simultaneous_step, "textbook": textbook_step}


def devices() -> int:
    """Return on how many devices a step is computed at once.

    Keras adds up their gradients, and for that divides its own losses by this number.

    Example:
        >>> from gan_course.training.steps import devices
        >>> devices()
        1
    """
    return tf.distribute.get_strategy().num_replicas_in_sync


def _gradient_penalty(discriminator: keras.Model, real: tf.Tensor, recipe: Recipe, step: int) -> tf.Tensor:
    def penalty() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(real)
            logits = _logits(discriminator, real)
        slopes = tape.gradient(logits, real)
        squared_length = tf.reduce_sum(slopes**2, axis=list(range(1, slopes.shape.rank)))
        return recipe.r1_every * recipe.r1_gamma / 2 / devices() * tf.reduce_mean(squared_length)

    if not recipe.r1_gamma:
        return tf.zeros(())
    if recipe.r1_every == 1:
        return penalty()
    is_due = tf.equal(tf.convert_to_tensor(step) % recipe.r1_every, 0)
    return tf.cond(is_due, penalty, lambda: tf.zeros(()))


def _draw(players: Players, latent: tf.Tensor, training: bool) -> tf.Tensor:
    # Several devices take turns inside a layer, so one would undo what the other needs.
    fused = players.shortcuts and devices() == 1
    with fused_upsampling(players.generator) if fused else nullcontext():
        images = players.generator(latent, training=training)
    return players.seen(images)


def _logits(discriminator: keras.Model, images: tf.Tensor) -> tf.Tensor:
    """What goes into the last sigmoid; Keras's own losses take it from the same place."""
    p = discriminator(images, training=True)
    logits = getattr(p, "_keras_logits", None)
    if logits is not None:
        return logits
    p = tf.clip_by_value(p, keras.config.epsilon(), 1 - keras.config.epsilon())
    return tf.math.log(p) - tf.math.log1p(-p)


def _called_real(logits: tf.Tensor) -> tf.Tensor:
    return _cross_entropy(tf.ones_like(logits), logits)


def _called_fake(logits: tf.Tensor) -> tf.Tensor:
    return _cross_entropy(tf.zeros_like(logits), logits)


def _from_called_fake_to_called_real(logits: tf.Tensor, rank: int) -> tf.Tensor:
    """Turn the slope of one image's share of d_loss into that of its share of g_loss.

    With p the sigmoid of the logit, the first is p / 2 times the logit's own slope, the second -(1 - p) times it.
    """
    return tf.reshape(-2 * tf.exp(-tf.maximum(logits, -60.0)), (-1, *[1] * (rank - 1)))


def _judges_each_image_alone(layer: keras.Layer) -> bool:
    """Whether no image's answer depends on the others of its batch, as far as Keras's own layers tell."""
    if isinstance(layer, keras.Model):
        return all(map(_judges_each_image_alone, layer.layers))
    return type(layer).__module__.startswith("keras.") and not isinstance(layer, keras.layers.BatchNormalization)


def _update(
    optimizer: keras.optimizers.Optimizer, network: keras.Model, tape: tf.GradientTape, loss: tf.Tensor
) -> None:
    variables = network.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
