"""The game of a GAN in the plane; TensorFlow loads with the game, not with the points."""

import importlib
from typing import Any

from gan_course.plane.points import SHAPES, Modes, Scene, checked_points, find_modes, load_points, window_grid

_OF_THE_GAME = ("BATCH_SIZE", "PENALTIES", "PRESETS", "SHOWN", "Game", "Preset")

__all__ = [
    "SHAPES",
    "Modes",
    "Scene",
    "checked_points",
    "find_modes",
    "load_points",
    "window_grid",
    *_OF_THE_GAME,
]


def __getattr__(name: str) -> Any:
    if name in _OF_THE_GAME:
        return getattr(importlib.import_module("gan_course.plane.game"), name)
    raise AttributeError(f"module 'gan_course.plane' has no attribute {name!r}; it has {', '.join(__all__)}")
