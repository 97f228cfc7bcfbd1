"""What `GAN` refuses, in words: settings that would be ignored, and those that do not fit its networks."""

import warnings
from typing import Any

import keras
import tensorflow as tf

from gan_course.recipes import RECIPES, Recipe
from gan_course.training.conditions import Condition
from gan_course.training.fits import Fit

_OF_COMPILE = ("run_eagerly", "jit_compile", "auto_scale_loss", "steps_per_execution")
_DROPOUT = (keras.layers.Dropout, keras.layers.SpatialDropout2D, keras.layers.AlphaDropout)
_GEOMETRIC = (
    "RandomTranslation",
    "RandomFlip",
    "RandomRotation",
    "RandomZoom",
    "RandomShear",
    "RandomPerspective",
    "RandomElasticTransform",
)


def check_recipe(recipe: Recipe, discriminator: keras.Model, condition: Condition | None) -> None:
    """Raise a `ValueError` for a setting without sense for these networks, and warn of one that is not meant so.

    Args:
        recipe: The settings.
        discriminator: From images to answers.
        condition: What both networks take beside, if anything.
    """
    inside = discriminator._flatten_layers()
    if recipe.gp_lambda and any(isinstance(layer, keras.layers.BatchNormalization) for layer in inside):
        raise ValueError(
            "gp_lambda asks for the slope at each image alone, and the discriminator has BatchNormalization, "
            "which mixes images; leave it out there, or take LayerNormalization"
        )
    if recipe.reconstruction and (condition is None or condition.kind == "labels"):
        told = "no condition" if condition is None else "a label alone"
        raise ValueError(
            f"reconstruction compares each image with the one it is to become, and the networks take {told}, "
            "which does not say which that is; give them pictures or vectors as conditions"
        )
    dropped = max((getattr(layer, "rate", 0) for layer in inside if isinstance(layer, _DROPOUT)), default=0)
    if recipe.without_dropout and recipe.is_penalised and dropped:
        warnings.warn(
            f"the recipe {recipe.name!r} is meant for a discriminator without dropout, its penalty keeps that in "
            f"check; this one drops {dropped:g}: make it with dropout=0",
            stacklevel=3,
        )


def check_rates(recipe: Recipe, generator_optimizer: Any, discriminator_optimizer: Any) -> None:
    """Raise a `ValueError` if a learning rate is given beside the optimizer that has its own."""
    given = (("g_learning_rate", generator_optimizer), ("d_learning_rate", discriminator_optimizer))
    for name, optimizer in given:
        if optimizer is not None and getattr(recipe, name) != getattr(RECIPES[recipe.name], name):
            raise ValueError(
                f"{name} is for the recipe's optimizer, and you give an optimizer; set its learning_rate"
            )


def check_augmentation(augmentation: Any, fit: Fit, recipe: Recipe) -> None:
    """Raise a `ValueError` if images cannot go through, their condition not alike, or no gradient comes back.

    Args:
        augmentation: A Keras layer.
        fit: What the networks take.
        recipe: The settings beside.
    """
    if not isinstance(augmentation, keras.Layer):
        raise ValueError(f"the augmentation is a {type(augmentation).__name__}; expected a Keras layer or model")
    shape = fit.image_shape
    if fit.condition and fit.condition.kind == "pictures":
        shape = _beside(augmentation, fit, recipe)
    changed = augmentation(keras.Input(shape)).shape[1:]
    if changed != shape:
        raise ValueError(f"the augmentation turns images of shape {shape} into {changed}; expected the same shape")
    if augmentation.trainable_variables:
        raise ValueError("the augmentation has weights to train; expected random layers such as RandomTranslation")

    def slopes(images: tf.Tensor) -> tf.Tensor:
        return tf.gradients(augmentation(images, training=True), images)[0]

    graph = tf.function(slopes).get_concrete_function(tf.TensorSpec((None, *shape)))  # traced, never run
    if graph.structured_outputs is None:
        raise ValueError(
            "the augmentation lets no gradient through, so the generator could learn nothing; leave out layers "
            "that round the colors, such as RandomPosterization"
        )


def _beside(augmentation: keras.Layer, fit: Fit, recipe: Recipe) -> tuple[int, ...]:
    """Return the shape of an image with its condition behind, which are changed alike."""
    (*sides, channels), (*others, more) = fit.image_shape, fit.condition.shape
    layers = [layer for layer in augmentation._flatten_layers() if not isinstance(layer, keras.Model)]
    strange = [type(layer).__name__ for layer in layers if type(layer).__name__ not in _GEOMETRIC]
    if sides != others:
        raise ValueError(
            f"the images have {sides[0]} x {sides[1]} pixels and the pictures beside them {others[0]} x "
            f"{others[1]}, so they cannot be changed alike; leave the augmentation out"
        )
    if strange:
        raise ValueError(
            f"the augmentation has {strange[0]}; beside pictures it can only move them, alike for both: "
            f"{', '.join(_GEOMETRIC[:4])}"
        )
    if recipe.gp_lambda:
        raise ValueError(
            "gp_lambda asks between real images and fakes, and the augmentation moves the pictures beside them "
            "differently; take r1_gamma, or leave one of the two out"
        )
    return (*sides, channels + more)


def check_compile_settings(settings: dict[str, Any]) -> None:
    """Raise a `ValueError` that names a setting of Keras's `compile` which a GAN would have to ignore."""
    advice = {
        "loss_weights": "the weights are adversarial and reconstruction",
        "metrics": "measure with a callback, such as gan_course.callbacks.Quality",
        "weighted_metrics": "measure with a callback, such as gan_course.callbacks.Quality",
        "optimizer": "say generator_optimizer and discriminator_optimizer",
        "learning_rate": "say g_learning_rate and d_learning_rate",
    }
    for name, value in settings.items():
        if name not in _OF_COMPILE and value is not None:
            hint = advice.get(name, f"it takes {', '.join(_OF_COMPILE[:3])} of Keras's settings, and its own")
            raise ValueError(f"compile was given {name}, which a GAN does not have; {hint}")
    if settings.get("steps_per_execution", 1) != 1:
        raise ValueError(
            f"steps_per_execution is {settings['steps_per_execution']}; the callbacks of a GAN look after each "
            "step, so it can only be 1"
        )


def check_fit_settings(settings: dict[str, Any], method: str = "fit") -> None:
    """Raise a `ValueError` that names a setting of Keras's `fit` which a GAN would have to ignore."""
    for name, value in settings.items():
        if name.startswith("validation"):
            hint = "its losses on other images say little; measure with gan_course.callbacks.Quality"
        elif name in ("class_weight", "sample_weight"):
            hint = "it draws each image equally often; to change that, give it a dataset that does"
        else:
            hint = "see help(gan_course.GAN.fit) for those it has"
        is_default = isinstance(value, int | float) and value == (name == "validation_freq")
        if value is not None and not is_default:
            raise ValueError(f"{method} was given {name}, which a GAN does not have; {hint}")


def checked_callbacks(callbacks: Any, checkpoint: type) -> tuple[list[keras.callbacks.Callback], Any]:
    """Return the callbacks of `fit` as a list, and the one checkpoint among them, or None.

    Raises:
        ValueError: If one is no Keras callback, or several are checkpoints.
    """
    inside = getattr(callbacks, "callbacks", callbacks)  # of a CallbackList
    found = keras.tree.flatten(inside if inside is not None else [])
    for each in found:
        if not isinstance(each, keras.callbacks.Callback):
            raise ValueError(f"callbacks holds a {type(each).__name__}; expected Keras callbacks, made with (...)")
    checkpoints = [each for each in found if isinstance(each, checkpoint)]
    if len(checkpoints) > 1:
        raise ValueError(f"callbacks holds {len(checkpoints)} Checkpoints; a training has one folder, so give one")
    return found, checkpoints[0] if checkpoints else None
