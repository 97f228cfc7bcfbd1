"""Up-sampling and the convolution after it, computed as one operation.

Nearest up-sampling by 2 repeats every pixel four times, so a 5 x 5 window on the enlarged image sees only
3 x 3 different pixels. Adding up the taps that fall on the same pixel gives four 3 x 3 kernels, one for each
position inside a 2 x 2 block: the same result with 9/25 of the multiplications.

`UpsampleConv2D` is a layer for networks of your own; `fused_upsampling` does the same to a finished model.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gan_course.graphs import all_nodes, has_graph, nodes, producer


def upsample_conv(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return what `UpSampling2D(2)` and then a "same" convolution with `kernel` return, without enlarging first.

    Args:
        x: Feature maps `(n, height, width, c)`.
        kernel: `(rows, columns, c, filters)` with odd numbers of rows and columns.

    Returns:
        Feature maps `(n, 2 * height, 2 * width, filters)`, equal to the two layers' within rounding.

    Example:
        >>> import tensorflow as tf
        >>> from gan_course.layers import upsample_conv
        >>> upsample_conv(tf.ones((1, 7, 7, 3)), tf.ones((5, 5, 3, 2))).shape
        TensorShape([1, 14, 14, 2])
    """
    kernel = tf.convert_to_tensor(kernel)
    rows, columns, channels, filters = kernel.shape
    taps = np.einsum("pak,qbl->abpqkl", _phases(rows), _phases(columns))
    height, width = taps.shape[:2]
    small = tf.constant(taps.reshape(-1, rows * columns), kernel.dtype) @ tf.reshape(kernel, (rows * columns, -1))
    small = tf.transpose(tf.reshape(small, (height, width, 4, channels, filters)), (0, 1, 3, 2, 4))
    small = tf.reshape(small, (height, width, channels, 4 * filters))
    return tf.nn.depth_to_space(tf.nn.conv2d(x, small, 1, "SAME"), 2)


def _phases(size: int) -> np.ndarray:
    """Entry [p, a, k] is 1 where tap k, for output pixel 2 i + p, reads input pixel i + a - reach."""
    reach = (size // 2 + 1) // 2
    phases = np.zeros((2, 2 * reach + 1, size))
    for p in range(2):
        for k in range(size):
            phases[p, (p + k - size // 2) // 2 + reach, k] = 1
    return phases


@keras.saving.register_keras_serializable("gan_course")
class UpsampleConv2D(keras.layers.Conv2D):
    """Nearest up-sampling by 2 and the "same" convolution after it, as one layer.

    It has the weights of a `Conv2D` (`kernel`, `bias`), so those of a trained `UpSampling2D`, `Conv2D` pair can be
    copied into it, and it computes the same within rounding.

    Args:
        filters: How many feature maps come out.
        kernel_size: Rows and columns of the kernel, odd: a number or two, such as 5 or (3, 5).
        padding: "same", the only one there is.
        **kwargs: Keras's own settings of a `Conv2D`, such as `activation`, `use_bias`, `dtype`.

    Input: feature maps `(n, height, width, channels)`. Output: `(n, 2 * height, 2 * width, filters)`.

    Raises:
        ValueError: If a side of the kernel is even, if `data_format` is "channels_first", or if strides,
            dilation, groups or padding are not those of a plain "same" convolution.

    Source: up-sampling before a convolution is the resize-convolution of Odena, Dumoulin and Olah (2016,
        https://doi.org/10.23915/distill.00003). That four small kernels and a shuffle of pixels compute it is
        arithmetic; the shuffle is that of sub-pixel convolution (Shi et al., 2016,
        https://arxiv.org/abs/1609.05158), whose four kernels are free where these share the taps of one.

    Example:
        >>> import keras
        >>> from gan_course.layers import UpsampleConv2D
        >>> model = keras.Sequential([keras.Input((7, 7, 128)), UpsampleConv2D(64, 5, activation="relu")])
        >>> model.output_shape, model.count_params()
        ((None, 14, 14, 64), 204864)
    """

    def __init__(
        self, filters: int, kernel_size: int | tuple[int, int], padding: str = "same", **kwargs: Any
    ) -> None:
        """Refuse what cannot be fused."""
        super().__init__(filters, kernel_size, padding=padding, **kwargs)
        if not all(size % 2 for size in self.kernel_size):
            raise ValueError(f"the kernel_size is {self.kernel_size}; UpsampleConv2D expects odd sizes, such as 5")
        if self.data_format != "channels_last":
            raise ValueError(f"the data_format is {self.data_format!r}; UpsampleConv2D expects 'channels_last'")
        if not _is_plain(self):
            raise ValueError(
                "UpsampleConv2D convolves with padding 'same' and without strides, dilation or groups; "
                "for anything else use UpSampling2D and Conv2D"
            )

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Return what `Conv2D` adds the bias to."""
        return upsample_conv(inputs, kernel)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return `(n, 2 * height, 2 * width, filters)`, with `None` where the input has it."""
        n, *sides, _ = input_shape
        return n, *(side and 2 * side for side in sides), self.filters


@contextmanager
def fused_upsampling(model: keras.Model) -> Iterator[int]:
    """Let `model`, while it is called inside this block, compute `UpSampling2D` and `Conv2D` as one operation.

    The variables are the model's own, and the model is as it was when the block ends. In a model without a graph,
    in mixed precision, or where a layer computes in several places, there is nothing to fuse.

    Args:
        model: A Keras model.

    Yields:
        How many pairs were found: `UpSampling2D` by 2 with nearest interpolation whose only reader is a `Conv2D`
        with an odd kernel, stride 1 and padding "same".

    Example:
        >>> from gan_course.layers import fused_upsampling
        >>> from gan_course.models import mnist_generator
        >>> with fused_upsampling(mnist_generator()) as pairs:
        ...     print(pairs)
        2
    """
    pairs = [(up, conv) for up, conv in _pairs(model) if _is_doubling(up) and _is_fusible(conv)]
    for up, conv in pairs:
        up.call = lambda x: x
        conv.convolution_op = upsample_conv
    try:
        yield len(pairs)
    finally:
        for up, conv in pairs:
            del up.call, conv.convolution_op


def _pairs(model: keras.Model) -> Iterator[tuple[Any, Any]]:
    """Every layer whose output only one other layer reads, with that reader; each has one place in the model."""
    if not has_graph(model):
        return
    operations = [node.operation for node in all_nodes(model)]
    inside = (layer for each in operations if isinstance(each, keras.Layer) for layer in each._flatten_layers())
    calls = Counter(map(id, inside))
    given = [producer(tensor) for tensor in model.outputs]
    readers: dict[int, list[Any]] = {}
    own = [*nodes(model)]
    for node in own:
        for parent in node.parent_nodes:
            readers.setdefault(id(parent), []).append(node.operation)
    for node in own:
        found = readers.get(id(node), [])
        if len(found) == 1 and node not in given and calls[id(node.operation)] == calls[id(found[0])] == 1:
            yield node.operation, found[0]


def _is_fusible(layer: Any) -> bool:
    return (
        _is_exactly(layer, keras.layers.Conv2D)
        and all(size % 2 for size in layer.kernel_size)
        and _is_plain(layer)
    )


def _is_exactly(layer: Any, kind: type[keras.Layer]) -> bool:
    """Whether a layer is Keras's own, computes in single precision, and nobody has changed how."""
    return (
        type(layer) is kind
        and layer.dtype_policy.name == "float32"
        and not {"call", "convolution_op"} & {*vars(layer)}
    )


def _is_plain(conv: keras.layers.Conv2D) -> bool:
    return conv.strides == conv.dilation_rate == (1, 1) and (
        conv.padding,
        conv.groups,
        conv.data_format,
    ) == ("same", 1, "channels_last")


def _is_doubling(layer: Any) -> bool:
    return (
        _is_exactly(layer, keras.layers.UpSampling2D)
        and layer.activity_regularizer is None
        and (layer.size, layer.interpolation, layer.data_format) == ((2, 2), "nearest", "channels_last")
    )
