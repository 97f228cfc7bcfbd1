"""Pack a finished `gan-course train ... --metrics` into data/checkpoints.

    python tools/checkpoint.py NAME DIR [OTHER ...]

Of the other trainings only the measured quality is kept, to compare with.
"""

import csv
import json
import os
import platform
import shutil
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import gan_course
from gan_course import runs
from gan_course.files import replacing

HISTORY_ROWS = 1000
NEWS = ("input_axes", "output_axes", "renorm", "renorm_clipping", "renorm_momentum")  # since Keras 3.14, not used


def pack(name: str, run: Path, *others: Path) -> None:
    gan_course.quiet_tensorflow()
    import keras

    from gan_course import places
    from gan_course.callbacks import LossLog, read_losses, save_model
    from gan_course.callbacks.quality import read_quality
    from gan_course.training.copies import in_precision
    from gan_course.training.trained import pretrained

    gan, folder = keras.models.load_model(run / runs.CHECKPOINT), places.CHECKPOINTS / name
    save_model(in_precision(gan.best_generator, "float16"), folder / runs.GENERATOR)
    save_model(in_precision(gan.discriminator, "float16"), folder / "discriminator.keras")
    for network in ("generator", "discriminator"):
        open_to_older_keras(folder / f"{network}.keras")
    rows = read_losses(run / runs.HISTORY)
    thinned = [row for row in rows if row[0] % thinning(gan) == 0]
    with replacing(folder / runs.HISTORY) as beside, beside.open("w", newline="") as file:
        csv.writer(file).writerows([LossLog.COLUMNS, *thinned])
    for each in (run, *others):
        recipe = keras.models.load_model(each / runs.CHECKPOINT).recipe.name
        with replacing(folder / f"quality_{recipe}.csv") as beside:
            shutil.copy(each / runs.QUALITY, beside)
    with replacing(folder / "README.md") as beside:
        beside.write_text(description(gan, pretrained(name), read_quality(run / runs.QUALITY)[-1]["seconds"]))


def open_to_older_keras(path: Path) -> None:
    """Leave out the settings that Keras 3.13, which is Colab's, does not know."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(
        files["config.json"], object_hook=lambda found: {k: v for k, v in found.items() if k not in NEWS}
    )
    with replacing(path) as beside, zipfile.ZipFile(beside, "w") as archive:
        for name, content in {**files, "config.json": json.dumps(config)}.items():
            archive.writestr(name, content)


def thinning(gan: "gan_course.GAN") -> int:
    return max(1, gan.steps // HISTORY_ROWS)


def description(gan: "gan_course.GAN", packed: "gan_course.GAN", seconds: float) -> str:
    from gan_course.metrics import digit_quality

    found, recipe = digit_quality(packed), gan.recipe
    packages = ", ".join(f"{package} {metadata.version(package)}" for package in ("tensorflow", "keras", "numpy"))
    command = (
        f"gan-course train mnist --recipe {recipe.name} --steps {gan.steps} --metrics --seed {gan.seed} --out DIR"
    )
    averaged = f"the running average of the generator, decay {recipe.averaging:g}" if recipe.averaging else ""
    falling = f", half of it after {recipe.decay_steps:,} steps" if recipe.decay_steps else ""
    facts = {
        "made by": f"`{command}` and `python tools/checkpoint.py mnist DIR`",
        "data": f"the 60,000 training digits of MNIST, batch size 32, seed {gan.seed}",
        "optimizers": f"{type(gan.generator_optimizer).__name__} {recipe.learning_rate:g}{falling}, momentum "
        f"{recipe.beta_1:g}, for each network",
        "gradient penalty": f"R1, gamma {recipe.r1_gamma:g}, every {recipe.r1_every} steps",
        "generator.keras": averaged or "the generator after the last step",
        "machine": f"{os.cpu_count()} CPU cores, Python {platform.python_version()}, {packages}",
        "time": f"{seconds:,.0f} s of training, with other work on the machine",
        "Fréchet distance": f"{found.frechet_distance:.2f} ± {found.frechet_distance_error:.2f}",
        "coverage, entropy, confident": f"{found.coverage:.2f}, {found.entropy:.3f}, {found.confident:.3f}",
    }
    return "\n".join(
        [
            "# A GAN that has learned to draw digits",
            "",
            '`gan_course.pretrained("mnist")` opens it. Both networks have weights in half precision, and the',
            f"quality in this table is that of {found.count:,} digits drawn after rounding. `history.csv` has the",
            f"losses of one step in {thinning(gan)}, `quality_*.csv` what was measured on the way.",
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in facts.items()),
            "",
            "The weights are MIT like the code; they were learned from MNIST (LeCun and Cortes, CC BY-SA 3.0).",
            "",
        ]
    )


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    pack(sys.argv[1], *map(Path, sys.argv[2:]))
