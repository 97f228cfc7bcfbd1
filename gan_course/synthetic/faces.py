"""Cartoon faces whose attributes are known."""

from types import SimpleNamespace

import numpy as np
from PIL import Image

from gan_course.arguments import whole
from gan_course.synthetic.cartoon import BACKGROUND, HAIR, IRIS, SKIN, paint_face

ATTRIBUTES = {
    "skin": tuple(SKIN),
    "hair": ("bald", "short", "curly", "afro", "bob", "long", "bun", "pigtails"),
    "hair_color": tuple(HAIR),
    "headwear": ("none", "headscarf", "turban", "beanie"),
    "beard": ("none", "stubble", "moustache", "goatee", "full"),
    "glasses": ("none", "round", "square", "sunglasses"),
    "mouth": ("neutral", "smile", "grin", "laugh"),
    "age": ("young", "old"),
    "background": tuple(BACKGROUND),
}
"""What is known of each face, and the names of the classes; the label of a class is its position."""

SHAPE = {  # what varies without a label: from, to
    "width": (42, 49),
    "top": (58, 65),
    "chin": (63, 71),
    "jaw": (0.70, 1.0),
    "turn": (-1, 1),
    "light": (-1, 1),
    "eye": (6.6, 8.8),
    "open": (0.55, 0.85),
    "gaze": (-1.6, 1.6),
    "iris": (0, len(IRIS)),
    "brow": (3.0, 5.5),
    "brow_rise": (-2, 3),
    "brow_tilt": (-1.2, 3),
    "nose": (5, 9),
    "nose_end": (133, 140),
    "lips": (13, 19),
    "mouth_height": (151, 157),
    "blush": (0, 60),
    "freckles": (-4, 1),
    "volume": (1.06, 1.14),
    "fringe": (0, 4),
    "part": (-1, 1),
    "neck": (20, 27),
    "collar": (0, 3),
    "earrings": (0, 2),
    "ramp": (-0.15, 0.15),
}


def draw_faces(count: int, seed: int = 0, size: int | None = None, **fixed: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw cartoon faces whose attributes are known.

    Args:
        count: How many. A face of a seed is the same whatever the count is.
        seed: Another seed draws other faces.
        size: Height and width in pixels, the face squeezed into the square as `load_image_folder` does. Without
            it a face is 218 high and 178 wide like the aligned images of CelebA.
        **fixed: Attributes that all faces share, such as `glasses="round"`; all else stays as it is without them.

    Returns:
        Images, uint8 `(count, 218, 178, 3)` or `(count, size, size, 3)`; attributes, a structured array `(count,)`
        that holds for each name in `ATTRIBUTES` the label of the class, uint8.

    Raises:
        ValueError: If `count` or `size` is no whole number of at least 1, `seed` none of at least 0, or there is
            no such attribute or class.

    Example:
        >>> from gan_course.synthetic import ATTRIBUTES, draw_faces
        >>> images, attributes = draw_faces(3, mouth="grin")
        >>> images.shape, attributes["mouth"].tolist()
        ((3, 218, 178, 3), [2, 2, 2])
        >>> [ATTRIBUTES["hair"][label] for label in attributes["hair"]]
        ['bald', 'pigtails', 'bald']
    """
    square = None if size is None else 2 * (whole("size", size),)
    images, labels = [], []
    for number in range(whole("count", count)):
        image, attributes = draw_face(number, seed, **fixed)
        images.append(np.asarray(image.resize(square, Image.Resampling.LANCZOS) if square else image))
        labels.append(tuple(ATTRIBUTES[name].index(value) for name, value in attributes.items()))
    return np.stack(images), np.array(labels, [(name, "uint8") for name in ATTRIBUTES])


def draw_face(number: int, seed: int = 0, **fixed: str) -> tuple[Image.Image, dict[str, str]]:
    """Draw one face: number 0, 1, 2, ... of those that `draw_faces` draws with this seed.

    Returns:
        The image, 178x218 in RGB; its attributes, the name of a class for each name in `ATTRIBUTES`.

    Raises:
        ValueError: If `number` or `seed` is no whole number of at least 0, or there is no such attribute or class.

    Example:
        >>> from gan_course.synthetic import draw_face
        >>> image, attributes = draw_face(7, hair="afro")
        >>> image.size, attributes["hair"]
        ((178, 218), 'afro')
    """
    for name, value in fixed.items():
        if value not in ATTRIBUTES.get(name, ()):
            known = (
                f"{name} is one of {', '.join(ATTRIBUTES[name])}" if name in ATTRIBUTES else ", ".join(ATTRIBUTES)
            )
            raise ValueError(f"there are no faces with {name}={value!r}; expected {known}")
    rng = np.random.default_rng([whole("seed", seed, least=0), whole("number", number, least=0)])
    feminine = float(rng.choice([0, 0.5, 1], p=[0.4, 0.2, 0.4]))
    attributes = _choose_attributes(rng, feminine) | fixed
    shape = dict(zip(SHAPE, rng.uniform(*np.transpose(list(SHAPE.values()))), strict=True))
    tints, cloth = rng.normal(0, 6, (3, 1)) + rng.normal(0, 2.5, (3, 3)), rng.uniform(30, 235, 3)
    face = SimpleNamespace(**attributes, **shape, feminine=feminine, tints=tints, cloth=cloth)
    return paint_face(face), attributes


def _choose_attributes(rng: np.random.Generator, feminine: float) -> dict[str, str]:
    """Choose what goes well together; `feminine` reaches from 0 to 1 and is no attribute."""
    young = rng.random() < 0.75
    her_hair, his_hair = np.array([[2, 10, 10, 12, 18, 25, 13, 10], [15, 45, 20, 10, 3, 7, 0, 0]])
    weights = {
        "skin": [1] * 6,
        "hair": feminine * her_hair + (1 - feminine) * his_hair,
        "hair_color": [5, 5, 3, 4, 0.5, 0] if young else [1, 1, 0.5, 0.5, 6, 5],
        "headwear": [8, feminine, 1 - feminine, 0.8],
        "beard": [1, 0, 0, 0, 0] if feminine else [5, 2, 1.5, 1.5, 3],
        "glasses": [70, 12, 12, 6],
        "mouth": [30, 35, 25, 10],
        "age": [young, not young],
        "background": [1] * 7,
    }
    return {name: str(rng.choice(ATTRIBUTES[name], p=np.divide(w, np.sum(w)))) for name, w in weights.items()}
