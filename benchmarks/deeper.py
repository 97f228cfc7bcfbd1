"""What the choices of a deeper DCGAN are worth, one at a time, and what its size buys.

    python -m benchmarks.deeper choices --workers 2    # a quarter of the width, three seeds
    python -m benchmarks.deeper heart --workers 2      # a hundred digits, and the discriminator's dropout
    python -m benchmarks.deeper full                   # the blog's width, one seed, at most 60 minutes
    python -m benchmarks.deeper pace                   # what a step costs, in turn
    python -m benchmarks.deeper report                 # results/deeper.md

Rows go to data/deeper/, where lesson 10 reads them; what has its rows is not run again. `full` goes on after an
interruption, from build/deeper.
"""

import argparse
import csv
import json
import statistics
import time
from typing import Any, NamedTuple

import numpy as np

from benchmarks import rows
from benchmarks.common import RESULTS, ROOT, load, machine

FOLDER, RUN = ROOT / "data" / "deeper", ROOT / "build" / "deeper"
BATCH_SIZE, WIDTH, MARKS = 100, (64, 16), (250, 500)  # widths of a quarter, of the generator and the discriminator
FEW, MINUTES, FULL_MARK = 100, 60, 100
KEY = ("choice", "seed", "step")


class Choice(NamedTuple):
    """One way to build and train both networks; the defaults are the blog's."""

    signed: bool = False  # images in [-1, 1] and tanh, in place of [0, 1] and sigmoid
    normal: bool = False  # latent vectors from the normal distribution
    rates: tuple[float, float] = (4e-4, 8e-4)
    momentum: float | None = 0.9  # of the generator's batch normalization; None for none
    leaky: bool = False
    strided: bool = False  # transposed convolutions of stride 2 in place of up-sampling
    pooling: bool = False  # in place of strides
    dense: bool = False  # a discriminator of dense layers
    latent_dim: int = 100
    dropout: float = 0.4


CHOICES = {
    "the blog's": Choice(),
    "[-1, 1] and tanh": Choice(signed=True),
    "normal noise": Choice(normal=True),
    "one rate": Choice(rates=(4e-4, 4e-4)),
    "momentum 0.99": Choice(momentum=0.99),
    "LeakyReLU in G": Choice(leaky=True),
    "no normalization in G": Choice(momentum=None),
    "strided transposed": Choice(strided=True),
    "pooling in D": Choice(pooling=True),
    "2 latent numbers": Choice(latent_dim=2),
    "10 latent numbers": Choice(latent_dim=10),
    "dense D": Choice(dense=True),
}
HEART = {f"dropout {rate:g}": Choice(dropout=rate) for rate in (0.0, 0.4, 0.7)}


def generator(choice: Choice, width: int) -> Any:
    """Return a generator for a `GAN`, whatever its own range and noise are."""
    import keras
    from keras import layers

    from gan_course.models import NormalToUniform

    def after() -> list[Any]:
        rest = [layers.LeakyReLU(negative_slope=0.2) if choice.leaky else layers.ReLU()]
        return [layers.BatchNormalization(momentum=choice.momentum), *rest] if choice.momentum else rest

    stack = [keras.Input((choice.latent_dim,)), *([] if choice.normal else [NormalToUniform()])]
    stack += [layers.Dense(7 * 7 * width), *after(), layers.Reshape((7, 7, width)), layers.Dropout(0.4)]
    for number in range(3):
        doubles = number < 2
        stack += [layers.UpSampling2D()] if doubles and not choice.strided else []
        strides = 2 if doubles and choice.strided else 1
        stack += [layers.Conv2DTranspose(width >> (number + 1), 5, strides=strides, padding="same"), *after()]
    last = "tanh" if choice.signed else "sigmoid"
    stack += [layers.Conv2DTranspose(1, 5, padding="same", activation=last)]
    return keras.Sequential([*stack, *([] if choice.signed else [layers.Rescaling(2, offset=-1)])])


def discriminator(choice: Choice, width: int) -> Any:
    """Return its opponent."""
    import keras
    from keras import layers

    def after() -> list[Any]:
        return [layers.LeakyReLU(negative_slope=0.2), layers.Dropout(choice.dropout)]

    stack = [keras.Input((28, 28, 1)), *([] if choice.signed else [layers.Rescaling(0.5, offset=0.5)])]
    if choice.dense:
        stack += [layers.Flatten(), layers.Dense(512), *after(), layers.Dense(256), *after()]
    else:
        for number, strides in enumerate((2, 2, 2, 1)):
            own = 1 if choice.pooling else strides
            stack += [layers.Conv2D(width << number, 5, strides=own, padding="same"), *after()]
            stack += [layers.MaxPooling2D(padding="same")] if choice.pooling and strides == 2 else []
        stack += [layers.Flatten()]
    return keras.Sequential([*stack, layers.Dense(1, activation="sigmoid")])


def made(choice: Choice, seed: int, widths: tuple[int, int] = WIDTH) -> Any:
    """Return a GAN that trains as the blog's class does."""
    import keras

    import gan_course

    keras.utils.set_random_seed(seed)
    gan = gan_course.GAN(generator(choice, widths[0]), discriminator(choice, widths[1]), seed=seed)
    rates = zip(("g_learning_rate", "d_learning_rate"), choice.rates, strict=True)
    gan.compile(recipe="blog", **dict(rates))
    return gan


def row(name: str, seed: int, gan: Any, **more: float) -> dict[str, Any]:
    """Return what is measured of a training now."""
    from gan_course.metrics import digit_quality

    found = digit_quality(gan)
    told = {
        each: getattr(found, each)
        for each in ("frechet_distance", "frechet_distance_error", "coverage", "confident")
    }
    values = {each: f"{value:.4g}" for each, value in {**told, **more}.items()}
    return {"choice": name, "seed": seed, "step": gan.steps, **values}


def choices(name: str, seed: int) -> list[dict[str, Any]]:
    """Train a quarter-width twin on all digits; return a row for each mark."""
    gan, measured, images = made(CHOICES[name], seed), [], all_digits()
    for mark in MARKS:
        gan.fit(images, batch_size=BATCH_SIZE, steps_per_epoch=mark - gan.steps, verbose=0)
        measured.append(row(name, seed, gan))
    return measured


def heart(name: str, seed: int) -> list[dict[str, Any]]:
    """Train on a hundred digits; tell also how the discriminator and the drawings know them from others.

    `known` and `unseen` are the mean answers for the hundred digits and for as many others; `to_known` and
    `real_to_known` the mean distances of drawn and of other real digits to the nearest of the hundred.
    """
    from gan_course.metrics import nearest_images

    gan, measured, images = made(HEART[name], seed), [], all_digits()
    known, others = images[:FEW], images[-10 * FEW :]
    for mark in MARKS:
        gan.fit(known, batch_size=FEW, steps_per_epoch=mark - gan.steps, verbose=0)
        far = {"to_known": gan.generate(10 * FEW, seed=1), "real_to_known": others}
        far = {each: nearest_images(some, known)[1].mean() for each, some in far.items()}
        measured.append(
            row(name, seed, gan, known=gan.judge(known).mean(), unseen=gan.judge(others).mean(), **far)
        )
    return measured


def all_digits() -> np.ndarray:
    """Return the 60,000 training digits."""
    from gan_course.datasets import load_mnist, scale

    return scale(load_mnist(source="full", verbose=0)[0])


def full() -> None:
    """Train the blog's width for `MINUTES`, in parts that can be interrupted; add a row for each part."""
    from PIL import Image

    import gan_course
    from gan_course import models
    from gan_course.callbacks import Checkpoint, LossLog
    from gan_course.datasets import unscale
    from gan_course.plots import image_grid

    path, images = FOLDER / "full.csv", all_digits()
    spent = float((rows.read(path) or [{"seconds": "0"}])[-1]["seconds"])
    gan = gan_course.GAN(models.deep_generator(), models.deep_discriminator(), seed=0)
    gan.compile(recipe="blog")
    keep = [LossLog(RUN / "history.csv"), Checkpoint(RUN, every=100)]
    mark = len(rows.read(path)) * FULL_MARK
    while spent < 60 * MINUTES:
        mark, start = mark + FULL_MARK, time.monotonic()
        gan.fit(images, batch_size=BATCH_SIZE, steps_per_epoch=mark, callbacks=keep, verbose=0)
        spent += time.monotonic() - start
        rows.add(path, [row("full width", 0, gan, seconds=spent)], KEY)
        picture = image_grid(unscale(gan.generate(24, seed=1)), columns=12)
        Image.fromarray(picture).save(FOLDER / "full.png")


def pace(rounds: int = 4, steps: int = 6) -> None:
    """Measure what a step costs, in turn; write the table."""
    gans = {name: made(choice, 0) for name, choice in CHOICES.items()}
    gans["full width"] = made(Choice(), 0, (256, 64))
    images = all_digits()[: BATCH_SIZE * steps]
    seconds: dict[str, list[float]] = {name: [] for name in gans}
    for number in range(rounds + 1):
        for name, gan in gans.items():
            start = time.perf_counter()
            gan.fit(images, batch_size=BATCH_SIZE, verbose=0)
            if number:  # the first holds the tracing
                seconds[name].append((time.perf_counter() - start) / steps)
    with (FOLDER / "pace.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("choice", "seconds_per_step"))
        writer.writerows((name, f"{statistics.median(each):.4f}") for name, each in seconds.items())


def report() -> str:
    """Return all that was measured as Markdown."""
    lines = [
        "# A deeper DCGAN",
        "",
        f"Written by `python -m benchmarks.deeper report` on {machine()}, load {load()}. Mean and standard "
        "deviation over the seeds at the last step; the Fréchet distance is that of 5,000 digits.",
    ]
    for job in ("choices", "heart"):
        groups: dict[str, list[dict[str, str]]] = {}
        for each in rows.read(FOLDER / f"{job}.csv"):
            if int(each["step"]) == MARKS[-1]:
                groups.setdefault(each["choice"], []).append(each)
        names = [name for name in next(iter(groups.values()))[0] if name not in KEY]
        lines += [
            "",
            f"## {job}",
            "",
            f"| choice | seeds | {' | '.join(names)} |",
            f"|{'---|' * (2 + len(names))}",
        ]
        for choice, found in groups.items():
            columns = [[float(each[name]) for each in found] for name in names]
            cells = [f"{statistics.mean(each):.4g} ± {np.std(each, ddof=1):.2g}" for each in columns]
            lines.append(f"| {choice} | {len(found)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


JOBS: dict[str, Any] = {"choices": (choices, CHOICES), "heart": (heart, HEART)}


def main() -> None:
    """Run one, run all of a job, train the full width, measure the pace, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=[*JOBS, "run", "full", "pace", "report"])
    parser.add_argument("which", nargs="*", help="of run: a job, a choice and a seed")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=90)
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    if options.job == "report":
        (RESULTS / "deeper.md").write_text(report())
    elif options.job in ("full", "pace"):
        import gan_course

        gan_course.quiet_tensorflow()
        (full if options.job == "full" else pace)()
    elif options.job == "run":
        import gan_course

        gan_course.quiet_tensorflow()
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        job, name, seed = options.which
        print(json.dumps(JOBS[job][0](name, int(seed))))
    else:
        path, names = FOLDER / f"{options.job}.csv", JOBS[options.job][1]
        done = {(each["choice"], each["seed"]) for each in rows.read(path)}
        jobs = [
            ("run", options.job, name, seed)
            for seed in range(3)
            for name in names
            if (name, str(seed)) not in done
        ]
        rows.side_by_side(
            "deeper", jobs, options.workers, options.minutes, lambda found: rows.add(path, found, KEY)
        )


if __name__ == "__main__":
    main()
