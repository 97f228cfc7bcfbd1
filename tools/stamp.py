"""Write the repository's owner and name into every badge and set-up cell.

    python tools/stamp.py OWNER/NAME

The one place where they are kept is `Repository` in pyproject.toml; this changes it and what follows from it.
"""

import re
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


def main() -> None:
    if len(sys.argv) != 2 or not re.fullmatch(r"[\w.-]+/[\w.-]+", sys.argv[1]):
        sys.exit("expected the owner and name of the repository, such as REPO=jane/gan-course")
    patterns = ("notebooks/*.ipynb", "solutions/*/*.ipynb", "exercises/*/*.ipynb")
    notebooks = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    for path in (ROOT / "pyproject.toml", ROOT / "README.md", *notebooks):
        text = path.read_text(encoding="utf-8")
        path.write_text(stamp(text, sys.argv[1]), encoding="utf-8")


if __name__ == "__main__":
    main()
