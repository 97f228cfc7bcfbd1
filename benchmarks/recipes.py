"""Which training of the textbook's networks draws the best digits after so many seconds: a search to read.

    python -m benchmarks.recipes search --workers 2 --minutes 90     # what has no rows yet; resumable
    python -m benchmarks.recipes pace                                # what a step of each costs, in turn
    python -m benchmarks.recipes report                              # results/recipes.md

A run is a process of its own on one core, and its rows are added to results/recipes.csv when it ends. What has its
rows is not run again. Variants see equally many images at each mark; seconds follow from the steps and from what a
step of the variant costs beside one of the recipe "course" as it was when the search began.
"""

import argparse
import csv
import json
import sys
import time
from typing import Any, NamedTuple

from benchmarks import rows
from benchmarks.common import RESULTS, machine

ROWS, PACE = RESULTS / "recipes.csv", RESULTS / "recipes_pace.csv"
ROUNDS, STEPS = 8, 24  # of the pace
MARKS = (325, 650, 965, 1300, 2600, 4350, 8000)  # steps of 32 images
COLUMNS = ("variant", "seed", "step", "images", "frechet_distance", "frechet_distance_error", "coverage", "raw")


class Variant(NamedTuple):
    """A training: what `GAN.compile` is given, and what is done around it.

    Attributes:
        settings: For `GAN.compile`.
        batch_size: Images a batch.
        beta_2: Adam's.
        start: What the kernels start from; None for Keras's own.
        dropout: The discriminator's.
        falls_to: The share of the learning rate that is left at the last step, along half a cosine.
        over: The steps along which it falls.
        half_after: The steps after which half of the rate is left, a third after twice as many, and so on; 0 for a
            rate that stays.
        adam: More settings of both optimizers.
        d_adam: More settings of the discriminator's.
        muon: Who learns with Muon in place of Adam: "gd", "g", "d" or nobody.
    """

    settings: dict[str, Any] = {}
    batch_size: int = 32
    beta_2: float = 0.999
    start: str | None = None
    dropout: float = 0.0
    falls_to: float = 1.0
    over: int = 1300
    half_after: int = 0
    adam: dict[str, Any] = {}
    d_adam: dict[str, Any] = {}
    muon: str = ""


NUMBERS = {"learning_rate": 1e-3, "r1_gamma": 0.5, "penalty_every": 8, "averaging": 0.999, "beta_1": 0.5}


def course(**settings: Any) -> dict[str, Any]:
    """Return the numbers of the recipe "course" of before the search, with some in place of its own."""
    return NUMBERS | settings


RELATIVE = {"loss": "relativistic", "r2_gamma": 0.5}
VARIANTS = {
    "course": Variant(course()),
    "beta_2 0.99": Variant(course(), beta_2=0.99),
    "relativistic, R1": Variant(course(loss="relativistic")),
    "relativistic, R1 and R2": Variant(course(**RELATIVE)),
    "R1 and R2": Variant(course(r2_gamma=0.5)),
    "rate 2e-3": Variant(course(learning_rate=2e-3)),
    "D twice the rate": Variant(course(d_learning_rate=2e-3)),
    "G twice the rate": Variant(course(g_learning_rate=2e-3)),
    "G half the rate": Variant(course(g_learning_rate=5e-4)),
    "beta_1 0": Variant(course(beta_1=0.0)),
    "R1 0.1": Variant(course(r1_gamma=0.1)),
    "R1 2": Variant(course(r1_gamma=2.0)),
    "smoothing 0.1": Variant(course(label_smoothing=0.1)),
    "batch 16": Variant(course(), batch_size=16),
    "batch 8": Variant(course(), batch_size=8),
    "batch 4": Variant(course(), batch_size=4),
    "batch 8, R1 0.1": Variant(course(r1_gamma=0.1), batch_size=8),
    "batch 8, R1 0.02": Variant(course(r1_gamma=0.02), batch_size=8),
    "batch 8, rate 2e-3": Variant(course(learning_rate=2e-3), batch_size=8),
    "batch 8, rate 5e-4": Variant(course(learning_rate=5e-4), batch_size=8),
    "batch 8, beta_1 0": Variant(course(beta_1=0.0), batch_size=8),
    "batch 8, beta_2 0.99": Variant(course(), batch_size=8, beta_2=0.99),
    "batch 8, hinge": Variant(course(loss="hinge"), batch_size=8),
    "batch 8, least-squares": Variant(course(loss="least-squares"), batch_size=8),
    "batch 8, smoothing 0.1": Variant(course(label_smoothing=0.1), batch_size=8),
    "batch 8, D twice the rate": Variant(course(d_learning_rate=2e-3), batch_size=8),
    "batch 8, G twice the rate": Variant(course(g_learning_rate=2e-3), batch_size=8),
    "batch 8, dropout 0.3": Variant(course(), batch_size=8, dropout=0.3),
    "batch 8, start normal 0.02": Variant(course(), batch_size=8, start="normal"),
    "batch 8, rate falls to 0.1": Variant(course(), batch_size=8, falls_to=0.1, over=3860),
    "batch 8, rate 2e-3 falls to 0.1": Variant(course(learning_rate=2e-3), batch_size=8, falls_to=0.1, over=3860),
    "batch 8, R1 0.1, rate 2e-3 falls to 0.1": Variant(
        course(learning_rate=2e-3, r1_gamma=0.1), batch_size=8, falls_to=0.1, over=3860
    ),
    "batch 8, lookahead": Variant(
        course(), batch_size=8, adam={"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 10}
    ),
    "batch 16, rate 2e-3 falls to 0.1": Variant(
        course(learning_rate=2e-3), batch_size=16, falls_to=0.1, over=2200
    ),
    "rate 2e-3 falls to 0.1": Variant(course(learning_rate=2e-3), falls_to=0.1, over=1300),
    "batch 16, D learns twice": Variant(course(discriminator_updates=2), batch_size=16),
    "batch 16, R1 0.02": Variant(course(r1_gamma=0.02), batch_size=16),
    "batch 16, R1 0.05, D twice the rate": Variant(course(r1_gamma=0.05, d_learning_rate=2e-3), batch_size=16),
    "batch 16, D's beta_1 0.9": Variant(course(), batch_size=16, d_adam={"beta_1": 0.9}),
    "batch 16, D's beta_2 0.99": Variant(course(), batch_size=16, d_adam={"beta_2": 0.99}),
    "batch 16, no R1": Variant(course(r1_gamma=0.0, penalty_every=1), batch_size=16),
    "batch 16, R1 0.02, G half the rate": Variant(course(r1_gamma=0.02, g_learning_rate=5e-4), batch_size=16),
    "batch 16, rate 5e-4": Variant(course(learning_rate=5e-4), batch_size=16),
    "batch 64": Variant(course(), batch_size=64),
    "start normal 0.02": Variant(course(), start="normal"),
    "start He": Variant(course(), start="he"),
    "hinge": Variant(course(loss="hinge")),
    "least-squares": Variant(course(loss="least-squares")),
    "rate falls to 0.1": Variant(course(), falls_to=0.1),
    "Muon": Variant(course(), muon="gd"),
    "Muon, R1 0.1": Variant(course(r1_gamma=0.1), muon="gd"),
    "Muon, rate 2e-3": Variant(course(learning_rate=2e-3), muon="gd"),
    "Muon, rate 4e-3": Variant(course(learning_rate=4e-3), muon="gd"),
    "Muon, rate 8e-3": Variant(course(learning_rate=8e-3), muon="gd"),
    "Muon, rate 1.6e-2": Variant(course(learning_rate=1.6e-2), muon="gd"),
    "Muon, rate 8e-3 falls to 0.1": Variant(course(learning_rate=8e-3), falls_to=0.1, muon="gd"),
    "Muon, rate 4e-3 falls to 0.1": Variant(course(learning_rate=4e-3), falls_to=0.1, muon="gd"),
    "Muon, rate 4e-3, beta_2 0.99": Variant(course(learning_rate=4e-3), beta_2=0.99, muon="gd"),
    "Muon, rate 4e-3, smoothing 0.1": Variant(course(learning_rate=4e-3, label_smoothing=0.1), muon="gd"),
    "Muon, rate 4e-3, D twice the rate": Variant(course(learning_rate=4e-3, d_learning_rate=8e-3), muon="gd"),
    "Muon, rate 4e-3, D learns twice": Variant(course(learning_rate=4e-3, discriminator_updates=2), muon="gd"),
    "Muon, rate 8e-3, R1 0.1": Variant(course(learning_rate=8e-3, r1_gamma=0.1), muon="gd"),
    "Muon, rate 4e-3, R1 0.1": Variant(course(learning_rate=4e-3, r1_gamma=0.1), muon="gd"),
    "Muon, rate 4e-3, R1 2": Variant(course(learning_rate=4e-3, r1_gamma=2.0), muon="gd"),
    "Muon, rate 4e-3, relativistic, R1 and R2": Variant(course(learning_rate=4e-3, **RELATIVE), muon="gd"),
    "Muon, rate 4e-3, momentum 0": Variant(course(learning_rate=4e-3, beta_1=0.0), muon="gd"),
    "Muon, rate 4e-3, momentum 0.9": Variant(course(learning_rate=4e-3, beta_1=0.9), muon="gd"),
    "Muon, rate 4e-3, G half the rate": Variant(course(learning_rate=4e-3, g_learning_rate=2e-3), muon="gd"),
    "Muon, rate 4e-3, D half the rate": Variant(course(learning_rate=4e-3, d_learning_rate=2e-3), muon="gd"),
    "batch 16, Muon, rate 4e-3": Variant(course(learning_rate=4e-3), batch_size=16, muon="gd"),
    "batch 64, Muon, rate 8e-3": Variant(course(learning_rate=8e-3), batch_size=64, muon="gd"),
    "Muon, rate 8e-3, R1 2": Variant(course(learning_rate=8e-3, r1_gamma=2.0), muon="gd"),
    "Muon, rate 8e-3, R1 5": Variant(course(learning_rate=8e-3, r1_gamma=5.0), muon="gd"),
    "Muon, rate 4e-3, R1 0.02": Variant(course(learning_rate=4e-3, r1_gamma=0.02), muon="gd"),
    "Muon, rate 4e-3, relativistic, R1": Variant(course(learning_rate=4e-3, loss="relativistic"), muon="gd"),
    "Muon, rate 8e-3 falls to 0.1 over 4350": Variant(
        course(learning_rate=8e-3), falls_to=0.1, over=4350, muon="gd"
    ),
    "Muon, rate 8e-3, half after 1000": Variant(course(learning_rate=8e-3), half_after=1000, muon="gd"),
    "Muon, rate 8e-3, half after 2000": Variant(course(learning_rate=8e-3), half_after=2000, muon="gd"),
    "Muon, rate 4e-3, half after 2000": Variant(course(learning_rate=4e-3), half_after=2000, muon="gd"),
    "Muon, rate 4e-3, dropout 0.3": Variant(course(learning_rate=4e-3), dropout=0.3, muon="gd"),
    "Muon, rate 8e-3, momentum 0.3": Variant(course(learning_rate=8e-3, beta_1=0.3), muon="gd"),
    "Muon, rate 8e-3, momentum 0.7": Variant(course(learning_rate=8e-3, beta_1=0.7), muon="gd"),
    "Muon, rate 8e-3, beta_2 0.99": Variant(course(learning_rate=8e-3), beta_2=0.99, muon="gd"),
    "Muon, rate 8e-3, hinge": Variant(course(learning_rate=8e-3, loss="hinge"), muon="gd"),
    "Muon, rate 8e-3, relativistic, R1": Variant(course(learning_rate=8e-3, loss="relativistic"), muon="gd"),
    "Muon, rate 8e-3, R1 every 16": Variant(course(learning_rate=8e-3, penalty_every=16), muon="gd"),
    "Muon, rate 8e-3, no R1": Variant(course(learning_rate=8e-3, r1_gamma=0.0, penalty_every=1), muon="gd"),
    "Muon, rate 8e-3, D half the rate": Variant(course(learning_rate=8e-3, d_learning_rate=4e-3), muon="gd"),
    "Muon, rate 8e-3, G half the rate": Variant(course(learning_rate=8e-3, g_learning_rate=4e-3), muon="gd"),
    "Muon, rate 8e-3, averaging 0.998": Variant(course(learning_rate=8e-3, averaging=0.998), muon="gd"),
    "batch 16, Muon, rate 8e-3": Variant(course(learning_rate=8e-3), batch_size=16, muon="gd"),
    "Muon in G": Variant(course(), muon="g"),
    "Muon in D": Variant(course(), muon="d"),
    "batch 16, Muon": Variant(course(), batch_size=16, muon="gd"),
    "batch 16, Muon, R1 0.1": Variant(course(r1_gamma=0.1), batch_size=16, muon="gd"),
    "batch 16, Muon, R1 0.02": Variant(course(r1_gamma=0.02), batch_size=16, muon="gd"),
    "batch 16, Muon, rate 2e-3": Variant(course(learning_rate=2e-3), batch_size=16, muon="gd"),
    "batch 8, Muon": Variant(course(), batch_size=8, muon="gd"),
    "batch 8, Muon, R1 0.1": Variant(course(r1_gamma=0.1), batch_size=8, muon="gd"),
}


def train(name: str, seed: int, steps: int) -> list[dict[str, Any]]:
    """Train a variant on the full digits; return a row for each mark."""
    import gan_course

    gan_course.quiet_tensorflow()
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    from gan_course.datasets import load_mnist, scale
    from gan_course.metrics import digit_quality

    variant, measured = VARIANTS[name], []
    keras.utils.set_random_seed(seed)
    gan = _compiled(variant, seed)
    images = scale(load_mnist(source="full", verbose=0)[0])
    for mark in (int(mark * 32 / variant.batch_size) for mark in MARKS if mark <= steps):
        gan.fit(
            images,
            batch_size=variant.batch_size,
            steps_per_epoch=mark - gan.steps,
            callbacks=[_falling(gan, variant)],
            verbose=0,
        )
        found, raw = digit_quality(gan), digit_quality(gan.generator)
        told = found.frechet_distance, found.frechet_distance_error, found.coverage, raw.frechet_distance
        row = (name, seed, mark, mark * variant.batch_size, *(round(float(each), 3) for each in told))
        measured.append(dict(zip(COLUMNS, row, strict=True)))
        print(*row, file=sys.stderr, flush=True)
    return measured


def _compiled(variant: Variant, seed: int) -> Any:
    """Return a GAN of the lesson's networks that trains as the variant says."""
    import keras

    import gan_course
    from gan_course import models
    from gan_course.optimizers import ConvMuon

    networks = models.mnist_generator(), models.mnist_discriminator(variant.dropout)
    if variant.start:
        _start_anew(networks, variant.start, seed)
    settings = dict(variant.settings)
    rate, beta_1 = settings.pop("learning_rate"), settings.pop("beta_1")
    rates: list[Any] = [settings.pop(f"{role}_learning_rate", rate) for role in "gd"]
    if variant.half_after:
        rates = [keras.optimizers.schedules.InverseTimeDecay(rate, variant.half_after, 1.0) for rate in rates]
    gan = gan_course.GAN(*networks, seed=seed)
    shared = {"beta_1": beta_1, "beta_2": variant.beta_2, **variant.adam}
    optimizers = [
        ConvMuon(rate, beta_1, adam_beta_2=variant.beta_2, **variant.adam)
        if role in variant.muon
        else keras.optimizers.Adam(rate, **shared, **(variant.d_adam if role == "d" else {}))
        for role, rate in zip("gd", rates, strict=True)
    ]
    gan.compile(*optimizers, recipe="plain", **settings)
    return gan


def _start_anew(networks: Any, start: str, seed: int) -> None:
    """Draw the kernels anew: normal with 0.02 (DCGAN, section 4), or as He et al., 2015, for leaky ReLUs."""
    import keras

    for network in networks:
        for number, layer in enumerate(network.layers):
            if hasattr(layer, "kernel"):
                draw = (
                    keras.initializers.RandomNormal(0.0, 0.02, seed=seed + number)
                    if start == "normal"
                    else keras.initializers.HeNormal(seed=seed + number)
                )
                layer.kernel.assign(draw(layer.kernel.shape))


def _falling(gan: Any, variant: Variant) -> Any:
    import keras
    import numpy as np

    first = float(variant.settings["learning_rate"])

    def fall(batch: int, logs: Any = None) -> None:
        part = min(1.0, gan.steps / variant.over)
        gan.optimizer.learning_rate = first * (
            variant.falls_to + (1 - variant.falls_to) * (1 + np.cos(np.pi * part)) / 2
        )

    return keras.callbacks.LambdaCallback(**({"on_train_batch_begin": fall} if variant.falls_to < 1 else {}))


def search(jobs: list[tuple[str, int, int]], workers: int, minutes: float) -> None:
    """Run what has no rows yet, some at a time, until the minutes are over."""
    done: dict[tuple[str, int], int] = {}
    for row in rows.read(ROWS):
        each = row["variant"], int(row["seed"])
        done[each] = max(done.get(each, 0), int(row["images"]) // 32)
    waiting = [job for job in jobs if done.get(job[:2], 0) < max(mark for mark in MARKS if mark <= job[2])]
    rows.side_by_side(
        "recipes",
        [("run", *job) for job in waiting],
        workers,
        minutes,
        lambda found: rows.add(ROWS, found, ("variant", "seed", "step")),
    )


def pace() -> None:
    """Measure what a step of each variant costs beside one of the first, in turn; write the table."""
    import statistics

    import gan_course

    gan_course.quiet_tensorflow()
    from gan_course.datasets import load_mnist, scale

    images = scale(load_mnist(source="embedded")[0])
    unlike = {
        _work(variant): name for name, variant in reversed(VARIANTS.items())
    }  # the first of each kind of work
    gans = {name: _compiled(VARIANTS[name], 0) for name in unlike.values()}
    seconds: dict[str, list[float]] = {name: [] for name in gans}
    for number in range(ROUNDS + 1):
        for name, gan in gans.items():
            start = time.perf_counter()
            gan.fit(images, batch_size=VARIANTS[name].batch_size, steps_per_epoch=STEPS, verbose=0)
            if number:  # the first holds the tracing
                seconds[name].append((time.perf_counter() - start) / STEPS)
    median = {name: statistics.median(each) for name, each in seconds.items()}
    with PACE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("variant", "seconds", "beside_course"))
        for name, variant in VARIANTS.items():
            own = median[unlike[_work(variant)]]
            writer.writerow((name, f"{own:.4f}", f"{own / median['course']:.3f}"))


def _work(variant: Variant) -> tuple[Any, ...]:
    """Return what the cost of a step depends on."""
    names = ("r1_gamma", "r2_gamma", "penalty_every", "discriminator_updates")
    return (
        variant.muon,
        variant.batch_size,
        variant.dropout > 0,
        *(bool(variant.settings.get(name)) for name in names[:2]),
        *(variant.settings.get(name, 1) for name in names[2:]),
    )


def report() -> str:
    """Return all that was measured as Markdown: distances of the average, by images seen, with seconds."""
    with PACE.open(newline="") as file:
        costs = {row["variant"]: float(row["beside_course"]) for row in csv.DictReader(file)}
    speed = json.loads((RESULTS / "speed.json").read_text())["rows"]["course"]["seconds_per_step"]
    found: dict[str, dict[int, list[float]]] = {}
    for row in rows.read(ROWS):
        marks = found.setdefault(row["variant"], {})
        marks.setdefault(int(row["images"]), []).append(float(row["frechet_distance"]))
    shown = sorted({images for marks in found.values() for images in marks})
    lines = [
        "# Recipes",
        "",
        f"Written by `python -m benchmarks.recipes report` on {machine()}. Fréchet distance of 5,000 digits drawn "
        "with the average of the generator, mean over the seeds; smaller is better. In brackets seconds on two "
        f"cores: steps × {speed:.4f} s, the pace of the recipe `course` in [speed.md](speed.md), × what a step of "
        "the variant costs beside it (recipes_pace.csv).",
        "",
        f"| variant | a step costs | {' | '.join(f'{each:,} images' for each in shown)} |",
        f"|---{'|---' * (len(shown) + 1)}|",
    ]
    for name, marks in found.items():
        cells = []
        for images in shown:
            if images in marks:
                steps = images / VARIANTS[name].batch_size
                mean = sum(marks[images]) / len(marks[images])
                cells.append(f"{mean:.1f} ({steps * speed * costs[name]:.0f} s)")
            else:
                cells.append("")
        lines.append(f"| {name} | {costs[name]:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Search, run one, measure the pace, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    jobs = parser.add_subparsers(dest="job", required=True)
    one = jobs.add_parser("run", help="one run; prints its rows as JSON")
    one.add_argument("variant")
    one.add_argument("seed", type=int)
    one.add_argument("steps", type=int)
    many = jobs.add_parser("search", help="run what has no rows yet")
    many.add_argument("--workers", type=int, default=1)
    many.add_argument("--minutes", type=float, default=90)
    many.add_argument("--variants", nargs="*", default=list(VARIANTS))
    many.add_argument("--seeds", nargs="*", type=int, default=[0])
    many.add_argument("--steps", type=int, default=1300, help="of 32 images")
    jobs.add_parser("pace", help="measure what a step costs")
    jobs.add_parser("report", help="write recipes.md")
    options = parser.parse_args()
    if options.job == "run":
        print(json.dumps(train(options.variant, options.seed, options.steps)))
    elif options.job == "search":
        wanted = [(name, seed, options.steps) for seed in options.seeds for name in options.variants]
        search(wanted, options.workers, options.minutes)
    elif options.job == "pace":
        pace()
    else:
        (RESULTS / "recipes.md").write_text(report())


if __name__ == "__main__":
    main()
