"""One training step: the players, real images and latent vectors go in, the losses come out."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from gan_course.layers import fused_upsampling
from gan_course.recipes import Recipe
from gan_course.training.answers import Judge
from gan_course.training.shortcuts import judges_each_image_alone

Losses = dict[str, tf.Tensor]

SUREST = -60.0  # the logit down to which exp(-logit) brings back what a sigmoid has made small

_cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class Players(NamedTuple):
    """Both networks with their optimisers, and how they may see and be computed.

    Attributes:
        generator: From latent vectors `(n, latent_dim)` to images `(n, height, width, channels)`.
        judge: The discriminator, from such images to logits `(n, ...)`, one or several for each.
        generator_optimizer: A Keras optimiser, built for the generator.
        discriminator_optimizer: One for the discriminator.
        augmentation: Changes every image before the discriminator sees it; None for none.
        shortcuts: Whether to compute faster what gives the same within rounding.
    """

    generator: keras.Model
    judge: Judge
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
        the fakes called real. What regularisers and `add_loss` add is minimised too, and not told.
    """
    generator, judge, g_optimizer, d_optimizer, *_ = players
    discriminator = judge.discriminator
    real = players.seen(real)
    with tf.GradientTape() as g_tape:
        fake = _draw(players, latent, training=True)
        g_added = _scaled(g_optimizer, _added(generator))
    with tf.GradientTape(persistent=True) as d_tape:
        d_tape.watch(fake)
        on_real, d_added = judge.logits(real), _added(discriminator)
        on_fake, d_added = judge.logits(fake), [*d_added, *_added(discriminator)]
        d_loss = (_called_real(on_real) + _called_fake(on_fake)) / 2
        g_loss = _called_real(on_fake)
        d_total = _sum(d_loss + _gradient_penalty(judge, real, recipe, step), d_added, 1 / 2)
        d_scaled, g_scaled = _scaled(d_optimizer, d_total), _scaled(g_optimizer, g_loss)
    d_variables, g_variables = discriminator.trainable_variables, generator.trainable_variables
    alike = d_scaled is d_total and g_scaled is g_loss and players.shortcuts
    if alike and judges_each_image_alone(discriminator):
        d_slopes, d_pixels = d_tape.gradient(d_total, (d_variables, fake))
        factor = tf.cast(_from_called_fake_to_called_real(on_fake, fake.shape.rank), d_pixels.dtype)
        pixels = tf.cond(  # where a slope is next to 0, a factor cannot bring it back
            tf.reduce_min(on_fake) > SUREST, lambda: d_pixels * factor, lambda: d_tape.gradient(g_loss, fake)
        )
    else:
        d_slopes, pixels = d_tape.gradient(d_scaled, d_variables), d_tape.gradient(g_scaled, fake)
    targets = [fake, *g_added]
    g_slopes = g_tape.gradient(targets, g_variables, output_gradients=[pixels, *map(tf.ones_like, g_added)])
    d_optimizer.apply(d_slopes, d_variables)
    g_optimizer.apply(g_slopes, g_variables)
    return {"d_loss": d_loss, "g_loss": g_loss}


def textbook_step(players: Players, real: tf.Tensor, latent: tf.Tensor, recipe: Recipe, step: int) -> Losses:
    """Update the discriminator on real images, then on fakes, then the generator on the same latent vectors.

    The fakes come from the generator in inference mode, as from `predict`; its own update draws them again
    in training mode. Arguments and result are those of `simultaneous_step`.
    """
    judge, discriminator = players.judge, players.judge.discriminator
    real = players.seen(real)
    fake = _draw(players, latent, training=False)
    d_losses = []
    for images, loss in ((real, _called_real), (fake, _called_fake)):
        with tf.GradientTape() as tape:
            d_losses.append(loss(judge.logits(images)))
            total = _scaled(players.discriminator_optimizer, _sum(d_losses[-1], _added(discriminator)))
        _update(players.discriminator_optimizer, discriminator, tape, total)
    with tf.GradientTape() as tape:
        images, added = _draw(players, latent, training=True), _added(players.generator)
        g_loss = _called_real(judge.logits(images))
        total = _scaled(players.generator_optimizer, _sum(g_loss, added))
    _update(players.generator_optimizer, players.generator, tape, total)
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


def _gradient_penalty(judge: Judge, real: tf.Tensor, recipe: Recipe, step: int) -> tf.Tensor:
    def penalty() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(real)
            logits = judge.logits(real)
            answers = logits if logits.shape[1:] == (1,) else tf.reduce_mean(logits, axis=_inner(logits))
        slopes = tape.gradient(answers, real)
        squared_length = tf.reduce_sum(slopes**2, axis=_inner(slopes))
        return recipe.r1_every * recipe.r1_gamma / 2 / devices() * tf.reduce_mean(squared_length)

    if not recipe.r1_gamma:
        return tf.zeros(())
    if recipe.r1_every == 1:
        return penalty()
    is_due = tf.equal(tf.convert_to_tensor(step) % recipe.r1_every, 0)
    return tf.cond(is_due, penalty, lambda: tf.zeros(()))


def _inner(tensor: tf.Tensor) -> list[int]:
    return list(range(1, tensor.shape.rank))


def _draw(players: Players, latent: tf.Tensor, training: bool) -> tf.Tensor:
    # Several devices take turns inside a layer, so one would undo what the other needs.
    fused = players.shortcuts and devices() == 1
    with fused_upsampling(players.generator) if fused else nullcontext():
        images = players.generator(latent, training=training)
    return players.seen(images)


def _added(network: keras.Model) -> list[tf.Tensor]:
    """What regularisers and `add_loss` have added in the last call of a network."""
    return [tf.cast(loss, tf.float32) / devices() for loss in network.losses]


def _sum(loss: tf.Tensor, added: list[tf.Tensor], share: float = 1.0) -> tf.Tensor:
    return loss + share * tf.add_n(added) if added else loss


def _scaled(optimizer: keras.optimizers.Optimizer, loss: Any) -> Any:
    """The loss, or several, as the optimiser's `apply` expects their gradients: as it is, or enlarged."""
    return [optimizer.scale_loss(each) for each in loss] if isinstance(loss, list) else optimizer.scale_loss(loss)


def _called_real(logits: tf.Tensor) -> tf.Tensor:
    return _cross_entropy(tf.ones_like(logits), logits)


def _called_fake(logits: tf.Tensor) -> tf.Tensor:
    return _cross_entropy(tf.zeros_like(logits), logits)


def _from_called_fake_to_called_real(logits: tf.Tensor, rank: int) -> tf.Tensor:
    """Turn the slope of one image's share of d_loss into that of its share of g_loss.

    With p the sigmoid of the logit, the first is p / 2 times the logit's own slope, the second -(1 - p) times it.
    """
    return tf.reshape(-2 * tf.exp(-tf.maximum(logits, SUREST)), (-1, *[1] * (rank - 1)))


def _update(
    optimizer: keras.optimizers.Optimizer, network: keras.Model, tape: tf.GradientTape, loss: tf.Tensor
) -> None:
    variables = network.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
