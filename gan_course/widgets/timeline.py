"""The scrubber over the pictures that a training saved."""

from pathlib import Path

import ipywidgets as widgets
from matplotlib.figure import Figure

from gan_course.plots import show_step
from gan_course.runs import find_samples, read_sample
from gan_course.widgets.shell import Explorer


def timeline(folder: str | Path) -> Explorer:
    """Return a slider and a play button over the saved pictures of a training.

    Args:
        folder: What `gan-course train` or a `gan_course.callbacks.SampleGrid` wrote to.

    Raises:
        ValueError: If it holds no pictures.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from gan_course.widgets import timeline
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for step in (0, 200):
        ...         Image.new("L", (58, 58)).save(f"{folder}/step_{step:06d}.png")
        ...     print(timeline(folder).words)
        Step 200, the picture 2 of 2: the same latent vectors in each.
    """
    found = find_samples(folder)
    steps = [*found]

    def draw(step: int) -> tuple[Figure, str]:
        place = f"Step {step:,}, the picture {steps.index(step) + 1} of {len(steps)}"
        return show_step(read_sample(found[step]), step), f"{place}: the same latent vectors in each."

    slider = widgets.SelectionSlider(
        description="step", options=[(f"{step:,}", step) for step in steps], value=steps[-1]
    )
    play = widgets.Play(max=len(steps) - 1, interval=200)  # milliseconds
    play.observe(lambda change: slider.set_trait("index", change["new"]), "value")
    return Explorer(draw, {"step": slider}, panel=widgets.HBox([play, slider], layout={"flex_flow": "row wrap"}))
