import numpy as np
import pytest

from gan_course import GAN
from gan_course.tasks import public_check, ready, small_networks


@pytest.mark.parametrize("missing", [None, ...])
def test_a_missing_answer_is_said_to_be_not_done_and_is_not_looked_at(missing, capsys):
    public_check("Task 1", np.zeros(3), missing)(lambda a, b: 1 / 0)
    said = "Task 1 is not done yet: nothing was returned. Write your answer in place of ..."
    assert capsys.readouterr().out.startswith(said)


def test_the_first_failure_is_told_in_one_line(capsys):
    def check(answer):
        raise AssertionError(f"found {answer}")

    public_check("Task 2", 1)(check)
    assert capsys.readouterr().out == "Task 2 is not right yet: found 1.\n"


@pytest.mark.parametrize("answer", [0, False, "", np.zeros(2)])
def test_a_right_answer_is_seen_as_one_also_when_it_is_empty(answer, capsys):
    public_check("Task 3", answer)(lambda found: None)
    assert capsys.readouterr().out == "Task 3 looks right.\n"


def test_an_error_inside_an_answer_is_shown_as_it_is():
    with pytest.raises(ZeroDivisionError):
        public_check("Task 4", 1)(lambda answer: answer / 0)


def test_a_cell_that_waits_says_what_for(capsys):
    assert ready(0, np.zeros(2)) and not capsys.readouterr().out
    assert not ready(1, None) and "task above" in capsys.readouterr().out


@pytest.mark.parametrize("channels", [1, 3])
def test_the_small_networks_train(channels):
    gan = GAN(*small_networks(channels), seed=0)
    gan.compile()
    gan.fit(np.zeros((4, 28, 28, channels), "float32"), batch_size=2, verbose=0)
    assert gan.steps == 2 and gan.generate(2).shape == (2, 28, 28, channels)
