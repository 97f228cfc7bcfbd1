"""Pictures of nothing but a style: strokes, a mosaic, waves, hatching, dots and blocks."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from gan_course.arguments import whole

FINER = 2  # drawn so many times larger, then made smaller
Color = tuple[int, int, int]

PALETTES: dict[str, tuple[Color, ...]] = {
    "strokes": ((24, 44, 96), (44, 92, 158), (96, 150, 196), (238, 196, 84), (222, 132, 52), (240, 232, 200)),
    "mosaic": ((196, 58, 52), (226, 160, 60), (52, 130, 126), (36, 74, 110), (234, 220, 180), (120, 44, 80)),
    "waves": ((20, 52, 92), (40, 96, 140), (110, 164, 186), (200, 222, 222), (244, 238, 220)),
    "hatching": ((246, 240, 226), (34, 30, 30)),
    "dots": ((214, 70, 60), (240, 176, 64), (70, 140, 84), (56, 92, 160), (150, 90, 150), (250, 246, 234)),
    "blocks": ((206, 40, 36), (24, 70, 150), (246, 206, 60), (244, 242, 234), (244, 242, 234), (20, 20, 22)),
}
STYLES = tuple(PALETTES)
"""The kinds of style that the course can draw."""


def draw_style(kind: str, seed: int = 0, size: int = 128) -> np.ndarray:
    """Draw a picture that shows a style and no thing.

    Args:
        kind: One of `STYLES`: `"strokes"` of a brush along a field, a `"mosaic"` of broken tiles, `"waves"` with
            dark edges, `"hatching"` with a pen, `"dots"` of paint, or `"blocks"` between black bars.
        seed: Another seed draws another picture of the kind.
        size: Height and width in pixels, at least 16.

    Returns:
        uint8 `(size, size, 3)`.

    Raises:
        ValueError: If there is no such kind, `seed` is no whole number of at least 0, or `size` none of at least
            16.

    Example:
        >>> from gan_course.synthetic import draw_style
        >>> draw_style("waves", seed=1, size=64).shape
        (64, 64, 3)
    """
    if kind not in PALETTES:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(STYLES)}")
    size, seed = whole("size", size, least=16), whole("seed", seed, least=0)
    rng = np.random.default_rng([STYLES.index(kind), seed])
    picture = Image.fromarray(_PAINTERS[kind](rng, np.array(PALETTES[kind]), FINER * size))
    return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))


def _field(rng: np.random.Generator, wide: int, bends: float = 3.0) -> np.ndarray:
    """Return a smooth random field `(wide, wide)`, values about -1 to 1: a sum of slow waves."""
    y, x = np.mgrid[:wide, :wide] / wide
    waves = rng.normal(0, bends, (6, 2))
    phases = rng.uniform(0, 2 * np.pi, 6)
    return np.mean(
        [np.sin(2 * np.pi * (a * x + b * y) + phase) for (a, b), phase in zip(waves, phases, strict=True)], axis=0
    ) * np.sqrt(2)


def _strokes(rng: np.random.Generator, palette: np.ndarray, wide: int) -> np.ndarray:
    angles, shades = np.pi * _field(rng, wide, 1.2), _field(rng, wide, 1.5)
    picture = Image.new("RGB", (wide, wide), tuple(palette[1]))
    draw = ImageDraw.Draw(picture)
    length, thick = wide / 14, max(2, wide // 70)
    for x, y in rng.uniform(0, wide, (2600, 2)):
        row, column = int(y), int(x)
        shade = int(
            np.clip((shades[row, column] + 1) / 2 * len(palette) + rng.normal(0, 0.7), 0, len(palette) - 1)
        )
        color = np.clip(palette[shade] + rng.normal(0, 12, 3), 0, 255).astype(int)
        points = [(x, y)]
        for _ in range(4):
            angle = angles[int(np.clip(points[-1][1], 0, wide - 1)), int(np.clip(points[-1][0], 0, wide - 1))]
            points.append((points[-1][0] + length / 4 * np.cos(angle), points[-1][1] + length / 4 * np.sin(angle)))
        draw.line(points, fill=tuple(color), width=thick, joint="curve")
    return np.asarray(picture)


def _nearest(points: np.ndarray, wide: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each pixel which point is nearest, and by how much nearer than the next one it is."""
    y, x = np.mgrid[:wide, :wide]
    first, second = np.full((wide, wide), np.inf), np.full((wide, wide), np.inf)
    which = np.zeros((wide, wide), int)
    for number, (column, row) in enumerate(points):
        apart = np.hypot(x - column, y - row)
        nearer = apart < first
        second = np.where(nearer, first, np.minimum(second, apart))
        first, which = np.where(nearer, apart, first), np.where(nearer, number, which)
    return which, second - first


def _mosaic(rng: np.random.Generator, palette: np.ndarray, wide: int) -> np.ndarray:
    step = wide / 15
    places = np.stack(np.meshgrid(np.arange(17), np.arange(17)), axis=-1).reshape(-1, 2) * step
    which, margin = _nearest(places + rng.normal(0, 0.24 * step, places.shape), wide)
    shades = (_field(rng, 17, 2.0).ravel() + 1) / 2 * len(palette) + rng.normal(0, 0.6, 17 * 17)
    colors = palette[np.clip(shades, 0, len(palette) - 1).astype(int)] + rng.normal(0, 14, (17 * 17, 3))
    tiles = np.where((margin < step / 7)[..., None], 58, colors[which])
    return np.clip(tiles, 0, 255).astype("uint8")


def _waves(rng: np.random.Generator, palette: np.ndarray, wide: int) -> np.ndarray:
    y, x = np.mgrid[:wide, :wide] / wide
    bent = y + 0.05 * np.sin(2 * np.pi * (2.5 * x + rng.uniform())) + 0.06 * _field(rng, wide, 1.5)
    heights = 11 * bent + 0.55 * np.abs(np.sin(2 * np.pi * (4 * x + 0.4 * np.floor(11 * bent) + rng.uniform())))
    band = np.floor(heights).astype(int)
    colors = palette[rng.permutation(np.arange(40) % len(palette))[band % 40]].astype(float)
    colors *= 0.86 + 0.14 * (heights - band)[..., None]
    edge = (heights - band) < 0.13
    return np.where(edge[..., None], palette[0] * 0.6, colors).astype("uint8")


def _hatching(rng: np.random.Generator, palette: np.ndarray, wide: int) -> np.ndarray:
    dark = (_field(rng, wide, 1.6) + 1) / 2
    picture = Image.new("RGB", (wide, wide), tuple(palette[0]))
    draw = ImageDraw.Draw(picture)
    for angle, above in ((0.8, 0.25), (-0.7, 0.5), (0.1, 0.72)):
        turn = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-turn[1], turn[0]])
        for offset in np.arange(-wide, wide, wide / 44):
            start = wide / 2 + across * (offset + rng.normal(0, wide / 400)) - turn * wide
            points = start + np.linspace(0, 2 * wide, 70)[:, None] * turn
            for a, b in zip(points, points[1:], strict=False):
                inside = (a >= 0).all() and (a < wide).all()
                if inside and dark[int(a[1]), int(a[0])] > above + rng.normal(0, 0.05):
                    draw.line(
                        [*a, *(b + rng.normal(0, wide / 500, 2))], fill=tuple(palette[1]), width=wide // 130 + 1
                    )
    return np.asarray(picture)


def _dots(rng: np.random.Generator, palette: np.ndarray, wide: int) -> np.ndarray:
    shades = (_field(rng, wide, 1.4) + 1) / 2 * len(palette)
    picture = Image.new("RGB", (wide, wide), tuple(palette[-1]))
    draw = ImageDraw.Draw(picture)
    for x, y in rng.uniform(0, wide, (2200, 2)):
        shade = int(np.clip(shades[int(y), int(x)] + rng.normal(0, 0.9), 0, len(palette) - 1))
        radius = wide / 80 * rng.uniform(0.7, 1.3)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=tuple(palette[shade]))
    return np.asarray(picture)


def _blocks(rng: np.random.Generator, palette: np.ndarray, wide: int) -> np.ndarray:
    picture = Image.new("RGB", (wide, wide))
    draw, bar = ImageDraw.Draw(picture), max(2, wide // 40)
    waiting = [(0, 0, wide, wide)]
    while waiting:
        left, top, right, bottom = waiting.pop()
        broad, high = right - left, bottom - top
        if max(broad, high) > wide / 3.2 or (max(broad, high) > wide / 7 and rng.random() < 0.75):
            at = rng.uniform(0.3, 0.7)
            if broad > high:
                cut = int(left + at * broad)
                waiting += [(left, top, cut, bottom), (cut, top, right, bottom)]
            else:
                cut = int(top + at * high)
                waiting += [(left, top, right, cut), (left, cut, right, bottom)]
            continue
        color = tuple(palette[rng.integers(len(palette) - 1)])
        draw.rectangle([left, top, right, bottom], fill=color, outline=tuple(palette[-1]), width=bar // 2)
    return np.asarray(picture)


_PAINTERS: dict[str, Callable[[np.random.Generator, np.ndarray, int], np.ndarray]] = {
    "strokes": _strokes,
    "mosaic": _mosaic,
    "waves": _waves,
    "hatching": _hatching,
    "dots": _dots,
    "blocks": _blocks,
}
