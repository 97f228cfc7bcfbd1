"""Write environment.yml, the conda environment, from pyproject.toml.

    python tools/environment.py            write it
    python tools/environment.py --check    fail if it is out of date or pip cannot resolve an entry

conda brings Python and pip; everything else comes from PyPI, so that it is what the lessons are tested with.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "environment.yml"


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements() -> list[str]:
    return [*project()["dependencies"], *project()["optional-dependencies"]["lab"]]


def expected() -> str:
    lines = [
        "# Generated from pyproject.toml by tools/environment.py; change that file instead.",
        "name: gan-course",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python {project()['requires-python']}",
        "  - pip",
        "  - pip:",
        *(f'      - "{entry}"' for entry in requirements()),
        "      - --editable .",
    ]
    return "\n".join(lines) + "\n"


def check() -> None:
    if not TARGET.exists() or TARGET.read_text() != expected():
        sys.exit("environment.yml is out of date; run `make environment.yml`")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", *requirements(), "--editable", "."]
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit("pip cannot resolve what environment.yml lists")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else TARGET.write_text(expected())
