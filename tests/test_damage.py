"""One file, one name or one cell that stops nobody else's grading, and takes nobody else's place."""

import ast
import io
import json
import os
import time
import zipfile
from datetime import datetime
from pathlib import PurePosixPath

import numpy as np
import pytest

pytest.importorskip("nbgrader")

import nbformat  # noqa: E402

from gan_course.instructor import archives, assignments, exchange, grading, similar  # noqa: E402
from gan_course.instructor.judge import _verdict  # noqa: E402
from gan_course.instructor.kernel import as_letters  # noqa: E402
from gan_course.instructor.lateness import Deadline, Name  # noqa: E402
from gan_course.instructor.pictures import pictures  # noqa: E402
from gan_course.instructor.plan import Step, defined, statements  # noqa: E402
from gan_course.instructor.processes import Processes  # noqa: E402
from gan_course.instructor.sandbox import Limits  # noqa: E402
from gan_course.instructor.submissions import File, Submission, file_name, find, read_cells  # noqa: E402
from tests import toy  # noqa: E402
from tests.test_submissions import TEXT, hand_in, zipped  # noqa: E402

MOODLE = "{}_assignsubmission_file_{}.ipynb"
KIM, LEE = "Kim Chulsoo_417", "Lee Sunsin_418"


@pytest.fixture
def known(tmp_path):
    return assignments.load(toy.course(tmp_path))


def found_in(folder, known):
    return {one.student: one for one in find(folder, known)}


@pytest.mark.parametrize("name", [f"{KIM}_assignsubmission_file_work.zip", "work.zip"])
def test_a_zip_that_names_others_does_not_take_their_place_unseen(tmp_path, known, name):
    hand_in(tmp_path / "in", MOODLE.format(LEE, "01_numbers"))
    forged = zipped([MOODLE.format(LEE, "01_numbers"), MOODLE.format(KIM, "01_numbers")])
    hand_in(tmp_path / "in", name, text=forged)
    found = found_in(tmp_path / "in", known)
    assert found[LEE].review or not found[LEE].notes
    if "assignsubmission" in name:
        assert found[LEE].file.path.startswith(LEE) and KIM in found


def test_a_zip_of_a_section_still_counts_as_many_students(tmp_path, known):
    hand_in(tmp_path / "in", "monday.zip", text=zipped(["kim_01_numbers.ipynb", "lee_01_numbers.ipynb"]))
    hand_in(tmp_path / "in", "park.ipynb")
    assert {*found_in(tmp_path / "in", known)} == {"kim", "lee", "park"}


def damaged(where=slice(40, 60)):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("01_numbers.ipynb", TEXT)
    content = bytearray(file.getvalue())
    content[where] = b"\xff" * len(range(*where.indices(len(content))))
    return bytes(content)


def zip_in_zip(inner):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inner.zip", inner)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("evil.ipynb", b'{"worksheets": 5}'),
        ("evil.ipynb", b'{"worksheets": true}'),
        ("evil.ipynb", b'{"cells": [{"source": {"a": 1}, "metadata": 7, "outputs": {"b": 2}}]}'),
        ("evil.zip", damaged()),
        ("evil.zip", zip_in_zip(damaged())),
        ("evil.zip", zip_in_zip(b"PK\x05\x06 and no more")),
        ("evil.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": "x = 1\n" * 200_000}]}).encode()),
    ],
)
def test_a_damaged_file_is_only_its_own_problem(tmp_path, known, name, content):
    hand_in(tmp_path / "in", "kim.ipynb")
    hand_in(tmp_path / "in", name, text=content)
    found = found_in(tmp_path / "in", known)
    assert not found.pop("kim").file.problem
    assert all(one.file.problem or one.review for one in found.values()) and found


def test_a_name_in_the_code_page_of_korean_windows_is_read(tmp_path, known):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / os.fsdecode("김철수.ipynb".encode("cp949"))).write_text(TEXT)
    assert {*found_in(tmp_path / "in", known)} == {"김철수"}


def test_zips_in_a_zip_count_together_and_are_read_once(tmp_path, known, monkeypatch):
    monkeypatch.setattr(archives, "ALL_MEMBERS", 30)
    inner = zipped([f"{number}.ipynb" for number in range(20)])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(5):
            archive.writestr(f"{number}.zip", inner)
    hand_in(tmp_path / "in", "evil.zip", text=file.getvalue())
    hand_in(tmp_path / "in", "kim.ipynb")
    problems = [entry.problem for _, entry in archives.walk(tmp_path / "in", known)]
    assert any("holds more than 30 files" in problem for problem in problems)


def test_an_impossible_time_is_for_a_person_to_decide():
    deadline = Deadline(datetime(2026, 3, 15), penalty=10)
    for name, written in ((Name("kim", attempt="2026-99-99-99-99-99"), ()), (Name("kim"), (1980, 0, 0, 0, 0, 0))):
        late = deadline.of(name, written)
        assert late.doubtful and late.share == 0 and "no possible time" in late.note


def test_half_a_letter_in_an_output_can_be_written():
    assert as_letters("a\ud800b").encode() == b"a?b"


def test_a_picture_that_the_library_trips_over_is_left_out(monkeypatch):
    def trip(*_, **__):
        raise UnboundLocalError

    monkeypatch.setattr("PIL.Image.open", trip)
    assert [*pictures([{"data": {"image/jpeg": "AAAA"}}])] == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("%time y = 1\nx = 1", ["x"]),
        ("%matplotlib inline\nimport os\n!ls\ndef f(): pass", ["f"]),
        ("x = !ls\ny = 2", ["x", "y"]),
        ("text = '''\n% no magic\n'''\nx = 1", ["text", "x"]),
        ("x = " + "-" * 100_000 + "1", []),
        ("\n".join(["%time x = 1"] * 3000 + ["y = 1"] * 3000), ["y"] * 3000),
    ],
)
def test_a_cell_of_any_kind_is_taken_apart_at_once(source, names):
    start = time.process_time()
    assert defined(Step(source)) == names
    assert time.process_time() - start < 10
    if "no magic" in source:
        assert "% no magic" in ast.unparse(statements(source)[0])


def test_many_empty_lines_are_no_work_to_compare():
    start = time.process_time()
    similar._fingerprint("x = 1\n" + " \n" * 100_000 + "y = 1")
    assert time.process_time() - start < 5


def packed(form, *arrays):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(exchange.FORM, json.dumps(form))
        for number, array in enumerate(arrays):
            with archive.open(f"{number}.npy", "w") as member:
                np.lib.format.write_array(member, array)
    return file.getvalue()


def test_an_array_is_handed_over_once_and_lists_are_not_deep():
    once = {"a": {"list": [{"array": 0}]}}
    assert exchange.unpack(packed(once, np.ones(3)))["a"][0].tolist() == [1, 1, 1]
    with pytest.raises(exchange.ExchangeError):
        exchange.unpack(packed({"a": {"list": [{"array": 0}] * 2}}, np.ones(3)))
    deep = {"plain": 1}
    for _ in range(430):
        deep = {"list": [deep]}
    with pytest.raises(exchange.ExchangeError):
        exchange.unpack(packed({"a": deep}))
    nested: list = []
    for _ in range(30):
        nested = [nested]
    with pytest.raises(exchange.ExchangeError, match="lists in lists"):
        exchange.pack({"a": nested})


@pytest.mark.parametrize("error", ["1 / 0", "{}['a']", "[][1]", "(lambda f: f(f))(lambda f: f(f))"])
def test_an_answer_that_breaks_the_judge_earns_nothing(error):
    half: dict = {}
    exec(f"def judge(inputs, answers):\n    {error}", half)
    verdict = _verdict(half, 3, {}, {"a": 1})
    assert verdict.points == 0 and verdict.odd


def test_a_process_that_never_answers_is_ended():
    with pytest.raises(RuntimeError, match="longer than 1 s"):
        Processes().call(time.sleep, 1000, seconds=1)


def test_a_student_of_dots_writes_nowhere_else():
    names = [
        file_name(Submission(name, "06", File("", "", ())), alone=True) for name in ("..", ".", "a.", " a", "a")
    ]
    assert len({*names}) == 5 and not {"..", "."} & {*names}
    assert all(len(PurePosixPath(name).parts) == 1 for name in names)


def test_outputs_in_many_cells_are_limited_together(tmp_path, monkeypatch):
    monkeypatch.setattr("gan_course.instructor.marking.MOST_WRITTEN", 1500)
    book = toy.notebook()
    book.cells[1].source = "import numpy as np\nnumbers = np.arange(5.0)"
    marks = grading.run(
        assignments.load(toy.course(tmp_path))[toy.NAME],
        read(book, ["print('a' * 1000)", "print('b' * 1000)"]),
        Limits(),
        {"double-points": {"numbers": np.ones(5)}, "mean-points": {"numbers": np.ones(7)}, "spread-points": {}},
        sandboxed=False,
    )
    shown = [output["text"] for cell in marks.cells for output in cell["outputs"] if "text" in output]
    assert any("aaa" in text for text in shown) and not any("bbb" in text for text in shown)
    assert any("later ones are left out" in note for note in marks.notes)


def read(book, sources):
    text = json.loads(nbformat.writes(book))
    more = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in sources]
    return read_cells(json.dumps({**text, "cells": [*text["cells"], *more]}).encode())[0]
