"""The command `gan-course`: train, draw and check without a notebook."""

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import gan_course
from gan_course import datasets
from gan_course.files import replacing
from gan_course.recipes import RECIPES

PACKAGES = ("tensorflow", "keras", "numpy", "matplotlib", "pillow", "ipywidgets")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after `gan-course`; `None` takes them from the command line.

    Returns:
        0 when all went well, 1 when `doctor` found something wrong, 2 after an error or an interruption.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ValueError, OSError, FloatingPointError) as error:
        print(f"gan-course: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\ngan-course: interrupted; files already written are kept", file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="gan-course", description=__doc__)
    parser.add_argument("--version", action="version", version=gan_course.__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train a GAN and keep samples, losses and networks in a folder")
    train.set_defaults(run=_train)
    train.add_argument("data", choices=["mnist"], help="what to learn to draw")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder for the results")
    train.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on if DIR holds a training (default); --no-resume refuses such a folder",
    )
    train.add_argument("--steps", type=_positive, default=40_001, help="batches to train on (default: 40001)")
    train.add_argument(
        "--batch-size", type=_positive, default=32, metavar="N", help="images a batch (default: 32)"
    )
    train.add_argument(
        "--recipe",
        choices=[*RECIPES],
        default="course",
        help="how a step goes (default: course)",
    )
    train.add_argument("--every", type=_positive, default=200, help="steps between two samples (default: 200)")
    train.add_argument(
        "--metrics",
        type=_positive,
        nargs="?",
        const=1000,
        metavar="N",
        help="measure the quality of the digits every N steps (default: not at all; without N every 1000)",
    )
    train.add_argument("--seed", type=_seed, default=0, help="the same seed gives the same training (default: 0)")
    train.add_argument("--source", default="auto", help="auto, embedded, full, or a path (default: auto)")

    generate = commands.add_parser("generate", help="draw images with a trained generator")
    generate.set_defaults(run=_generate)
    generate.add_argument("folder", type=Path, metavar="DIR", help="a folder that `train` made")
    generate.add_argument("--out", type=Path, required=True, metavar="PNG", help="the picture to write")
    generate.add_argument("--count", type=_positive, default=25, help="how many images (default: 25)")
    generate.add_argument("--seed", type=_seed, default=0, help="the same seed gives the same images (default: 0)")

    timeline = commands.add_parser("timeline", help="make a moving picture of the samples of a training")
    timeline.set_defaults(run=_timeline)
    timeline.add_argument("folder", type=Path, metavar="DIR", help="a folder that `train` made")
    timeline.add_argument("--out", type=Path, required=True, metavar="GIF", help="the GIF to write, under 2 MB")

    faces = commands.add_parser("draw-faces", help="draw cartoon faces into a folder like the aligned CelebA")
    faces.set_defaults(run=_draw_faces)
    faces.add_argument("folder", type=Path, metavar="DIR", help="the folder for 000001.jpg, 000002.jpg, ...")
    faces.add_argument("--count", type=_positive, default=100, help="how many faces (default: 100)")
    faces.add_argument("--seed", type=_seed, default=0, help="the same seed gives the same faces (default: 0)")

    release = commands.add_parser("release", help="make exercises/ from solutions/, and prove them")
    release.set_defaults(run=_release)
    release.add_argument("--check", action="store_true", help="write nothing; fail if an exercise is out of date")

    grade = commands.add_parser("grade", help="mark a folder or zip of submissions")
    grade.set_defaults(run=_grade)
    grade.add_argument("submissions", type=Path, metavar="SUBMISSIONS", help="a folder or zip, as it came")
    grade.add_argument("--out", type=Path, required=True, metavar="CSV", help="the table of marks to write")
    grade.add_argument(
        "--cell-seconds", type=_positive, default=60, metavar="N", help="interrupt a cell after N (default: 60)"
    )
    grade.add_argument(
        "--total-seconds", type=_positive, default=300, metavar="N", help="for a whole notebook (default: 300)"
    )
    grade.add_argument(
        "--no-sandbox", action="store_true", help="run the submissions with all that you may do; if you trust them"
    )

    doctor = commands.add_parser("doctor", help="say what is installed, where the data is, and what is wrong")
    doctor.set_defaults(run=_doctor)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected a whole number of at least 1")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"found {text}, expected a whole number from 0 to 4294967295")
    return int(text)


def _train(options: argparse.Namespace) -> int:
    folder = options.out
    if not _is_free(folder) and not (options.resume and _holds_training(folder)):
        raise ValueError(f"{folder} exists and is not an empty folder; choose a new one, so that nothing is lost")
    images, _ = datasets.load_mnist(options.source)
    if options.batch_size > len(images):
        raise ValueError(f"--batch-size is {options.batch_size} and there are only {len(images)} images")

    gan_course.quiet_tensorflow()
    import keras

    from gan_course import callbacks, models

    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # a cluster's or Colab's Ctrl-C
    keras.utils.set_random_seed(options.seed)
    recipe = RECIPES[options.recipe]
    discriminator = models.mnist_discriminator(dropout=0.0 if recipe.r1_gamma else 0.3)
    gan = gan_course.GAN(models.mnist_generator(), discriminator, seed=options.seed)
    gan.compile(recipe=recipe.name)
    keep = [
        callbacks.LossLog(folder / "history.csv"),
        callbacks.SampleGrid(folder / "samples", every=options.every, seed=options.seed),
        *([callbacks.Quality(options.metrics, path=folder / "quality.csv")] if options.metrics else []),
        callbacks.Checkpoint(folder),
        callbacks.Progress(options.steps),
    ]
    print(f"Training on {len(images):,} digits for {options.steps:,} steps.", flush=True)
    gan.fit(
        datasets.scale(images),
        batch_size=options.batch_size,
        steps_per_epoch=options.steps,
        callbacks=keep,
        verbose=0,
    )
    callbacks.save_model(gan.best_generator, folder / "generator.keras")
    if gan.steps < options.steps:
        done = f"{gan.steps:,} of {options.steps:,} steps"
        print(f"gan-course: interrupted after {done}; the same command goes on from there", file=sys.stderr)
    print(f"{folder} holds samples/, history.csv, generator.keras and gan.keras.")
    return 0 if gan.steps >= options.steps else 2


def _is_free(folder: Path) -> bool:
    """Whether nothing can be lost in a folder; hidden files are leftovers of a kill or of the system."""
    return not folder.exists() or (folder.is_dir() and all(path.name[0] == "." for path in folder.iterdir()))


def _holds_training(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("gan.keras", "gan-previous.keras"))


def _generate(options: argparse.Namespace) -> int:
    if options.out.suffix.lower() != ".png" or options.out.is_dir():
        raise ValueError(f"--out is {options.out}; expected the name of a file that ends in .png")
    networks = [*options.folder.glob("generator.keras"), *options.folder.glob("gan.keras")]
    if not networks:
        raise ValueError(f"{options.folder} holds no generator.keras; name a folder that `gan-course train` made")
    newest = max(networks, key=lambda path: path.stat().st_mtime)  # a training that was killed has gan.keras only
    gan_course.quiet_tensorflow()
    import keras
    from PIL import Image

    from gan_course.models import generate
    from gan_course.plots import image_grid

    network = keras.models.load_model(newest)
    images = generate(getattr(network, "best_generator", network), options.count, options.seed)
    grid = image_grid(datasets.unscale(images), columns=max(1, round(options.count**0.5)))
    with replacing(options.out) as beside:
        Image.fromarray(grid).save(beside)
    print(f"{options.out} shows {options.count} images.")
    return 0


def _timeline(options: argparse.Namespace) -> int:
    if options.out.suffix.lower() != ".gif" or options.out.is_dir():
        raise ValueError(f"--out is {options.out}; expected the name of a file that ends in .gif")
    from gan_course.plots import spread, timeline_gif
    from gan_course.runs import find_samples, read_sample

    found = find_samples(options.folder)
    gif = timeline_gif({step: read_sample(found[step]) for step in spread(found)})
    with replacing(options.out) as beside:
        beside.write_bytes(gif)
    print(f"{options.out} shows the samples of steps {min(found):,} to {max(found):,}.")
    return 0


def _draw_faces(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from gan_course.synthetic import draw_face

    if not _is_free(options.folder):
        raise ValueError(f"{options.folder} exists and is not an empty folder; choose a new one")
    for number in tqdm(range(options.count), unit=" face", disable=None):
        image, _ = draw_face(number, options.seed)
        with replacing(options.folder / f"{number + 1:06d}.jpg") as beside:
            image.save(beside, quality=90)
    print(f"{options.folder} holds {options.count:,} faces.")
    return 0


def _release(options: argparse.Namespace) -> int:
    _need_instructor()
    from gan_course.instructor.release import release

    release(check=options.check)
    return 0


def _grade(options: argparse.Namespace) -> int:
    _need_instructor()
    from gan_course.instructor.grading import grade
    from gan_course.instructor.sandbox import Limits

    limits = Limits(cell_seconds=options.cell_seconds, total_seconds=options.total_seconds)
    rows = grade(options.submissions, options.out, limits=limits, sandboxed=not options.no_sandbox)
    failed = sum(row.marks.status == "failed" for row in rows)
    print(f"{options.out} holds the marks; feedback and summary.html are in {options.out.with_suffix('')}.")
    if failed:
        print(f"{failed} of {len(rows)} could not be marked; their notes say why.")
    return 0


def _need_instructor() -> None:
    if not find_spec("nbgrader"):
        raise ValueError("nbgrader is not installed; run `pip install -e '.[instructor]'` in the course's folder")


def _doctor(options: argparse.Namespace) -> int:
    print(f"gan-course {gan_course.__version__}, Python {sys.version.split()[0]}")
    problems = [*_check_packages(), *_check()]
    for problem in problems:
        print(f"WRONG: {problem}")
    print("Nothing is wrong." if not problems else f"{len(problems)} to mend; see above.")
    return 1 if problems else 0


def _check_packages() -> Iterator[str]:
    """Print the versions and yield what is missing."""
    for package in PACKAGES:
        try:
            print(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            yield f"{package} is not installed; run `pip install {package}`"


def _check() -> Iterator[str]:
    """Print what is found and yield what is wrong."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        yield f"KERAS_BACKEND is {backend}; the course trains with tensorflow: unset it"
    gan_course.quiet_tensorflow()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    print(f"device: {f'{len(gpus)} GPU' if gpus else 'CPU only'}, {os.cpu_count()} CPU cores")
    print(f"grading: {_grading()}")
    try:
        print(f"embedded digits: {len(datasets.load_mnist('embedded')[0]):,}")
    except datasets.DataError as error:
        yield f"{error}; install gan-course again"
    try:
        print(f"full MNIST: {datasets.find_mnist() or 'not on this machine; it is downloaded when first used'}")
        print(f"faces: {datasets.find_faces() or 'no folder of CelebA on this machine; the course draws them'}")
        if damaged := datasets.damaged_mnist():
            yield f"{damaged} is not the MNIST file it should be; move it away, and it is downloaded again"
    except datasets.DataError as error:
        yield str(error)


def _grading() -> str:
    if not find_spec("nbgrader"):
        return "nbgrader is not installed; only instructors need it"
    from gan_course.instructor.sandbox import why_not

    why = why_not()
    return f"nbgrader {metadata.version('nbgrader')}, " + (f"no sandbox: {why}" if why else "in a sandbox")


if __name__ == "__main__":
    sys.exit(main())
