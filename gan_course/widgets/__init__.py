"""Thin ipywidgets shells over `gan_course.plots`: something to move in each lesson."""

from gan_course.widgets.shell import Explorer, as_png
from gan_course.widgets.timeline import timeline

__all__ = ["Explorer", "as_png", "timeline"]
