"""Whether a generator and a discriminator fit each other, what they take, and what they give."""

import warnings
from typing import Any, NamedTuple

import keras
import numpy as np

from gan_course.graphs import has_graph, input_shape
from gan_course.training.answers import answers_with, last_operation
from gan_course.training.conditions import Condition, find_condition

_IN_RANGE = ("tanh", "Tanh", "softsign", "Softsign", "hard_tanh", "HardTanh")

Shape = tuple[int | None, ...]


class Fit(NamedTuple):
    """What two networks that fit each other take.

    Attributes:
        image_shape: That of an image, `(height, width, channels)`, which one draws and the other judges.
        latent_dim: How many numbers a latent vector has; None if the generator takes its condition alone.
        condition: What both take beside; None for nothing.
    """

    image_shape: tuple[int, ...]
    latent_dim: int | None
    condition: Condition | None

    def drawn_from(self, count: int, scale: float = 1.0) -> Any:
        """Return something for the generator to draw from."""
        latent = None if self.latent_dim is None else scale * _noise((count, self.latent_dim))
        return together(latent, self.condition and self.condition.examples(count))

    def judged(self, count: int) -> Any:
        """Return something for the discriminator to judge."""
        return together(_noise((count, *self.image_shape)), self.condition and self.condition.examples(count))


def together(*inputs: Any) -> Any:
    """Return the inputs of a network as it is called with: one, or a list of those that there are."""
    given = [each for each in inputs if each is not None]
    return given[0] if len(given) == 1 else given


def fit_networks(generator: Any, discriminator: Any) -> Fit:
    """Return what both networks take, if they fit each other.

    Raises:
        ValueError: If one is no Keras model, has no weights or nothing to train, or they do not fit each other.
    """
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        _check_model(network, role)
    latent, drawing = _takes(generator, "generator")
    image, judging = _takes(discriminator, "discriminator")
    condition = _same_condition(drawing, judging)
    drawn = _output_shape(generator, "generator", latent, condition)
    fit = Fit(drawn, latent[0] if latent else None, condition)
    if None in drawn:
        drawn = tuple(generator(fit.drawn_from(1)).shape[1:])
    if len(drawn) != 3:
        raise ValueError(f"the generator draws shape {drawn}; expected images (height, width, channels)")
    if len(image) != 3 or any(side not in (None, found) for side, found in zip(image, drawn, strict=True)):
        raise ValueError(f"the generator draws images of shape {drawn}, the discriminator takes {image}")
    answer = _output_shape(discriminator, "discriminator", drawn, condition)
    if not answer or answer[-1] != 1:
        raise ValueError(
            f"the discriminator returns shape {answer} for each image; expected (1,), or (height, width, 1) for a "
            "judgment of each patch"
        )
    return fit._replace(image_shape=drawn)


def check_answers(discriminator: keras.Model, fit: Fit, from_logits: bool | None) -> bool:
    """Return whether the discriminator answers with logits, as it was said or as its graph shows.

    Args:
        discriminator: From images, and conditions, to answers.
        fit: What it takes.
        from_logits: What was said; None if nothing.

    Raises:
        ValueError: If the graph shows something else than was said, or leaves it open and nothing was said.
    """
    found = answers_with(discriminator)
    if not (from_logits is None or isinstance(from_logits, bool)):
        raise ValueError(f"from_logits is {from_logits!r}; expected True or False, or leave it out")
    if from_logits is None and found not in ("probabilities", "logits"):
        if _keeps_logits(discriminator, fit):
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
        answers = np.asarray(discriminator(fit.judged(8)))
        if not (answers.min() >= 0 and answers.max() <= 1):
            raise ValueError(
                f"from_logits is False and the discriminator answers with {answers.min():g} to {answers.max():g}; "
                "probabilities lie in [0, 1]"
            )
    return bool(from_logits)


def warn_of_range(generator: keras.Model, fit: Fit) -> None:
    """Warn if the generator draws outside [-1, 1], or only in [0, 1], where the course's images do not lie."""
    if has_graph(generator) and _ends_in_range(generator):
        return
    drawn = np.concatenate([np.asarray(generator(fit.drawn_from(8, scale))) for scale in (1, 100)])
    low, high = float(drawn.min()), float(drawn.max())
    if low >= 0 or max(-low, high) > 1:
        limits = "[0, 1]" if low >= 0 and high <= 1 else f"{low:.3g} to {high:.3g}"
        warnings.warn(
            f"the generator can draw values of {limits}, and images lie in [-1, 1] here; "
            "end it with activation='tanh'",
            stacklevel=3,
        )


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


def _takes(network: keras.Model, role: str) -> tuple[Shape | None, Condition | None]:
    """Return the shape of what a network takes, a latent vector or an image, and its condition."""
    first, wanted = ("latent vector", 1) if role == "generator" else ("image", 3)
    inputs = network.inputs if has_graph(network) else None
    if inputs is None or len(inputs) == 1:
        shape = input_shape(network)
        if shape is None:
            raise ValueError(
                f"the {role} takes several inputs and is no functional model; make it as keras.Model([{first}, "
                "condition], output)"
            )
        shape = shape[1:]
        if role == "generator" and len(shape) == 3 and inputs:
            return None, find_condition(network, inputs[0])
        if role == "generator" and (len(shape) != 1 or shape[0] is None):
            raise ValueError(
                f"the generator takes shape {shape} for each image; expected latent vectors (latent_dim,), or "
                "pictures (height, width, channels) to change into others"
            )
        return shape, None
    shape = tuple(inputs[0].shape[1:])
    if len(inputs) > 2 or len(shape) != wanted or (wanted == 1 and None in shape):
        found = ", ".join(str(tuple(each.shape[1:])) for each in inputs)
        raise ValueError(
            f"the {role} takes {found}; expected one {first} and at most one condition, in this order"
        )
    return shape, find_condition(network, inputs[1])


def _same_condition(drawing: Condition | None, judging: Condition | None) -> Condition | None:
    if drawing is None and judging is None:
        return None
    if drawing is None or judging is None:
        taker, other = ("generator", "discriminator") if judging is None else ("discriminator", "generator")
        raise ValueError(
            f"the {taker} takes a condition, {drawing or judging}, and the {other} takes none; give both the "
            "same, as keras.Model([latent, condition], image) and keras.Model([image, condition], answer)"
        )
    sides = zip(judging.shape, drawing.shape, strict=False)
    if drawing.kind != judging.kind or len(drawing.shape) != len(judging.shape) or any(a != b for a, b in sides):
        raise ValueError(
            f"the generator's condition is {drawing}, the discriminator's {judging}; expected the same"
        )
    known = [each.classes for each in (drawing, judging) if each.classes]
    return drawing._replace(classes=min(known, default=None))


def _output_shape(network: keras.Model, role: str, shape: Shape | None, condition: Condition | None) -> Shape:
    tensors = together(
        shape and keras.KerasTensor((None, *shape)),
        condition and keras.KerasTensor((None, *condition.shape), condition.dtype),
    )
    try:
        output = network.compute_output_spec(tensors)
    except Exception as error:  # what a network of one's own raises on wrong shapes can be anything
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(f"the {role} cannot be called with shape {(None, *(shape or ()))}: {reason}") from None
    if not isinstance(output, keras.KerasTensor):
        raise ValueError(f"the {role} returns a {type(output).__name__} of outputs; expected one")
    return tuple(output.shape[1:])


def _keeps_logits(network: keras.Model, fit: Fit) -> bool:
    """Whether the answers come out of a sigmoid of Keras that tells what went in."""
    return hasattr(network(fit.judged(2), training=True), "_keras_logits")


def _ends_in_range(generator: keras.Model) -> bool:
    operation = last_operation(generator)
    activation = getattr(operation, "activation", operation)
    name = getattr(activation, "__name__", type(activation).__name__)
    return name in _IN_RANGE and (getattr(activation, "__module__", "") or "").startswith("keras.")


def _noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, "float32")
