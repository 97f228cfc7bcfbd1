"""Images from any generator."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from gan_course.arguments import whole
from gan_course.graphs import has_graph, input_shape


def generate(
    generator: keras.Model, count: int | None = None, seed: int | None = None, conditions: Any = None
) -> np.ndarray:
    """Draw images with any generator.

    Args:
        generator: A Keras model from latent vectors `(n, latent_dim)`, conditions `(n, ...)`, or a list of both
            to images `(n, height, width, channels)`.
        count: How many; None for as many as conditions.
        seed: The same seed gives the same latent vectors, and the same noise in a generator that has some of its
            own. `None` draws new ones each time.
        conditions: What the generator takes beside the latent vectors, one for each image.

    Returns:
        Array `(count, height, width, channels)`, float32, in the range that the generator draws in.

    Raises:
        ValueError: If `count` is less than 1 or not that of the conditions, or conditions are missing or not
            taken.

    Example:
        >>> from gan_course.models import generate, mnist_generator
        >>> generate(mnist_generator(), 2, seed=0).shape
        (2, 28, 28, 1)
    """
    generator = getattr(generator, "best_generator", generator)
    return draw(generator, generator_inputs(generator, count, seed, conditions), seed)


def draw(generator: keras.Model, inputs: Any, seed: int | None = None) -> np.ndarray:
    """Return what a generator makes of its inputs, float32; its own noise follows from the seed.

    Example:
        >>> from gan_course.models import draw, generator_inputs
        >>> from gan_course.models import mnist_generator
        >>> network = mnist_generator()
        >>> draw(network, generator_inputs(network, 2, seed=0)).dtype
        dtype('float32')
    """
    with _noise(generator, seed):
        return generator.predict(inputs, batch_size=256, verbose=0).astype("float32", copy=False)


@contextmanager
def _noise(generator: keras.Model, seed: int | None) -> Iterator[None]:
    """Let a network's own noise, such as that of `LastingDropout`, follow from a seed, and put its state back.

    So a drawing changes nothing that a training depends on.
    """
    weights = {id(weight) for weight in generator.weights}
    states = [variable for variable in generator.variables if id(variable) not in weights]
    before, random = [state.numpy() for state in states], np.random.default_rng(seed)
    for state in states:
        state.assign(random.integers(0, 2**31, state.shape))
    try:
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)


def generator_inputs(
    generator: keras.Model, count: int | None = None, seed: int | None = None, conditions: Any = None
) -> np.ndarray | list[np.ndarray]:
    """Return what a generator draws from: normally distributed latent vectors, conditions, or a list of both.

    Arguments and errors are those of `generate`.

    Example:
        >>> from gan_course.models import generator_inputs, mnist_generator
        >>> generator_inputs(mnist_generator(), 2, seed=0).shape
        (2, 100)
    """
    seed = seed if seed is None else whole("seed", seed, least=0)
    shapes = [tuple(each.shape) for each in generator.inputs] if has_graph(generator) else [input_shape(generator)]
    takes_latent, takes_condition = len(shapes[0]) == 2, len(shapes) > 1 or len(shapes[0]) != 2
    if takes_condition != (conditions is not None):
        raise ValueError(
            "the generator takes no conditions; leave them out"
            if conditions is not None
            else "the generator takes a condition for each image; say generate(conditions=...)"
        )
    if takes_condition:
        conditions = np.asarray(conditions)
        found = len(conditions) if conditions.ndim else 0
        count = found if count is None else whole("count", count)
        if count != found or not found:
            raise ValueError(f"count is {count} and there are {found} conditions; expected one for each image")
        if not takes_latent:
            return conditions
    count = whole("count", count)
    latent = np.random.default_rng(seed).standard_normal((count, shapes[0][-1]), "float32")
    return [latent, conditions] if takes_condition else latent
