"""From a picture to a picture: three tasks, and what each part of the method is worth; lesson 13 reads the rows.

    python -m benchmarks.translation tasks --workers 2     # three of colors and one of bricks, each four ways
    python -m benchmarks.translation parts --workers 2     # one part left out, half of the width, three seeds
    python -m benchmarks.translation pace                  # what a step costs
    python -m benchmarks.translation report                # results/translation.md

Rows go to data/pairs/, pictures of held-out pairs beside them; what has its rows is not run again. Each run is a
process of its own on one core.
"""

import argparse
import json
import statistics
import time
from typing import Any

import numpy as np

from benchmarks import rows
from benchmarks.common import RESULTS, ROOT, load, machine
from gan_course.files import replacing

FOLDER = ROOT / "data" / "pairs"
TASKS = ("sketch to color", "gray to color", "day to night", "sketch to brick")
WAYS = {"both": (1, 100), "L1 alone": (0, 1), "the game alone": (1, 0)}  # weights of the game and of L1
PARTS = ("all", "no connections", "one answer for all", "no noise")
TRAINING, HELD_OUT, BATCH_SIZE, STEPS, SHOWN = 2_000, 500, 8, 2_000, 5
WIDTHS = {"tasks": (16, 16), "parts": (8, 8)}  # of generator and discriminator
OUTLINES = ("hair", "headwear", "glasses", "mouth", "kind")  # what a line drawing of a face or brick shows
COLORS = ("skin", "hair_color", "background")  # and what it does not
MEASURED = ("l1", "psnr", "ssim", "outlines", "colors", "frechet_distance", "answers")
KEY = ("task", "way", "seed")


def pairs(task: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return what is given and what is to be drawn, values in [-1, 1], and what is known of it."""
    from gan_course.datasets import scale, sketch
    from gan_course.synthetic import ATTRIBUTES, draw_bricks, draw_faces, draw_streets

    if task == "sketch to brick":
        bricks, about = draw_bricks(count, seed)
        return scale(sketch(bricks)), scale(bricks), {"kind": about["kind"]}
    if task == "day to night":
        (day, night), _ = draw_streets(count, seed)
        return scale(day), scale(night), {}
    faces, known = draw_faces(count, seed, size=64)
    weights = np.array([0.299, 0.587, 0.114])  # of light, as PIL has them
    given = sketch(faces) if task == "sketch to color" else np.round(faces @ weights)[..., None].astype("uint8")
    return scale(given), scale(faces), {name: known[name] for name in ATTRIBUTES}


def networks(part: str, channels: tuple[int, int], widths: tuple[int, int]) -> tuple[Any, Any]:
    """Return both networks, from so many channels to so many, one part of the method left out."""
    import keras
    from keras import layers

    from gan_course import models

    leave_out = {
        "no connections": (layers.Concatenate, lambda: layers.Lambda(lambda both: both[0])),
        "no noise": (models.LastingDropout, layers.Identity),
    }
    generator = models.unet(64, *channels, widths[0])
    if part in leave_out:
        kind, instead = leave_out[part]
        generator = keras.models.clone_model(
            generator,
            clone_function=lambda each: (
                instead() if isinstance(each, kind) else type(each).from_config(each.get_config())
            ),
        )
    discriminator = models.patch_discriminator(64, *channels, widths[1])
    if part == "one answer for all":
        features = layers.Flatten()(discriminator.layers[-1].input)
        discriminator = keras.Model(discriminator.input, layers.Dense(1, activation="sigmoid")(features))
    return generator, discriminator


def measure(drawn: np.ndarray, again: np.ndarray, real: np.ndarray, known: dict[str, np.ndarray]) -> list[float]:
    """Return what is measured of held-out drawings; `again` are others from the same pictures."""
    from gan_course.metrics import closeness, fit_gaussian, frechet_distance, read_bricks, read_faces

    outlines = colors = distance = float("nan")
    if known:
        read, like = (read_bricks, "sketch to brick") if "kind" in known else (read_faces, "gray to color")
        found = read(drawn)
        right = {name: float((found[name].argmax(1) == known[name]).mean()) for name in known}
        outlines, colors = (
            float(np.mean([right[name] for name in names if name in right] or [np.nan]))
            for names in (OUTLINES, COLORS)
        )
        reference = fit_gaussian(read(pairs(like, 2_000, seed=77)[1])["features"])
        distance = frechet_distance(fit_gaussian(found["features"]), reference)
    return [*closeness(drawn, real), outlines, colors, distance, float(np.abs(drawn - again).mean() / 2)]


def train(kind: str, task: str, way: str, seed: int) -> list[dict[str, Any]]:
    """Train one way, measure it on held-out pairs, and keep some of its drawings."""
    import keras
    from PIL import Image

    import gan_course
    from gan_course.datasets import unscale

    given, real, known = pairs(task, HELD_OUT, seed=99)
    if way == "the targets":
        drawn = again = real
    elif way == "mean color":
        mean = pairs(task, TRAINING, seed=1)[1].mean(axis=(0, 1, 2))
        drawn = again = np.broadcast_to(mean, real.shape).astype("float32")
    else:
        keras.utils.set_random_seed(seed)
        part = way if kind == "parts" else "all"
        gan = gan_course.GAN(*networks(part, (given.shape[-1], real.shape[-1]), WIDTHS[kind]), seed=seed)
        game, distance = WAYS["both" if kind == "parts" else way]
        rates = {"g_learning_rate": 2e-4, "d_learning_rate": 2e-4}
        gan.compile(recipe="plain", adversarial=game, reconstruction=distance, **rates)
        conditions, targets, _ = pairs(task, TRAINING, seed=1)
        gan.fit(targets, conditions, batch_size=BATCH_SIZE, steps_per_epoch=STEPS, verbose=0)
        drawn, again = (gan.generate(seed=number, conditions=given) for number in (1, 2))
    if seed == 0:
        strip = np.concatenate(unscale(drawn[:SHOWN]), axis=1).squeeze()
        with replacing(FOLDER / f"{kind}_{task}_{way}.png".replace(" ", "_")) as beside:
            Image.fromarray(strip).save(beside, optimize=True)
    told = [float(f"{each:.4g}") for each in measure(drawn, again, real, known)]
    return [dict(zip((*KEY, *MEASURED), (task, way, seed, *told), strict=True))]


JOBS: dict[str, list[tuple[str, str, int]]] = {
    "tasks": [(task, way, 0) for task in TASKS for way in (*WAYS, "mean color", "the targets")],
    "parts": [(TASKS[0], part, seed) for seed in range(3) for part in PARTS],
}


def pace(rounds: int = 5, steps: int = 10) -> None:
    """Measure what a step costs on all cores, in turn; write the table."""
    import gan_course

    gans, seconds = {}, {}
    for kind, widths in WIDTHS.items():
        for way, (game, distance) in WAYS.items():
            gans[kind, way] = gan_course.GAN(*networks("all", (1, 3), widths))
            gans[kind, way].compile(recipe="plain", adversarial=game, reconstruction=distance)
    given, real, _ = pairs(TASKS[0], BATCH_SIZE * steps, seed=1)
    for number in range(rounds + 1):
        for key, gan in gans.items():
            begin = time.perf_counter()
            gan.fit(real, given, batch_size=BATCH_SIZE, steps_per_epoch=steps, verbose=0)
            if number:  # the first holds the tracing
                seconds.setdefault(key, []).append((time.perf_counter() - begin) / steps)
    found = [
        {"networks": kind, "way": way, "seconds": f"{statistics.median(each):.4f}"}
        for (kind, way), each in seconds.items()
    ]
    with replacing(FOLDER / "pace.csv") as beside:
        rows.add(beside, found, ("networks", "way"))


def report() -> str:
    """Return all that was measured as Markdown."""
    lines = [
        "# From a picture to a picture",
        "",
        f"Written by `python -m benchmarks.translation report` on {machine()}, load {load()}. {TRAINING:,} pairs, "
        f"batches of {BATCH_SIZE}, {STEPS:,} steps; {HELD_OUT} held-out pairs, pixels in [0, 1]. Outlines and "
        f"colors: how often the face reader finds the right {', '.join(OUTLINES)}, and the right "
        f"{', '.join(COLORS)}, in the drawing. Answers: the mean difference of two drawings of one picture. A "
        "step of both, on two cores: "
        + ", ".join(
            f"{row['networks']} {row['seconds']} s"
            for row in rows.read(FOLDER / "pace.csv")
            if row["way"] == "both"
        )
        + ".",
    ]
    for kind in JOBS:
        lines += ["", f"## {kind.capitalize()}, generator and discriminator of width {WIDTHS[kind]}", ""]
        lines += [f"| task | way | seeds | {' | '.join(MEASURED)} |", f"|{'---|' * (3 + len(MEASURED))}"]
        groups: dict[tuple[str, str], list[dict[str, str]]] = {}
        for row in rows.read(FOLDER / f"{kind}.csv"):
            groups.setdefault((row["task"], row["way"]), []).append(row)
        for (task, way), found in groups.items():
            cells = [_told([float(row[name]) for row in found]) for name in MEASURED]
            lines.append(f"| {task} | {way} | {len(found)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _told(values: list[float]) -> str:
    if np.isnan(values[0]):
        return ""
    spread = f" ± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3g}{spread}"


def main() -> None:
    """Run one, run all of a kind, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=[*JOBS, "run", "pace", "report"])
    parser.add_argument("which", nargs="*", help="of run: a kind, a task, a way and a seed")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=90)
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    if options.job == "report":
        (RESULTS / "translation.md").write_text(report())
        return
    if options.job in JOBS:
        kept = FOLDER / f"{options.job}.csv"
        done = {tuple(row[name] for name in KEY) for row in rows.read(kept)}
        jobs = [("run", options.job, *each) for each in JOBS[options.job] if tuple(map(str, each)) not in done]
        rows.side_by_side(
            "translation", jobs, options.workers, options.minutes, lambda found: rows.add(kept, found, KEY)
        )
        return
    import gan_course

    gan_course.quiet_tensorflow()
    if options.job == "pace":
        pace()
        return
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    kind, task, way, seed = options.which
    print(json.dumps(train(kind, task, way, int(seed))))


if __name__ == "__main__":
    main()
