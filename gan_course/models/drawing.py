"""Images from any generator."""

import keras
import numpy as np

from gan_course.arguments import whole
from gan_course.graphs import input_shape


def generate(generator: keras.Model, count: int, seed: int | None = None) -> np.ndarray:
    """Draw images with any generator.

    Args:
        generator: A Keras model from `(n, latent_dim)` to images `(n, height, width, channels)`.
        count: How many.
        seed: The same seed gives the same latent vectors. `None` draws new ones each time.

    Returns:
        Array `(count, height, width, channels)`, float32, in the range that the generator draws in.

    Raises:
        ValueError: If `count` is less than 1.

    Example:
        >>> from gan_course.models import generate, mnist_generator
        >>> generate(mnist_generator(), 2, seed=0).shape
        (2, 28, 28, 1)
    """
    count, generator = whole("count", count), getattr(generator, "best_generator", generator)
    seed = seed if seed is None else whole("seed", seed, least=0)
    latent = np.random.default_rng(seed).standard_normal((count, input_shape(generator)[-1]), "float32")
    return generator.predict(latent, batch_size=256, verbose=0).astype("float32", copy=False)
