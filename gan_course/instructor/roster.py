"""Who is in the class, from a table: settles whose a submission is, and tells who handed in nothing."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path, PurePosixPath

from gan_course.instructor.names import Name, stem

SHORTEST = 3  # digits of a number that tells a person


class Roster:
    """The people of a class, in the order of the table.

    Args:
        rows: One for each person: names, numbers, e-mail addresses, in any order and number of columns. The first
            field with a letter is what the person is called.

    Raises:
        ValueError: If there is nobody, or two people cannot be told apart.

    Example:
        >>> roster = Roster([["Kim Chulsoo", "20260417"], ["Lee Sunsin", "20260418", "sun@uni.kr"]])
        >>> roster.person(PurePosixPath("a/chulsoo_kim_06.ipynb"), Name("chulsoo_kim"))
        'Kim Chulsoo (20260417)'
        >>> roster.person(PurePosixPath("sun.ipynb"), Name("sun"))
        'Lee Sunsin (20260418)'
    """

    def __init__(self, rows: Iterable[Iterable[str]]) -> None:
        """Take note of what tells each person."""
        self.people: list[str] = []
        self.told_by: dict[str, set[str]] = {}
        for row in rows:
            fields = [field.strip() for field in row if field.strip()]
            called = next((field for field in fields if re.search(r"[^\W\d_]", field) and "@" not in field), None)
            if called is None:
                continue
            numbers = [field for field in fields if field.isdigit() and len(field) >= SHORTEST]
            person = f"{called} ({numbers[0]})" if numbers else called
            if person in self.people:
                raise ValueError(f"the roster has {person} twice, with nothing to tell them apart; add a number")
            self.people.append(person)
            for key in {key for field in fields for key in _keys(field)}:
                self.told_by.setdefault(key, set()).add(person)
        if not self.people:
            raise ValueError("the roster names nobody; expected a row a student: name, number, e-mail")

    def person(self, path: PurePosixPath, name: Name) -> str | None:
        """Return whose a submission is, or None where nobody or several people fit.

        A file's name, which its author chose, says nothing against the name of a folder or of a system.
        """
        told, chosen = self._fitting([name.student]), self._fitting([stem(part) for part in path.parts])
        if not name.sure:
            told |= chosen
        elif len(told) != 1:
            told = chosen
        elif len(chosen - told) > 0:
            return None
        return told.pop() if len(told) == 1 else None

    def _fitting(self, texts: list[str]) -> set[str]:
        """Return who fits texts; a number tells more than a name."""
        words = [[word for word in re.split(r"[\W_]+", text) if word] for text in texts]
        tokens = {_bare(word) for some in words for word in some}
        runs = {_bare("".join(run)) for some in words for run in _runs(some)}
        numbers = {token for token in tokens if token.isdigit() and len(token) >= SHORTEST}
        for keys in (numbers, runs | tokens):
            if found := {person for key in keys for person in self.told_by.get(key, ())}:
                return found
        return set()


def read_roster(path: Path) -> Roster:
    """Read a roster from a CSV file as spreadsheets write it; a first row of headings is no person.

    Raises:
        ValueError: If it names nobody, or two people cannot be told apart.
        OSError: If it cannot be read.
    """
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ValueError(f"{path} is no text in UTF-8; save it again as CSV UTF-8")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    has_headings = rows and not any(re.search(r"\d{3,}|@", field) for field in rows[0])
    known = any(re.search(r"\d{3,}|@", field) for row in rows[1:] for field in row)
    return Roster(rows[1:] if has_headings and known else rows)


def _keys(field: str) -> Iterable[str]:
    """Yield what may stand in a file's name for a field: a name in any order, a number, an e-mail's first half."""
    if "@" in field:
        yield _bare(field.partition("@")[0])
        return
    words = [word for word in re.split(r"[\W_]+", field) if word]
    for order in permutations(words) if len(words) <= 4 else [tuple(words)]:
        yield _bare("".join(order))


def _runs(words: list[str]) -> Iterable[list[str]]:
    for first in range(len(words)):
        for last in range(first + 1, min(len(words), first + 4) + 1):
            yield words[first:last]


def _bare(text: str) -> str:
    return unicodedata.normalize("NFC", re.sub(r"[\W_]+", "", text)).casefold()
