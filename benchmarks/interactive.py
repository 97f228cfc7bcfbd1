"""How quickly the widgets of the lessons answer, and what watching a training costs it.

    python -m benchmarks.interactive            # a few minutes; writes results/interactive.md

A callback is what runs from the change of a control until the new picture is set. Every control of a widget goes
through its values. The live view is measured in a notebook of its own, in a training of the lessons' networks.
Each measurement is a process of its own. CPU seconds are those of all threads; they say more than the clock where
other work runs on the machine.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
import numpy as np
from nbclient import NotebookClient
from PIL import Image

import gan_course
from benchmarks.common import RESULTS, ROOT, load, machine, measured
from gan_course.files import replacing

MOVES = 8  # of each control
STEPS = 600  # of the training that is watched
GOAL_MS, GOAL_SHARE = 150, 0.03


def timeline(folder: str) -> Any:
    """Return the scrubber over a run of 401 grids."""
    from gan_course.plots import image_grid
    from gan_course.runs import sample_path

    digits, _ = gan_course.datasets.load_mnist("embedded")
    for step in range(0, 40_001, 100):
        Image.fromarray(image_grid(digits[step // 100 :][:25])).save(sample_path(folder, step))
    return gan_course.widgets.timeline(folder)


def digit() -> np.ndarray:
    """Return one digit `(28, 28)`."""
    return gan_course.datasets.load_mnist("embedded")[0][0, ..., 0]


def code_explorer() -> Any:
    """Return the explorer of codes, of a decoder that has learned nothing."""
    from gan_course.models import digit_decoder

    codes = np.random.default_rng(0).standard_normal((2000, 2))
    return gan_course.widgets.code_explorer({"untrained": (digit_decoder(2), codes)}, np.arange(2000) % 10)


def wish_explorer() -> Any:
    """Return the explorer of wishes, of a generator that has learned nothing."""
    from gan_course.models import conditional_generator

    return gan_course.widgets.wish_explorer(conditional_generator(latent_dim=20))


WIDGETS: dict[str, Callable[[str], Any]] = {  # from a name to what makes the widget, given an empty folder
    "convolution_explorer": lambda folder: gan_course.widgets.convolution_explorer(),
    "upsampling_explorer": lambda folder: gan_course.widgets.upsampling_explorer({"a digit": digit()}),
    "code_explorer": lambda folder: code_explorer(),
    "wish_explorer": lambda folder: wish_explorer(),
    "generator_counter": lambda folder: gan_course.widgets.generator_counter(),
    "discriminator_counter": lambda folder: gan_course.widgets.discriminator_counter(),
    "TwoPlayerLab": lambda folder: gan_course.widgets.TwoPlayerLab(),
    "latent_explorer": lambda folder: gan_course.widgets.latent_explorer(),
    "timeline": timeline,
    "Quiz": lambda folder: gan_course.widgets.Quiz("05", "after"),
}


def moves(widget: Any) -> Iterator[Callable[[], None]]:
    """Yield one move after another: each control in the widget goes through its values, each button is clicked."""
    import ipywidgets

    for child in getattr(widget, "children", ()):
        yield from moves(child)
    if isinstance(widget, ipywidgets.Button):
        yield from [widget.click] * MOVES
        return
    if hasattr(widget, "options"):
        values = range(len(widget.options))
        name = "index"
    elif hasattr(widget, "max"):
        values = np.linspace(widget.min, widget.max, MOVES)
        values, name = [type(widget.value)(value) for value in values], "value"
    elif isinstance(widget.trait_values().get("value"), bool):
        values, name = [False, True], "value"
    else:
        return
    for value in [*values, *reversed(values)][: 2 * MOVES]:
        if getattr(widget, name) != value:
            yield lambda value=value: setattr(widget, name, value)


def measure_widget(name: str) -> dict[str, list[float]]:
    """Return the milliseconds of each move, by the clock and of the CPU."""
    found = {"clock": [], "cpu": []}
    with tempfile.TemporaryDirectory() as folder:
        for move in moves(WIDGETS[name](folder)):
            clock, cpu = time.perf_counter(), time.process_time()
            move()
            found["clock"].append(1000 * (time.perf_counter() - clock))
            found["cpu"].append(1000 * (time.process_time() - cpu))
    return found


def measure_live() -> dict[str, float]:
    """Train while it is watched, in a kernel; return the share of the time that the live view took."""
    code = "from benchmarks import interactive; interactive.train_live()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": ROOT}}).execute()
    said = next(output for output in notebook.cells[0].outputs if output.output_type == "stream")
    return json.loads(said.text)


def train_live() -> None:
    """Train the lessons' networks under a `LivePlot` whose methods are timed; print the seconds as JSON."""
    gan_course.quiet_tensorflow()
    from gan_course import callbacks, models

    spent, steps = [], []

    class Timed(callbacks.LivePlot):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.begun = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            now = time.perf_counter()
            steps.append(now - self.begun)
            super().on_train_batch_end(batch, logs)
            spent.append(time.perf_counter() - now)

    digits, _ = gan_course.datasets.load_mnist("embedded")
    gan = gan_course.GAN(models.mnist_generator(), models.mnist_discriminator(dropout=0), seed=0)
    gan.compile(recipe="course")
    watched = [Timed(STEPS)]
    gan.fit(gan_course.datasets.scale(digits), batch_size=32, steps_per_epoch=STEPS, callbacks=watched, verbose=0)
    drawn = np.array(spent) > 20 * np.median(spent)
    after = np.flatnonzero(drawn[1:-1]) + 2  # the steps after a drawing
    found = {
        "steps": STEPS,
        "drawings": int(drawn.sum()),
        "a drawing, ms": 1000 * float(np.median(np.array(spent)[drawn])),
        "a step, ms": 1000 * statistics.median(steps[1:]),
        "the step after a drawing, ms": 1000 * float(np.median(np.array(steps)[after])),
        "share": sum(spent[1:]) / (sum(spent[1:]) + sum(steps[1:])),
    }
    print(json.dumps(found))


def report(widgets: dict[str, dict[str, list[float]]], live: dict[str, float]) -> str:
    """Return what was measured as Markdown."""
    lines = [
        "# Widgets and the live view",
        "",
        f"Written by `python -m benchmarks.interactive` on {machine()}. Load average at the end, this "
        f"work included: {load()}. The goals: under {GOAL_MS} ms in the median, and the live view under "
        f"{GOAL_SHARE:.0%} of the training's time.",
        "",
        "| widget | moves | callback, median | worst | CPU, median | worst |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in widgets.items():
        times = (f"{each(found[kind]):.0f} ms" for kind in ("clock", "cpu") for each in (statistics.median, max))
        lines.append(f"| {name} | {len(found['clock'])} | {' | '.join(times)} |")
    return "\n".join(
        [
            *lines,
            "",
            f"A training of {live['steps']:,} steps of {live['a step, ms']:.0f} ms was drawn {live['drawings']} "
            f"times, {live['a drawing, ms']:.0f} ms each: **{live['share']:.1%}** of its time. The step after a "
            f"drawing took {live['the step after a drawing, ms']:.0f} ms.",
            "",
        ]
    )


def main() -> None:
    """Measure in processes of their own, write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", nargs="?", help="measure one widget, or `live`, for the report")
    job = parser.parse_args().job
    if job:
        gan_course.quiet_tensorflow()
        print(json.dumps(measure_live() if job == "live" else measure_widget(job)))
        return

    widgets = {name: measured("interactive", name) for name in WIDGETS}
    text = report(widgets, measured("interactive", "live"))
    with replacing(RESULTS / "interactive.md") as beside:
        beside.write_text(text)


if __name__ == "__main__":
    main()
