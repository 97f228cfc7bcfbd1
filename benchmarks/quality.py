"""Quality of the drawn digits against training time: a recipe of the course and the textbooks' loop.

    python benchmarks/quality.py train textbook     # 40,000 steps; after an interruption it goes on
    python benchmarks/quality.py train course
    python benchmarks/quality.py plot               # quality.png and quality.md from all that was measured

Curves go to benchmarks/results/quality_RECIPE.csv, the trainings themselves to build/quality/RECIPE. The package
trains the textbook's recipe faster than the textbooks' loop, so the seconds of that curve are steps times the
seconds of one step of that loop, from results/speed.json (see speed.py) or --textbook-seconds.
"""

import argparse
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import matplotlib.pyplot as plt

import gan_course

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
TEXTBOOK, STEPS = "textbook", 40_000
EVERY, BATCH_SIZE = 500, 32
GOALS = (("the textbook's distance", 1, 120), ("half of it", 1 / 2, 400))  # seconds
LAST_GOAL = ("a quarter of it", 1 / 4)  # after all steps

Row = dict[str, float]


def train(recipe: str, steps: int, results: Path) -> None:
    """Train the networks of lesson 05 with a recipe and write its curve; go on if there is one."""
    gan_course.quiet_tensorflow()
    import keras
    import tensorflow as tf

    from gan_course import callbacks, datasets, models

    saved = ROOT / "build" / "quality" / recipe / "gan.keras"
    if saved.exists():
        gan = keras.models.load_model(saved)
    else:
        keras.utils.set_random_seed(0)
        gan = gan_course.GAN(models.mnist_generator(), models.mnist_discriminator(), seed=0)
        gan.compile(recipe=recipe)
    images = datasets.scale(datasets.load_mnist("full")[0])
    batches = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images), seed=gan.steps)
    batches = batches.repeat().batch(BATCH_SIZE, drop_remainder=True).prefetch(2)
    keep = [callbacks.Quality(EVERY, path=curve_path(results, recipe)), callbacks.SaveModel(saved, every=EVERY)]
    if gan.steps < steps:
        gan.fit(batches, steps_per_epoch=steps - gan.steps, callbacks=keep, verbose=2)


def curve_path(results: Path, recipe: str) -> Path:
    """Return where the curve of a recipe is kept."""
    return results / f"quality_{recipe}.csv"


def read_curves(results: Path, seconds_per_step: float) -> dict[str, list[Row]]:
    """Return the measured rows of each recipe after step 0, the textbook's with the seconds of its own loop."""
    from gan_course.quality import read_quality

    curves = {}
    for path in sorted(results.glob("quality_*.csv")):
        curves[path.stem.removeprefix("quality_")] = [row for row in read_quality(path) if row["step"] > 0]
    if at_step(curves.get(TEXTBOOK, []), STEPS) is None:
        raise SystemExit(
            f"{curve_path(results, TEXTBOOK)} has no step {STEPS:,}; first train the textbook's recipe"
        )
    for row in curves[TEXTBOOK]:
        row["seconds"] = row["step"] * seconds_per_step
    return curves


def at_step(rows: list[Row], step: int) -> Row | None:
    """Return the row that was measured at a step."""
    return next((row for row in rows if row["step"] == step), None)


def reached(rows: list[Row], distance: float) -> Row | None:
    """Return step and seconds at which a curve first comes down to a distance.

    They lie on the straight line between two measured points. None if no measured point is that low.
    """
    for before, after in zip([rows[0], *rows], rows, strict=False):
        if after["frechet_distance"] <= distance:
            fall = before["frechet_distance"] - after["frechet_distance"]
            part = (before["frechet_distance"] - distance) / fall if fall > 0 else 1
            return {name: before[name] + part * (after[name] - before[name]) for name in ("step", "seconds")}
    return None


def draw(curves: dict[str, list[Row]], target: float) -> plt.Figure:
    """Draw distance against seconds and against steps, with the goals as dotted lines."""
    figure, both = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
    for axes, along in zip(both, ("seconds", "step"), strict=True):
        for recipe, rows in curves.items():
            line = [[row[name] for row in rows] for name in (along, "frechet_distance", "frechet_distance_error")]
            axes.errorbar(*line, label=recipe, lw=1, marker=".", ms=4)
        for part in (1, 1 / 2, 1 / 4):
            axes.axhline(part * target, color="black", lw=0.8, ls=":")
        axes.set(xscale="log", yscale="log", xlabel=along)
        axes.grid(alpha=0.3)
    both[0].set_ylabel("Fréchet distance, 5,000 digits")
    both[0].legend(frameon=False)
    return figure


def report(curves: dict[str, list[Row]], seconds_per_step: float) -> str:
    """Return the goals and what was reached as Markdown."""
    target = at_step(curves[TEXTBOOK], STEPS)["frechet_distance"]
    lines = [
        "# Quality against training time",
        "",
        "![Fréchet distance against seconds and steps](quality.png)",
        "",
        f"Written by `python benchmarks/quality.py plot` on {machine()}. Fréchet distance of 5,000 drawn digits "
        "from MNIST's test digits, ± one standard error; smaller is better, 5,000 real training digits score "
        f"0.42 ± 0.13. The textbook's seconds are steps × {seconds_per_step:.4g} s, the measured pace of the "
        "textbooks' loop; measuring is not counted. What was reached is interpolated between measured points.",
    ]
    for recipe, rows in curves.items():
        if recipe == TEXTBOOK:
            continue
        lines += ["", f"## {recipe}", "", "| goal | distance | wanted | reached |", "|---|---|---|---|"]
        for name, part, seconds in GOALS:
            when = reached(rows, part * target)
            found = f"{when['seconds']:,.0f} s, step {when['step']:,.0f}" if when else "not reached"
            lines.append(f"| {name} | {part * target:.2f} | within {seconds} s | {found} |")
        name, part = LAST_GOAL
        last = at_step(rows, STEPS)
        found = f"{told(last)}, {last['seconds']:,.0f} s" if last else "not trained so far"
        lines.append(f"| {name} | {part * target:.2f} | at step {STEPS:,} | {found} |")
    lines += ["", "## All curves", "", f"| step | {' | '.join(curves)} |", f"|---{'|---' * len(curves)}|"]
    for step in sorted({row["step"] for rows in curves.values() for row in rows}):
        if step in (500, 1000, 2000, 4000, 8000) or step % 8000 == 0:
            found = [at_step(rows, step) for rows in curves.values()]
            cells = [f"{told(row)} ({row['seconds']:,.0f} s)" if row else "" for row in found]
            lines.append(f"| {step:,} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def told(row: Row) -> str:
    """Return the distance with its error."""
    return f"{row['frechet_distance']:.2f} ± {row['frechet_distance_error']:.2f}"


def machine() -> str:
    """Return the processor and the versions."""
    info = Path("/proc/cpuinfo")  # Linux; elsewhere platform knows the name
    lines = info.read_text().splitlines() if info.exists() else []
    name = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor())
    packages = ", ".join(f"{package} {version(package)}" for package in ("tensorflow", "keras", "numpy"))
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def main() -> None:
    """Train a recipe or plot all that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of the curves")
    jobs = parser.add_subparsers(dest="job", required=True)
    training = jobs.add_parser("train", help="train a recipe and measure it on the way")
    training.add_argument("recipe")
    training.add_argument("--steps", type=int, default=STEPS)
    plotting = jobs.add_parser("plot", help="write quality.png and quality.md")
    plotting.add_argument("--textbook-seconds", type=float, help="seconds a step of the textbooks' loop")
    options = parser.parse_args()
    if options.job == "train":
        return train(options.recipe, options.steps, options.results)
    pace = options.textbook_seconds
    if pace is None:
        speed = json.loads((options.results / "speed.json").read_text())
        pace = speed["rows"][TEXTBOOK]["seconds_per_step"]
    curves = read_curves(options.results, pace)
    target = at_step(curves[TEXTBOOK], STEPS)["frechet_distance"]
    draw(curves, target).savefig(options.results / "quality.png", dpi=110)
    (options.results / "quality.md").write_text(report(curves, pace))
    return None


if __name__ == "__main__":
    main()
