"""The two-player lab of lesson 04."""

from typing import Any

import ipywidgets as widgets
from matplotlib.figure import Figure

from gan_course.plots import show_game
from gan_course.widgets.shell import Explorer

PICTURES = 1000  # that the play button shows before it stops by itself
_WIDE = {"style": {"description_width": "10em"}, "layout": {"width": "320px"}}
_MINE = "my points"


class TwoPlayerLab(Explorer):
    """A GAN on points in the plane that plays step by step.

    There are choices of the points, the loss and the seed, of learning rates and updates a step, and presets that
    show a balanced game, vanishing gradients and mode collapse. Buttons let one network learn, or both. The play
    button lets both learn until it is paused or stopped: the browser asks for one picture after the other, so the
    kernel is never busy for longer than one.

    Args:
        points: A table `(n, 2)` of your own to play on, values in [-1, 1].
        steps: How many steps of the first preset are played before the first picture.

    Attributes:
        game: The `gan_course.plane.Game`.
        buttons: `"discriminator"`, `"generator"`, `"both"` and `"restart"`.
        play: The play button.

    Raises:
        ValueError: If the points are no such table.

    Example:
        >>> from gan_course.widgets import TwoPlayerLab
        >>> lab = TwoPlayerLab()
        >>> lab.buttons["discriminator"].click()
        >>> lab.words.splitlines()[1].partition(":")[0]
        'Step 1'
    """

    def __init__(self, points: Any = None, steps: int = 0) -> None:
        """Make the controls and start the game of the first preset."""
        from gan_course.plane import LOSSES, PRESETS, SHAPES, Game, load_points

        self.presets, self.tables = PRESETS, {name: load_points(name) for name in SHAPES}
        if points is not None:
            self.tables[_MINE] = points
        self.game = Game(self.tables[_MINE if points is not None else PRESETS["balance"].points])
        self.preset = widgets.Dropdown(options=list(PRESETS), description="Preset", **_WIDE)
        self.settings = {
            "d_learning_rate": _learning_rate("Discriminator's rate"),
            "d_updates": widgets.IntSlider(1, 1, 10, description="updates a step", **_WIDE),
            "g_learning_rate": _learning_rate("Generator's rate"),
            "g_updates": widgets.IntSlider(1, 1, 10, description="updates a step", **_WIDE),
        }
        self.stride = widgets.Dropdown(options=[1, 10, 100], value=10, description="Steps at a time", **_WIDE)
        self.buttons = {
            name: widgets.Button(description=text, layout={"width": "auto"})
            for name, text in (
                ("discriminator", "Discriminator learns"),
                ("generator", "Generator learns"),
                ("both", "Both learn"),
                ("restart", "Start again"),
            )
        }
        self.play = widgets.Play(min=0, max=PICTURES, interval=150, show_repeat=False)
        controls = {
            "points": widgets.Dropdown(options=list(self.tables), description="Points", **_WIDE),
            "loss": widgets.Dropdown(options=list(LOSSES), description="Loss", **_WIDE),
            "seed": widgets.BoundedIntText(0, 0, 9999, description="Seed", **_WIDE),
        }
        ...
