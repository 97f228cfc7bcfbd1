"""The Fréchet distance of two sets of images, in the features of some network."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from gan_course.datasets.pixels import check_range
from gan_course.graphs import input_shape

BLOCK = 256  # images that are looked at together


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


def frechet_distance(images: Any, reference: Any, features: Callable[[np.ndarray], Any] | None = None) -> float:
    """Return the Fréchet distance of two sets of images, squared as is the custom for comparing images.

    It is that of the Gaussians of their features, `|m_a - m_b|² + tr(C_a + C_b - 2 (C_a C_b)^½)` (Dowson and
    Landau, 1982, https://doi.org/10.1016/0047-259X(82)90077-X). Heusel et al. (2017,
    https://arxiv.org/abs/1706.08500, section 2) compare images by it, in the features of a network that they call
    Inception. Here the features come from the caller, so the numbers are not comparable with theirs, nor with
    those of other features or of another number of images.

    Args:
        images: `(n, height, width, channels)`, float, values in [-1, 1]; or a `Gaussian` of their features.
        reference: Others, or the `Gaussian` of theirs, for digits `digit_reference()`.
        features: A Keras model, or any function, from images to features `(n, d)`, or to feature maps
            `(n, height, width, d)`, of which the mean over all positions is taken. Two Gaussians need none.

    Returns:
        0 if both are the same, else more, in squared units of the features.

    Raises:
        ValueError: If there are no features to take, the two have different numbers of them, one holds NaN or
            infinite numbers, or the images leave [-1, 1] or are no more than the features.

    Example:
        >>> import numpy as np
        >>> from gan_course.metrics import Gaussian, frechet_distance
        >>> frechet_distance(Gaussian(np.zeros(2), np.eye(2)), Gaussian(np.array([3.0, 4.0]), np.eye(2)))
        25.0
        >>> from gan_course.datasets import load_mnist, scale
        >>> from gan_course.metrics import classify_digits, digit_reference
        >>> digits = scale(load_mnist(source="embedded")[0][:1000])
        >>> round(frechet_distance(digits, digit_reference(), lambda x: classify_digits(x)["features"]), 1)
        1.2
    """
    a, b = (each if isinstance(each, Gaussian) else _gaussian_of(each, features) for each in (images, reference))
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


def _gaussian_of(images: Any, features: Callable[[np.ndarray], Any] | None) -> Gaussian:
    if features is None:
        raise ValueError(
            "images are compared by the features of some network; say features=..., a Keras model from images to "
            "features (n, d)"
        )
    images = np.asarray(images)
    if images.ndim != 4 or not len(images):
        raise ValueError(f"found images of shape {images.shape}; expected (n, height, width, channels), n >= 1")
    check_range(images)
    blocks = (images[start : start + BLOCK] for start in range(0, len(images), BLOCK))
    return fit_gaussian(np.concatenate([_features_of(block, features) for block in blocks]))


def _features_of(images: np.ndarray, features: Callable[[np.ndarray], Any]) -> np.ndarray:
    if isinstance(features, keras.Model):
        expected = input_shape(features)
        if expected and any(
            side not in (None, found) for side, found in zip(expected, images.shape, strict=False)
        ):
            raise ValueError(f"found images of shape {images.shape}; the network of the features takes {expected}")
        found = features.predict_on_batch(images)
    else:
        found = features(images)
    if isinstance(found, dict | list | tuple):
        raise ValueError(
            f"the features are a {type(found).__name__} of {len(found)}; expected one array (n, d), so take one "
            "of its parts: features=lambda images: network.predict(images)[...]"
        )
    found = np.asarray(found)
    return found.mean(axis=(1, 2)) if found.ndim == 4 else found
