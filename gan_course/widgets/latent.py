"""The latent explorer of lesson 05."""

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from gan_course.datasets import unscale
from gan_course.latent import principal_directions, spherical_walk
from gan_course.plots import show_latent
from gan_course.widgets.shell import Explorer

if TYPE_CHECKING:
    from gan_course.training.gan import GAN

DIRECTIONS = 4
WALK = np.linspace(0, 1, 9)
NEIGHBORS = np.linspace(-3, 3, 5)
_WIDE = {"style": {"description_width": "7em"}, "layout": {"width": "320px"}}


def latent_explorer(gan: "GAN | None" = None) -> Explorer:
    """Return a widget that moves through a generator's latent space.

    A seed gives a random latent vector, and a slider walks along an arc to the vector of a second seed. Other
    sliders move the whole walk along the directions that change the generator's first layer most (see
    `gan_course.latent.principal_directions`). Around the picture stand its neighbors along the first two
    directions.

    Args:
        gan: Your own trained GAN; without it, the ready-made one for digits. With a loss that knows no
            probabilities the discriminator's scores are shown.

    Raises:
        ValueError: If the generator does not begin with a `Dense` layer or a transposed convolution, or takes a
            condition.

    Example:
        >>> from gan_course.widgets import latent_explorer
        >>> explorer = latent_explorer()
        >>> explorer.controls["direction_1"].value = 2.5
        >>> explorer.words.split(":")[0]
        'Called real with probability'
    """
    if gan is None:
        from gan_course.training.trained import pretrained

        gan = pretrained("mnist")
    if gan.condition is not None:
        raise ValueError(
            f"the networks take a condition, {gan.condition}; the explorer moves latent vectors alone"
        )
    generator, dim, is_score = gan.best_generator, gan.latent_dim, gan.answers == "scores"
    directions = principal_directions(_first_kernel(generator, dim), DIRECTIONS)
    directions = np.pad(directions, ((0, DIRECTIONS - len(directions)), (0, 0)))  # a small space has fewer

    figure = None

    def draw(seed: int, other_seed: int, position: float, **along: float) -> tuple[Figure, str]:
        nonlocal figure
        walk = spherical_walk(_latent(seed, dim), _latent(other_seed, dim), np.array([*WALK, position]))
        walk += np.array([*along.values()]) @ directions
        right, down = np.meshgrid(NEIGHBORS, -NEIGHBORS)
        around = walk[-1] + np.stack([right.ravel(), down.ravel()], axis=1) @ directions[:2]
        images = generator.predict_on_batch(np.concatenate([walk, around]).astype("float32"))
        answers = gan.judge(images[: len(walk)])
        walked, neighbors = np.split(unscale(images), [len(walk)])
        words = (
            f"{'Score, the higher the more real' if is_score else 'Called real with probability'}: "
            f"{answers[-1]:.2f}.\n"
            f"Length of the latent vector: {np.linalg.norm(walk[-1]):.1f}; "
            f"random ones are about {np.sqrt(dim):.1f} long."
        )
        name = "its score" if is_score else "D(x)"
        figure = show_latent(walked[-1], neighbors, walked[:-1], answers[:-1], position, figure, name)
        return figure, words

    return Explorer(draw, _controls())


def _controls() -> dict[str, widgets.Widget]:
    along: dict[str, Any] = {
        f"direction_{i}": widgets.FloatSlider(0, min=-6, max=6, step=0.5, description=f"Direction {i}", **_WIDE)
        for i in range(1, DIRECTIONS + 1)
    }
    return {
        "seed": widgets.BoundedIntText(0, 0, 9999, description="Seed", **_WIDE),
        "other_seed": widgets.BoundedIntText(1, 0, 9999, description="Other seed", **_WIDE),
        "position": widgets.FloatSlider(0, min=0, max=1, step=0.05, description="Walk to it", **_WIDE),
        **along,
    }


def _latent(seed: int, dim: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(dim)


def _first_kernel(generator: Any, dim: int) -> np.ndarray:
    kernel = generator.weights[0].numpy()
    if kernel.ndim == 4 and kernel.shape[-1] == dim:  # of a transposed convolution: rows, columns, maps, inputs
        kernel = kernel.reshape(-1, dim).T
    if kernel.ndim != 2 or len(kernel) != dim:
        raise ValueError(
            f"the generator's first weights have shape {kernel.shape}; expected those of a Dense layer, "
            f"({dim}, units), or of a transposed convolution, (rows, columns, maps, {dim})"
        )
    return kernel
