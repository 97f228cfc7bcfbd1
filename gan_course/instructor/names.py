"""Whose submission it is: the names that learning-management systems, Colab and people give to files."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

NOTEBOOK = re.compile(r"\.ipynb", re.IGNORECASE)  # some systems add .txt
TIME = r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d"
SYSTEMS = (  # what a part of the path looks like; a person's number is what two attempts share
    re.compile(r"^(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)"),  # Moodle
    re.compile(rf"^.+_(?P<name>[^_]+)_attempt_(?P<attempt>{TIME})"),  # Blackboard, nbgrader
    re.compile(r"^(?P<id>\d+)-\d+ - (?P<name>.+?) - "),  # Brightspace
    re.compile(
        r"^(?P<name>[^\W\d_]+)(?P<late>_late)?_(?P<id>(?!(?:19|20)\d\d_)\d{3,})_\d{4,}_", re.IGNORECASE
    ),  # Canvas
)
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
    """

    student: str
    sure: bool = False
    attempt: str = ""
    late: bool = False


def named(path: PurePosixPath, assignments: Iterable[str]) -> Name:
    """Return what a path below the folder of all submissions tells of its student.

    Args:
        path: The path.
        assignments: Names of assignments, which are no names of people.

    Example:
        >>> named(PurePosixPath("Kim Chulsoo_417_assignsubmission_file_/06_faces.ipynb"), [])
        Name(student='Kim Chulsoo_417', sure=True, attempt='', late=False)
        >>> named(PurePosixPath("kimchulsoo_417_9932_06_faces-1.ipynb"), ["06_faces"]).student
        'kimchulsoo_417'
        >>> named(PurePosixPath("2_03_15_lee_06_faces (2).ipynb"), ["06_faces"])
        Name(student='2_03_15_lee', sure=False, attempt='', late=False)
        >>> named(PurePosixPath("Copy of 06_faces.ipynb"), ["06_faces"]).student
        ''
    """
    parts = [unicodedata.normalize("NFC", part) for part in path.parts]
    for part in parts:
        for system in SYSTEMS:
            if found := system.match(part):
                tells = found.groupdict()
                number = f"_{tells['id']}" if tells.get("id") else ""
                late = bool(tells.get("late"))
                return Name(tells["name"].strip() + number, True, tells.get("attempt") or "", late)
    if len(parts) > 1:
        return Name(parts[0], True)
    return Name(leftover(parts[0], assignments))


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
