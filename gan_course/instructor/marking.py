"""Mark one submission: run it in the instructor's notebook, have its answers judged, and say what was seen."""

import ast
import io
import re
import time
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nbgrader import utils

from gan_course.instructor.assignments import HEADING, Assignment, grade_id
from gan_course.instructor.exchange import ExchangeError, as_text, from_text
from gan_course.instructor.judge import EAGER, Judge, Verdict
from gan_course.instructor.kernel import EngineError, Kernel, KernelDied, Outcome
from gan_course.instructor.plan import Step, plan, statements
from gan_course.instructor.sandbox import Limits
from gan_course.instructor.submissions import Cell

EXCHANGE = "gan_course.instructor.exchange"
COLAB = """import sys
from unittest.mock import MagicMock
parts = ("", ".auth", ".data_table", ".drive", ".files", ".output", ".patches", ".userdata", ".widgets")
sys.modules |= {f"google.colab{part}": MagicMock() for part in parts if "google.colab" not in sys.modules}"""
INSTALL = re.compile(
    r"^([ \t]*)[%!] *(?:\S+ +-m +|uv +)?(?:pip|conda|mamba)[\d.]*\b(?:[^\n]*\\\n)*[^\n]*$", re.MULTILINE
)
MISSING = ("ModuleNotFoundError", "ImportError")
LASTING = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign
MOST_WRITTEN = 20_000_000  # characters that the outputs of a notebook may have
RUNS = 3  # a cell that ends the kernel is left out of the next run
SEVERITY = ("ok", "pending", "limit", "review", "failed")


@dataclass
class Marks:
    """What a submission earned.

    Attributes:
        status: ok, pending (points by hand are missing), limit, review (look at it), or failed (no marks).
        notes: What the student may read, in sentences.
        private: What only the instructor should know: suspicions, and whose it is.
        unanswered: The tasks that are as they were handed out.
        points: For each task the points earned; `None` is pending.
        cells: What the feedback shows: source, outputs, points and error of each cell.
        seconds: How long it ran.
        memory: The most that it used, in bytes.
        answers: For each task what came out of the kernel; gone once it was judged.
    """

    status: str = "ok"
    notes: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    points: dict[str, float | None] = field(default_factory=dict)
    cells: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0
    memory: int = 0
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, text: str, status: str, private: bool = False) -> None:
        """Add a sentence, and make the status at least as grave as `status`."""
        notes = self.private if private else self.notes
        if text not in notes:
            notes.append(text)
        self.status = max(self.status, status, key=SEVERITY.index)


def mark(
    assignment: Assignment, cells: Sequence[Cell], limits: Limits, judge: Judge, seed: str = "", **sandbox: Any
) -> Marks:
    """Run one submission and judge its answers.

    Args:
        assignment: The instructor's notebook.
        cells: What was handed in.
        limits: What it may use.
        judge: Who draws the inputs and judges.
        seed: What the inputs follow from.
        sandbox: More for `run`.

    Raises:
        EngineError: If grading failed, which is no mark.
    """
    inputs = judge.inputs(assignment, seed)
    marks = run(assignment, cells, limits, inputs, **sandbox)
    return judged(marks, assignment, judge.verdicts(assignment, inputs, marks.answers))


def run(
    assignment: Assignment,
    cells: Sequence[Cell],
    limits: Limits,
    inputs: Mapping[str, Mapping[str, Any]],
    sandboxed: bool = True,
    secret: Sequence[Path] = (),
) -> Marks:
    """Run one submission and collect its answers.

    Args:
        assignment: The instructor's notebook.
        cells: What was handed in.
        limits: What it may use.
        inputs: For each task what its `ask` is called with.
        sandboxed: Whether it runs inside bubblewrap.
        secret: Folders that must not be seen from inside.

    Returns:
        The marks as far as they can be told before the answers are judged.

    Raises:
        EngineError: If grading failed before anything of the submission ran; these are no marks.
    """
    steps, notes = plan(assignment, cells)
    start = time.monotonic()
    left_out: dict[int, str] = {}
    for _ in range(RUNS):
        one = _Run(assignment, steps, left_out, limits, inputs, start + limits.total_seconds)
        if one.through(sandboxed, secret):
            break
    else:
        one.marks.note(f"{RUNS} cells ended the kernel; what follows the last of them was not run", "review")
    for note in notes:
        one.marks.note(note, "review")
    one.marks.seconds = time.monotonic() - start
    return one.marks


def judged(marks: Marks, assignment: Assignment, verdicts: Mapping[str, Verdict]) -> Marks:
    """Return the marks with the points of the verdicts, without the answers.

    Args:
        marks: What `run` gave.
        assignment: The instructor's notebook.
        verdicts: Those on its answers.
    """
    shown = {cell["name"]: cell for cell in marks.cells if not cell["own"]}
    for task in assignment.tasks:
        if task.by_hand:
            marks.points.setdefault(task.name, None)
            continue
        verdict = verdicts[task.name]
        marks.points[task.name] = verdict.points
        if verdict.odd:
            marks.note(f"{task.title}: {verdict.reason}", "review", private=True)
        if task.name in shown:
            shown[task.name]["earned"] = verdict.points
            shown[task.name]["error"] = shown[task.name]["error"] or verdict.reason
    _find_unanswered(marks, assignment)
    if any(points is None for points in marks.points.values()):
        marks.status = max(marks.status, "pending", key=SEVERITY.index)
    marks.answers = {}
    return marks


def _find_unanswered(marks: Marks, assignment: Assignment) -> None:
    """Name the tasks whose answers are still as they were handed out, in place of the error that Python gave."""
    handed_out = {grade_id(cell): cell.source.strip() for cell in assignment.copy.cells}
    own = [cell for cell in marks.cells if cell["own"] and cell["name"]]
    untouched = {cell["name"]: cell["source"].strip() == handed_out[cell["name"]] for cell in own}
    answers: list[bool] = []
    for cell in assignment.source.cells:
        name = grade_id(cell)
        if utils.is_solution(cell):
            answers.append(untouched.get(name, False))
        if utils.is_grade(cell):
            if answers and all(answers) and not marks.points[name]:
                marks.unanswered.append(name)
            answers = []
    for shown in marks.cells:
        if shown["name"] in marks.unanswered and not shown["own"]:
            shown["error"] = "no answer yet"


class _Run:
    """One run of all cells; `left_out` has the cells that ended a kernel before, and how."""

    def __init__(
        self,
        assignment: Assignment,
        steps: Sequence[Step],
        left_out: dict[int, str],
        limits: Limits,
        inputs: Mapping[str, Mapping[str, Any]],
        end: float,
    ) -> None:
        self.steps, self.left_out, self.limits, self.inputs = steps, left_out, limits, inputs
        self.imports = assignment.imports
        self.asks = {task.name: task.ask for task in assignment.tasks if not task.by_hand}
        self.end, self.heading, self.written = end, "", 0
        self.marks = Marks()

    def through(self, sandboxed: bool, secret: Sequence[Path]) -> bool:
        """Run the cells; `False` if one ended the kernel, which is left out from then on."""
        with Kernel(self.limits, sandboxed, secret) as self.kernel:
            self._prepare()
            for index, step in enumerate(self.steps):
                try:
                    self._step(index, step)
                except KernelDied as death:
                    self.left_out[index] = str(death)
                    return False
            if self.kernel.forged:
                self.marks.note(
                    "the kernel answered one question twice, so something in it forges answers",
                    "review",
                    private=True,
                )
            self.marks.memory = self.kernel.guard.peak
        return True

    def _prepare(self) -> None:
        """Import what the instructor's notebook does: a machine that cannot is no fault of the student's."""
        modules = "\n".join([*self.imports.values(), EAGER, COLAB])
        try:
            outcome = self.kernel.run(f"exec({modules!r}, {{}})", self.limits.total_seconds)
        except KernelDied as death:
            raise EngineError(f"the kernel could not import what the exercise needs: {death}") from death
        if not outcome.ok:
            raise EngineError(f"this machine cannot run the exercise: {outcome.error}")

    def _step(self, index: int, step: Step) -> None:
        shown = {**asdict(step), "outputs": [], "error": "", "earned": None}
        self.marks.cells.append(shown)
        by_hand = step.own and step.points is not None
        if by_hand:
            self.marks.points[step.name] = None
        if step.kind != "code":
            headings = [] if step.own else HEADING.findall(step.source)
            self.heading = headings[-1] if headings else self.heading
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
        elif outcome.error and step.own and index not in self.left_out:
            self._after_error(step, outcome.error)
        if outcome.error.startswith("MemoryError"):
            self.marks.note(f"{label} needed more than {self.limits.memory / 2**30:.3g} GB of memory", "limit")
        if outcome.error.startswith(MISSING):
            self.marks.note(f"{label} needs what is not installed here: {outcome.error}", "review")
        shown |= {"outputs": self._kept(outcome.outputs) if step.own else [], "error": outcome.error}

    def _kept(self, outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return a cell's outputs, or none where those of the notebook have become too many."""
        self.written += sum(len(text) for output in outputs for text in output.values())
        if self.written <= MOST_WRITTEN:
            return outputs
        self.marks.note(
            f"the outputs came to more than {MOST_WRITTEN / 1e6:.0f} MB; later ones are left out", "ok"
        )
        return []

    def _after_error(self, step: Step, error: str) -> None:
        """Note it, and let what the cell imports, defines and sets behind it count all the same."""
        place = ", ".join(part for part in (self.heading, f"cell {step.name}" if step.name else "") if part)
        if not error.startswith(MISSING):  # that has a note of its own
            self.marks.note(f"{place or 'a cell of their own'}: {error}", "ok")
        end = min(self.end, time.monotonic() + self.limits.cell_seconds)
        for statement in statements(step.source):
            left = end - time.monotonic()
            if isinstance(statement, LASTING) and left > 0:
                self.kernel.run(ast.unparse(statement), left)

    def _check(self, step: Step, seconds: float) -> Outcome:
        """Call the half of a points cell that belongs here, and keep what it answers."""
        name, ask = step.name or "", self.asks[step.name or ""]
        used = _names(ask)
        imports = [statement for name, statement in self.imports.items() if name in used]
        call = f"_answers = __import__('{EXCHANGE}', fromlist=['x']).answer(ask, '{as_text(self.inputs[name])}')"
        outcome = self.kernel.run("\n".join([*imports, ask, call]), seconds, ask={"answers": "_answers"})
        if outcome.ok:
            try:
                self.marks.answers[name] = from_text(outcome.answers.get("answers", ""))
            except ExchangeError as error:
                outcome.ok, outcome.error = False, str(error)
        return outcome


def _names(source: str) -> set[str]:
    """Return the names in a cell, without those in comments and texts."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return set(re.findall(r"\w+", source))
    return {token.string for token in tokens if token.type == tokenize.NAME}


def _plain(source: str) -> str:
    """Return a cell that installs nothing: there is no network to do it."""
    return INSTALL.sub(r"\1pass", source)
