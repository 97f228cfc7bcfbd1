"""Make the students' exercises from the instructor's solutions, and refuse what would go wrong in class."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import nbformat

from gan_course.files import replacing
from gan_course.instructor import assignments
from gan_course.instructor.assignments import Assignment, AssignmentError, Task, grade_id
from gan_course.instructor.judge import Judge
from gan_course.instructor.marking import Marks, judged, run
from gan_course.instructor.sandbox import Limits
from gan_course.instructor.submissions import read_cells

ASK_ANOTHER = """### BEGIN HIDDEN TESTS
def ask(inputs):
    names = dict(globals())
    exec({code!r}, names)
    exec({ask!r}, names)
    return names["ask"](inputs)
### JUDGE
{judge}
### END HIDDEN TESTS"""


def release(course: Path = Path(), check: bool = False, say: Callable[[str], None] = print) -> list[Path]:
    """Make `exercises/` from `solutions/`, after running each solution and each untouched exercise.

    Args:
        course: The folder of the course.
        check: Write nothing; raise if a file would change.
        say: Called with a line for each exercise.

    Returns:
        The files of the exercises.

    Raises:
        AssignmentError: If a solution does not earn all automatic points, an untouched exercise earns any, a
            wrong answer that a points cell lists earns all, markers are not in pairs, a hidden test leaks, or,
            with `check`, an exercise is out of date.
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
    say(f"{path}: {assignment.most:g} points in {len(assignment.tasks)} tasks")
    return path


def prove(assignment: Assignment, judge: Judge, limits: Limits | None = None) -> None:
    """Run the solution, the wrong answers that it lists, and the untouched exercise, as if they were handed in.

    Raises:
        AssignmentError: If the solution does not earn all automatic points, a wrong answer earns all of its task,
            or the exercise earns any.
    """
    automatic = {task.name: task.points for task in assignment.tasks if not task.by_hand}
    if not automatic:
        raise AssignmentError(f"{assignment.name} has no cell with automatic points")
    nothing: dict[str, float] = dict.fromkeys(automatic, 0.0)
    tried, wrong = _with_wrong_answers(assignment)
    marks = _marks("the solution", tried.source, tried, automatic, judge, limits)
    if unexpected := [note for note in [*marks.notes, *marks.private] if not any(name in note for name in wrong)]:
        raise AssignmentError(f"{assignment.name}: grading the solution says: {unexpected[0]}")
    errors = {cell["name"]: cell["error"] for cell in marks.cells}
    for name, (task, text) in wrong.items():
        if name not in marks.answers:
            raise AssignmentError(
                f"{assignment.name}: the wrong answer {text!r} of {task.name} gives none: {errors[name]}"
            )
        if marks.points[name] == task.points:
            raise AssignmentError(f"{assignment.name}: the wrong answer {text!r} of {task.name} earns all points")
    _marks("the untouched exercise", assignment.copy, assignment, nothing, judge, limits)


def _marks(
    what: str,
    book: nbformat.NotebookNode,
    at: Assignment,
    expected: dict[str, float],
    judge: Judge,
    limits: Limits | None,
) -> Marks:
    """Return the marks of a notebook with its answers, if they are what is expected."""
    cells, inputs = read_cells(nbformat.writes(book).encode())[0], judge.inputs(at, "")
    marks = run(at, cells, limits or Limits(), inputs, sandboxed=False)
    answers = marks.answers
    marks = judged(marks, at, judge.verdicts(at, inputs, answers))
    marks.answers = answers
    missed = [name for name, points in expected.items() if marks.points[name] != points]
    if missed:
        reasons = [f"{cell['name']}: {cell['error']}" for cell in marks.cells if cell["name"] in missed]
        raise AssignmentError(
            f"{at.name}: {what} earns {marks.points[missed[0]]:g} points in {missed[0]}, "
            f"expected {expected[missed[0]]:g}; {'; '.join(reasons)}"
        )
    return marks


def _with_wrong_answers(assignment: Assignment) -> tuple[Assignment, dict[str, tuple[Task, str]]]:
    """Return the assignment with a points cell more for each wrong answer, and whose and what each of these is.

    It asks what the task's own asks, with the wrong answer's names in place of the solution's.
    """
    wrong, book = {}, deepcopy(assignment.source)
    tasks = {task.name: task for task in assignment.tasks}
    book.cells = []
    for cell in assignment.source.cells:
        book.cells.append(cell)
        task = tasks.get(grade_id(cell) or "")
        for number, (text, code) in enumerate(task.wrong.items() if task else ()):
            more = deepcopy(cell)
            more.id = more.metadata.nbgrader.grade_id = f"{task.name}-wrong-{number}"
            more.source = ASK_ANOTHER.format(code=code, ask=task.ask, judge=task.judge)
            book.cells.append(more)
            wrong[more.id] = task, text
    return Assignment(assignment.name, book, assignments.student_copy(book)), wrong
