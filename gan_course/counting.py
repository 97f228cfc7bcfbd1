"""The layers of the lessons' networks, with shapes and numbers of parameters, counted without building them."""

from collections.abc import Sequence
from typing import NamedTuple


class Layer(NamedTuple):
    """One line of the table: a layer, the shape of its output, its parameters, and how they are counted."""

    name: str
    shape: tuple[int, ...]
    parameters: int = 0
    sum: str = ""
    moving: int = 0


def generator_layers(
    latent_dim: int = 100, width: int = 128, depth: int = 2, kernel: int = 5, side: int = 28
) -> list[Layer]:
    """List the layers of a generator such as lesson 02's.

    Args:
        latent_dim: How many numbers a latent vector has.
        width: Feature maps of the smallest images; each up-sampling but the last one halves them.
        depth: How often the image is doubled.
        kernel: Side of the convolutions' kernels.
        side: Pixels of a side of the gray image at the end.

    Returns:
        A line for each layer, with the shape of one image's output.

    Raises:
        ValueError: If `side` or `width` cannot be halved that often.

    Example:
        >>> from gan_course.counting import generator_layers
        >>> sum(layer.parameters for layer in generator_layers())
        865281
    """
    if side % 2**depth:
        raise ValueError(
            f"a side of {side} pixels halved {depth} times is {side / 2**depth:g}; "
            "choose fewer doublings, or a side that can be halved so often, such as 32"
        )
    if width % 2 ** (depth - 1):
        raise ValueError(f"a width of {width} cannot be halved {depth - 1} times; choose a power of 2")
    start = side // 2**depth
    features = start * start * width
    layers = [
        _dense(latent_dim, features),
        Layer("LeakyReLU", (features,)),
        _normalization((features,)),
        Layer("Reshape", (start, start, width)),
    ]
    for i in range(depth):
        last, channels, edge = i == depth - 1, width >> i, start << (i + 1)
        filters = 1 if last else channels // 2
        layers.append(Layer("UpSampling2D", (edge, edge, channels)))
        layers.append(_convolution(kernel, channels, (edge, edge, filters)))
        if not last:
            layers += [_normalization((edge, edge, filters)), Layer("LeakyReLU", (edge, edge, filters))]
    return layers


def discriminator_layers(width: int = 64, depth: int = 2, kernel: int = 5, side: int = 28) -> list[Layer]:
    """List the layers of a discriminator such as lesson 03's.

    Args:
        width: Feature maps of the first convolution; each following one doubles them.
        depth: How many convolutions with stride 2 there are.
        kernel: Side of their kernels.
        side: Pixels of a side of the gray image.

    Returns:
        A line for each layer, with the shape of one image's output.

    Example:
        >>> from gan_course.counting import discriminator_layers
        >>> sum(layer.parameters for layer in discriminator_layers())
        212865
    """
    layers, channels = [], 1
    for i in range(depth):
        side = -(-side // 2)
        shape = (side, side, width << i)
        layers += [_convolution(kernel, channels, shape), Layer("LeakyReLU", shape), Layer("Dropout", shape)]
        channels = width << i
    features = side * side * channels
    return [*layers, Layer("Flatten", (features,)), _dense(features, 1)]


def _dense(inputs: int, outputs: int) -> Layer:
    return Layer("Dense", (outputs,), inputs * outputs + outputs, f"{inputs:,} · {outputs:,} + {outputs:,}")


def _convolution(kernel: int, channels: int, shape: tuple[int, ...]) -> Layer:
    filters = shape[-1]
    count = kernel * kernel * channels * filters + filters
    return Layer("Conv2D", shape, count, f"{kernel} · {kernel} · {channels:,} · {filters:,} + {filters:,}")


def _normalization(shape: tuple[int, ...]) -> Layer:
    return Layer("BatchNormalization", shape, 4 * shape[-1], f"4 · {shape[-1]:,}", 2 * shape[-1])


def count_words(layers: Sequence[Layer]) -> str:
    """Say how many parameters a network has, how many are trained, and how much memory they take.

    Example:
        >>> from gan_course.counting import count_words, generator_layers
        >>> print(count_words(generator_layers()))
        865,281 parameters, 852,609 of them trained. As float32 they take 3.5 MB.
        The largest share is in Dense: 73 %.
    """
    total, moving = (sum(getattr(layer, name) for layer in layers) for name in ("parameters", "moving"))
    largest = max(layers, key=lambda layer: layer.parameters)
    namesakes = sum(layer.name == largest.name for layer in layers)
    which = f"the {largest.name} of {' × '.join(map(str, largest.shape))}" if namesakes > 1 else largest.name
    trained = f"{total - moving:,} of them trained" if moving else "all trained"
    return (
        f"{total:,} parameters, {trained}. As float32 they take {4 * total / 1e6:.1f} MB.\n"
        f"The largest share is in {which}: {largest.parameters / total:.0%}.".replace("%", " %")
    )
