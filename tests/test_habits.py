"""What people expect of a project: files that GitHub understands, one version, forks that work at once."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import gan_course
from tools import stamp

ROOT = Path(__file__).parents[1]
SCHEMAS = {
    ".github/workflows/ci.yml": "vendor.github-workflows",
    ".github/ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
    ".github/ISSUE_TEMPLATE/fault.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/unclear.yml": "vendor.github-issue-forms",
    "CITATION.cff": "vendor.citation-file-format",
}


def checked(path: Path, schema: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.thorough
@pytest.mark.parametrize("path", SCHEMAS)
def test_github_understands(path, tmp_path):
    done = checked(ROOT / path, SCHEMAS[path])
    assert done.returncode == 0, done.stdout
    broken = tmp_path / "broken.yml"
    broken.write_text((ROOT / path).read_text() + "\nunheard-of: [1]\n")
    assert checked(broken, SCHEMAS[path]).returncode != 0


def test_every_form_and_workflow_is_checked():
    found = {str(path.relative_to(ROOT)) for path in ROOT.glob(".github/**/*.yml")}
    assert found == {path for path in SCHEMAS if path.startswith(".github")}


def test_ci_runs_what_the_makefile_runs_on_every_python_we_name():
    text = (ROOT / ".github/workflows/ci.yml").read_text()
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    low, high = (int(part) for part in re.fullmatch(r">=3\.(\d+),<3\.(\d+)", wanted).groups())
    assert re.search(r"python: \[(.*)\]", text)[1] == ", ".join(f'"3.{minor}"' for minor in range(low, high))
    assert "run: .ci/run" in text and 'python tools/stamp.py --check "$GITHUB_REPOSITORY"' in text


def test_the_version_stands_in_one_place():
    assert version("gan-course") == gan_course.__version__
    assert f"## {gan_course.__version__}" in (ROOT / "CHANGELOG.md").read_text()
    assert not re.search(r'^version = "', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)


def stamped(*words: str, remote: str | None = None, folder: Path) -> subprocess.CompletedProcess:
    """Stamp a copy of what names the repository."""
    for name in ("pyproject.toml", "README.md", "CITATION.cff", "tools/stamp.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text((ROOT / name).read_text())
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    if remote:
        subprocess.run(["git", "-C", folder, "remote", "add", "origin", remote], check=True)
    return subprocess.run([sys.executable, folder / "tools/stamp.py", *words], capture_output=True, text=True)


@pytest.mark.parametrize(
    "remote",
    ["https://github.com/jane/gans", "https://github.com/jane/gans.git", "git@github.com:jane/gans.git"],
)
def test_a_fork_takes_its_name_from_the_remote(tmp_path, remote):
    assert stamped(remote=remote, folder=tmp_path).returncode == 0
    readme = (tmp_path / "README.md").read_text()
    assert readme == stamp.stamp((ROOT / "README.md").read_text(), "jane/gans") != (ROOT / "README.md").read_text()
    assert "github.com/jane/gans" in (tmp_path / "CITATION.cff").read_text()
    done = subprocess.run([sys.executable, tmp_path / "tools/stamp.py", "--check", "jane/gans"])
    assert done.returncode == 0


def test_a_fork_that_names_another_repository_is_told_the_command(tmp_path):
    done = stamped("--check", "jane/gans", folder=tmp_path)
    own = stamp.repository()
    assert done.returncode != 0
    assert (
        done.stderr
        == f"badges and set-up cells name {own}, and this is jane/gans; run `make badges REPO=jane/gans`\n"
    )  # noqa: E501


def test_without_a_remote_a_name_is_asked_for(tmp_path):
    assert "the git remote origin is not set; say REPO=owner/name" in stamped(folder=tmp_path).stderr
    elsewhere = stamped(remote="https://example.org/x.git", folder=tmp_path)
    assert elsewhere.returncode != 0 and "https://example.org/x.git; say REPO" in elsewhere.stderr
