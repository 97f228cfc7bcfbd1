"""The two-player lab of lesson 04."""

from typing import Any

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from gan_course.plane import Scene
from gan_course.plots import ARROW, LONGEST, show_game
from gan_course.recipes import LOSSES
from gan_course.widgets.shell import CHOICE, Explorer

PICTURES = 1000  # that the play button shows before it stops by itself
_WIDE = {"style": {"description_width": "12em"}, "layout": {"width": "345px"}}
_BUTTONS = {
    "discriminator": "Discriminator learns",
    "generator": "Generator learns",
    "both": "Both learn",
    "restart": "Start again",
}


class TwoPlayerLab(Explorer):
    """A GAN on points in the plane that plays step by step.

    There are choices of the points, the loss, the gradient penalty and the seed, of learning rates and updates a
    step, and presets that show a balanced game, vanishing gradients and mode collapse. Buttons let one network
    learn, or both. The play button lets both learn until it is paused or stopped: the browser asks for one picture
    after the other, so the kernel is never busy for longer than one.

    Args:
        points: A table `(n, 2)` of your own to play on, values in [-1, 1].
        steps: How many steps are played before the first picture.

    Attributes:
        game: The `gan_course.plane.Game`.
        settings: The controls of learning rates and updates, by name.
        stride: How many steps one click, or one picture of the play button, takes.
        preset: The choice of ready-made settings.
        buttons: `"discriminator"`, `"generator"`, `"both"` and `"restart"`.
        play: The play button.

    Raises:
        ValueError: If the points are no such table.

    Example:
        >>> from gan_course.widgets import TwoPlayerLab
        >>> lab = TwoPlayerLab()
        >>> lab.buttons["discriminator"].click()
        >>> lab.words.partition(":")[0]
        'Step 10'
    """

    def __init__(self, points: Any = None, steps: int = 0) -> None:
        """Make the controls and start the game of the first preset."""
        from gan_course.plane import PENALTIES, PRESETS, SHAPES, Game, load_points

        self.tables = {name: load_points(name) for name in SHAPES}
        if points is not None:
            self.tables = {"my points": points, **self.tables}
        self.presets, preset = PRESETS, PRESETS["balance"]
        self.settings = {
            "d_learning_rate": _rate(preset.d_learning_rate, "D's learning rate"),
            "d_updates": _updates(preset.d_updates, "D's updates a step"),
            "g_learning_rate": _rate(preset.g_learning_rate, "G's learning rate"),
            "g_updates": _updates(preset.g_updates, "G's updates a step"),
        }
        controls = {
            "points": widgets.ToggleButtons(options=list(self.tables), description="Points", style=CHOICE),
            "seed": widgets.BoundedIntText(0, 0, 9999, description="Seed", **_WIDE),
            "loss": widgets.ToggleButtons(
                options=list(LOSSES), value=preset.loss, description="Loss", style=CHOICE
            ),
            "penalty": widgets.ToggleButtons(options=list(PENALTIES), description="Penalty", style=CHOICE),
        }
        self.preset = widgets.ToggleButtons(options=list(PRESETS), description="Preset", style=CHOICE)
        self.stride = widgets.SelectionSlider(
            options=[1, 10, 100], value=10, description="Steps at a time", **_WIDE
        )
        self.buttons = {
            name: widgets.Button(description=text, layout={"width": "auto"}) for name, text in _BUTTONS.items()
        }
        self.play = widgets.Play(value=0, min=0, max=PICTURES, interval=150, show_repeat=False)
        self._begun = (controls["points"].value, controls["seed"].value)
        self.game = Game(self.tables[self._begun[0]], seed=self._begun[1])
        self._learn(steps)
        self._applying = False
        for control in (*self.settings.values(), controls["loss"], controls["penalty"]):
            control.observe(lambda _: self._unmark(), "value")
        super().__init__(self._draw, controls, self._panel(controls))
        self._listen()

    def _panel(self, controls: dict[str, widgets.Widget]) -> widgets.Widget:
        rows = [
            [self.preset, controls["points"], controls["loss"], controls["penalty"]],
            [*self.settings.values(), controls["seed"], self.stride],
            [*self.buttons.values(), self.play],
        ]
        return widgets.VBox([widgets.HBox(row, layout={"flex_flow": "row wrap"}) for row in rows])

    def _listen(self) -> None:
        for who in ("discriminator", "generator", "both"):
            self.buttons[who].on_click(lambda _, who=who: self._learn_and_show(who))
        self.buttons["restart"].on_click(lambda _: self._restart_and_show())
        self.play.observe(lambda change: self._learn_and_show("both") if change["new"] else None, "value")
        self.preset.observe(lambda change: self._apply_preset(change["new"]), "value")

    def _draw(self, points: str, seed: int, loss: str, penalty: str) -> tuple[Figure, str]:
        if (points, seed) != self._begun:
            self._begun = points, seed
            self._restart()
        self.game.loss, self.game.penalty = loss, penalty
        scene = self.game.scene()
        name = self.preset.value
        look = f"{name.capitalize()}: {self.presets[name].look}." if name else "These are settings of your own."
        if (loss, penalty) == ("wasserstein", "none"):
            look = "Without a penalty this loss has no limit: the discriminator gets steeper and steeper."
        return show_game(scene, self.figure), f"{_words(scene)}\n{look}"

    def _unmark(self) -> None:
        """No preset is chosen when one of its settings has been changed; so it can be clicked again."""
        if not self._applying:
            self.preset.value = None

    def _apply_preset(self, name: str | None) -> None:
        if name is None:
            self.show()
            return
        with self._lock:
            preset, self._applying = self.presets[name], True
            try:
                for each, control in self.settings.items():
                    control.value = getattr(preset, each)
                self.game.loss, self.game.penalty = preset.loss, "none"
                self._restart()
                self.controls["loss"].value, self.controls["penalty"].value = preset.loss, "none"
            finally:
                self._applying = False
            self.show()

    def _restart_and_show(self) -> None:
        with self._lock:
            self._restart()
            self.show()

    def _restart(self) -> None:
        points, seed = self._begun
        self.game.restart(self.tables[points], seed)
        if (name := self.preset.value) and (head_start := self.presets[name].head_start):
            self._say(f"One moment: the discriminator learns alone for {head_start} steps …")
            self._learn(head_start, "discriminator")

    def _learn_and_show(self, who: str) -> None:
        with self._lock:
            self._learn(self.stride.value, who)
            self.show()

    def _learn(self, steps: int, who: str = "both") -> None:
        now = {name: control.value for name, control in self.settings.items()}
        self.game.d_optimizer.learning_rate = now["d_learning_rate"]
        self.game.g_optimizer.learning_rate = now["g_learning_rate"]
        d_updates = 0 if who == "generator" else now["d_updates"]
        g_updates = 0 if who == "discriminator" else now["g_updates"]
        self.game.step(d_updates, g_updates, steps)


def _words(scene: Scene) -> str:
    """What the picture shows, in numbers."""
    d_loss, g_loss = (_last(losses) for losses in scene.history.T[:2])
    mean = np.linalg.norm(scene.advice, axis=1).mean()
    length = np.format_float_positional(mean, precision=2, unique=False, fractional=False, trim="-")
    fair_share = len(scene.fake) / len(scene.reached)
    facts = LOSSES[scene.loss]
    guessing = (
        "answered 0.5 everywhere"
        if facts.is_probability
        else f"gave every point the score {facts.boundary or 0:g}"
    )
    return (
        f"Step {len(scene.history):,}: d_loss {d_loss}, g_loss {g_loss}. "
        f"If D {guessing}: {facts.guess[0]:.2f} and {facts.guess[1]:.2f}.\n"
        f"The gradients at the generated points are {length} long on average. "
        f"An arrow is {ARROW:g} of that, and never longer than {LONGEST:g}.\n"
        f"Modes reached: {scene.reached.sum()} of {len(scene.reached)}. A circle must hold a quarter of "
        f"its fair share, at least {np.ceil(fair_share / 4):.0f} of the {len(scene.fake)} generated points."
    )


def _last(losses: np.ndarray) -> str:
    known = losses[np.isfinite(losses)]
    return f"{known[-1].round(2) + 0.0:.2f}" if len(known) else "not yet known"


def _rate(value: float, name: str) -> widgets.FloatLogSlider:
    return widgets.FloatLogSlider(value, min=-4, max=-1, step=0.1, readout_format=".4f", description=name, **_WIDE)


def _updates(value: int, name: str) -> widgets.IntSlider:
    return widgets.IntSlider(value, 1, 10, description=name, **_WIDE)
