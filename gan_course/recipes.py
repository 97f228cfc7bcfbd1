"""How a training step goes, by name: which updates, which losses, with which numbers, and from which sources."""

import dataclasses
import math
import numbers
from typing import Any, NamedTuple

from gan_course.arguments import whole

LN2 = math.log(2)


class LossFacts(NamedTuple):
    """What is known of a loss; `gan_course.losses` computes it.

    Attributes:
        source: Where it comes from.
        guess: Both players' losses if the discriminator gives every image the one score with which it loses least.
        boundary: The score above which an image is called real; None where only differences of scores count.
        is_probability: Whether the discriminator answers with the probability that an image is real; else with a
            score, any number, the higher the more real.
    """

    source: str
    guess: tuple[float, float]
    boundary: float | None = 0.0
    is_probability: bool = False


LOSSES = {
    "non-saturating": LossFacts(
        "Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, section 3, its last paragraph",
        guess=(LN2, LN2),
        is_probability=True,
    ),
    "saturating": LossFacts(
        "Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, equation 1",
        guess=(LN2, -LN2),
        is_probability=True,
    ),
    "least-squares": LossFacts(
        "Mao et al., 2017, https://arxiv.org/abs/1611.04076, section 3.2, with the labels 0 and 1",
        guess=(1 / 4, 1 / 8),
        boundary=0.5,
    ),
    "hinge": LossFacts(
        "Lim and Ye, 2017, https://arxiv.org/abs/1705.02894; Miyato et al., 2018, "
        "https://arxiv.org/abs/1802.05957, equations 16 and 17",
        guess=(2.0, 0.0),
    ),
    "wasserstein": LossFacts(
        "Arjovsky et al., 2017, https://arxiv.org/abs/1701.07875, section 3", guess=(0.0, 0.0), boundary=None
    ),
    "relativistic": LossFacts(
        "Jolicoeur-Martineau, 2018, https://arxiv.org/abs/1807.00734, section 4.1; with both penalties "
        "Huang et al., 2024, https://arxiv.org/abs/2501.05441, section 2",
        guess=(LN2, LN2),
        boundary=None,
    ),
}
"""The losses of both players."""


def known_loss(name: Any) -> str:
    """Return the name of a loss if there is one, else raise a `ValueError` that lists them."""
    if not isinstance(name, str) or name not in LOSSES:
        raise ValueError(f"loss is {name!r}; expected one of {', '.join(LOSSES)}")
    return name


OPTIMIZERS = {
    "adam": "Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980",
    "muon": "Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/ (`gan_course.optimizers.ConvMuon`)",
}
"""Who can update the networks, each with its source."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The settings of a training; `GAN.compile` takes each of them in place of its recipe's.

    Attributes:
        name: What `GAN.compile` calls it.
        step: What is done with one batch, a name in `gan_course.training.steps.STEPS`.
        loss: What the players want, one of `LOSSES`.
        optimizer: Who updates both networks, one of `OPTIMIZERS`.
        learning_rate: The optimizer's, for both networks.
        decay_steps: Steps after which half of the rates is left, a third after twice as many, and so on (Keras's
            `InverseTimeDecay`); 0 for rates that stay.
        beta_1: The share of the earlier gradients in the average that it follows: Adam's, and Muon's momentum.
        d_learning_rate: The discriminator's, in place of the common one; None for that one (two rates: Heusel et
            al., 2017, https://arxiv.org/abs/1706.08500).
        g_learning_rate: The same for the generator.
        r1_gamma: Weight of the gradient penalty on real images, R1 (Mescheder et al., 2018,
            https://arxiv.org/abs/1801.04406, section 4.1); 0 for none.
        r2_gamma: Weight of the same on fakes, R2 (there too).
        gp_lambda: Weight of the gradient penalty between real images and fakes, which pulls the length of the
            gradient to 1 (Gulrajani et al., 2017, https://arxiv.org/abs/1704.00028, section 4); 0 for none.
        penalty_every: Steps from one penalty to the next; it then weighs so much more ("lazy regularization",
            Karras et al., 2020, https://arxiv.org/abs/1912.04958, appendix B).
        averaging: Decay of the average of the generator's weights that images are drawn with (Yazici et al.,
            2019, https://arxiv.org/abs/1806.04498); 0 for none.
        label_smoothing: How much less than 1 real images are labeled, one-sided (Salimans et al., 2016,
            https://arxiv.org/abs/1606.03498, section 3.4).
        discriminator_updates: How many batches the discriminator learns from before the generator learns once
            (Goodfellow et al., 2014, algorithm 1, its k); a step takes all of them.
        skip_below: The discriminator is left as it is in a step if its loss of the step before was lower, which
            keeps it from running ahead; 0 for never.
        reconstruction: Weight of the mean absolute distance to the real image of the same condition, in
            the generator's loss (L1; Isola et al., 2017, https://arxiv.org/abs/1611.07004, section 3.1).
        adversarial: Weight of the game in the generator's loss; with 0 there is none, and the distance alone is
            learned.
        without_dropout: Whether it is meant for a discriminator without dropout.

    Raises:
        ValueError: If a setting is out of its range, or two cannot be meant together.

    Example:
        >>> from gan_course.recipes import RECIPES
        >>> RECIPES["plain"].beta_1
        0.5
    """

    name: str
    step: str = "simultaneous"
    loss: str = "non-saturating"
    optimizer: str = "adam"
    learning_rate: float = 5e-4
    decay_steps: int = 0
    beta_1: float = 0.5
    d_learning_rate: float | None = None
    g_learning_rate: float | None = None
    r1_gamma: float = 0.0
    r2_gamma: float = 0.0
    gp_lambda: float = 0.0
    penalty_every: int = 1
    averaging: float = 0.0
    label_smoothing: float = 0.0
    discriminator_updates: int = 1
    skip_below: float = 0.0
    reconstruction: float = 0.0
    adversarial: float = 1.0
    without_dropout: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name in (*_NUMBERS, *_SHARES):
            if not (name in _RATES and getattr(self, name) is None):
                object.__setattr__(self, name, self._number(name))
        for name in ("penalty_every", "discriminator_updates"):
            object.__setattr__(self, name, whole(name, getattr(self, name)))
        known_loss(self.loss)
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer is {self.optimizer!r}; expected one of {', '.join(OPTIMIZERS)}")
        self._check_together()

    @property
    def r1_every(self) -> int:
        """What `penalty_every` was called when R1 was the only penalty."""
        return self.penalty_every

    @property
    def is_penalised(self) -> bool:
        """Whether there is any gradient penalty."""
        return bool(self.r1_gamma or self.r2_gamma or self.gp_lambda)

    def rate(self, role: str) -> float:
        """Return the learning rate of the `"generator"` or the `"discriminator"`."""
        own = self.g_learning_rate if role == "generator" else self.d_learning_rate
        return self.learning_rate if own is None else own

    def _number(self, name: str) -> float:
        value: Any = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise ValueError(f"{name} is {value!r}; expected a number")
        number = float(value)
        if name in _SHARES and not 0 <= number < 1:
            raise ValueError(f"{name} is {value}; expected at least 0 and less than 1, such as {_SHARES[name]}")
        if not 0 <= number < float("inf"):
            raise ValueError(f"{name} is {value}; expected a number of at least 0, such as {_NUMBERS[name]}")
        return number

    def _check_together(self) -> None:
        if self.step != "simultaneous":
            if self.is_penalised:
                raise ValueError(
                    f"the {self.step}'s step has no gradient penalty; take recipe='plain' with r1_gamma"
                )
            if changed := [name for name in _OF_THE_GAME if getattr(self, name) != _DEFAULTS[name]]:
                raise ValueError(f"the {self.step}'s step has no {changed[0]}; take recipe='plain' with it")
        for name in ("label_smoothing", "skip_below"):
            if getattr(self, name) and not LOSSES[self.loss].is_probability:
                known = " and ".join(name for name, facts in LOSSES.items() if facts.is_probability)
                raise ValueError(
                    f"{name} is for losses of probabilities ({known}); the loss is {self.loss}, so leave it out"
                )
        if not self.adversarial:
            if not self.reconstruction:
                raise ValueError("adversarial is 0, so there is nothing to learn; say reconstruction=1 as well")
            if self.is_penalised or self.skip_below or self.discriminator_updates > 1:
                raise ValueError(
                    "adversarial is 0, so the discriminator does not play; leave out its penalties, skip_below "
                    "and discriminator_updates"
                )


_NUMBERS = {
    "learning_rate": 1e-3,
    "d_learning_rate": 1e-3,
    "g_learning_rate": 1e-3,
    "r1_gamma": 1,
    "r2_gamma": 1,
    "gp_lambda": 10,
    "skip_below": 0.3,
    "reconstruction": 100,
    "adversarial": 1,
}
_SHARES = {"beta_1": 0.5, "averaging": 0.99, "label_smoothing": 0.1}
_RATES = ("d_learning_rate", "g_learning_rate")
_OF_THE_GAME = (
    "loss",
    "label_smoothing",
    "discriminator_updates",
    "skip_below",
    "reconstruction",
    "adversarial",
)
_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Recipe)}

SETTINGS = ("loss", "r1_gamma", "r2_gamma", "gp_lambda", "penalty_every", "averaging", *_OF_THE_GAME[1:])
"""The settings of a recipe that a saved training keeps; the learning rates are their optimizers'."""

GIVEN = (*SETTINGS, *_RATES, "r1_every")
"""What `GAN.compile` takes in place of a recipe's; `r1_every` is another name of `penalty_every`."""

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("textbook", step="textbook", learning_rate=1e-3, beta_1=0.9),
        Recipe("blog", step="blog", learning_rate=4e-4, d_learning_rate=8e-4, beta_1=0.9),
        Recipe("plain"),
        Recipe(
            "course",
            optimizer="muon",
            learning_rate=8e-3,
            decay_steps=2000,
            r1_gamma=0.5,
            penalty_every=8,
            averaging=0.999,
            without_dropout=True,
        ),
    )
}


def get(name: str, **settings: Any) -> Recipe:
    """Return the recipe of that name, with the settings that are not None in place of its own.

    Args:
        name: One of `RECIPES`.
        **settings: Some of `GIVEN`.

    Raises:
        ValueError: If there is no such recipe, a setting is out of its range, or two cannot be meant together.

    Example:
        >>> from gan_course import recipes
        >>> recipes.get("plain", averaging=0.99).averaging
        0.99
    """
    if name not in RECIPES:
        raise ValueError(f"recipe is {name!r}; expected one of {', '.join(RECIPES)}")
    given = {key: value for key, value in settings.items() if value is not None}
    if "r1_every" in given:
        if "penalty_every" in given:
            raise ValueError("r1_every is another name of penalty_every; give one of the two")
        whole("r1_every", given["r1_every"])
        given["penalty_every"] = given.pop("r1_every")
    return dataclasses.replace(RECIPES[name], **given)
