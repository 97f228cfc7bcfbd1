"""The questions before and after each lesson: what their files hold, and what answers to a choice."""

import re
import tomllib

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter

from gan_course.widgets import Quiz
from gan_course.widgets.quiz import PARTS, QUIZZES, read_quiz
from tests.test_notebooks import LESSONS

VIEW = "application/vnd.jupyter.widget-view+json"
NUMBERS = [path.name[:2] for path in LESSONS]
ALL = [(lesson, part) for lesson in NUMBERS for part in PARTS]


@pytest.fixture(params=ALL, ids="-".join)
def quiz(request):
    return Quiz(*request.param)


def shown(quiz: Quiz) -> dict:
    """What the cell puts out, by kind."""
    return DisplayFormatter().format(quiz)[0]


def reasons(html: str) -> str:
    return re.sub(r"</?code>", "`", html).replace("&lt;", "<").replace("&amp;", "&")


def test_every_lesson_has_a_file_of_questions_and_no_file_lies_idle():
    assert sorted(path.stem for path in QUIZZES.iterdir()) == NUMBERS
    for lesson in NUMBERS:
        assert set(tomllib.loads((QUIZZES / f"{lesson}.toml").read_text(encoding="utf-8"))) == set(PARTS)


@pytest.mark.parametrize("lesson", NUMBERS)
def test_there_are_as_many_questions_as_a_lesson_wants(lesson):
    assert 2 <= len(read_quiz(lesson, "before")) <= 4
    assert 3 <= len(read_quiz(lesson, "after")) <= 5


@pytest.mark.parametrize(("lesson", "part"), ALL)
def test_each_question_has_one_right_choice_and_a_reason_for_each(lesson, part):
    for question in read_quiz(lesson, part):
        letters = list(question.choices)
        assert 3 <= len(letters) <= 4 and letters == list("ABCD")[: len(letters)]
        assert question.right in letters
        assert question.text.endswith(("?", "."))
        assert all(choice.text and choice.why for choice in question.choices.values())
        for texts in zip(*question.choices.values(), strict=True):
            assert len(set(texts)) == len(texts), "two choices say the same"


def test_no_question_is_asked_twice():
    texts = [question.text for lesson, part in ALL for question in read_quiz(lesson, part)]
    assert len(set(texts)) == len(texts)


def test_the_right_choice_is_not_always_the_same_letter():
    for lesson in NUMBERS:
        letters = [question.right for part in PARTS for question in read_quiz(lesson, part)]
        assert max(map(letters.count, letters)) <= len(letters) / 2


def test_a_choice_says_whether_it_is_right_and_why(quiz):
    for asked in quiz.children:
        assert asked.letters.value is None and asked.verdict.value == ""
        for letter, choice in asked.question.choices.items():
            asked.letters.value = letter
            verdict = reasons(asked.verdict.value)
            assert choice.why in verdict
            assert ("Right." in verdict) == (letter == asked.question.right)
            assert ("Not this one." in verdict) == (letter != asked.question.right)


def test_an_answer_changes_only_its_own_verdict():
    first, *others = Quiz("01", "after").children
    first.letters.value = "A"
    assert first.verdict.value and not any(asked.verdict.value for asked in others)


def test_the_question_and_its_choices_stand_above_the_buttons(quiz):
    for asked in quiz.children:
        text, letters, verdict = asked.children
        for part in (asked.question.text, *(choice.text for choice in asked.question.choices.values())):
            assert part in reasons(text.value)
        assert letters.options == tuple(asked.question.choices)
        assert list(letters.tooltips) == [choice.text for choice in asked.question.choices.values()]
        assert verdict is asked.verdict


def test_a_cell_s_output_is_the_widget_and_a_text_that_needs_none(quiz):
    data = shown(quiz)
    assert data[VIEW]["model_id"] == quiz.model_id
    html, plain = reasons(data["text/html"]), data["text/plain"]
    assert html.count("<details>") == len(quiz.children)
    for asked in quiz.children:
        open_part, _, folded = html[html.index(asked.question.text) :].partition("<details>")
        folded = folded.partition("</details>")[0]
        assert folded.count("Right.") == 1 and asked.question.text in plain
        for choice in asked.question.choices.values():
            assert choice.text in open_part and choice.text in plain
            assert choice.why in folded and choice.why not in open_part + plain


def test_the_output_is_the_same_each_time():
    first, second = (shown(Quiz("04", "after")) for _ in range(2))
    assert first.pop(VIEW) != second.pop(VIEW)
    assert first == second


def test_what_looks_like_html_in_a_question_is_text(tmp_path, monkeypatch):
    (tmp_path / "01.toml").write_text(
        '[[after]]\nquestion = "Is `a<b` & c?"\nright = "A"\nA = ["<yes>", "a < b"]\nB = ["no", "b > a"]\n'
    )
    monkeypatch.setattr("gan_course.widgets.quiz.QUIZZES", tmp_path)
    (asked,) = Quiz("01", "after").children
    asked.letters.value = "A"
    assert "<code>a&lt;b</code> &amp; c?" in asked.children[0].value
    assert "&lt;yes&gt;" in asked.children[0].value and "a &lt; b" in asked.verdict.value


@pytest.mark.parametrize(("lesson", "part"), [("6", "after"), ("01", "during")])
def test_a_quiz_that_is_not_there_is_named(lesson, part):
    with pytest.raises(
        ValueError, match=f"no quiz \\('{lesson}', '{part}'\\); the lessons are 01, 02, 03, 04, 05"
    ):
        Quiz(lesson, part)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_each_lesson_begins_and_ends_with_its_quiz_as_the_file_has_it(path):
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    order = list(cells)
    assert order.index("quiz-before") < next(i for i, cell in enumerate(order) if "## 1 ·" in cells[cell].source)
    assert order.index("quiz-after") == order.index("check-yourself") + 1
    for part in PARTS:
        cell = cells[f"quiz-{part}"]
        assert cell.source.endswith(f'Quiz("{path.name[:2]}", "{part}")')
        (output,) = cell.outputs
        expected = shown(Quiz(path.name[:2], part))
        assert output.data == {kind: text for kind, text in expected.items() if kind != VIEW}
