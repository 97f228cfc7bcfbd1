"""What the judge can ask of networks, on plain arrays: nothing of a student's is loaded."""

from collections.abc import Sequence

import keras
import numpy as np


def same_network(
    name: str, reference: keras.Model, weights: Sequence[np.ndarray], inputs: np.ndarray, outputs: np.ndarray
) -> None:
    """Raise an `AssertionError` unless the reference, given these weights, answers as the other network did.

    Weights with which it answers all inputs alike would hide what its layers do, and are refused.

    Args:
        name: What it is called in the sentence.
        reference: The network that was asked for; its weights are replaced.
        weights: Those of the other, in the same order.
        inputs: What both are asked.
        outputs: What the other answered, in inference mode.

    Example:
        >>> import keras, numpy as np
        >>> network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> asked = np.eye(3, 2)
        >>> same_network("line", network, network.get_weights(), asked, network.predict(asked, verbose=0))
    """
    shapes = [np.shape(each) for each in weights]
    assert shapes == [tuple(each.shape) for each in reference.weights], f"the {name} has other layers"
    reference.set_weights(list(weights))
    ours = np.asarray(reference(inputs, training=False))
    assert np.ptp(ours, axis=0).max() > 1e-3, f"the {name} answers all inputs alike"
    assert np.shape(outputs) == ours.shape, f"the {name} gives {np.shape(outputs)[1:]}, expected {ours.shape[1:]}"
    assert np.allclose(outputs, ours, atol=1e-3), f"the {name} with these weights answers otherwise"


def same_way(
    start: Sequence[np.ndarray], ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], apart: float = 0.1
) -> bool:
    """Return whether two trainings from one start went the same way, up to a share of it.

    Args:
        start: The weights before.
        ours: The weights after the judge's own training.
        theirs: Those after the other.
        apart: How far the ends may be from each other, as a share of how far ours is from the start.
    """
    if [np.shape(each) for each in theirs] != [np.shape(each) for each in ours]:
        return False
    return distance(ours, theirs) <= apart * distance(start, ours)


def moved(start: Sequence[np.ndarray], end: Sequence[np.ndarray]) -> bool:
    """Return whether each array of weights was changed, and is finite."""
    if [np.shape(each) for each in end] != [np.shape(each) for each in start]:
        return False
    return all(np.isfinite(b).all() and not np.allclose(a, b) for a, b in zip(start, end, strict=True))


def distance(some: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> float:
    """Return the Euclidean distance between two lists of arrays."""
    return float(np.sqrt(sum(np.square(a - b).sum(dtype=float) for a, b in zip(some, others, strict=True))))
