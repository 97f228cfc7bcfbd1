"""Folders and zips with submissions, read by their directories: what lies where, and what is not to be opened."""

import io
import os
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import IO

from gan_course.instructor.assignments import Assignment
from gan_course.instructor.names import NOTEBOOK, SYSTEMS, leftover, whose

LARGEST_FILE = 500_000_000  # bytes
MEMBERS, RATIO = 2000, 200  # of a zip: files, and how many times larger than packed a large one may be
ALL_MEMBERS = 20_000  # of a zip with the zips in it
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
        origin: The zip that it came out of, if that is no part of its path any more.
    """

    size: int = 0
    written: tuple[int, ...] = ()
    read: Callable[[], bytes] = bytes
    problem: str = ""
    other: bool = False
    origin: str = ""


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
    zips = {path.stem for path in inside if path.suffix.lower() == ".zip"}
    for name in {each for each in zips if not any(system.match(each) for system in SYSTEMS.values())}:
        direct = [
            path.name for path, entry in entries if not entry.other and path.parts[0] == name == str(path.parent)
        ]
        if len({leftover(each, assignments) for each in direct} - {""}) > 1:  # a class, not a student
            entries = [
                (_below(name, path), replace(entry, origin=name)) if path.parts[0] == name else (path, entry)
                for path, entry in entries
            ]
    students = {whose(path, assignments) for path, entry in entries if not entry.other}
    others = {whose(path, assignments): (path, entry) for path, entry in entries if entry.other}
    without = [found for student, found in others.items() if student not in students]
    return [found for found in entries if not found[1].other] + without


def _below(top: str, path: PurePosixPath) -> PurePosixPath:
    return PurePosixPath(*path.parts[1:]) if path.parts[0] == top and len(path.parts) > 1 else path


def _of_folder(folder: Path) -> Iterator[tuple[PurePosixPath, Entry]]:
    for path in sorted(folder.rglob("*")):
        name = PurePosixPath(_readable(path.relative_to(folder).as_posix()))
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


def _readable(name: str) -> str:
    """Return a file's name as text; unpacked on another system it can be in Windows's Korean code page."""
    letters = os.fsencode(name)
    for encoding in ("utf-8", "cp949"):
        with suppress(UnicodeError):
            return letters.decode(encoding)
    return letters.decode("utf-8", errors="replace")


def _of_zip(
    path: Path | IO[bytes], below: PurePosixPath, depth: int = 0, left: list[int] | None = None
) -> Iterator[tuple[PurePosixPath, Entry]]:
    """Yield the notebooks of a zip, and of zips in it; nothing is unpacked to the disk.

    Args:
        path: The zip.
        below: The path that it stands for.
        depth: In how many zips it lies.
        left: How many members it and others may have, in a list that they share.
    """
    left = left or [ALL_MEMBERS]
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
        left[0] -= len(members)
        if left[0] < 0:
            raise zipfile.BadZipFile(f"with the zips in it, it holds more than {ALL_MEMBERS:,} files")
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
                inner = io.BytesIO(archive.read(info))  # read once, not once for each of its members
                yield from _of_zip(inner, name.with_suffix(""), depth + 1, left)
            elif NOTEBOOK.search(name.name):
                yield name, Entry(info.file_size, info.date_time, partial(archive.read, info))
            else:
                yield name, OTHER
    except Exception as error:  # what damaged or forged bytes can cause has no end
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
