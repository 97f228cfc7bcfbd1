"""The command `gan-course`: train, draw and check without a notebook."""

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import gan_course
from gan_course.cli.words import parser
from gan_course.files import replacing

OPTIONS_OF = {  # of `train`, those that not every kind of data has
    "mnist": ("metrics", "source"),
    "pictures": ("size", "channels"),
    "pairs": ("size", "channels", "direction"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after `gan-course`; `None` takes them from the command line.

    Returns:
        0 when all went well, 1 when `doctor` found something wrong, 2 after an error or an interruption.
    """
    options = parser().parse_args(arguments)
    try:
        with _warnings_in_a_line():
            return COMMANDS[options.run](options)
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


def _train(options: argparse.Namespace) -> int:
    from gan_course.train import train_folder, train_mnist, train_pairs

    kind = "pairs" if options.pairs else "mnist" if options.data == "mnist" else "pictures"
    if (options.data is None) == (options.pairs is None):
        raise ValueError("name what to train on: mnist, faces or a folder of pictures, or --pairs PATH")
    own = OPTIONS_OF[kind]
    for name in sorted({*OPTIONS_OF["mnist"], *OPTIONS_OF["pairs"]} - {*own}):
        if getattr(options, name) is not None:
            whose = "the digits of mnist" if name in OPTIONS_OF["mnist"] else "pairs"
            why = "digits are gray and have 28 x 28 pixels" if kind == "mnist" else f"it is for {whose}"
            raise ValueError(f"--{name} is {getattr(options, name)}; {why}, so leave it out")
    if kind == "pictures" and options.data != "faces" and not Path(options.data).is_dir():
        raise ValueError(f"{options.data} is no folder; train takes mnist, faces, or a folder of pictures")
    names = ("steps", "batch_size", "recipe", "loss", "every", "seed", "resume", *own)
    chosen = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    gan_course.quiet_tensorflow()
    if kind == "mnist":
        gan = train_mnist(options.out, **chosen)
    elif kind == "pictures":
        gan = train_folder(options.data, options.out, **chosen)
    else:
        gan = train_pairs(options.pairs if len(options.pairs) > 1 else options.pairs[0], options.out, **chosen)
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


def _translate(options: argparse.Namespace) -> int:
    _check_name(options.out, ".png")
    from PIL import Image

    from gan_course.plots import image_grid
    from gan_course.saved import translate

    gan_course.quiet_tensorflow()
    drawn = translate(options.folder, options.picture, options.from_photo)
    with replacing(options.out) as beside:
        Image.fromarray(image_grid(drawn[None])).save(beside)
    print(f"{options.out} shows what the network makes of {options.picture}.")
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


def _card(options: argparse.Namespace) -> int:
    from gan_course.card import model_card, open_places

    _check_name(options.out, ".md")
    if options.out.exists():
        raise ValueError(f"{options.out} exists; choose another name, so that nothing you wrote is lost")
    text = model_card(options.folder)
    with replacing(options.out) as beside:
        beside.write_text(text, encoding="utf-8")
    print(f"{options.out} has the facts of {options.folder}, and {len(open_places(text))} places to fill in.")
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


COMMANDS = {
    "train": _train,
    "generate": _generate,
    "translate": _translate,
    "timeline": _timeline,
    "card": _card,
    "draw_faces": _draw_faces,
    "draw_bricks": _draw_bricks,
    "style": _style,
    "release": _release,
    "grade": _grade,
    "doctor": _doctor,
}
