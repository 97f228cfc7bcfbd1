"""The graph of operations of a Keras network; `network.layers` does not list all that a network computes."""

import inspect
from collections.abc import Iterator
from typing import Any

import keras

Node = Any  # one call of a layer or of an operation of `keras.ops`: `operation`, `input_tensors`, `outputs`


def has_graph(network: Any) -> bool:
    """Return whether a network is Sequential or functional and computes nothing beside its graph.

    What a subclass does in a `call` of its own is unknown.

    Example:
        >>> from gan_course.graphs import has_graph
        >>> from gan_course.models import mnist_generator
        >>> has_graph(mnist_generator())
        True
    """
    if not isinstance(network, keras.Model) or not getattr(network, "outputs", None):
        return False
    return all(
        getattr(type(network), name).__module__.startswith("keras.") and name not in vars(network)
        for name in ("call", "__call__")
    )


def input_shape(network: keras.Model) -> tuple[int | None, ...] | None:
    """Return the shape of the one input of a network, batch first, or None if it takes several.

    Example:
        >>> from gan_course.graphs import input_shape
        >>> from gan_course.models import mnist_generator
        >>> input_shape(mnist_generator())
        (None, 100)
    """
    shape = getattr(network, "input_shape", None)
    if shape is None:  # a subclass keeps what it was first called with, of its first input only
        needed = [
            each for each in inspect.signature(network.call).parameters.values() if each.default is each.empty
        ]
        named = [
            each
            for each in needed
            if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD) and each.name not in ("training", "mask")
        ]
        shape = (network.get_build_config() or {}).get("input_shape") if len(named) == 1 else None
    is_one = isinstance(shape, tuple | list) and all(side is None or isinstance(side, int) for side in shape)
    return tuple(shape) if is_one else None


def producer(tensor: keras.KerasTensor) -> Node:
    """Return the node that computes a tensor of a graph."""
    operation, index, _ = tensor._keras_history
    return operation._inbound_nodes[index]


def nodes(network: keras.Model) -> Iterator[Node]:
    """Yield the nodes of a network with a graph, from its outputs back to its inputs.

    A network inside it is one node; its own nodes are those of `node.operation`.

    Args:
        network: One that `has_graph`.

    Example:
        >>> from gan_course.graphs import nodes
        >>> from gan_course.models import mnist_discriminator
        >>> [type(node.operation).__name__ for node in nodes(mnist_discriminator())][:2]
        ['Dense', 'Flatten']
    """
    seen, waiting = set(), list(network.outputs)
    while waiting:
        node = producer(waiting.pop())
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting += node.input_tensors


def all_nodes(network: keras.Model) -> Iterator[Node]:
    """Yield the nodes of a network and of those inside it; a subclassed network inside is one node."""
    for node in nodes(network):
        if has_graph(node.operation):
            yield from all_nodes(node.operation)
        else:
            yield node
