"""Submissions as they come: any folder, any zip, any editor, and files that are no notebooks."""

import base64
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

import hypothesis.strategies as st  # noqa: E402
import nbformat  # noqa: E402
import numpy as np  # noqa: E402
from hypothesis import given  # noqa: E402
from PIL import Image  # noqa: E402

from gan_course.instructor import assignments  # noqa: E402
from gan_course.instructor.pictures import SVG  # noqa: E402
from gan_course.instructor.plan import plan  # noqa: E402
from gan_course.instructor.submissions import (  # noqa: E402
    File,
    Submission,
    UnreadableError,
    file_name,
    find,
    read_cells,
)
from tests import toy  # noqa: E402

TEXT = nbformat.writes(toy.notebook())


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    other = toy.notebook()
    for cell in other.cells:
        cell.id = f"other-{cell.id}"
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.grade_id = f"other-{cell.metadata.nbgrader.grade_id}"
    toy.course(folder, other, "02_letters")
    return assignments.load(toy.course(folder))


def hand_in(folder: Path, *names: str, text: str | bytes = TEXT) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def students(folder, known):
    return {(one.student, one.assignment) for one in find(folder, known)}


def zipped(names, encode=lambda name: name) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(encode(name), TEXT)
    return file.getvalue()


def test_one_file_a_student(tmp_path, known):
    hand_in(
        tmp_path,
        "kim_01_numbers.ipynb",
        "이 순신.ipynb",
        "01_numbers_park (2).ipynb",
        "2026-117.ipynb",
        "01_numbers-3.ipynb",
        "lee/x.ipynb",
        "cho.ipynb.txt",
    )
    assert {name for name, _ in students(tmp_path, known)} == {
        "kim",
        "이 순신",
        "park",
        "lee",
        "cho",
        "2026-117",
        "01_numbers-3",
    }


def test_one_folder_a_student_and_folders_of_nbgrader(tmp_path, known):
    hand_in(
        tmp_path,
        "all/kim/01_numbers/01_numbers.ipynb",
        "all/lee/homework.ipynb",
        "all/lee/.ipynb_checkpoints/x.ipynb",
    )
    (tmp_path / "all" / "park").mkdir()
    hand_in(tmp_path, "all/park/essay.pdf")
    found = find(tmp_path / "all", known)
    assert [one.student for one in found] == ["kim", "lee", "park"]
    assert found[2].file.problem == "park/essay.pdf is no notebook"
    assert students(tmp_path, known) == {("kim", toy.NAME), ("lee", toy.NAME), ("park", None)}


def test_who_handed_in_no_notebook_has_a_row(tmp_path, known):
    hand_in(tmp_path, "all/kim/x.ipynb", "all/kim/photo.jpg", "all/lee/a.docx", "all/lee/b.txt", "list.csv")
    hand_in(tmp_path, "all/eva.zip", text=zipped(["essay.pdf"]))
    (tmp_path / "all" / "park").mkdir()
    (tmp_path / "all" / "Thumbs.db").touch()
    found = {one.student: one.file.problem for one in find(tmp_path, known)}
    assert found.pop("lee") in ("lee/a.docx is no notebook", "lee/b.txt is no notebook")
    assert found == {
        "kim": "",
        "eva": "eva/essay.pdf is no notebook",
        "park": "park/(nothing) is no notebook",
        "list": "list.csv is no notebook",
    }


def test_a_file_beside_a_notebook_is_no_other_student(tmp_path, known):
    hand_in(tmp_path, "kim.ipynb", "kim.pdf", "lee_01_numbers.docx")
    assert {one.student: one.file.problem for one in find(tmp_path, known)} == {
        "kim": "",
        "lee": "lee_01_numbers.docx is no notebook",
    }


def test_a_folder_without_any_notebook_is_the_wrong_one(tmp_path, known):
    hand_in(tmp_path, "kim/essay.pdf", "lee.txt")
    with pytest.raises(ValueError, match="holds no notebook; name the folder or zip"):
        find(tmp_path, known)


def book(*outputs, nbformat=4):
    cell = {"cell_type": "code", "source": "x", "outputs": [None, {"data": 3}, *outputs]}
    return json.dumps({"nbformat": nbformat, "cells": [cell]}).encode()


def encoded(kind, size=(4, 4), noise=False):
    pixels = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), "uint8") if noise else None
    file = io.BytesIO()
    (Image.fromarray(pixels) if noise else Image.new("RGB", size, "red")).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


def opened(picture):
    return Image.open(io.BytesIO(base64.b64decode(picture)))


@pytest.mark.parametrize("nbformat", [3, 4])
def test_pictures_of_all_kinds_are_taken_along(nbformat):
    def output(kind, content):
        return {"data": {f"image/{kind}": content}} if nbformat == 4 else {kind.removesuffix("+xml"): content}

    svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    outputs = output("png", ["ab", "c"]), output("jpeg", encoded("JPEG")), output("svg+xml", svg)
    ((cell,), notes) = read_cells(book(*outputs, {"text": "no picture"}, nbformat=nbformat))
    png, jpeg, drawn = cell.pictures
    assert png == "abc" and not notes
    assert opened(jpeg).format == "PNG" and opened(jpeg).getpixel((1, 1))[0] > 250
    assert base64.b64decode(drawn.removeprefix(SVG)).decode() == svg


def test_large_pictures_are_made_smaller_and_keep_their_places():
    large = [encoded("PNG", (1200, 900), noise=True), "no picture", encoded("PNG", (1000, 1000), noise=True)]
    assert sum(map(len, large)) > 4_000_000
    outputs = [{"data": {"image/png": picture}} for picture in large]
    ((cell,), (note,)) = read_cells(book(*outputs))
    assert [opened(picture).size for picture in cell.pictures] == [(600, 450), (600, 600)]
    assert sum(map(len, cell.pictures)) < 4_000_000
    assert note == "its pictures are larger than 4 MB; they were made smaller, and 1 left out"


def test_pictures_that_stay_too_large_are_left_out(monkeypatch):
    monkeypatch.setattr("gan_course.instructor.pictures.LARGEST", 50_000)
    monkeypatch.setattr("gan_course.instructor.submissions.LARGEST", 50_000)
    outputs = [{"data": {"image/png": encoded("PNG", (300, 300), noise=True)}} for _ in range(2)]
    ((cell,), (note,)) = read_cells(book(*outputs))
    assert cell.pictures == () and note.endswith("they were made smaller, and 2 left out")


@pytest.mark.parametrize("inside", [True, False])
def test_zips_of_moodle_and_canvas(tmp_path, known, inside):
    moodle = [
        "Kim Chulsoo_417_assignsubmission_file_/01_numbers.ipynb",
        "이순신_418_assignsubmission_file_/a.ipynb",
    ]
    hand_in(tmp_path, "m/moodle.zip", text=zipped(moodle))
    folder = tmp_path / "m" if inside else tmp_path / "m" / "moodle.zip"
    assert {name for name, _ in students(folder, known)} == {"Kim Chulsoo_417", "이순신_418"}
    canvas = ["kimchulsoo_417_9932_01_numbers.ipynb", "lee_LATE_418_9933_homework-1.ipynb"]
    hand_in(tmp_path, "c/canvas.zip", text=zipped(canvas))
    folder = tmp_path / "c" if inside else tmp_path / "c" / "canvas.zip"
    assert {name for name, _ in students(folder, known)} == {"kimchulsoo_417", "lee_418"}


def test_a_zip_for_each_student_and_names_of_a_korean_windows(tmp_path, known):
    hand_in(tmp_path, "kim.zip", text=zipped(["deep/01_numbers.ipynb"]))
    hand_in(tmp_path, "lee.zip", text=b"PK, not really")
    korean = zipped(["AA/x.ipynb"]).replace(b"AA/", "김".encode("cp949") + b"/")
    hand_in(tmp_path / "korean", "class.zip", text=korean)
    found = {one.student: one.file.problem for one in find(tmp_path, known)}
    assert not found["kim"] and "is in a zip that cannot be opened" in found["lee"]
    assert [one.student for one in find(tmp_path / "korean", known)] == ["김"] or students(
        tmp_path / "korean", known
    )


def test_a_zip_of_one_folder_holds_the_students_of_that_folder(tmp_path, known):
    hand_in(tmp_path, "class.zip", text=zipped(["class/kim.ipynb", "class/lee.ipynb", "class/park/x.ipynb"]))
    assert {one.student for one in find(tmp_path / "class.zip", known)} == {"kim", "lee", "park"}


def test_a_zip_cannot_write_anywhere(tmp_path, known):
    hand_in(tmp_path, "in/x.zip", text=zipped(["../../evil.ipynb", "/abs.ipynb"]))
    find(tmp_path / "in", known)
    assert [path.name for path in tmp_path.rglob("*.ipynb")] == []


def test_each_notebook_finds_its_exercise(tmp_path, known):
    other = nbformat.writes(known["02_letters"].copy)
    hand_in(tmp_path, "kim/a.ipynb", "lee_02_letters.ipynb")
    hand_in(tmp_path, "kim/b.ipynb", text=other)
    hand_in(tmp_path, "park.ipynb", text=TEXT.replace("nbgrader", "lost"))
    hand_in(tmp_path, "cho.ipynb", text='{"nbformat": 4, "cells": [{"cell_type": "code", "source": "1"}]}')
    assert students(tmp_path, known) == {
        ("kim", "01_numbers"),
        ("kim", "02_letters"),
        ("lee", "01_numbers"),
        ("park", "01_numbers"),
        ("cho", None),
    }


def test_of_two_submissions_the_newer_counts(tmp_path, known):
    hand_in(tmp_path, "kim/old.ipynb", "kim/new.ipynb", "lee/a.ipynb", "lee/b.ipynb", "park/a.ipynb")
    hand_in(tmp_path, "park/broken.ipynb", text="{")
    os.utime(tmp_path / "kim/old.ipynb", (1, 1))
    for name in ("a", "b"):
        os.utime(tmp_path / f"lee/{name}.ipynb", (5, 5))
    kim, lee, park = find(tmp_path, known)
    assert kim.file.path == "kim/new.ipynb" and not kim.review
    assert kim.notes == ("2 submissions: kim/new.ipynb was graded, not kim/old.ipynb",)
    assert lee.file.path == "lee/b.ipynb" and lee.review
    assert park.file.path == "park/a.ipynb"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"not JSON", "is not a notebook, or was cut off"),
        (TEXT.encode()[:900], "is not a notebook, or was cut off"),
        (b"[1, 2]", "it has no cells"),
        (b'{"nbformat": 4, "cells": {}}', "it has no cells"),
        (b"[" * 200_000, "nested too deeply"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is not a notebook"),
    ],
)
def test_a_broken_file_is_named(tmp_path, known, content, problem):
    hand_in(tmp_path, "kim_01_numbers.ipynb", text=content)
    hand_in(tmp_path, "lee.ipynb")
    kim, lee = find(tmp_path, known)
    assert problem in kim.file.problem and "kim_01_numbers.ipynb" in kim.file.problem
    assert lee.file.cells and not lee.file.problem


def test_a_file_that_unfolds_into_gigabytes_is_refused(tmp_path, known, monkeypatch):
    monkeypatch.setattr("gan_course.instructor.submissions.PARSING_MEMORY", 200_000_000)
    hand_in(tmp_path, "kim.ipynb", text=b'{"cells": [' + b"{}," * 5_000_000 + b"{}]}")
    (kim,) = find(tmp_path, known)
    assert "cannot be read: too large" in kim.file.problem


def test_200_mb_of_outputs_are_read_past(tmp_path, known):
    book = toy.notebook()
    book.cells[2].outputs = [nbformat.v4.new_output("stream", text="@")]
    hand_in(tmp_path, "kim.ipynb", text=nbformat.writes(book).replace("@", "0123456789" * 20_000_000))
    (kim,) = find(tmp_path, known)
    assert kim.file.cells == read_cells(TEXT.encode())[0]


@pytest.mark.parametrize("target", ["precious.ipynb", "nowhere", "folder"])
def test_a_link_is_not_followed(tmp_path, known, target):
    hand_in(tmp_path, "precious.ipynb", "folder/x.ipynb")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "kim.ipynb").symlink_to(tmp_path / target)
    (kim,) = find(tmp_path / "in", known)
    assert kim.student == "kim" and "is a link to another file" in kim.file.problem and not kim.file.cells


def test_other_encodings_and_formats_are_read():
    cells = read_cells(TEXT.encode())[0]
    assert read_cells(b"\xef\xbb\xbf" + TEXT.encode())[0] == cells
    assert read_cells(TEXT.encode("utf-16"))[0] == cells
    korean, notes = read_cells(TEXT.replace("Numbers", "숫자").encode("cp949"))
    assert korean[2:] == cells[2:] and "is not UTF-8" in notes[0]
    book = json.loads(TEXT)
    old = [{**cell, "input": cell["source"]} for cell in book["cells"] if cell["cell_type"] == "code"]
    for cell in old:
        del cell["source"]
    old_cells, notes = read_cells(json.dumps({"nbformat": 3, "worksheets": [{"cells": old}]}).encode())
    assert [cell.source for cell in old_cells] == [
        cell.source for cell in cells if cell.kind == "code"
    ] and not notes
    assert "format '99'" in read_cells(json.dumps({**book, "nbformat": 99}).encode())[1][0]


def colab(book):
    """Return a notebook as Colab saves it: format 4.0, ids in the metadata, outputs of its own."""
    book = json.loads(nbformat.writes(book))
    for cell in book["cells"]:
        cell["metadata"] |= {"id": cell.pop("id"), "colab": {"base_uri": "https://localhost:8080/"}}
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}]
    return {**book, "nbformat_minor": 0, "metadata": {"colab": {"provenance": []}}}


def test_colabs_notebooks_are_the_same(known):
    steps, notes = plan(known[toy.NAME], read_cells(json.dumps(colab(toy.notebook())).encode())[0])
    expected, _ = plan(known[toy.NAME], read_cells(TEXT.encode())[0])
    assert steps == expected and not notes


def planned(known, cells):
    steps, notes = plan(
        known[toy.NAME], read_cells(nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode())[0]
    )
    return [step.source for step in steps if step.kind == "code"], notes


def test_the_instructors_checks_run_whatever_the_student_did_to_theirs(known):
    expected, _ = planned(known, toy.notebook().cells)
    cells = toy.notebook().cells
    cells[4].source = "pass"
    cells[4].metadata.nbgrader.points = 1000
    cells[6] = nbformat.v4.new_raw_cell("pass", id=cells[6].id, metadata=cells[6].metadata)
    del cells[8]
    assert planned(known, cells) == (expected, [])


@given(st.permutations(range(10)))
def test_cells_in_any_order_run_in_the_instructors(known, order):
    cells = toy.notebook().cells
    assert planned(known, [cells[index] for index in order]) == planned(known, cells)


def test_own_cells_stay_where_they_are(known):
    cells = toy.notebook().cells
    cells.insert(3, nbformat.v4.new_code_cell("helper = 1"))
    sources, _ = planned(known, cells)
    assert sources.index("helper = 1") == sources.index(cells[2].source) + 1


def test_deleted_and_duplicated_answers_are_noted(known):
    cells = toy.notebook().cells
    again = toy.notebook().cells[2]
    again.id, again.source = "again", "double = None"
    sources, notes = planned(known, [cells[0], cells[1], again, *cells[2:5], *cells[7:]])
    assert notes == ["2 cells are named double", "no cells are named mean"]
    assert sources.index("double = None") < sources.index(cells[2].source)
    assert sum("dict(mean=mean" in source for source in sources) == 1


def test_answers_without_metadata_are_found_by_id_or_by_their_place(known):
    cells = toy.notebook().cells
    for cell in cells:
        cell.metadata = {}
    expected, _ = planned(known, toy.notebook().cells)
    assert planned(known, cells) == (expected, [])
    for number, cell in enumerate(cells):
        cell.id = f"new-{number}"
    for cell, copy in zip(cells, known[toy.NAME].copy.cells, strict=True):
        if cell.source.startswith("# The points"):
            cell.source = copy.source
    sources, notes = planned(known, cells)
    assert [source for source in sources if source.startswith("def ")] == [
        source for source in expected if source.startswith("def ")
    ]
    assert not notes


@given(st.binary(max_size=200) | st.text().map(lambda text: json.dumps({"cells": [{"source": text}]}).encode()))
def test_no_file_breaks_the_reader(content):
    try:
        cells, _ = read_cells(content)
    except UnreadableError as error:
        assert str(error)
    else:
        assert cells


def test_no_ones_files_have_another_ones_name():
    people = ["a / b", "a _ b", "A_B", "a:b"]
    people.append(file_name(Submission("a / b", "06", File("", "", ())), alone=True))
    assert len({file_name(Submission(who, "06", File("", "", ()))) for who in people}) == len(people)
