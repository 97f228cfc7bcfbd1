"""The package as it is installed, its examples, and the tools around it."""

import doctest
import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import gan_course
from tools import environment, stamp

ROOT = Path(__file__).parents[1]
FILES = sorted(path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("gan_course/**/*.py"))
MODULES = [".".join(path.parts).removesuffix(".__init__") for path in FILES]
ROOMS = sorted({module.split(".")[1] for module in MODULES if "." in module})


def python(code: str, **kwargs: object) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, **kwargs).stdout.strip()


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, gan_course; print(sorted({'tensorflow', 'keras', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    assert python(code) == "[]"


def test_names_load_when_they_are_used():
    assert gan_course.GAN.__name__ == "GAN" and gan_course.plots.image_grid
    assert set(gan_course.__all__) <= set(dir(gan_course))
    with pytest.raises(AttributeError, match="has no attribute 'GNA'; it has GAN"):
        _ = gan_course.GNA


QUIET = """
import gan_course; gan_course.quiet_tensorflow()
import tensorflow; tensorflow.get_logger().warning("traced again")
"""


def test_tensorflow_starts_in_silence():
    command = [sys.executable, "-c", QUIET]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if ".instructor" in module:
        pytest.importorskip("nbgrader")
    assert doctest.testmod(importlib.import_module(module)).failed == 0


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_can_be_read_whole(path):
    assert len((ROOT / path).with_suffix(".py").read_text().splitlines()) <= 400


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_on_the_map(room):
    assert re.search(
        rf"^ {{4}}(\w.* {{2,}})?{room} {{2,}}\w", (ROOT / "README.md").read_text(), flags=re.MULTILINE
    )


@pytest.mark.thorough
def test_the_wheel_holds_the_data_and_works_elsewhere(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("gan_course-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"gan_course/data/{path.name}" for path in (ROOT / "data").iterdir() if path.is_file()} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "tools/", "notebooks/"))]
    subprocess.run([*pip, "install", "--no-deps", "--target", tmp_path / "site", wheel], check=True)
    code = """
import gan_course
images = gan_course.datasets.load_mnist("embedded")[0]
read = gan_course.metrics.classify_digits(gan_course.datasets.scale(images[:1]))["probabilities"].argmax()
print(gan_course.__file__, len(images), read, len(gan_course.widgets.Quiz("05", "after").children))
"""
    file, count, read, questions = python(code, cwd=tmp_path / "site").split()
    assert Path(file).is_relative_to(tmp_path) and count == "10000" and read == "5" and questions == "5"


def test_environment_yml_lists_what_pyproject_does():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (ROOT / "environment.yml").read_text()
    assert text == environment.expected()
    for entry in [*project["dependencies"], *project["optional-dependencies"]["lab"]]:
        assert f'- "{entry}"' in text


def test_an_outdated_environment_yml_is_found(tmp_path, monkeypatch):
    (tmp_path / "environment.yml").write_text("name: gan-course\n")
    monkeypatch.setattr(environment, "TARGET", tmp_path / "environment.yml")
    with pytest.raises(SystemExit, match="out of date"):
        environment.check()


def test_every_dependency_says_what_it_is_for():
    text = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(
        r"^(?:dependencies|lab|instructor|test) = \[\n(.*?)^\]", text, flags=re.DOTALL | re.MULTILINE
    )
    assert len(lists) == 4
    for line in "".join(lists).splitlines():
        assert re.fullmatch(r'    "[^"]+", +# .+', line), line


BUDGETS = {  # megabytes of each group of files in data/, folders inside folders too; 12 in all
    "": 2.5,  # digits, the classifiers, how they were made
    "quizzes": 0.1,
    "bricks": 0.3,
    "faces": 0.1,
    "style": 0.1,
    "checkpoints/mnist": 2.4,
}


def sizes(data: Path) -> dict[str, float]:
    """Return the megabytes of each group: of files, or of a folder, or of a folder of checkpoints."""
    found: dict[str, float] = {}
    for path in data.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            *folders, _ = path.relative_to(data).parts
            group = "/".join(folders[: 2 if folders[:1] == ["checkpoints"] else 1])
            found[group] = found.get(group, 0) + path.stat().st_size / 1e6
    return found


def test_data_is_small():
    found = sizes(ROOT / "data")
    assert {*found} == {*BUDGETS}, "each group of files has a budget"
    assert {group: size for group, size in found.items() if size > BUDGETS[group]} == {}
    assert sum(BUDGETS.values()) <= 12


def test_the_ablation_that_lesson_08_reads_is_the_measured_one():
    assert (ROOT / "data/ablation.csv").read_text() == (ROOT / "benchmarks/results/ablation.csv").read_text()


def test_the_size_of_data_counts_folders_inside_folders(tmp_path):
    for name, size in (("a.npz", 1), ("quizzes/deep/b.toml", 2), ("checkpoints/x/deeper/c.keras", 4)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size * 1_000_000))
    assert sizes(tmp_path) == {"": 1, "quizzes": 2, "checkpoints/x": 4}


def test_a_stamp_names_the_repository_in_every_address():
    text = (
        "https://colab.research.google.com/github/a/b/blob/main/notebooks/x.ipynb\n"
        '"%pip install -q git+https://github.com/a/b\\n", "https://github.com/a/b"\n'
        "git clone https://github.com/a/b.git and https://github.com/a/b"
    )
    assert stamp.stamp(text, "jane/gans") == text.replace("a/b", "jane/gans")


def test_the_readme_s_addresses_and_links_lead_somewhere():
    readme = (ROOT / "README.md").read_text()
    assert stamp.stamp(readme, stamp.repository()) == readme
    for target in re.findall(r"\]\(([^):#]+)\)", readme):
        assert (ROOT / target).exists(), target
