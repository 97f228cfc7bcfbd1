"""Plastic bricks whose kind and angles are known."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from gan_course.arguments import whole

BRICKS = ("brick", "plate", "tile", "slope", "curve", "arch", "corner", "wedge", "round", "cone")
"""The kinds; the label of a kind is its position."""

ATTRIBUTES_OF_BRICKS = np.dtype([("kind", "u1"), ("turn", "f4"), ("tilt", "f4"), ("gray", "u1")])
"""What is known of each brick: the label of its kind; how it is turned about the vertical axis, 0 to 360 degrees;
how steeply one looks down on it, 25 to 60 degrees; and how light its plastic is, 0 to 255."""

TILTS = (25.0, 60.0)
"""Between which degrees one looks down on a brick."""

TALL, FLAT = 1.2, 0.4  # heights; the distance between two studs is 1
STUD, STUD_HEIGHT = 0.3, 0.2  # radius and height
LIGHT = np.array([-0.55, -0.5, 0.67])  # from where it comes: left, above, in front
BACKGROUND, SHADOW = 232, 196
FINER = 3  # drawn so many times larger, then made smaller
SIDES = 20  # of the polygon that stands for a circle

Drawn = tuple[np.ndarray, np.ndarray]


def draw_bricks(count: int, seed: int = 0, size: int = 64, kind: str | None = None) -> Drawn:
    """Draw plastic bricks of ten kinds, each at another angle, in gray, lit from one side.

    Args:
        count: How many. A brick of a seed is the same whatever the count is.
        seed: Another seed draws other bricks.
        size: Height and width in pixels.
        kind: One of `BRICKS` that all are to be; None for any.

    Returns:
        Images, uint8 `(count, size, size, 1)`, values 0 to 255; attributes, a structured array `(count,)` of
        `ATTRIBUTES_OF_BRICKS`.

    Raises:
        ValueError: If `count` or `size` is no whole number of at least 1, `seed` none of at least 0, or there is
            no such kind.

    Example:
        >>> from gan_course.synthetic import BRICKS, draw_bricks
        >>> images, attributes = draw_bricks(3)
        >>> images.shape, [BRICKS[label] for label in attributes["kind"]]
        ((3, 64, 64, 1), ['round', 'corner', 'corner'])
    """
    count, size, seed = whole("count", count), whole("size", size), whole("seed", seed, least=0)
    if kind is not None and kind not in BRICKS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(BRICKS)}")
    images, known = np.empty((count, size, size, 1), "uint8"), np.empty(count, ATTRIBUTES_OF_BRICKS)
    for number, source in enumerate(np.random.SeedSequence(seed).spawn(count)):
        rng = np.random.default_rng(source)
        label = int(rng.integers(len(BRICKS)))
        label = label if kind is None else BRICKS.index(kind)
        turn, tilt, gray = rng.uniform(0, 360), rng.uniform(*TILTS), int(rng.integers(70, 221))
        shape, share = SHAPES[BRICKS[label]](rng), rng.uniform(0.74, 0.9)
        images[number, ..., 0] = _picture(shape, _turned(turn, tilt), gray, size, share)
        known[number] = label, turn, tilt, gray
    return images, known


class Shape(NamedTuple):
    """A brick: a body between two loops of as many corners `(n, 3)`, and where its studs stand, `(m, 3)`."""

    first: np.ndarray
    last: np.ndarray
    studs: np.ndarray


def _picture(shape: Shape, turned: np.ndarray, gray: int, size: int, share: float) -> np.ndarray:
    """Return the brick and its shadow as `(size, size)`, the longer side so large a share of the picture."""
    faces = _faces(shape.first, shape.last)
    studs = [
        face
        for place in shape.studs[np.argsort((shape.studs @ turned.T)[:, 2])]
        for face in _faces(place + _RING, place + _RING + (0, 0, STUD_HEIGHT))
    ]
    light = LIGHT / np.linalg.norm(LIGHT)
    falls = light @ turned  # in the brick's own directions
    shadows = [(face - face[:, 2:] * falls / falls[2]) @ turned.T for face in faces]
    seen = np.concatenate([*shadows, *(face @ turned.T for face in faces)])[:, :2]
    low, high = seen.min(axis=0), seen.max(axis=0)
    wide = FINER * size
    scale = share * wide / (high - low).max()
    shift = wide / 2 - scale * (low + high) / 2
    picture = Image.new("L", (wide, wide), BACKGROUND)
    draw = ImageDraw.Draw(picture)

    def fill(corners: np.ndarray, shade: int) -> None:
        draw.polygon((corners[:, :2] * scale + shift).ravel().tolist(), fill=shade)

    for shadow in shadows:
        fill(shadow, SHADOW)
    for face in [*_from_behind(faces, turned), *studs]:
        corners = face @ turned.T
        normal = _normal(corners)
        if normal[2] > 1e-9:
            fill(corners, int(min(255, 12 + gray * (0.42 + 0.68 * max(0.0, float(normal @ light))))))
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))


def _turned(turn: float, tilt: float) -> np.ndarray:
    """Return the rotation to what is seen: to the right, down, and towards the eye."""
    cosine, sine = np.cos(np.radians([turn, tilt])), np.sin(np.radians([turn, tilt]))
    return np.array(
        [
            [cosine[0], -sine[0], 0],
            [sine[1] * sine[0], sine[1] * cosine[0], -cosine[1]],
            [cosine[1] * sine[0], cosine[1] * cosine[0], sine[1]],
        ]
    )


def _faces(first: np.ndarray, last: np.ndarray) -> list[np.ndarray]:
    """Return both ends and the sides of a body, each face's corners in such an order that it looks outwards."""
    after = np.roll(np.arange(len(first)), -1)
    sides = np.stack([first, first[after], last[after], last], axis=1)
    return [*sides, first[::-1], last]


def _normal(corners: np.ndarray) -> np.ndarray:
    """Return the direction a face looks in (Newell's method, which bends and notches do not disturb)."""
    after = corners[_AFTER[len(corners)]]
    a, b = corners - after, corners + after
    normal = np.array([a[:, 1] @ b[:, 2], a[:, 2] @ b[:, 0], a[:, 0] @ b[:, 1]])
    return normal / (np.sqrt(normal @ normal) + 1e-12)


def _from_behind(faces: list[np.ndarray], turned: np.ndarray) -> list[np.ndarray]:
    """Return the faces in the order in which they can be painted: notches first, then what stands out.

    No face hides one of the hull, which has all corners behind it.
    """
    points = np.concatenate(faces)
    inner: list[np.ndarray] = []
    outer: list[np.ndarray] = []
    for face in faces:
        is_outer = ((points - face[0]) @ _normal(face)).max() < 1e-6
        (outer if is_outer else inner).append(face)
    return sorted(inner, key=lambda face: (face @ turned.T)[:, 2].mean()) + outer


def _circle(radius: float, sides: int = SIDES) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _upright(outline: Any, height: float, studs: np.ndarray, top: float = 1.0) -> Shape:
    """Return a body that stands on an outline `(n, 2)`, counterclockwise, its upper end `top` times as wide."""
    outline = np.array(outline, float)
    center = (outline.min(axis=0) + outline.max(axis=0)) / 2
    upper = center + top * (outline - center)
    lower, upper = (np.c_[each, np.full(len(each), at)] for each, at in ((outline, 0.0), (upper, height)))
    return Shape(lower, upper, np.c_[np.reshape(studs, (-1, 2)), np.full(len(studs), height)])


def _lying(profile: Any, depth: float, studs: np.ndarray) -> Shape:
    """Return a body of one profile `(n, 2)`, seen from the side, counterclockwise, all along its depth."""
    profile = np.array(profile, float)
    front, back = (np.c_[profile[:, 0], np.full(len(profile), at), profile[:, 1]] for at in (depth, 0.0))
    return Shape(front, back, np.c_[np.reshape(studs, (-1, 2)), np.full(len(studs), TALL)])


def _grid(columns: int, rows: int) -> np.ndarray:
    """Return the middles of so many squares, `(columns * rows, 2)`."""
    return np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2) + 0.5


def _box(rng: np.random.Generator, height: float, studs: bool = True) -> Shape:
    columns, rows = int(rng.integers(2, 5)), int(rng.integers(1, 3))
    outline = [(0, 0), (columns, 0), (columns, rows), (0, rows)]
    return _upright(outline, height, _grid(columns, rows) if studs else _grid(0, 0))


def _slope(rng: np.random.Generator) -> Shape:
    length, depth = int(rng.integers(2, 4)), int(rng.integers(1, 4))
    profile = [(0, 0), (length, 0), (length, 0.2), (1, TALL), (0, TALL)]
    return _lying(profile, depth, _grid(1, depth))


def _curve(rng: np.random.Generator) -> Shape:
    length, depth = int(rng.integers(2, 4)), int(rng.integers(1, 4))
    angles = np.linspace(0, np.pi / 2, 9)
    bend = np.stack([length * np.cos(angles), 0.2 + (TALL - 0.2) * np.sin(angles)], axis=1)
    return _lying(np.array([(0, 0), (length, 0), *bend]), depth, _grid(0, 0))


def _arch(rng: np.random.Generator) -> Shape:
    length, depth = int(rng.integers(3, 5)), int(rng.integers(1, 3))
    angles = np.linspace(np.pi, 0, 11)
    half = (length - 1.3) / 2
    notch = np.stack([length / 2 + half * np.cos(angles), 0.92 * np.sin(angles)], axis=1)
    return _lying(np.array([(0, 0), *notch, (length, 0), (length, TALL), (0, TALL)]), depth, _grid(length, depth))


def _corner(rng: np.random.Generator) -> Shape:
    arm = int(rng.integers(2, 4))
    outline = [(0, 0), (arm, 0), (arm, 1), (1, 1), (1, arm), (0, arm)]
    places = _grid(arm, arm)
    return _upright(outline, TALL, places[places.min(axis=1) < 1])


def _wedge(rng: np.random.Generator) -> Shape:
    length, width = int(rng.integers(3, 5)), int(rng.integers(2, 4))
    outline = np.array([(0, 0), (width, 0), (0.6, length), (0, length)])
    places = _grid(width, length)
    edge = 0.6 + (width - 0.6) * (1 - (places[:, 1] + STUD) / length)  # where the slanted side is
    return _upright(outline, FLAT, places[places[:, 0] + STUD < edge])


def _round(rng: np.random.Generator) -> Shape:
    width = int(rng.integers(1, 3))
    height = float(rng.choice([TALL, 2 * FLAT]))
    return _upright(_circle(width / 2), height, 0.9 * (_grid(width, width) - width / 2))


def _cone(rng: np.random.Generator) -> Shape:
    width, height = int(rng.integers(1, 3)), float(rng.uniform(1.0, 1.5))
    return _upright(_circle(width / 2), width * height, np.zeros((1, 2)), top=0.75 / (width + 0.25))


_RING = np.c_[_circle(STUD, 14), np.zeros(14)]
_AFTER = [np.roll(np.arange(number), -1) for number in range(40)]
SHAPES: dict[str, Callable[[np.random.Generator], Shape]] = {
    "brick": lambda rng: _box(rng, TALL),
    "plate": lambda rng: _box(rng, FLAT),
    "tile": lambda rng: _box(rng, FLAT, studs=False),
    "slope": _slope,
    "curve": _curve,
    "arch": _arch,
    "corner": _corner,
    "wedge": _wedge,
    "round": _round,
    "cone": _cone,
}
"""How a kind is made; the lengths in studs are drawn."""
