"""Up-sampling and the convolution after it, computed as one operation.

Nearest up-sampling by 2 repeats every pixel four times, so a 5 x 5 window on the enlarged image sees only
3 x 3 different pixels. Adding up the taps that fall on the same pixel gives four 3 x 3 kernels, one for each
position inside a 2 x 2 block: the same result with 9/25 of the multiplications, or 9/16 for a 4 x 4 window.

`UpsampleConv2D` is a layer for networks of your own; `fused_upsampling` does the same to a finished model.
`MinibatchStdDev` is a layer for discriminators.
"""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gan_course.graphs import Node, all_nodes, has_graph, nodes, producer

MOST_WEIGHTS = 16_384  # for each pixel; with more it takes longer to add up the taps than is saved


def upsample_conv(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return what `UpSampling2D(2)` and then a "same" convolution with `kernel` return, without enlarging first.

    Args:
        x: Feature maps `(n, height, width, c)`.
        kernel: `(rows, columns, c, filters)`.

    Returns:
        Feature maps `(n, 2 * height, 2 * width, filters)`, equal to the two layers' within rounding.

    Example:
        >>> import tensorflow as tf
        >>> from gan_course.layers import upsample_conv
        >>> upsample_conv(tf.ones((1, 7, 7, 3)), tf.ones((5, 5, 3, 2))).shape
        TensorShape([1, 14, 14, 2])
    """
    kernel = tf.convert_to_tensor(kernel)
    return _with_small_kernels(x, kernel, [(size - 1) // 2 for size in kernel.shape[:2]])


def upsample_conv_transpose(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return what `UpSampling2D(2)` and then a "same" transposed convolution with stride 1 return.

    With stride 1 a transposed convolution is a convolution with the kernel turned by 180 degrees (Dumoulin and
    Visin, 2016, https://arxiv.org/abs/1603.07285, section 4.1); an even kernel reaches farther to the other side.

    Args:
        x: Feature maps `(n, height, width, c)`.
        kernel: `(rows, columns, filters, c)`, as `Conv2DTranspose` keeps it.

    Returns:
        Feature maps `(n, 2 * height, 2 * width, filters)`, equal to the two layers' within rounding.

    Example:
        >>> import tensorflow as tf
        >>> from gan_course.layers import upsample_conv_transpose
        >>> upsample_conv_transpose(tf.ones((1, 7, 7, 3)), tf.ones((4, 4, 2, 3))).shape
        TensorShape([1, 14, 14, 2])
    """
    turned = tf.transpose(tf.convert_to_tensor(kernel)[::-1, ::-1], (0, 1, 3, 2))
    return _with_small_kernels(x, turned, [size // 2 for size in turned.shape[:2]])


def _with_small_kernels(x: tf.Tensor, kernel: tf.Tensor, before: list[int]) -> tf.Tensor:
    """Convolve enlarged maps with a kernel that reaches `before` rows and columns back from each pixel."""
    rows, columns, channels, filters = kernel.shape
    (down, *vertical), (across, *horizontal) = map(_phases, (rows, columns), before)
    taps = np.einsum("pak,qbl->abpqkl", down, across)
    height, width = taps.shape[:2]
    small = tf.constant(taps.reshape(-1, rows * columns), kernel.dtype) @ tf.reshape(kernel, (rows * columns, -1))
    small = tf.transpose(tf.reshape(small, (height, width, 4, channels, filters)), (0, 1, 3, 2, 4))
    small = tf.reshape(small, (height, width, channels, 4 * filters))
    is_same = [vertical[0], horizontal[0]] == [(size - 1) // 2 for size in (height, width)]
    padding = "SAME" if is_same else [[0, 0], vertical, horizontal, [0, 0]]
    return tf.nn.depth_to_space(tf.nn.conv2d(x, small, 1, padding), 2)


def _phases(size: int, before: int) -> tuple[np.ndarray, int, int]:
    """Return which tap reads which pixel, and how many pixels lie before and behind.

    Entry [p, a, k] is 1 where tap k, for output pixel 2 i + p, reads input pixel i + a - (pixels before).
    """
    low, high = (before + 1) // 2, (size - before) // 2
    phases = np.zeros((2, low + high + 1, size))
    for p in range(2):
        for k in range(size):
            phases[p, (p + k - before) // 2 + low, k] = 1
    return phases, low, high


@keras.saving.register_keras_serializable("gan_course")
class UpsampleConv2D(keras.layers.Conv2D):
    """Nearest up-sampling by 2 and the "same" convolution after it, as one layer.

    It has the weights of a `Conv2D` (`kernel`, `bias`), so those of a trained `UpSampling2D`, `Conv2D` pair can be
    copied into it, and it computes the same within rounding.

    Args:
        filters: How many feature maps come out.
        kernel_size: Rows and columns of the kernel: a number or two, such as 5 or (3, 5).
        padding: "same", the only one there is.
        **kwargs: Keras's own settings of a `Conv2D`, such as `activation`, `use_bias`, `dtype`.

    Input: feature maps `(n, height, width, channels)`. Output: `(n, 2 * height, 2 * width, filters)`.

    Raises:
        ValueError: If `data_format` is "channels_first", or if strides, dilation, groups or padding are not those
            of a plain "same" convolution.

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


@keras.saving.register_keras_serializable("gan_course")
class MinibatchStdDev(keras.layers.Layer):
    """Adds a feature map that tells a discriminator how much the images of its batch differ.

    The standard deviation of each value over the batch, averaged over all values: one number, the same at each
    place of each image (Karras et al., 2018, https://arxiv.org/abs/1710.10196, section 3). Fakes that are all
    alike have a small one, so a generator that has collapsed is found out. The answer for an image then depends
    on the others.

    Example:
        >>> import numpy as np
        >>> from gan_course.layers import MinibatchStdDev
        >>> batch = np.zeros((4, 2, 2, 3))
        >>> batch[2:] = 2  # two images are black, two are white: every value is 1 from its mean
        >>> told = MinibatchStdDev()(batch)
        >>> told.shape, round(float(told[0, 0, 0, 3]), 3)
        (TensorShape([4, 2, 2, 4]), 1.0)
    """

    def call(self, inputs: Any) -> Any:
        """Return the feature maps `(n, height, width, c)` with one more."""
        spread = keras.ops.sqrt(keras.ops.var(inputs, axis=0) + 1e-8)
        told = keras.ops.ones_like(inputs[..., :1]) * keras.ops.mean(spread)
        return keras.ops.concatenate([inputs, told], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape with one more feature map."""
        return (*input_shape[:-1], input_shape[-1] + 1)


@contextmanager
def fused_upsampling(model: keras.Model) -> Iterator[int]:
    """Let `model`, while it is called inside this block, compute up-sampling and convolution as one operation.

    The variables are the model's own, and the model is as it was when the block ends. In a model without a graph,
    in mixed precision, or where a layer computes in several places, there is nothing to fuse.

    Args:
        model: A Keras model.

    Yields:
        How many pairs were found: `UpSampling2D` by 2 with nearest interpolation whose only reader is a `Conv2D`
        or a `Conv2DTranspose` with stride 1 and padding "same", where one operation is not slower than two.

    Example:
        >>> from gan_course.layers import fused_upsampling
        >>> from gan_course.models import mnist_generator
        >>> with fused_upsampling(mnist_generator()) as pairs:
        ...     print(pairs)
        2
    """
    pairs = [
        (up.operation, conv)
        for up, conv in _pairs(model)
        if _is_doubling(up.operation) and _is_fusible(conv) and _pays(conv, up.input_tensors[0].shape)
    ]
    for up, conv in pairs:
        up.call = lambda x: x
        if isinstance(conv, keras.layers.Conv2DTranspose):
            conv.call = partial(_call_transposed, conv)
        else:
            conv.convolution_op = upsample_conv
    try:
        yield len(pairs)
    finally:
        for up, conv in pairs:
            del up.call
            for name in ("call", "convolution_op"):
                vars(conv).pop(name, None)


def _call_transposed(layer: keras.layers.Conv2DTranspose, x: tf.Tensor) -> tf.Tensor:
    x = upsample_conv_transpose(x, layer.kernel)
    x = x + layer.bias if layer.use_bias else x
    return x if layer.activation is None else layer.activation(x)


def _pairs(model: keras.Model) -> Iterator[tuple[Node, Any]]:
    """Every node whose output only one layer reads, with that reader; both layers have one place in the model."""
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
            yield node, found[0]


def _is_fusible(layer: Any) -> bool:
    if _is_exactly(layer, keras.layers.Conv2D):
        return _is_plain(layer)
    return _is_exactly(layer, keras.layers.Conv2DTranspose) and not layer.output_padding and _is_plain(layer)


def _pays(conv: Any, shape: tuple[int | None, ...]) -> bool:
    """Whether one operation is not slower, as measured on two cores for maps `(n, height, width, c)`, n = 16."""
    _, height, width, channels = shape
    if height and width and math.prod(conv.kernel.shape) > MOST_WEIGHTS * height * width:
        return False
    is_large, is_odd = min(conv.kernel_size) >= 4, all(size % 2 for size in conv.kernel_size)
    return is_large or 4 * conv.filters <= channels or (is_odd and type(conv) is keras.layers.Conv2D)


def _is_exactly(layer: Any, kind: type[keras.Layer]) -> bool:
    """Whether a layer is Keras's own, computes in single precision, and nobody has changed how."""
    return (
        type(layer) is kind
        and layer.dtype_policy.name == "float32"
        and not {"call", "convolution_op"} & {*vars(layer)}
    )


def _is_plain(conv: keras.layers.Conv2D | keras.layers.Conv2DTranspose) -> bool:
    return conv.strides == conv.dilation_rate == (1, 1) and (
        conv.padding,
        getattr(conv, "groups", 1),
        conv.data_format,
    ) == ("same", 1, "channels_last")


def _is_doubling(layer: Any) -> bool:
    return (
        _is_exactly(layer, keras.layers.UpSampling2D)
        and layer.activity_regularizer is None
        and (layer.size, layer.interpolation, layer.data_format) == ((2, 2), "nearest", "channels_last")
    )
