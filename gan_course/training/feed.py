"""The real images as batches, in an order that a training can take up again at any step."""

import hashlib
from typing import Any

import numpy as np
import tensorflow as tf

from gan_course.training.checks import checked_array, checked_dataset

ANOTHER_DATASET = (
    "the dataset does not start with the batch that the training in this folder started with: it holds other "
    "images, shuffles without a seed, or was read before; make it again, in the same way, before each fit"
)


class ArrayFeed:
    """Batches of an array; which images a step gets depends on the seed and the number of the step only.

    Each pass over the images has its own order. What is left after the last whole batch of a pass is left out.

    Args:
        images: Array `(n, height, width, channels)`, float32, values in [-1, 1].
        batch_size: How many images a batch holds.
        shuffle: Draw the order of each pass, or keep that of the array.
    """

    def __init__(self, images: np.ndarray, batch_size: int, shuffle: bool = True) -> None:
        """Keep the settings."""
        self.images, self.batch_size, self.shuffle = images, batch_size, shuffle
        self.steps = len(images) // batch_size

    def facts(self) -> dict[str, Any]:
        """Return what must stay the same for a training to go on."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images)).hexdigest()
        return {
            "given as": "array",
            "shape": self.images.shape,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "sha256": digest,
        }

    def batches(self, seed: int, start: int) -> tf.data.Dataset:
        """Return the batches from step `start` on, without end."""
        with tf.device("CPU"):
            images = tf.constant(self.images)

        def order(epoch: tf.Tensor) -> tf.data.Dataset:
            indices = tf.range(len(self.images))
            if self.shuffle:
                indices = tf.random.experimental.stateless_shuffle(indices, (tf.constant(seed, tf.int64), epoch))
            return tf.data.Dataset.from_tensor_slices(indices).batch(self.batch_size, drop_remainder=True)

        indices = tf.data.Dataset.counter(start // self.steps).flat_map(order).skip(start % self.steps)
        return indices.map(lambda batch: tf.gather(images, batch)).prefetch(2)


class DatasetFeed:
    """Batches of a `tf.data.Dataset`, taken up by reading and dropping those that were trained on.

    The dataset must give the same batches in the same order each time it is made: `shuffle` with a seed, no
    random augmentation without one. A hash of its first batch tells when it does not.

    Args:
        dataset: Batches of images `(n, height, width, channels)`.
    """

    def __init__(self, dataset: tf.data.Dataset) -> None:
        """Keep the dataset."""
        self.dataset = dataset
        length = int(dataset.cardinality())
        self.steps = length if length > 0 else None
        self._facts = {"given as": "dataset", "shape": dataset.element_spec.shape.as_list(), "batches": length}

    def facts(self) -> dict[str, Any]:
        """Return what must stay the same for a training to go on; `first` is added when a batch is read."""
        return self._facts

    def batches(self, seed: int, start: int) -> tf.data.Dataset:
        """Return the batches from step `start` on, without end."""

        def look(index: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
            def at_first() -> tf.Tensor:
                return tf.numpy_function(self._compare, [batch], tf.bool)

            with tf.control_dependencies([tf.cond(index == 0, at_first, lambda: True)]):
                return tf.identity(batch)

        return self.dataset.repeat().enumerate().map(look).skip(start)

    def _compare(self, batch: np.ndarray) -> bool:
        digest = hashlib.sha256(np.ascontiguousarray(batch)).hexdigest()
        if self._facts.setdefault("first", digest) != digest:
            raise ValueError(ANOTHER_DATASET)
        return True


def make_feed(settings: dict[str, Any], shape: tuple[int, ...]) -> ArrayFeed | DatasetFeed:
    """Return the batches that the arguments of `fit` stand for, and leave in them what Keras is to be told.

    Args:
        settings: The arguments by name; `x` are images or a dataset of them.
        shape: That of an image, `(height, width, channels)`.

    Raises:
        ValueError: If there is nothing to do, or the images cannot be trained on.
    """
    for name in ("epochs", "steps_per_epoch", "batch_size"):
        if settings.get(name) is not None and settings[name] < 1:
            raise ValueError(f"{name} is {settings[name]}; expected at least 1")
    x, shuffle = settings["x"], settings.pop("shuffle", True)
    settings["shuffle"] = False  # Keras gets a dataset
    if isinstance(x, tf.data.Dataset):
        if x.cardinality() == tf.data.INFINITE_CARDINALITY and not settings.get("steps_per_epoch"):
            raise ValueError("the dataset repeats for ever; say steps_per_epoch=... as well")
        return DatasetFeed(checked_dataset(x, shape))
    settings.pop("y", None)
    x, batch_size = checked_array(x, shape), settings.pop("batch_size", None) or 32
    if batch_size > len(x):
        raise ValueError(f"batch_size is {batch_size} and there are only {len(x)} images; make it smaller")
    return ArrayFeed(x, batch_size, bool(shuffle))
