"""What the comparison of notebooks compares, and what it does not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
CELLS = {  # source and what stands in the notebook as its output
    "same": ("print(1)", "1"),
    "other": ("print(2)", "3"),
    "trained": ("print(4)", "5"),
    "sign": ("print(6)", "7"),
    "later": ("print(8)", "9"),
}


def differing(folder: Path, **environment: str) -> list[str]:
    """Run a notebook as the lessons are run, and return the cells that differ."""
    cells = []
    for count, (name, (source, output)) in enumerate(CELLS.items(), 1):
        cell = nbformat.v4.new_code_cell(source, id=name, execution_count=count)
        cell.metadata.tags = ["training"] if name == "trained" else []
        cell.outputs = [nbformat.v4.new_output("stream", text=f"{output}\n")]
        cells.append(cell)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "some.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.nbval_strict", "--nbval", "--nbval-current-env"]
    inherited = {name: value for name, value in os.environ.items() if name != "GAN_COURSE_STEPS"}
    done = subprocess.run(
        [*command, "--rootdir", folder, folder / "some.ipynb"],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
    )
    assert "failed" in done.stdout, done.stdout + done.stderr
    return [list(CELLS)[int(cell)] for cell in re.findall(r"^FAILED .*::Cell (\d+)", done.stdout, re.MULTILINE)]


def test_all_is_compared_but_what_trains(tmp_path):
    assert differing(tmp_path) == ["other", "sign", "later"]


def test_after_a_short_training_its_sign_is_not_compared(tmp_path):
    assert differing(tmp_path, GAN_COURSE_STEPS="3") == ["other", "later"]
