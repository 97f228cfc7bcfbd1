"""What goes back to a learning-management system: a table of grades that it imports, and a zip of pages."""

import csv
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gan_course.files import replacing
from gan_course.instructor.assignments import Assignment
from gan_course.instructor.submissions import file_name
from gan_course.instructor.table import Row, harmless


def _moodle(rows: Sequence[Row], assignment: Assignment) -> list[list[object]]:
    """Return a grading worksheet with the columns that Moodle reads (mod/assign/feedback/offline)."""
    lines: list[list[object]] = [["Identifier", "Grade", "Last modified (grade)", "Feedback comments"]]
    for row in rows:
        said = "; ".join([*row.notes(assignment), *row.said(assignment)])
        lines.append([f"Participant {row.submission.file.name.number}", _grade(row, assignment), "", said])
    return lines


def _canvas(rows: Sequence[Row], assignment: Assignment) -> list[list[object]]:
    """Return a gradebook with what Canvas reads, possible points too (lib/gradebook_importer)."""
    lines: list[list[object]] = [["Student", "ID", "Section", assignment.name]]
    lines.append(["    Points Possible", "", "", f"{assignment.most:g}"])
    for row in rows:
        name = row.submission.file.name
        lines.append([row.submission.student, name.number, "", _grade(row, assignment)])
    return lines


SYSTEMS: dict[str, Callable[[Sequence[Row], Assignment], list[list[object]]]] = {
    "moodle": _moodle,
    "canvas": _canvas,
}


def export(system: str, folder: Path, rows: Sequence[Row], known: Mapping[str, Assignment]) -> list[str]:
    """Write `SYSTEM/EXERCISE.csv` and `SYSTEM/EXERCISE.zip` into a folder.

    A page has the place in the zip that its notebook had in the system's download, which is how the system knows
    whose it is. Grades are left empty where points are pending or a `review` is open.

    Args:
        system: A key of `SYSTEMS`.
        folder: The folder with `feedback/`.
        rows: What was graded.
        known: The assignments.

    Returns:
        Sentences on what was written and what was not.
    """
    said = []
    for name, assignment in known.items():
        of_it = [row for row in rows if row.submission.assignment == name]
        mine = [row for row in of_it if row.submission.file.name.system == system]
        if not mine:
            continue
        with (
            replacing(folder / system / f"{name}.csv") as beside,
            beside.open("w", newline="", encoding="utf-8") as f,
        ):
            csv.writer(f).writerows([map(harmless, line) for line in SYSTEMS[system](mine, assignment)])
        with replacing(folder / system / f"{name}.zip") as beside, zipfile.ZipFile(beside, "w") as archive:
            for row in mine:
                page = folder / "feedback" / f"{file_name(row.submission)}.html"
                archive.write(page, _place(row, name), zipfile.ZIP_DEFLATED)
        open_ones = [row.submission.student for row in mine if _grade(row, assignment) == ""]
        said.append(f"{folder / system / name}.csv and .zip are for {system.title()}.")
        if open_ones:
            said.append(f"No grade yet, as something is pending or to review: {', '.join(open_ones)}.")
    strangers = [
        row.submission.student
        for row in rows
        if row.submission.file.path and row.submission.file.name.system != system
    ]
    if strangers:
        said.append(f"Not in it, as no name made by {system.title()} says who they are: {', '.join(strangers)}.")
    return said


def _place(row: Row, exercise: str) -> str:
    name = row.submission.file.name
    return f"{name.prefix}/{exercise}.html" if name.system == "moodle" else f"{name.prefix}{exercise}.html"


def _grade(row: Row, assignment: Assignment) -> str:
    settled = row.marks.status in ("ok", "limit") and None not in row.points.values()
    return f"{row.total(assignment):g}" if settled and row.points else ""
