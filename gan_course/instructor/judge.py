"""The judge: one clean process of the grader that says what answers are worth; no student's code is ever in it."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, Self

from gan_course.instructor.assignments import Assignment
from gan_course.instructor.kernel import EngineError
from gan_course.instructor.processes import CONTEXT

EAGER = """import sys
if tensorflow := sys.modules.get("tensorflow"):
    tensorflow.config.run_functions_eagerly(True)"""  # a few steps take less time than making their graph


@dataclass(frozen=True)
class Verdict:
    """What one task's answers are worth: points, and why not all of them, in a sentence."""

    points: float
    reason: str = ""
    odd: bool = False  # the answers had a form that the judge did not expect


class Answers(dict):
    """A task's answers; one that is missing, or None, is a wrong answer."""

    def __getitem__(self, name: str) -> Any:
        """Return an answer, or say that there is none."""
        if self.get(name) is None:
            raise AssertionError(f"there is no answer {name}")
        return super().__getitem__(name)


class Judge:
    """Draws the inputs of an exercise's tasks and judges the answers, all in one process for the whole class.

    Args:
        seconds: How long it may take over one submission.

    Example:
        >>> with Judge() as judge:  # doctest: +SKIP
        ...     inputs = judge.inputs(assignment, "a number that is this submission's")
        ...     judge.verdicts(assignment, inputs, {"points-1": {"mean": 3.0}})
    """

    def __init__(self, seconds: float = 120) -> None:
        """Remember the limit; the process starts with the first question."""
        self.seconds, self.lock = seconds, Lock()
        self.process: Any = None
        self.connection: Connection

    def __enter__(self) -> Self:
        """Nothing starts yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        with self.lock:
            self._end()

    def inputs(self, assignment: Assignment, seed: str) -> dict[str, dict[str, Any]]:
        """Return for each task with automatic points what its `ask` is called with.

        Args:
            assignment: The exercise.
            seed: Whatever is the same for the same submission, and nobody outside knows.

        Raises:
            EngineError: If the instructor's code fails.
        """
        return self._ask("draw", assignment, seed, {})

    def verdicts(
        self, assignment: Assignment, inputs: Mapping[str, Any], answers: Mapping[str, Any]
    ) -> dict[str, Verdict]:
        """Return what the answers of each task are worth.

        Args:
            assignment: The exercise.
            inputs: What `inputs` gave.
            answers: By task what came out of the kernel, unpacked.

        Raises:
            EngineError: If the instructor's code fails otherwise than by an assertion, or takes too long.
        """
        return self._ask("judge", assignment, inputs, answers)

    def _ask(self, what: str, assignment: Assignment, *given: Any) -> Any:
        with self.lock:
            if self.process is None:
                self.connection, theirs = CONTEXT.Pipe()
                self.process = CONTEXT.Process(target=_serve, args=(theirs,), daemon=True)
                self.process.start()
                theirs.close()
            try:
                halves = {task.name: (task.judge, task.points) for task in assignment.tasks if not task.by_hand}
                self.connection.send(
                    (what, assignment.name, assignment.digest, assignment.imports, halves, *given)
                )
                if not self.connection.poll(self.seconds):
                    raise EngineError(f"the judge of {assignment.name} took longer than {self.seconds:g} s")
                found = self.connection.recv()
            except (EngineError, EOFError, OSError) as error:
                self._end()
                reason = str(error) or f"the judge of {assignment.name} ended"
                raise EngineError(reason) from error
        if isinstance(found, str):
            raise EngineError(found)
        return found

    def _end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.connection.close()
            self.process = None


def _serve(connection: Connection) -> None:
    spaces: dict[str, dict[str, Any]] = {}
    while True:
        try:
            what, name, digest, imports, halves, given, answers = connection.recv()
        except EOFError:
            return
        try:
            if digest not in spaces:
                spaces[digest] = _imported(imports)
            found: Any = {}
            for task, (source, points) in halves.items():
                half = _half(source, spaces[digest], name, task)
                if what == "draw":
                    found[task] = _drawn(half, f"{given} {task}")
                else:
                    found[task] = _verdict(half, points, given[task], answers.get(task))
        except EngineError as error:
            found = str(error)
        except Exception as error:
            found = f"the judge of {name} failed: {type(error).__name__}: {error}"
        connection.send(found)


def _imported(imports: Mapping[str, str]) -> dict[str, Any]:
    space: dict[str, Any] = {}
    try:
        exec("\n".join([*imports.values(), EAGER]), space)
    except ImportError as error:
        raise EngineError(f"this machine cannot run the exercise: {type(error).__name__}: {error}") from error
    return space


def _half(source: str, space: dict[str, Any], name: str, task: str) -> dict[str, Any]:
    own = dict(space)
    exec(compile(source, f"{name}: {task}", "exec"), own)
    return own


def _drawn(half: Mapping[str, Any], seed: str) -> dict[str, Any]:
    import numpy as np

    number = random.Random(seed).getrandbits(128)
    return dict(half["draw"](np.random.default_rng(number))) if "draw" in half else {}


def _verdict(half: Mapping[str, Any], points: float, inputs: dict[str, Any], answers: Any) -> Verdict:
    if answers is None:
        return Verdict(0.0)
    try:
        if empty := [name for name, value in answers.items() if _is_empty(value)]:
            return Verdict(0.0, f"the answer {empty[0]} is empty")  # numpy calls nothing close to everything
        earned = half["judge"](inputs, Answers(answers))
    except AssertionError as error:
        return Verdict(0.0, f"{error}".strip().partition("\n")[0] or "not right")
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        return Verdict(0.0, f"the answer has another form than asked: {type(error).__name__}: {error}", odd=True)
    earned = float(points if earned is None else earned)
    if not 0 <= earned <= points:
        raise ValueError(f"judge returned {earned}; expected from 0 to {points:g} points, or nothing for all")
    return Verdict(earned, "" if earned == points else "right in part")


def _is_empty(value: Any) -> bool:
    """Whether an answer is a list or an array that holds nothing, or holds one."""
    import numpy as np

    if isinstance(value, list):
        return not value or any(_is_empty(each) for each in value)
    return isinstance(value, np.ndarray) and not value.size
