"""Mark one submission: put its answers into the instructor's notebook, run that, and say what was seen."""

import ast
import io
import json
import re
import secrets
import time
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbgrader import utils

from gan_course.instructor.assignments import Assignment, grade_id
from gan_course.instructor.kernel import EngineError, Kernel, KernelDied, Outcome
from gan_course.instructor.sandbox import Limits
from gan_course.instructor.submissions import Cell

PROBE = Path(__file__).with_name("probe.py").read_text(encoding="utf-8")
EAGER = """import sys
if tensorflow := sys.modules.get("tensorflow"):
    tensorflow.config.run_functions_eagerly(True)"""  # a few steps take less time than making their graph
RUNS = 3  # a cell that ends the kernel is left out of the next run
TOOLS = {  # what an answer about networks has no use for, and a forger has
    *("builtins", "__builtins__", "ctypes", "ipykernel", "get_ipython", "gc", "inspect", "settrace", "setprofile"),
    *(
        "_getframe",
        "currentframe",
        "__code__",
        "__globals__",
        "f_globals",
        "f_back",
        "__subclasses__",
        "register_cell_magic",
    ),
}
SEVERITY = ("ok", "pending", "limit", "review", "failed")


@dataclass
class Step:
    """A cell to run or show: the instructor's, or the student's."""

    source: str
    kind: str = "code"
    name: str | None = None
    points: float | None = None  # of a graded cell
    own: bool = True  # whether the student wrote it
    pictures: tuple[str, ...] = ()  # that were handed in with it


@dataclass
class Marks:
    """What a submission earned.

    Attributes:
        status: ok, pending (points by hand are missing), limit, review (look at it), or failed (no marks).
        notes: What the instructor should know, in sentences.
        points: For each task the points earned; `None` is pending.
        cells: What the feedback shows: source, outputs, points and error of each cell.
    """

    status: str = "ok"
    notes: list[str] = field(default_factory=list)
    points: dict[str, float | None] = field(default_factory=dict)
    cells: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0
    memory: int = 0

    def note(self, text: str, status: str) -> None:
        """Add a sentence, and make the status at least as grave as `status`."""
        if text not in self.notes:
            self.notes.append(text)
        self.status = max(self.status, status, key=SEVERITY.index)


def plan(assignment: Assignment, cells: Sequence[Cell]) -> tuple[list[Step], list[str]]:
    """Put the answers into the instructor's notebook.

    Checks and locked cells are the instructor's, whatever the student did to theirs, and so is the order. A cell
    of the student's own stays behind the cell that it followed.

    Returns:
        The cells in the order in which they run, and a note for each answer that is missing or came twice.
    """
    source, copy = assignment.source.cells, assignment.copy.cells
    texts = {cell.source.strip(): index for index, cell in reversed(list(enumerate(copy))) if cell.source.strip()}
    places = {cell.id: index for index, cell in enumerate(copy) if "id" in cell}
    places |= {(grade_id(cell),): index for index, cell in enumerate(copy) if grade_id(cell)}
    own: dict[int, list[Step]] = {}
    found: dict[int, int] = {}
    pictures: dict[int, tuple[str, ...]] = {}
    here = -1
    for cell in cells:
        place = places.get((cell.grade_id,), places.get(cell.id, texts.get(cell.source.strip())))
        if place is not None and source[place].cell_type == cell.kind:
            here = place
            found[place] = found.get(place, 0) + 1
            if utils.is_locked(source[place]) or (cell.kind == "markdown" and not utils.is_grade(source[place])):
                pictures[place] = pictures.get(place, ()) + cell.pictures
                continue
            name = grade_id(source[place])
        else:
            place, name = here, None
        own.setdefault(place, []).append(Step(cell.source, cell.kind, name, pictures=cell.pictures))
    steps, notes = own.pop(-1, []), []
    for index, cell in enumerate(source):
        name = grade_id(cell)
        if utils.is_solution(cell):
            if found.get(index, 0) != 1:
                notes.append(f"{found.get(index) or 'no'} cells are named {name}")
            if utils.is_grade(cell):
                _one_answer(own.setdefault(index, []), name, cell)
        elif utils.is_locked(cell) or index not in found:
            steps.append(_instructors(cell, pictures.get(index, ())))
        steps += own.pop(index, [])
    return steps, notes


def _one_answer(steps: list[Step], name: str, cell: nbformat.NotebookNode) -> None:
    """Give the points of a question that is marked by hand to one cell, even if the student has none or two."""
    first, *others = [step for step in steps if step.name == name] or [Step("", cell.cell_type, name)]
    first.points = cell.metadata.nbgrader.points
    first.source = "\n\n".join(step.source for step in [first, *others])
    steps[:] = [first, *(step for step in steps if step.name != name)]


def _instructors(cell: nbformat.NotebookNode, pictures: tuple[str, ...]) -> Step:
    points = cell.metadata.nbgrader.points if utils.is_grade(cell) else None
    return Step(cell.source, cell.cell_type, grade_id(cell), points, own=False, pictures=pictures)


def mark(
    assignment: Assignment,
    cells: Sequence[Cell],
    limits: Limits,
    sandboxed: bool = True,
    secret: Sequence[Path] = (),
) -> Marks:
    """Run and mark one submission.

    Args:
        assignment: The instructor's notebook.
        cells: What was handed in.
        limits: What it may use.
        sandboxed: Whether it runs inside bubblewrap.
        secret: Folders that must not be seen from inside.

    Returns:
        The marks, for every task.

    Raises:
        EngineError: If grading failed before anything of the submission ran; these are no marks.
    """
    steps, notes = plan(assignment, cells)
    start = time.monotonic()
    left_out: dict[int, str] = {}
    for _ in range(RUNS):
        run = _Run(assignment, steps, left_out, limits)
        if run.through(sandboxed, secret):
            break
    else:
        run.marks.note(f"{RUNS} cells ended the kernel; what follows the last of them was not run", "review")
    marks = run.marks
    for note in notes:
        marks.note(note, "review")
    for note in _forging_tools(steps):
        marks.note(note, "review")
    for task in assignment.tasks:
        marks.points.setdefault(task.name, None if task.by_hand else 0.0)
    _say_unanswered(marks, assignment, steps)
    if any(points is None for points in marks.points.values()):
        marks.status = max(marks.status, "pending", key=SEVERITY.index)
    marks.seconds = time.monotonic() - start
    return marks


def _say_unanswered(marks: Marks, assignment: Assignment, steps: Sequence[Step]) -> None:
    """Note the tasks whose answers are still as they were handed out, in place of the error that Python gave."""
    handed_out = {grade_id(cell): cell.source.strip() for cell in assignment.copy.cells}
    own = [step for step in steps if step.own and step.name]
    untouched = {step.name: step.source.strip() == handed_out[step.name] for step in own}
    titles = {task.name: task.title for task in assignment.tasks}
    answers, empty = [], []
    for cell in assignment.source.cells:
        name = grade_id(cell)
        if utils.is_solution(cell):
            answers.append(untouched.get(name, False))
        if utils.is_grade(cell):
            if answers and all(answers) and not marks.points[name]:
                empty.append(name)
            answers = []
    for shown in marks.cells:
        if shown["name"] in empty and not shown["own"]:
            shown["error"] = "no answer yet"
    if empty:
        marks.note(f"no answer yet: {', '.join(titles[name] for name in empty)}", "ok")


class _Run:
    """One run of all cells; `left_out` has the cells that ended a kernel before, and how."""

    def __init__(
        self, assignment: Assignment, steps: Sequence[Step], left_out: dict[int, str], limits: Limits
    ) -> None:
        self.steps, self.left_out, self.limits = steps, left_out, limits
        self.imports = dict(_imports(assignment))
        self.end = time.monotonic() + limits.total_seconds
        self.marks = Marks()

    def through(self, sandboxed: bool, secret: Sequence[Path]) -> bool:
        """Run the cells; `False` if one ended the kernel, which is left out from then on."""
        with Kernel(self.limits, sandboxed, secret) as self.kernel:
            self.normal = self._prepare()
            for index, step in enumerate(self.steps):
                try:
                    self._step(index, step)
                except KernelDied as death:
                    self.left_out[index] = str(death)
                    return False
            self._look("after the last check")
            self.marks.memory = self.kernel.guard.peak
        return True

    def _prepare(self) -> dict[str, int]:
        """Import what the instructor's notebook does, and remember what checks rely on."""
        modules = "\n".join(["import numpy.testing, unittest", *self.imports.values(), EAGER])
        try:
            outcome = self.kernel.run(f"exec({modules!r}, {{}})", self.limits.total_seconds)
            normal = self._fingerprint()
        except KernelDied as death:
            raise EngineError(f"the kernel could not import what the exercise needs: {death}") from death
        if not outcome.ok or not normal:
            raise EngineError(f"this machine cannot run the exercise: {outcome.error}")
        return normal

    def _step(self, index: int, step: Step) -> None:
        shown = {**asdict(step), "outputs": [], "error": "", "earned": None}
        self.marks.cells.append(shown)
        by_hand = step.own and step.points is not None
        if by_hand:
            self.marks.points[step.name] = None
        if step.kind != "code":
            return
        label = f"the check {step.name}" if not step.own else f"cell {step.name or index + 1}"
        left = self.end - time.monotonic()
        if index in self.left_out:
            outcome = Outcome(error=self.left_out[index])
            status = "limit" if "the kernel ended" not in outcome.error else "review"
            self.marks.note(f"{label} {outcome.error}; it was left out", status)
        elif left <= 0:
            outcome = Outcome(error="was not run: the time for the whole notebook was over")
            self.marks.note(f"the notebook ran longer than {self.limits.total_seconds:.0f} s in all", "limit")
        elif step.points is not None and not by_hand:
            outcome = self._check(step, min(left, self.limits.cell_seconds))
        else:
            outcome = self.kernel.run(_plain(step.source), min(left, self.limits.cell_seconds))
        if outcome.limit:
            self.marks.note(f"{label} {outcome.limit}", "limit")
        if outcome.error.startswith("MemoryError"):
            self.marks.note(f"{label} needed more than {self.limits.memory / 2**30:.3g} GB of memory", "limit")
        if outcome.error.startswith(("ModuleNotFoundError", "ImportError")):
            self.marks.note(f"{label} needs what is not installed here: {outcome.error}", "review")
        shown |= {"outputs": outcome.outputs if step.own else [], "error": outcome.error}
        if step.points is not None and not by_hand:
            shown["earned"] = self.marks.points[step.name] = self._earned(step, outcome)

    def _check(self, step: Step, seconds: float) -> Outcome:
        """Run a graded cell, after a look at the kernel; its reply must bring a number that only it was told."""
        self._look(f"before the check {step.name}", step)
        token, used = secrets.token_hex(), _names(step.source)
        imports = [statement for name, statement in self.imports.items() if name in used]
        outcome = self.kernel.run("\n".join([*imports, step.source]), seconds, ask={"token": repr(token)})
        if outcome.ok and outcome.answers.get("token") != repr(token):
            self.marks.note(f"the answer to the check {step.name} did not come from the check", "review")
            outcome.ok, outcome.error = False, "the check gave no answer of its own"
        return outcome

    def _earned(self, step: Step, outcome: Outcome) -> float:
        """Let nbgrader turn the outcome of a graded cell into points."""
        metadata = {"grade": True, "solution": False, "points": step.points, "grade_id": step.name}
        cell = nbformat.v4.new_code_cell(step.source, metadata={"nbgrader": metadata})
        if not outcome.ok:
            cell.outputs = [nbformat.v4.new_output("error", ename="Error", evalue=outcome.error)]
        elif outcome.value is not None:
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": outcome.value})]
        try:
            return utils.determine_grade(cell)[0]
        except ValueError:
            self.marks.note(f"the check {step.name} gave {outcome.value[:40]}, more than its points", "review")
            return 0.0

    def _fingerprint(self) -> dict[str, int]:
        find = f"(lambda space: exec({PROBE!r}, space) or space['fingerprint']())({{'__name__': 'probe'}})"
        answer = self.kernel.run("", self.limits.cell_seconds, ask={"seen": find}).answers.get("seen")
        try:
            return dict(json.loads(ast.literal_eval(answer)))
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return {}

    def _look(self, when: str, step: Step | None = None) -> None:
        """Note what was tampered with: things replaced, and a check that must fail but does not."""
        now = self._fingerprint()
        changed = _replaced(self.normal, now, _names(step.source) if step else set())
        if not now:
            self.marks.note(f"{when} the kernel did not say what its checks rely on", "review")
        elif changed:
            self.marks.note(f"{when} these had been replaced: {', '.join(changed[:5])}", "review")
        token = secrets.token_hex(8)
        for canary in (
            f"assert 1 == 2, {token!r}",
            f"__import__('numpy.testing', fromlist=['x']).assert_equal(1, 2, {token!r})",
        ):
            outcome = self.kernel.run(canary, self.limits.cell_seconds)
            if outcome.ok or not outcome.error.startswith("AssertionError") or token not in outcome.error:
                self.marks.note(f"{when} a check that must fail did not", "review")


def _replaced(normal: dict[str, int], now: dict[str, int], used: set[str]) -> list[str]:
    """Return what differs between two fingerprints and matters to a check that uses the names `used`."""
    changed = {name for name in normal.keys() | now.keys() if normal.get(name) != now.get(name)}
    return sorted(
        name
        for name in changed
        if name.startswith(("shell.", "kernel.", "session."))
        or (name.startswith("builtins.") and name in normal)
        or (name.startswith("name.") and name[5:] in used)
        or (not name.startswith("name.") and name in normal and name in now)
    )


def _names(source: str) -> set[str]:
    """Return the names in a cell, without those in comments and texts."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return set(re.findall(r"\w+", source))
    return {token.string for token in tokens if token.type == tokenize.NAME}


def _plain(source: str) -> str:
    """Return a cell that installs nothing: there is no network to do it."""
    return re.sub(r"^([ \t]*)[%!](pip|conda)\b.*$", r"\1pass", source, flags=re.MULTILINE)


def _imports(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield each name that the instructor's notebook imports at its top level, and the import."""
    for cell in assignment.source.cells:
        if cell.cell_type == "code":
            for node in ast.parse(TransformerManager().transform_cell(cell.source)).body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    for alias in node.names:
                        yield (alias.asname or alias.name).split(".")[0], ast.unparse(node)


def _forging_tools(steps: Sequence[Step]) -> Iterator[str]:
    """Yield a note for each cell of the student's that names what one needs to forge a check."""
    for index, step in enumerate(steps):
        if step.own and step.kind == "code" and (used := sorted(_names(step.source) & TOOLS)):
            yield f"cell {step.name or index + 1} uses {', '.join(used)}"
