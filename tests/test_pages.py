"""The pages of grading: what is on them, what is not, and where links lead."""

import re
from urllib.parse import unquote

import pytest

pytest.importorskip("nbgrader")

from nbformat.v4 import new_markdown_cell  # noqa: E402

from gan_course.instructor import assignments, pages  # noqa: E402
from gan_course.instructor.marking import Marks  # noqa: E402
from gan_course.instructor.submissions import File, Submission  # noqa: E402
from gan_course.instructor.table import Row  # noqa: E402
from tests import toy  # noqa: E402

POINTS = {"double-points": 2.0, "mean-points": 0.0, "spread-points": 4.0, "why": None}
HEADING = "## Task 2 · The mean (3 points)"


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    book = toy.notebook()
    book.cells.insert(-1, new_markdown_cell("## Why? (5 points)", id="question"))
    book.cells.insert(5, new_markdown_cell(HEADING, id="heading"))
    return assignments.load(toy.course(tmp_path_factory.mktemp("course"), book))


def shown(known, **changes):
    """Return the cells of a marked notebook: the exercise as it was handed out, with some cells changed."""
    cells = []
    for cell in known[toy.NAME].copy.cells:
        name = assignments.grade_id(cell)
        own = cell.metadata.get("nbgrader", {}).get("solution", name is None and cell.cell_type == "code")
        points = cell.metadata.get("nbgrader", {}).get("points")
        earned = POINTS[name] if points and not own else None
        basis = {"kind": cell.cell_type, "source": cell.source, "name": name, "own": own, "points": points}
        more = {"pictures": [], "outputs": [], "error": "", "earned": earned}
        cells.append(basis | more | changes.get((name or "").replace("-", "_"), {}))
    return cells


def row(known, student="kim", status="pending", cells=(), points=POINTS, **marks):
    submission = Submission(student, toy.NAME, File(student, student, ()))
    return Row(submission, Marks(status, points=dict(points), cells=list(cells), **marks))


def test_each_task_is_linked_to_its_part(known):
    page = pages.feedback(row(known, cells=shown(known)), known)
    anchors = re.findall(r'<a href="#([^"]+)">', page)
    assert len(anchors) == 4 and set(anchors) <= set(re.findall(r'<h2 id="([^"]+)">', page))
    assert '<a href="#task-2-the-mean">Task 2 · The mean</a>' in page
    assert page.index('<h2 id="task-2-the-mean">') < page.index("Task 2 · The mean: 0 of 3")


def test_what_the_student_changed_is_open_and_the_rest_folded(known):
    page = pages.feedback(row(known, cells=shown(known, mean={"source": "mean = 7"})), known)
    opened = re.findall(r"<details open><summary>(.*?)</summary>\n<pre>(.*?)</pre>", page, re.DOTALL)
    assert opened == [("mean", "mean = 7")]
    assert "<details><summary>double, as it was handed out</summary>" in page


def test_no_terminal_codes_and_each_sentence_once(known):
    error = "NameError: name 'x' is not defined"
    changed = {"source": "x", "error": error, "outputs": [{"text": "\x1b[31mred\x1b[0m \u202eback"}]}
    marks = row(
        known, cells=shown(known, mean=changed), notes=[f"Task 2 · The mean, cell mean: {error}", "a note"]
    )
    page = pages.feedback(marks, known)
    assert page.count("is not defined") == 1 and "<p>a note</p>" in page
    assert "<pre>red \ufffdback</pre>" in page and "\x1b" not in page


def test_suspicions_are_for_the_instructor_alone(known):
    suspect = row(known, cells=shown(known), status="review", notes=["seen by all"], private=["it forges answers"])
    page, table = pages.feedback(suspect, known), pages.summary([suspect], known)
    assert "seen by all" in page and "forges" not in page
    assert "seen by all; it forges answers" in table


def test_pending_is_not_nothing(known):
    page = pages.feedback(row(known, cells=shown(known)), known)
    assert "6 of 14, 5 pending" in page and '<td class="wait">pending, of 5</td>' in page
    done = row(known, "lee", "ok", points=POINTS | {"why": 5.0})
    table = pages.summary([row(known), done], known)
    assert "2 students have 8.5 of 14 points on average; 1 of them have points that are pending" in table
    assert "6 of 14, 5 pending" in table and "11 of 14<" in table
    assert (
        table.index("<td>Task 2 · The mean</td>")
        < table.index("<td>double-points</td>")
        < table.index("<td>Why?</td>")
    )


def test_a_name_leads_to_its_page_whatever_it_is(known, tmp_path):
    who = 'Kim & "Lee" <b>?#'
    pages.write_feedback(tmp_path, row(known, who, cells=shown(known)), known)
    (page,) = (tmp_path / "feedback").iterdir()
    table = pages.summary([row(known, who)], known)
    (link,) = re.findall(r'href="(feedback/[^"]+)"', table)
    assert "<b>" not in table
    assert (tmp_path / unquote(link)) == page


def test_each_status_that_there_is_can_be_chosen(known):
    table = pages.summary([row(known), row(known, "lee", "ok")], known)
    for status in ("ok", "pending"):
        assert (
            f'id="show-{status}"' in table and f"#show-{status}:checked ~ .scroll tr.row:not(.{status})" in table
        )
        assert f'<tr class="row {status}">' in table
    assert "show-failed" not in table


def test_an_image_that_is_none_is_left_out(known):
    cell = {"pictures": ["<no base64>", "iVBORw0KGgo="]}
    page = pages.feedback(row(known, cells=shown(known, mean=cell)), known)
    assert page.count("<img") == 1 and 'src="data:image/png;base64,iVBORw0KGgo="' in page
