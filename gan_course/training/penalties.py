"""Gradient penalties: how steep the discriminator may be, and where it is asked."""

import tensorflow as tf

from gan_course.losses import devices
from gan_course.recipes import Recipe
from gan_course.training.answers import Judge

_Seen = tuple[tf.Tensor, tf.Tensor | None]  # images and their conditions


def penalty(judge: Judge, recipe: Recipe, step: int, real: _Seen, fake: _Seen, mix: tf.Tensor | None) -> tf.Tensor:
    """Return what the discriminator's slopes cost it in a step: a device's share, 0 where no penalty is due.

    Args:
        judge: Whose slopes: those of the answer, of patches the mean over them, at each pixel.
        recipe: With which weights, and how often.
        step: How many steps were trained before.
        real: Images `(n, height, width, channels)` as the discriminator sees them, and their conditions.
        fake: The same of fakes.
        mix: How much of each real image there is in the images between, `(n, 1, 1, 1)`, for `gp_lambda`.
    """

    def due() -> tf.Tensor:
        weight, (images, about), drawn = recipe.penalty_every, real, tf.stop_gradient(fake[0])
        costs = []
        if recipe.r1_gamma:
            steepness = tf.reduce_mean(_squared_slopes(judge, images, about))
            costs.append(weight * recipe.r1_gamma / 2 / devices() * steepness)
        if recipe.r2_gamma:
            steepness = tf.reduce_mean(_squared_slopes(judge, drawn, fake[1]))
            costs.append(weight * recipe.r2_gamma / 2 / devices() * steepness)
        if recipe.gp_lambda:
            between = mix * images + (1 - mix) * drawn
            lengths = tf.sqrt(_squared_slopes(judge, between, about) + 1e-12)  # at 0 a root has no slope
            costs.append(weight * recipe.gp_lambda / devices() * tf.reduce_mean((lengths - 1) ** 2))
        return tf.add_n(costs)

    if not recipe.is_penalised:
        return tf.zeros(())
    if recipe.penalty_every == 1:
        return due()
    is_due = tf.equal(tf.convert_to_tensor(step) % recipe.penalty_every, 0)
    return tf.cond(is_due, due, lambda: tf.zeros(()))


def _squared_slopes(judge: Judge, images: tf.Tensor, condition: tf.Tensor | None) -> tf.Tensor:
    """Return the squared length of the answer's gradient at each image, `(n,)`."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = judge.logits(images, condition)
        answers = logits if logits.shape[1:] == (1,) else tf.reduce_mean(logits, axis=_inner(logits))
    slopes = tape.gradient(answers, images)
    return tf.reduce_sum(slopes**2, axis=_inner(slopes))


def _inner(tensor: tf.Tensor) -> list[int]:
    return list(range(1, tensor.shape.rank))
