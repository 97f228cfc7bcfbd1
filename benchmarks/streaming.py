"""Training on a folder that is streamed: memory against the number of files, and whether the trainer ever waits.

    python -m benchmarks.streaming              # about ten minutes; writes results/streaming.md

Draws 64 x 64 color JPEGs into a temporary folder. Each measurement is a process of its own. The rates are taken
in turns, so that whatever else the machine does meets all of them; their ratio says more than each of them.
Linux and macOS only, for how they tell the memory.
"""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

import gan_course
from benchmarks.common import RESULTS, load, machine, measured
from gan_course.files import replacing

FEW, MANY = 2_000, 20_000
SIZE, BATCH_SIZE = 64, 32
STEPS = 200  # of the training whose memory is measured
ROUNDS, STEPS_A_ROUND = 5, 10
MEMORY_GOAL, RATE_GOAL = 2.0, 3  # GiB; times the step rate


def draw(folder: Path, count: int) -> None:
    """Write JPEGs of colored discs on colored ground."""
    random = np.random.default_rng(0)
    folder.mkdir()
    for number in range(count):
        ground, disc = (tuple(random.integers(0, 256, 3)) for _ in range(2))
        image = Image.new("RGB", (SIZE, SIZE), ground)
        ImageDraw.Draw(image).circle(random.uniform(16, 48, 2), random.uniform(8, 24), disc)
        image.save(folder / f"{number:06}.jpg", quality=90)


def gan() -> "gan_course.GAN":
    """Return a small GAN in the manner of DCGAN (Radford et al., 2016); a larger one leaves more time to read."""
    import keras
    from keras import layers

    generator = [keras.Input((100,)), layers.Dense(8 * 8 * 32), layers.Reshape((8, 8, 32))]
    for filters in (32, 16, 8):
        generator += [layers.UpSampling2D(), layers.Conv2D(filters, 5, padding="same")]
        generator += [layers.BatchNormalization(), layers.ReLU()]
    generator.append(layers.Conv2D(3, 5, padding="same", activation="tanh"))
    discriminator = [keras.Input((SIZE, SIZE, 3))]
    for filters in (16, 32, 64):
        discriminator += [layers.Conv2D(filters, 5, strides=2, padding="same"), layers.LeakyReLU(0.2)]
    discriminator += [layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    made = gan_course.GAN(keras.Sequential(generator), keras.Sequential(discriminator), seed=0)
    made.compile(recipe="course")
    return made


def measure_memory(folder: Path) -> dict[str, Any]:
    """Train, then read the whole folder once; return the largest resident memory until then, in GiB."""
    batches = gan_course.datasets.image_folder_dataset(folder, SIZE, batch_size=BATCH_SIZE)
    gan().fit(batches.repeat(), steps_per_epoch=STEPS, verbose=0)
    files = BATCH_SIZE * sum(1 for _ in batches)
    unit = 1 if sys.platform == "darwin" else 1024
    return {"read": files, "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30}


def measure_rates(folder: Path) -> dict[str, list[float]]:
    """Return batches or steps a second: the files alone, steps on an array, steps on the files."""
    import keras

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            times.append(time.perf_counter())

    batches = gan_course.datasets.image_folder_dataset(folder, SIZE, batch_size=BATCH_SIZE)
    array = np.concatenate([*batches.take(10)])
    model = gan()
    rates = {"files alone": [], "steps on an array": [], "steps on the files": []}
    for _ in range(1 + ROUNDS):
        for name, found in rates.items():
            times = []
            if name == "files alone":
                times = [time.perf_counter() for _ in islice(batches, 5 * STEPS_A_ROUND)]
            else:
                data, size = (array, BATCH_SIZE) if name == "steps on an array" else (batches.repeat(), None)
                settings = {"batch_size": size, "steps_per_epoch": STEPS_A_ROUND, "verbose": 0}
                model.fit(data, callbacks=[Clock()], **settings)
            found.append((len(times) - 1) / (times[-1] - times[0]))
    return {name: found[1:] for name, found in rates.items()}  # the first round traces


def report(memory: dict[int, dict[str, Any]], rates: dict[str, list[float]]) -> str:
    """Return what was measured as Markdown."""
    files, array, streamed = (np.array(found) for found in rates.values())
    goal = f"goals: under {MEMORY_GOAL:g} GiB and flat; files alone at least {RATE_GOAL} times the steps"
    lines = [
        "# Training on a folder that is streamed",
        "",
        f"Written by `python -m benchmarks.streaming` on {machine()}. {SIZE} x {SIZE} color JPEGs, batches of "
        f"{BATCH_SIZE}, the course's recipe on small networks in the "
        "manner of DCGAN (a larger GAN leaves more time to read). Load average at the end, this work "
        f"included: {load()}. The {goal}.",
        "",
        "| files | largest resident memory |",
        "|---|---|",
        *(f"| {count:,} | {found['gib']:.2f} GiB |" for count, found in memory.items()),
        "",
        f"Each after {STEPS} steps and one whole pass over the files, in a process of its own. All {MANY:,} "
        f"images in an array of float32 would take {MANY * SIZE * SIZE * 3 * 4 / 2**30:.2f} GiB more.",
        "",
        "| | a second, median | lowest to highest |",
        "|---|---|---|",
    ]
    for name, found in rates.items():
        what = "batches" if name == "files alone" else "steps"
        lines.append(f"| {name} | {statistics.median(found):.1f} {what} | {min(found):.1f} to {max(found):.1f} |")
    return "\n".join(
        [
            *lines,
            "",
            f"The median of {ROUNDS} rounds, each of which measures all three: the files alone are "
            f"**{np.median(files / array):.1f} times** as fast as steps on an array, and steps on the files reach "
            f"**{100 * np.median(streamed / array):.0f} %** of the rate of those on an array.",
            "",
        ]
    )


def main() -> None:
    """Draw, measure in processes of their own, write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    jobs = parser.add_subparsers(dest="job")
    for name in ("memory", "rates"):
        jobs.add_parser(name, help="measure one thing, for the report").add_argument("folder", type=Path)
    options = parser.parse_args()
    if options.job:
        gan_course.quiet_tensorflow()
        measure = {"memory": measure_memory, "rates": measure_rates}[options.job]
        print(json.dumps(measure(options.folder)))
        return

    with tempfile.TemporaryDirectory() as folder:
        folders = {count: Path(folder, str(count)) for count in (FEW, MANY)}
        for count, each in folders.items():
            draw(each, count)
        memory = {count: measured("streaming", "memory", each) for count, each in folders.items()}
        rates = measured("streaming", "rates", folders[MANY])
    with replacing(RESULTS / "streaming.md") as beside:
        beside.write_text(report(memory, rates))


if __name__ == "__main__":
    main()
