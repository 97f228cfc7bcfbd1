"""Put a student's answers into the instructor's notebook: which cells run, and in which order."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbgrader import utils

from gan_course.instructor.assignments import Assignment, grade_id
from gan_course.instructor.submissions import Cell

MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
SHORT = 2000  # letters of a cell that IPython may take apart, which reads it anew for each magic


@dataclass
class Step:
    """A cell to run or show: the instructor's, or the student's."""

    source: str
    kind: str = "code"
    name: str | None = None
    points: float | None = None  # of a graded cell
    own: bool = True  # whether the student wrote it
    pictures: tuple[str, ...] = ()  # that were handed in with it


def plan(assignment: Assignment, cells: Sequence[Cell]) -> tuple[list[Step], list[str]]:
    """Put the answers into the instructor's notebook.

    Checks and locked cells are the instructor's, whatever the student did to theirs, and so is the order. A cell
    of the student's own stays behind the cell that it followed, but comes before the points of its task: an
    answer below them counts as well. One above counts in place of the given cell, if that is as it was handed out.

    Returns:
        The cells in the order in which they run, and a note for each answer that is missing or came twice.
    """
    source, copy = assignment.source.cells, assignment.copy.cells
    own: dict[int, list[Step]] = {}
    found: dict[int, int] = {}
    pictures: dict[int, tuple[str, ...]] = {}
    for cell, place, is_given in _placed(assignment, cells):
        if is_given:
            found[place] = found.get(place, 0) + 1
            if utils.is_locked(source[place]) or (cell.kind == "markdown" and not utils.is_grade(source[place])):
                pictures[place] = pictures.get(place, ()) + cell.pictures
                continue
        name = grade_id(source[place]) if is_given else None
        own.setdefault(place, []).append(Step(cell.source, cell.kind, name, pictures=cell.pictures))
    steps, notes = own.pop(-1, []), []
    for index, cell in enumerate(source):
        name, mine = grade_id(cell), own.pop(index, [])
        if utils.is_solution(cell):
            if found.get(index, 0) != 1:
                notes.append(f"{found.get(index) or 'no'} cells are named {name}")
            if utils.is_grade(cell):
                _one_answer(mine, name, cell, copy[index].source)
        elif utils.is_locked(cell) or cell.cell_type == "markdown" or index not in found:
            given = _instructors(cell, pictures.get(index, ()))
            mine = [*mine, given] if utils.is_grade(cell) else [given, *mine]
        steps += mine
    handed_out = {grade_id(cell): cell.source.strip() for cell in copy if grade_id(cell)}
    return [*_without_stubs(steps, handed_out)], notes


def _placed(assignment: Assignment, cells: Sequence[Cell]) -> Iterator[tuple[Cell, int, bool]]:
    """Yield each cell with the index of the given cell that it is, or else that it stands behind, -1 for none.

    Names and ids tell; where an editor has dropped them, the text. Answers have another text than what was handed
    out: if as many are left between two given cells as answers are missing there, they are these, in their order.
    """
    copy = assignment.copy.cells
    places = {cell.id: index for index, cell in enumerate(copy) if "id" in cell}
    places |= {(grade_id(cell),): index for index, cell in enumerate(copy) if grade_id(cell)}
    known: list[int | None] = []
    for cell in cells:
        text = cell.source.strip()
        alike = [index for index, each in enumerate(copy) if text and text == each.source.strip()]
        free = [index for index in alike if index not in known] or alike or [None]
        place = places.get((cell.grade_id,), places.get(cell.id, free[0]))
        known.append(place if place is not None and copy[place].cell_type == cell.kind else None)
    _fill_gaps(known, cells, assignment)
    here = -1
    for cell, place in zip(cells, known, strict=True):
        here = here if place is None else place
        yield cell, here, place is not None


def _fill_gaps(known: list[int | None], cells: Sequence[Cell], assignment: Assignment) -> None:
    answers = [index for index, cell in enumerate(assignment.source.cells) if utils.is_solution(cell)]
    ends = [-1, *(number for number, place in enumerate(known) if place is not None), len(cells)]
    for first, last in zip(ends, ends[1:], strict=False):
        low = -1 if first < 0 else known[first]
        high = len(assignment.source.cells) if last == len(cells) else known[last]
        missing = [index for index in answers if low < index < high and index not in known]
        gap = range(first + 1, last)
        kinds = [assignment.source.cells[index].cell_type for index in missing]
        if missing and kinds == [cells[number].kind for number in gap]:
            for number, index in zip(gap, missing, strict=True):
                known[number] = index


def _one_answer(steps: list[Step], name: str | None, cell: nbformat.NotebookNode, handed_out: str) -> None:
    """Give the points of a question that is marked by hand to one cell, even if the student has none or two.

    An answer in the next Markdown cells counts where the given cell is as it was handed out.
    """
    named = [step for step in steps if step.name == name] or [Step("", cell.cell_type, name)]
    if all(step.source.strip() in ("", handed_out.strip()) for step in named):
        below = [step for step in steps if step.name is None and step.kind == cell.cell_type == "markdown"]
        steps[:] = [step for step in steps if step not in below]
        named = [Step("", cell.cell_type, name), *below] if below else named
    first, *others = named
    first.points = cell.metadata.nbgrader.points
    first.source = "\n\n".join(step.source for step in [first, *others] if step.source)
    first.pictures = tuple(picture for step in [first, *others] for picture in step.pictures)
    steps[:] = [first, *(step for step in steps if step.name != name)]


def _instructors(cell: nbformat.NotebookNode, pictures: tuple[str, ...]) -> Step:
    points = cell.metadata.nbgrader.points if utils.is_grade(cell) else None
    return Step(cell.source, cell.cell_type, grade_id(cell), points, own=False, pictures=pictures)


def _without_stubs(steps: Sequence[Step], handed_out: dict[str | None, str]) -> Iterator[Step]:
    """Leave out given cells that are as they were handed out where a cell of the student's defines the same."""
    elsewhere = {name for step in steps if step.own and step.name is None for name in defined(step)}
    for step in steps:
        is_stub = step.own and step.points is None and step.source.strip() == handed_out.get(step.name)
        if not (is_stub and elsewhere.intersection(defined(step))):
            yield step


def defined(step: Step) -> list[str]:
    """Return the functions, classes and names that a cell gives a value at its top level."""
    names: list[str] = []
    for node in statements(step.source) if step.kind == "code" else []:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return names


def statements(source: str) -> list[ast.stmt]:
    """Return the statements of a cell, as far as they can be read; magics and shell commands count for nothing.

    Example:
        >>> [type(each).__name__ for each in statements("%matplotlib inline\\nx = 1")]
        ['Expr', 'Assign']
        >>> statements("x = (")
        []
    """
    for attempt in (
        lambda: source,
        lambda: MAGIC.sub(r"\1None", source),
        lambda: TransformerManager().transform_cell(source[:SHORT]) if len(source) <= SHORT else "",
    ):
        try:
            return ast.parse(attempt()).body
        except Exception:  # a cell of a student's may be anything
            continue
    return []
