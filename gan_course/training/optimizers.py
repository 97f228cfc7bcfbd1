"""The two optimizers of a GAN: each belongs to one network, and Keras's callbacks see both as one."""

import reprlib
from typing import Any

import keras

from gan_course.optimizers import ConvMuon
from gan_course.recipes import Recipe

OF_RECIPES = {
    "adam": lambda rate, recipe: keras.optimizers.Adam(rate, beta_1=recipe.beta_1),
    "muon": lambda rate, recipe: ConvMuon(rate, recipe.beta_1),
}
"""What makes the optimizer of a recipe with a rate."""


def own_optimizer(given: Any, network: keras.Model, role: str, recipe: Recipe, scaled: bool = True) -> Any:
    """Return the optimizer of one network, built for its variables.

    A network that computes in half precision has its loss scaled, so that small slopes are not rounded to 0
    (Micikevicius et al., 2018, https://arxiv.org/abs/1710.03740, section 3.2).

    Args:
        given: A Keras optimizer, its name or configuration, or None for the default.
        network: The network.
        role: `"generator"` or `"discriminator"`.
        recipe: Whose optimizer None stands for.
        scaled: Whether to scale the loss in half precision.

    Raises:
        ValueError: If it is no optimizer, or has trained another network.
    """
    try:
        optimizer = _of_recipe(recipe, role) if given is None else keras.optimizers.get(given)
    except Exception:  # Keras raises many kinds for what it does not know
        optimizer = None
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise ValueError(
            f"the {role}_optimizer is {reprlib.repr(given)}; expected a Keras optimizer, or a name as 'adam'"
        )
    if optimizer.built:
        raise ValueError(
            f"the optimizer given for the {role} was built before, here or for another network; make a new one"
        )
    half = any(layer.compute_dtype == "float16" for layer in network._flatten_layers())
    if half and scaled and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(network.trainable_variables)
    return optimizer


def _of_recipe(recipe: Recipe, role: str) -> keras.optimizers.Optimizer:
    rate: Any = recipe.rate(role)
    if recipe.decay_steps:
        rate = keras.optimizers.schedules.InverseTimeDecay(rate, recipe.decay_steps, 1.0)
    return OF_RECIPES[recipe.optimizer](rate, recipe)


def learns(optimizer: keras.optimizers.Optimizer, network: keras.Model, role: str) -> None:
    """Raise a `ValueError` if a network cannot learn as it stands now, its layers frozen or thawed since.

    Raises:
        ValueError: If it has nothing to train, or more than the optimizer knows.
    """
    if not network.trainable_variables:
        raise ValueError(f"the {role} has nothing to train, all of it is frozen; set its `trainable` back to True")
    try:
        getattr(optimizer, "inner_optimizer", optimizer)._check_variables_are_known(network.trainable_variables)
    except ValueError:
        raise ValueError(
            f"a part of the {role} can learn now that was frozen when compile was called; call gan.compile() again"
        ) from None


class Both:
    """Both optimizers as one, for Keras's callbacks that read and set `model.optimizer.learning_rate`.

    The rate that is read is the generator's. When it is set, the discriminator's changes by the same factor.

    Args:
        generator_optimizer: The generator's.
        discriminator_optimizer: The discriminator's.
        networks: The two networks.
    """

    def __init__(self, generator_optimizer: Any, discriminator_optimizer: Any, *networks: keras.Model) -> None:
        """Keep them."""
        self._optimizers, self._networks, self._ratio = (
            (generator_optimizer, discriminator_optimizer),
            networks,
            1.0,
        )
        self.built = True

    @property
    def learning_rate(self) -> Any:
        """The generator's learning rate."""
        return self._optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        generators, discriminators = (float(keras.ops.convert_to_numpy(o.learning_rate)) for o in self._optimizers)
        self._optimizers[0].learning_rate = rate
        if generators:  # a rate of 0 keeps no ratio
            self._ratio = discriminators / generators
        self._optimizers[1].learning_rate = rate * self._ratio

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables of both."""
        return [variable for optimizer in self._optimizers for variable in optimizer.variables]

    def finalize(self) -> None:
        """Give each network the average that its optimizer keeps, if `use_ema` was asked for."""
        for optimizer, network in zip(self._optimizers, self._networks, strict=True):
            optimizer.finalize_variable_values(network.trainable_variables)

    def __getattr__(self, name: str) -> Any:
        """Say where to look for anything else."""
        raise AttributeError(
            f"a GAN has two optimizers, so there is no {name} of the one; "
            "see gan.generator_optimizer and gan.discriminator_optimizer"
        )
