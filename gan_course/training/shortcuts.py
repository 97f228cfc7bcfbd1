"""Where a step may be computed faster: a list of what is proved, and all else goes the long way."""

import keras
import numpy as np
from keras import activations, layers

from gan_course.graphs import Node, all_nodes, has_graph
from gan_course.layers import UpsampleConv2D

EACH_IMAGE_ALONE = (
    layers.Activation,
    layers.Add,
    layers.AveragePooling2D,
    layers.Concatenate,
    layers.Conv2D,
    layers.Conv2DTranspose,
    layers.Cropping2D,
    layers.Dense,
    layers.DepthwiseConv2D,
    layers.Dot,
    layers.Dropout,
    layers.ELU,
    layers.Embedding,
    layers.Flatten,
    layers.GaussianNoise,
    layers.GlobalAveragePooling2D,
    layers.GlobalMaxPooling2D,
    layers.Identity,
    layers.InputLayer,
    layers.LeakyReLU,
    layers.MaxPooling2D,
    layers.PReLU,
    layers.ReLU,
    layers.Reshape,
    layers.SeparableConv2D,
    layers.SpatialDropout2D,
    layers.UpSampling2D,
    layers.ZeroPadding2D,
    UpsampleConv2D,
)
"""Keras's own layers, no subclasses, whose output for one image never depends on the others of its batch."""

OPERATIONS = ("Add", "Multiply", "OneHot", "Sum")
"""Operations of `keras.ops` of which the same holds, where no sum goes over the images."""

KNOWN_ACTIVATIONS = tuple(
    getattr(activations, name)
    for name in ("elu", "gelu", "leaky_relu", "linear", "relu", "selu", "sigmoid", "silu", "softplus", "tanh")
)


def judges_each_image_alone(discriminator: keras.Model) -> bool:
    """Return whether it is proved that no image's answer, one number, depends on the others of its batch.

    Then the slope of the generator's loss at each fake is that of the discriminator's loss times a factor that
    depends on the answer alone, and one pass back serves both. It holds in single precision only.

    Args:
        discriminator: Any Keras model.

    Example:
        >>> import keras
        >>> from gan_course.models import mnist_discriminator
        >>> from gan_course.training.shortcuts import judges_each_image_alone
        >>> judges_each_image_alone(mnist_discriminator())
        True
        >>> judges_each_image_alone(keras.Sequential([mnist_discriminator(), keras.layers.BatchNormalization()]))
        False
    """
    if not has_graph(discriminator) or tuple(discriminator.outputs[0].shape[1:]) != (1,):
        return False
    if any(layer.activity_regularizer for layer in discriminator._flatten_layers()):
        return False
    return all(map(_is_proved, all_nodes(discriminator)))


def _is_proved(node: Node) -> bool:
    operation = node.operation
    if not isinstance(operation, keras.Layer):
        return _keeps_images_apart(node)
    return (
        type(operation) in EACH_IMAGE_ALONE
        and getattr(operation, "activation", activations.linear) in KNOWN_ACTIVATIONS
        and not (type(operation) is layers.Concatenate and operation.axis == 0)
        and operation.dtype_policy.name == "float32"
        and not {"call", "convolution_op"} & {*vars(operation)}
    )


def _keeps_images_apart(node: Node) -> bool:
    """Whether an operation of `keras.ops` is on the list, and neither sums nor repeats along the batch."""
    operation = node.operation
    axes = np.atleast_1d(getattr(operation, "axis", None) or 0) if type(operation).__name__ == "Sum" else [1]
    is_listed = type(operation).__name__ in OPERATIONS and type(operation).__module__.startswith("keras.")
    return is_listed and min(axes) > 0 and len({len(each.shape) for each in node.input_tensors}) == 1
