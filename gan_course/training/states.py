"""What the next step depends on beside weights and optimizers: random states, and where the training stands."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np


class Standing:
    """Where a training stands: how many steps there were, whatever its optimizers count, and the last loss.

    Keras does not see the variables, so they are no weights of the model.

    Attributes:
        steps: How many steps there were, int64.
        d_loss: The discriminator's loss in the step before, float32; infinite where none is known.
    """

    def __init__(self) -> None:
        """Start at 0."""
        self.is_unknown = False  # whether a file was loaded that did not say how many steps there were
        settings = {"trainable": False, "aggregation": "only_first_replica"}
        self.steps = keras.Variable(0, dtype="int64", **settings)
        self.d_loss = keras.Variable(float("inf"), dtype="float32", **settings)

    def read(self) -> int:
        """Return how many steps there were."""
        return int(self.steps.numpy())

    def set(self, steps: int) -> None:
        """Go on from that number."""
        self.steps.assign(steps)
        self.is_unknown = False

    def save(self, store: Any, steps: int) -> None:
        """Write it into what Keras saves of a model."""
        store["steps"], store["d_loss"] = np.array(steps), self.d_loss.numpy()

    def load(self, store: Any) -> None:
        """Go on from what Keras has read of a saved model."""
        held = {*store.keys()}
        self.is_unknown = "steps" not in held
        if not self.is_unknown:
            self.set(store["steps"])
        self.d_loss.assign(store["d_loss"] if "d_loss" in held else float("inf"))


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
    count: Counter[int] = Counter()
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
