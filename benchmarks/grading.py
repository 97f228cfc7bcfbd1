"""Time and memory of grading a class: copies of an exercise with the solution's answers, each a little different.

    python -m benchmarks.grading                                 # 100 correct submissions of exercise 06
    python -m benchmarks.grading --exercise 07_faces_color --count 10

Writes benchmarks/results/grading_EXERCISE.md. The goals are at most 12 s a submission on two cores, memory that
does not grow from the first quarter of the batch to the last, and under 5 s for grading again with nothing new.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import nbformat
import psutil

from benchmarks.common import RESULTS, ROOT, load, machine
from gan_course.files import replacing
from gan_course.instructor import assignments
from gan_course.instructor.grading import grade

GOAL, AGAIN = 12, 5  # seconds a submission, and of grading all again


def hand_in(exercise: str, count: int, folder: Path) -> None:
    """Write `count` copies of the exercise with the solution's answers; they differ in the last one."""
    assignment = assignments.load(ROOT)[exercise]
    book = assignment.copy
    for cell, source in zip(book.cells, assignment.source.cells, strict=True):
        if source.metadata.get("nbgrader", {}).get("solution"):
            cell.source = source.source
            question = cell
    for number in range(count):
        question.source += f"\n\nStudent {number}."
        nbformat.write(book, folder / f"student-{number:03}.ipynb")


def measure(exercise: str, count: int) -> str:
    """Grade the copies and return what was measured as a table in Markdown."""
    grown: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        submissions = Path(folder, "submissions")
        submissions.mkdir()
        hand_in(exercise, count, submissions)
        start = time.perf_counter()

        def done(line: str) -> None:
            grown.append(psutil.Process().memory_info().rss)
            print(line, flush=True)

        rows = grade(submissions, Path(folder, "marks.csv"), ROOT, say=done)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        again = grade(submissions, Path(folder, "marks.csv"), ROOT, say=print)
        seconds_again = time.perf_counter() - start
        assert [row.marks.points for row in again] == [row.marks.points for row in rows]
    full = sum(row.marks.status == "pending" and not row.marks.notes for row in rows)
    quarter = max(1, count // 4)
    first, last = (statistics.mean(part) / 1e6 for part in (grown[:quarter], grown[-quarter:]))
    peaks = [row.marks.memory / 1e6 for row in rows]
    lines = [
        "# Grading a class",
        "",
        f"Written by `python -m benchmarks.grading` on {machine()}. Load average at the end, this work included: "
        f"{load()}.",
        "",
        f"| {exercise}, {count} submissions, {len(os.sched_getaffinity(0))} cores | |",
        "|---|---|",
        f"| seconds a submission, in all | {seconds / count:.1f} (goal: at most {GOAL}) |",
        f"| seconds to grade all again, nothing new | {seconds_again:.1f} (goal: under {AGAIN}) |",
        f"| seconds of one submission, median | {statistics.median(row.marks.seconds for row in rows):.1f} |",
        f"| marked in full | {full} of {count} |",
        f"| memory of a kernel, largest | {max(peaks):.0f} MB |",
        f"| memory of the grading process, first and last quarter | {first:.0f} MB, {last:.0f} MB |",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exercise", default="06_faces_grayscale")
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    table = measure(options.exercise, options.count)
    with replacing(RESULTS / f"grading_{options.exercise}.md") as beside:
        beside.write_text(table)
    print(table)


if __name__ == "__main__":
    main()
