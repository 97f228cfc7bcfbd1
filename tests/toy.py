"""A small course for the tests of grading: one exercise of numbers, without TensorFlow."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

NAME = "01_numbers"
CONFIG = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.ClearSolutions.code_stub = {"python": "..."}
c.ClearSolutions.text_stub = "*Write your answer here.*"
"""


def _cell(make, name, source, **kind):
    metadata = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3, **kind}
    return make(source, id=name, metadata={"nbgrader": {"grade_id": name, **metadata}})


def answer(name, stub, solution):
    text = f"{stub}\n    ### BEGIN SOLUTION\n    {solution}\n    ### END SOLUTION"
    return _cell(new_code_cell, name, text, solution=True)


def check(name, points, asked, judged, public="# The points of this task."):
    text = f"{public}\n### BEGIN HIDDEN TESTS\n{asked}\n### JUDGE\n{judged}\n### END HIDDEN TESTS"
    return _cell(new_code_cell, name, text, grade=True, locked=True, points=points)


def ask(answers):
    return f"def ask(inputs):\n    return dict({answers})"


DOUBLE = """def draw(rng):
    return {"numbers": rng.normal(size=5)}

def judge(inputs, answers):
    np.testing.assert_allclose(answers["doubled"], 2 * inputs["numbers"])
    assert answers["six"] == 6"""
MEAN = """def draw(rng):
    return {"numbers": rng.integers(1, 100, 7)}

def judge(inputs, answers):
    assert np.allclose(answers["mean"], inputs["numbers"].mean()), "the mean of seven numbers"

wrong = {"the sum": "def mean(x): return sum(x)"}
"""
SPREAD = """def judge(inputs, answers):
    return 2 * (answers["one"] == 3) + 2 * (answers["none"] == 0)"""


def question(name, points):
    return _cell(new_markdown_cell, name, "The mean is in the middle.", grade=True, solution=True, points=points)


def notebook():
    """Return the instructor's notebook: three tasks of 2, 3 and 4 points, a question of 5."""
    cells = [
        new_markdown_cell("# Numbers", id="title"),
        new_code_cell("import numpy as np\n\nnumbers = np.arange(5.0)", id="setup"),
        answer("double", "def double(x):", "return 2 * x"),
        _cell(new_code_cell, "double-look", 'print("done" if double(1) else "not done yet")', locked=True),
        check("double-points", 2, ask("doubled=double(inputs['numbers']), six=double(3)"), DOUBLE),
        answer("mean", "def mean(x):", "return sum(x) / len(x)"),
        check("mean-points", 3, ask("mean=mean(list(inputs['numbers']))"), MEAN),
        answer("spread", "def spread(x):", "return max(x) - min(x)"),
        check("spread-points", 4, ask("one=spread([1, 4]), none=spread([5, 5])"), SPREAD),
        question("why", 5),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def course(folder: Path, book=None, name: str = NAME) -> Path:
    """Write a course with one exercise."""
    (folder / "solutions" / name).mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    nbformat.write(book or notebook(), folder / "solutions" / name / f"{name}.ipynb")
    return folder
