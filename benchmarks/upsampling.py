"""Bricks of 64 x 64: transposed convolutions against up-sampling and convolution, everything else equal.

    python -m benchmarks.upsampling search --width 16 --steps 3000 --workers 2            # quarter-width twins
    python -m benchmarks.upsampling search --width 64 --seeds 0 --steps 3000 --workers 2       # as in lesson 11
    python -m benchmarks.upsampling pace        # what a step of each costs, in turn, with and without shortcuts
    python -m benchmarks.upsampling report      # results/upsampling.md

Each run is a process of its own on one core; it is broken off and taken up again in build/upsampling. Its rows are
added to data/bricks/upsampling.csv, which lesson 11 reads, at each mark.
"""

import argparse
import csv
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import rows
from benchmarks.common import RESULTS, ROOT, load, machine

ROWS, PACE = (ROOT / "data" / "bricks" / name for name in ("upsampling.csv", "upsampling_pace.csv"))
RUNS = ROOT / "build" / "upsampling"
PERIODS = (2, 4, 8)
COLUMNS = (
    "upsampling", "width", "seed", "step", "frechet_distance", "kinds", *(f"period_{each}" for each in PERIODS),
    "real_accuracy", "fake_accuracy",
)  # fmt: skip
BATCH_SIZE, TRAINING, SAMPLES, MARK = 32, 20_000, 2_000, 500
NAMES = {False: "transposed", True: "upsampling"}


def make(upsampling: bool, width: int, seed: int, **settings: Any) -> Any:
    """Return the GAN of lesson 11: rates and labels of the text, accuracies told."""
    import keras

    import gan_course
    from gan_course import models

    keras.utils.set_random_seed(seed)
    networks = models.bricks_generator(upsampling, width), models.bricks_discriminator(width)
    gan = gan_course.GAN(*networks, seed=seed)
    optimizers = (keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2))
    gan.compile(*optimizers, recipe="plain", label_smoothing=0.05, **settings)
    return gan


def measure(images: np.ndarray, reference: Any) -> list[float]:
    """Return the Fréchet distance in the reader's features, the number of kinds, and each period's energy.

    The number of kinds is the exponential of the entropy of their shares: 10 if all are as frequent.
    """
    from gan_course.metrics import checkerboard_energy, fit_gaussian, frechet_distance, read_bricks

    found = read_bricks(images)
    shares = found["kind"].mean(0)
    kinds = np.exp(-(shares * np.log(np.maximum(shares, 1e-12))).sum())
    distance = frechet_distance(fit_gaussian(found["features"]), reference)
    return [distance, float(kinds), *(checkerboard_energy(images, period) for period in PERIODS)]


def bricks(count: int, seed: int) -> np.ndarray:
    """Return drawn bricks, values in [-1, 1]."""
    from gan_course.datasets import load_bricks, scale

    return scale(load_bricks(source="drawn", limit=count, seed=seed))


def of_real() -> tuple[Any, list[float]]:
    """Return the Gaussian of 5,000 unseen bricks, and what is measured of as many others as are drawn."""
    from gan_course.metrics import fit_gaussian, read_bricks

    reference = fit_gaussian(read_bricks(bricks(5_000, seed=77))["features"])
    return reference, measure(bricks(SAMPLES, seed=78), reference)


def train(upsampling: bool, width: int, seed: int, steps: int) -> None:
    """Train up to a number of steps, or go on; add a row at each mark."""
    import gan_course

    gan_course.quiet_tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    from PIL import Image

    from gan_course.callbacks import Checkpoint, LossLog
    from gan_course.datasets import unscale
    from gan_course.plots import image_grid

    name = f"{NAMES[upsampling]}_{width}_{seed}"
    reference, _ = of_real()
    gan, images = make(upsampling, width, seed), bricks(TRAINING, seed=0)
    done = {row["step"] for row in rows.read(ROWS) if (row["upsampling"], row["width"], row["seed"]) == _key(name)}
    for mark in range(MARK, steps + 1, MARK):
        if str(mark) in done:
            continue
        log = LossLog(RUNS / name / "history.csv", accuracies=True)
        gan.fit(
            images,
            batch_size=BATCH_SIZE,
            steps_per_epoch=mark,
            callbacks=[log, Checkpoint(RUNS / name, every=100)],
            verbose=0,
        )
        with (RUNS / name / "history.csv").open(newline="") as file:
            last = list(csv.DictReader(file))[-100:]
        right = [statistics.mean(float(row[f"{which}_accuracy"]) for row in last) for which in ("real", "fake")]
        drawn = gan.generate(SAMPLES, seed=1)
        row = [*_key(name), mark, *(f"{each:.4g}" for each in (*measure(drawn, reference), *right))]
        rows.add(ROWS, [dict(zip(COLUMNS, row, strict=True))], COLUMNS[:4])
        Image.fromarray(image_grid(unscale(drawn[:32]), columns=8)).save(RUNS / name / f"{mark:06d}.png")


def _key(name: str) -> tuple[str, ...]:
    return tuple(name.split("_"))


def search(width: int, seeds: list[int], steps: int, workers: int) -> None:
    """Run both for each seed, some at a time."""
    jobs = [("run", name, width, seed, steps) for seed in seeds for name in NAMES.values()]
    rows.side_by_side("upsampling", jobs, workers)


def pace(rounds: int = 6, steps: int = 6) -> None:
    """Measure what a step of each costs on all cores, in turn; write the table."""
    import gan_course

    gan_course.quiet_tensorflow()
    images = bricks(600, seed=0)
    cases = [(width, up, short) for width in (16, 64) for up in NAMES for short in (True, False)]
    gans = {case: make(case[1], case[0], 0, shortcuts=case[2]) for case in cases}
    seconds: dict[tuple, list[float]] = {case: [] for case in cases}
    for number in range(rounds + 1):
        for case, gan in gans.items():
            begin = time.perf_counter()
            gan.fit(images, batch_size=BATCH_SIZE, steps_per_epoch=steps, verbose=0)
            if number:  # the first holds the tracing
                seconds[case].append((time.perf_counter() - begin) / steps)
    with PACE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("width", "upsampling", "shortcuts", "seconds"))
        for (width, up, short), each in seconds.items():
            writer.writerow((width, NAMES[up], int(short), f"{statistics.median(each):.4f}"))


def report() -> str:
    """Return what was measured as Markdown."""
    with PACE.open(newline="") as file:
        paces = {
            (row["width"], row["upsampling"], row["shortcuts"]): float(row["seconds"])
            for row in csv.DictReader(file)
        }
    _, real = of_real()
    groups: dict[tuple[str, str, int], list[dict[str, str]]] = {}
    for row in rows.read(ROWS):
        groups.setdefault((row["width"], row["upsampling"], int(row["step"])), []).append(row)
    lines = [
        "# Transposed convolutions or up-sampling",
        "",
        f"Written by `python -m benchmarks.upsampling report` on {machine()}, load {load()}. {SAMPLES:,} drawn "
        "bricks against 5,000 unseen ones, in the features of the brick reader; mean and range over the seeds. "
        "Seconds follow from the steps and from the pace on two cores, with and without shortcuts. Real bricks: "
        f"distance {real[0]:.2f}, kinds {real[1]:.1f}, energy at periods 2, 4 and 8: "
        f"{', '.join(f'{100 * each:.2f} %' for each in real[2:])}.",
        "",
        "| width | enlarged by | step | seconds | without shortcuts | seeds | distance | range | kinds | period 2 "
        "| period 4 | period 8 |",
        f"|{'---|' * 12}",
    ]
    for (width, name, step), found in sorted(groups.items(), key=lambda item: (int(item[0][0]), item[0][1:])):
        values = {column: [float(row[column]) for row in found] for column in COLUMNS[4:]}
        mean = {column: statistics.mean(each) for column, each in values.items()}
        seconds = [step * paces[width, name, short] for short in "10"]
        distances = values["frechet_distance"]
        energies = " | ".join(f"{100 * mean[f'period_{each}']:.2f} %" for each in PERIODS)
        lines.append(
            f"| {width} | {name} | {step:,} | {seconds[0]:.0f} | {seconds[1]:.0f} | {len(found)} "
            f"| {mean['frechet_distance']:.1f} | {min(distances):.1f} to {max(distances):.1f} "
            f"| {mean['kinds']:.1f} | {energies} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Search, run one, measure the pace, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    jobs = parser.add_subparsers(dest="job", required=True)
    one = jobs.add_parser("run", help="one run, or the rest of it")
    one.add_argument("enlarged", choices=NAMES.values())
    for name in ("width", "seed", "steps"):
        one.add_argument(name, type=int)
    many = jobs.add_parser("search", help="run what has no rows yet")
    many.add_argument("--width", type=int, default=16)
    many.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    many.add_argument("--steps", type=int, default=3000)
    many.add_argument("--workers", type=int, default=1)
    jobs.add_parser("pace", help="measure what a step costs")
    jobs.add_parser("report", help="write upsampling.md")
    options = parser.parse_args()
    if options.job == "run":
        train(options.enlarged == "upsampling", options.width, options.seed, options.steps)
    elif options.job == "search":
        search(options.width, options.seeds, options.steps, options.workers)
    elif options.job == "pace":
        pace()
    else:
        Path(RESULTS / "upsampling.md").write_text(report())


if __name__ == "__main__":
    main()
