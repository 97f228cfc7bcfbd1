"""The form that every lesson must have, so that it opens, runs, compares and translates well."""

import io
import re
import statistics
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from tools import lessons, notebooks

ROOT = Path(__file__).parents[1]
TABLE = lessons.lessons()
LESSONS = [ROOT / row.path for row in TABLE if not row.is_exercise]
TAGS = {"training", "solution", "whole-program"}
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # in JupyterLab and in Colab
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
MACHINE_PATH = re.compile(r"(?<![\w./:])(/home/|/root/|/tmp/|/Users/|/work/|/usr/|/var/|[A-Z]:\\)")


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    return Lesson(request.param)


class Lesson:
    def __init__(self, path: Path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.notebook = nbformat.reads(self.text, as_version=4)
        self.cells = self.notebook.cells
        self.code = [cell for cell in self.cells if cell.cell_type == "code"]

    def cell(self, name: str) -> nbformat.NotebookNode:
        return next(cell for cell in self.cells if cell.id == name)


def row_of(path: Path) -> lessons.Lesson:
    return next(row for row in TABLE if row.name == path.stem)


def problems(lesson: Lesson) -> list[str]:
    """Everything that is wrong with the form of one lesson."""
    found = []
    if len(lesson.text.encode()) > 1_000_000:
        found.append("the file is over 1 MB")
    if lesson.notebook.metadata != KERNEL:
        found.append(f"metadata other than plain python3: {lesson.notebook.metadata}")
    if (lesson.notebook.nbformat, lesson.notebook.nbformat_minor) != (4, 5):
        found.append("not nbformat 4.5")
    if [cell.id for cell in lesson.cells[:3]] != ["title", "setup-note", "setup"]:
        found.append("does not start with title, setup-note, setup")
    if row_of(lesson.path).colab not in lesson.cells[0].source:
        found.append("the Colab badge is missing or names another notebook or repository")
    for cell in lesson.cells:
        found += [f"{cell.id}: {problem}" for problem in cell_problems(cell)]
    if MACHINE_PATH.search(lesson.text):
        found.append(f"a path of one machine: {MACHINE_PATH.search(lesson.text)[0]}")
    return found


def cell_problems(cell: nbformat.NotebookNode) -> list[str]:
    found = []
    if not re.fullmatch(r"[a-z]+[a-z0-9]*(-[a-z0-9]+)*", cell.id):
        found.append("the id is not readable")
    if cell.cell_type != "code":
        return found
    if cell.execution_count is None:
        found.append("was not executed")
    tags = {*cell.metadata.get("tags", [])}
    if len(cell.source.splitlines()) > (90 if "whole-program" in tags else 25):
        found.append("is longer than 25 lines, or 90 of a whole program")
    others = {key: value for key, value in cell.metadata.items() if key != "tags"}
    if tags - TAGS or others != (FOLDED if "solution" in tags else {}):
        found.append(f"has metadata that is not wanted: {dict(cell.metadata)}")
    for output in cell.outputs:
        if output.output_type == "error":
            found.append("ends in an error")
        if output.get("name") == "stderr":
            found.append("writes to stderr")
        if any("widget" in kind for kind in output.get("data", {})):
            found.append("keeps a widget")
    return found


def test_the_table_names_every_notebook_in_order():
    found = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("exercises/*/*.ipynb")]
    assert [row.path for row in TABLE] == [
        str(path.relative_to(ROOT)) for path in sorted(found, key=lambda p: p.stem)
    ]
    numbers = [int(row.number) for row in TABLE]
    assert numbers == sorted({*numbers})


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_notebook_says_what_its_row_says(row):
    title = Lesson(ROOT / row.path).cells[0].source
    assert (
        title.startswith(f"# {row.number} · {row.title}\n") and "](https://colab" in title and row.colab in title
    )
    assert f"**Time:** about {row.minutes} minutes" in title
    assert row.is_exercise or (ROOT / "data" / "quizzes" / f"{row.number}.toml").is_file()


def test_the_readme_has_the_rows_of_the_table():
    readme = (ROOT / "README.md").read_text()
    assert lessons.with_rows(readme) == readme
    changed = readme.replace("| seconds |", "| hours |", 1).replace("· The generator]", "· Another]")
    assert lessons.with_rows(changed) == readme and changed != readme
    counts = [sum(row.is_exercise == exercise for row in TABLE) for exercise in (False, True)]
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    assert f"in {words[counts[0]]} lessons and {words[counts[1]]} exercises" in readme


def test_the_form_is_right(lesson):
    assert problems(lesson) == []


def test_every_set_up_cell_is_the_same():
    assert len({Lesson(path).cell("setup").source for path in LESSONS}) == 1


def test_cell_ids_are_unique(lesson):
    ids = [cell.id for cell in lesson.cells]
    assert len(ids) == len(set(ids))


def test_most_outputs_are_compared(lesson):
    with_output = [cell for cell in lesson.code if cell.outputs]
    compared = [cell for cell in with_output if "training" not in cell.metadata.get("tags", [])]
    assert len(compared) >= 0.6 * len(with_output)


TRAINS = re.compile(r"\.fit\(|\btrain(_step)?\(")
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))


def unsigned(cells: list[nbformat.NotebookNode]) -> list[str]:
    """The trainings after which no cell says what must have happened: the next code cell that is compared."""
    found, trained = [], None
    for cell in cells:
        if cell.cell_type != "code":
            continue
        if "training" in cell.metadata.get("tags", []):
            trained = cell.id if TRAINS.search(cell.source) else trained
        elif trained:
            found += [] if cell.outputs else [trained]
            trained = None
    return found + ([trained] if trained else [])


@pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS], ids=lambda path: path.stem)
def test_after_a_training_stands_what_must_have_happened(path):
    assert unsigned(Lesson(path).cells) == []


def test_a_training_without_a_sign_is_found():
    training, said = nbformat.v4.new_code_cell("gan.fit(x)", id="fit"), nbformat.v4.new_code_cell("print(1)")
    training.metadata.tags = ["training"]
    assert unsigned([training, said]) == unsigned([training]) == ["fit"]
    said.outputs = [nbformat.v4.new_output("stream", text="1")]
    assert unsigned([training, said]) == []


def untold(cells: list[nbformat.NotebookNode]) -> list[str]:
    """The figures below which no sentence says what they show; front ends give them no alternative text."""
    found = []
    for cell, below in zip(cells, [*cells[1:], nbformat.v4.new_markdown_cell()], strict=True):
        shows = any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
        if shows and (
            below.cell_type == "code" or below.source.startswith(("#", "**Predict", "**Play")) or not below.source
        ):
            found.append(cell.id)
    return found


def test_below_each_figure_a_sentence_says_what_it_shows(lesson):
    assert untold(lesson.cells) == []


def test_a_figure_without_a_sentence_is_found():
    figure = nbformat.v4.new_code_cell("show()", id="figure")
    figure.outputs = [nbformat.v4.new_output("display_data", {"image/png": ""})]
    told, heading, code = (
        nbformat.v4.new_markdown_cell("Left the digit."),
        nbformat.v4.new_markdown_cell("## Next"),
        nbformat.v4.new_code_cell("1"),
    )
    assert untold([figure, told]) == [] and untold([told, code]) == []
    assert untold([figure]) == untold([figure, heading]) == untold([figure, code]) == ["figure"]


def test_code_cells_are_short(lesson):
    assert statistics.median(len(cell.source.splitlines()) for cell in lesson.code) <= 6


def test_every_lesson_ends_as_it_should(lesson):
    assert [cell.id for cell in lesson.cells[-4:] if cell.cell_type == "markdown"][-2:] == ["summary", "next"]
    assert lesson.cell("check-yourself").source.startswith("## Check yourself")
    assert lesson.cell("play").cell_type == "code"


def test_links_to_other_lessons_lead_somewhere(lesson):
    for target in re.findall(r"\]\((\w[^):]*\.ipynb)\)", "\n".join(cell.source for cell in lesson.cells)):
        assert (lesson.path.parent / target).exists(), target


BREAK = {
    "a missing execution count": lambda cells: cells[2].update(execution_count=None),
    "an error output": lambda cells: cells[3].outputs.append(
        nbformat.v4.new_output("error", ename="E", evalue="")
    ),
    "output on stderr": lambda cells: cells[3].outputs.append(
        nbformat.v4.new_output("stream", name="stderr", text="noise")
    ),
    "a widget": lambda cells: cells[3].outputs.append(
        nbformat.v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})
    ),
    "an absolute path": lambda cells: cells[3].update(source='open("/home/jane/mnist.npz")'),
    "a long cell": lambda cells: cells[3].update(source="x = 1\n" * 26),
    "a missing badge": lambda cells: cells[0].update(source="# 01 · Padding"),
    "a missing set-up cell": lambda cells: cells.pop(2),
    "an unreadable id": lambda cells: cells[3].update(id="3f2a-9"),
    "an unknown tag": lambda cells: cells[3].metadata.update(tags=["slow"]),
    "a solution that is not folded": lambda cells: cells[3].metadata.update(tags=["solution"]),
    "a folded cell that is none": lambda cells: cells[3].metadata.update(FOLDED),
    "a very long program": lambda cells: cells[3].update(
        source="x = 1\n" * 91, metadata={"tags": ["whole-program"]}
    ),
}


@pytest.mark.parametrize("name", BREAK)
def test_the_form_test_finds(name):
    lesson = Lesson(LESSONS[0])
    BREAK[name](lesson.cells)
    lesson.text = nbformat.writes(lesson.notebook)
    assert problems(lesson)


def test_the_form_test_knows_solutions_and_whole_programs():
    lesson = Lesson(LESSONS[0])
    assert problems(lesson) == []
    code = [cell for cell in lesson.cells if cell.cell_type == "code"]
    code[1].metadata.update(tags=["solution"], **FOLDED)
    code[2].update(source="x = 1\n" * 90, metadata=nbformat.from_dict({"tags": ["whole-program"]}))
    lesson.text = nbformat.writes(lesson.notebook)
    assert problems(lesson) == []


@pytest.mark.parametrize("metadata", [{}, {**KERNEL, "widgets": {}}, {**KERNEL, "accelerator": "GPU"}])
def test_the_form_test_finds_other_metadata(metadata):
    lesson = Lesson(LESSONS[0])
    lesson.notebook.metadata = nbformat.from_dict(metadata)
    assert problems(lesson)


def test_the_form_test_finds_a_large_file():
    lesson = Lesson(LESSONS[0])
    lesson.text += " " * 1_000_000
    assert problems(lesson)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pictures_in_outputs_become_smaller_and_stay_the_same(mode):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60) if mode == "L" else (40, 60, 3), "uint8")
    file = io.BytesIO()
    Image.fromarray(pixels).convert("RGBA").save(file, "PNG")
    with Image.open(io.BytesIO(notebooks.smaller(file.getvalue()))) as smaller:
        assert smaller.mode == mode
        np.testing.assert_array_equal(np.asarray(smaller), pixels)


def test_a_large_picture_of_an_exercise_keeps_few_colors():
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), "uint8")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    fewer = notebooks.smaller(file.getvalue(), colors=32)
    with Image.open(io.BytesIO(fewer)) as picture:
        assert picture.size == (200, 200) and len(picture.convert("RGB").getcolors()) <= 32
    assert 3 * len(fewer) < len(notebooks.smaller(file.getvalue()))
