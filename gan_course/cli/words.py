"""What one can say to `gan-course`: its commands and their options."""

import argparse
from pathlib import Path
from typing import NoReturn

import gan_course
from gan_course.recipes import LOSSES, RECIPES


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Return what reads the words after `gan-course`; `run` names the command.

    Example:
        >>> from gan_course.cli.words import parser
        >>> parser().parse_args(["train", "mnist", "--out", "runs/first"]).run
        'train'
    """
    whole = _Parser(prog="gan-course", description="Train, draw and check without a notebook.")
    whole.add_argument("--version", action="version", version=gan_course.__version__)
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="train a GAN and keep samples, losses and networks in a folder")
    train.set_defaults(run="train")
    train.add_argument(
        "data",
        metavar="DATA",
        nargs="?",
        help="what to learn to draw: mnist, faces, or a folder of pictures (one called mnist is ./mnist)",
    )
    train.add_argument(
        "--pairs",
        nargs="+",
        metavar="PATH",
        help="in place of DATA: pairs of pictures, A beside B in each file, or two folders A and B",
    )
    train.add_argument("--direction", choices=["AtoB", "BtoA"], help="of pairs: what is drawn from what")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder for the results")
    train.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on if DIR holds a training (default); --no-resume refuses such a folder",
    )
    train.add_argument("--steps", type=_positive, default=40_001, help="batches to train on (default: 40001)")
    train.add_argument("--batch-size", type=_positive, metavar="N", help="images a batch (default: 32; pairs 8)")
    train.add_argument(
        "--recipe",
        choices=[*RECIPES],
        help="how a step goes (default: course; pairs plain)",
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
        help="height and width of faces or pictures: 28, 32, 64 ... (default: 32; pairs 64)",
    )
    train.add_argument(
        "--channels", type=int, choices=[1, 3], help="of faces or pictures: 3 for color (default), 1 for gray"
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
    generate.set_defaults(run="generate")
    generate.add_argument("folder", type=Path, metavar="DIR", help="a folder that `train` made")
    generate.add_argument("--out", type=Path, required=True, metavar="PNG", help="the picture to write")
    generate.add_argument("--count", type=_positive, default=25, help="how many images (default: 25)")
    generate.add_argument("--seed", type=_seed, default=0, help="the same seed gives the same images (default: 0)")

    translate = commands.add_parser("translate", help="draw what a network trained on pairs makes of a picture")
    translate.set_defaults(run="translate")
    translate.add_argument("folder", type=Path, metavar="DIR", help="a folder that `train --pairs` made")
    translate.add_argument("picture", metavar="PICTURE", help="a picture file, such as a sketch of your own")
    translate.add_argument("--out", type=Path, required=True, metavar="PNG", help="the picture to write")
    translate.add_argument(
        "--from-photo", action="store_true", help="make a line drawing of it first, for a network that wants one"
    )

    timeline = commands.add_parser("timeline", help="make a moving picture of the samples of a training")
    timeline.set_defaults(run="timeline")
    timeline.add_argument("folder", type=Path, metavar="DIR", help="a folder that `train` made")
    timeline.add_argument("--out", type=Path, required=True, metavar="GIF", help="the GIF to write, under 2 MB")

    card = commands.add_parser("card", help="write a model card of a training, facts filled in")
    card.set_defaults(run="card")
    card.add_argument("folder", type=Path, metavar="DIR", help="a folder that `train` or a Checkpoint made")
    card.add_argument("--out", type=Path, required=True, metavar="MD", help="the card to write")

    faces = commands.add_parser("draw-faces", help="draw cartoon faces into a folder like the aligned CelebA")
    faces.set_defaults(run="draw_faces")
    faces.add_argument("folder", type=Path, metavar="DIR", help="the folder for 000001.jpg, 000002.jpg, ...")
    faces.add_argument("--count", type=_positive, default=100, help="how many faces (default: 100)")
    faces.add_argument("--seed", type=_seed, default=0, help="the same seed gives the same faces (default: 0)")

    bricks = commands.add_parser("draw-bricks", help="draw gray plastic bricks into a folder")
    bricks.set_defaults(run="draw_bricks")
    bricks.add_argument("folder", type=Path, metavar="DIR", help="the folder for 000001.png, 000002.png, ...")
    bricks.add_argument("--count", type=_positive, default=2000, help="how many bricks (default: 2000)")
    bricks.add_argument("--seed", type=_seed, default=0, help="the same seed gives the same bricks (default: 0)")
    bricks.add_argument("--size", type=_positive, default=64, help="height and width in pixels (default: 64)")

    style = commands.add_parser("style", help="paint one picture in the style of another")
    style.set_defaults(run="style")
    style.add_argument("content", metavar="CONTENT", help="what is to be seen: a picture file, street or face")
    style.add_argument("style", metavar="STYLE", help="how it is painted: a picture file, or waves, mosaic ...")
    style.add_argument("--out", type=Path, required=True, metavar="PNG", help="the picture to write")
    style.add_argument("--size", type=_positive, default=256, help="height and width in pixels (default: 256)")
    style.add_argument("--steps", type=_positive, default=200, help="how often it is changed (default: 200)")
    style.add_argument(
        "--seed", type=_seed, default=0, help="of a street, face or style that is drawn (default: 0)"
    )

    release = commands.add_parser("release", help="make exercises/ from solutions/, and prove them")
    release.set_defaults(run="release")
    release.add_argument("--check", action="store_true", help="write nothing; fail if an exercise is out of date")

    grade = commands.add_parser("grade", help="mark a folder or zip of submissions")
    grade.set_defaults(run="grade")
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
    doctor.set_defaults(run="doctor")
    return whole


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected a whole number of at least 1")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"found {text}, expected a whole number from 0 to 4294967295")
    return int(text)
