"""The judge: inputs that nobody knows before and anybody can draw again, verdicts on plain data, limits."""

from dataclasses import replace

import keras
import numpy as np
import pytest

pytest.importorskip("nbgrader")

from gan_course.instructor import assignments, evidence  # noqa: E402
from gan_course.instructor.grading import Progress  # noqa: E402
from gan_course.instructor.judge import Judge, Verdict  # noqa: E402
from gan_course.instructor.kernel import EngineError  # noqa: E402
from tests import toy  # noqa: E402


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return assignments.load(toy.course(tmp_path_factory.mktemp("course")))[toy.NAME]


@pytest.fixture(scope="module")
def judge():
    with Judge() as judge:
        yield judge


def test_the_same_seed_draws_the_same_inputs_and_another_others(known, judge):
    first, again, other = (judge.inputs(known, seed)["mean-points"]["numbers"] for seed in ("a", "a", "b"))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert judge.inputs(known, "a")["spread-points"] == {}


def test_a_right_answer_has_all_points_and_a_missing_one_none(known, judge):
    inputs = judge.inputs(known, "a")
    answers = {
        "mean-points": {"mean": inputs["mean-points"]["numbers"].mean()},
        "spread-points": {"one": 3, "none": 1},
    }
    assert judge.verdicts(known, inputs, answers) == {
        "double-points": Verdict(0.0),
        "mean-points": Verdict(3.0),
        "spread-points": Verdict(2.0, "right in part"),
    }


@pytest.mark.parametrize(
    ("answer", "reason", "odd"),
    [
        ({"mean": 7}, "the mean of seven numbers", False),
        ({}, "there is no answer mean", False),
        ({"mean": None}, "there is no answer mean", False),
        ({"mean": []}, "the answer mean is empty", False),
        ({"mean": np.zeros((0, 1))}, "the answer mean is empty", False),
        ({"mean": [[3.0, np.zeros(0)]]}, "the answer mean is empty", False),
        ({"mean": np.nan}, "the mean of seven numbers", False),
        ({"mean": [1, [2, 3]]}, "the answer has another form than asked: ", True),
    ],
)
def test_a_wrong_answer_is_told(known, judge, answer, reason, odd):
    found = judge.verdicts(known, judge.inputs(known, "a"), {"mean-points": answer})["mean-points"]
    assert found.points == 0 and found.reason.startswith(reason) and found.odd == odd


def with_judge(known, source):
    book = toy.notebook()
    book.cells[
        8
    ].source = f"### BEGIN HIDDEN TESTS\ndef ask(inputs): ...\n### JUDGE\n{source}\n### END HIDDEN TESTS"
    return replace(known, source=book)


def test_a_judge_that_never_ends_is_ended_and_the_next_question_is_answered(known):
    slow = with_judge(known, "def judge(inputs, answers):\n    while True: pass")
    with Judge(seconds=15) as judge:
        with pytest.raises(EngineError, match="took longer than 15 s"):
            judge.verdicts(slow, judge.inputs(slow, "a"), {"spread-points": {}})
        assert judge.inputs(known, "a")


def test_a_judge_whose_process_dies_says_so(known):
    dying = with_judge(known, "import os\nos._exit(3)\ndef judge(inputs, answers): ...")
    with Judge() as judge, pytest.raises(EngineError, match="ended"):
        judge.inputs(dying, "a")


def test_networks_are_compared_by_their_weights_and_answers():
    def line(units=1):
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])

    asked, theirs = np.eye(4, 3, dtype="float32"), line()
    drawn, weights = theirs.predict(asked, verbose=0), theirs.get_weights()
    zeros = [0 * weight for weight in weights]
    evidence.same_network("line", line(), weights, asked, drawn)
    for reference, given, answered in [
        (line(), weights, drawn + 0.1),
        (line(), weights, drawn[:2]),
        (line(2), weights, drawn),
        (line(), weights[:1], drawn),
        (line(), zeros, 0 * drawn),  # any layers would answer so
    ]:
        with pytest.raises(AssertionError, match="the line"):
            evidence.same_network("line", reference, given, asked, answered)


def test_trainings_are_compared_by_where_they_end():
    start = [np.zeros(3), np.zeros((2, 2))]
    ours = [each + 1 for each in start]
    assert evidence.same_way(start, ours, [each + 0.95 for each in start])
    assert not evidence.same_way(start, ours, start) and not evidence.same_way(start, ours, ours[:1])
    assert evidence.moved(start, ours) and not evidence.moved(start, [ours[0], start[1]])
    assert not evidence.moved(start, [ours[0], ours[1] * np.nan])


def test_progress_names_who_is_graded_and_how_long_the_rest_takes(monkeypatch):
    progress = Progress(10)
    progress.start -= 100
    assert progress.of("lee", lambda: (progress.done("kim"), progress.rest())) == (
        "1 of 10: kim",
        "; about 16 min left, now lee",
    )
    assert progress.rest() == ""
