"""Submissions that are alike beyond what everybody writes."""

import re

import pytest

pytest.importorskip("nbgrader")

from gan_course.instructor import assignments, pages  # noqa: E402
from gan_course.instructor.similar import FEW, similar, similar_kept  # noqa: E402
from gan_course.instructor.submissions import Cell, File, Submission  # noqa: E402
from tests import toy  # noqa: E402

KIM = '''def mean(x):
    """Return the mean of some numbers."""
    total, count = 0.0, 0
    for value in sorted(x):
        if value is not None and abs(value) < 1e12:
            total, count = total + float(value), count + 1
    return total / max(count, 1)
'''
SPREAD = """def spread(x):
    smallest, largest = float("inf"), float("-inf")
    for value in list(x):
        smallest = value if value < smallest else smallest
        largest = value if value > largest else largest
    difference = largest - smallest
    return difference if difference > 0 else 0
"""
OWN_WAY = [
    "def mean(x):\n    import statistics\n    return statistics.fmean([*map(float, x)]) if len(x) else 0.0\n",
    "def spread(x):\n    ordered = np.sort(np.asarray(x, dtype='float64'), kind='stable')\n"
    "    middle = ordered[1:-1].copy()\n    assert middle.shape[0] == max(0, len(ordered) - 2)\n"
    "    return (ordered[-1] - ordered[0]).item() if ordered.size else None\n",
]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return assignments.load(toy.course(tmp_path_factory.mktemp("course")))


def handed_in(student, known, *sources, solution=False):
    book = known[toy.NAME].source if solution else known[toy.NAME].copy
    cells = [Cell(cell.cell_type, cell.source) for cell in book.cells]
    return Submission(
        student, toy.NAME, File(student, student, (), cells=(*cells, *(Cell("code", each) for each in sources)))
    )


def renamed(source):
    for old, new in (("value", "v"), ("total", "summe"), ("smallest", "a"), ("largest", "b"), ("count", "n")):
        source = re.sub(rf"\b{old}\b", new, source)
    return source.replace("Return the mean of some numbers.", "Mittelwert")


def found(known, *submissions):
    return [(pair.first.student, pair.second.student) for pair in similar(submissions, known)]


def test_names_comments_and_the_order_of_cells_hide_nothing(known):
    kim = handed_in("kim", known, KIM, SPREAD)
    lee = handed_in("lee", known, f"# mine\n{renamed(SPREAD)}", renamed(KIM))
    park = handed_in("park", known, *OWN_WAY)
    assert found(known, kim, lee, park) == [("kim", "lee")]
    (pair,) = similar([kim, lee], known)
    assert pair.share > 0.95 and all(code.count("<mark>") for code in pair.code)


def test_what_one_adds_does_not_hide_what_both_have(known):
    kim, lee = handed_in("kim", known, KIM, SPREAD), handed_in("lee", known, KIM, SPREAD, *OWN_WAY)
    assert found(known, kim, lee) == [("kim", "lee")]


def test_what_was_handed_out_and_the_solution_make_nobody_alike(known):
    assert found(known, handed_in("kim", known), handed_in("lee", known)) == []
    assert found(known, *(handed_in(who, known, solution=True) for who in ("kim", "lee"))) == []


def test_what_many_write_makes_nobody_alike(known):
    few = [handed_in(f"student {number}", known, KIM, SPREAD) for number in range(FEW)]
    assert len(found(known, *few)) == FEW * (FEW - 1) / 2
    assert found(known, *few, handed_in("one more", known, KIM, SPREAD)) == []


def test_a_little_that_is_equal_makes_nobody_alike(known):
    short = "def mean(x):\n    return sum([float(each) for each in x]) / len(x) if x else 0\n"
    assert found(known, handed_in("kim", known, short), handed_in("lee", known, short)) == []


def test_pairs_are_kept_until_something_else_is_handed_in(known, tmp_path, monkeypatch):
    kim, lee, own = (handed_in(who, known, KIM, SPREAD) for who in ("kim", "lee", "own"))
    first = similar_kept(tmp_path / "kept.json", [kim, lee], known)
    assert [(pair.first, pair.second) for pair in first] == [(kim, lee)]
    with monkeypatch.context() as patch:
        patch.setattr("gan_course.instructor.similar.similar", lambda *args: pytest.fail("compared again"))
        again = similar_kept(tmp_path / "kept.json", [kim, lee], known)
    assert pages.alike(again) == pages.alike(first) and again[0].first is kim
    assert len(similar_kept(tmp_path / "kept.json", [kim, lee, own], known)) == 3


def test_the_page_shows_both_and_runs_nothing(known):
    evil = f'{KIM}\nprint("<script>alert(1)</script>", "<mark>")\n'
    page = pages.alike(similar([handed_in(who, known, evil, SPREAD) for who in ("kim", "<b>lee")], known))
    assert "&lt;b&gt;lee" in page and "<script" not in page and "&lt;mark&gt;" in page
    assert "1 pair of submissions shares at least 60 %" in page and "<mark>" in page
    assert "No pairs of submissions share" in pages.alike([])
