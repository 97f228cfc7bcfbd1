"""Learning by heart: 25 faces against 100, as exercise 06 compares them.

    python -m benchmarks.faces few --workers 2    # three seeds of each
    python -m benchmarks.faces report             # results/faces.md

Rows go to data/faces/few.csv as they come; what has its rows is not run again. Each run is a process of its own on
one core. The faces are drawn by the course.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import rows
from benchmarks.common import RESULTS, ROOT, load, machine

ROWS = ROOT / "data" / "faces" / "few.csv"
HELD_OUT, DRAWN = 20, 100
MARKS = (41, 401, 1601)
RUNS = [(count, seed) for seed in range(3) for count in (25, 100)]
KEY = ("faces", "seed", "step")
TOLD = ("near_training", "near_held_out", "real_training", "real_held_out", "real_drawn")


def judge(drawn: np.ndarray, training: np.ndarray, held_out: np.ndarray, discriminator: Any) -> list[float]:
    """Return the mean distance to the nearest face of as many of both kinds, and what is called real of three."""
    from gan_course.metrics import nearest_images

    near = [float(nearest_images(drawn, each)[1].mean()) for each in (training[: len(held_out)], held_out)]
    real = [float(np.mean(discriminator(each, training=False))) for each in (training, held_out, drawn)]
    return [round(each, 3) for each in near + real]


def train(count: int, seed: int) -> list[dict[str, Any]]:
    """Train as the exercise does, and judge at each mark."""
    import keras

    import gan_course
    from gan_course import models
    from gan_course.datasets import load_image_folder, scale
    from gan_course.synthetic import write_faces

    with tempfile.TemporaryDirectory() as folder:
        write_faces(folder, count=100 + HELD_OUT)
        faces = scale(load_image_folder(folder, size=28, channels=3)[..., :1])
    order = np.random.default_rng(seed).permutation(len(faces))
    held_out, training = faces[order[:HELD_OUT]], faces[order[HELD_OUT:]][:count]
    keras.utils.set_random_seed(seed)
    gan = gan_course.GAN(models.mnist_generator(), models.mnist_discriminator(), seed=seed)
    gan.compile()
    found = []
    for mark in MARKS:
        gan.fit(
            np.repeat(training, 100 // count, axis=0), batch_size=32, steps_per_epoch=mark - gan.steps, verbose=0
        )
        told = judge(gan.generate(DRAWN, seed=seed), training, held_out, gan.discriminator)
        found.append({"faces": count, "seed": seed, "step": mark, **dict(zip(TOLD, told, strict=True))})
    return found


def report() -> str:
    """Return what was measured as Markdown."""
    groups: dict[tuple[int, int], list[dict[str, str]]] = {}
    for row in rows.read(ROWS):
        groups.setdefault((int(row["faces"]), int(row["step"])), []).append(row)
    lines = [
        "# 25 faces against 100",
        "",
        f"Written by `python -m benchmarks.faces report` on {machine()}, load {load()}. Drawn faces in one "
        f"channel, {HELD_OUT} held out; the networks and the recipe of exercise 06, `plain`. Mean over seeds ± "
        "standard deviation: called real by the discriminator, of the faces it learned from, of the others, of "
        "drawn ones; then the distance from a drawn face to the nearest of as many of both.",
        "",
        "| faces | step | seeds | real: training | held out | drawn | near: training | held out |",
        f"|{'---|' * 8}",
    ]
    for (count, step), each in sorted(groups.items()):
        told = []
        for name in (*TOLD[2:], *TOLD[:2]):
            values = [float(row[name]) for row in each]
            told.append(f"{statistics.mean(values):.2f} ± {statistics.stdev(values) if len(each) > 1 else 0:.2f}")
        lines.append(f"| {count} | {step:,} | {len(each)} | {' | '.join(told)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run one, run all, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["few", "run", "report"])
    parser.add_argument("which", nargs="*", type=int, help="of run: how many faces, and a seed")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=90)
    options = parser.parse_args()
    ROWS.parent.mkdir(exist_ok=True)
    if options.job == "report":
        Path(RESULTS / "faces.md").write_text(report())
    elif options.job == "run":
        import gan_course

        gan_course.quiet_tensorflow()
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        print(json.dumps(train(*options.which)))
    else:
        done = {(row["faces"], row["seed"]) for row in rows.read(ROWS)}
        jobs = [("run", *each) for each in RUNS if tuple(map(str, each)) not in done]
        rows.side_by_side(
            "faces", jobs, options.workers, options.minutes, lambda found: rows.add(ROWS, found, KEY)
        )


if __name__ == "__main__":
    main()
