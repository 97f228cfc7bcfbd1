"""Write the repository's owner and name into every badge and set-up cell.

    python tools/stamp.py                       # those of the git remote `origin`
    python tools/stamp.py OWNER/NAME
    python tools/stamp.py --check OWNER/NAME    # fail if another stands there

The one place where they are kept is `Repository` in pyproject.toml; this changes it and what follows from it.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
ADDRESS = re.compile(r"(github\.com/|colab\.research\.google\.com/github/)[\w.-]+/[\w.-]+?(?=\.git|[\"\\/)\s]|$)")


def repository() -> str:
    """Return OWNER/NAME."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    return urls["Repository"].removeprefix("https://github.com/")


def stamp(text: str, repo: str) -> str:
    """Return the text with the repository's name in each of its addresses."""
    return ADDRESS.sub(lambda match: match[1] + repo, text)


def of_remote() -> str:
    """Return OWNER/NAME of the git remote `origin`, on GitHub."""
    command = ["git", "-C", ROOT, "remote", "get-url", "origin"]
    address = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    found = re.search(r"github\.com[:/]([\w.-]+/[\w.-]+?)(\.git)?/?$", address)
    if not found:
        sys.exit(
            f"the git remote origin is {address or 'not set'}; say REPO=owner/name, such as REPO=jane/gan-course"
        )
    return found[1]


def check(repo: str) -> None:
    """End with the command that mends it if badges and set-up cells name another repository."""
    if repository() != repo:
        sys.exit(f"badges and set-up cells name {repository()}, and this is {repo}; run `make badges REPO={repo}`")


def main() -> None:
    *options, repo = [*sys.argv[1:]] or [of_remote()]
    if options not in ([], ["--check"]) or not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        sys.exit("expected the owner and name of the repository, such as REPO=jane/gan-course")
    if options:
        check(repo)
        return
    patterns = ("notebooks/*.ipynb", "solutions/*/*.ipynb", "exercises/*/*.ipynb")
    notebooks = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    for path in (ROOT / "pyproject.toml", ROOT / "README.md", ROOT / "CITATION.cff", *notebooks):
        text = path.read_text(encoding="utf-8")
        path.write_text(stamp(text, repo), encoding="utf-8")


if __name__ == "__main__":
    main()
