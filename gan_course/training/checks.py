"""What `GAN` refuses, in words: networks that do not fit each other and images that do not fit them."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

OUT_OF_RANGE = (
    "expected every pixel in [-1, 1], the range that tanh draws in, and found values outside it or NaN; "
    "pass pictures of 0 to 255 through gan_course.datasets.scale first"
)


def check_networks(generator: keras.Model, discriminator: keras.Model) -> None:
    """Raise a `ValueError` if the two networks do not fit each other."""
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(network, keras.Model):
            raise ValueError(f"the {name} is a {type(network).__name__}; expected a Keras model")
        if not network.built:
            raise ValueError(f"the {name} has no weights yet; start it with keras.Input(...)")
        if not network.trainable_variables:
            raise ValueError(f"the {name} has nothing to train; set its `trainable` back to True")
    drawn, judged = generator.output_shape[1:], discriminator.input_shape[1:]
    if drawn != judged:
        raise ValueError(f"the generator draws images of shape {drawn}, the discriminator takes {judged}")
    if discriminator.output_shape[1:] != (1,):
        raise ValueError(
            f"the discriminator returns shape {discriminator.output_shape[1:]} for each image; expected (1,)"
        )
    if getattr(discriminator.layers[-1], "activation", None) is keras.activations.linear:
        raise ValueError("the discriminator ends without an activation; end it with activation='sigmoid'")


def check_augmentation(augmentation: keras.Layer, shape: tuple[int, ...]) -> None:
    """Raise a `ValueError` if images of `shape` cannot go through, or a gradient cannot come back."""
    if not isinstance(augmentation, keras.Layer):
        raise ValueError(f"the augmentation is a {type(augmentation).__name__}; expected a Keras layer or model")
    changed = augmentation(keras.Input(shape)).shape[1:]
    if changed != shape:
        raise ValueError(f"the augmentation turns images of shape {shape} into {changed}; expected the same shape")
    if augmentation.trainable_variables:
        raise ValueError("the augmentation has weights to train; expected random layers such as RandomTranslation")

    def slopes(images: tf.Tensor) -> tf.Tensor:
        return tf.gradients(augmentation(images, training=True), images)[0]

    graph = tf.function(slopes).get_concrete_function(tf.TensorSpec((None, *shape)))  # traced, never run
    if graph.structured_outputs is None:
        raise ValueError(
            "the augmentation lets no gradient through, so the generator could learn nothing; leave out layers "
            "that round the colours, such as RandomPosterization"
        )


def checked_array(x: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return the images as float32, or raise a `ValueError` if they are not of `shape` and in [-1, 1]."""
    x = np.asarray(x)
    if x.shape[1:] != shape or not len(x):
        raise ValueError(f"the images have shape {x.shape}; expected (n, {', '.join(map(str, shape))}), n >= 1")
    if not np.issubdtype(x.dtype, np.number) or not (x.min() >= -1 and x.max() <= 1):
        raise ValueError(OUT_OF_RANGE)
    return x.astype("float32", copy=False)


def checked_dataset(x: tf.data.Dataset, shape: tuple[int, ...]) -> tf.data.Dataset:
    """Return the batches of images of a dataset, each of which is checked when it is read.

    Raises a `ValueError` at once if the dataset holds no batches of `shape`.
    """
    images = x.element_spec[0] if isinstance(x.element_spec, tuple) else x.element_spec
    if len(images.shape) != len(shape) + 1 or not images.shape[1:].is_compatible_with(shape):
        raise ValueError(
            f"the dataset gives shape {tuple(images.shape)}; expected batches (n, {', '.join(map(str, shape))})"
        )
    if x.cardinality() == 0:
        raise ValueError("the dataset holds no batch: it is empty, or the batch is larger than the data")

    def check(first: tf.Tensor, *rest: Any) -> tf.Tensor:
        first = tf.cast(first, tf.float32)
        with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(tf.abs(first) <= 1), [OUT_OF_RANGE])]):
            return tf.identity(first)

    return x.map(check)
