"""Zips that are made to hurt: refused by what their directory says, before anything is unpacked."""

import io
import time
import zipfile

import pytest

pytest.importorskip("nbgrader")

from gan_course.instructor import archives, assignments, submissions  # noqa: E402
from gan_course.instructor.submissions import find  # noqa: E402
from tests import toy  # noqa: E402
from tests.test_submissions import TEXT, hand_in  # noqa: E402


@pytest.fixture
def known(tmp_path):
    return assignments.load(toy.course(tmp_path))


def bomb(count, size=470_000_000, compression=zipfile.ZIP_BZIP2):
    """A zip of notebooks of spaces; each is written a block at a time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for number in range(count):
            with archive.open(f"{number}/x.ipynb", "w") as member:
                for _ in range(size // 1_000_000):
                    member.write(b" " * 1_000_000)
    return file.getvalue()


def test_a_bomb_is_refused_at_once_and_nobody_waits(tmp_path, known):
    packed = bomb(2, 60_000_000)
    assert len(packed) < 20_000
    hand_in(tmp_path / "in", "kim.ipynb")
    hand_in(tmp_path / "in", "evil.zip", text=packed)
    start = time.monotonic()
    found = {one.student: one.file.problem for one in find(tmp_path / "in", known)}
    assert time.monotonic() - start < 2
    assert found["kim"] == "" and "unfolds to 60 MB from" in found["evil"]


def test_a_zip_that_lies_about_its_sizes_gives_no_more_than_it_says(tmp_path, known):
    packed = bomb(1, 30_000_000)
    size = (30_000_000).to_bytes(4, "little")
    hand_in(tmp_path / "in", "evil.zip", text=packed.replace(size, (9_000).to_bytes(4, "little")))
    hand_in(tmp_path / "in", "kim.ipynb")
    found = {one.student: one.file.problem for one in find(tmp_path / "in", known)}
    assert found["kim"] == "" and found["evil"]


def test_a_zip_of_too_many_files_is_refused(tmp_path, known):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(archives.MEMBERS + 1):
            archive.writestr(f"{number}.txt", "")
    hand_in(tmp_path / "in", "evil.zip", text=file.getvalue())
    hand_in(tmp_path / "in", "kim.ipynb")
    found = {one.student: one.file.problem for one in find(tmp_path / "in", known)}
    assert "it holds 2,001 files, more than 2,000" in found["evil"]


def test_many_files_of_one_student_count_together(tmp_path, known, monkeypatch):
    monkeypatch.setattr(submissions, "LARGEST_STUDENT", 3 * len(TEXT) // 2)
    hand_in(tmp_path / "in", "kim/01_numbers.ipynb", "kim/again.ipynb", "lee/01_numbers.ipynb")
    found = {one.student: one for one in find(tmp_path / "in", known)}
    assert not found["lee"].file.problem and not found["kim"].file.problem
    monkeypatch.setattr(submissions, "LARGEST_STUDENT", len(TEXT) - 1)
    assert "comes to more than" in find(tmp_path / "in", known)[0].file.problem
