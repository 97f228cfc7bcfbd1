"""Whose submission it is: the names that learning-management systems, Colab and people give to files."""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import PurePosixPath
from typing import NamedTuple

NOTEBOOK = re.compile(r"\.ipynb", re.IGNORECASE)  # some systems add .txt
TIME = r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d"
SYSTEMS = {  # what a part of the path begins with, before what the student chose; attempts share a number
    "moodle": re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?"),
    "blackboard": re.compile(rf"^.+?_(?P<name>[^_]+)_attempt_(?P<attempt>{TIME})"),  # and nbgrader
    "brightspace": re.compile(r"^(?P<id>\d+)-\d+ - (?P<name>.+?) - (?P<date>\w{3} \d+, \d{4} \d+ [AP]M)?"),
    "canvas": re.compile(
        r"^(?P<name>[^\W\d_]+)(?P<late>_late)?_(?P<id>(?!(?:19|20)\d\d_)\d{3,})_\d{4,}_", re.IGNORECASE
    ),
}
COPY = re.compile(
    r"^(?:copy of|kopie von|copie de|copia de|cópia de)[ _]+"
    r"|[ _-]*(?:copy|의 사본|복사본|のコピー|的副本)(?= ?\(|$)"
    r"| ?\(\d+\)$",
    re.IGNORECASE,
)


class Name(NamedTuple):
    """What a path tells of a person.

    Attributes:
        student: Their name, with the number that a system gave them; empty if there is none.
        sure: Whether two files with it are one person's: a system says so, or they lie in a folder of that name.
        attempt: When it was handed in, in letters that sort by time; empty where the path does not say.
        late: Whether a system marks it as late.
        system: Which one has named it, a key of `SYSTEMS`; empty if none has.
        number: The number that the system gave the student.
        prefix: What the system's name for the folder or file begins with, up to the student's own.
    """

    student: str
    sure: bool = False
    attempt: str = ""
    late: bool = False
    system: str = ""
    number: str = ""
    prefix: str = ""


def named(path: PurePosixPath, assignments: Iterable[str]) -> Name:
    """Return what a path below the folder of all submissions tells of its student.

    Args:
        path: The path.
        assignments: Names of assignments, which are no names of people.

    Example:
        >>> named(PurePosixPath("Kim Chulsoo_417_assignsubmission_file_/06_faces.ipynb"), []).student
        'Kim Chulsoo_417'
        >>> named(PurePosixPath("kimchulsoo_417_9932_06_faces-1.ipynb"), ["06_faces"]).student
        'kimchulsoo_417'
        >>> named(PurePosixPath("2_03_15_lee_06_faces (2).ipynb"), ["06_faces"]).student
        '2_03_15_lee'
        >>> named(PurePosixPath("Copy of 06_faces.ipynb"), ["06_faces"]).student
        ''
    """
    parts = [unicodedata.normalize("NFC", part) for part in path.parts]
    for part in parts:
        for system, pattern in SYSTEMS.items():
            if found := pattern.match(part):
                tells = found.groupdict()
                number = tells.get("id") or ""
                student = tells["name"].strip() + (f"_{number}" if number else "")
                attempt = tells.get("attempt") or _sortable(tells.get("date") or "")
                return Name(student, True, attempt, bool(tells.get("late")), system, number, found.group())
    if len(parts) > 1:
        return Name(parts[0], True)
    return Name(leftover(parts[0], assignments))


def _sortable(date: str) -> str:
    """Return Brightspace's dates, as `Mar 15, 2026 1130 AM`, in letters that sort by time."""
    with suppress(ValueError):
        return f"{datetime.strptime(date, '%b %d, %Y %I%M %p'):%Y-%m-%d-%H-%M-%S}"
    return ""


def whose(path: PurePosixPath, assignments: Iterable[str]) -> str:
    """Return a student's name, that of the file where it tells none."""
    return named(path, assignments).student or stem(path.name)


def stem(name: str) -> str:
    """Return a file's name without what follows its kind."""
    return NOTEBOOK.split(name)[0] if NOTEBOOK.search(name) else PurePosixPath(name).stem


def leftover(name: str, assignments: Iterable[str]) -> str:
    """Return what is left of a file's name without the assignment's and without what copying adds."""
    left = stem(name)
    for _ in range(3):  # a copy of a copy
        left = COPY.sub("", left)
    for each in assignments:
        left = re.sub(rf"[ _-]*{re.escape(each)}(-\d+$)?[ _-]*", "", left, flags=re.IGNORECASE)
    left = COPY.sub("", left)
    return left if re.search(r"\w", left) else ""
