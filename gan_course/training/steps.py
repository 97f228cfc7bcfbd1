"""One training step: the players, batches of real images, latent vectors and conditions go in, losses come out."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from gan_course import losses
from gan_course.layers import fused_upsampling
from gan_course.losses import SUREST, called, devices
from gan_course.recipes import LOSSES, Recipe
from gan_course.training.answers import Judge
from gan_course.training.fits import together
from gan_course.training.penalties import penalty
from gan_course.training.shortcuts import judges_each_image_alone

Told = dict[str, tf.Tensor]


class Batch(NamedTuple):
    """What both players learn from at once.

    Attributes:
        real: Images `(n, height, width, channels)`, values in [-1, 1].
        latent: Latent vectors `(n, latent_dim)`; None if the generator takes its condition alone.
        condition: What both networks are told beside, one for each image; None for nothing.
        mix: How much of each real image is in that between it and a fake, `(n, 1, 1, 1)`, values in [0, 1]; None
            if no penalty asks there.
    """

    real: tf.Tensor
    latent: tf.Tensor | None
    condition: tf.Tensor | None = None
    mix: tf.Tensor | None = None


class Players(NamedTuple):
    """Both networks with their optimizers, and how they may see and be computed.

    Attributes:
        generator: From latent vectors `(n, latent_dim)`, conditions or both to images
            `(n, height, width, channels)`.
        judge: The discriminator, from such images, and conditions, to logits `(n, ...)`, one or several for each.
        generator_optimizer: A Keras optimizer, built for the generator.
        discriminator_optimizer: One for the discriminator.
        augmentation: Changes every image before the discriminator sees it, and a picture beside it alike; None
            for none.
        shortcuts: Whether to compute faster what gives the same within rounding.
        accuracies: Whether to tell how often the discriminator is right.
    """

    generator: keras.Model
    judge: Judge
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    augmentation: keras.Layer | None = None
    shortcuts: bool = True
    accuracies: bool = False

    def seen(self, images: tf.Tensor, condition: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Return images and their conditions as the discriminator is to see them."""
        if self.augmentation is None:
            return images, condition
        if condition is None or condition.shape.rank != 4:
            return self.augmentation(images, training=True), condition
        both = self.augmentation(tf.concat([images, condition], axis=-1), training=True)
        return tuple(tf.split(both, [images.shape[-1], condition.shape[-1]], axis=-1))


def simultaneous_step(
    players: Players, batches: list[Batch], recipe: Recipe, step: int, skip: Any = False
) -> Told:
    """Update both networks at once from the last batch (Goodfellow et al., 2014, section 3).

    Args:
        players: Who trains.
        batches: As many as the recipe has updates of the discriminator; from all but the last it learns alone.
        recipe: With which losses and numbers.
        step: How many steps were trained before.
        skip: Whether the discriminator is to stay as it is.

    Returns:
        `d_loss` and `g_loss`, what both players want less of, before this update; `reconstruction`, the mean
        absolute distance of drawn from real images, where that weighs anything; and `real_accuracy` and
        `fake_accuracy`, the shares called rightly, where they are told. What penalties, regularizers and
        `add_loss` add is minimized too, and not told.
    """
    if not recipe.adversarial:
        return _reconstruct(players, batches[-1], recipe)
    for batch in batches[:-1]:
        _teach_discriminator(players, batch, recipe, step, skip)
    return _teach_both(players, batches[-1], recipe, step, skip)


def _teach_discriminator(players: Players, batch: Batch, recipe: Recipe, step: int, skip: Any) -> None:
    real, fake = players.seen(batch.real, batch.condition), _draw(players, batch, training=True)
    with tf.GradientTape() as tape:
        total, *_ = _judged(players, recipe, step, batch, real, fake)
        total = _scaled(players.discriminator_optimizer, total)
    _update(players.discriminator_optimizer, players.judge.discriminator, tape, total, skip)


def _teach_both(players: Players, batch: Batch, recipe: Recipe, step: int, skip: Any) -> Told:
    generator, judge, g_optimizer, d_optimizer, *_ = players
    loss, discriminator = losses.get(recipe.loss), judge.discriminator
    real = players.seen(batch.real, batch.condition)
    with tf.GradientTape() as g_tape:
        drawn = _generate(players, batch, training=True)
        fake, about = players.seen(drawn, batch.condition)
        g_added = _scaled(g_optimizer, _added(generator))
        apart, told = _distance(drawn, batch.real, recipe)
        g_added = [*g_added, *_scaled(g_optimizer, apart)]
    with tf.GradientTape(persistent=True) as d_tape:
        d_tape.watch(fake)
        d_total, d_loss, on_real, on_fake = _judged(players, recipe, step, batch, real, (fake, about))
        g_loss = loss.generator(on_real, on_fake)
        g_total = g_loss if recipe.adversarial == 1 else recipe.adversarial * g_loss
        d_scaled, g_scaled = _scaled(d_optimizer, d_total), _scaled(g_optimizer, g_total)
    d_variables, g_variables = discriminator.trainable_variables, generator.trainable_variables
    alike = d_scaled is d_total and g_scaled is g_total and players.shortcuts and loss.factor is not None
    if alike and judges_each_image_alone(discriminator):
        d_slopes, d_pixels = d_tape.gradient(d_total, (d_variables, fake))
        factor = recipe.adversarial * tf.reshape(loss.factor(on_fake), (-1, *[1] * (fake.shape.rank - 1)))
        pixels = tf.cond(  # where a slope is next to 0, a factor cannot bring it back
            tf.reduce_min(on_fake) > SUREST,
            lambda: d_pixels * tf.cast(factor, d_pixels.dtype),
            lambda: d_tape.gradient(g_total, fake),
        )
    else:
        d_slopes, pixels = d_tape.gradient(d_scaled, d_variables), d_tape.gradient(g_scaled, fake)
    targets = [fake, *g_added]
    g_slopes = g_tape.gradient(targets, g_variables, output_gradients=[pixels, *map(tf.ones_like, g_added)])
    _apply(d_optimizer, d_slopes, d_variables, skip)
    g_optimizer.apply(g_slopes, g_variables)
    return {"d_loss": d_loss, "g_loss": g_loss, **told, **_accuracies(players, recipe, on_real, on_fake)}


def textbook_step(players: Players, batches: list[Batch], recipe: Recipe, step: int, skip: Any = False) -> Told:
    """Update the discriminator on real images, then on fakes, then the generator on the same latent vectors.

    The fakes come from the generator in inference mode, as from `predict`; its own update draws them again
    in training mode. Arguments and result are those of `simultaneous_step`.
    """
    (batch,), judge, discriminator = batches, players.judge, players.judge.discriminator
    real, fake = players.seen(batch.real, batch.condition), _draw(players, batch, training=False)
    d_losses, answers = [], []
    for images, label in ((real, 1.0), (fake, 0.0)):
        with tf.GradientTape() as tape:
            answers.append(judge.logits(*images))
            d_losses.append(called(label, answers[-1]))
            total = _scaled(players.discriminator_optimizer, _sum(d_losses[-1], _added(discriminator)))
        _update(players.discriminator_optimizer, discriminator, tape, total)
    g_loss = _teach_generator(players, batch)
    found = _accuracies(players, recipe, *answers)
    return {"d_loss": sum(d_losses) / 2, "g_loss": g_loss, **found}


def blog_step(players: Players, batches: list[Batch], recipe: Recipe, step: int, skip: Any = False) -> Told:
    """Update the discriminator once on real images and fakes together, then the generator on other latent vectors.

    The fakes come from the generator in inference mode, as from `predict`. Of the second batch only the latent
    vectors and conditions count. Arguments and result are those of `simultaneous_step`.
    """
    first, second = batches
    real, fake = players.seen(first.real, first.condition), _draw(players, first, training=False)
    images, conditions = (None if a is None else tf.concat([a, b], 0) for a, b in zip(real, fake, strict=True))
    with tf.GradientTape() as tape:
        answers = tf.split(players.judge.logits(images, conditions), 2)
        d_loss = (called(1.0, answers[0]) + called(0.0, answers[1])) / 2
        total = _scaled(players.discriminator_optimizer, _sum(d_loss, _added(players.judge.discriminator)))
    _update(players.discriminator_optimizer, players.judge.discriminator, tape, total)
    g_loss = _teach_generator(players, second)
    return {"d_loss": d_loss, "g_loss": g_loss, **_accuracies(players, recipe, *answers)}


def _teach_generator(players: Players, batch: Batch) -> tf.Tensor:
    """Update the generator alone; return its loss before."""
    with tf.GradientTape() as tape:
        images, added = _draw(players, batch, training=True), _added(players.generator)
        g_loss = called(1.0, players.judge.logits(*images))
        total = _scaled(players.generator_optimizer, _sum(g_loss, added))
    _update(players.generator_optimizer, players.generator, tape, total)
    return g_loss


STEPS: dict[str, Callable[..., Told]] = {
    "simultaneous": simultaneous_step,
    "textbook": textbook_step,
    "blog": blog_step,
}


def _reconstruct(players: Players, batch: Batch, recipe: Recipe) -> Told:
    with tf.GradientTape() as tape:
        drawn, added = _generate(players, batch, training=True), _added(players.generator)
        apart, told = _distance(drawn, batch.real, recipe)
        total = _scaled(players.generator_optimizer, _sum(apart[0], added))
    _update(players.generator_optimizer, players.generator, tape, total)
    return told


def _judged(
    players: Players, recipe: Recipe, step: int, batch: Batch, real: tuple[Any, Any], fake: tuple[Any, Any]
) -> tuple[tf.Tensor, ...]:
    """Return what the discriminator minimizes, its loss alone, and its scores of real images and of fakes."""
    judge, discriminator = players.judge, players.judge.discriminator
    on_real, added = judge.logits(*real), _added(discriminator)
    on_fake, added = judge.logits(*fake), [*added, *_added(discriminator)]
    d_loss = losses.get(recipe.loss).discriminator(on_real, on_fake, recipe.label_smoothing)
    total = _sum(d_loss + penalty(judge, recipe, step, real, fake, batch.mix), added, 1 / 2)
    return total, d_loss, on_real, on_fake


def _generate(players: Players, batch: Batch, training: bool) -> tf.Tensor:
    # Several devices take turns inside a layer, so one would undo what the other needs.
    fused = players.shortcuts and devices() == 1
    with fused_upsampling(players.generator) if fused else nullcontext():
        return players.generator(together(batch.latent, batch.condition), training=training)


def _draw(players: Players, batch: Batch, training: bool) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Return fakes and their conditions as the discriminator sees them."""
    return players.seen(_generate(players, batch, training), batch.condition)


def _distance(drawn: tf.Tensor, real: tf.Tensor, recipe: Recipe) -> tuple[list[tf.Tensor], Told]:
    """Return the weighed distances that the generator minimizes, one or none, and what to tell of them."""
    if not recipe.reconstruction:
        return [], {}
    distance = losses.mean(tf.abs(tf.cast(drawn, tf.float32) - real))
    return [recipe.reconstruction * distance], {"reconstruction": distance}


def _accuracies(players: Players, recipe: Recipe, on_real: tf.Tensor, on_fake: tf.Tensor) -> Told:
    if not players.accuracies:
        return {}
    boundary = LOSSES[recipe.loss].boundary
    right = {"real_accuracy": on_real > boundary, "fake_accuracy": on_fake <= boundary}
    return {name: losses.mean(tf.cast(each, tf.float32)) for name, each in right.items()}


def _added(network: keras.Model) -> list[tf.Tensor]:
    """What regularizers and `add_loss` have added in the last call of a network."""
    return [tf.cast(loss, tf.float32) / devices() for loss in network.losses]


def _sum(loss: tf.Tensor, added: list[tf.Tensor], share: float = 1.0) -> tf.Tensor:
    return loss + share * tf.add_n(added) if added else loss


def _scaled(optimizer: keras.optimizers.Optimizer, loss: Any) -> Any:
    """The loss, or several, as the optimizer's `apply` expects their gradients: as it is, or enlarged."""
    return [optimizer.scale_loss(each) for each in loss] if isinstance(loss, list) else optimizer.scale_loss(loss)


def _update(
    optimizer: keras.optimizers.Optimizer,
    network: keras.Model,
    tape: tf.GradientTape,
    loss: tf.Tensor,
    skip: Any = False,
) -> None:
    variables = network.trainable_variables
    _apply(optimizer, tape.gradient(loss, variables), variables, skip)


def _apply(optimizer: keras.optimizers.Optimizer, slopes: list[Any], variables: list[Any], skip: Any) -> None:
    """Update variables, unless `skip` is true: then they and the optimizer's own are put back."""
    if skip is False:
        optimizer.apply(slopes, variables)
        return
    changed = [*variables, *optimizer.variables]
    before = [tf.identity(variable.value) for variable in changed]
    optimizer.apply(slopes, variables)
    for variable, kept in zip(changed, before, strict=True):
        variable.assign(tf.where(skip, kept, variable.value))
