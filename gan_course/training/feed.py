"""The real images as batches, in an order that a training can take up again at any step."""

import functools
import hashlib
import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from gan_course.datasets.pixels import EXPECTED_RANGE, ROUNDING, check_range
from gan_course.training.conditions import Condition

OUT_OF_RANGE = f"the dataset gives pixels outside [-1, 1] or NaN; {EXPECTED_RANGE}"
HALF_RANGE = (
    "the images lie in [0, 1], and a generator that ends in tanh draws in [-1, 1]; pass pictures of 0 to 255 "
    "through gan_course.datasets.scale, or make 2 * images - 1 of these"
)
OTHER_SHAPE = (
    "a batch of the dataset is empty or has images of another shape than the networks; resize them to one size"
)
ANOTHER_DATASET = (
    "the dataset does not start with the batch that the training in this folder started with: it holds other "
    "images, shuffles without a seed, or was read before; make it again, in the same way, before each fit"
)

OTHER_NUMBER = "a batch of the dataset has another number of conditions than of images; expected one for each"
OTHER_SIZES = (
    "the batches of the dataset differ in size, and a step takes several of them; make them with "
    "batch(..., drop_remainder=True)"
)


class ArrayFeed:
    """Batches of an array; which images a step gets depends on the seed and the number of the step only.

    Each pass over the images has its own order. What is left after the last whole batch of a pass is left out.

    Args:
        images: Array `(n, height, width, channels)`, float32, values in [-1, 1].
        batch_size: How many images a batch holds.
        shuffle: Draw the order of each pass, or keep that of the array.
        conditions: What goes with each image, `(n, ...)`; None for nothing.
        batches_a_step: How many batches a step gets, image after image of each in turn.
    """

    def __init__(
        self,
        images: np.ndarray,
        batch_size: int,
        shuffle: bool = True,
        conditions: np.ndarray | None = None,
        batches_a_step: int = 1,
    ) -> None:
        """Keep the settings."""
        self.parts = [images] if conditions is None else [images, conditions]
        self.batch_size, self.shuffle, self.batches_a_step = batch_size, shuffle, batches_a_step
        self.a_pass = len(images) // batch_size
        self.steps = max(1, self.a_pass // batches_a_step)

    def facts(self) -> dict[str, Any]:
        """Return what must stay the same for a training to go on."""
        images, *conditions = self.parts
        facts = {
            "given as": "array",
            "shape": images.shape,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "sha256": _digest(images),
        }
        return {**facts, "conditions": _digest(*conditions)} if conditions else facts

    def batches(self, seed: int, start: int) -> tf.data.Dataset:
        """Return the batches from step `start` on, without end."""
        with tf.device("CPU"):
            parts = [tf.constant(each) for each in self.parts]

        def order(epoch: tf.Tensor) -> tf.data.Dataset:
            indices = tf.range(len(self.parts[0]))
            if self.shuffle:
                indices = tf.random.experimental.stateless_shuffle(indices, (tf.constant(seed, tf.int64), epoch))
            return tf.data.Dataset.from_tensor_slices(indices).batch(self.batch_size, drop_remainder=True)

        first = start * self.batches_a_step
        indices = tf.data.Dataset.counter(first // self.a_pass).flat_map(order).skip(first % self.a_pass)
        if self.batches_a_step > 1:
            indices = indices.batch(self.batches_a_step).map(in_turn)
        return indices.map(lambda batch: _alone_or_pair([tf.gather(each, batch) for each in parts])).prefetch(2)


class DatasetFeed:
    """Batches of a `tf.data.Dataset`, taken up by reading and dropping those that were trained on.

    The dataset must give the same batches in the same order each time it is made: `shuffle` with a seed, no
    random augmentation without one. A hash of its first batch tells when it does not.

    Args:
        dataset: Batches of images `(n, height, width, channels)`, or pairs of them and their conditions.
        batches_a_step: How many batches a step gets, image after image of each in turn.
    """

    def __init__(self, dataset: tf.data.Dataset, batches_a_step: int = 1) -> None:
        """Keep the dataset."""
        self.dataset, self.batches_a_step = dataset, batches_a_step
        length, images = int(dataset.cardinality()), tf.nest.flatten(dataset.element_spec)[0]
        self.steps = max(1, length // batches_a_step) if length > 0 else None
        self._facts = {"given as": "dataset", "shape": images.shape.as_list(), "batches": length}

    def facts(self) -> dict[str, Any]:
        """Return what must stay the same for a training to go on; `first` is added when a batch is read."""
        return self._facts

    def batches(self, seed: int, start: int) -> tf.data.Dataset:
        """Return the batches from step `start` on, without end; the first of all is compared with the hash."""

        def look(index: tf.Tensor, batch: Any) -> Any:
            def at_first() -> tf.Tensor:
                return tf.numpy_function(self._compare, tf.nest.flatten(batch), tf.bool)

            with tf.control_dependencies([tf.cond(index == 0, at_first, lambda: True)]):
                return tf.nest.map_structure(tf.identity, batch)

        return self._grouped(self.dataset.repeat().enumerate().map(look)).skip(start)

    def as_it_is(self, again: bool) -> tf.data.Dataset:
        """Return the batches from the first one on, once or without end."""
        return self._grouped(self.dataset.repeat() if again else self.dataset)

    def _grouped(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        if self.batches_a_step == 1:
            return dataset
        grouped = dataset.batch(self.batches_a_step, drop_remainder=True)
        return grouped.map(lambda *parts: _alone_or_pair([*map(in_turn, parts)]))

    def _compare(self, *parts: np.ndarray) -> bool:
        digest = " ".join(map(_digest, parts))
        if self._facts.setdefault("first", digest) != digest:
            raise ValueError(ANOTHER_DATASET)
        return True


def in_turn(batches: tf.Tensor) -> tf.Tensor:
    """Return batches `(k, n, ...)` as one `(k * n, ...)` in which every k-th is of the same batch."""
    shape = tf.shape(batches)
    order = [1, 0, *range(2, batches.shape.rank)]
    return tf.reshape(tf.transpose(batches, order), tf.concat([[-1], shape[2:]], 0))


def _alone_or_pair(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else tuple(parts)


def _digest(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()


def make_feed(
    x: Any,
    y: Any,
    shape: tuple[int, ...],
    condition: Condition | None,
    batch_size: int | None,
    steps_per_epoch: int | None,
    shuffle: bool,
    batches_a_step: int = 1,
) -> ArrayFeed | DatasetFeed:
    """Return the batches that the arguments of `fit` stand for.

    Args:
        x: Images, or a dataset of them.
        y: Their conditions; a dataset has its own.
        shape: That of an image, `(height, width, channels)`.
        condition: What the networks take beside each image; None for nothing, and `y` is ignored.
        batch_size: How many images of an array a batch has; None for 32.
        steps_per_epoch: How many steps an epoch has; None for one pass.
        shuffle: Draw the order of the images of an array.
        batches_a_step: How many batches a step gets.

    Raises:
        ValueError: If the images, or their conditions, cannot be trained on.
    """
    if not isinstance(x, tf.data.Dataset):
        images, size = checked_array(x, shape), 32 if batch_size is None else batch_size
        conditions = condition and condition.checked(y, len(images))
        if size > len(images):
            raise ValueError(f"batch_size is {size} and there are only {len(images)} images; make it smaller")
        return ArrayFeed(images, size, shuffle, conditions, batches_a_step)
    if batch_size is not None:
        raise ValueError(f"batch_size is {batch_size}, and a dataset has batches already; leave batch_size out")
    if condition and y is not None:
        raise ValueError("a dataset has its conditions beside its images; leave the second argument of fit out")
    if x.cardinality() == tf.data.INFINITE_CARDINALITY and not steps_per_epoch:
        raise ValueError("the dataset repeats for ever; say steps_per_epoch=... as well")
    return DatasetFeed(checked_dataset(x, shape, condition), batches_a_step)


def checked_array(x: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return the images as float32 `(n, height, width, channels)`.

    Raises:
        ValueError: If they are no array, not of `shape`, or not in [-1, 1].
    """
    if isinstance(x, np.ma.MaskedArray) or not (hasattr(x, "__array__") or isinstance(x, list)):
        raise ValueError(f"the images are a {_named(x)}; expected an array or a tf.data.Dataset of images alone")
    try:
        images = np.asarray(x)
    except ValueError:
        raise ValueError("the images differ in size, so they are no array; resize them to one size") from None
    if images.shape[1:] != shape or not len(images):
        expected = ", ".join(map(str, shape))
        raise ValueError(f"the images have shape {images.shape}; expected (n, {expected}), n >= 1")
    if check_range(images).min() >= 0:
        warnings.warn(HALF_RANGE, stacklevel=4)
    return images.astype("float32", copy=False)


def checked_dataset(
    x: tf.data.Dataset, shape: tuple[int, ...], condition: Condition | None = None
) -> tf.data.Dataset:
    """Return the batches of images of a dataset, with their conditions; each is checked when it is read.

    Raises:
        ValueError: If the dataset holds no batches of `shape`, or no such conditions beside them.
    """
    images, *more = x.element_spec if isinstance(x.element_spec, tuple) else [x.element_spec]
    _check_spec(images, shape)
    if condition is not None:
        condition.check_spec(more[0] if more else None)
    if x.cardinality() == 0:
        raise ValueError("the dataset holds no batch: it is empty, or the batch is larger than the data")

    def check(index: tf.Tensor, batch: Any) -> Any:
        first, *more = batch if isinstance(batch, tuple) else [batch]
        first = tf.cast(first, tf.float32)
        fits = tf.debugging.Assert(_fits(first, shape), [OTHER_SHAPE])
        in_range = tf.debugging.Assert(tf.reduce_all(tf.abs(first) <= 1 + ROUNDING), [OUT_OF_RANGE])
        is_half = tf.logical_and(index == 0, tf.reduce_min(first) >= 0)
        warned = tf.cond(is_half, lambda: tf.numpy_function(warn_once, [], tf.bool), lambda: True)
        checked = [fits, in_range, warned]
        if condition is None:
            with tf.control_dependencies(checked):
                return tf.ensure_shape(first, (None, *shape))
        about, is_meant = condition.taken(more[0])
        checked.append(tf.debugging.Assert(is_meant, [condition.wrong]))
        checked.append(tf.debugging.Assert(tf.shape(about)[0] == tf.shape(first)[0], [OTHER_NUMBER]))
        with tf.control_dependencies(checked):
            return tf.ensure_shape(first, (None, *shape)), tf.identity(about)

    @functools.cache
    def warn_once() -> bool:
        warnings.warn(HALF_RANGE, stacklevel=2)
        return True

    return x.enumerate().map(check)


def _check_spec(images: Any, shape: tuple[int, ...]) -> None:
    expected = f"batches of images (n, {', '.join(map(str, shape))})"
    if not isinstance(images, tf.TensorSpec):
        found = f"a {_named(images)}, {list(images)}" if isinstance(images, dict) else f"a {_named(images)}"
        raise ValueError(f"the dataset gives {found}; expected {expected}, so map it to the images first")
    if images.shape.rank is None:
        raise ValueError(f"the dataset gives tensors of unknown shape; expected {expected}: use tf.ensure_shape")
    if images.shape.rank != len(shape) + 1 or not images.shape[1:].is_compatible_with(shape):
        raise ValueError(f"the dataset gives shape {tuple(images.shape)}; expected {expected}")
    if images.dtype.is_unsigned or not (images.dtype.is_floating or images.dtype.is_integer):
        raise ValueError(f"the dataset gives {images.dtype.name} pixels; {EXPECTED_RANGE}")


def _fits(images: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    return tf.logical_and(tf.reduce_all(tf.shape(images)[1:] == shape), tf.shape(images)[0] > 0)


def _named(found: Any) -> str:
    return type(found).__name__
