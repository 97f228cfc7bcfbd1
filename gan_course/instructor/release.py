"""Make the students' exercises from the instructor's solutions, and refuse what would go wrong in class."""

from collections.abc import Callable
from pathlib import Path

import nbformat

from gan_course.files import replacing
from gan_course.instructor import assignments
from gan_course.instructor.assignments import Assignment, AssignmentError
from gan_course.instructor.judge import Judge
from gan_course.instructor.marking import mark
from gan_course.instructor.sandbox import Limits
from gan_course.instructor.submissions import read_cells


def release(course: Path = Path(), check: bool = False, say: Callable[[str], None] = print) -> list[Path]:
    """Make `exercises/` from `solutions/`, after running each solution and each untouched exercise.

    Args:
        course: The folder of the course.
        check: Write nothing; raise if a file would change.
        say: Called with a line for each exercise.

    Returns:
        The files of the exercises.

    Raises:
        AssignmentError: If a solution does not earn all automatic points, an untouched exercise earns any,
            markers are not in pairs, a hidden test leaks, or, with `check`, an exercise is out of date.
    """
    known = assignments.load(course)
    with Judge() as judge:
        return [_release(name, known[name], assignments.folders(course)[1], judge, check, say) for name in known]


def _release(
    name: str, assignment: Assignment, folder: Path, judge: Judge, check: bool, say: Callable[[str], None]
) -> Path:
    path = folder / name / f"{name}.ipynb"
    text = nbformat.writes(assignment.copy) + "\n"
    if check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
        raise AssignmentError(f"{path} is out of date; run `make exercises`")
    prove(assignment, judge)
    if not check:
        with replacing(path) as beside:
            beside.write_text(text, encoding="utf-8")
    say(f"{path}: {sum(task.points for task in assignment.tasks):g} points in {len(assignment.tasks)} tasks")
    return path


def prove(assignment: Assignment, judge: Judge, limits: Limits | None = None) -> None:
    """Run the solution and the untouched exercise as if they had been handed in.

    Raises:
        AssignmentError: If the solution does not earn all automatic points, or the exercise earns any.
    """
    automatic = {task.name: task.points for task in assignment.tasks if not task.by_hand}
    if not automatic:
        raise AssignmentError(f"{assignment.name} has no cell with automatic points")
    nothing: dict[str, float] = dict.fromkeys(automatic, 0.0)
    for book, expected in [(assignment.source, automatic), (assignment.copy, nothing)]:
        what = "the solution" if book is assignment.source else "the untouched exercise"
        cells = read_cells(nbformat.writes(book).encode())[0]
        marks = mark(assignment, cells, limits or Limits(), judge, sandboxed=False)
        wrong = [name for name, points in expected.items() if marks.points[name] != points]
        reasons = [f"{cell['name']}: {cell['error']}" for cell in marks.cells if cell["name"] in wrong]
        if wrong:
            raise AssignmentError(
                f"{assignment.name}: {what} earns {marks.points[wrong[0]]:g} points in {wrong[0]}, "
                f"expected {expected[wrong[0]]:g}; {'; '.join(reasons)}"
            )
        if unexpected := [note for note in marks.notes if book is assignment.source]:
            raise AssignmentError(f"{assignment.name}: grading {what} says: {unexpected[0]}")
