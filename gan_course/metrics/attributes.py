"""Small networks that read what the course has drawn: bricks and faces."""

from functools import cache
from typing import Any

import keras
import numpy as np
from keras import layers

from gan_course.datasets.pixels import check_range
from gan_course.places import DATA
from gan_course.synthetic import ATTRIBUTES, BRICKS, TILTS

SIDE = 64  # pixels
FEATURES = 48


def brick_reader(trained: bool = True) -> keras.Model:
    """Return the reader of bricks: their kind, and how steeply one looks down on them.

    Args:
        trained: With the weights that come with the course; else with random ones.

    Returns:
        An uncompiled model from images `(n, 64, 64, 1)`, values in [-1, 1], to the dictionary that `read_bricks`
        returns. `data/make_attribute_readers.py` has trained it.

    Example:
        >>> from gan_course.metrics import brick_reader
        >>> brick_reader(trained=False).output["kind"].shape
        (None, 10)
    """
    return _reader("brick_reader", 1, {"kind": len(BRICKS)}, ("tilt",), trained)


def face_reader(trained: bool = True) -> keras.Model:
    """Return the reader of drawn faces: the class of each attribute in `gan_course.synthetic.ATTRIBUTES`.

    Args:
        trained: As in `brick_reader`.

    Returns:
        An uncompiled model from images `(n, 64, 64, 3)`, values in [-1, 1], to the dictionary that `read_faces`
        returns.

    Example:
        >>> from gan_course.metrics import face_reader
        >>> face_reader(trained=False).output["glasses"].shape
        (None, 4)
    """
    return _reader("face_reader", 3, {name: len(classes) for name, classes in ATTRIBUTES.items()}, (), trained)


def read_bricks(images: Any) -> dict[str, np.ndarray]:
    """Read bricks.

    Args:
        images: Float `(n, 64, 64, 1)`, values in [-1, 1].

    Returns:
        `"kind"`, the probabilities of the kinds in `gan_course.synthetic.BRICKS`, `(n, 10)`; `"tilt"`, how
        steeply one looks down in degrees, `(n,)`; `"features"`, `(n, 48)`, what the layer before them makes of
        the images, for `frechet_distance`.

    Raises:
        ValueError: If the images have another shape, leave [-1, 1] or hold NaN.

    Example:
        >>> from gan_course.datasets import scale
        >>> from gan_course.metrics import read_bricks
        >>> from gan_course.synthetic import BRICKS, draw_bricks
        >>> bricks, known = draw_bricks(200, seed=5)
        >>> found = read_bricks(scale(bricks))
        >>> bool((found["kind"].argmax(1) == known["kind"]).mean() > 0.85)
        True
    """
    found = _read(_shared_brick_reader(), images, "bricks")
    low, high = TILTS
    return {**found, "tilt": low + (high - low) * found["tilt"][:, 0]}


def read_faces(images: Any) -> dict[str, np.ndarray]:
    """Read drawn faces.

    Args:
        images: Float `(n, 64, 64, 3)`, values in [-1, 1].

    Returns:
        For each attribute the probabilities of its classes, `(n, classes)`; `"features"`, `(n, 48)`.

    Raises:
        ValueError: If the images have another shape, leave [-1, 1] or hold NaN.

    Example:
        >>> from gan_course.datasets import scale
        >>> from gan_course.metrics import read_faces
        >>> from gan_course.synthetic import draw_faces
        >>> faces, known = draw_faces(100, seed=5, size=64)
        >>> bool((read_faces(scale(faces))["glasses"].argmax(1) == known["glasses"]).mean() > 0.85)
        True
    """
    return _read(_shared_face_reader(), images, "faces")


def _read(reader: keras.Model, images: Any, what: str) -> dict[str, np.ndarray]:
    images = np.asarray(images)
    wanted = reader.input_shape[1:]
    if images.shape[1:] != wanted or not len(images):
        raise ValueError(
            f"found images of shape {images.shape}; only {what} {('n', *wanted)}, n >= 1, can be read".replace(
                "'", ""
            )
        )
    check_range(images, f"the {what}")
    return reader.predict(images, batch_size=500, verbose=0)


def _reader(
    name: str, channels: int, classes: dict[str, int], shares: tuple[str, ...], trained: bool
) -> keras.Model:
    """Return a network with an output of probabilities for each name, and one from 0 to 1 for each share."""
    start = "zeros" if trained else "glorot_uniform"  # zeros take nothing from the random state of a training
    x = pixels = keras.Input((SIDE, SIDE, channels))
    for filters, size in ((16, 5), (24, 3), (32, 3), (48, 3)):
        x = layers.Conv2D(filters, size, 2, "same", use_bias=False, kernel_initializer=start)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Flatten()(x)
    features = layers.Dense(FEATURES, activation="relu", kernel_initializer=start, name="features")(x)
    outputs = {"features": features}
    for each, count in classes.items():
        outputs[each] = layers.Dense(count, activation="softmax", kernel_initializer=start, name=each)(features)
    for each in shares:
        outputs[each] = layers.Dense(1, activation="sigmoid", kernel_initializer=start, name=each)(features)
    reader = keras.Model(pixels, outputs, name=name)
    if trained:
        with np.load(DATA / f"{name}.npz") as arrays:
            reader.set_weights([arrays[f"weight_{i:02d}"].astype("float32") for i in range(len(reader.weights))])
    return reader


_shared_brick_reader, _shared_face_reader = cache(brick_reader), cache(face_reader)
