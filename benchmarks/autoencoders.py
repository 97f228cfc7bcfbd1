"""The same decoder, three teachers: autoencoder, variational autoencoder and GAN, as lesson 09 compares them.

    python -m benchmarks.autoencoders digits --workers 2     # 100 latent numbers, three seeds
    python -m benchmarks.autoencoders bricks --workers 2     # at 64 x 64, quarter width
    python -m benchmarks.autoencoders pace                   # what a step costs, in turn
    python -m benchmarks.autoencoders report                 # results/autoencoders.md

Rows go to data/autoencoders/, where the lesson reads them; what has its rows is not run again. The decoders are
the generators of lessons 02 and 11.
"""

import argparse
import csv
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import rows, upsampling
from benchmarks.common import RESULTS, ROOT, load, machine

FOLDER = ROOT / "data" / "autoencoders"
TEACHERS = ("autoencoder", "variational", "gan")
LATENT_DIM, SAMPLES, BATCH_SIZE = 100, 5000, 32
MARKS = {"digits": (500, 1000, 2000), "bricks": (250, 500, 1000, 1500)}
KEY = ("teacher", "seed", "step")
WIDTH = 16  # a quarter


def sharpness(images: np.ndarray) -> float:
    """Return the mean length of the differences of neighbors across and down, of pixels in [0, 1]."""
    images = (images + 1) / 2
    down, across = images[:, 1:, :-1] - images[:, :-1, :-1], images[:, :-1, 1:] - images[:, :-1, :-1]
    return float(np.sqrt(down**2 + across**2).mean())


def made(teacher: str, seed: int, decoder: Any, encoder: Callable[[int], Any]) -> Any:
    """Return what is to be fitted on images, compiled."""
    import keras

    from gan_course import models

    if teacher == "autoencoder":
        both = keras.Sequential([encoder(LATENT_DIM), decoder])
    else:
        both = models.VariationalAutoencoder(encoder(2 * LATENT_DIM), decoder, seed=seed)
    both.compile(keras.optimizers.Adam(1e-3), models.squared_distance)
    return both


class Drawer:
    """Draws with a decoder: codes from the standard normal distribution, or from one fitted to known codes."""

    def __init__(self, decoder: Any, codes: np.ndarray | None = None) -> None:
        """Fit the normal distribution."""
        self.decoder = decoder
        self.mean, self.root = np.zeros(LATENT_DIM), np.eye(LATENT_DIM)
        if codes is not None:
            values, vectors = np.linalg.eigh(np.cov(codes.T))
            self.mean, self.root = codes.mean(axis=0), vectors * np.sqrt(values.clip(0))

    def generate(self, count: int, seed: int | None = None) -> np.ndarray:
        """Return images."""
        latent = np.random.default_rng(seed).standard_normal((count, LATENT_DIM)) @ self.root.T + self.mean
        return self.decoder.predict(latent.astype("float32"), batch_size=500, verbose=0)


class Training:
    """One teacher's training of a decoder, in parts, and what is measured of it.

    Args:
        teacher: One of `TEACHERS`.
        seed: Of everything.
        gan: Makes the GAN whose generator is the decoder.
        encoder: Makes an encoder of so many numbers.
        images: What is learned.
        unseen: What is drawn anew.
    """

    def __init__(
        self,
        teacher: str,
        seed: int,
        gan: Callable[[int], Any],
        encoder: Any,
        images: np.ndarray,
        unseen: np.ndarray,
    ) -> None:
        """Make the model; the decoder is the same for all three."""
        self.teacher, self.seed, self.images, self.unseen, self.done = teacher, seed, images, unseen, 0
        self.model = gan(seed)
        self.decoder = self.model.generator
        if teacher != "gan":
            self.model = made(teacher, seed, self.decoder, encoder)
            self.encoder = self.model.layers[0] if teacher == "autoencoder" else self.model.encoder

    def up_to(self, step: int) -> float:
        """Train; return the mean loss of these steps, nan for a GAN, which has two."""
        steps, self.done = step - self.done, step
        if self.teacher == "gan":
            self.model.fit(self.images, batch_size=BATCH_SIZE, steps_per_epoch=steps, verbose=0)
            return float("nan")
        chosen = np.random.default_rng((self.seed, step)).integers(0, len(self.images), steps * BATCH_SIZE)
        batches = self.images[chosen]
        history = self.model.fit(batches, batches, batch_size=BATCH_SIZE, shuffle=False, verbose=0).history
        return history["loss"][0]

    def codes(self, images: np.ndarray) -> np.ndarray:
        """Return codes, those of a variational autoencoder the means."""
        return self.encoder.predict(images, batch_size=500, verbose=0)[:, :LATENT_DIM]

    def drawer(self) -> Any:
        """Return what draws new images."""
        if self.teacher == "gan":
            return self.model
        return Drawer(self.decoder, self.codes(self.images[:10_000]) if self.teacher == "autoencoder" else None)

    def error(self) -> float:
        """Return the mean squared error of unseen images, of pixels in [0, 1]; nan for a GAN, which cannot."""
        if self.teacher == "gan":
            return float("nan")
        again = self.decoder.predict(self.codes(self.unseen), batch_size=500, verbose=0)
        return float(np.square(again - self.unseen).mean()) / 4

    def rows(self, marks: tuple[int, ...], judge: Callable[[Any], dict[str, float]]) -> list[dict[str, Any]]:
        """Train, and return a row for each mark."""
        measured = []
        for mark in marks:
            loss, drawer = self.up_to(mark), self.drawer()
            told = {**judge(drawer), "sharpness": sharpness(drawer.generate(1000, seed=1))}
            told |= {"reconstruction": self.error(), "loss": loss}
            row = {"teacher": self.teacher, "seed": self.seed, "step": mark}
            measured.append(row | {name: f"{value:.4g}" for name, value in told.items()})
        return measured

    def picture(self, path: Path) -> None:
        """Write 24 drawn images."""
        from PIL import Image

        from gan_course.datasets import unscale
        from gan_course.plots import image_grid

        Image.fromarray(image_grid(unscale(self.drawer().generate(24, seed=1)), columns=12)).save(path)


def digits(teacher: str, seed: int) -> list[dict[str, Any]]:
    """Train the generator of lesson 02 with one teacher."""
    import keras

    import gan_course
    from gan_course import models
    from gan_course.datasets import load_mnist, scale
    from gan_course.metrics import digit_quality

    def gan(seed: int) -> Any:
        keras.utils.set_random_seed(seed)
        made = gan_course.GAN(models.mnist_generator(LATENT_DIM), models.mnist_discriminator(0.0), seed=seed)
        made.compile(recipe="course")
        return made

    def judge(drawer: Any) -> dict[str, float]:
        found = digit_quality(drawer.generate(5000, seed=0))
        return {name: getattr(found, name) for name in ("frechet_distance", "coverage", "confident")}

    images = scale(load_mnist(source="full", verbose=0)[0])
    training = Training(teacher, seed, gan, models.digit_encoder, images[:-2000], images[-2000:])
    return _measured("digits", training, judge)


def bricks(teacher: str, seed: int) -> list[dict[str, Any]]:
    """Train the generator of lesson 11, of a quarter of the width, with one teacher."""
    import keras
    from keras import layers

    def encoder(numbers: int) -> keras.Model:
        maps = [layers.Conv2D(WIDTH << number, 4, strides=2, padding="same") for number in range(4)]
        hidden = [layer for each in maps for layer in (each, layers.LeakyReLU(negative_slope=0.2))]
        return keras.Sequential([keras.Input((64, 64, 1)), *hidden, layers.Flatten(), layers.Dense(numbers)])

    def judge(drawer: Any) -> dict[str, float]:
        distance, kinds, *_ = upsampling.measure(drawer.generate(2000, seed=1), reference)
        return {"frechet_distance": distance, "kinds": kinds}

    reference, _ = upsampling.of_real()
    images = upsampling.bricks(upsampling.TRAINING, seed=0)
    training = Training(
        teacher, seed, lambda seed: upsampling.make(True, WIDTH, seed), encoder, images[:-2000], images[-2000:]
    )
    return _measured("bricks", training, judge)


def _measured(job: str, training: Training, judge: Callable[[Any], dict[str, float]]) -> list[dict[str, Any]]:
    """Return all rows of a training, and write a picture of the first seed's end."""
    found = training.rows(MARKS[job], judge)
    if training.seed == 0:
        training.picture(FOLDER / f"{job}_{training.teacher}.png")
    return found


JOBS = {"digits": digits, "bricks": bricks}


def pace(rounds: int = 6, steps: int = 40) -> None:
    """Measure what a step of each teacher costs on digits, in turn; write the table."""
    import keras

    import gan_course
    from gan_course import models
    from gan_course.datasets import load_mnist, scale

    images, seconds = scale(load_mnist(source="embedded")[0])[: steps * BATCH_SIZE], {}
    gan = gan_course.GAN(models.mnist_generator(LATENT_DIM), models.mnist_discriminator(0.0))
    gan.compile(recipe="course")
    all_of_them = {"gan": gan}
    for teacher in TEACHERS[:2]:
        all_of_them[teacher] = made(teacher, 0, models.mnist_generator(LATENT_DIM), models.digit_encoder)
    seconds = {teacher: [] for teacher in all_of_them}
    for number in range(rounds + 1):
        for teacher, model in all_of_them.items():
            keras.utils.set_random_seed(number)
            begin = time.perf_counter()
            model.fit(images, None if teacher == "gan" else images, batch_size=BATCH_SIZE, verbose=0)
            if number:  # the first holds the tracing
                seconds[teacher].append((time.perf_counter() - begin) / steps)
    with (FOLDER / "pace.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("teacher", "seconds_per_step"))
        writer.writerows((teacher, f"{statistics.median(each):.4f}") for teacher, each in seconds.items())


def report() -> str:
    """Return all that was measured as Markdown."""
    lines = [
        "# Autoencoder, variational autoencoder, GAN",
        "",
        f"Written by `python -m benchmarks.autoencoders report` on {machine()}, load {load()}. Means over the "
        "seeds; sharpness is the mean length of forward differences, reconstruction the mean squared error, both "
        "of pixels in [0, 1]; the loss is that of the steps since the mark before.",
    ]
    for job in JOBS:
        groups: dict[tuple[str, int], list[dict[str, str]]] = {}
        for row in rows.read(FOLDER / f"{job}.csv"):
            groups.setdefault((row["teacher"], int(row["step"])), []).append(row)
        names = [name for name in next(iter(groups.values()))[0] if name not in KEY]
        lines += [
            "",
            f"## {job}",
            "",
            f"| teacher | step | seeds | {' | '.join(names)} |",
            f"|{'---|' * (3 + len(names))}",
        ]
        for (teacher, step), found in sorted(groups.items()):
            means = [statistics.mean(float(row[name]) for row in found) for name in names]
            cells = ["" if np.isnan(mean) else f"{mean:.4g}" for mean in means]
            lines.append(f"| {teacher} | {step:,} | {len(found)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run one, run all of a job, measure the pace, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=[*JOBS, "run", "pace", "report"])
    parser.add_argument("which", nargs="*", help="of run: a job, a teacher and a seed")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=90)
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    if options.job == "report":
        (RESULTS / "autoencoders.md").write_text(report())
    elif options.job == "pace":
        pace()
    elif options.job == "run":
        import gan_course

        gan_course.quiet_tensorflow()
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        job, teacher, seed = options.which
        print(json.dumps(JOBS[job](teacher, int(seed))))
    else:
        path = FOLDER / f"{options.job}.csv"
        done = {(row["teacher"], row["seed"]) for row in rows.read(path)}
        every = [(teacher, seed) for seed in range(3) for teacher in TEACHERS]
        jobs = [("run", options.job, *each) for each in every if (each[0], str(each[1])) not in done]
        rows.side_by_side(
            "autoencoders", jobs, options.workers, options.minutes, lambda found: rows.add(path, found, KEY)
        )


if __name__ == "__main__":
    main()
