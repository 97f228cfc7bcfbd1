"""Images that the course draws itself, so that no lesson needs a download, and what each of them shows."""

from gan_course.synthetic.bricks import ATTRIBUTES_OF_BRICKS, BRICKS, TILTS, draw_bricks
from gan_course.synthetic.faces import ATTRIBUTES, draw_face, draw_faces
from gan_course.synthetic.streets import ATTRIBUTES_OF_STREETS, draw_streets
from gan_course.synthetic.styles import STYLES, draw_style
from gan_course.synthetic.writing import write_bricks, write_faces

__all__ = [
    "ATTRIBUTES",
    "ATTRIBUTES_OF_BRICKS",
    "ATTRIBUTES_OF_STREETS",
    "BRICKS",
    "STYLES",
    "TILTS",
    "draw_bricks",
    "draw_face",
    "draw_faces",
    "draw_streets",
    "draw_style",
    "write_bricks",
    "write_faces",
]
