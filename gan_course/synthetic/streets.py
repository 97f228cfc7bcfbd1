"""Streets by day and the same streets by night."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from gan_course.arguments import whole

ATTRIBUTES_OF_STREETS = np.dtype(
    [("houses", "u1"), ("windows", "u1"), ("lit", "u1"), ("lamps", "u1"), ("trees", "u1"), ("moon", "?")]
)
"""What is known of each street: how many houses and windows it has, how many of these are lit at night, how many
street lamps and trees, and whether there is a moon."""

FINER = 4  # drawn so many times larger, then made smaller
GROUND, KERB = 0.80, 0.86  # where houses stand and where the road begins, from the top
WALLS = ((214, 137, 105), (232, 196, 138), (176, 92, 84), (222, 214, 196), (143, 160, 172), (196, 164, 122))
ROOFS = ((120, 62, 52), (84, 84, 96), (150, 84, 58), (70, 76, 70))
NIGHT = np.array([0.17, 0.20, 0.36])  # what is left of red, green and blue without light
WARM = (255, 214, 120)

Pair = tuple[np.ndarray, np.ndarray]


class _House(NamedTuple):
    left: float
    right: float
    top: float
    gable: bool
    wall: tuple[int, int, int]
    roof: tuple[int, int, int]
    windows: list[tuple[float, float, float, float]]
    lit: list[bool]


class _Street(NamedTuple):
    houses: list[_House]
    lamps: list[float]
    trees: list[tuple[float, float, float]]
    clouds: list[tuple[float, float, float]]
    stars: np.ndarray
    moon: tuple[float, float] | None
    haze: float


def draw_streets(count: int, seed: int = 0, size: int = 64) -> tuple[Pair, np.ndarray]:
    """Draw streets twice: by day and by night, everything in the same place.

    Which windows are lit at night, the stars and the moon cannot be seen by day.

    Args:
        count: How many. A street of a seed is the same whatever the count is.
        seed: Another seed draws other streets.
        size: Height and width in pixels.

    Returns:
        A pair (day, night) of images, each uint8 `(count, size, size, 3)`; attributes, a structured array
        `(count,)` of `ATTRIBUTES_OF_STREETS`.

    Raises:
        ValueError: If `count` or `size` is no whole number of at least 1, or `seed` none of at least 0.

    Example:
        >>> from gan_course.synthetic import draw_streets
        >>> (day, night), attributes = draw_streets(2)
        >>> day.shape, night.shape, bool(day.mean() > 2 * night.mean())
        ((2, 64, 64, 3), (2, 64, 64, 3), True)
        >>> attributes["houses"].tolist()
        [4, 4]
    """
    count, size, seed = whole("count", count), whole("size", size), whole("seed", seed, least=0)
    day, night = np.empty((2, count, size, size, 3), "uint8")
    known = np.empty(count, ATTRIBUTES_OF_STREETS)
    for number, source in enumerate(np.random.SeedSequence(seed).spawn(count)):
        street = _street(np.random.default_rng(source))
        day[number], night[number] = _by_day(street, size), _by_night(street, size)
        lit = [each for house in street.houses for each in house.lit]
        counts = len(street.houses), len(lit), sum(lit), len(street.lamps), len(street.trees)
        known[number] = *counts, street.moon is not None
    return (day, night), known


def _street(rng: np.random.Generator) -> _Street:
    edges = np.cumsum([rng.uniform(-0.12, 0.02), *rng.uniform(0.2, 0.36, 6)])
    edges = edges[: int(np.searchsorted(edges, 1.0)) + 1]
    houses = [_house(rng, left, right) for left, right in zip(edges, edges[1:], strict=False)]
    lamps = list(rng.uniform(0.08, 0.3) + np.arange(rng.integers(1, 4)) * rng.uniform(0.28, 0.34))
    trees = [tuple(rng.uniform((0.05, 0.10, 0.7), (0.95, 0.16, 1.0))) for _ in range(rng.integers(0, 3))]
    clouds = [tuple(rng.uniform((0, 0.06, 0.08), (1, 0.2, 0.18))) for _ in range(rng.integers(1, 4))]
    moon = tuple(rng.uniform((0.1, 0.06), (0.9, 0.16))) if rng.random() < 0.6 else None
    return _Street(houses, lamps, trees, clouds, rng.uniform((0, 0), (1, 0.45), (25, 2)), moon, rng.uniform(0, 1))


def _house(rng: np.random.Generator, left: float, right: float) -> _House:
    top, gable = rng.uniform(0.28, 0.52), rng.random() < 0.55
    columns, rows = int(rng.integers(2, 4)), int(rng.integers(2, 4))
    across, down = (right - left) / columns, (GROUND - 0.08 - top) / rows
    wide, high = across * rng.uniform(0.4, 0.55), down * rng.uniform(0.45, 0.62)
    windows = [
        (left + (column + 0.5) * across - wide / 2, top + (row + 0.35) * down, wide, high)
        for row in range(rows)
        for column in range(columns)
    ]
    lit = [bool(each) for each in rng.random(len(windows)) < 0.45]
    wall, roof = WALLS[rng.integers(len(WALLS))], ROOFS[rng.integers(len(ROOFS))]
    return _House(left, right, top, gable, wall, roof, windows, lit)


class _Canvas:
    """A picture that is painted in shares of its width and height."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.picture = Image.fromarray(pixels)
        self.size, self.draw = self.picture.width, ImageDraw.Draw(self.picture)

    def box(self, left: float, top: float, wide: float, high: float, color: Any) -> None:
        self.draw.rectangle([self.size * each for each in (left, top, left + wide, top + high)], fill=color)

    def polygon(self, corners: list[tuple[float, float]], color: Any) -> None:
        self.draw.polygon([(self.size * x, self.size * y) for x, y in corners], fill=color)

    def disc(self, x: float, y: float, radius: float, color: Any, flat: float = 1.0) -> None:
        low, high = (x - radius, y - flat * radius), (x + radius, y + flat * radius)
        self.draw.ellipse([self.size * each for each in (*low, *high)], fill=color)


def _sky(size: int, above: tuple[int, ...], below: tuple[int, ...]) -> np.ndarray:
    part = np.clip(np.linspace(0, 1.6, size), 0, 1)[:, None, None]
    rows = (1 - part) * np.array(above) + part * np.array(below)
    return np.broadcast_to(rows, (size, size, 3)).astype("uint8")


def _by_day(street: _Street, size: int) -> np.ndarray:
    canvas = _Canvas(_sky(FINER * size, (92, 152, 220), (200 + int(40 * street.haze), 222, 240)))
    for x, y, radius in street.clouds:
        for shift, share in ((-0.6, 0.6), (0, 1), (0.7, 0.7)):
            canvas.disc(x + shift * radius, y, share * radius, (246, 248, 250), flat=0.4)
    _things(canvas, street, tuple, glass=((98, 128, 150), (98, 128, 150)), lamp=(236, 232, 210))
    return np.asarray(canvas.picture.resize((size, size), Image.Resampling.LANCZOS))


def _by_night(street: _Street, size: int) -> np.ndarray:
    canvas = _Canvas(_sky(FINER * size, (8, 12, 38), (34, 38, 78)))
    for x, y in street.stars:
        canvas.disc(x, y, 0.006, (225, 228, 240))
    if street.moon:
        canvas.disc(*street.moon, 0.045, (240, 236, 214))
    _things(canvas, street, _in_the_dark, glass=((26, 30, 48), WARM), lamp=(255, 240, 200))
    small = np.asarray(canvas.picture.resize((size, size), Image.Resampling.LANCZOS), "float64")
    for x in street.lamps:
        small += _glow(size, x, 0.555, 0.16)[..., None] * np.array([150, 118, 60])
    return np.clip(small, 0, 255).astype("uint8")


def _in_the_dark(color: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(each) for each in np.array(color) * NIGHT)


def _things(canvas: _Canvas, street: _Street, tint: Callable, glass: tuple, lamp: tuple[int, ...]) -> None:
    """Paint what stands in the street, in colors as `tint` shows them; `glass` is of dark and of lit windows."""
    for house in street.houses:
        wide, wall, roof = house.right - house.left, tint(house.wall), tint(house.roof)
        canvas.box(house.left, house.top, wide, GROUND - house.top, wall)
        if house.gable:
            peak = (house.left + wide / 2, house.top - 0.14)
            canvas.polygon([(house.left, house.top), peak, (house.right, house.top)], roof)
        else:
            canvas.box(house.left - 0.01, house.top - 0.03, wide + 0.02, 0.035, roof)
        canvas.box(house.left + 0.42 * wide, GROUND - 0.1, 0.16 * wide, 0.1, roof)
        for window, is_lit in zip(house.windows, house.lit, strict=True):
            canvas.box(*window, glass[is_lit])
    canvas.box(0, GROUND, 1, KERB - GROUND, tint((172, 168, 160)))
    canvas.box(0, KERB, 1, 1 - KERB, tint((92, 94, 100)))
    for left in np.arange(0.04, 1, 0.24):
        canvas.box(left, 0.925, 0.11, 0.014, tint((214, 212, 200)))
    for x, radius, green in street.trees:
        canvas.box(x - 0.012, 0.62, 0.024, KERB - 0.63, tint((92, 66, 48)))
        canvas.disc(x, 0.6, radius, tint((int(66 * green), int(128 * green), int(60 * green))))
    for x in street.lamps:
        canvas.box(x - 0.008, 0.555, 0.016, KERB - 0.555, tint((52, 56, 62)))
        canvas.disc(x, 0.55, 0.028, lamp)


def _glow(size: int, x: float, y: float, radius: float) -> np.ndarray:
    """Return light that falls off around a place, `(size, size)`, 1 at most."""
    middle = (np.arange(size) + 0.5) / size
    apart = (middle[None] - x) ** 2 + (middle[:, None] - y) ** 2
    return np.exp(-apart / (2 * (radius / 2) ** 2))
