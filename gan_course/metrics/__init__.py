"""How good a generator is, in numbers."""

from gan_course.metrics.attributes import brick_reader, face_reader, read_bricks, read_faces
from gan_course.metrics.checkerboard import checkerboard_energy
from gan_course.metrics.digits import (
    CONFIDENT,
    PRESENT,
    RESAMPLES,
    DigitQuality,
    classify_digits,
    digit_classifier,
    digit_quality,
    digit_reference,
)
from gan_course.metrics.frechet import Gaussian, fit_gaussian, frechet_distance
from gan_course.metrics.nearest import nearest_images
from gan_course.metrics.translation import Closeness, closeness

__all__ = [
    "CONFIDENT",
    "PRESENT",
    "RESAMPLES",
    "Closeness",
    "DigitQuality",
    "Gaussian",
    "brick_reader",
    "checkerboard_energy",
    "classify_digits",
    "closeness",
    "digit_classifier",
    "digit_quality",
    "digit_reference",
    "face_reader",
    "fit_gaussian",
    "frechet_distance",
    "nearest_images",
    "read_bricks",
    "read_faces",
]
