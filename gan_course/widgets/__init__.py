"""Thin ipywidgets shells over `gan_course.plots`: something to move in each lesson."""

from gan_course.widgets.codes import code_explorer
from gan_course.widgets.convolution import convolution_explorer
from gan_course.widgets.lab import TwoPlayerLab
from gan_course.widgets.latent import latent_explorer
from gan_course.widgets.networks import discriminator_counter, generator_counter
from gan_course.widgets.quiz import Quiz
from gan_course.widgets.shell import Explorer
from gan_course.widgets.timeline import timeline
from gan_course.widgets.upsampling import upsampling_explorer
from gan_course.widgets.wishes import wish_explorer

__all__ = [
    "Explorer",
    "Quiz",
    "TwoPlayerLab",
    "code_explorer",
    "convolution_explorer",
    "discriminator_counter",
    "generator_counter",
    "latent_explorer",
    "timeline",
    "upsampling_explorer",
    "wish_explorer",
]
