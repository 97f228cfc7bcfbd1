"""Test the lessons on Colab's versions.

    python tools/colab.py 3.13 [3.12]

Builds a virtual environment with the packages that Colab has, runs the cells of docs/colab.md there (they install
the course and compare every lesson, with three steps a training), sees that this changed no package, and runs on
that installed copy the tests of what a student uses there; grading and the commands for long trainings belong
elsewhere. The versions are read from constraints-*.txt in ../shared/colab; without that file or that Python the
run is skipped.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT.parent / "shared" / "colab"
RUNNERS = ["hypothesis"]
OF_THE_CHECKOUT = ("exercises", "habits", "notebooks", "project", "rooms")
OF_THE_INSTRUCTOR = (
    "exports",
    "grading",
    "honest",
    "hostile",
    "judge",
    "lateness",
    "release",
    "roster",
    "similar",
)
OF_THE_INSTRUCTOR += ("submissions", "zips")
OF_NO_VERSION = (
    "benchmark_rows",
    "kill",
    "lessons",
    "nbval",
    "scaling",
    "train_folder",
    "train_pairs",
    "your_turn",
)
LEFT_OUT = (*OF_THE_CHECKOUT, *OF_THE_INSTRUCTOR, *OF_NO_VERSION)
LIBRARY_TESTS = ["tests", *(f"--ignore=tests/test_{name}.py" for name in LEFT_OUT)]
CLONE = re.compile(r"git clone -q \S+")  # on Colab from GitHub


def find_python(version: str) -> str | None:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for candidate in (f"python{version}", *sorted(map(str, pyenv.glob(f"versions/{version}.*/bin/python")))):
        found = shutil.which(candidate)
        if found and subprocess.run([found, "--version"], capture_output=True).returncode == 0:
            return found
    return None


def run(*command: str | Path, **kwargs: object) -> str:
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, **kwargs)
    if result.returncode:
        sys.exit(f"{result.stdout}\nfailed: {' '.join(map(str, command))}")
    return result.stdout


def installed(pip: list[str | Path]) -> set[str]:
    lines = run(*pip, "freeze", "--all").splitlines()
    return {line for line in lines if not line.startswith("gan-course")}


def test(version: str, constraints: Path) -> None:
    python = find_python(version)
    if python is None:
        print(f"Colab on Python {version}: skipped, there is no such Python here")
        return
    venv = ROOT / f".venv-colab-{version}"
    pip = [venv / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    if not (venv / "ready").exists():
        print(f"Colab on Python {version}: installing what {constraints.name} lists", flush=True)
        run(python, "-m", "venv", "--clear", venv)
        run(*pip, "install", "--quiet", "--requirement", constraints, stderr=subprocess.DEVNULL)
        (venv / "ready").touch()
    run(*pip, "uninstall", "--quiet", "--yes", "gan-course", stderr=subprocess.DEVNULL)
    before = installed(pip)
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of_the_course(folder)
        short = {"PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}", "GAN_COURSE_STEPS": "3"}
        for cell in cells():
            if subprocess.run(["bash", "-c", cell], cwd=folder, env={**os.environ, **short}).returncode:
                sys.exit(f"failed on Colab's versions, Python {version}: {cell}")
        if changed := before - installed(pip):
            sys.exit(f"the cells of docs/colab.md changed packages of Colab: {', '.join(sorted(changed))}")
        print(f"Colab on Python {version}: {len(before)} packages, none changed by the course", flush=True)
        run(*pip, "install", "--quiet", "--constraint", constraints, *RUNNERS)
        shutil.rmtree(copy / "gan_course")  # what is tested is installed
        command = [venv / "bin" / "python", "-m", "pytest", "-q", "-n", "3", "--dist", "worksteal"]
        command += ["-m", "not thorough", *LIBRARY_TESTS]
        if subprocess.run(command, cwd=copy).returncode:
            sys.exit(f"the tests failed on Colab's versions, Python {version}")


def copy_of_the_course(folder: str) -> Path:
    """Copy the course into a folder, without what its trainings have written so far: they start anew there."""
    leave = shutil.ignore_patterns("MNIST", "FACES*", ".venv*", "build", "runs", "img_align*", ".git", ".*_cache")
    return shutil.copytree(ROOT, Path(folder, "gan-course"), ignore=leave)


def cells() -> list[str]:
    """Return the cells of docs/colab.md as commands; the course is not cloned, a copy of this one is there."""
    found = re.findall(r"^```\n!(.*)\n```$", (ROOT / "docs" / "colab.md").read_text(), flags=re.MULTILINE)
    return [CLONE.sub("test -d gan-course", cell) for cell in found]


def main() -> None:
    files = sorted(CONSTRAINTS.glob("constraints-*.txt"))
    if not files:
        print("Colab's versions: skipped, there is no ../shared/colab/constraints-*.txt")
        return
    for version in sys.argv[1:]:
        test(version, files[-1])


if __name__ == "__main__":
    main()
