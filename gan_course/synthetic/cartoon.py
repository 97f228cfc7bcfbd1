"""How a cartoon face is painted.

A face is polygons, ellipses and lines on a canvas that is three times as large and then reduced, which smooths
its edges. Coordinates are pixels of the finished 178x218 image, x to the right and y down, with the eyes where the
aligned images of CelebA have them.
"""

from types import SimpleNamespace

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw

WIDTH, HEIGHT, SCALE = 178, 218, 3
Color = tuple[int, ...]  # red, green, blue and perhaps opacity, 0 to 255

BLACK, WHITE, RED = (24, 20, 26), (252, 250, 248), (205, 45, 65)
SKIN = {
    "pale": (255, 226, 205),
    "light": (245, 202, 165),
    "olive": (222, 172, 122),
    "tan": (190, 132, 88),
    "brown": (142, 88, 58),
    "deep": (92, 58, 42),
}
HAIR = {
    "black": (38, 32, 36),
    "brown": (98, 62, 40),
    "red": (176, 78, 38),
    "blond": (232, 194, 112),
    "gray": (150, 150, 156),
    "white": (232, 230, 226),
}
BACKGROUND = {
    "gray": (198, 204, 208),
    "blue": (142, 192, 234),
    "green": (150, 206, 156),
    "yellow": (250, 222, 138),
    "pink": (248, 188, 190),
    "purple": (116, 98, 172),
    "night": (40, 46, 80),
}
IRIS = ((92, 58, 36), (60, 40, 30), (84, 130, 176), (92, 130, 84))
FRINGE = (  # the edge of the hair, right to left, in half widths of the head and pixels: high, bangs, parted
    [(0.9, 90), (0.5, 79), (0, 77), (-0.5, 79), (-0.9, 90)],
    [(0.92, 97), (0.5, 100), (0, 97), (-0.5, 100), (-0.92, 97)],
    [(0.95, 98), (0.6, 94), (0.1, 84), (-0.35, 70), (-0.8, 92)],
    [(0.93, 104), (0.6, 88), (0, 68), (-0.6, 88), (-0.93, 104)],
)


def paint_face(face: SimpleNamespace) -> Image.Image:
    """Paint a face that `gan_course.synthetic` has made up.

    Args:
        face: A value for each attribute in `synthetic.ATTRIBUTES` and each measure in `synthetic.SHAPE`, and
            `feminine`, 0 to 1; `tints`, `(3, 3)`, what is added to the colors of skin, hair and background;
            `cloth`, a color.

    Returns:
        The image, 178x218 in RGB.
    """
    return _Painter(face).paint()


def _blend(color: ArrayLike, other: ArrayLike, share: float) -> Color:
    mixed = np.asarray(color) + share * np.subtract(other, color)
    return tuple(mixed.clip(0, 255).astype(int).tolist())


def _tint(color: ArrayLike, tint: ArrayLike) -> Color:
    return _blend(np.add(color, tint), BLACK, 0)


def _arc(x: float, y: float, half: float, depth: float) -> np.ndarray:
    """Points of a parabola from (x - half, y) to (x + half, y) whose middle is `depth` lower."""
    t = np.linspace(-1, 1, 13)
    return np.stack([x + half * t, y + depth * (1 - t**2)], 1)


class _Canvas:
    """Strokes on an image that is `SCALE` times as large; a color of four numbers is translucent."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image.resize((WIDTH * SCALE, HEIGHT * SCALE), Image.Resampling.NEAREST)
        self.opaque, self.translucent = ImageDraw.Draw(self.image), ImageDraw.Draw(self.image, "RGBA")

    def polygon(self, points: ArrayLike, color: Color, rounds: int = 3) -> None:
        """Fill a polygon after so many rounds of cutting its corners (Chaikin 1974)."""
        points = np.asarray(points, float)
        for _ in range(rounds):
            steps = 0.25 * (np.roll(points, -1, axis=0) - points)
            points = np.stack([points + steps, points + 3 * steps], axis=1).reshape(-1, 2)
        self.pen(color).polygon((points * SCALE).ravel().tolist(), fill=color)

    def symmetric(self, x: float, right: ArrayLike, color: Color, rounds: int = 3) -> None:
        """Fill a polygon of which the right half is given, from top to bottom, seen from x."""
        right = np.asarray(right, float)
        self.polygon(np.concatenate([right + (x, 0), (right * (-1, 1) + (x, 0))[::-1]]), color, rounds)

    def pair(self, x: float, right: ArrayLike, color: Color, rounds: int = 3) -> None:
        """Fill a polygon and its mirror image on the other side of x."""
        for side in (1, -1):
            self.polygon(np.asarray(right, float) * (side, 1) + (x, 0), color, rounds)

    def ellipse(self, x: float, y: float, width: float, height: float, color: Color) -> None:
        box = [SCALE * value for value in (x - width, y - height, x + width, y + height)]
        self.pen(color).ellipse(box, fill=color)

    def line(self, points: ArrayLike, width: float, color: Color) -> None:
        self.pen(color).line((np.asarray(points) * SCALE).ravel().tolist(), fill=color, width=round(width * SCALE))

    def pen(self, color: Color) -> ImageDraw.ImageDraw:
        return self.opaque if len(color) == 3 else self.translucent

    def bumps(self, points: ArrayLike, radius: float, color: Color) -> None:
        for x, y in np.asarray(points):
            self.ellipse(x, y, radius, radius, color)


class _Painter(_Canvas):
    """Paints a face, from the background to the glasses."""

    def __init__(self, face: SimpleNamespace) -> None:
        color = _tint(BACKGROUND[face.background], face.tints[2])
        ends = _blend(color, WHITE, 0.15 + face.ramp), _blend(color, BLACK, 0.15 + face.ramp)
        first, last = map(np.array, ends if face.light > 0 else ends[::-1])
        ramp = np.linspace(first, last, HEIGHT).astype("uint8")
        super().__init__(Image.fromarray(ramp[:, np.newaxis]))
        self.face = face
        self.skin = _tint(SKIN[face.skin], face.tints[0])
        self.shade = _blend(self.skin, (90, 30, 40), 0.24)  # where less light falls
        self.hair = _tint(HAIR[face.hair_color], face.tints[1])
        self.hair_shade = _blend(self.hair, BLACK, 0.3)
        self.cloth = _blend(face.cloth, (140, 140, 140), 0.25)
        self.cloth_shade = _blend(self.cloth, BLACK, 0.25)
        self.x, self.y = 89 - 2.5 * face.turn, 116  # the middle of the head
        self.mouth_x = 89 + 2.5 * face.turn

    def paint(self) -> Image.Image:
        self.back_hair()
        self.body()
        self.head()
        self.age()
        self.eyes()
        self.brows()
        self.nose()
        self.beard()
        self.mouth()
        self.front_hair()
        self.headwear()
        self.glasses()
        return self.image.reduce(SCALE)

    def outline(self, start: float, stop: float, scale: float = 1, count: int = 30) -> np.ndarray:
        """Points on the edge of the head; 0 degrees is right, 90 the chin, 270 the top."""
        angles = np.radians(np.linspace(start, stop, count))
        down = np.sin(angles) > 0
        across = np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** np.where(down, self.face.jaw, 0.92)
        along = np.where(down, self.face.chin, self.face.top) * np.sin(angles)
        return np.stack([self.x + scale * self.face.width * across, self.y + scale * along], 1)

    def back_hair(self) -> None:
        face, x, w = self.face, self.x, self.face.width
        crown = [(0, 44), (0.8 * w, 48), (1.2 * w, 96)]
        if face.headwear == "headscarf":
            hood = [(0, 40), (0.9 * w, 50), (1.25 * w, 110), (1.2 * w, 185), (1.7 * w, 240)]
            self.symmetric(x, hood, self.cloth_shade)
        elif face.headwear == "turban":
            return
        elif face.hair == "bob":
            self.symmetric(x, [*crown, (1.32 * w, 178), (0.6 * w, 188)], self.hair_shade)
        elif face.hair == "long":
            self.symmetric(x, [*crown, (1.2 * w, 160), (1.55 * w, 205), (1.3 * w, 240)], self.hair_shade)
        elif face.hair == "pigtails":
            bunch = [(w, 108), (w + 24, 106), (w + 32, 160), (w + 14, 196), (w + 4, 150)]
            self.pair(x, bunch, self.hair_shade)
        elif face.hair == "bun" and face.headwear == "none":
            self.ellipse(x, 44, 20, 19, self.hair_shade)
            self.ellipse(x - 2 * np.sign(face.light), 42, 17, 15, self.hair)
        elif face.hair == "afro":
            self.bumps(self.outline(166, 374, 1.32, 13), 19, self.hair_shade)

    def body(self) -> None:
        face, n = self.face, self.face.neck
        if face.headwear == "headscarf":
            self.symmetric(self.x, [(0.8 * face.width, 165), (62, 205), (100, 240)], self.cloth)
            self.line(_arc(self.x, 186, 0.75 * face.width, 16), 1.5, self.cloth_shade)
            return
        self.symmetric(89, [(n, 150), (n, 190), (n + 16, 214), (n + 16, 240)], self.shade, 2)
        low = (204, 222, 190)[int(face.collar)]  # round, V-neck, turtleneck
        self.symmetric(89, [(0, low), (n + 3, 190), (50, 200), (86, 212), (98, 240)], self.cloth, 1)
        if face.collar >= 2:
            self.symmetric(89, [(n + 3, 180), (n + 4, 200)], self.cloth_shade, 1)
        else:
            self.line([(89 - n - 2, 193), (89, low - 2), (89 + n + 2, 193)], 2.5, self.cloth_shade)

    def head(self) -> None:
        face, toward = self.face, np.sign(self.face.light)
        if face.headwear != "headscarf":
            for side in (-1, 1):
                x = self.x + side * (face.width - 1)
                self.ellipse(x, 119, 7, 11, self.skin if side == toward else self.shade)
                self.ellipse(x, 119, 4, 7, self.shade)
                if face.feminine == 1 and face.earrings > 1:
                    self.ellipse(x + side * 2, 134, 3.2, 3.2, (240, 200, 90))
        self.polygon(self.outline(0, 360, count=60), self.shade, 0)
        self.polygon(self.outline(0, 360, 0.955, 60) + (1.8 * toward, -2), self.skin, 0)
        for side in (-1, 1):
            self.ellipse(89 + side * 24 + face.turn, 138, 10, 7, (235, 80, 80, int(face.blush)))
            for freckle in range(int(max(0, face.freckles) * 8)):
                x, y = 17 + 5 * (freckle % 3) + freckle // 3, 131 + 4 * (freckle // 3)
                self.ellipse(89 + side * x, y, 0.9, 0.9, self.shade)

    def age(self) -> None:
        if self.face.age == "old":
            for side in (-1, 1):
                self.line([(89 + side * 17, 139), (89 + side * 23, 146), (89 + side * 24, 152)], 1.4, self.shade)
                self.line(_arc(89 + side * 20, 120, 9, 2.5), 1.3, self.shade)
            for y in (82, 88):
                self.line(_arc(89, y, 17, -2), 1.3, self.shade)

    def eyes(self) -> None:
        face, height = self.face, self.face.eye * self.face.open
        iris, lid = IRIS[int(face.iris)], _blend(self.shade, BLACK, 0.25)
        for side in (-1, 1):
            x, y = 89 + side * 19.5, 112
            self.ellipse(x, y - 0.6, face.eye + 0.8, height + 1, lid)
            self.ellipse(x, y, face.eye, height, WHITE)
            radius = min(height, 5.2)
            self.ellipse(x + face.gaze, y, radius, radius, iris)
            self.ellipse(x + face.gaze, y, radius / 2, radius / 2, BLACK)
            self.ellipse(x + face.gaze + 1.4, y - 1.6, 1.1, 1.1, WHITE)
            self.line(_arc(x, y - 0.5, face.eye + 1, -height - 1), 1.7 + 1.2 * face.feminine, BLACK)
            if face.feminine == 1:
                lash = [(x + side * face.eye * 0.8, y - height * 0.6), (x + side * (face.eye + 4), y - height - 1)]
                self.line(lash, 1.6, BLACK)

    def brows(self) -> None:
        face = self.face
        y, thick = 98 - face.brow_rise, face.brow * (1 - 0.3 * face.feminine)
        color = _blend(self.hair, BLACK, 0.25)
        inner, outer = (9, y - face.brow_tilt), (31, y + 2 + face.brow_tilt / 2)
        self.pair(89, [inner, (22, y - 4), outer, (22, y - 4 + thick), (inner[0], inner[1] + thick)], color, 2)

    def nose(self) -> None:
        face, away = self.face, -np.sign(self.face.light)
        x, y = 89 + 3.5 * face.turn, face.nose_end
        bridge = [(89 + away * 3 + face.turn, 110), (x + away * 2, 126), (x + away * face.nose, y)]
        self.polygon([*bridge, (x, y + 2), (x - away * face.nose * 0.7, y), (x, y - 4)], self.shade, 2)
        self.line(_arc(x, y - 0.5, face.nose * 0.75, 3), 1.5, _blend(self.shade, BLACK, 0.3))

    def beard(self) -> None:
        face, x, y = self.face, self.mouth_x, self.face.mouth_height
        cheeks = [(-0.86, 124), (-0.62, 141), (-0.3, y - 12), (0, y - 10), (0.3, y - 12), (0.62, 141), (0.86, 124)]
        inner = np.array(cheeks) * (face.width, 1) + (self.x, 0)
        if face.beard == "full":
            self.polygon(np.concatenate([self.outline(-4, 184, 1.05), inner]), self.hair_shade, 1)
        if face.beard == "stubble":
            dark = _blend(self.hair, BLACK, 0.5)
            self.polygon(np.concatenate([self.outline(2, 178, 0.99), inner]), (*dark, 60), 1)
        if face.beard == "goatee":
            self.symmetric(x, [(0, y + 9), (16, y + 4), (12, y + 24), (0, y + 32)], self.hair_shade)
        if face.beard in ("goatee", "moustache"):
            half = [(0, y - 11), (9, y - 13), (23, y - 1), (20, y + 5), (8, y - 5), (0, y - 4)]
            self.pair(x, half, self.hair_shade)

    def mouth(self) -> None:
        face, x, y, w = self.face, self.mouth_x, self.face.mouth_height, self.face.lips
        lips = _blend(self.skin, RED, 0.75 if face.feminine == 1 else 0.45)
        line = _blend(lips, BLACK, 0.55)
        if face.mouth == "neutral":
            self.symmetric(x, [(0, y - 2.5), (4, y - 4), (w, y), (5, y + 6)], lips, 2)
            self.line(_arc(x, y, w * 0.85, 0.5), 1.5, line)
        elif face.mouth == "smile":
            self.symmetric(x, [(0, y), (w + 2, y - 4), (6, y + 8)], lips, 2)
            self.line(_arc(x, y - 3.5, w * 0.98, 5), 1.7, line)
        else:
            depth = 10 if face.mouth == "grin" else 19
            upper, lower = _arc(x, y - 5, w + 3, 2), _arc(x, y - 5, w + 3, depth)[::-1]
            self.polygon(np.concatenate([upper - (0, 2), lower + (0, 2.5)]), lips, 0)
            self.polygon(np.concatenate([upper, lower]), WHITE if face.mouth == "grin" else (110, 26, 40), 0)
            if face.mouth == "laugh":
                self.polygon(np.concatenate([upper, _arc(x, y - 5, w + 3, 8)[::-1]]), WHITE, 0)
                self.ellipse(x, y + 9, w * 0.42, 3, (226, 110, 116))

    def front_hair(self) -> None:
        face, w = self.face, self.face.width
        if face.headwear in ("headscarf", "turban"):
            return
        if face.hair == "bald":
            self.ellipse(self.x + 12 * np.sign(face.light), 74, 14, 7, (255, 255, 255, 60))
            return
        cap = self.outline(176, 364, 1.3 if face.hair == "afro" else face.volume)
        self.polygon(np.concatenate([cap, self.fringe()]), self.hair, 2)
        if face.hair == "curly":
            self.bumps(self.outline(184, 356, face.volume - 0.08, 14), 14, self.hair)
        elif face.hair == "afro":
            self.bumps(self.outline(184, 356, 1.22, 14), 14, self.hair)
        else:
            shine = 270 + 25 * np.sign(face.light)
            points = self.outline(shine - 17, shine + 17, 0.94 * face.volume, 9)
            self.line(points, 3, _blend(self.hair, WHITE, 0.28))
        if face.hair in ("bob", "long"):
            end = 176 if face.hair == "bob" else 225
            strand = [(0.86 * w, 92), (1.16 * w, 98), (1.34 * w, end), (1.05 * w, end + 4), (0.98 * w, 140)]
            self.pair(self.x, strand, self.hair)
        elif face.hair == "pigtails":
            for side in (-1, 1):
                self.ellipse(self.x + side * (w + 6), 113, 6, 7, self.cloth)

    def fringe(self) -> np.ndarray:
        high = self.face.hair in ("curly", "afro")
        points = [(1, 116), *FRINGE[0 if high else int(self.face.fringe)], (-1, 116)]
        if self.face.part < 0:
            points = [(-x, y) for x, y in reversed(points)]
        return np.array(points) * (self.face.width, 1) + (self.x, 0)

    def headwear(self) -> None:
        face, x, w = self.face, self.x, self.face.width
        if face.headwear == "headscarf":
            inner = self.outline(380, 160, 0.95)
            inner[:, 1] = inner[:, 1].clip(82)
            self.polygon(np.concatenate([self.outline(145, 395, 1.14), inner]), self.cloth, 1)
            self.line(self.outline(205, 262, 1.04), 1.6, self.cloth_shade)
        elif face.headwear == "turban":
            brow = np.array([(w, 103), (22, 92), (0, 74), (-22, 92), (-w, 103)]) + (x, 0)
            self.polygon(np.concatenate([self.outline(184, 356, 1.24), brow]), self.cloth, 2)
            for fold in (0.25, 0.5, 0.75):
                y, half = 84 - 24 * fold, w * (1.12 - 0.2 * fold)
                right = np.array([(half, y + 18 - 8 * fold), (18, y + 2), (0, y - 8)])
                self.line(right + (x, 0), 1.6, self.cloth_shade)
                self.line(right * (-1, 1) + (x, 0), 1.6, self.cloth_shade)
        elif face.headwear == "beanie":
            self.ellipse(x, 40, 9, 9, self.cloth_shade)
            self.polygon(np.concatenate([self.outline(192, 348, 1.2), [(x + w, 90), (x - w, 90)]]), self.cloth, 1)
            self.symmetric(x, [(0, 74), (1.12 * w, 80), (1.14 * w, 97), (0, 90)], self.cloth_shade, 1)

    def glasses(self) -> None:
        face = self.face
        if face.glasses == "none":
            return
        dark = face.glasses == "sunglasses"
        glass = (30, 28, 36, 235) if dark else (255, 255, 255, 50)
        metal = (222, 184, 116) if face.skin in ("brown", "deep") else (66, 44, 44)
        frame = BLACK if dark else _blend(metal, face.cloth, 0.2)
        radius = {"round": 14, "square": 4, "sunglasses": 10}[face.glasses] * SCALE
        for side in (-1, 1):
            x = 89 + side * 19.5
            box = [SCALE * value for value in (x - 15, 101, x + 15, 126)]
            self.translucent.rounded_rectangle(box, radius, glass, frame, round(2.5 * SCALE))
            if dark:
                self.line([(x - 8, 117), (x + 2, 106)], 2, (255, 255, 255, 90))
            self.line([(89 + side * 34, 109), (self.x + side * face.width, 107)], 2.2, frame)
        self.line(_arc(89, 111, 5, -3), 2.2, frame)
