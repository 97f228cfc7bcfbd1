"""Images that the course draws itself, so that no lesson needs a download: cartoon faces.

Each face is painted as polygons, ellipses and lines on a canvas four times as large, then made smaller, which
smooths the edges. Coordinates are pixels of the finished 178x218 image, with the eyes where the aligned images
of CelebA have them.
"""

from types import SimpleNamespace

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 178, 218
SCALE = 3  # pixels of the canvas for one of the image

_SKIN = {
    "pale": (255, 226, 205),
    "light": (245, 202, 165),
    "olive": (222, 172, 122),
    "tan": (190, 132, 88),
    "brown": (142, 88, 58),
    "deep": (92, 58, 42),
}
_HAIR = {
    "black": (38, 32, 36),
    "brown": (98, 62, 40),
    "red": (176, 78, 38),
    "blond": (232, 194, 112),
    "grey": (150, 150, 156),
    "white": (232, 230, 226),
}
_BACKGROUND = {
    "grey": (176, 182, 188),
    "blue": (120, 178, 226),
    "green": (134, 196, 142),
    "yellow": (244, 214, 122),
    "pink": (244, 176, 178),
    "purple": (158, 140, 206),
    "night": (52, 62, 96),
}
ATTRIBUTES = {
    "skin": tuple(_SKIN),
    "hair": ("bald", "short", "curly", "afro", "bob", "long", "bun", "pigtails"),
    "hair_color": tuple(_HAIR),
    "headwear": ("none", "headscarf", "turban", "beanie"),
    "beard": ("none", "stubble", "moustache", "goatee", "full"),
    "glasses": ("none", "round", "square", "sunglasses"),
    "mouth": ("neutral", "smile", "grin", "laugh"),
    "age": ("young", "old"),
    "background": tuple(_BACKGROUND),
}
"""The attributes of a face and the names of their classes; a label is a position in these."""

_DTYPE = np.dtype([(name, "uint8") for name in ATTRIBUTES])
_FEMININE_HAIR = np.array([0.02, 0.10, 0.10, 0.12, 0.18, 0.25, 0.13, 0.10])
_MASCULINE_HAIR = np.array([0.15, 0.45, 0.20, 0.10, 0.03, 0.07, 0.00, 0.00])
_SHAPE = {  # what varies without a label, from least to most
    "width": (40, 47),
    "top": (58, 65),
    "chin": (62, 71),
    "jaw": (0.72, 1.0),
    "yaw": (-1, 1),
    "tilt": (-2.5, 2.5),
    "eye": (6.4, 8.6),
    "open": (0.55, 0.85),
    "gaze": (-1.5, 1.5),
    "brow": (1.8, 4.0),
    "brow_rise": (-2, 2.5),
    "nose": (4.5, 9),
    "nose_end": (133, 140),
    "lips": (13, 19),
    "mouth_height": (151, 157),
    "volume": (1.05, 1.14),
    "side": (-1, 1),
    "light": (-1, 1),
    "neck": (16, 22),
    "blush": (0, 60),
}


def draw_faces(count: int, seed: int = 0, size: int | None = None, **fixed: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw cartoon faces with known attributes.

    Args:
        count: How many. Face number i of a seed is the same whatever the count is.
        seed: Another seed draws other faces.
        size: Height and width in pixels, the face squeezed into the square; without it, 218 high and 178 wide
            like the aligned images of CelebA.
        **fixed: Attributes that all faces share, such as `glasses="round"`. Whatever else makes a face stays as
            it is without them.

    Returns:
        Images, uint8 `(count, 218, 178, 3)` or `(count, size, size, 3)`; attributes, a structured array `(count,)`
        with a whole number for each name in `ATTRIBUTES`.

    Raises:
        ValueError: If the count, seed or size is too small, or an attribute or class does not exist.

    Example:
        >>> from gan_course.synthetic import ATTRIBUTES, draw_faces
        >>> images, attributes = draw_faces(3, glasses="round")
        >>> images.shape, attributes["glasses"].tolist()
        ((3, 218, 178, 3), [1, 1, 1])
        >>> [ATTRIBUTES["mouth"][label] for label in attributes["mouth"]]
        []
    """
    if count < 1:
        raise ValueError(f"count is {count}; expected at least 1")
    faces = [draw_face(number, seed, **fixed) for number in range(count)]
    images = [image if size is None else image.resize((size, size), Image.Resampling.LANCZOS) for image, _ in faces]
    return np.stack(images), np.array([labels for _, labels in faces], _DTYPE)


def draw_face(number: int, seed: int = 0, **fixed: str) -> tuple[Image.Image, np.void]:
    """Draw one of the faces of `draw_faces`.

    Returns:
        The image, 178x218 in RGB, and its attributes.
    """
    rng = np.random.default_rng([seed, number])
    labels = _draw_labels(rng)
    low, high = np.array(list(_SHAPE.values())).T
    shape = dict(zip(_SHAPE, rng.uniform(low, high), strict=True))
    for name, value in fixed.items():
        labels[name] = value
    return _Painter(labels, SimpleNamespace(**shape), rng).paint(), labels


def _draw_labels(rng: np.random.Generator) -> dict[str, str]:
    def choose(name: str, weights: np.ndarray | None = None) -> str:
        classes = ATTRIBUTES[name]
        weights = np.ones(len(classes)) if weights is None else np.asarray(weights)
        return classes[np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(), side="right")]

    feminine = rng.choice([0, 0.5, 1], p=[0.4, 0.2, 0.4])
    age = choose("age", [0.75, 0.25])
    beard = 0.5 * max(0, 0.8 - feminine)
    return {
        "skin": choose("skin"),
        "hair": choose("hair", feminine * _FEMININE_HAIR + (1 - feminine) * _MASCULINE_HAIR),
        "hair_color": choose("hair_color", [5, 5, 3, 4, 0.5, 0.3] if age == "young" else [1, 1, 0.5, 1, 6, 5]),
        "headwear": choose("headwear", [0.8, 0.1 * feminine, 0.08 * (1 - feminine), 0.08]),
        "beard": choose("beard", [1 - 4 * beard / 2.5, *[beard * w for w in (0.4, 0.3, 0.3, 0.6)]]),
        "glasses": choose("glasses", [0.7, 0.12, 0.12, 0.06]),
        "mouth": choose("mouth", [0.3, 0.35, 0.25, 0.1]),
        "age": age,
        "background": choose("background"),
        "feminine": feminine,
    }


def _blend(color: tuple, other: tuple, share: float) -> tuple[int, ...]:
    return tuple(round(a + (b - a) * share) for a, b in zip(color, other, strict=True))


BLACK, WHITE = (24, 20, 26), (255, 255, 255)


class _Painter:
    """Paints a face, from the background to the glasses."""

    def __init__(self, labels, shape, rng):
        self.labels, self.shape, self.rng = labels, shape, rng
        self.skin = self.vary(_SKIN[labels["skin"]], 6)
        self.hair = self.vary(_HAIR[labels["hair_color"]], 8)
        self.cloth = self.vary(rng.uniform(40, 225, 3), 0)
        self.shade = _blend(self.skin, (90, 30, 40), 0.22)
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE))
        self.pen = ImageDraw.Draw(self.image, "RGBA")
        self.x = 89 - 2 * shape.yaw
        self.y = 116

    def vary(self, color, spread):
        return tuple(int(v) for v in np.clip(np.asarray(color) + self.rng.normal(0, 1, 3) * spread, 0, 255))

    # ---- strokes
    def ellipse(self, x, y, rx, ry, color):
        self.pen.ellipse([SCALE * v for v in (x - rx, y - ry, x + rx, y + ry)], fill=color)

    def polygon(self, points, color, smooth=3):
        points = np.asarray(points, float)
        for _ in range(smooth):  # Chaikin's corner cutting
            following = np.roll(points, -1, axis=0)
            points = np.stack([0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], 1).reshape(-1, 2)
        self.pen.polygon((points * SCALE).ravel().tolist(), fill=color)

    def line(self, points, width, color):
        points = (np.asarray(points, float) * SCALE).ravel().tolist()
        self.pen.line(points, fill=color, width=max(1, round(width * SCALE)), joint="curve")

    def curve(self, x, y, half, depth, width, color):
        """A parabola from (x - half, y) to (x + half, y) that hangs `depth` low in its middle."""
        t = np.linspace(-1, 1, 15)
        self.line(np.stack([x + half * t, y + depth * (1 - t**2)], 1), width, color)

    def outline(self, start, stop, scale=1.0, count=40):
        """Points on the edge of the head; angles in degrees, 0 right, 90 chin, 270 top."""
        angle = np.radians(np.linspace(start, stop, count))
        cos, sin = np.cos(angle), np.sin(angle)
        power = np.where(sin > 0, self.shape.jaw, 0.92)
        x = self.shape.width * np.sign(cos) * np.abs(cos) ** power
        y = np.where(sin > 0, self.shape.chin, self.shape.top) * sin
        return np.stack([self.x + scale * x, self.y + scale * y], 1)

    # ---- parts
    def paint(self):
        self.background()
        self.back_hair()
        self.body()
        self.head()
        self.eyes()
        self.nose()
        self.beard()
        self.mouth()
        self.brows()
        self.front_hair()
        self.headwear()
        self.glasses()
        return self.image.reduce(SCALE)

    def background(self):
        color = self.vary(_BACKGROUND[self.labels["background"]], 8)
        top, bottom = _blend(color, WHITE, 0.25), _blend(color, BLACK, 0.22)
        if self.rng.random() < 0.5:
            top, bottom = bottom, top
        ramp = Image.linear_gradient("L").resize(self.image.size)
        self.image.paste(Image.merge("RGB", [ramp.point([int(a + (b - a) * i / 255) for i in range(256)])
                                             for a, b in zip(top, bottom)]))

    def back_hair(self):
        s, x, w, dark = self.labels["hair"], self.x, self.shape.width, _blend(self.hair, BLACK, 0.3)
        if self.labels["headwear"] == "headscarf":
            cloth = _blend(self.scarf(), BLACK, 0.12)
            self.polygon([(x - w * 1.25, 110), (x - w * .9, 50), (x, 36), (x + w * .9, 50), (x + w * 1.25, 110),
                          (x + w * 1.3, 190), (x + w * 1.6, 240), (x - w * 1.6, 240), (x - w * 1.3, 190)], cloth)
            return
        if s == "bob":
            self.polygon([(x - w * 1.2, 100), (x - w * .8, 48), (x + w * .8, 48), (x + w * 1.2, 100),
                          (x + w * 1.3, 176), (x + w * .7, 186), (x - w * .7, 186), (x - w * 1.3, 176)], dark)
        elif s == "long":
            self.polygon([(x - w * 1.2, 100), (x - w * .8, 46), (x + w * .8, 46), (x + w * 1.2, 100),
                          (x + w * 1.35, 180), (x + w * 1.5, 250), (x - w * 1.5, 250), (x - w * 1.35, 180)], dark)
        elif s == "pigtails":
            for side in (-1, 1):
                self.polygon([(x + side * w, 110), (x + side * (w + 22), 112), (x + side * (w + 30), 165),
                              (x + side * (w + 14), 190), (x + side * (w + 2), 150)], dark)
        elif s == "bun" and self.labels["headwear"] == "none":
            self.ellipse(x, 42, 21, 19, dark)
            self.ellipse(x - 2, 40, 17, 14, self.hair)
        elif s == "afro":
            self.bumps(150, 390, 1.42, 17, dark)
            self.ellipse(x, 96, w * 1.5, 66, dark)

    def bumps(self, start, stop, scale, radius, color):
        for px, py in self.outline(start, stop, scale, 15):
            self.ellipse(px, py, radius, radius, color)

    def scarf(self):
        return self.cloth

    def body(self):
        n, x = self.shape.neck, 89
        if self.labels["headwear"] == "headscarf":
            self.ellipse(self.x, 196, self.shape.width * 1.15, 30, self.scarf())
            return
        self.polygon([(x - n, 150), (x + n, 150), (x + n, 196), (x + n + 14, 208), (x - n - 14, 208), (x - n, 196)], self.shade, 2)
        cloth, dark = self.cloth, _blend(self.cloth, BLACK, 0.25)
        self.polygon([(-10, 240), (4, 212), (40, 200), (x - n - 4, 192), (x, 192 + 16), (x + n + 4, 192), (138, 200), (174, 212), (190, 240)], cloth, 2)
        self.curve(x, 197, n + 3, 13, 3, dark)

    def head(self):
        if self.labels["headwear"] != "headscarf":
            for side in (-1, 1):
                ex = self.x + side * (self.shape.width - 1)
                self.ellipse(ex, 119, 7, 11, self.skin if side * self.shape.light > 0 else self.shade)
                self.ellipse(ex, 119, 4, 7, self.shade)
        self.polygon(self.outline(0, 360, 1.0), self.shade, 0)
        lit = self.outline(0, 360, 0.955)
        lit[:, 0] += 1.8 * np.sign(self.shape.light)
        lit[:, 1] -= 2
        self.polygon(lit, self.skin, 0)
        for side in (-1, 1):
            self.ellipse(89 + side * 24 + self.shape.yaw, 138, 10, 7, (235, 80, 80, int(self.shape.blush)))
        if self.labels["age"] == "old":
            for side in (-1, 1):
                self.line([(89 + side * 17, 139), (89 + side * 23, 146), (89 + side * 24, 152)], 1.3, self.shade)
                self.curve(89 + side * 20, 119, 8, 2.5, 1.2, self.shade)
            for y in (82, 88):
                self.curve(89, y, 17, -2, 1.2, self.shade)

    def eyes(self):
        s = self.shape
        iris = self.vary([(92, 58, 36), (60, 40, 30), (84, 130, 176), (92, 130, 84)][self.rng.integers(4)], 8)
        for side in (-1, 1):
            x, y = 89 + side * 19.5, 112
            rx, ry = s.eye, s.eye * s.open
            self.ellipse(x, y - 0.6, rx + 0.8, ry + 1, _blend(self.shade, BLACK, 0.25))
            self.ellipse(x, y, rx, ry, (252, 250, 248))
            r = min(ry, 5.2)
            self.ellipse(x + s.gaze, y, r, r, iris)
            self.ellipse(x + s.gaze, y, r * .52, r * .52, (14, 10, 12))
            self.ellipse(x + s.gaze + 1.4, y - 1.6, 1.1, 1.1, WHITE)
            self.curve(x, y - 0.5, rx + 1, -ry - .8, 1.8 + 1.2 * self.labels["feminine"], BLACK)
            if self.labels["feminine"] == 1:
                self.line([(x + side * rx * .8, y - ry * .6), (x + side * (rx + 3.5), y - ry - 1)], 1.6, BLACK)

    def brows(self):
        s = self.shape
        color = _blend(self.hair, BLACK, 0.3) if self.labels["hair_color"] not in ("white",) else (190, 186, 182)
        for side in (-1, 1):
            x, y = 89 + side * 20, 98 - s.brow_rise
            self.line([(x - side * 9, y + s.tilt), (x + side * 1, y - 2.5), (x + side * 10, y + 1.5 - s.tilt * .3)],
                      s.brow * (1 - .25 * self.labels["feminine"]), color)

    def nose(self):
        s = self.shape
        x, y = 89 + 3.5 * s.yaw, s.nose_end
        side = 1 if s.light < 0 else -1
        self.polygon([(89 + side * 3 + s.yaw, 112), (x + side * 2, 126), (x + side * s.nose, y), (x, y + 2.5), (x - side * s.nose * .7, y),
                      (x, y - 3), (x + side * .5, 124)], _blend(self.skin, self.shade, .8), 2)
        dark = _blend(self.shade, BLACK, .3)
        self.curve(x, y - .5, s.nose * .75, 3, 1.4, dark)

    def mouth(self):
        s, kind = self.shape, self.labels["mouth"]
        x, y, w = 89 + 2.5 * s.yaw, s.mouth_height, s.lips
        red = _blend(_blend(self.skin, (200, 50, 70), .45 + .35 * (self.labels["feminine"] == 1)), BLACK, .1)
        dark = _blend(red, BLACK, .5)
        if kind == "neutral":
            self.polygon([(x - w, y), (x - 4, y - 4), (x, y - 2.5), (x + 4, y - 4), (x + w, y), (x + 5, y + 5.5), (x - 5, y + 5.5)], red, 2)
            self.curve(x, y, w * .85, .5, 1.3, dark)
        elif kind == "smile":
            self.polygon([(x - w - 2, y - 3), (x, y), (x + w + 2, y - 3), (x + 6, y + 8), (x - 6, y + 8)], red, 2)
            self.curve(x, y - 3, w * .95, 4.5, 1.5, dark)
        else:
            low = 9 if kind == "grin" else 17
            t = np.linspace(-1, 1, 15)
            top = np.stack([x + (w + 3) * t, y - 4 + 2.2 * (1 - t**2)], 1)
            bottom = np.stack([x + (w + 3) * t, y - 4 + low * (1 - t**2)], 1)[::-1]
            self.polygon(np.concatenate([top - (0, 2), bottom + (0, 2.4)]), red, 0)
            inside = np.concatenate([top, bottom])
            inside[:, 0] = x + (inside[:, 0] - x) * .92
            self.polygon(inside, (110, 26, 40) if kind == "laugh" else (250, 248, 244), 0)
            if kind == "laugh":
                teeth = np.concatenate([top, (top + (0, 5) - (x, 0)) [::-1] * (.85, 1) + (x, 0)])
                self.polygon((teeth - (x, 0)) * (.88, 1) + (x, 0), (250, 248, 244), 0)
                self.ellipse(x, y + 8, w * .42, 3, (226, 110, 116))

    def beard(self):
        kind = self.labels["beard"]
        x, y, color = 89 + 2.5 * self.shape.yaw, self.shape.mouth_height, _blend(self.hair, BLACK, .12)
        w = self.shape.width
        if kind in ("full", "stubble"):
            jaw = self.outline(-4, 184, 1.04 if kind == "full" else .99)
            inner = [(self.x - w * .86, 124), (self.x - w * .66, 140), (x - 15, y - 12), (x, y - 10), (x + 15, y - 12),
                     (self.x + w * .66, 140), (self.x + w * .86, 124)]
            self.polygon(np.concatenate([jaw, inner]), color if kind == "full" else (*color, 70), 1)
        if kind == "goatee":
            self.polygon([(x - 16, y + 4), (x, y + 9), (x + 16, y + 4), (x + 12, y + 24), (x, y + 33), (x - 12, y + 24)], color)
        if kind in ("goatee", "moustache"):
            for side in (-1, 1):
                self.polygon([(x, y - 11), (x + side * 9, y - 12), (x + side * 22, y - 1), (x + side * 20, y + 4), (x + side * 8, y - 5), (x, y - 4)], color)

    def front_hair(self):
        s, style = self.shape, self.labels["hair"]
        if self.labels["headwear"] in ("headscarf", "turban"):
            return
        if style == "bald":
            if self.labels["age"] == "old":
                for side in (0, 180):
                    p = self.outline(side - 28, side + 12, 1.06, 8) if side == 0 else self.outline(168, 208, 1.06, 8)
                    q = (p - (self.x, self.y)) * (.86, 1) + (self.x, self.y)
                    self.polygon(np.concatenate([p, q[::-1]]), self.hair, 2)
            else:
                self.ellipse(self.x + 12 * np.sign(s.light), 72, 14, 7, (*_blend(self.skin, WHITE, .6), 110))
            return
        flip = 1 if s.side > 0 else -1
        part = abs(s.side)
        if part < .33:
            fringe = [(1, 116), (.92, 97), (.5, 100), (0, 97), (-.5, 100), (-.92, 97), (-1, 116)]
        elif part < .75:
            fringe = [(1, 116), (.95, 98), (.6, 94), (.1, 84), (-.35, 70), (-.8, 92), (-1, 114)]
        else:
            fringe = [(1, 118), (.93, 104), (.6, 88), (0, 68), (-.6, 88), (-.93, 104), (-1, 118)]
        if style in ("afro", "curly", "bun", "pigtails") and part < .75:
            fringe = [(1, 112), (.9, 90), (.5, 80), (0, 78), (-.5, 80), (-.9, 90), (-1, 112)]
        front = [(self.x + flip * a * s.width, b) for a, b in fringe][::1 if flip > 0 else -1]
        if style == "curly":
            self.bumps(185, 355, 1.0, 14, self.hair)
        if style == "afro":
            self.bumps(180, 360, 1.22, 18, self.hair)
        top = self.outline(176, 364, s.volume if style != "afro" else 1.3, 30)
        self.polygon(np.concatenate([top, front]), self.hair, 2)
        if style in ("bob", "long"):
            for side in (-1, 1):
                end = 172 if style == "bob" else 235
                self.polygon([(self.x + side * s.width * .86, 96), (self.x + side * s.width * 1.16, 100), (self.x + side * s.width * 1.3, end), (self.x + side * s.width * 1.0, end), (self.x + side * s.width * .96, 140)], self.hair, 2)
        if style not in ("afro", "curly"):
            light = _blend(self.hair, WHITE, .28)
            shine = self.outline(228, 262, s.volume * .93, 9) if s.light < 0 else self.outline(278, 312, s.volume * .93, 9)
            self.line(shine, 3, light)
        if style == "pigtails":
            for side in (-1, 1):
                self.ellipse(self.x + side * (s.width + 5), 116, 6, 7, self.cloth)

    def headwear(self):
        kind = self.labels["headwear"]
        s, x = self.shape, self.x
        cloth, dark = self.scarf(), _blend(self.scarf(), BLACK, .22)
        if kind == "headscarf":
            top = self.outline(150, 390, 1.12, 40)
            inner = self.outline(390, 150, .93, 40)
            inner[:, 1] = np.maximum(inner[:, 1], 84 - 4 * np.cos((inner[:, 0] - x) / s.width))
            self.polygon(np.concatenate([top, inner]), cloth, 1)
            self.line(self.outline(200, 260, 1.03, 12), 1.6, dark)
        elif kind == "turban":
            top = self.outline(186, 354, 1.22, 30)
            self.polygon(np.concatenate([top, [(x + s.width, 102), (x + 22, 92), (x, 76), (x - 22, 92), (x - s.width, 102)]]), cloth, 2)
            for k in (.25, .5, .75):
                self.line([(x + s.width * (1.1 - .2 * k), 100 - 34 * k), (x + 10, 84 - 22 * k), (x - 6 + 8 * k, 78 - 24 * k)], 1.5, dark)
                self.line([(x - s.width * (1.1 - .2 * k), 100 - 34 * k), (x - 10, 84 - 22 * k)], 1.5, dark)
        elif kind == "beanie":
            top = self.outline(192, 348, 1.2, 30)
            self.polygon(np.concatenate([top, [(x + s.width, 90), (x - s.width, 90)]]), cloth, 1)
            self.polygon([(x - s.width * 1.12, 80), (x, 74), (x + s.width * 1.12, 80), (x + s.width * 1.14, 97), (x, 90), (x - s.width * 1.14, 97)], dark, 1)
            self.ellipse(x, 40, 9, 9, dark)

    def glasses(self):
        kind = self.labels["glasses"]
        if kind == "none":
            return
        frame = BLACK if kind == "sunglasses" else self.vary((60, 40, 40), 25)
        glass = (30, 28, 36, 235) if kind == "sunglasses" else (255, 255, 255, 50)
        for side in (-1, 1):
            x, y = 89 + side * 19.5, 113
            box = [SCALE * v for v in (x - 15, y - 12, x + 15, y + 13)]
            if kind == "square":
                self.pen.rounded_rectangle(box, 4 * SCALE, fill=glass, outline=frame, width=round(2.6 * SCALE))
            elif kind == "sunglasses":
                self.pen.rounded_rectangle(box, 10 * SCALE, fill=glass, outline=frame, width=round(2.4 * SCALE))
                self.line([(x - 8, y + 4), (x + 2, y - 7)], 2, (255, 255, 255, 90))
            else:
                self.pen.ellipse(box, fill=glass, outline=frame, width=round(2.4 * SCALE))
            self.line([(x + side * 14, 109), (self.x + side * self.shape.width, 107)], 2.2, frame)
        self.curve(89, 111, 5, -3, 2.2, frame)
