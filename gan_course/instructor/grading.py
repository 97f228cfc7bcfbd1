"""Grade a class: every submission in a process of its own, and nothing done twice."""

import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psutil

from gan_course.files import replacing
from gan_course.instructor import assignments, pages, sandbox
from gan_course.instructor.assignments import Assignment
from gan_course.instructor.gradebook import Book, Given
from gan_course.instructor.judge import Judge
from gan_course.instructor.lateness import Deadline, Late
from gan_course.instructor.marking import SEVERITY, Marks, judged, run
from gan_course.instructor.processes import Processes
from gan_course.instructor.reviews import Reviews
from gan_course.instructor.roster import Roster
from gan_course.instructor.sandbox import Limits
from gan_course.instructor.similar import similar_kept
from gan_course.instructor.submissions import Submission, file_name, find
from gan_course.instructor.table import Row, write_csv

STARTING = 300  # seconds that a submission's kernels may take to start, beside its own time
NO_SANDBOX = (
    "cannot make a sandbox: {why}. A submission is a program that can read, change and delete whatever you can; "
    "if you trust each of them, add --no-sandbox"
)


def grade(
    submissions: Path,
    out: Path,
    course: Path = Path(),
    limits: Limits | None = None,
    sandboxed: bool = True,
    say: Callable[[str], None] = print,
    roster: Roster | None = None,
    exercise: str | None = None,
    deadline: Deadline | None = None,
    reviewed: Sequence[str] = (),
) -> list[Row]:
    """Grade all submissions in a folder or zip.

    Writes `out`, and beside it a folder of the same name (with `-marks` if the submissions have it): a page for
    each student (`feedback/`), the class's picture (`summary.html`), who has handed in much the same
    (`similar.html`), nbgrader's gradebook, and the results that the next call does not compute again.

    Args:
        submissions: The folder or zip.
        out: The CSV file with the marks, a row for each student.
        course: The folder with `solutions/`.
        limits: What a submission may use.
        sandboxed: Whether each runs inside bubblewrap.
        say: Called with a line for each submission that is done.
        roster: Who is in the class; it settles whose a submission is, and who handed in nothing has a row.
        exercise: The assignment that was to be handed in; None for any.
        deadline: Until when, and what a day costs.
        reviewed: Students whose `review` is settled; it stays so until they hand in something else.

    Returns:
        One row a student and assignment, sorted by student, or as on the roster.

    Raises:
        ValueError: If there is nothing to grade, or an assignment cannot be used.
        OSError: If no sandbox can be made, or a file cannot be written.
    """
    folder = folder_of(out, submissions)
    if out.suffix.lower() != ".csv":
        raise ValueError(f"--out is {out}; expected the name of a file that ends in .csv")
    if folder.resolve().is_relative_to(submissions.resolve()):
        raise ValueError(f"{out} lies inside {submissions}; choose a place outside of the submissions")
    if sandboxed and (why := sandbox.why_not()):
        raise OSError(NO_SANDBOX.format(why=why))
    known, limits = assignments.load(course), limits or Limits()
    if exercise and exercise not in known:
        raise ValueError(f"--exercise is {exercise}; expected one of {', '.join(known)}")
    pool, processes, judge = ThreadPoolExecutor(_workers(limits)), Processes(), Judge()
    found = processes.call(find, submissions, known, roster, exercise)  # whatever a file does to who opens it
    reviews = Reviews(folder / "reviewed.json")
    reviews.settle(reviewed, found)
    book = Book(folder, {name: known[name] for name in known if any(one.assignment == name for one in found)})
    given = book.given()
    secret = (assignments.folders(course)[0], submissions, folder)
    rows: list[Row] = []
    progress = Progress(len(found))
    try:
        settings = (known, folder, limits, sandboxed, secret, processes, judge, _drawn_once(folder))
        jobs = {pool.submit(progress.of, one.student, _marks, one, *settings): one for one in found}
        for job in as_completed(jobs):
            one = jobs.pop(job)
            late = deadline.of(one.file.name, one.file.written) if deadline else Late(one.file.name.late)
            marks, fresh = job.result()
            row = _settled(_with_points_by_hand(Row(one, marks, fresh, late=late), book, given), reviews)
            pages.write_feedback(folder, row, known)
            rows.append(replace(row, marks=replace(row.marks, cells=[])))  # a class's pictures take much memory
            say(f"{progress.done(row.submission.student)}, {rows[-1].marks.status}{progress.rest()}")
            if fresh:
                write_csv(out, rows, known)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        processes.end()  # after an interruption
        judge.__exit__()
    rows.sort(key=lambda row: (row.submission.place, row.submission.student, row.submission.assignment or ""))
    pairs = similar_kept(folder / "similar.json", [row.submission for row in rows], known)
    pages.write_similar(folder, pairs)
    pages.write_summary(folder, rows, known, len(pairs))
    write_csv(out, rows, known)
    return rows


def folder_of(out: Path, submissions: Path) -> Path:
    """Return the folder of what is written beside the table of marks.

    Example:
        >>> folder_of(Path("marks.csv"), Path("class")), folder_of(Path("class.csv"), Path("class"))
        (PosixPath('marks'), PosixPath('class-marks'))
    """
    folder = out.with_suffix("")
    return out.with_name(f"{out.stem}-marks") if folder.resolve() == submissions.resolve() else folder


class Progress:
    """Who is graded now, and how long the rest will take.

    Args:
        count: How many submissions there are.
    """

    def __init__(self, count: int) -> None:
        """Nothing is done yet."""
        self.count, self.finished, self.start = count, 0, time.monotonic()
        self.now: list[str] = []

    def of(self, student: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function for a student, who is named as long as it runs."""
        self.now.append(student)
        try:
            return function(*arguments)
        finally:
            self.now.remove(student)

    def done(self, student: str) -> str:
        """Count one more, and name it."""
        self.finished += 1
        return f"{self.finished} of {self.count}: {student}"

    def rest(self) -> str:
        """Say what is left, if anything is."""
        left = (self.count - self.finished) * (time.monotonic() - self.start) / max(1, self.finished)
        now = ", ".join(self.now[:4])
        return f"; about {1 + left // 60:.0f} min left, now {now}" if now and left > 30 else ""


def _workers(limits: Limits) -> int:
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(cores + 1, psutil.virtual_memory().total // limits.memory))  # a kernel often waits


def _marks(
    submission: Submission,
    known: Mapping[str, Assignment],
    folder: Path,
    limits: Limits,
    sandboxed: bool,
    secret: Sequence[Path],
    processes: Processes,
    judge: Judge,
    drawn: str,
) -> tuple[Marks, bool]:
    """Return the marks of one submission, and whether they are new; marks of the same answer are kept."""
    if submission.file.problem or not submission.assignment:
        return Marks("failed", [submission.file.problem or submission.notes[0]]), False
    assignment = known[submission.assignment]
    key = repr((submission.digest, assignment.digest, asdict(limits), sandboxed))
    key = hashlib.sha256(key.encode()).hexdigest()
    kept = folder / "results" / f"{file_name(submission)}.json"
    if kept.is_file() and (old := json.loads(kept.read_text(encoding="utf-8")))["key"] == key:
        return Marks(**old["marks"]), False
    try:
        inputs = judge.inputs(assignment, f"{drawn} {submission.digest}")
        given = assignment, submission.file.cells, limits, inputs, sandboxed, secret
        marks = processes.call(run, *given, seconds=limits.total_seconds + STARTING)
        marks = judged(marks, assignment, judge.verdicts(assignment, inputs, marks.answers))
    except Exception as error:  # whatever went wrong in the engine, the student's marks are not 0
        return Marks("failed", [f"grading failed, run it again: {type(error).__name__}: {error}"]), False
    for note in (*submission.notes, *submission.file.notes):
        marks.note(note, "review" if submission.review else "ok", private=submission.review)
    with replacing(kept) as beside:
        beside.write_text(json.dumps({"key": key, "marks": asdict(marks)}), encoding="utf-8")
    return marks, True


def _drawn_once(folder: Path) -> str:
    """Return what the inputs of this grading follow from, beside what was handed in; drawn once and kept."""
    path = folder / "secret.txt"
    if not path.is_file():
        with replacing(path) as beside:
            beside.write_text(secrets.token_hex(), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def _with_points_by_hand(row: Row, book: Book, given: dict[tuple[str, str], Given]) -> Row:
    """Put new marks into the gradebook, and points that were given by hand into the marks."""
    if row.marks.status == "failed" or not row.submission.assignment:
        return row
    whose = file_name(row.submission, alone=True), row.submission.assignment
    if row.fresh or whose not in given:
        given[whose] = book.record(*whose, row.marks.cells)
    return replace(row, by_hand=given[whose].points, comments=given[whose].comments)


def _settled(row: Row, reviews: Reviews) -> Row:
    """Return a row with the status that is left when a person has looked: at points, at a review, at lateness."""
    marks = row.marks
    status = max(marks.status, "review", key=SEVERITY.index) if row.late.doubtful and row.points else marks.status
    private = list(marks.private)
    if status == "review" and reviews.settled(row.submission):
        status, private = "pending", [*private, "reviewed"]
    if status == "pending" and None not in row.points.values():
        status = "ok"
    return replace(row, marks=replace(marks, status=status, private=private))
