"""The pages that grading writes: one a student, the class's summary, who has handed in much the same."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from gan_course.files import replacing
from gan_course.instructor.assignments import HEADING, Assignment, Task
from gan_course.instructor.marking import SEVERITY
from gan_course.instructor.pictures import as_address
from gan_course.instructor.similar import LEAST, SHARE, Pair
from gan_course.instructor.submissions import file_name
from gan_course.instructor.table import Row, clean

SHOWN = 5000  # characters of one output
BINS = 10
TEMPLATES = Environment(
    loader=PackageLoader("gan_course.instructor"),
    auto_reload=False,
    autoescape=True,  # nothing of a student's is ever HTML
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: clean(value) if type(value) is str else value,
)


def write_feedback(folder: Path, row: Row, known: Mapping[str, Assignment]) -> None:
    """Write a student's page into a folder's `feedback/`."""
    _write(folder / "feedback" / f"{file_name(row.submission)}.html", feedback(row, known))


def write_summary(folder: Path, rows: Sequence[Row], known: Mapping[str, Assignment], pairs: int = 0) -> None:
    """Write `summary.html` into a folder."""
    _write(folder / "summary.html", summary(rows, known, pairs))


def write_similar(folder: Path, pairs: Sequence[Pair]) -> None:
    """Write `similar.html` into a folder."""
    _write(folder / "similar.html", alike(pairs))


def _write(path: Path, text: str) -> None:
    """Write a page, unless that is what stands there."""
    data = text.encode()
    if not path.is_file() or path.read_bytes() != data:
        with replacing(path) as beside:
            beside.write_bytes(data)


def feedback(row: Row, known: Mapping[str, Assignment]) -> str:
    """Return a student's page; hidden tests show only what they said, and nothing of the student's can run in it.

    Returns:
        HTML in which every text is escaped and which forbids scripts.
    """
    assignment = known.get(row.submission.assignment or "")
    errors = [cell["error"] for cell in row.marks.cells if cell["own"] and cell["error"]]
    notes = [note for note in row.marks.notes if not any(note.endswith(error) for error in errors)]
    tasks = [_task(row, task) for task in assignment.tasks] if assignment and row.points else []
    sections = [*_sections(row, assignment)] if assignment else []
    anchors = {cell["task"]["name"]: part["anchor"] for part in sections for cell in part["cells"] if cell["task"]}
    return TEMPLATES.get_template("student.html").render(
        title=f"{row.submission.assignment or 'unknown exercise'}: {row.submission.student}",
        notes=[*notes, *row.lateness(assignment)],
        tasks=[task | {"anchor": anchors.get(task["name"], "")} for task in tasks],
        total=_total(row, assignment) if assignment else "",
        sections=sections,
    )


def _total(row: Row, assignment: Assignment) -> str:
    """Return the points so far, those that are pending apart."""
    pending = row.pending(assignment)
    return f"{row.total(assignment):g} of {assignment.most:g}" + (f", {pending:g} pending" if pending else "")


def _task(row: Row, task: Task) -> dict[str, Any]:
    """Return what is shown of a task: its points, and whether a person gave them."""
    points, by_hand = row.points.get(task.name), task.name in row.by_hand
    share = 0.0 if points is None else points / task.points if task.points else 1.0
    return {
        "name": task.name,
        "title": task.title,
        "points": f"{'pending,' if points is None else f'{points:g}'} of {task.points:g}{', by hand' * by_hand}",
        "sort": "wait" if points is None else "yes" if points >= task.points else "no",
        "said": "",
        "comment": row.comments.get(task.name, ""),
        "share": min(1.0, share),
        "pending": float(points is None),
    }


def _anchor(title: str) -> str:
    return "-".join("".join(each if each.isalnum() else " " for each in title.lower()).split())


def _sections(row: Row, assignment: Assignment) -> Iterator[dict[str, Any]]:
    """Yield the parts of a page: a heading of the exercise, and what the student has below it."""
    tasks = {task.name: task for task in assignment.tasks}
    given = {cell.source.strip() for cell in assignment.copy.cells}
    parts: list[dict[str, Any]] = [{"title": assignment.name, "cells": []}]
    for cell in row.marks.cells:
        if not cell["own"] and cell["kind"] != "code" and (headings := HEADING.findall(cell["source"])):
            parts.append({"title": headings[-1], "cells": []})
        shown = _cell(row, cell, tasks.get(cell["name"]), given)
        if shown["source"] or shown["task"] or shown["handed_in"]:
            parts[-1]["cells"].append(shown)
    for part in parts:
        if part["cells"]:
            yield {**part, "anchor": _anchor(part["title"])}


def _cell(row: Row, cell: dict[str, Any], task: Task | None, given: set[str]) -> dict[str, Any]:
    drawn = [output["image"].strip() for output in cell["outputs"] if "image" in output]
    verdict = _task(row, task) if task and row.points else None
    if verdict and not cell["own"] and verdict["sort"] == "no" and task and task.name not in row.by_hand:
        verdict["said"] = cell["error"].removeprefix("AssertionError: ")
    changed = cell["source"].strip() not in given
    name = cell["name"] or next(iter(cell["source"].strip().splitlines()), "")[:60]
    return {
        "source": cell["source"] if cell["own"] else "",
        "changed": changed,
        "label": name if changed else f"{name}, as it was handed out",
        "texts": [output["text"][:SHOWN] for output in cell["outputs"] if "text" in output],
        "drawn": list(filter(None, map(as_address, drawn))),
        "error": cell["error"] if cell["own"] else "",
        "handed_in": [as_address(one) for one in cell["pictures"] if one.strip() not in drawn and as_address(one)],
        "task": verdict,
    }


def summary(rows: Sequence[Row], known: Mapping[str, Assignment], pairs: int = 0) -> str:
    """Return the picture of the class: how the totals are spread, which tasks were hard, each student in a row.

    Args:
        rows: What was graded.
        known: The assignments.
        pairs: How many pairs `similar.html` shows.
    """
    counts = Counter(row.marks.status for row in rows)
    statuses = [status for status in SEVERITY if counts[status]]
    marked = {name: [row for row in rows if row.submission.assignment == name and row.points] for name in known}
    return TEMPLATES.get_template("summary.html").render(
        title=f"{len(rows)} submission{'s'[: len(rows) != 1]}",
        width="70rem",
        counts=", ".join(f"{counts[status]} {status}" for status in statuses),
        statuses=statuses,
        pairs=pairs,
        exercises=[_exercise(known[name], some) for name, some in marked.items() if some],
        several=len({row.submission.assignment for row in rows} - {None}) > 1,
        rows=[_summary_row(row, known.get(row.submission.assignment or "")) for row in rows],
    )


def _summary_row(row: Row, assignment: Assignment | None) -> dict[str, Any]:
    return {
        "student": row.submission.student,
        "link": Markup("feedback/") + quote(f"{file_name(row.submission)}.html"),
        "exercise": row.submission.assignment or "unknown",
        "status": row.marks.status,
        "late": str(row.late),
        "points": _total(row, assignment) if assignment and row.points else "",
        "tasks": [_task(row, task) for task in assignment.tasks] if assignment and row.points else [],
        "note": "; ".join(row.instructors_notes(assignment)),
    }


def _exercise(assignment: Assignment, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the histogram of totals and the mean share of points in each task."""
    totals = [row.total(assignment) for row in rows]
    waiting = [row.pending(assignment) > 0 for row in rows]
    most = assignment.most
    said = f"{len(rows)} student{'s have' if len(rows) > 1 else ' has'} "
    said += f"{sum(totals) / len(totals):.1f} of {most:g} points{' on average' * (len(rows) > 1)}"
    if any(waiting):
        said += f"; {sum(waiting)} of them have points that are pending and not in this"
    places = [min(BINS - 1, int(BINS * total / most)) if most else 0 for total in totals]
    counts, still = Counter(places), Counter(place for place, waits in zip(places, waiting, strict=True) if waits)
    largest = max(counts.values())
    bins = [
        {
            "label": f"{number * most / BINS:g} to {(number + 1) * most / BINS:g} points: {counts[number]}",
            "count": counts[number],
            "pending": round(80 * still[number] / largest, 1),
            "done": round(80 * (counts[number] - still[number]) / largest, 1),
        }
        for number in range(BINS)
    ]
    tasks = []
    for task in assignment.tasks:
        shares = [_task(row, task)["share"] for row in rows if row.points[task.name] is not None]
        tasks.append({"title": task.title, "share": sum(shares) / len(shares) if shares else None})
    tasks.sort(key=lambda task: 2 if task["share"] is None else task["share"])
    return {"name": assignment.name, "said": said, "most": most, "bins": bins, "tasks": tasks}


def alike(pairs: Sequence[Pair]) -> str:
    """Return the page of pairs, side by side."""
    what = f"{len(pairs) or 'No'} pair{'s'[: len(pairs) != 1]} of submissions share"
    return TEMPLATES.get_template("similar.html").render(
        title="Similar submissions",
        width="80rem",
        what=f"{what}{'s'[: len(pairs) == 1]} at least {100 * SHARE:.0f} % of the code that is one's own, and "
        f"{LEAST} signs of it.",
        pairs=[
            {
                "first": pair.first.student,
                "second": pair.second.student,
                "exercise": pair.first.assignment,
                "share": pair.share,
                "code": [Markup(clean(each)) for each in pair.code],
            }
            for pair in pairs
        ],
    )
