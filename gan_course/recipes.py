"""How a training step goes, by name: which updates, with which numbers, and from which sources."""

import dataclasses
import numbers
from typing import Any

from gan_course.arguments import whole


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The settings of a training.

    Attributes:
        name: What `GAN.compile` calls it.
        step: What is done with one batch, a name in `gan_course.training.steps.STEPS`.
        learning_rate: Adam's, for both networks.
        beta_1: Adam's, for both networks.
        r1_gamma: Weight of the gradient penalty on real images, R1 (Mescheder et al., 2018,
            https://arxiv.org/abs/1801.04406, section 4.1); 0 for none.
        r1_every: Steps from one penalty to the next; it then weighs so much more ("lazy regularization",
            Karras et al., 2020, https://arxiv.org/abs/1912.04958, appendix B).
        averaging: Decay of the average of the generator's weights that images are drawn with (Yazici et al.,
            2019, https://arxiv.org/abs/1806.04498); 0 for none.

    Raises:
        ValueError: If a setting is out of its range.

    Example:
        >>> from gan_course.recipes import RECIPES
        >>> RECIPES["plain"].beta_1
        0.5
    """

    name: str
    step: str = "simultaneous"
    learning_rate: float = 5e-4
    beta_1: float = 0.5
    r1_gamma: float = 0.0
    r1_every: int = 1
    averaging: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name in ("r1_gamma", "averaging", "learning_rate", "beta_1"):
            if isinstance(getattr(self, name), bool) or not isinstance(getattr(self, name), numbers.Real):
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected a number")
            object.__setattr__(self, name, float(getattr(self, name)))
        object.__setattr__(self, "r1_every", whole("r1_every", self.r1_every))
        if not 0 <= self.r1_gamma < float("inf"):
            raise ValueError(f"r1_gamma is {self.r1_gamma}; expected a number of at least 0, such as 1")
        if not 0 <= self.averaging < 1:
            raise ValueError(f"averaging is {self.averaging}; expected at least 0 and less than 1, such as 0.99")
        if self.step == "textbook" and self.r1_gamma:
            raise ValueError("the textbook's step has no gradient penalty; take recipe='plain' with r1_gamma")


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("textbook", step="textbook", learning_rate=1e-3, beta_1=0.9),
        Recipe("plain"),
        Recipe("course", learning_rate=1e-3, r1_gamma=0.5, r1_every=8, averaging=0.999),
    )
}


def get(name: str, **settings: Any) -> Recipe:
    """Return the recipe of that name, with the settings that are not None in place of its own.

    Raises:
        ValueError: If there is no such recipe, or a setting is out of its range.

    Example:
        >>> from gan_course import recipes
        >>> recipes.get("plain", averaging=0.99).averaging
        0.99
    """
    if name not in RECIPES:
        raise ValueError(f"recipe is {name!r}; expected one of {', '.join(RECIPES)}")
    return dataclasses.replace(RECIPES[name], **{key: v for key, v in settings.items() if v is not None})
