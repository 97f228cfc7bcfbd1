"""Quality of the drawn digits against training time: a recipe of the course and the textbooks' loop.

    python -m benchmarks.quality train textbook     # 40,000 steps; after an interruption it goes on
    python -m benchmarks.quality train course
    python -m benchmarks.quality plot               # quality.png and quality.md from all that was measured

Curves go to benchmarks/results/quality_RECIPE.csv, the trainings themselves to build/quality/RECIPE. The package
trains the textbook's recipe faster than the textbooks' loop, and other work may run beside a long training. So
seconds are steps times the measured seconds of one step, from results/speed.json (see speed.py): those of the
textbooks' own loop for the textbook's recipe, those of `GAN.fit` for the others. Measuring is not counted.
"""

import argparse
import json
import shutil
from pathlib import Path

import matplotlib.pyplot as plt

from benchmarks.common import RESULTS, ROOT, machine
from gan_course import runs, train_mnist

TEXTBOOK, STEPS, EVERY = "textbook", 40_000, 500
GOALS = (("the textbook's distance", 1, 120), ("half of it", 1 / 2, 400))  # seconds
LAST_GOAL = ("a quarter of it", 1 / 4)  # after all steps

Row = dict[str, float]


def train(recipe: str, steps: int, results: Path) -> None:
    """Train with a recipe, and copy the curve when all steps are done; go on if the training has begun."""
    folder = ROOT / "build" / "quality" / recipe
    gan = train_mnist(folder, steps, recipe=recipe, metrics=EVERY, seed=42, source="full")
    if gan.steps >= steps:
        shutil.copy(folder / runs.QUALITY, curve_path(results, recipe))


def curve_path(results: Path, recipe: str) -> Path:
    """Return where the curve of a recipe is kept."""
    return results / f"quality_{recipe}.csv"


def read_curves(results: Path) -> dict[str, list[Row]]:
    """Return the measured rows of each recipe after step 0, with the seconds of an undisturbed training."""
    from gan_course.callbacks.quality import read_quality

    pace = json.loads((results / "speed.json").read_text())["rows"]
    curves = {}
    for path in sorted(results.glob("quality_*.csv")):
        recipe = path.stem.removeprefix("quality_")
        seconds = pace[recipe]["seconds_per_step"]
        rows = [row for row in read_quality(path) if row["step"] > 0]
        curves[recipe] = [{**row, "seconds": row["step"] * seconds} for row in rows]
    if at_step(curves.get(TEXTBOOK, []), STEPS) is None:
        raise SystemExit(
            f"{curve_path(results, TEXTBOOK)} has no step {STEPS:,}; first train the textbook's recipe"
        )
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


def report(curves: dict[str, list[Row]]) -> str:
    """Return the goals and what was reached as Markdown."""
    target = at_step(curves[TEXTBOOK], STEPS)["frechet_distance"]
    paces = ", ".join(f"{recipe} {rows[0]['seconds'] / rows[0]['step']:.3g} s" for recipe, rows in curves.items())
    lines = [
        "# Quality against training time",
        "",
        "![Fréchet distance against seconds and steps](quality.png)",
        "",
        f"Written by `python -m benchmarks.quality plot` on {machine()}. Fréchet distance of 5,000 drawn digits "
        "from MNIST's test digits, ± one standard error; smaller is better, 5,000 real training digits score "
        f"0.42 ± 0.13. Seconds are steps × the measured pace (speed.json): {paces}. The textbook's is that of the "
        "textbooks' own loop. What was reached is interpolated between measured points.",
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


def main() -> None:
    """Train a recipe or plot all that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of the curves")
    jobs = parser.add_subparsers(dest="job", required=True)
    training = jobs.add_parser("train", help="train a recipe and measure it on the way")
    training.add_argument("recipe")
    training.add_argument("--steps", type=int, default=STEPS)
    jobs.add_parser("plot", help="write quality.png and quality.md")
    options = parser.parse_args()
    if options.job == "train":
        return train(options.recipe, options.steps, options.results)
    curves = read_curves(options.results)
    target = at_step(curves[TEXTBOOK], STEPS)["frechet_distance"]
    draw(curves, target).savefig(options.results / "quality.png", dpi=110)
    (options.results / "quality.md").write_text(report(curves))
    return None


if __name__ == "__main__":
    main()
