"""How one training step goes: the losses, in which order, and with which remedies."""

import dataclasses
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from gan_course.layers import fused_upsampling

if TYPE_CHECKING:
    from gan_course.training.gan import GAN

Losses = dict[str, tf.Tensor]

_cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


def simultaneous_step(gan: "GAN", real: tf.Tensor) -> Losses:
    """Update both networks at once from one batch of fakes (Goodfellow et al., 2014, section 3).

    Args:
        gan: A compiled GAN.
        real: Images `(n, height, width, channels)`, values in [-1, 1], augmented where the GAN asks for it.

    Returns:
        `d_loss`, the mean binary cross-entropy over the n real and n fake images, and `g_loss`, that of
        the fakes called real.
    """
    with tf.GradientTape() as g_tape:
        fake = _draw(gan, gan.draw_latent(tf.shape(real)[0]), training=True)
    with tf.GradientTape(persistent=True) as d_tape:
        d_tape.watch(fake)
        on_real, on_fake = _logits(gan.discriminator, real), _logits(gan.discriminator, fake)
        d_loss = (_called_real(on_real) + _called_fake(on_fake)) / 2
        g_loss = _called_real(on_fake)
        d_total = d_loss + _gradient_penalty(gan, real)
    d_variables = gan.discriminator.trainable_variables
    if gan.shortcuts and _judges_each_image_alone(gan.discriminator):
        d_slopes, d_pixels = d_tape.gradient(d_total, (d_variables, fake))
        pixels = d_pixels * _from_called_fake_to_called_real(on_fake, fake.shape.rank)
    else:
        d_slopes, pixels = d_tape.gradient(d_total, d_variables), d_tape.gradient(g_loss, fake)
    g_variables = gan.generator.trainable_variables
    g_slopes = g_tape.gradient(fake, g_variables, output_gradients=pixels)
    gan.discriminator_optimizer.apply(d_slopes, d_variables)
    gan.generator_optimizer.apply(g_slopes, g_variables)
    return {"d_loss": d_loss, "g_loss": g_loss}


def textbook_step(gan: "GAN", real: tf.Tensor) -> Losses:
    """Update the discriminator on real images, then on fakes, then the generator on the same latent vectors.

    The fakes come from the generator in inference mode, as from `predict`; its own update draws them again
    in training mode. Arguments and result are those of `simultaneous_step`.
    """
    latent = gan.draw_latent(tf.shape(real)[0])
    fake = _draw(gan, latent, training=False)
    d_losses = []
    for images, loss in ((real, _called_real), (fake, _called_fake)):
        with tf.GradientTape() as tape:
            d_losses.append(loss(_logits(gan.discriminator, images)))
        _update(gan.discriminator_optimizer, gan.discriminator, tape, d_losses[-1])
    with tf.GradientTape() as tape:
        g_loss = _called_real(_logits(gan.discriminator, _draw(gan, latent, training=True)))
    _update(gan.generator_optimizer, gan.generator, tape, g_loss)
    return {"d_loss": sum(d_losses) / 2, "g_loss": g_loss}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The settings of a training.

    Attributes:
        name: What `GAN.compile` calls it.
        step: What is done with one batch.
        learning_rate: Adam's, for both networks.
        beta_1: Adam's, for both networks.
        r1_gamma: Weight of the gradient penalty on real images, R1 (Mescheder et al., 2018,
            https://arxiv.org/abs/1801.04406, section 4.1); 0 for none.
        r1_every: Steps from one penalty to the next; it then weighs so much more ("lazy regularization",
            Karras et al., 2020, https://arxiv.org/abs/1912.04958, appendix B).
        averaging: Decay of the average of the generator's weights that images are drawn with (Yazici et al.,
            2019, https://arxiv.org/abs/1806.04498); 0 for none.

    Raises:
        ValueError: If a setting is out of its range.

    Example:
        >>> from gan_course.recipes import RECIPES
        >>> RECIPES["plain"].beta_1
        0.5
    """

    name: str
    step: Callable[["GAN", tf.Tensor], Losses] = simultaneous_step
    learning_rate: float = 5e-4
    beta_1: float = 0.5
    r1_gamma: float = 0.0
    r1_every: int = 1
    averaging: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if not 0 <= self.r1_gamma < float("inf"):
            raise ValueError(f"r1_gamma is {self.r1_gamma}; expected a number of at least 0, such as 1")
        if self.r1_every < 1:
            raise ValueError(f"r1_every is {self.r1_every}; expected at least 1 step")
        if not 0 <= self.averaging < 1:
            raise ValueError(f"averaging is {self.averaging}; expected at least 0 and less than 1, such as 0.99")
        if self.step is textbook_step and self.r1_gamma:
            raise ValueError("the textbook's step has no gradient penalty; take recipe='plain' with r1_gamma")


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("textbook", step=textbook_step, learning_rate=1e-3, beta_1=0.9),
        Recipe("plain"),
        Recipe("course", learning_rate=1e-3, r1_gamma=0.5, r1_every=8, averaging=0.999),
    )
}


def chosen(name: str, **settings: float | None) -> Recipe:
    """Return the recipe of that name, with the settings that are not None in place of its own.

    Raises:
        ValueError: If there is no such recipe, or a setting is out of its range.

    Example:
        >>> from gan_course.recipes import chosen
        >>> chosen("plain", averaging=0.99).averaging
        0.99
    """
    if name not in RECIPES:
        raise ValueError(f"recipe is {name!r}; expected one of {', '.join(RECIPES)}")
    return dataclasses.replace(RECIPES[name], **{key: v for key, v in settings.items() if v is not None})


def devices() -> int:
    """Return on how many devices a step is computed at once.

    Keras adds up their gradients, and for that divides its own losses by this number.

    Example:
        >>> from gan_course.recipes import devices
        >>> devices()
        1
    """
    return tf.distribute.get_strategy().num_replicas_in_sync


def _gradient_penalty(gan: "GAN", real: tf.Tensor) -> tf.Tensor:
    recipe = gan.recipe

    def penalty() -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(real)
            logits = _logits(gan.discriminator, real)
        slopes = tape.gradient(logits, real)
        squared_length = tf.reduce_sum(slopes**2, axis=list(range(1, slopes.shape.rank)))
        return recipe.r1_every * recipe.r1_gamma / 2 / devices() * tf.reduce_mean(squared_length)

    if not recipe.r1_gamma:
        return tf.zeros(())
    if recipe.r1_every == 1:
        return penalty()
    is_due = tf.equal(tf.convert_to_tensor(gan.generator_optimizer.iterations) % recipe.r1_every, 0)
    return tf.cond(is_due, penalty, lambda: tf.zeros(()))


def _draw(gan: "GAN", latent: tf.Tensor, training: bool) -> tf.Tensor:
    # Several devices take turns inside a layer, so one would undo what the other needs.
    fused = gan.shortcuts and devices() == 1
    with fused_upsampling(gan.generator) if fused else nullcontext():
        images = gan.generator(latent, training=training)
    return gan.augment(images)


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


def _update(optimizer: Any, network: keras.Model, tape: tf.GradientTape, loss: tf.Tensor) -> None:
    variables = network.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), variables)
