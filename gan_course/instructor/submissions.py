"""What comes back: notebooks in folders and zips, named by students and by learning-management systems."""

import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from gan_course.instructor.archives import LARGEST_FILE, Entry, walk
from gan_course.instructor.assignments import Assignment, grade_id
from gan_course.instructor.names import Name, named, stem, whose
from gan_course.instructor.pictures import LARGEST, pictures, smaller
from gan_course.instructor.roster import Roster

LARGEST_STUDENT = 600_000_000  # bytes of all notebooks of one student
LARGEST_CODE = 1_000_000  # characters of all cells with code
PARSING_MEMORY = 4 * 2**30  # bytes that reading one notebook may need


@dataclass(frozen=True)
class Cell:
    """A cell of a submission: what is left of it when nothing in it is trusted."""

    kind: str
    source: str
    grade_id: str | None = None
    id: str | None = None
    pictures: tuple[str, ...] = ()  # of its outputs, see pictures.py


@dataclass(frozen=True)
class File:
    """What was handed in: where it lies, when it was written, and what was read of it."""

    path: str
    student: str
    written: tuple[int, ...]
    name: Name = Name("", sure=True)
    cells: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    origin: str = ""  # the zip of several students that it came out of


@dataclass(frozen=True)
class Submission:
    """One student's answer to one assignment."""

    student: str
    assignment: str | None
    file: File
    notes: tuple[str, ...] = ()
    review: bool = False
    place: int = 0  # on the roster, from 1; those who are not on it come last

    @property
    def digest(self) -> str:
        """A number that changes when the answer does."""
        return hashlib.sha256(repr((self.file.cells, self.notes, self.file.notes)).encode()).hexdigest()


class UnreadableError(ValueError):
    """A file that is not a notebook, and why."""


def find(
    folder: Path,
    assignments: Mapping[str, Assignment],
    roster: Roster | None = None,
    exercise: str | None = None,
) -> list[Submission]:
    """Read all submissions in a folder or zip.

    Args:
        folder: One file a student, one folder a student, zips of either; a zip itself is as good.
        assignments: What could have been handed in.
        roster: Who is in the class, if that is known.
        exercise: The one of the assignments that was to be handed in; None for any.

    Returns:
        One submission a student and assignment, sorted by student, or as on the roster; of two the newer, which
        says so. Who handed in no notebook is there too, with the problem.

    Raises:
        ValueError: If there is no such folder, or no notebook in it.
    """
    if not folder.exists():
        raise ValueError(f"{folder} does not exist; name the folder or zip with the submissions")
    entries = walk(folder, assignments)
    if all(entry.other for _, entry in entries):
        raise ValueError(f"{folder} holds no notebook; name the folder or zip with the submissions")
    groups: dict[tuple[str, str | None], list[Submission]] = {}
    for path, entry in _within_limits(entries, assignments):
        submission = _assign(_read(path, entry, assignments), assignments)
        if roster:
            submission = _on(roster, submission)
        if exercise and submission.assignment not in (None, exercise):
            note = f"{path} is {submission.assignment}, not {exercise}"
            submission = replace(submission, assignment=None, notes=(note,), review=True)
        groups.setdefault((submission.student, submission.assignment), []).append(submission)
    for student, assignment in list(groups):  # one that cannot be read, beside one that can
        others = [key for key in groups if key[0] == student and key[1]]
        if not assignment and others:
            groups[others[0]] += groups.pop((student, assignment))
    found = [one for group in groups.values() for one in _apart(group)]
    if roster:
        there = {one.student for one in found}
        missing = [person for person in roster.people if person not in there]
        found += [Submission(each, None, File("", each, (), problem="handed in nothing")) for each in missing]
        places = {person: place for place, person in enumerate(roster.people, start=1)}
        found = [replace(one, place=places.get(one.student, len(places) + 1)) for one in found]
    return sorted(found, key=lambda one: (one.place, one.student, one.assignment or ""))


def _on(roster: Roster, one: Submission) -> Submission:
    """Return a submission as that of the person on the roster whom its path fits."""
    person = roster.person(PurePosixPath(one.file.path), one.file.name)
    if person is None:
        note = f"{one.file.path} fits nobody on the roster, or several"
        return replace(one, notes=(*one.notes, note), review=True)
    name = one.file.name._replace(student=person, sure=True)
    return replace(one, student=person, file=replace(one.file, student=person, name=name))


def _within_limits(
    entries: Sequence[tuple[PurePosixPath, "Entry"]], assignments: Mapping[str, Assignment]
) -> Iterator[tuple[PurePosixPath, "Entry"]]:
    """Refuse what is too much of one student, whatever it is divided into."""
    sizes: Counter[str] = Counter()
    for path, entry in entries:
        student = whose(path, assignments)
        sizes[student] += entry.size
        if sizes[student] > LARGEST_STUDENT and not entry.problem:
            entry = Entry(
                problem=f"comes to more than {LARGEST_STUDENT / 1e6:.0f} MB with the student's other files"
            )
        yield path, entry


def _apart(group: list[Submission]) -> Iterator[Submission]:
    """Yield one submission a person of those that one name has led to; where nobody can know, all of them."""
    sure = [one for one in group if one.file.name.sure]
    if sure:
        yield _newest(sure)
    for one in [one for one in group if not one.file.name.sure]:
        if not one.file.name.student:
            yield _doubtful(one, f"nothing in the name {one.file.path} says whose it is")
        elif len(group) == 1:
            yield one
        else:
            yield _doubtful(one, f"{len(group)} files leave the name {one.student}; perhaps they are one person's")


def _doubtful(one: Submission, note: str) -> Submission:
    student = stem(PurePosixPath(one.file.path).name)
    return replace(one, student=student, notes=(*one.notes, note), review=True)


def _newest(group: list[Submission]) -> Submission:
    """Choose between several submissions of one student: one that can be read, the newest, the last by name."""
    ordered = sorted(group, key=lambda one: (not one.file.problem, one.file.written, one.file.path))
    best = ordered[-1]
    if len(group) == 1:
        return best
    others = ", ".join(one.file.path for one in ordered[:-1])
    note = f"{len(group)} submissions: {best.file.path} was graded, not {others}"
    tie = ordered[-2].file.written == best.file.written
    apart = len({_above(one.file) for one in group}) > 1  # a name inside a folder can be one that somebody made up
    return Submission(best.student, best.assignment, best.file, (*best.notes, note), best.review or tie or apart)


def _above(file: File) -> str:
    """Return the folder or zip in which a system's name stands, if it is not the first part of the path."""
    if file.origin:
        return file.origin
    first = PurePosixPath(file.path).parts[0]
    return "" if not file.name.prefix or file.name.prefix in first else first


def file_name(submission: Submission, alone: bool = False) -> str:
    """Return a name for the files of a submission; `alone` leaves out which assignment it is.

    Example:
        >>> file_name(Submission("Kim / Lee", "06_faces", File("", "", ())))
        'Kim _ Lee-0d9077a827a63f6b.06_faces'
    """
    name = re.sub(r"[^\w. -]", "_", submission.student)[:60]
    plain = name == submission.student == name.strip(". ")
    if not plain or re.search(r"-[0-9a-f]{16}$", name):  # no other's name with its number
        name += f"-{hashlib.sha256(submission.student.encode()).hexdigest()[:16]}"
    return name if alone else f"{name}.{submission.assignment}"


def _read(path: PurePosixPath, entry: Entry, assignments: Mapping[str, Assignment]) -> File:
    name, student = named(path, assignments), whose(path, assignments)
    written = tuple(map(int, name.attempt.split("-"))) if name.attempt else entry.written
    file = File(str(path), student, written, name, origin=entry.origin)
    try:
        if entry.problem:
            raise UnreadableError(entry.problem)
        if entry.size > LARGEST_FILE:
            raise UnreadableError(f"has {entry.size / 1e6:,.0f} MB, more than {LARGEST_FILE / 1e6:.0f}")
        with _limited_memory():
            cells, notes = read_cells(entry.read())
        return replace(file, cells=cells, notes=notes)
    except UnreadableError as error:
        return replace(file, problem=f"{path} {error}")
    except Exception as error:  # whatever was handed in, the others' are read
        return replace(file, problem=f"{path} cannot be read: {str(error) or 'too large'}")


@contextmanager
def _limited_memory() -> Iterator[None]:
    """Let a notebook that unfolds into gigabytes raise `MemoryError` where the system can do so."""
    if sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + PARSING_MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def read_cells(content: bytes) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    """Read the cells of a notebook of any format and any editor, and nothing else of it.

    Returns:
        The cells, and notes for the instructor.

    Raises:
        UnreadableError: If it is not a notebook.

    Example:
        >>> read_cells(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["x = 1"]}]}')[0]
        (Cell(kind='code', source='x = 1', grade_id=None, id=None, pictures=()),)
    """
    notes = []
    if not content.strip():
        raise UnreadableError("is empty")
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("utf-8", errors="replace")
        notes.append("the file is not UTF-8; letters that cannot be read were replaced")
    try:
        book = json.loads(text)
    except RecursionError:
        raise UnreadableError("is not a notebook: it is nested too deeply") from None
    except ValueError as error:
        raise UnreadableError(f"is not a notebook, or was cut off: {error}") from None
    if not isinstance(book, dict):
        raise UnreadableError("is not a notebook: it has no cells")
    if book.get("nbformat") not in (3, 4):
        notes.append(f"the file says it has notebook format {str(book.get('nbformat'))[:20]!r}; 3 and 4 are known")
    sheets = book.get("worksheets") if "cells" not in book else [book]
    sheets = sheets if isinstance(sheets, list) else []
    listed = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    cells = [cell for some in listed if isinstance(some, list) for cell in some if isinstance(cell, dict)]
    if not cells:
        raise UnreadableError("is not a notebook: it has no cells")
    read = [_cell(cell) for cell in cells]
    if (size := sum(len(cell.source) for cell in read if cell.kind == "code")) > LARGEST_CODE:
        raise UnreadableError(
            f"holds {size / 1e6:.1f} million letters of code, more than {LARGEST_CODE / 1e6:.0f}"
        )
    if sum(len(picture) for cell in read for picture in cell.pictures) > LARGEST:
        read, left_out = _with_smaller_pictures(read)
        notes.append(f"its pictures are larger than {LARGEST / 1e6:.0f} MB; they were made smaller{left_out}")
    return tuple(read), tuple(notes)


def _cell(cell: dict[str, Any]) -> Cell:
    source = cell.get("source", cell.get("input", ""))
    source = "".join(map(str, source)) if isinstance(source, list) else str(source)
    metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    nbgrader = metadata.get("nbgrader") if isinstance(metadata.get("nbgrader"), dict) else {}
    name, number = nbgrader.get("grade_id"), cell.get("id", metadata.get("id"))
    source = source.encode("utf-8", errors="replace").decode()  # half a surrogate pair is no text
    return Cell(
        "code" if cell.get("cell_type") == "code" else "markdown",
        source,
        name if isinstance(name, str) else None,
        number if isinstance(number, str) else None,
        tuple(pictures(cell.get("outputs"))),
    )


def _with_smaller_pictures(cells: Sequence[Cell]) -> tuple[list[Cell], str]:
    """Return cells whose pictures take less room, and what to say of those for which there is none."""
    made = iter(smaller([picture for cell in cells for picture in cell.pictures]))
    found = [replace(cell, pictures=tuple(filter(None, islice(made, len(cell.pictures))))) for cell in cells]
    left_out = sum(len(cell.pictures) for cell in cells) - sum(len(cell.pictures) for cell in found)
    return found, f", and {left_out} left out" if left_out else ""


def _assign(file: File, assignments: Mapping[str, Assignment]) -> Submission:
    """Find out which assignment a notebook answers: by names of cells, the file's name, ids and texts of cells."""

    def likeness(name: str) -> tuple[int, bool, int, int]:
        cells = assignments[name].copy.cells
        names = {grade_id(cell) for cell in cells} - {None}
        numbers, texts = {cell.get("id") for cell in cells}, {cell.source.strip() for cell in cells}
        return (
            len(names & {cell.grade_id for cell in file.cells}),
            name.lower() in file.path.lower(),
            len(numbers & {cell.id for cell in file.cells}),
            len(texts & {cell.source.strip() for cell in file.cells}),
        )

    best = max(assignments, key=likeness)
    if any(likeness(best)):
        return Submission(file.student, best, file)
    if len(assignments) == 1:
        note = f"nothing in {file.path} says that it is {best}"
        return Submission(file.student, best, file, (note,), review=not file.problem)
    return Submission(file.student, None, file, (f"cannot tell which exercise {file.path} is",), review=True)
