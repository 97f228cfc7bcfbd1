"""An assignment: the instructor's notebook, and the student's copy that is made from it."""

import ast
import hashlib
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

STEPS = (  # of nbgrader's release, those that change the notebook
    LockCells,
    ClearSolutions,
    ClearOutput,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
)
MARKER = re.compile(r"^[ \t]*#+[ \t]*(BEGIN|END)[ \t]+(SOLUTION|HIDDEN|MARK)\w*.*$", re.IGNORECASE | re.MULTILINE)
HEADING = re.compile(r"^##+ +(.+?)(?: *\(\d+ points?\))?$", re.MULTILINE)
JUDGE = "### JUDGE"
REGION = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)


class AssignmentError(ValueError):
    """An instructor's notebook that cannot be released or graded, and why."""


@dataclass(frozen=True)
class Task:
    """A graded cell.

    Attributes:
        name: nbgrader's.
        points: How many at most.
        by_hand: Whether a person marks it.
        title: For people, the heading above it.
        ask: What runs in the student's kernel and defines `ask(inputs)`; empty if it is marked by hand.
        judge: What never does, and defines `judge(inputs, answers)` and, if there are inputs, `draw(rng)`.
        wrong: Wrong answers that it lists: what each of them is, and its code.
    """

    name: str
    points: float
    by_hand: bool
    title: str
    ask: str = ""
    judge: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Assignment:
    """The instructor's notebook and the student's copy, cell by cell the same."""

    name: str
    source: NotebookNode
    copy: NotebookNode

    @property
    def digest(self) -> str:
        """A number that changes when the notebook does."""
        return hashlib.sha256(nbformat.writes(self.source).encode()).hexdigest()

    @cached_property
    def tasks(self) -> list[Task]:
        """The graded cells, in their order."""
        tasks, title = [], ""
        for cell in self.source.cells:
            if utils.is_grade(cell):
                name = grade_id(cell)
                by_hand = utils.is_solution(cell)
                halves = () if by_hand else _halves(cell)
                tasks.append(Task(name, cell.metadata.nbgrader.points, by_hand, title or name, *halves))
            elif cell.cell_type == "markdown" and (headings := HEADING.findall(cell.source)):
                title = headings[-1]
        return tasks

    @property
    def most(self) -> float:
        """All points that there are."""
        return sum(task.points for task in self.tasks)

    @property
    def imports(self) -> dict[str, str]:
        """Each name that the notebook imports at its top level, and the import."""
        found = {}
        for cell in self.source.cells:
            if cell.cell_type == "code":
                for node in ast.parse(TransformerManager().transform_cell(cell.source)).body:
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        for alias in node.names:
                            found[(alias.asname or alias.name).split(".")[0]] = ast.unparse(node)
        return found


def _halves(cell: NotebookNode) -> tuple[str, str, dict[str, str]]:
    """Return what of a cell with points runs in the student's kernel, what never does, and the wrong answers."""
    hidden = "".join(REGION.findall(cell.source))
    ask, line, judge = hidden.partition(f"{JUDGE}\n")
    for name, half in (("ask", ask), ("judge", judge)):
        if not line or f"def {name}(" not in half:
            raise AssignmentError(
                f"the points of {grade_id(cell)} need def ask(inputs), the line {JUDGE}, and def judge(inputs, "
                f"answers) between ### BEGIN HIDDEN TESTS and ### END HIDDEN TESTS; found no {name}"
            )
    return ask, judge, _wrong_answers(judge, grade_id(cell))


def _wrong_answers(judge: str, name: str | None) -> dict[str, str]:
    """Return the dictionary that a half calls `wrong`."""
    try:
        values = [
            ast.literal_eval(node.value)
            for node in ast.parse(judge).body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "wrong"
        ]
        for text, code in (values or [{}])[-1].items():
            ast.parse(code, str(text))
    except (SyntaxError, ValueError, TypeError, AttributeError) as error:
        raise AssignmentError(
            f"the points of {name}: wrong is to be a dictionary of texts, what each wrong answer is and its code: "
            f"{error}"
        ) from error
    return (values or [{}])[-1]


def grade_id(cell: NotebookNode) -> str | None:
    """Return nbgrader's name of a cell, if it has one.

    Example:
        >>> grade_id(nbformat.v4.new_code_cell(metadata={"nbgrader": {"grade_id": "shape"}}))
        'shape'
    """
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def course_config(course: Path) -> Config:
    """Read the course's `nbgrader_config.py`.

    Raises:
        AssignmentError: If the folder has none, so is not a course.
    """
    name = "nbgrader_config.py"
    if not (course / name).is_file():
        raise AssignmentError(f"{course.resolve()} holds no {name}; go to the folder of the course first")
    return PyFileConfigLoader(name, path=str(course)).load_config()


def folders(course: Path) -> tuple[Path, Path]:
    """Return the folders of the instructor's notebooks and of the students' copies, as nbgrader is told them."""
    directory = CourseDirectory(config=course_config(course))
    return course / directory.source_directory, course / directory.release_directory


def load(course: Path) -> dict[str, Assignment]:
    """Read every assignment of a course: `solutions/NAME/NAME.ipynb`.

    Returns:
        The assignments by their names, sorted.

    Raises:
        AssignmentError: If there is none, or one cannot be released; the message says which and why.
    """
    config, (solutions, _) = course_config(course), folders(course)
    paths = [path for path in sorted(solutions.glob("*/*.ipynb")) if path.stem == path.parent.name]
    if not paths:
        raise AssignmentError(f"found no {solutions}/NAME/NAME.ipynb; go to the folder of the course first")
    return {path.stem: read(path, config) for path in paths}


def read(path: Path, config: Config | None = None) -> Assignment:
    """Read one instructor's notebook and make the student's copy.

    Raises:
        AssignmentError: If it is no notebook, or `student_copy` refuses it.
    """
    try:
        source = nbformat.read(path, as_version=4)
        assignment = Assignment(path.stem, source, student_copy(source, config))
        _ = assignment.tasks
        return assignment
    except (AssignmentError, nbformat.reader.NotJSONError) as error:
        raise AssignmentError(f"{path}: {error}") from error


def student_copy(source: NotebookNode, config: Config | None = None) -> NotebookNode:
    """Make what a student gets: nbgrader's own steps, without solutions, hidden tests and outputs.

    Args:
        source: The instructor's notebook; it is not changed.
        config: The settings of nbgrader, such as the stub that stands for a solution.

    Raises:
        AssignmentError: If markers are not in pairs, nbgrader refuses the notebook, or something that students
            may not see would be left.

    Example:
        >>> cell = nbformat.v4.new_code_cell("### BEGIN SOLUTION\\nx = 1\\n### END SOLUTION")
        >>> cell.metadata.nbgrader = dict(grade=False, grade_id="x", locked=False, solution=True,
        ...                               task=False, schema_version=3)
        >>> config = Config(ClearSolutions={"code_stub": {"python": "..."}})
        >>> student_copy(nbformat.v4.new_notebook(cells=[cell]), config).cells[0].source
        '...'
    """
    for cell in source.cells:
        _check_markers(cell)
    copy = deepcopy(source)
    copy.metadata.pop("widgets", None)  # the state of a slider is an output too
    try:
        for step in STEPS:
            copy, _ = step(config=config).preprocess(copy, {})
    except (RuntimeError, ValueError) as error:
        raise AssignmentError(f"nbgrader refuses it: {error}") from error
    _check_leaks(source, copy)
    return copy


def _check_markers(cell: NotebookNode) -> None:
    open_marker = None
    for match in MARKER.finditer(cell.source):
        found = match.group().strip()
        begins = found.startswith("### BEGIN ")
        kind = found.split(maxsplit=2)[2] if found.count(" ") >= 2 else ""
        if kind not in ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME"):
            raise AssignmentError(f"{found!r} is no marker; write ### BEGIN SOLUTION or ### BEGIN HIDDEN TESTS")
        if begins == (open_marker is not None) or (not begins and kind != open_marker):
            raise AssignmentError(f"unbalanced markers in cell {grade_id(cell) or cell.get('id')}: {found!r}")
        open_marker = kind if begins else None
    if open_marker:
        raise AssignmentError(f"unbalanced markers in cell {grade_id(cell) or cell.get('id')}: no ### END")


def _check_leaks(source: NotebookNode, copy: NotebookNode) -> None:
    text = "\n".join(cell.source for cell in copy.cells)
    lines = {" ".join(line.split()) for line in text.splitlines()}
    for cell in source.cells:
        for line in "\n".join(REGION.findall(cell.source)).splitlines():
            if re.search(r"\bassert|\braise |\bdef (ask|judge|draw)\b", line) and " ".join(line.split()) in lines:
                raise AssignmentError(f"the hidden test {grade_id(cell)} leaks to the students: {line.strip()}")
