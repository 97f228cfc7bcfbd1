"""What each part of the recipe "course" is worth, whether it holds for every seed, and on other pictures.

    python -m benchmarks.ablation parts --workers 2        # plain, each part alone, all, one left out; three seeds
    python -m benchmarks.ablation seeds --workers 2        # ten seeds of the recipe, 2,000 steps
    python -m benchmarks.ablation elsewhere --workers 2    # faces, three channels, a hundred images
    python -m benchmarks.ablation report                   # results/ablation.md, and data/ablation.csv

All are resumable: a run is a process of its own on one core, its rows are added to results/ablation_JOB.csv when
it ends, and what has its rows is not run again. The networks are those of lessons 02 and 03.
"""

import argparse
import json
import shutil
import statistics
from typing import Any, NamedTuple

from benchmarks import rows
from benchmarks.common import RESULTS, ROOT, machine

MARKS, STEPS = (500, 1000, 2000), 2000
PARTS = ("Muon", "R1", "no dropout")  # and the average, which changes nothing of the training it is taken of
LESSONS = ROOT / "data" / "ablation.csv"
OLD = "Adam at 1e-3 in place of Muon"
KEY = ("name", "seed", "step", "average")


class Run(NamedTuple):
    """A training: which parts of the recipe it has, and the rate of Adam where it has no Muon."""

    parts: tuple[str, ...]
    adam: float = 5e-4


RUNS = {
    "plain": Run(()),
    **{f"{part} alone": Run((part,)) for part in PARTS},
    "Adam at 1e-3 alone": Run((), 1e-3),
    "course": Run(PARTS),
    **{f"without {left}": Run(tuple(part for part in PARTS if part != left)) for left in PARTS},
    OLD: Run(("R1", "no dropout"), 1e-3),
}


def compiled(run: Run, seed: int, channels: int = 1, augmentation: Any = None) -> Any:
    """Return a GAN of the lessons' networks that trains with some parts of the recipe."""
    import keras

    import gan_course
    from gan_course import models
    from gan_course.optimizers import ConvMuon
    from gan_course.recipes import RECIPES

    course, plain = RECIPES["course"], RECIPES["plain"]
    keras.utils.set_random_seed(seed)
    dropout = 0.0 if "no dropout" in run.parts else 0.3
    networks = models.mnist_generator(), models.mnist_discriminator(dropout)
    if channels > 1:
        networks = models.dcgan_generator(28, channels), models.dcgan_discriminator(28, channels, dropout)
    optimizers = [
        ConvMuon(course.learning_rate, course.beta_1)
        if "Muon" in run.parts
        else keras.optimizers.Adam(run.adam, beta_1=plain.beta_1)
        for _ in networks
    ]
    penalty = {"r1_gamma": course.r1_gamma, "penalty_every": course.penalty_every} if "R1" in run.parts else {}
    gan = gan_course.GAN(*networks, seed=seed)
    gan.compile(*optimizers, recipe="plain", averaging=course.averaging, augmentation=augmentation, **penalty)
    return gan


def digits(name: str, seed: int) -> list[dict[str, Any]]:
    """Train on the full digits; return two rows at each mark, of the generator and of its average."""
    from gan_course.datasets import load_mnist, scale
    from gan_course.metrics import digit_quality

    gan, measured = compiled(RUNS[name], seed), []
    images = scale(load_mnist(source="full", verbose=0)[0])
    for mark in MARKS:
        gan.fit(images, steps_per_epoch=mark - gan.steps, verbose=0)
        for average, network in ((0, gan.generator), (1, gan.averaged_generator)):
            found = digit_quality(network)
            told = found.frechet_distance, found.frechet_distance_error, found.coverage
            row = (name, seed, mark, average, *(round(float(each), 3) for each in told))
            columns = (*KEY, "frechet_distance", "frechet_distance_error", "coverage")
            measured.append(dict(zip(columns, row, strict=True)))
    return measured


PICTURES = {"gray faces": (1, 5000), "color faces": (3, 5000), "100 gray faces": (1, 100)}  # channels, images
HELD_OUT = 5000


def faces(name: str, seed: int) -> list[dict[str, Any]]:
    """Train on drawn faces, a hundred of them with shifts; return a row for the end."""
    import keras
    import numpy as np

    from gan_course.datasets import scale
    from gan_course.metrics import fit_gaussian, frechet_distance, read_faces
    from gan_course.synthetic import draw_faces

    def features(images: np.ndarray) -> np.ndarray:
        larger = keras.layers.Resizing(64, 64)(np.broadcast_to(images, (*images.shape[:3], 3)))
        return read_faces(np.clip(larger, -1, 1))["features"]

    pictures, run = name.split(": ")
    channels, count = PICTURES[pictures]
    real = scale(draw_faces(HELD_OUT + count, seed=1, size=28)[0])
    real = real if channels == 3 else real.mean(axis=-1, keepdims=True)
    shift = keras.layers.RandomTranslation(1 / 8, 1 / 8, fill_mode="constant", interpolation="nearest", seed=seed)
    gan = compiled(RUNS[run], seed, channels, shift if count == 100 else None)
    gan.fit(real[HELD_OUT:], steps_per_epoch=STEPS, verbose=0)
    reference = fit_gaussian(features(real[:HELD_OUT]))
    found = frechet_distance(fit_gaussian(features(gan.generate(HELD_OUT, seed=1))), reference)
    return [dict(zip((*KEY, "frechet_distance"), (name, seed, STEPS, 1, round(found, 4)), strict=True))]


ELSEWHERE = [f"{pictures}: {run}" for pictures in PICTURES for run in ("plain", OLD, "course")]
JOBS = {  # what is measured, and with which names and seeds
    "parts": (digits, list(RUNS), range(3)),
    "seeds": (digits, ["course"], range(10)),
    "elsewhere": (faces, ELSEWHERE, range(3)),
}


def path(job: str) -> Any:
    """Return where the rows of a job are."""
    return RESULTS / ("ablation.csv" if job == "parts" else f"ablation_{job}.csv")


def grouped(job: str) -> dict[str, dict[tuple[str, str], list[float]]]:
    """Return the distances of all seeds, by name, and by step and whether the average was drawn with."""
    found: dict[str, dict[tuple[str, str], list[float]]] = {}
    for row in rows.read(path(job)):
        marks = found.setdefault(row["name"], {})
        marks.setdefault((row["step"], row["average"]), []).append(float(row["frechet_distance"]))
    return found


def told(values: list[float], digits: int = 1) -> str:
    """Return mean and spread over the seeds."""
    return f"{statistics.mean(values):.{digits}f} ± {statistics.stdev(values):.{digits}f}"


def report() -> str:
    """Return all that was measured as Markdown."""
    parts, seeds, other = map(grouped, JOBS)
    lines = [
        "# What each part of the recipe is worth",
        "",
        f"Written by `python -m benchmarks.ablation report` on {machine()}. Fréchet distance of 5,000 digits, "
        "mean and standard deviation over three seeds; smaller is better, real digits score 0.42.",
        "",
        f"| training | {' | '.join(f'{step:,} steps, raw | averaged' for step in MARKS)} |",
        f"|---{'|---' * 2 * len(MARKS)}|",
    ]
    for name, marks in parts.items():
        cells = [told(marks[str(step), average]) for step in MARKS for average in "01"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    last = sorted(seeds["course"][str(STEPS), "1"])
    median = statistics.median(last)
    lines += [
        "",
        f"The recipe with {len(last)} seeds at {STEPS:,} steps, averaged: "
        f"{', '.join(f'{each:.1f}' for each in last)}. "
        f"The median is {median:.1f}; the worst is {last[-1] / median:.2f} times that.",
        "",
        f"Drawn faces of 28 x 28 pixels, {STEPS:,} steps, averaged; the features are those of `face_reader`, on "
        "the pictures made larger; a hundred faces are shifted at random. They compare with none of digits.",
        "",
        "| pictures | training | Fréchet distance |",
        "|---|---|---|",
        *(
            f"| {' | '.join(name.split(': '))} | {told(marks[str(STEPS), '1'], 3)} |"
            for name, marks in other.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run one, run all of a job, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=[*JOBS, "run", "report"])
    parser.add_argument("which", nargs="*", help="of run: a job, a name and a seed")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=90)
    options = parser.parse_args()
    if options.job == "report":
        (RESULTS / "ablation.md").write_text(report())
        shutil.copyfile(path("parts"), LESSONS)
    elif options.job == "run":
        job, name, seed = options.which
        import gan_course

        gan_course.quiet_tensorflow()
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        print(json.dumps(JOBS[job][0](name, int(seed))))
    else:
        _, names, seeds = JOBS[options.job]
        done = {(row["name"], row["seed"]) for row in rows.read(path(options.job))}
        jobs = [
            ("run", options.job, name, seed) for seed in seeds for name in names if (name, str(seed)) not in done
        ]
        rows.side_by_side(
            "ablation",
            jobs,
            options.workers,
            options.minutes,
            lambda found: rows.add(path(options.job), found, KEY),
        )


if __name__ == "__main__":
    main()
