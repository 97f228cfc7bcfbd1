"""nbgrader's gradebook: where points given by hand come from."""

import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ComputeChecksums, SaveAutoGrades, SaveCells

from gan_course.files import replacing
from gan_course.instructor.assignments import Assignment, AssignmentError
from gan_course.instructor.pictures import SVG

warnings.filterwarnings("ignore", module="nbgrader")  # SQLAlchemy about nbgrader's own use of it
NO_SCRIPTS = MappingProxyType({"<": "&lt;", "](": "]\\("})  # in a student's Markdown, for nbgrader's pages


class Given(NamedTuple):
    """What a person gave for an answer: points and comments, by task."""

    points: dict[str, float]
    comments: dict[str, str]


class Book:
    """A folder that nbgrader's own tools can open: `gradebook.db` and `autograded/`.

    Args:
        folder: Where it is kept; made if need be.
        assignments: What is graded.

    Raises:
        AssignmentError: If the folder has marks for an exercise whose cells were others.
    """

    def __init__(self, folder: Path, assignments: Mapping[str, Assignment]) -> None:
        """Open the gradebook, or make one."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.url = folder, f"sqlite:///{folder.resolve()}/gradebook.db"
        self.assignments = assignments
        with _programs_beside_python():  # nbgrader calls one to make a new gradebook
            book = Gradebook(self.url)
        with book:
            for name in assignments:
                book.update_or_create_assignment(name)
        for name, assignment in assignments.items():
            cells, _ = ComputeChecksums().preprocess(deepcopy(assignment.source), {})
            try:
                SaveCells().preprocess(cells, self._resources("", name))
            except RuntimeError as error:
                raise AssignmentError(
                    f"{folder} has marks for {name} with other cells; choose another --out"
                ) from error

    def _resources(self, student: str, assignment: str) -> dict[str, Any]:
        names = {"student": student, "assignment": assignment, "notebook": assignment, "db_url": self.url}
        return {"nbgrader": names, "unique_key": assignment}

    def given(self) -> dict[tuple[str, str], Given]:
        """Return what a person gave, for each student and assignment that there are marks for."""
        with Gradebook(self.url) as book:
            return {
                (one.student.id, name): _given(one.notebooks[0])
                for name in self.assignments
                for one in book.assignment_submissions(name)
                if one.notebooks
            }

    def record(self, student: str, assignment: str, cells: list[dict[str, Any]]) -> Given:
        """Keep what was earned, and the marked notebook for nbgrader's pages; return what a person gave."""
        notebook = nbformat.v4.new_notebook(cells=[_node(self.assignments[assignment], cell) for cell in cells])
        path = self.folder / "autograded" / student / assignment / f"{assignment}.ipynb"
        with Gradebook(self.url) as book:
            book.update_or_create_student(student)
            book.update_or_create_submission(assignment, student)
        SaveAutoGrades().preprocess(notebook, self._resources(student, assignment))
        with replacing(path) as beside:
            nbformat.write(notebook, beside)
        with Gradebook(self.url) as book:
            return _given(book.find_submission_notebook(assignment, assignment, student))


def _given(found: Any) -> Given:
    """Return what a person gave for an answer; no points if it has changed since."""
    grades = [one for one in found.grades if one.manual_score is not None and not one.needs_manual_grade]
    comments = {one.name: one.manual_comment for one in found.comments if one.manual_comment}
    return Given({one.name: one.score for one in grades}, comments)


@contextmanager
def _programs_beside_python() -> Iterator[None]:
    """Let the programs be found that pip put beside Python."""
    before = os.environ.get("PATH")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before or os.defpath}"
    try:
        yield
    finally:
        del os.environ["PATH"]
        if before is not None:
            os.environ["PATH"] = before


def _node(assignment: Assignment, cell: dict[str, Any]) -> NotebookNode:
    """Return a marked cell with outputs that nbgrader turns into the same points, and no scripts."""
    node = nbformat.v4.new_code_cell(cell["source"])
    if cell["kind"] == "markdown":
        safe = re.sub(
            "|".join(map(re.escape, NO_SCRIPTS)), lambda match: NO_SCRIPTS[match.group()], cell["source"]
        )
        node = nbformat.v4.new_markdown_cell(safe if cell["own"] else cell["source"])
    elif cell["earned"] is not None:
        earned = str(cell["earned"])
        node.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": earned}, execution_count=None)]
        if cell["error"]:
            node.outputs = [nbformat.v4.new_output("error", ename="Failed", evalue=cell["error"], traceback=[])]
    else:
        for output in cell["outputs"]:
            if "image" in output:
                node.outputs.append(nbformat.v4.new_output("display_data", {"image/png": output["image"]}))
            else:
                text = output.get("text") or output["error"]
                node.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=text))
        for picture in cell["pictures"]:
            if picture.startswith(SVG):  # nbgrader's pages would run it
                continue
            node.outputs.append(nbformat.v4.new_output("display_data", {"image/png": picture}))
    for source in assignment.source.cells:
        name = source.metadata.get("nbgrader", {}).get("grade_id")
        if cell["name"] and name == cell["name"]:
            node.metadata.nbgrader = {**source.metadata.nbgrader, "cell_type": source.cell_type}
            node.metadata.nbgrader.pop(
                "checksum", None
            )  # nbgrader would give 0 to an unchanged answer, not "pending"
    return node
