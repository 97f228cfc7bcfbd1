"""What `GAN` refuses, in words: networks that do not fit each other, and settings that would be ignored."""

import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gan_course.graphs import has_graph, input_shape
from gan_course.training.answers import answers_with, last_operation

_IN_RANGE = ("tanh", "Tanh", "softsign", "Softsign", "hard_tanh", "HardTanh")
_OF_COMPILE = ("run_eagerly", "jit_compile", "auto_scale_loss", "steps_per_execution")


def check_networks(generator: Any, discriminator: Any) -> tuple[int, ...]:
    """Return the shape of an image, `(height, width, channels)`, that both networks agree on.

    Raises:
        ValueError: If one is no Keras model, has no weights or nothing to train, or they do not fit each other.
    """
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        _check_model(network, role)
    latent, image = _input_shape(generator, "generator"), _input_shape(discriminator, "discriminator")
    if len(latent) != 1 or latent[0] is None:
        raise ValueError(
            f"the generator takes shape {latent} for each image; expected latent vectors (latent_dim,)"
        )
    drawn = _output_shape(generator, latent, "generator")
    if None in drawn:
        drawn = tuple(generator(tf.zeros((1, *latent))).shape[1:])
    if len(drawn) != 3:
        raise ValueError(f"the generator draws shape {drawn}; expected images (height, width, channels)")
    if len(image) != 3 or any(side not in (None, found) for side, found in zip(image, drawn, strict=True)):
        raise ValueError(f"the generator draws images of shape {drawn}, the discriminator takes {image}")
    answer = _output_shape(discriminator, drawn, "discriminator")
    if not answer or answer[-1] != 1:
        raise ValueError(
            f"the discriminator returns shape {answer} for each image; expected (1,), or (height, width, 1) for a "
            "judgement of each patch"
        )
    return drawn


def check_answers(discriminator: keras.Model, shape: tuple[int, ...], from_logits: bool | None) -> bool:
    """Return whether the discriminator answers with logits, as it was said or as its graph shows.

    Args:
        discriminator: From images to answers.
        shape: That of an image.
        from_logits: What was said; None if nothing.

    Raises:
        ValueError: If the graph shows something else than was said, or leaves it open and nothing was said.
    """
    found = answers_with(discriminator)
    if not (from_logits is None or isinstance(from_logits, bool)):
        raise ValueError(f"from_logits is {from_logits!r}; expected True or False, or leave it out")
    if from_logits is None and found not in ("probabilities", "logits"):
        if _keeps_logits(discriminator, shape):
            return False
        raise ValueError(
            f"the discriminator ends in {found}, so it cannot be told whether it answers with probabilities or "
            "logits; end it with a sigmoid, or say GAN(..., from_logits=True) or from_logits=False"
        )
    if from_logits is None:
        return found == "logits"
    if (from_logits, found) == (True, "probabilities"):
        raise ValueError(
            "the discriminator ends in a sigmoid, so its answers are no logits; leave from_logits out"
        )
    if (from_logits, found) == (False, "logits"):
        raise ValueError(
            "the discriminator ends without an activation, so its answers are logits; end it with a sigmoid, or "
            "say from_logits=True"
        )
    if not from_logits and found != "probabilities":
        answers = np.asarray(discriminator(_noise((8, *shape))))
        if not (answers.min() >= 0 and answers.max() <= 1):
            raise ValueError(
                f"from_logits is False and the discriminator answers with {answers.min():g} to {answers.max():g}; "
                "probabilities lie in [0, 1]"
            )
    return bool(from_logits)


def latent_dim(generator: keras.Model) -> int:
    """Return how many numbers a latent vector has."""
    return _input_shape(generator, "generator")[0]


def warn_of_range(generator: keras.Model, latent_dim: int) -> None:
    """Warn if the generator draws outside [-1, 1], or only in [0, 1], where the course's images do not lie."""
    if has_graph(generator) and _ends_in_range(generator):
        return
    latent = _noise((8, latent_dim))
    drawn = np.concatenate([np.asarray(generator(scale * latent)) for scale in (1, 100)])
    low, high = float(drawn.min()), float(drawn.max())
    if low >= 0 or max(-low, high) > 1:
        limits = "[0, 1]" if low >= 0 and high <= 1 else f"{low:.3g} to {high:.3g}"
        warnings.warn(
            f"the generator can draw values of {limits}, and images lie in [-1, 1] here; "
            "end it with activation='tanh'",
            stacklevel=3,
        )


def check_augmentation(augmentation: Any, shape: tuple[int, ...]) -> None:
    """Raise a `ValueError` if images of `shape` cannot go through, or a gradient cannot come back."""
    if not isinstance(augmentation, keras.Layer):
        raise ValueError(f"the augmentation is a {type(augmentation).__name__}; expected a Keras layer or model")
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
            "that round the colours, such as RandomPosterization"
        )


def check_compile_settings(settings: dict[str, Any]) -> None:
    """Raise a `ValueError` that names a setting of Keras's `compile` which a GAN would have to ignore."""
    advice = {
        "loss": "the losses are those of the recipe",
        "loss_weights": "the losses are those of the recipe",
        "metrics": "measure with a callback, such as gan_course.callbacks.Quality",
        "weighted_metrics": "measure with a callback, such as gan_course.callbacks.Quality",
        "optimizer": "say generator_optimizer and discriminator_optimizer",
        "learning_rate": "say generator_optimizer=keras.optimizers.Adam(...) and discriminator_optimizer=...",
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


def _check_model(network: Any, role: str) -> None:
    if not isinstance(network, keras.Model):
        kind = f"{type(network).__module__.partition('.')[0]}.{type(network).__name__}"
        old = (
            "; tf_keras is Keras 2: make it with `import keras`" if "tf_keras" in type(network).__module__ else ""
        )
        raise ValueError(f"the {role} is a {kind}; expected a Keras model{old}")
    if not network.built or not (has_graph(network) or network.weights):
        raise ValueError(
            f"the {role} has no weights yet; start it with keras.Input(...), or call it once on a batch"
        )
    if not network.trainable_variables:
        raise ValueError(f"the {role} has nothing to train; set its `trainable` back to True")


def _input_shape(network: keras.Model, role: str) -> tuple[int | None, ...]:
    """Return what a network takes for each image, without the batch."""
    shape = input_shape(network)
    if shape is None:
        wanted = "latent vectors" if role == "generator" else "images"
        raise ValueError(f"the {role} takes several inputs; expected one, {wanted}")
    return shape[1:]


def _output_shape(network: keras.Model, shape: tuple[int | None, ...], role: str) -> tuple[int | None, ...]:
    try:
        output = network.compute_output_spec(keras.KerasTensor((None, *shape)))
    except Exception as error:  # what a network of one's own raises on wrong shapes can be anything
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"the {role} cannot be called with shape {(None, *shape)}: {reason}") from None
    if not isinstance(output, keras.KerasTensor):
        raise ValueError(f"the {role} returns a {type(output).__name__} of outputs; expected one")
    return tuple(output.shape[1:])


def _keeps_logits(network: keras.Model, shape: tuple[int, ...]) -> bool:
    """Whether the answers come out of a sigmoid of Keras that tells what went in."""
    return hasattr(network(_noise((2, *shape)), training=True), "_keras_logits")


def _ends_in_range(generator: keras.Model) -> bool:
    operation = last_operation(generator)
    activation = getattr(operation, "activation", operation)
    name = getattr(activation, "__name__", type(activation).__name__)
    return name in _IN_RANGE and (getattr(activation, "__module__", "") or "").startswith("keras.")


def _noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, "float32")
