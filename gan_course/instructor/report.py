"""What grading writes: the table of marks, a page for each student, the picture of the class."""

import base64
import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from gan_course.files import replacing
from gan_course.instructor.assignments import Assignment
from gan_course.instructor.marking import SEVERITY, Marks
from gan_course.instructor.pictures import SVG
from gan_course.instructor.submissions import Submission, file_name

SHOWN = 5000  # characters of one output
TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # what changes the direction of reading
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #222 }}
pre {{ background: #f5f5f5; padding: .6rem; overflow-x: auto; white-space: pre-wrap }}
table {{ border-collapse: collapse }} td, th {{ padding: .2rem .8rem; border: 1px solid #ccc; text-align: left }}
img {{ max-width: 100% }} .no {{ color: #b00020 }} .yes {{ color: #00662a }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""


@dataclass(frozen=True)
class Row:
    """A student's answer to one assignment, what it earned, and whether that was computed just now."""

    submission: Submission
    marks: Marks
    fresh: bool = False


def write_csv(path: Path, rows: Sequence[Row], known: Mapping[str, Assignment]) -> None:
    """Write the table of marks: a row for each student, a column for each task.

    Args:
        path: The file.
        rows: What was graded.
        known: The assignments; those that nobody handed in get no column.
    """
    used = {name: known[name] for name in known if any(row.submission.assignment == name for row in rows)}
    tasks = [(name, task.name) for name, assignment in used.items() for task in assignment.tasks]
    most = {name: sum(task.points for task in assignment.tasks) for name, assignment in used.items()}
    header = [
        "student",
        "status",
        "late",
        "total",
        "max",
        *("/".join(pair) if len(used) > 1 else pair[1] for pair in tasks),
    ]
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow([*header, "note"])
        by_student = sorted(rows, key=lambda row: (row.submission.place, row.submission.student))
        for student, group in groupby(by_student, key=lambda row: row.submission.student):
            all_of_them = list(group)
            mine = {row.submission.assignment: row.marks for row in all_of_them}
            late = "late" if any(row.submission.file.name.late for row in all_of_them) else ""
            points = [_shown(mine.get(name), task) for name, task in tasks]
            numbers = [value for value in points if isinstance(value, float | int)]
            status = max((marks.status for marks in mine.values()), key=SEVERITY.index)
            notes = "; ".join(note for marks in mine.values() for note in marks.notes)
            total = sum(numbers) if numbers else ""
            of = sum(most.get(name or "", 0) for name in mine) or ""
            writer.writerow(map(_harmless, [student, status, late, total, of, *points, notes]))


def _shown(marks: Marks | None, task: str) -> float | str:
    """Return the points of a task, "pending", or nothing where there are no marks."""
    if marks is None or task not in marks.points:
        return ""
    points = marks.points[task]
    return "pending" if points is None else points


def _harmless(value: object) -> object:
    """Keep a spreadsheet from taking a student's text for a formula, and from reading it backwards."""
    text = TURNING.sub("�", value) if isinstance(value, str) else ""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text or value


def safe(text: str) -> str:
    """Return a text for a page: nothing in it is HTML, nothing turns the direction of reading.

    Example:
        >>> safe("<b>")
        '&lt;b&gt;'
    """
    return escape(TURNING.sub("�", text))


def write_feedback(folder: Path, row: Row, known: Mapping[str, Assignment]) -> None:
    """Write a student's page into a folder's `feedback/`."""
    with replacing(folder / "feedback" / f"{file_name(row.submission)}.html") as page:
        page.write_text(feedback(row, known), encoding="utf-8")


def write_summary(folder: Path, rows: Sequence[Row], known: Mapping[str, Assignment]) -> None:
    """Write `summary.html` into a folder."""
    with replacing(folder / "summary.html") as page:
        page.write_text(summary(rows, known), encoding="utf-8")


def feedback(row: Row, known: Mapping[str, Assignment]) -> str:
    """Return a student's page; hidden tests show only what they said, and nothing of the student's can run in it.

    Returns:
        HTML in which every text is escaped and which forbids scripts.
    """
    marks, assignment = row.marks, known.get(row.submission.assignment or "")
    lines = []
    if assignment and marks.points:
        for task in assignment.tasks:
            lines.append(_row(task.title, f"{_shown(marks, task.name)}", f"of {task.points:g}"))
        earned = sum(points for points in marks.points.values() if points is not None)
        lines.append(_row("total", f"{earned:g}", f"of {sum(task.points for task in assignment.tasks):g}"))
    body = [f"<p>{safe(note)}</p>" for note in marks.notes]
    titles = {task.name: task.title for task in assignment.tasks} if assignment else {}
    body += ["<table>", *lines, "</table>", *(_cell(cell, titles) for cell in marks.cells)]
    title = f"{row.submission.assignment or 'unknown exercise'}: {row.submission.student}"
    return PAGE.format(title=safe(title), body="\n".join(body))


def _row(*values: str, kind: str = "td") -> str:
    return "<tr>" + "".join(f"<{kind}>{safe(str(value))}</{kind}>" for value in values) + "</tr>"


def _cell(cell: dict[str, Any], titles: Mapping[str, str]) -> str:
    if not cell["own"]:
        if cell["earned"] is None:
            heading = f"<h2>{safe(cell['name'])}</h2>" if cell["name"] and cell["pictures"] else ""
            return heading + _handed_in(cell)
        said = f": {cell['error'].removeprefix('AssertionError: ')}" if cell["error"] else ""
        sort = "yes" if cell["earned"] == cell["points"] else "no"
        title, points = safe(titles[cell["name"]]), f"{cell['earned']:g} of {cell['points']:g}"
        return f'<p class="{sort}">{title}: {points}{safe(said)}</p>'
    parts = [f"<h2>{safe(cell['name'])}</h2>" if cell["name"] else "", f"<pre>{safe(cell['source'])}</pre>"]
    for output in cell["outputs"]:
        if "image" in output:
            parts.append(_picture(output["image"], "what this cell drew when it was graded"))
        elif "text" in output:
            parts.append(f"<pre>{safe(output['text'][:SHOWN])}</pre>")
    if cell["error"]:
        parts.append(f'<pre class="no">{safe(cell["error"])}</pre>')
    parts.append(_handed_in(cell))
    return "\n".join(parts)


def _handed_in(cell: dict[str, Any]) -> str:
    drawn = {output.get("image", "").strip() for output in cell["outputs"]}
    pictures = [_picture(one, "handed in") for one in cell["pictures"] if one.strip() not in drawn]
    return "\n".join(["<p>Handed in with this cell:</p>", *pictures]) if pictures else ""


def _picture(text: str, words: str) -> str:
    """Return an image, or nothing if the text is not base64: it comes from a submission."""
    kind = SVG if text.startswith(SVG) else "image/png;base64,"
    try:
        data = base64.b64decode(text.removeprefix(SVG))
    except ValueError:
        return ""
    return f'<img alt="{safe(words)}" src="data:{kind}{base64.b64encode(data).decode()}">'


def summary(rows: Sequence[Row], known: Mapping[str, Assignment]) -> str:
    """Return the picture of the class: how the totals are spread, which tasks were hard, who needs a look."""
    counts = Counter(row.marks.status for row in rows)
    body = [f"<p>{', '.join(f'{counts[status]} {status}' for status in SEVERITY if counts[status])}</p>"]
    for name, assignment in known.items():
        marked = [row.marks for row in rows if row.submission.assignment == name and row.marks.points]
        if marked:
            body += [f"<h2>{safe(name)}</h2>", _drawing(marked, assignment)]
    body += ["<h2>To look at</h2>", "<table>", _row("student", "exercise", "status", "note", kind="th")]
    for row in rows:
        if row.marks.status in ("limit", "review", "failed"):
            who = (row.submission.student, row.submission.assignment or "unknown")
            body.append(_row(*who, row.marks.status, "; ".join(row.marks.notes)))
    return PAGE.format(title=f"{len(rows)} submissions", body="\n".join([*body, "</table>"]))


def _drawing(marked: Sequence[Marks], assignment: Assignment) -> str:
    """Draw the histogram of totals and the mean share of points in each task."""
    totals = [sum(points for points in marks.points.values() if points is not None) for marks in marked]
    figure = Figure(figsize=(9, 0.4 * len(assignment.tasks) + 2.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    most = sum(task.points for task in assignment.tasks)
    left.hist(totals, bins=10, range=(0, most), color="tab:blue")
    left.set(xlabel=f"total (of {most:g})", ylabel="students")
    left.yaxis.get_major_locator().set_params(integer=True)
    shares = []
    for task in assignment.tasks:
        given = [marks.points[task.name] for marks in marked if marks.points[task.name] is not None]
        if given:
            shares.append((sum(given) / len(given) / task.points if task.points else 1, task.title))
    shares.sort(reverse=True)
    right.barh([name for _, name in shares], [100 * share for share, _ in shares], color="tab:orange")
    right.set(xlim=(0, 100), xlabel="mean points (%), hardest on top")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    words = f"{len(totals)} students have {sum(totals) / len(totals):.1f} of {most:g} points on average"
    return _picture(base64.b64encode(file.getvalue()).decode(), words)
