"""What the next step depends on beside weights and optimisers: random states, and how many steps there were."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import keras


class StepCounter:
    """Counts the steps of a training, whatever its optimisers count.

    Keras does not see the variable, so it is no weight of the model.
    """

    def __init__(self) -> None:
        """Start at 0."""
        self.is_unknown = False  # whether a file was loaded that did not say how many steps there were
        self.variable = keras.Variable(0, trainable=False, dtype="int64", aggregation="only_first_replica")

    def read(self) -> int:
        """Return how many steps there were."""
        return int(self.variable.numpy())

    def set(self, steps: int) -> None:
        """Go on from that number."""
        self.variable.assign(steps)
        self.is_unknown = False

    def load(self, store: Any) -> None:
        """Go on from what Keras has read of a saved model."""
        self.is_unknown = "steps" not in {*store.keys()}
        if not self.is_unknown:
            self.set(store["steps"])


def random_states(latent: keras.Variable, parts: dict[str, Any]) -> dict[str, keras.Variable]:
    """Return the random states of a training, each under the place of its layer, the same in every session.

    Args:
        latent: That of the latent vectors.
        parts: Networks or layers by name; None is left out.

    Returns:
        The variables that are no weights, such as those of dropout and augmentation.
    """
    found = {"latent": latent}
    for role, part in parts.items():
        found |= {f"{role}.{place}": state for place, state in _states_of(part)} if part is not None else {}
    return found


def _states_of(part: keras.Layer) -> Iterator[tuple[str, keras.Variable]]:
    layers, weights = part._flatten_layers(), {id(weight) for weight in part.weights}
    owners = {id(variable): place for place, layer in enumerate(layers) for variable in layer.variables}
    count = Counter()
    for variable in part.variables:
        if id(variable) not in weights:
            place = owners[id(variable)]  # the innermost layer, which stands last
            yield f"{place}.{count[place]}", variable
            count[place] += 1


def save_states(states: dict[str, keras.Variable], store: Any) -> None:
    """Write random states into what Keras saves of a model."""
    for name, state in states.items():
        store[name] = keras.ops.convert_to_numpy(state)


def load_states(states: dict[str, keras.Variable], store: Any) -> None:
    """Take up random states; those that the file does not hold stay as they are.

    Files used to number them: the latent vectors' first, then those of each part in the order of its variables.

    Args:
        states: As `random_states` returns them.
        store: What Keras has read.
    """
    held = set(store.keys())
    if "latent" not in held:
        numbered = {str(number): state for number, state in enumerate(states.values())}
        states = numbered if {*numbered} == held else {"0": states["latent"]}
    for name in held & {*states}:
        states[name].assign(store[name])
