"""What the exercises need: checks that say what is wrong with an answer, and networks that train in a second."""

from collections.abc import Callable
from typing import Any

from gan_course.models import small_networks as small_networks

MISSING = "nothing was returned. Write your answer in place of ..., return it, and run both cells again"


def public_check(task: str, *answers: Any) -> Callable[[Callable[..., None]], None]:
    """Call the decorated function with a student's answers at once, and say in one line what it found.

    Args:
        task: Its name, such as `"Task 1"`.
        *answers: What the student's functions returned; `None` or `...` is an answer that is still missing.

    Returns:
        A decorator for a function that takes the answers and asserts what must be true of them. The sentence of
        the first assertion that fails is printed; any other error is raised.

    Example:
        >>> from gan_course.tasks import public_check
        >>> @public_check("Task 1", 5)
        ... def check_number(number):
        ...     assert number > 9, f"the number is {number}; expected more than 9"
        Task 1 is not right yet: the number is 5; expected more than 9.
    """

    def run(check: Callable[..., None]) -> None:
        if _missing(answers):
            print(f"{task} is not done yet: {MISSING}.")
            return
        try:
            check(*answers)
        except AssertionError as error:
            print(f"{task} is not right yet: {error}.")
        else:
            print(f"{task} looks right.")

    return run


def ready(*answers: Any) -> bool:
    """Return whether all answers are there, and say what to do if one is missing.

    Args:
        *answers: What the student's functions returned; `None` or `...` is an answer that is still missing.

    Example:
        >>> from gan_course.tasks import ready
        >>> ready(5, None)
        This cell waits for a task above that is not done yet. Do it, then run this cell again.
        False
    """
    if _missing(answers):
        print("This cell waits for a task above that is not done yet. Do it, then run this cell again.")
    return not _missing(answers)


def _missing(answers: tuple[Any, ...]) -> bool:
    return any(answer is None or answer is ... for answer in answers)
