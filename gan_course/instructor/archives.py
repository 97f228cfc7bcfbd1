"""Folders and zips with submissions, read by their directories: what lies where, and what is not to be opened."""

import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import IO

from gan_course.instructor.assignments import Assignment
from gan_course.instructor.names import NOTEBOOK, leftover, whose

LARGEST_FILE = 500_000_000  # bytes
MEMBERS, RATIO = 2000, 200  # of a zip: files, and how many times larger than packed a large one may be
CLUTTER = (
    ".",
    "__MACOSX",
    "Thumbs.db",
    "desktop.ini",
    "index.html",
)  # what names of systems' own files begin with


@dataclass(frozen=True)
class Entry:
    """A file that was handed in, not opened yet.

    Attributes:
        size: Bytes.
        written: When, by the file's own time: year, month, day, hour, minute, second, and parts of it.
        read: Returns its content.
        problem: Why it is not to be opened.
        other: Whether it is something else than a notebook.
    """

    size: int = 0
    written: tuple[int, ...] = ()
    read: Callable[[], bytes] = bytes
    problem: str = ""
    other: bool = False


OTHER = Entry(problem="is no notebook", other=True)
UNFOLDS = "unfolds to {:,.0f} MB from {:,.0f} kB, as no notebook does; it was not opened"


def walk(folder: Path, assignments: Mapping[str, Assignment]) -> list[tuple[PurePosixPath, Entry]]:
    """Return notebooks, with their paths below the folder that holds all students, and who has none."""
    inside = [path for path in folder.iterdir() if not _is_clutter(path)] if folder.is_dir() else [folder]
    zipped = len(inside) == 1 and inside[0].is_file() and inside[0].suffix.lower() == ".zip"
    entries = list(_of_zip(inside[0], PurePosixPath()) if zipped else _of_folder(folder))
    while notebooks := [path.parts for path, entry in entries if not entry.other]:
        top = notebooks[0][0]
        if any(parts[0] != top for parts in notebooks) or not (
            all(len(parts) > 2 and parts[1] not in assignments for parts in notebooks)
            or (zipped and len(notebooks) > 1 and top == inside[0].stem)
        ):
            break
        zipped, entries = False, [(_below(top, path), entry) for path, entry in entries]
    for name in {path.stem for path in inside if path.suffix.lower() == ".zip"}:
        direct = [
            path.name for path, entry in entries if not entry.other and path.parts[0] == name == str(path.parent)
        ]
        if len({leftover(each, assignments) for each in direct} - {""}) > 1:  # a class, not a student
            entries = [(_below(name, path), entry) for path, entry in entries]
    students = {whose(path, assignments) for path, entry in entries if not entry.other}
    others = {whose(path, assignments): (path, entry) for path, entry in entries if entry.other}
    without = [found for student, found in others.items() if student not in students]
    return [found for found in entries if not found[1].other] + without


def _below(top: str, path: PurePosixPath) -> PurePosixPath:
    return PurePosixPath(*path.parts[1:]) if path.parts[0] == top and len(path.parts) > 1 else path


def _of_folder(folder: Path) -> Iterator[tuple[PurePosixPath, Entry]]:
    for path in sorted(folder.rglob("*")):
        name = PurePosixPath(path.relative_to(folder).as_posix())
        if _is_clutter(name):
            continue
        if path.is_symlink():
            yield name, Entry(problem="is a link to another file, which is not followed")
        elif path.is_dir():
            if all(map(_is_clutter, path.iterdir())):
                yield name / "(nothing)", OTHER
        elif path.is_file() and path.suffix.lower() == ".zip":
            yield from _of_zip(path, name.with_suffix(""))
        elif path.is_file() and NOTEBOOK.search(path.name):
            status = path.stat()
            written = (*time.localtime(status.st_mtime)[:6], status.st_mtime_ns % 10**9)
            yield name, Entry(status.st_size, written, path.read_bytes)
        else:
            yield name, OTHER


def _of_zip(path: Path | IO[bytes], below: PurePosixPath, depth: int = 0) -> Iterator[tuple[PurePosixPath, Entry]]:
    """Yield the notebooks of a zip, and of zips in it; nothing is unpacked to the disk."""
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
        if not members:
            yield below / "(nothing)", OTHER
        if len(members) > MEMBERS:
            raise zipfile.BadZipFile(f"it holds {len(members):,} files, more than {MEMBERS:,}")
        for info in members:
            name = below / PurePosixPath(
                *[part for part in PurePosixPath(_decode(info)).parts if part not in ("..", "/")]
            )
            if info.is_dir() or _is_clutter(name):
                continue
            opened = name.suffix.lower() == ".zip" or NOTEBOOK.search(name.name)
            if opened and info.file_size > max(20_000_000, RATIO * info.compress_size):
                yield name, Entry(problem=UNFOLDS.format(info.file_size / 1e6, info.compress_size / 1e3))
            elif name.suffix.lower() == ".zip" and depth < 2 and info.file_size <= LARGEST_FILE:
                yield from _of_zip(archive.open(info), name.with_suffix(""), depth + 1)
            elif NOTEBOOK.search(name.name):
                yield name, Entry(info.file_size, info.date_time, partial(archive.read, info))
            else:
                yield name, OTHER
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        yield below.with_suffix(".ipynb"), Entry(problem=f"is in a zip that cannot be opened: {error}")


def _decode(info: zipfile.ZipInfo) -> str:
    """Return a name in a zip; Windows writes Korean names in its own code page, and some programs backslashes."""
    if not info.flag_bits & 0x800:
        for encoding in ("utf-8", "cp949"):
            with suppress(UnicodeError):
                return info.filename.encode("cp437").decode(encoding).replace("\\", "/")
    return info.filename.replace("\\", "/")


def _is_clutter(path: PurePath) -> bool:
    return path.name.startswith(CLUTTER) or "__MACOSX" in path.parts or ".ipynb_checkpoints" in path.parts
