"""Copies of networks."""

import reprlib
from typing import Any

import keras

from gan_course.graphs import has_graph


def copied(network: keras.Model) -> keras.Model:
    """Return a network of the same layers with weights of its own, equal to the first one's.

    Args:
        network: Any built Keras model; a subclassed one needs a `get_config` that makes it again.

    Raises:
        ValueError: If a layer cannot be made again from its configuration.

    Example:
        >>> from gan_course.models import mnist_generator
        >>> from gan_course.training.copies import copied
        >>> copied(mnist_generator()).count_params()
        865281
    """

    def clone(layer: keras.Layer) -> keras.Layer:
        if isinstance(layer, keras.layers.Lambda):
            return layer  # it has no weights, and its function cannot be made again
        try:
            config = layer.get_config()
            if callable(getattr(layer, "activation", None)):  # a function of one's own has no configuration
                config["activation"] = layer.activation
            return type(layer).from_config(config)
        except Exception as error:  # what the code of a layer of one's own raises can be anything
            raise ValueError(_not_copied(layer, error)) from None

    if has_graph(network):
        copy = keras.models.clone_model(network, clone_function=clone, recursive=True)
    else:
        try:
            copy = keras.models.clone_model(network)
        except Exception as error:
            raise ValueError(_not_copied(network, error)) from None
    copy.set_weights(network.get_weights())
    return copy


def in_precision(network: keras.Model, dtype: str) -> keras.Model:
    """Return a copy of a Sequential or functional network whose weights are kept in `dtype`.

    Args:
        network: The network to copy.
        dtype: `"float16"` halves the size of its file, `"float32"` is what training needs.

    Returns:
        A network with the same names and the same weights, rounded.

    Example:
        >>> from gan_course.models import mnist_generator
        >>> from gan_course.training.copies import in_precision
        >>> in_precision(mnist_generator(), "float16").weights[0].dtype
        'float16'
    """

    def clone(layer: Any) -> Any:
        config = layer.get_config()
        return type(layer).from_config({**config, "dtype": dtype} if isinstance(layer, keras.Layer) else config)

    copy = keras.models.clone_model(network, clone_function=clone)
    copy.set_weights(network.get_weights())
    return copy


def _not_copied(layer: keras.Layer, error: Exception) -> str:
    reason = reprlib.repr(str(error).strip().partition("\n")[0])
    return (
        f"the recipe draws with an average of the generator, which needs a copy of it, and {type(layer).__name__} "
        f"cannot be made again from its configuration ({reason}); give it a get_config, or say averaging=0"
    )
