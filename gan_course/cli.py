"""The command `gan-course`: train, draw and check without a notebook."""

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import gan_course
from gan_course.files import replacing
from gan_course.recipes import LOSSES, RECIPES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after `gan-course`; `None` takes them from the command line.

    Returns:
        0 when all went well, 1 when `doctor` found something wrong, 2 after an error or an interruption.
    """
    options = _parser().parse_args(arguments)
    try:
        with _warnings_in_a_line():
            return options.run(options)
    except (ValueError, OSError, FloatingPointError) as error:
        _say(error)
    except OverflowError as error:
        _say(f"a number is too large ({error})")
    except MemoryError as error:
        _say(f"not enough memory, ask for less at a time. {error}")
    except ImportError as error:
        _say(f"{error}; `gan-course doctor` says what is missing")
    except KeyboardInterrupt:
        print("\ngan-course: interrupted; files already written are kept", file=sys.stderr)
    return 2


@contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    before, warnings.showwarning = warnings.showwarning, lambda message, *_, **__: _say(message)
    try:
        yield
    finally:
        warnings.showwarning = before


def _say(words: object) -> None:
    lines = (line.strip() for line in str(words).splitlines())
    print("gan-course:", *filter(None, lines), file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="gan-course", description=__doc__)
    parser.add_argument("--version", action="version", version=gan_course.__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train a GAN and keep samples, losses and networks in a folder")
    train.set_defaults(run=_train)
    train.add_argument(
        "data",
        metavar="DATA",
        help="what to learn to draw: mnist, faces, or a folder of pictures (one called mnist is ./mnist)",
    )
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
    train.add_argument(
        "--loss",
        choices=[*LOSSES],
        help="what both networks want, in place of the recipe's (wasserstein brings a gradient penalty along)",
    )
    train.add_argument(
        "--size",
        type=_positive,
        metavar="N",
        help="height and width of faces or pictures: 28, 32, 64 ... (default: 32)",
    )
    train.add_argument(
        "--channels", type=int, choices=[1, 3], help="of faces or pictures: 3 for colour (default), 1 for gray"
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
    train.add_argument("--source", help="which digits: auto, embedded, full, or a path (default: auto)")

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

    bricks = commands.add_parser("draw-bricks", help="draw gray plastic bricks into a folder")
    bricks.set_defaults(run=_draw_bricks)
    bricks.add_argument("folder", type=Path, metavar="DIR", help="the folder for 000001.png, 000002.png, ...")
    bricks.add_argument("--count", type=_positive, default=2000, help="how many bricks (default: 2000)")
    bricks.add_argument("--seed", type=_seed, default=0, help="the same seed gives the same bricks (default: 0)")
    bricks.add_argument("--size", type=_positive, default=64, help="height and width in pixels (default: 64)")

    style = commands.add_parser("style", help="paint one picture in the style of another")
    style.set_defaults(run=_style)
    style.add_argument("content", metavar="CONTENT", help="what is to be seen: a picture file, street or face")
    style.add_argument("style", metavar="STYLE", help="how it is painted: a picture file, or waves, mosaic ...")
    style.add_argument("--out", type=Path, required=True, metavar="PNG", help="the picture to write")
    style.add_argument("--size", type=_positive, default=256, help="height and width in pixels (default: 256)")
    style.add_argument("--steps", type=_positive, default=200, help="how often it is changed (default: 200)")
    style.add_argument(
        "--seed", type=_seed, default=0, help="of a street, face or style that is drawn (default: 0)"
    )

    release = commands.add_parser("release", help="make exercises/ from solutions/, and prove them")
    release.set_defaults(run=_release)
    release.add_argument("--check", action="store_true", help="write nothing; fail if an exercise is out of date")

    grade = commands.add_parser("grade", help="mark a folder or zip of submissions")
    grade.set_defaults(run=_grade)
    grade.add_argument("submissions", type=Path, metavar="SUBMISSIONS", help="a folder or zip, as it came")
    grade.add_argument("--out", type=Path, required=True, metavar="CSV", help="the table of marks to write")
    grade.add_argument(
        "--roster",
        type=Path,
        metavar="CSV",
        help="names, numbers, e-mails: settles who is who, and who is missing",
    )
    grade.add_argument("--exercise", metavar="NAME", help="what was to be handed in; another one is named so")
    grade.add_argument(
        "--deadline", metavar="TIME", help="2026-03-15 or '2026-03-15 18:00'; who is later is named so"
    )
    grade.add_argument(
        "--late-penalty",
        type=float,
        metavar="PERCENT",
        help="of an exercise's points, for each day that has begun after the deadline",
    )
    grade.add_argument(
        "--reviewed", action="append", default=[], metavar="STUDENT", help="whose `review` you have settled"
    )
    grade.add_argument("--for", dest="system", choices=["moodle", "canvas"], help="also write what it imports")
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
    from gan_course.train import train_folder, train_mnist

    is_mnist = options.data == "mnist"
    own, others = ("metrics", "source"), ("size", "channels")
    for name in others if is_mnist else own:
        if getattr(options, name) is not None:
            why = "digits are gray and have 28 x 28 pixels" if is_mnist else "it is for the digits of mnist"
            raise ValueError(f"--{name} is {getattr(options, name)}; {why}, so leave it out")
    if not is_mnist and options.data != "faces" and not Path(options.data).is_dir():
        raise ValueError(f"{options.data} is no folder; train takes mnist, faces, or a folder of pictures")
    names = ("steps", "batch_size", "recipe", "loss", "every", "seed", "resume", *(own if is_mnist else others))
    chosen = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    gan_course.quiet_tensorflow()
    gan = train_mnist(options.out, **chosen) if is_mnist else train_folder(options.data, options.out, **chosen)
    return 0 if gan.steps >= options.steps else 2


def _generate(options: argparse.Namespace) -> int:
    _check_name(options.out, ".png")
    from PIL import Image

    from gan_course.plots import image_grid
    from gan_course.saved import draw_images

    gan_course.quiet_tensorflow()
    images = draw_images(options.folder, options.count, options.seed)
    grid = image_grid(images, columns=max(1, round(options.count**0.5)))
    with replacing(options.out) as beside:
        Image.fromarray(grid).save(beside)
    print(f"{options.out} shows {options.count} images.")
    return 0


def _timeline(options: argparse.Namespace) -> int:
    _check_name(options.out, ".gif")
    from gan_course.plots import spread, timeline_gif
    from gan_course.runs import find_samples, read_sample

    found = find_samples(options.folder)
    gif = timeline_gif({step: read_sample(found[step]) for step in spread(found)})
    with replacing(options.out) as beside:
        beside.write_bytes(gif)
    print(f"{options.out} shows the samples of steps {min(found):,} to {max(found):,}.")
    return 0


def _check_name(out: Path, suffix: str) -> None:
    if out.suffix.lower() != suffix or out.is_dir():
        raise ValueError(f"--out is {out}; expected the name of a file that ends in {suffix}")


def _draw_faces(options: argparse.Namespace) -> int:
    from gan_course.synthetic import write_faces

    write_faces(options.folder, options.count, options.seed)
    print(f"{options.folder} holds {options.count:,} faces.")
    return 0


def _draw_bricks(options: argparse.Namespace) -> int:
    from gan_course.synthetic import write_bricks

    write_bricks(options.folder, options.count, options.seed, options.size)
    print(f"{options.folder} holds {options.count:,} bricks.")
    return 0


def _style(options: argparse.Namespace) -> int:
    _check_name(options.out, ".png")
    from PIL import Image

    gan_course.quiet_tensorflow()
    from gan_course import style, synthetic

    content, painted = options.content, options.style
    if content == "street":
        content = synthetic.draw_streets(1, options.seed, options.size)[0][0][0]
    elif content == "face":
        content = synthetic.draw_faces(1, options.seed, options.size)[0][0]
    elif not Path(content).exists():
        raise ValueError(f"there is no file {content}; CONTENT is a picture file, street or face")
    if painted not in synthetic.STYLES and not Path(painted).exists():
        raise ValueError(f"there is no file {painted}; STYLE is a picture file, {', '.join(synthetic.STYLES)}")
    if painted in synthetic.STYLES:
        painted = synthetic.draw_style(painted, options.seed, max(16, options.size))
    done = style.transfer(content, painted, options.size, options.steps, verbose=1)
    with replacing(options.out) as beside:
        Image.fromarray(done.picture).save(beside)
    print(f"{options.out} shows it after {len(done.sizes)} steps.")
    return 0 if len(done.sizes) == options.steps else 2


def _release(options: argparse.Namespace) -> int:
    _need_instructor()
    from gan_course.instructor.kernel import EngineError
    from gan_course.instructor.release import release

    try:
        release(check=options.check)
    except EngineError as error:  # of this machine, not of an exercise
        raise OSError(str(error)) from None
    return 0


def _grade(options: argparse.Namespace) -> int:
    _need_instructor()
    from sqlalchemy.exc import DatabaseError

    from gan_course.instructor.assignments import load
    from gan_course.instructor.exports import export
    from gan_course.instructor.grading import folder_of, grade
    from gan_course.instructor.lateness import read_deadline
    from gan_course.instructor.roster import read_roster
    from gan_course.instructor.sandbox import Limits

    folder = folder_of(options.out, options.submissions)
    try:
        rows = grade(
            options.submissions,
            options.out,
            limits=Limits(cell_seconds=options.cell_seconds, total_seconds=options.total_seconds),
            sandboxed=not options.no_sandbox,
            roster=read_roster(options.roster) if options.roster else None,
            exercise=options.exercise,
            deadline=read_deadline(options.deadline, options.late_penalty),
            reviewed=options.reviewed,
        )
    except DatabaseError as error:
        path = folder / "gradebook.db"
        raise OSError(
            f"{path} cannot be used ({error.orig}); it holds the points given by hand, so move it to another place"
        ) from None
    failed = sum(row.marks.status == "failed" for row in rows)
    print(f"{options.out} holds the marks; feedback and summary.html are in {folder}.")
    if failed:
        print(f"{failed} of {len(rows)} could not be marked; their notes say why.")
    timeless = sum(row.late.days is None and row.submission.file.path != "" for row in rows)
    if options.deadline and timeless:
        print(f"Nothing tells when {timeless} of {len(rows)} were handed in, so --deadline says nothing of them.")
    for sentence in export(options.system, folder, rows, load(Path())) if options.system else []:
        print(sentence)
    return 0


def _need_instructor() -> None:
    if not find_spec("nbgrader"):
        raise ValueError("nbgrader is not installed; run `pip install -e '.[instructor]'` in the course's folder")


def _doctor(options: argparse.Namespace) -> int:
    from gan_course.doctor import doctor

    problems = doctor()
    for problem in problems:
        print(f"WRONG: {problem}")
    print("Nothing is wrong." if not problems else f"{len(problems)} to mend; see above.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
