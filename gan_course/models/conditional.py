"""The networks of the digits with a label beside: which digit is to be drawn, which one it is said to be."""

import keras
import numpy as np
from keras import layers, ops

from gan_course.arguments import whole
from gan_course.models.mnist import mnist_discriminator, mnist_generator


def conditional_generator(classes: int = 10, latent_dim: int = 100) -> keras.Model:
    """Return the digits' generator, told which digit to draw.

    The label becomes ten numbers of its own, which stand behind the latent vector (Mirza and Osindero, 2014,
    https://arxiv.org/abs/1411.1784, section 3.2). What follows is `mnist_generator`.

    Args:
        classes: How many labels there are, from 0.
        latent_dim: How many numbers a latent vector has.

    Returns:
        An uncompiled model from latent vectors `(n, latent_dim)` and labels `(n,)` to `(n, 28, 28, 1)`, values
        in [-1, 1].

    Raises:
        ValueError: If `classes` or `latent_dim` is not a positive whole number.

    Example:
        >>> import numpy as np
        >>> from gan_course.models import conditional_generator, generate
        >>> generate(conditional_generator(), seed=0, conditions=np.array([3, 3, 7])).shape
        (3, 28, 28, 1)
    """
    latent = keras.Input((whole("latent_dim", latent_dim),), name="latent")
    label = keras.Input((), dtype="int32", name="label")
    x = layers.Concatenate()([latent, layers.Embedding(whole("classes", classes), 10)(label)])
    for layer in mnist_generator(x.shape[1]).layers:
        x = layer(x)
    return keras.Model([latent, label], x, name="generator")


def conditional_discriminator(classes: int = 10, dropout: float = 0.3) -> keras.Model:
    """Return the digits' discriminator, told which digit each image is said to be.

    It has a score for each class, and answers with that of the label: the inner product of the features with a
    vector that is learned for this class, which is all that differs between labels (Miyato and Koyama, 2018,
    Projection Discriminator, https://arxiv.org/abs/1802.05637, section 3; what they learn for all classes together
    is in each vector here). What comes before is `mnist_discriminator`.

    Args:
        classes: How many labels there are, from 0.
        dropout: As in `mnist_discriminator`.

    Returns:
        An uncompiled model from images `(n, 28, 28, 1)`, values in [-1, 1], and labels `(n,)` to `(n, 1)`, the
        probability that the image is real and shows what its label says.

    Raises:
        ValueError: If `classes` is not a positive whole number.

    Example:
        >>> from gan_course.models import conditional_discriminator
        >>> conditional_discriminator().count_params()
        269322
    """
    classes = whole("classes", classes)
    image = keras.Input((28, 28, 1), name="image")
    label = keras.Input((), dtype="int32", name="label")
    features = image
    for layer in mnist_discriminator(dropout).layers[:-1]:
        features = layer(features)
    scores = layers.Dense(classes)(features)
    score = ops.sum(ops.one_hot(label, classes) * scores, axis=1, keepdims=True)
    return keras.Model([image, label], layers.Activation("sigmoid")(score), name="discriminator")


def label_vectors(generator: keras.Model) -> tuple[np.ndarray, keras.Model]:
    """Take a conditional generator apart, so that labels can be mixed.

    Args:
        generator: One that looks its labels up in an `Embedding` layer.

    Returns:
        The vector of each label, `(classes, k)`; and the same network, with shared weights, from latent vectors
        `(n, latent_dim)` and such vectors `(n, k)` to images.

    Raises:
        ValueError: If the generator has no `Embedding` layer, or not the two inputs.

    Example:
        >>> import numpy as np
        >>> from gan_course.models import conditional_generator, label_vectors
        >>> vectors, draw = label_vectors(conditional_generator(latent_dim=20))
        >>> between = (vectors[3] + vectors[8]) / 2
        >>> draw.predict([np.zeros((1, 20)), between[None]], verbose=0).shape
        (1, 28, 28, 1)
    """
    tables = [layer for layer in generator.layers if isinstance(layer, layers.Embedding)]
    if len(tables) != 1 or len(generator.inputs) != 2:
        raise ValueError(
            f"{generator.name} has {len(tables)} Embedding layers and {len(generator.inputs)} inputs; expected "
            "latent vectors and labels, and one Embedding that looks the labels up"
        )
    table = tables[0]
    latent = next(each for each in generator.inputs if each is not table.input)
    return table.get_weights()[0], keras.Model([latent, table.output], generator.output)
