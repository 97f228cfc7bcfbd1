"""The table of marks: a row for each student, a column for each task."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from nbconvert.filters import strip_ansi

from gan_course.files import replacing
from gan_course.instructor.assignments import Assignment
from gan_course.instructor.lateness import Late
from gan_course.instructor.marking import SEVERITY, Marks
from gan_course.instructor.submissions import Submission

TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # what changes the direction of reading


@dataclass(frozen=True)
class Row:
    """A student's answer to one assignment, and what it earned.

    Attributes:
        submission: What was handed in.
        marks: What grading gave.
        fresh: Whether that was computed just now.
        by_hand: Points that a person gave, by task; they stand in place of those of grading.
        comments: What a person wrote, by task.
        late: How late it is.
    """

    submission: Submission
    marks: Marks
    fresh: bool = False
    by_hand: Mapping[str, float] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    late: Late = Late()

    @property
    def points(self) -> dict[str, float | None]:
        """For each task the points, None where they are pending; empty without marks."""
        return {**self.marks.points, **self.by_hand} if self.marks.points else {}

    def total(self, assignment: Assignment) -> float:
        """Return the points that are there so far, without what lateness takes off."""
        earned = sum(points for points in self.points.values() if points is not None)
        return max(0.0, earned - self.taken_off(assignment))

    def taken_off(self, assignment: Assignment) -> float:
        """Return the points that lateness takes off, a share of what the assignment has at most."""
        return round(self.late.share * assignment.most, 2)

    def pending(self, assignment: Assignment) -> float:
        """Return how many points at most a person has still to give."""
        return sum(task.points for task in assignment.tasks if self.points.get(task.name, 0) is None)

    def notes(self, assignment: Assignment | None) -> list[str]:
        """Return what the student may read, in sentences."""
        titles = {task.name: task.title for task in assignment.tasks} if assignment else {}
        empty = [titles[name] for name in self.marks.unanswered if name not in self.by_hand]
        empty_ones = [f"no answer yet: {', '.join(empty)}"] if empty else []
        return [*self.marks.notes, *empty_ones, *self.lateness(assignment)]

    def lateness(self, assignment: Assignment | None) -> list[str]:
        """Return what lateness costs, in a sentence, if it costs anything."""
        off = self.taken_off(assignment) if assignment and self.points else 0
        return [f"{self.late.note}: {off:g} of {assignment.most:g} points taken off"] if assignment and off else []

    def instructors_notes(self, assignment: Assignment | None) -> list[str]:
        """Return what is for the instructor as well."""
        late = [self.late.note] if self.late.note and not self.lateness(assignment) else []
        return [*self.notes(assignment), *late, *self.marks.private, *self.said(assignment)]

    def said(self, assignment: Assignment | None) -> list[str]:
        """Return a person's comments, each with the task that it is on."""
        tasks = assignment.tasks if assignment else []
        return [f"{task.title}: {self.comments[task.name]}" for task in tasks if task.name in self.comments]


def write_csv(path: Path, rows: Sequence[Row], known: Mapping[str, Assignment]) -> None:
    """Write the table of marks.

    Args:
        path: The file.
        rows: What was graded.
        known: The assignments; those that nobody handed in get no column.
    """
    used = {name: known[name] for name in known if any(row.submission.assignment == name for row in rows)}
    tasks = [(name, task.name) for name, assignment in used.items() for task in assignment.tasks]
    titles = ["/".join(pair) if len(used) > 1 else pair[1] for pair in tasks]
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "status", "late", "total", "max", *titles, "note"])
        by_student = sorted(rows, key=lambda row: (row.submission.place, row.submission.student))
        for student, group in groupby(by_student, key=lambda row: row.submission.student):
            writer.writerow(map(harmless, _cells(student, list(group), tasks, known)))


def _cells(
    student: str, mine: Sequence[Row], tasks: Sequence[tuple[str, str]], known: Mapping[str, Assignment]
) -> list[object]:
    """Return a student's row: all that they handed in."""
    answers = {row.submission.assignment: row for row in mine}
    points = [_shown(answers.get(name), task) for name, task in tasks]
    marked = [row for row in mine if row.points]
    totals = [row.total(known[row.submission.assignment or ""]) for row in marked]
    any_given = any(isinstance(value, float | int) for value in points)
    most = sum(known[name].most for name in answers if name in known)
    status = max((row.marks.status for row in mine), key=SEVERITY.index)
    late = ", ".join(sorted({str(row.late) for row in mine} - {""}))
    notes = [note for row in mine for note in row.instructors_notes(known.get(row.submission.assignment or ""))]
    total = f"{round(sum(totals), 2)}" if any_given else ""
    return [student, status, late, total, most or "", *points, "; ".join(notes)]


def _shown(row: Row | None, task: str) -> float | str:
    """Return the points of a task, "pending", or nothing where there are no marks."""
    if row is None or task not in row.points:
        return ""
    points = row.points[task]
    return "pending" if points is None else points


def harmless(value: object) -> object:
    """Return what a spreadsheet can hold: no student's text is taken for a formula or read backwards.

    Example:
        >>> harmless("=1+1"), harmless(2.5)
        ("'=1+1", 2.5)
    """
    text = clean(value) if isinstance(value, str) else ""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text or value


def clean(text: str) -> str:
    """Return a text without terminal codes and without what turns the direction of reading.

    Example:
        >>> clean("\x1b[31mNameError\x1b[0m")
        'NameError'
    """
    return TURNING.sub("�", strip_ansi(text))
