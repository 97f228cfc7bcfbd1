"""What a discriminator answers: probabilities or logits, told by its graph, and the logits either way."""

from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from gan_course.graphs import has_graph, producer

_RESHAPING = (layers.Flatten, layers.Reshape, layers.Permute, layers.Identity)
_LARGEST = (layers.MaxPooling2D, layers.GlobalMaxPooling2D)
_MEANS = (layers.AveragePooling2D, layers.GlobalAveragePooling2D)
_UNBOUNDED = (layers.Dense, layers.Conv2D, layers.Conv2DTranspose, layers.DepthwiseConv2D, layers.SeparableConv2D)
_SIGMOIDS = (keras.activations.sigmoid, keras.ops.sigmoid, keras.ops.nn.sigmoid, tf.sigmoid)
_RESHAPING_OPERATIONS = ("Reshape", "Squeeze", "ExpandDims", "Transpose", "Ravel")
_KEPT_BY_TENSORFLOW = ("Identity", "Reshape", "Squeeze", "ExpandDims")


def answers_with(discriminator: keras.Model) -> str:
    """Return what the last operation that changes numbers gives, found in the graph.

    Args:
        discriminator: Any Keras model.

    Returns:
        `"probabilities"` if it is a sigmoid, `"logits"` if it is a dense or convolution layer without an
        activation, each perhaps followed by layers that only reshape or pool; else how the network ends, such as
        `"LeakyReLU"`, which leaves the question open.

    Example:
        >>> from gan_course.models import mnist_discriminator
        >>> from gan_course.training.answers import answers_with
        >>> answers_with(mnist_discriminator())
        'probabilities'
    """
    if not has_graph(discriminator):
        return f"a call of its own ({type(discriminator).__name__})"
    operation = last_operation(discriminator)
    if _is_sigmoid(operation):
        return "probabilities"
    activation = getattr(operation, "activation", None)
    if type(operation) in _UNBOUNDED and activation is keras.activations.linear:
        return "logits"
    name = getattr(activation, "__name__", "linear")
    return type(operation).__name__ + (f" with activation {name}" if name != "linear" else "")


def last_operation(network: keras.Model) -> Any:
    """Return the last layer or operation of a network with a graph that does more than reshape or pool."""
    *_, node = _ending(network)
    return last_operation(node.operation) if _is_opened(node.operation) else node.operation


class Judge:
    """A discriminator and how its answers are read.

    Args:
        discriminator: From images `(n, height, width, channels)`, and conditions, to answers `(n, ...)`.
        from_logits: Whether the answers are logits; else they are probabilities.
    """

    def __init__(self, discriminator: keras.Model, from_logits: bool) -> None:
        """Prepare a network that stops before the sigmoid, where one is followed by other layers."""
        self.discriminator, self.from_logits = discriminator, from_logits
        behind = not from_logits and answers_with(discriminator) == "probabilities"
        self.asked = (
            _before_sigmoid(discriminator) if behind and not _ends_at_once(discriminator) else discriminator
        )

    def logits(self, images: Any, condition: Any = None, training: bool = True) -> tf.Tensor:
        """Return the logits `(n, ...)`, float32, of images `(n, height, width, channels)`.

        What the networks are told beside each image, if anything, is the condition.

        Where the network answers with a probability they are what goes into its sigmoid, so that their slope
        does not vanish where the probability is rounded to 0 or 1. Keras's own losses take them from there too.
        """
        found = self.asked(images if condition is None else [images, condition], training=training)
        if self.asked is self.discriminator and not self.from_logits:
            found = logits_behind(found)
        return tf.cast(found, tf.float32)


def logits_behind(probabilities: tf.Tensor) -> tf.Tensor:
    """Return the logits of probabilities: what went into the sigmoid where that is known, else by the formula."""
    logits = getattr(probabilities, "_keras_logits", None)
    if logits is not None:
        return logits
    operation = None if tf.executing_eagerly() else probabilities.op
    while operation is not None and operation.type in _KEPT_BY_TENSORFLOW:
        operation = operation.inputs[0].op
    if operation is not None and operation.type == "Sigmoid":
        return tf.reshape(operation.inputs[0], tf.shape(probabilities))
    tiny, nearly = 1e-37, 1 - keras.config.epsilon()  # small numbers are exact, those close to 1 are not
    return tf.math.log(tf.maximum(probabilities, tiny)) - tf.math.log1p(-tf.minimum(probabilities, nearly))


class _Logits(layers.Layer):
    """A layer without its sigmoid, over the same weights."""

    def __init__(self, layer: keras.Layer) -> None:
        super().__init__(dtype=layer.dtype_policy)
        self.layer = layer

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return logits_behind(self.layer(x))


class _MeanOfProbabilities(layers.Layer):
    """From logits to the logit of their probabilities' mean, as a pooling layer takes it."""

    def __init__(self, pooling: keras.Layer) -> None:
        super().__init__(dtype="float32")
        self.pooling = pooling

    def call(self, logits: tf.Tensor) -> tf.Tensor:
        return self._log_of_mean(tf.math.log_sigmoid(logits)) - self._log_of_mean(tf.math.log_sigmoid(-logits))

    def _log_of_mean(self, logs: tf.Tensor) -> tf.Tensor:
        largest = tf.stop_gradient(tf.reduce_max(logs, axis=list(range(1, logs.shape.rank)), keepdims=True))
        mean = self.pooling(tf.exp(logs - largest))
        return tf.math.log(tf.maximum(mean, 1e-30)) + tf.reshape(largest, (-1, *[1] * (mean.shape.rank - 1)))


def _before_sigmoid(network: keras.Model) -> keras.Model:
    """Return a network over the same layers that answers with logits."""
    *after, node = _ending(network)
    x, *more = node.input_tensors
    if has_graph(node.operation):
        x = _before_sigmoid(node.operation)([x, *more] if more else x)
    elif isinstance(node.operation, keras.Layer):
        x = _Logits(node.operation)(x)
    for pooling in reversed([node.operation for node in after]):
        x = _MeanOfProbabilities(pooling)(x) if type(pooling) in _MEANS else pooling(x)
    return keras.Model(network.inputs, x)


def _ending(network: keras.Model) -> Iterator[Any]:
    """Yield the last nodes of a network, from the end back to the first that does more than reshape or pool."""
    node = producer(network.outputs[0])
    while _only_moves(node.operation):
        yield node
        node = producer(node.input_tensors[0])
    yield node


def _ends_at_once(network: keras.Model) -> bool:
    node, *more = _ending(network)
    return not more and (_ends_at_once(node.operation) if _is_opened(node.operation) else True)


def _is_opened(operation: Any) -> bool:
    """Whether the end of a network inside is that of the whole; of several outputs nobody knows which is read."""
    return has_graph(operation) and len(operation.outputs) == 1


def _only_moves(operation: Any) -> bool:
    if isinstance(operation, keras.Layer):
        return type(operation) in (*_RESHAPING, *_LARGEST, *_MEANS)
    return _is_keras(operation) and type(operation).__name__ in _RESHAPING_OPERATIONS


def _is_sigmoid(operation: Any) -> bool:
    if isinstance(operation, keras.Layer):
        return _is_keras(operation) and getattr(operation, "activation", None) in _SIGMOIDS
    return _is_keras(operation) and type(operation).__name__ == "Sigmoid"


def _is_keras(operation: Any) -> bool:
    return type(operation).__module__.startswith("keras.")
