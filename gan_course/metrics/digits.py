"""How good drawn digits are, each measure with its sampling error.

They are judged by a small classifier that comes with the course: it reads 99.41 % of MNIST's test digits.
It knows digits only, so it must not judge other images.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
from keras import layers

from gan_course.arguments import whole
from gan_course.datasets.pixels import check_range
from gan_course.graphs import input_shape
from gan_course.metrics.frechet import Gaussian, fit_gaussian, frechet_distance
from gan_course.models import generate
from gan_course.places import DATA

CONFIDENT = 0.9  # a digit is read with confidence from this probability on
PRESENT = 0.01  # a digit is drawn if this share of all images is read as it; its fair share is 0.1
RESAMPLES = 30  # of the bootstrap

_FILE = DATA / "digit_classifier.npz"


@dataclass(frozen=True)
class DigitQuality:
    """What `digit_quality` measures; each `..._error` is one standard error.

    Attributes:
        count: How many images were judged.
        frechet_distance: Between their features and those of MNIST's test digits; smaller is better.
            Few images score too high, so compare only equal counts: 30 samples of real training digits
            scored 1.5 ± 0.4 (1,000 images each), 0.8 ± 0.3 (2,000) and 0.42 ± 0.13 (5,000).
        coverage: Share of the ten digits that are drawn: as which at least 1 % of all images are read with
            confidence.
        entropy: Entropy of how often each digit is read, in nats: ln 10 = 2.303 if all ten are equally
            frequent, 0 if there is only one.
        confident: Share of the images that are read as some digit with a probability of 0.9 or more; 0.99 of
            real digits. Noise can be read with confidence too, so look at the distance first.
    """

    count: int
    frechet_distance: float
    coverage: float
    entropy: float
    confident: float
    frechet_distance_error: float
    coverage_error: float
    entropy_error: float
    confident_error: float

    def __str__(self) -> str:
        """Return the measures and their errors in one line."""
        measures = (
            f"{name.replace('_', ' ')} {getattr(self, name):.3g} ± {getattr(self, f'{name}_error'):.1g}"
            for name in ("frechet_distance", "coverage", "entropy", "confident")
        )
        return f"{self.count:,} images: {', '.join(measures)}"


def digit_quality(source: Any, count: int = 5000, seed: int = 0) -> DigitQuality:
    """Measure how good and how varied drawn digits are.

    The errors are standard deviations over 30 bootstrap samples of the images (Efron, 1979): how much the
    numbers change with other latent vectors, not with another training. Close to a perfect value, such as an
    entropy of ln 10, they are up to twice too large.

    Args:
        source: A generator (a Keras model from `(n, latent_dim)` to images), a `GAN`, or the images themselves,
            float `(n, 28, 28, 1)`, values in [-1, 1].
        count: how many images a generator draws.
        seed: Seed of the latent vectors and of the bootstrap.

    Returns:
        The measures and their standard errors.

    Raises:
        ValueError: If the images have another shape, leave [-1, 1], hold NaN or are no more than the 64 features,
            or if a generator takes anything but latent vectors.

    Example:
        >>> from gan_course.datasets import load_mnist, scale
        >>> from gan_course.metrics import digit_quality
        >>> digits, _ = load_mnist(source="embedded")
        >>> print(digit_quality(scale(digits[:5000])))
        5,000 images: frechet distance 0.433 ± 0.1, coverage 1 ± 0, entropy 2.3 ± 0.001, confident 0.992 ± 0.001
    """
    count, seed = whole("count", count), whole("seed", seed, least=0)
    found = classify_digits(_drawn(source, count, seed) if isinstance(source, keras.Model) else source)
    features, probabilities = found["features"], found["probabilities"]
    measured = _measured(features, probabilities)
    samples = np.random.default_rng(seed).integers(len(features), size=(RESAMPLES, len(features)))
    errors = np.std([_measured(features[rows], probabilities[rows]) for rows in samples], axis=0, ddof=1)
    return DigitQuality(len(features), *measured, *errors.round(9).tolist())  # equal samples: 0, not 4e-17


def classify_digits(images: np.ndarray) -> dict[str, np.ndarray]:
    """Read digits with the classifier that comes with the course.

    Args:
        images: Float `(n, 28, 28, 1)`, values in [-1, 1].

    Returns:
        `"probabilities"`, float32 `(n, 10)`, of the digits 0 to 9; `"features"`, float32 `(n, 64)`, what the
        layer before them makes of the images.

    Raises:
        ValueError: If the images have another shape, leave [-1, 1] or hold NaN.

    Example:
        >>> from gan_course.datasets import load_mnist, scale
        >>> from gan_course.metrics import classify_digits
        >>> digits, labels = load_mnist(source="embedded")
        >>> classify_digits(scale(digits[:5]))["probabilities"].argmax(1), labels[:5]
        (array([5, 0, 4, 1, 9]), array([5, 0, 4, 1, 9], dtype=uint8))
    """
    images = np.asarray(images)
    if images.shape[1:] != (28, 28, 1) or not len(images):
        raise ValueError(f"found images of shape {images.shape}; only digits (n, 28, 28, 1), n >= 1, can be read")
    check_range(images, "the digits")
    return _shared_classifier().predict(images, batch_size=500, verbose=0)


def digit_classifier(trained: bool = True) -> keras.Model:
    """Return the digit classifier: 164,458 parameters, four convolutions and two dense layers.

    Args:
        trained: With the weights that come with the course; else with random ones.

    Returns:
        An uncompiled model from images `(n, 28, 28, 1)`, values in [-1, 1], to the dictionary that
        `classify_digits` returns. `data/make_digit_classifier.py` has trained it.

    Example:
        >>> from gan_course.metrics import digit_classifier
        >>> digit_classifier().count_params()
        164458
    """
    start = "zeros" if trained else "glorot_uniform"  # zeros take nothing from the random state of a training
    x = pixels = keras.Input((28, 28, 1))
    for filters, size, strides in ((32, 5, 2), (64, 3, 1), (64, 3, 2), (128, 3, 1)):
        x = layers.Conv2D(filters, size, strides=strides, use_bias=False, kernel_initializer=start)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Flatten()(x)
    features = layers.Dense(64, activation="relu", kernel_initializer=start, name="features")(x)
    probabilities = layers.Dense(10, activation="softmax", kernel_initializer=start, name="probabilities")(
        features
    )
    outputs = {"features": features, "probabilities": probabilities}
    classifier = keras.Model(pixels, outputs, name="digit_classifier")
    if trained:
        with np.load(_FILE) as arrays:
            weights = [arrays[f"weight_{i:02d}"].astype("float32") for i in range(len(classifier.weights))]
        classifier.set_weights(weights)
    return classifier


@cache
def digit_reference() -> Gaussian:
    """Return the mean `(64,)` and covariance `(64, 64)` of the features of MNIST's 10,000 test digits."""
    with np.load(_FILE) as arrays:
        return Gaussian(arrays["mean"], arrays["covariance"])


def _drawn(source: keras.Model, count: int, seed: int) -> np.ndarray:
    if hasattr(source, "generate"):
        return source.generate(count, seed)
    shape = input_shape(source)
    if shape is None or len(shape) != 2:
        raise ValueError(
            f"the generator takes {shape or 'several inputs'}; expected latent vectors (n, latent_dim); or draw "
            "images, and give those"
        )
    return generate(source, count, seed)


def _measured(features: np.ndarray, probabilities: np.ndarray) -> tuple[float, float, float, float]:
    confident = probabilities.max(1) >= CONFIDENT
    read = probabilities.argmax(1)
    drawn = np.bincount(read[confident], minlength=10) >= PRESENT * len(read)
    shares = np.unique(read, return_counts=True)[1] / len(read)
    return (
        frechet_distance(fit_gaussian(features), digit_reference()),
        float(drawn.mean()),
        float(np.sum(shares * np.log(1 / shares))),
        float(confident.mean()),
    )


_shared_classifier = cache(digit_classifier)
