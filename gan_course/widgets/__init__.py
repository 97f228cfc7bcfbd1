"""Thin ipywidgets shells over `gan_course.plots`: something to move in each lesson."""

from gan_course.widgets.quiz import Quiz
from gan_course.widgets.shell import Explorer, as_png

__all__ = ["Explorer", "Quiz", "as_png"]
