"""The house with wings: an arrow, an import of one room by another, points only downwards."""

import ast
import graphlib
import re
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
GROUND = {"arguments", "files", "graphs", "places", "recipes", "runs", "latent", "counting"}
"""Rooms that any other may use."""

ROOMS = {  # what each imports, the ground floor aside; from above downwards
    "cli": {"card", "doctor", "instructor", "plots", "saved", "style", "synthetic", "train"},
    "doctor": {"backend", "datasets", "instructor"},
    "card": set(),
    "style": {"datasets"},
    "train": {"backend", "callbacks", "datasets", "models", "training"},
    "saved": {"backend", "datasets", "models", "training"},
    "widgets": {"datasets", "metrics", "models", "plane", "plots", "training"},
    "callbacks": {"datasets", "metrics", "plots", "training"},
    "training": {"datasets", "layers", "losses", "models", "optimizers"},
    "metrics": {"datasets", "models", "synthetic"},
    "tasks": {"models"},
    "datasets": {"synthetic"},
    "plots": {"plane"},
    "instructor": set(),
    "synthetic": set(),
    "plane": {"losses"},
    "losses": set(),
    "models": set(),
    "layers": set(),
    "optimizers": set(),
    "backend": set(),
}
OF_THE_ROOT = {"__file__", "__version__", "quiet_tensorflow"}  # GAN and others would hide an arrow


def imports(package: str) -> dict[str, set[str]]:
    """What each file imports of its package; what is imported for types only, or inside a function, counts too."""
    graph = grimp.build_graph(package, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def arrows(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """What each room imports of the others."""
    drawn: dict[str, set[str]] = {}
    for module, below in found.items():
        drawn.setdefault(room(module), set()).update(map(room, below))
    return {name: below - {name, ""} for name, below in drawn.items() if name}


def circle(found: dict[str, set[str]]) -> list[str]:
    """A circle of files that import each other, or nothing."""
    try:
        graphlib.TopologicalSorter(found).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


@pytest.fixture(scope="module")
def found() -> dict[str, set[str]]:
    return imports("gan_course")


def test_no_files_import_each_other_in_a_circle(found):
    assert circle(found) == []


def test_no_rooms_import_each_other_in_a_circle(found):
    assert circle(arrows(found)) == []


def test_rooms_import_what_the_map_says_and_nothing_else(found):
    drawn = arrows(found)
    assert {name: below - GROUND for name, below in drawn.items() if name not in GROUND} == ROOMS
    assert all(drawn[name] <= GROUND for name in GROUND)


def names_of_the_package(file: Path) -> set[str]:
    """What a file takes from `gan_course` itself and not from one of its rooms."""
    used: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "gan_course":
            used.add(node.attr)
        if isinstance(node, ast.ImportFrom) and node.module == "gan_course":
            used |= {name.name for name in node.names}
    return used


def test_of_the_package_itself_only_names_are_used_that_hide_no_arrow(found):
    rooms = {room(module) for module in found}
    for file in [*ROOT.glob("gan_course/*/*.py"), *ROOT.glob("gan_course/[!_]*.py")]:
        hidden = names_of_the_package(file) - OF_THE_ROOT - rooms
        assert not hidden, f"{file} takes {hidden} from gan_course itself; import it from its room"


@pytest.mark.parametrize("line", ["from gan_course import GAN", "import gan_course\n\ngan_course.GAN"])
def test_a_hidden_arrow_is_found(line, tmp_path):
    (tmp_path / "room.py").write_text(line)
    assert names_of_the_package(tmp_path / "room.py") == {"GAN"}


@pytest.mark.parametrize(
    "line",
    [
        "from house.cellar import wine",
        "from house import cellar",
        "import house.cellar",
        "def later():\n    from house import cellar",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.cellar import wine",
    ],
)
def test_a_circle_is_found_however_it_is_written(line, tmp_path, monkeypatch):
    house = tmp_path / "house"
    house.mkdir()
    for name, text in {"__init__": "", "attic": line, "cellar": "from house.attic import dust"}.items():
        (house / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "house", raising=False)
    found = imports("house")
    assert {*circle(found)} == {"house.attic", "house.cellar"} and {*circle(arrows(found))} == {"attic", "cellar"}


def test_nothing_but_the_command_line_calls_it():
    folders = ("gan_course", "benchmarks", "tools", "notebooks", "solutions", "exercises", "data")
    files = [path for folder in folders for kind in ("py", "ipynb") for path in ROOT.glob(f"{folder}/**/*.{kind}")]
    callers = [path for path in files if re.search(r"\bcli\.main\b|import .*\bcli\b", path.read_text())]
    assert len(files) > 50 and callers == []
