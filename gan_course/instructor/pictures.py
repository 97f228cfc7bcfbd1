"""Pictures that were handed in, as a page can show them, whatever the notebook kept: PNGs in base64, or SVGs."""

import base64
import io
from collections.abc import Iterator, Sequence

from PIL import Image

LARGEST = 4_000_000  # characters that encode the pictures of one notebook
SIDE = 600  # pixels, of one that is made smaller
SVG = "image/svg+xml;base64,"  # what an SVG begins with here; in an <img> it runs nothing


def pictures(outputs: object) -> Iterator[str]:
    """Yield the pictures of a cell's outputs; notebooks of format 3 keep them beside the text.

    Args:
        outputs: What stands under `outputs` in a notebook, whatever that is.
    """
    for output in outputs if isinstance(outputs, list) else []:
        data = output.get("data", output) if isinstance(output, dict) else None
        if not isinstance(data, dict):
            continue
        if png := _text(data.get("image/png", data.get("png"))):
            yield png
        elif jpeg := _text(data.get("image/jpeg", data.get("jpeg"))):
            yield from _again(jpeg, None)
        elif svg := _text(data.get("image/svg+xml", data.get("svg"))):
            yield SVG + base64.b64encode(svg.encode("utf-8", errors="replace")).decode()


def as_address(picture: str) -> str:
    """Return what an `<img>` can show, or nothing if a picture, which comes from a submission, is not base64.

    Example:
        >>> as_address("iVBORw0KGgo="), as_address("<no base64>")
        ('image/png;base64,iVBORw0KGgo=', '')
    """
    kind = SVG if picture.startswith(SVG) else "image/png;base64,"
    try:
        data = base64.b64decode("".join(picture.removeprefix(SVG).split()), validate=True)
        return kind + base64.b64encode(data).decode()
    except ValueError:
        return ""


def smaller(all_of_them: Sequence[str]) -> list[str]:
    """Return as many pictures that come to at most `LARGEST` characters; empty where one has no room or is none.

    Args:
        all_of_them: As `pictures` yields them.
    """
    made, used = [], 0
    for picture in all_of_them:
        again = picture if picture.startswith(SVG) else "".join(_again(picture, SIDE))
        made.append(again if used + len(again) <= LARGEST else "")
        used += len(made[-1])
    return made


def _again(picture: str, side: int | None) -> Iterator[str]:
    """Yield a picture as PNG, no larger than a side with few colors if there is one; nothing if it is none."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(picture)), formats=("PNG", "JPEG")) as opened:
            image: Image.Image = opened
            if side:
                image.thumbnail((side, side))
                image = image.convert("RGB").quantize(64)
            file = io.BytesIO()
            image.save(file, "PNG", optimize=bool(side))
    except Exception:  # what a forged picture can cause has no end
        return
    yield base64.b64encode(file.getvalue()).decode()


def _text(found: object) -> str:
    return "".join(map(str, found)) if isinstance(found, list) else found if isinstance(found, str) else ""
