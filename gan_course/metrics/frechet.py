"""The Fréchet distance of two sets of images, in the features of some network."""

from typing import NamedTuple

import numpy as np


class Gaussian(NamedTuple):
    """A normal distribution of feature vectors: mean `(d,)` and covariance `(d, d)`."""

    mean: np.ndarray
    covariance: np.ndarray


def fit_gaussian(features: np.ndarray) -> Gaussian:
    """Return the mean and the covariance of feature vectors.

    Args:
        features: `(n, d)` with more rows than columns; fewer cannot fill a covariance.

    Returns:
        The Gaussian with that mean and that covariance (divided by n - 1), float64.

    Raises:
        ValueError: If the features have another shape, are too few or are not finite.

    Example:
        >>> from gan_course.metrics import fit_gaussian
        >>> fit_gaussian([[0.0], [2.0]])
        Gaussian(mean=array([1.]), covariance=array([[2.]]))
    """
    features = np.asarray(features, dtype="float64")
    if features.ndim != 2 or not len(features) > features.shape[1] > 0:
        raise ValueError(
            f"found features of shape {features.shape}; expected (n, d) with n > d >= 1, so take more images"
        )
    if not np.isfinite(features).all():
        raise ValueError("found features that are NaN or infinite; the network that made them has diverged")
    return Gaussian(features.mean(0), np.cov(features, rowvar=False).reshape(features.shape[1], -1))


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """Return the Fréchet distance of two Gaussians, squared as is the custom for comparing images.

    `|m_a - m_b|² + tr(C_a + C_b - 2 (C_a C_b)^½)` (Dowson and Landau, 1982,
    https://doi.org/10.1016/0047-259X(82)90077-X). Heusel et al. (2017, https://arxiv.org/abs/1706.08500,
    section 2) compare images by it, in the features of a network that they call Inception. Here the features
    come from the caller, for digits from `classify_digits`, so the numbers are not comparable with theirs.

    Args:
        a: Mean `(d,)` and covariance `(d, d)`, for example from `fit_gaussian`.
        b: Another; for digits `digit_reference()`.

    Returns:
        0 if both are the same, else more, in squared units of the features.

    Raises:
        ValueError: If the two have different numbers of features, or one holds NaN or infinite numbers.

    Example:
        >>> import numpy as np
        >>> from gan_course.metrics import Gaussian, frechet_distance
        >>> frechet_distance(Gaussian(np.zeros(2), np.eye(2)), Gaussian(np.array([3.0, 4.0]), np.eye(2)))
        25.0
    """
    if np.shape(a.covariance) != np.shape(b.covariance):
        raise ValueError(f"one Gaussian has {len(a.mean)} features, the other {len(b.mean)}; expected as many")
    if not all(np.isfinite(part).all() for part in (*a, *b)):
        raise ValueError(
            "a Gaussian holds NaN or infinite numbers; the features are too large, or of a broken network"
        )
    values, vectors = np.linalg.eigh(np.asarray(a.covariance, "float64"))
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ b.covariance @ root).clip(0)).sum()  # tr (C_a C_b)^½
    distance = np.sum((a.mean - b.mean) ** 2) + np.trace(a.covariance) + np.trace(b.covariance) - 2 * cross
    return max(0.0, float(distance))
