"""Arithmetic in a generator's latent space."""

import numpy as np


def principal_directions(kernel: np.ndarray, count: int = 4) -> np.ndarray:
    """Return the directions in latent space that change the generator's first layer most.

    They are the first eigenvectors of A A^T, with A the weights of that layer, as in SeFa (Shen and Zhou, 2021,
    https://arxiv.org/abs/2007.06600, section 3.2): they follow from the weights alone, without drawing an image.

    Args:
        kernel: Weights of the generator's first `Dense` layer, `(latent_dim, units)`.
        count: How many directions.

    Returns:
        Array `(count, latent_dim)`: orthogonal, each of length 1, the strongest first. The largest number of each
        is positive, so that the same weights give the same signs.

    Example:
        >>> import numpy as np
        >>> from gan_course.latent import principal_directions
        >>> principal_directions(np.diag([1.0, 3.0, 2.0]), count=2).tolist()
        [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    vectors = np.linalg.eigh(kernel @ kernel.T)[1].T[::-1][:count]
    signs = [np.sign(vector[np.abs(vector).argmax()]) for vector in vectors]
    return vectors * np.array(signs)[:, None] + 0.0


def spherical_walk(start: np.ndarray, end: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Walk from one latent vector to another along an arc, so that none on the way is unusually short.

    The middle of the straight line between two random vectors is only 0.7 times as long as they are, and a
    generator has hardly ever seen such (White, 2016, https://arxiv.org/abs/1609.04468, section 2.1).

    Args:
        start: Latent vector `(latent_dim,)`.
        end: Another.
        positions: Where to stop, `(n,)`: 0 is the start, 1 the end.

    Returns:
        Array `(n, latent_dim)`.

    Example:
        >>> import numpy as np
        >>> from gan_course.latent import spherical_walk
        >>> spherical_walk(np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([0.5])).round(3).tolist()
        [[0.707, 0.707]]
    """
    t = np.asarray(positions)[:, None]
    cosine = start @ end / (np.linalg.norm(start) * np.linalg.norm(end))
    angle = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(angle) < 1e-6:
        return (1 - t) * start + t * end
    return (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
