"""Points in the plane: the sets that the game is played on, their groups, and what a moment of the game shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gan_course.arguments import whole

WINDOW = 1.1  # the picture shows -1.1 to 1.1 both ways; the points live in [-1, 1]


def load_points(name: str, count: int = 1024, seed: int = 0) -> np.ndarray:
    """Return one of the sets of points that the game is played on.

    Args:
        name: `"ring"`, `"eight Gaussians"` (the usual test for mode collapse, Metz et al., 2017,
            https://arxiv.org/abs/1611.02163, section 3.1), `"line"` or `"two moons"`.
        count: How many points.
        seed: The same seed gives the same points.

    Returns:
        Array `(count, 2)`, float32, values in [-1, 1].

    Raises:
        ValueError: If there is no such set, `count` is no whole number of at least 1, or `seed` none of at least
            0.

    Example:
        >>> from gan_course.plane import load_points
        >>> load_points("ring").shape
        (1024, 2)
    """
    if name not in SHAPES:
        raise ValueError(f"there are no points called {name!r}; there is {', '.join(SHAPES)}")
    count, random = whole("count", count), np.random.default_rng(whole("seed", seed, least=0))
    spread = random.normal(0, 0.035, (count, 2)).clip(-0.15, 0.15)
    return (SHAPES[name](random.random(count)) + spread).astype("float32")


def _ring(u: np.ndarray) -> np.ndarray:
    return 0.7 * np.stack([np.cos(2 * np.pi * u), np.sin(2 * np.pi * u)], axis=1)


def _moons(u: np.ndarray) -> np.ndarray:
    angle, side = np.pi * (2 * u % 1), np.where(u < 0.5, 1, -1)
    return np.stack([side * (0.5 * np.cos(angle) - 0.25), side * (0.5 * np.sin(angle) - 0.12)], axis=1)


SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "eight Gaussians": lambda u: _ring(np.floor(8 * u) / 8),
    "ring": _ring,
    "line": lambda u: np.stack([1.6 * u - 0.8, 0.8 * u - 0.4], axis=1),
    "two moons": _moons,
}


class Modes(NamedTuple):
    """Groups that points fall into, each as a circle around its middle.

    Attributes:
        centers: The middles, `(k, 2)`.
        radii: How far the farthest point of each group is from its middle, `(k,)`.
    """

    centers: np.ndarray
    radii: np.ndarray

    def reached(self, points: np.ndarray) -> np.ndarray:
        """Return which circles hold at least a quarter of their fair share of the points `(n, 2)`: bool `(k,)`.

        Of 200 points and 8 modes the fair share of each is 25, so 7 points are enough.
        """
        inside = np.linalg.norm(points[:, None] - self.centers, axis=2) <= self.radii
        return inside.sum(0) >= len(points) / len(self.centers) / 4


def find_modes(points: np.ndarray, most: int = 8) -> Modes:
    """Divide points into groups by k-means, started at points that lie far from each other.

    Args:
        points: Array `(n, 2)`.
        most: How many groups; fewer if there are fewer different points.

    Returns:
        The groups, each with a radius of at least 0.1.

    Raises:
        ValueError: If `most` is no whole number of at least 1.

    Example:
        >>> from gan_course.plane import find_modes, load_points
        >>> len(find_modes(load_points("eight Gaussians")).radii)
        8
    """
    centers, most = points[:1], whole("most", most)
    while len(centers) < most and (distance := _distances(points, centers).min(1)).any():
        centers = np.concatenate([centers, points[distance.argmax()][None]])
    for _ in range(20):
        group = _distances(points, centers).argmin(1)
        centers = np.stack([points[group == k].mean(0) for k in np.unique(group)])
    distance = _distances(points, centers)
    group = distance.argmin(1)
    radii = [max(0.1, distance[group == k, k].max(initial=0)) for k in range(len(centers))]
    return Modes(centers, np.array(radii))


def _distances(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - centers, axis=2)


def checked_points(points: Any) -> np.ndarray:
    """Return a table of points as float32 `(n, 2)`, or raise a `ValueError` that says what is wrong with it."""
    try:
        points = np.asarray(points, dtype="float32")
    except (TypeError, ValueError):
        raise ValueError("the points are no table; expected a table of numbers, x and y in each row") from None
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"the points have shape {points.shape}; expected a table of at least 1 row with x and y")
    if not np.abs(points).max() <= 1:
        raise ValueError("a point lies outside [-1, 1]; divide all numbers by the largest of them")
    return points


@dataclass(frozen=True)
class Scene:
    """What a picture of the game in the plane shows.

    Attributes:
        real: Points `(n, 2)`, values in [-1, 1].
        fake: Generated points `(m, 2)`.
        advice: Where the discriminator would move each of them: minus the gradient of the generator's loss with
            respect to that point, `(m, 2)`.
        answers: D(x) at the points of `window_grid(side)`, `(side * side,)`: probabilities in [0, 1], or scores
            where the loss knows none.
        centers: The middles of the modes, `(k, 2)`.
        radii: How far each mode reaches, `(k,)`.
        reached: Whether the generator draws it, `(k,)`.
        history: One row for each step, `(steps, 3)`: d_loss, g_loss, mean length of the advice; NaN where a
            network did not play.
        loss: What the players want, one of `gan_course.recipes.LOSSES`.
    """

    real: np.ndarray
    fake: np.ndarray
    advice: np.ndarray
    answers: np.ndarray
    centers: np.ndarray
    radii: np.ndarray
    reached: np.ndarray
    history: np.ndarray
    loss: str


def window_grid(side: int = 50) -> np.ndarray:
    """Return the points at which the discriminator is asked for its heat map, row by row from below.

    Args:
        side: How many points lie on a side of the window.

    Returns:
        Array `(side * side, 2)`, float32, values in [-1.1, 1.1].

    Raises:
        ValueError: If `side` is no whole number of at least 1.

    Example:
        >>> from gan_course.plane import window_grid
        >>> window_grid(3).astype(float).round(1).tolist()[:4]
        [[-1.1, -1.1], [0.0, -1.1], [1.1, -1.1], [-1.1, 0.0]]
    """
    ticks = np.linspace(-WINDOW, WINDOW, whole("side", side), dtype="float32")
    return np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
