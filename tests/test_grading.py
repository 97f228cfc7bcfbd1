"""A class from submissions to marks: the table, the pages, going on after an interruption, points by hand."""

import base64
import csv
import multiprocessing
import os
import re
import time
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

import nbformat  # noqa: E402
from nbgrader.api import Gradebook  # noqa: E402

from gan_course import cli  # noqa: E402
from gan_course.instructor import assignments, gradebook, grading, processes, sandbox  # noqa: E402
from gan_course.instructor.judge import Judge  # noqa: E402
from gan_course.instructor.kernel import EngineError  # noqa: E402
from gan_course.instructor.marking import mark  # noqa: E402
from gan_course.instructor.sandbox import Limits  # noqa: E402
from gan_course.instructor.submissions import read_cells  # noqa: E402
from tests import toy  # noqa: E402

pytestmark = pytest.mark.thorough
PNG = base64.b64encode(b"\x89PNG, as far as this test goes").decode()


@pytest.fixture
def course(tmp_path, monkeypatch):
    toy.course(tmp_path)
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hand_in(course, student, answer="def mean(x): return sum(x) / len(x)", **cells):
    book = toy.notebook()
    book.cells[5].source = answer
    for place, source in cells.items():
        book.cells[int(place[1:])].source = source
    nbformat.write(book, course / "in" / f"{student}.ipynb")


def table(course):
    with (course / "marks.csv").open(encoding="utf-8-sig") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def grade(*options):
    return cli.main(["grade", "in", "--out", "marks.csv", "--no-sandbox", *options])


def test_from_submissions_to_marks(course, capsys):
    hand_in(course, "kim")
    hand_in(course, "=이 순신", "mean = None")
    nbformat.write(assignments.load(course)[toy.NAME].copy, course / "in" / "lee.ipynb")
    (course / "in" / "park.ipynb").write_text("{")
    assert grade() == 0
    printed = capsys.readouterr().out
    assert "4 of 4: " in printed and "1 of 4 could not be marked" in printed
    rows = table(course)
    kim = {"status": "pending", "total": "9.0", "max": "14", "mean-points": "3.0", "why": "pending", "note": ""}
    assert kim.items() <= rows["kim"].items()
    assert rows["'=이 순신"]["total"] == "6.0" and rows["lee"]["total"] == "0.0"
    assert rows["lee"]["note"] == "no answer yet: double-points, mean-points, spread-points, why"
    assert rows["park"]["status"] == "failed" and rows["park"]["total"] == "" and "cut off" in rows["park"]["note"]
    pages = list((course / "marks" / "feedback").iterdir())
    assert len(pages) == 4
    (page,) = (page.read_text() for page in pages if "이 순신" in page.name)
    assert "mean-points: 0 of 3: TypeError" in page and "np.testing" not in page
    summary = (course / "marks" / "summary.html").read_text()
    assert f'<a href="feedback/kim.{toy.NAME}.html">kim</a>' in summary
    assert "<p>3 pending, 1 failed</p>" in summary and "3 students have 5.0 of 14 points on average" in summary
    assert "3 of them have points that are pending and not in this" in summary
    (page,) = (page.read_text() for page in pages if "lee" in page.name)
    assert "double-points: 0 of 2: no answer yet" in page


def test_marks_may_have_the_name_of_the_submissions(course):
    hand_in(course, "kim")
    assert cli.main(["grade", "in", "--out", "in.csv", "--no-sandbox"]) == 0
    assert (course / "in-marks" / "feedback").is_dir() and sorted(
        path.name for path in (course / "in").iterdir()
    ) == ["kim.ipynb"]


def test_a_page_has_the_headings_of_the_tasks(course):
    book = toy.notebook()
    book.cells.insert(5, nbformat.v4.new_markdown_cell("Text.\n\n## Task 2 · The mean (3 points)\n\nMore."))
    toy.course(course, book)
    hand_in(course, "kim", "mean = None")
    grade()
    (page,) = (course / "marks" / "feedback").iterdir()
    assert "Task 2 · The mean: 0 of 3: TypeError" in page.read_text()
    assert "double-points: 2 of 2" in page.read_text()


def test_pictures_that_were_handed_in_are_on_the_page_and_in_nbgraders_copy(course):
    book = toy.notebook()
    output = nbformat.v4.new_output("display_data", {"image/png": PNG, "text/html": "<script>"})
    book.cells[3].outputs = book.cells[5].outputs = [output]  # a locked cell, and an answer
    nbformat.write(book, course / "in" / "kim.ipynb")
    grade()
    (page,) = (course / "marks" / "feedback").iterdir()
    picture = f'<p>Handed in with this cell:</p>\n<img alt="handed in" src="data:image/png;base64,{PNG}">'
    assert page.read_text().count(picture) == 2
    (marked,) = (course / "marks" / "autograded").rglob("*.ipynb")
    outputs = [output for cell in nbformat.read(marked, 4).cells for output in cell.get("outputs", [])]
    shown = [output.data for output in outputs if output.output_type == "display_data"]
    assert shown == [{"image/png": PNG}] * 2


def test_a_page_runs_nothing_of_the_students(course):
    evil = "<script>alert(1)</script>"
    source = (
        f"from IPython.display import HTML, display\ndisplay(HTML({evil!r}))\nprint({evil!r})\n1 / 0  # {evil}"
    )
    hand_in(course, evil.replace("/", ""), source, c9=f"{evil} [x](javascript:alert(1))")
    grade()
    (page,) = (course / "marks" / "feedback").iterdir()
    assert "<script" not in page.read_text().lower() and "default-src 'none'" in page.read_text()
    (marked,) = (course / "marks" / "autograded").rglob("*.ipynb")
    outputs = [output for cell in nbformat.read(marked, 4).cells for output in cell.get("outputs", [])]
    assert all("text/html" not in output.get("data", {}) for output in outputs)
    assert "<script" not in nbformat.read(marked, 4).cells[-1].source


def in_place_of_marking(what):
    """Let grading do something else where it would run a submission."""
    call = grading.Processes.call

    def instead(self, function, *given, **limits):
        return what() if function is grading.run else call(self, function, *given, **limits)

    return instead


def test_what_is_done_is_kept_unless_it_changed(course):
    for student in ("kim", "lee"):
        hand_in(course, student)
    grade()
    kept = course / "marks" / "results"
    before = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    hand_in(course, "lee", "mean = None")
    grade()
    after = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert {name for name in before if before[name] == after[name]} == {f"kim.{toy.NAME}.json"}
    assert table(course)["lee"]["total"] == "6.0"
    book = toy.notebook()
    book.cells[8].source = book.cells[8].source.replace("== 0", "== 1")
    toy.course(course, book)
    grade()
    assert table(course)["kim"]["total"] == "7.0"


def test_an_interruption_keeps_what_is_done(course, monkeypatch):
    for student in ("kim", "lee"):
        hand_in(course, student)

    def interrupt(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grading.grade(Path("in"), Path("marks.csv"), sandboxed=False, say=interrupt)
    done = [path.name for path in (course / "marks" / "results").iterdir()]
    assert done
    if len(done) == 2:
        monkeypatch.setattr(grading.Processes, "call", in_place_of_marking(lambda: pytest.fail("graded again")))
    assert len(grading.grade(Path("in"), Path("marks.csv"), sandboxed=False)) == 2


def test_a_second_call_with_nothing_new_writes_no_page_and_no_mark_again(course, monkeypatch):
    def written():
        places = [*(course / "marks" / "feedback").iterdir(), *(course / "marks").glob("*.html")]
        return {
            path: path.stat().st_mtime_ns
            for path in [*places, *(course / "marks" / "autograded").rglob("*.ipynb")]
        }

    for student in ("kim", "lee"):
        hand_in(course, student)
    grade()
    before, marks = written(), table(course)
    assert len(before) == 6
    grade()
    assert written() == before and table(course) == marks
    hand_in(course, "lee", "mean = None")
    grade()
    changed = {path for path, when in written().items() if when != before[path]}
    assert {path.name for path in changed} == {f"lee.{toy.NAME}.html", "summary.html", f"{toy.NAME}.ipynb"}


def test_only_the_processes_of_this_grading_end_with_it(course, monkeypatch):
    (course / "in" / "kim.ipynb").write_text("{")  # done at once
    hand_in(course, "lee")
    fork = multiprocessing.get_context("fork")
    monkeypatch.setattr(grading.Judge, "inputs", lambda *_: {})
    monkeypatch.setattr(processes, "CONTEXT", fork)
    send = processes._send
    stuck = lambda *given: time.sleep(60) if given[1] is grading.run else send(*given)  # noqa: E731
    monkeypatch.setattr(processes, "_send", stuck)
    own = fork.Process(target=time.sleep, args=(60,), daemon=True)
    own.start()

    def interrupt(line):
        wait_for(lambda: len(multiprocessing.active_children()) == 2)
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            grading.grade(Path("in"), Path("marks.csv"), sandboxed=False, say=interrupt)
        wait_for(lambda: multiprocessing.active_children() == [own])
        own.join(timeout=0.5)  # one that was ended needs a moment
        assert own.exitcode is None
    finally:
        own.kill()


def wait_for(condition, seconds=300):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_gradebook_that_cannot_be_made_leaves_path_as_it_was(course, monkeypatch):
    def fail(url):
        assert os.environ["PATH"] != "/usr/bin"
        raise OSError("no program")

    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setattr(gradebook, "Gradebook", fail)
    with pytest.raises(OSError, match="no program"):
        gradebook.Book(course / "marks", {})
    assert os.environ["PATH"] == "/usr/bin"


def test_points_by_hand_come_from_nbgraders_gradebook(course):
    hand_in(course, "kim")
    grade()
    with Gradebook(f"sqlite:///{course}/marks/gradebook.db") as book:
        given = book.find_grade("why", toy.NAME, toy.NAME, "kim")
        assert given.needs_manual_grade and given.auto_score is None
        assert book.find_grade("mean-points", toy.NAME, toy.NAME, "kim").auto_score == 3
        given.manual_score, given.needs_manual_grade = 4.5, False
        book.db.commit()
    grade()
    assert {"status": "ok", "total": "13.5", "why": "4.5"}.items() <= table(course)["kim"].items()
    hand_in(course, "kim", c9="Another answer.")
    grade()
    assert {"status": "pending", "total": "9.0", "why": "pending"}.items() <= table(course)["kim"].items()


def test_points_and_comments_by_hand_contradict_nothing(course):
    hand_in(course, "kim", "mean = None")
    nbformat.write(assignments.load(course)[toy.NAME].copy, course / "in" / "lee.ipynb")
    grade()
    assert "mean-points: 0 of 3: TypeError" in page_of(course, "kim")
    with Gradebook(f"sqlite:///{course}/marks/gradebook.db") as book:
        for student in ("kim", "lee"):
            given = book.find_grade("mean-points", toy.NAME, toy.NAME, student)
            given.manual_score = 3
        book.find_comment("mean", toy.NAME, toy.NAME, "kim").manual_comment = "on paper"
        book.find_comment("why", toy.NAME, toy.NAME, "kim").manual_comment = "<b>think</b> of the middle"
        book.db.commit()
    grade()
    rows, page = table(course), page_of(course, "kim")
    assert (rows["kim"]["mean-points"], rows["kim"]["total"]) == ("3.0", "9.0")
    assert "mean-points: 3 of 3, by hand" in page and "TypeError: &#39;NoneType" not in page
    assert "Comment on why: &lt;b&gt;think&lt;/b&gt; of the middle" in page
    assert "why: <b>think</b> of the middle" in rows["kim"]["note"]
    assert rows["lee"]["note"] == "no answer yet: double-points, spread-points, why"


def page_of(course, student):
    return (course / "marks" / "feedback" / f"{student}.{toy.NAME}.html").read_text()


def test_a_review_that_is_settled_stays_so_until_something_else_is_handed_in(course, capsys):
    hand_in(course, "Copy of 01_numbers")
    hand_in(course, "lee")
    grade()
    who = "Copy of 01_numbers"
    assert table(course)[who]["status"] == "review"
    assert grade("--reviewed", who) == 0
    assert grade() == 0
    row = table(course)[who]
    assert row["status"] == "pending" and row["note"].endswith("; reviewed")
    hand_in(course, who, "mean = None")
    grade()
    assert table(course)[who]["status"] == "review"
    assert grade("--reviewed", "park") == 2
    assert f"--reviewed is park; expected a name in the column student: {who}, lee" in capsys.readouterr().err


def test_a_failure_of_the_engine_is_no_mark_and_is_tried_again(course, monkeypatch):
    hand_in(course, "kim")

    def fail():
        raise EngineError("no kernel")

    with monkeypatch.context() as patch:
        patch.setattr(grading.Processes, "call", in_place_of_marking(fail))
        grade()
    assert {"status": "failed", "total": "", "mean-points": ""}.items() <= table(course)["kim"].items()
    assert "grading failed, run it again: EngineError: no kernel" in table(course)["kim"]["note"]
    grade()
    assert table(course)["kim"]["total"] == "9.0"


def test_a_package_that_the_machine_lacks_is_no_mark(course):
    toy.course(course, name="01_numbers")
    hand_in(course, "kim")
    path = course / "solutions" / toy.NAME / f"{toy.NAME}.ipynb"
    path.write_text(path.read_text().replace("import numpy as np", "import numpy as np, no_such_package"))
    grade()
    row = table(course)["kim"]
    assert row["status"] == "failed" and row["total"] == "" and "no_such_package" in row["note"]


def test_without_a_sandbox_it_refuses_and_says_why(course, monkeypatch, capsys):
    hand_in(course, "kim")
    monkeypatch.setattr(sandbox.shutil, "which", lambda tool: None)
    assert cli.main(["grade", "in", "--out", "marks.csv"]) == 2
    error = capsys.readouterr().err
    assert "bwrap" in error and "apt-get install bubblewrap" in error and "add --no-sandbox" in error
    assert not (course / "marks.csv").exists()


@pytest.mark.parametrize(
    ("folder", "out", "message"),
    [
        ("nowhere", "marks.csv", "nowhere does not exist"),
        ("solutions", "marks.txt", "ends in .csv"),
        ("in", "in/marks.csv", "lies inside in"),
        ("in", "marks.csv", "in holds no notebook"),
    ],
)
def test_the_command_refuses_in_one_sentence(course, capsys, folder, out, message):
    assert cli.main(["grade", folder, "--out", out, "--no-sandbox"]) == 2
    assert re.fullmatch(rf"gan-course: .*{re.escape(message)}.*\n", capsys.readouterr().err)


def test_a_damaged_gradebook_is_named(course, capsys):
    hand_in(course, "kim")
    (course / "marks").mkdir()
    (course / "marks" / "gradebook.db").write_text("damaged, and no database")
    assert grade() == 2
    message = r"gan-course: marks.gradebook\.db cannot be used \(file is not a database\); .+\n"
    assert re.fullmatch(message, capsys.readouterr().err)


def test_tensorflow_and_what_it_writes_cost_no_marks(course):
    book = toy.notebook()
    book.cells[1].source += "\nimport keras"
    book.cells[5].source = (
        "def mean(x):\n    ### BEGIN SOLUTION\n    import sys\n    print('I0000 cpu', file=sys.stderr)\n"
        "    return float(keras.ops.mean(keras.ops.convert_to_tensor(x, 'float32')))\n    ### END SOLUTION"
    )
    toy.course(course, book)
    known = assignments.load(course)[toy.NAME]
    sandboxed = not sandbox.why_not()
    marks = marked(known, book, sandboxed)
    assert (marks.points["mean-points"], marks.status, marks.notes) == (3, "pending", [])


def marked(known, book, sandboxed=False):
    with Judge() as judge:
        cells = read_cells(nbformat.writes(book).encode())[0]
        return mark(known, cells, Limits(), judge, "a seed", sandboxed=sandboxed)


def test_a_part_of_the_points_can_be_earned(course):
    book = toy.notebook()
    book.cells[7].source = "def spread(x): return 3"
    marks = marked(assignments.load(course)[toy.NAME], book)
    assert marks.points["spread-points"] == 2


@pytest.mark.parametrize(
    ("judge", "reason"),
    [
        ("def judge(inputs, answers):\n    return 1000", "judge returned 1000.0; expected from 0 to 4 points"),
        ("def judge(inputs, answers):\n    raise MemoryError('full')", "MemoryError: full"),
    ],
)
def test_a_judge_that_fails_is_no_mark(course, judge, reason):
    book = toy.notebook()
    book.cells[8].source = book.cells[8].source.partition("def judge")[0] + f"{judge}\n### END HIDDEN TESTS"
    toy.course(course, book)
    hand_in(course, "kim")
    grade()
    row = table(course)["kim"]
    assert row["status"] == "failed" and row["total"] == "" and reason in row["note"]


def test_the_number_of_steps_is_set_small(course):
    hand_in(course, "kim", c1="import os\nprint('steps:', os.environ['GAN_COURSE_STEPS'])")
    grade()
    (page,) = (course / "marks" / "feedback").iterdir()
    assert int(re.search(r"steps: (\d+)", page.read_text())[1]) < 50
