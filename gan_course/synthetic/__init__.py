"""Images that the course draws itself, so that no lesson needs a download, and what each of them shows."""

from gan_course.synthetic.faces import ATTRIBUTES, draw_face, draw_faces
from gan_course.synthetic.writing import write_faces

__all__ = ["ATTRIBUTES", "draw_face", "draw_faces", "write_faces"]
