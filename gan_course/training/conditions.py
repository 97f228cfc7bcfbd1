"""What a conditional GAN is told beside an image: labels, vectors or pictures."""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_course.datasets.pixels import ROUNDING, check_range
from gan_course.graphs import all_nodes

WRONG_LABELS = "the dataset gives labels that the networks do not know; expected whole numbers from 0 to {}"
WRONG_VALUES = "the dataset gives conditions that are NaN or infinite, or pictures outside [-1, 1]"


class Condition(NamedTuple):
    """What both networks of a GAN take beside a latent vector or an image.

    Attributes:
        shape: That of one condition: `()` or `(1,)` a label, `(k,)` a vector, `(height, width, channels)` a
            picture.
        kind: `"labels"`, `"vectors"` or `"pictures"`.
        classes: How many labels there are, where a network tells.
    """

    shape: tuple[int, ...]
    kind: str
    classes: int | None = None

    @property
    def dtype(self) -> str:
        """The type that the networks are given."""
        return "int32" if self.kind == "labels" else "float32"

    def examples(self, count: int) -> np.ndarray:
        """Return some conditions `(count, ...)` to try the networks with."""
        if self.kind == "labels":
            return np.resize(np.arange(self.classes or 1, dtype="int32"), (count, *self.shape))
        values = np.random.default_rng(0).uniform(-1, 1, (count, *self.shape))
        return values.astype("float32")

    def checked(self, found: Any, count: int | None = None) -> np.ndarray:
        """Return conditions as the networks take them.

        Args:
            found: Labels `(n,)`, vectors `(n, k)` or pictures `(n, height, width, channels)` in [-1, 1].
            count: How many images there are; None for as many as conditions.

        Raises:
            ValueError: If they are none, of another shape, number or range.
        """
        if found is None:
            raise ValueError(f"the networks take a condition beside each image, {self}; none was given")
        try:
            values = np.asarray(found)
        except ValueError:
            raise ValueError("the conditions differ in shape; expected them in one array") from None
        if self.kind == "labels" and values.ndim and values.shape[1:] in _OF_A_LABEL:
            values = values.reshape(len(values), *self.shape)
        if values.ndim == 0 or values.shape[1:] != self.shape or not len(values):
            raise ValueError(f"the conditions have shape {values.shape}; expected {self}")
        if count is not None and len(values) != count:
            raise ValueError(f"there are {count:,} images and {len(values):,} conditions; expected one for each")
        self._check_values(values)
        return values.astype(self.dtype, copy=False)

    def _check_values(self, values: np.ndarray) -> None:
        if self.kind == "pictures":
            check_range(values, "the pictures of the condition")
        elif self.kind == "vectors":
            if values.dtype.kind not in "fiu" or not np.isfinite(values).all():
                raise ValueError(f"the conditions are {values.dtype} or hold NaN; expected finite numbers")
        elif values.dtype.kind not in "iu":
            raise ValueError(f"the labels are {values.dtype}; expected whole numbers, such as those of load_mnist")
        elif values.min() < 0 or (self.classes and values.max() >= self.classes):
            raise ValueError(
                f"the labels go from {values.min()} to {values.max()}; expected 0 to {self._last}, as the "
                "networks know no others"
            )

    def check_spec(self, spec: Any) -> None:
        """Raise a `ValueError` if a dataset's second part cannot be conditions of this shape."""
        if not isinstance(spec, tf.TensorSpec):
            raise ValueError(
                f"the networks take a condition beside each image, {self}; the dataset gives images alone, so "
                "make it one of (images, conditions)"
            )
        shapes = _OF_A_LABEL if self.kind == "labels" else (self.shape,)
        if not (spec.shape.rank and any(spec.shape[1:].is_compatible_with(shape) for shape in shapes)):
            raise ValueError(f"the dataset gives conditions of shape {spec.shape}; expected {self}")
        if self.kind == "labels" and not spec.dtype.is_integer:
            raise ValueError(f"the dataset gives {spec.dtype.name} labels; expected whole numbers")

    def taken(self, batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return a batch of a dataset as the networks take it, and whether its values can be meant."""
        if self.kind == "labels":
            values = tf.reshape(tf.cast(batch, tf.int32), (-1, *self.shape))
            is_known = tf.reduce_all(values < self.classes) if self.classes else True
            return values, tf.logical_and(tf.reduce_all(values >= 0), is_known)
        values = tf.ensure_shape(tf.cast(batch, tf.float32), (None, *self.shape))
        limit = 1 + ROUNDING if self.kind == "pictures" else np.inf
        return values, tf.reduce_all(tf.math.is_finite(values) & (tf.abs(values) <= limit))

    @property
    def wrong(self) -> str:
        """What to tell somebody whose dataset gives values that cannot be meant."""
        return WRONG_LABELS.format(self._last) if self.kind == "labels" else WRONG_VALUES

    def __str__(self) -> str:
        """Return what is expected, in words."""
        if self.kind == "labels":
            return f"labels (n,), whole numbers from 0 to {self._last}"
        sides = ", ".join(map(str, self.shape))
        return f"vectors (n, {sides})" if self.kind == "vectors" else f"pictures (n, {sides}) in [-1, 1]"

    @property
    def _last(self) -> str:
        return str(self.classes - 1) if self.classes else "the last class"


_OF_A_LABEL = ((), (1,))


def find_condition(network: keras.Model, tensor: keras.KerasTensor) -> Condition:
    """Return what a network takes in one of its inputs, beside latent vectors or images.

    Args:
        network: One that `has_graph`.
        tensor: The input.

    Raises:
        ValueError: If it can be neither a label nor a vector nor a picture, or a side of it is not known.
    """
    shape = tuple(tensor.shape[1:])
    if shape in _OF_A_LABEL:
        known = [*filter(None, (_classes(node.operation) for node in all_nodes(network)))]
        if shape == () or known or "int" in tensor.dtype:
            return Condition(shape, "labels", min(known, default=None))
    if None in shape or len(shape) not in (1, 3):
        raise ValueError(
            f"the {network.name} takes a condition of shape {shape}; expected labels (), vectors (k,) or pictures "
            "(height, width, channels), each side a number"
        )
    return Condition(shape, "vectors" if len(shape) == 1 else "pictures")


def _classes(operation: Any) -> int | None:
    """How many labels a layer or operation tells apart."""
    if isinstance(operation, layers.Embedding):
        return operation.input_dim
    if isinstance(operation, layers.CategoryEncoding):
        return operation.num_tokens
    return operation.num_classes if type(operation).__name__ == "OneHot" else None
