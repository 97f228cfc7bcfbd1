"""Digits by wish: how many wishes are granted, and how many ways a digit is drawn; lesson 13 reads the rows.

    python -m benchmarks.wishes digits --workers 2    # three seeds, and one without sevens
    python -m benchmarks.wishes report                # results/wishes.md

Rows go to data/conditional/digits.csv as they come; what has its rows is not run again. Each run is a process of
its own on one core.
"""

import argparse
import json
import statistics
from typing import Any

import numpy as np

from benchmarks import rows
from benchmarks.common import RESULTS, ROOT, load, machine

FOLDER = ROOT / "data" / "conditional"
ROWS = FOLDER / "digits.csv"
LATENT_DIM, COUNT = 20, 500  # numbers, drawings of each digit
MARKS = (500, 1000, 2000, 4000, 8000)
LEFT_OUT = 7
RUNS = [("all", seed) for seed in range(3)] + [(f"without {LEFT_OUT}", 0)]
KEY = ("labels", "seed", "step", "digit")


def spread(features: np.ndarray) -> float:
    """Return the mean distance of two drawings, in the features of the digit judge."""
    half = len(features) // 2
    return float(np.linalg.norm(features[:half, None] - features[None, half : 2 * half], axis=-1).mean())


def measure(images: np.ndarray, labels: np.ndarray) -> list[dict[str, float]]:
    """Return for each digit the share that the judge reads as it was wished, and how far drawings are apart."""
    from gan_course.metrics import classify_digits

    found = classify_digits(images)
    read = found["probabilities"].argmax(1)
    return [
        {
            "digit": digit,
            "granted": round(float((read[labels == digit] == digit).mean()), 4),
            "spread": round(spread(found["features"][labels == digit]), 3),
        }
        for digit in range(10)
    ]


def train(name: str, seed: int) -> list[dict[str, Any]]:
    """Train, and measure at each mark; the step 0 is that of real digits nobody has trained on."""
    import keras

    import gan_course
    from gan_course import models
    from gan_course.datasets import load_mnist, scale

    images, labels = load_mnist(source="full", verbose=0)
    held_out = np.concatenate([np.flatnonzero(labels == digit)[-COUNT:] for digit in range(10)])
    told = [(0, each) for each in measure(scale(images[held_out]), labels[held_out])]
    rest = np.setdiff1d(np.arange(len(images)), held_out)
    if name != "all":
        rest = rest[labels[rest] != LEFT_OUT]
    keras.utils.set_random_seed(seed)
    gan = gan_course.GAN(
        models.conditional_generator(latent_dim=LATENT_DIM), models.conditional_discriminator(dropout=0), seed=seed
    )
    gan.compile(recipe="course")
    wishes = np.arange(10 * COUNT) % 10
    for mark in MARKS:
        gan.fit(scale(images[rest]), labels[rest], steps_per_epoch=mark - gan.steps, verbose=0)
        told += [(mark, each) for each in measure(gan.generate(seed=1, conditions=wishes), wishes)]
    return [{"labels": name, "seed": seed, "step": mark, **each} for mark, each in told]


def report() -> str:
    """Return what was measured as Markdown."""
    found = rows.read(ROWS)
    real = {row["digit"]: float(row["spread"]) for row in found if row["step"] == "0"}
    judged = statistics.mean(float(row["granted"]) for row in found if row["step"] == "0")
    lines = [
        "# Digits by wish",
        "",
        f"Written by `python -m benchmarks.wishes report` on {machine()}, load {load()}. {COUNT:,} drawings "
        f"of each digit; {LATENT_DIM} latent numbers, recipe `course`. Of as many real digits the judge reads "
        f"{judged:.1%} as they are labeled. Spread: how far two drawings of a digit are apart in the judge's "
        "features, as a share of real ones; the digit that varies least.",
        "",
        "| labels | step | seeds | granted | least | spread, mean | least |",
        f"|{'---|' * 7}",
    ]
    groups: dict[tuple[str, int], list[dict[str, str]]] = {}
    for row in found:
        if row["step"] != "0":
            groups.setdefault((row["labels"], int(row["step"])), []).append(row)
    for (name, step), each in sorted(groups.items()):
        granted = [float(row["granted"]) for row in each]
        shares = [float(row["spread"]) / real[row["digit"]] for row in each]
        lines.append(
            f"| {name} | {step:,} | {len({row['seed'] for row in each})} | {statistics.mean(granted):.1%} "
            f"| {min(granted):.1%} | {statistics.mean(shares):.0%} | {min(shares):.0%} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run one, run all, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["digits", "run", "report"])
    parser.add_argument("which", nargs="*", help="of run: a name and a seed")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=90)
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    if options.job == "report":
        (RESULTS / "wishes.md").write_text(report())
    elif options.job == "run":
        import gan_course

        gan_course.quiet_tensorflow()
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        name, seed = options.which
        print(json.dumps(train(name, int(seed))))
    else:
        done = {(row["labels"], row["seed"]) for row in rows.read(ROWS)}
        jobs = [("run", *each) for each in RUNS if tuple(map(str, each)) not in done]
        rows.side_by_side(
            "wishes", jobs, options.workers, options.minutes, lambda found: rows.add(ROWS, found, KEY)
        )


if __name__ == "__main__":
    main()
