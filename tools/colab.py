"""Test the lessons on Colab's versions.

    python tools/colab.py 3.13 [3.12]

Builds a virtual environment with the packages that Colab has, installs the course there as the set-up cell does,
sees that this changed no package, and runs tests and lessons on that installed copy. The versions are read from
constraints-*.txt in ../shared/colab; without that file or that Python the run is skipped.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT.parent / "shared" / "colab"
RUNNERS = ["nbval", "pytest-xdist", "hypothesis"]
OF_THE_CHECKOUT = ("test_project", "test_rooms", "test_notebooks", "test_exercises", "test_habits")
SLOW = ("test_kill", "test_scaling")  # full disks, killed processes and many devices are no matter of versions
LIBRARY_TESTS = ["tests", *(f"--ignore=tests/{name}.py" for name in (*OF_THE_CHECKOUT, *SLOW))]
NOTEBOOKS = ["notebooks", "solutions", "exercises"]
LESSON_TESTS = ["-p", "tests.nbval_strict", "--nbval", "--nbval-current-env", "--dist", "loadfile", *NOTEBOOKS]


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
    with tempfile.TemporaryDirectory() as folder:
        run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
        before = installed(pip)
        run(*pip, "install", "--quiet", *Path(folder).glob("*.whl"))
    if changed := installed(pip) ^ before:
        sys.exit(f"installing the course changed packages of Colab: {', '.join(sorted(changed))}")
    print(f"Colab on Python {version}: {len(before)} packages, none changed by the course", flush=True)
    run(*pip, "install", "--quiet", "--constraint", constraints, *RUNNERS)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "pyproject.toml", folder)
        for name in ("benchmarks", "docs", "tests", "tools"):
            shutil.copytree(ROOT / name, Path(folder) / name)
        results = shutil.ignore_patterns("MNIST", "FACES*")  # a model that a newer Keras saved does not open here
        for name in NOTEBOOKS:
            shutil.copytree(ROOT / name, Path(folder) / name, ignore=results)
        for tests in LIBRARY_TESTS, LESSON_TESTS:
            command = [venv / "bin" / "python", "-m", "pytest", "-q", "-n", "2", *tests]
            environment = {**os.environ, "GAN_COURSE_FULL": "0"}
            if subprocess.run(command, cwd=folder, env=environment).returncode:
                sys.exit(f"the tests failed on Colab's versions, Python {version}")


def main() -> None:
    files = sorted(CONSTRAINTS.glob("constraints-*.txt"))
    if not files:
        print("Colab's versions: skipped, there is no ../shared/colab/constraints-*.txt")
        return
    for version in sys.argv[1:]:
        test(version, files[-1])


if __name__ == "__main__":
    main()
