"""Check yourself: questions where each choice says at once whether it is right, and why."""

import html
import re
import tomllib
from typing import NamedTuple

import ipywidgets as widgets

from gan_course.places import DATA
from gan_course.widgets.shell import Shown

QUIZZES = DATA / "quizzes"
PARTS = ("before", "after")

_VERDICTS = {True: ("#009E73", "✓ Right."), False: ("#D55E00", "✗ Not this one.")}


class Choice(NamedTuple):
    """What can be chosen, and why it is right or wrong."""

    text: str
    why: str


class Question(NamedTuple):
    """A question, its choices by letter, and the letter of the right one."""

    text: str
    choices: dict[str, Choice]
    right: str


def read_quiz(lesson: str, part: str) -> list[Question]:
    """Return the questions of a lesson, as its file `data/quizzes/LESSON.toml` holds them.

    Args:
        lesson: Its number, such as `"01"`.
        part: `"before"` or `"after"` the lesson.

    Raises:
        ValueError: If there is no such quiz.

    Example:
        >>> from gan_course.widgets.quiz import read_quiz
        >>> question = read_quiz("01", "after")[0]
        >>> question.choices[question.right].text
        '3 × 3'
    """
    lessons = sorted(path.stem for path in QUIZZES.glob("*.toml"))
    if lesson not in lessons or part not in PARTS:
        raise ValueError(
            f"there is no quiz ({lesson!r}, {part!r}); the lessons are {', '.join(lessons)}, "
            f"the parts {' and '.join(PARTS)}"
        )
    entries = tomllib.loads((QUIZZES / f"{lesson}.toml").read_text(encoding="utf-8"))[part]
    return [_question(**entry) for entry in entries]


def _question(question: str, right: str, **choices: list[str]) -> Question:
    return Question(question, {letter: Choice(*pair) for letter, pair in choices.items()}, right)


class AskedQuestion(widgets.VBox):
    """One question: its choices, a button for each letter, and the verdict on the letter that was chosen.

    Args:
        number: The question's number.
        question: What is asked.

    Attributes:
        letters: The buttons; their `value` is the letter chosen, or None.
        verdict: The HTML that says whether the choice is right, and why; empty before the first choice.

    Example:
        >>> from gan_course.widgets.quiz import AskedQuestion, read_quiz
        >>> asked = AskedQuestion(1, read_quiz("01", "after")[0])
        >>> asked.letters.value = asked.question.right
        >>> "Right." in asked.verdict.value
        True
    """

    def __init__(self, number: int, question: Question) -> None:
        """Ask; nothing is chosen yet."""
        self.question = question
        self.letters = widgets.ToggleButtons(
            options=list(question.choices),
            value=None,
            tooltips=[choice.text for choice in question.choices.values()],
            style={"button_width": "3em"},
        )
        self.verdict = widgets.HTML(layout={"min_height": "3.5em"})
        self.letters.observe(self._judge, "value")
        asked = widgets.HTML(f'<div style="line-height: 1.4">{_asked(number, question)}</div>')
        super().__init__([asked, self.letters, self.verdict])

    def _judge(self, change: object) -> None:
        letter = self.letters.value
        color, word = _VERDICTS[letter == self.question.right]
        style = f"line-height: 1.4; border-left: 4px solid {color}; padding-left: 8px"
        why = _marked(self.question.choices[letter].why)
        self.verdict.value = f'<div role="status" style="{style}"><b>{letter}: {word}</b> {why}</div>'


class Quiz(Shown):
    """The questions before or after a lesson: choose a letter, and read whether it is right and why.

    Where no kernel runs (on GitHub, in print, in an exported file), the output of the cell is the questions and
    their choices, each with an answer that opens. `children` are the questions.

    Args:
        lesson: Its number, such as `"01"`.
        part: `"before"` or `"after"` the lesson.

    Raises:
        ValueError: If there is no such quiz.

    Example:
        >>> from gan_course.widgets import Quiz
        >>> len(Quiz("01", "after").children)
        5
    """

    def __init__(self, lesson: str, part: str) -> None:
        """Ask all questions."""
        asked = [AskedQuestion(*numbered) for numbered in enumerate(read_quiz(lesson, part), start=1)]
        super().__init__(asked, layout={"max_width": "700px"})

    def still(self) -> dict[str, object]:
        """Return the questions, with answers that open."""
        numbered = list(enumerate((asked.question for asked in self.children), start=1))
        return {
            "text/plain": "\n".join(_plain(number, question) for number, question in numbered),
            "text/html": "<br>\n".join(
                _asked(number, question) + _folded(question) for number, question in numbered
            ),
        }


def _asked(number: int, question: Question) -> str:
    # letters as text: where a notebook is not trusted, the page drops the letters of a list
    choices = (f"<b>{letter}</b>&ensp;{_marked(choice.text)}" for letter, choice in question.choices.items())
    return f"<p><b>{number}.</b> {_marked(question.text)}</p><p>{'<br>'.join(choices)}</p>"


def _folded(question: Question) -> str:
    reasons = "".join(
        f"<p><b>{letter}: {_VERDICTS[letter == question.right][1]}</b> {_marked(choice.why)}</p>"
        for letter, choice in question.choices.items()
    )
    return f"<details><summary>Answer</summary>{reasons}</details>"


def _plain(number: int, question: Question) -> str:
    choices = [f"   {letter}  {choice.text}" for letter, choice in question.choices.items()]
    return "\n".join([f"{number}. {question.text}", *choices])


def _marked(text: str) -> str:
    return re.sub(r"`(.+?)`", r"<code>\1</code>", html.escape(text, quote=False))
