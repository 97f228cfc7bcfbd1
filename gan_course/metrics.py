"""How good a generator is, in numbers."""

from functools import cache
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from gan_course.datasets import DATA


class Gaussian(NamedTuple):
    """Mean `(d,)` and covariance `(d, d)` of feature vectors."""

    mean: np.ndarray
    covariance: np.ndarray


def digit_classifier(weights: str | None = "mnist") -> keras.Model:
    """Return the classifier."""
    pixels = keras.Input((28, 28, 1))
    x = pixels
    for filters, size, strides in ((32, 5, 2), (64, 3, 1), (64, 3, 2), (128, 3, 1)):
        x = layers.Conv2D(filters, size, strides=strides, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    features = layers.Dense(64, activation="relu", name="features")(layers.Flatten()(x))
    probabilities = layers.Dense(10, activation="softmax", name="probabilities")(layers.Dropout(0.5)(features))
    model = keras.Model(pixels, {"features": features, "probabilities": probabilities}, name="digit_classifier")
    if weights == "mnist":
        with np.load(DATA / "digit_classifier.npz") as arrays:
            model.set_weights([arrays[f"weight_{i:02d}"].astype("float32") for i in range(len(model.weights))])
    return model


_classifier = cache(digit_classifier)


@cache
def digit_reference() -> Gaussian:
    with np.load(DATA / "digit_classifier.npz") as arrays:
        return Gaussian(arrays["mean"], arrays["covariance"])


def fit_gaussian(features: np.ndarray) -> Gaussian:
    return Gaussian(features.mean(0, dtype="float64"), np.cov(features, rowvar=False, dtype="float64"))


def classify_digits(images: np.ndarray) -> dict[str, np.ndarray]:
    return _classifier().predict(images, batch_size=500, verbose=0)


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    values, vectors = np.linalg.eigh(a.covariance)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ b.covariance @ root).clip(0)).sum()
    return float(np.sum((a.mean - b.mean) ** 2) + np.trace(a.covariance + b.covariance) - 2 * cross)
