"""Pure functions from arrays to pictures: arrays go in, a matplotlib figure or an image comes out."""

from gan_course.plots.images import (
    D_COLOR,
    G_COLOR,
    LN2,
    as_png,
    image_grid,
    show_images,
    show_losses,
    show_timeline,
)
from gan_course.plots.live import pace, show_training
from gan_course.plots.timeline import show_step, spread, timeline_gif

__all__ = [
    "D_COLOR",
    "G_COLOR",
    "LN2",
    "as_png",
    "image_grid",
    "pace",
    "show_images",
    "show_losses",
    "show_step",
    "show_timeline",
    "show_training",
    "spread",
    "timeline_gif",
]
