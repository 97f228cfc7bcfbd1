"""The table of the lessons, notebooks/lessons.toml, and the README's rows that follow from it.

python tools/lessons.py            # write the rows
python tools/lessons.py --check    # fail if they are not those of the table
"""

import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.stamp import repository

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"


class Lesson(NamedTuple):
    """A row of the table.

    Attributes:
        path: Of the notebook that a student opens.
        title: What it is called, after its number.
        learn: What is learned there.
        minutes: How long it takes to read and try.
        computing: How long the machine computes, on two cores.
    """

    path: str
    title: str
    learn: str
    minutes: int
    computing: str

    @property
    def name(self) -> str:
        """The file's name without its suffix, such as `01_padding_and_filters`."""
        return Path(self.path).stem

    @property
    def number(self) -> str:
        """Its number, two digits."""
        return self.name[:2]

    @property
    def is_exercise(self) -> bool:
        """Whether students hand it in."""
        return self.path.startswith("exercises/")

    @property
    def colab(self) -> str:
        """The address that opens it on Colab."""
        return f"https://colab.research.google.com/github/{repository()}/blob/main/{self.path}"

    def row(self) -> str:
        """Return its row in the README."""
        title = f"Exercise: {self.title[0].lower()}{self.title[1:]}" if self.is_exercise else self.title
        cells = (
            f"[{self.number} · {title}]({self.path})",
            self.learn,
            f"{self.minutes} min",
            self.computing,
            f"[![Open in Colab]({BADGE})]({self.colab})",
        )
        return f"| {' | '.join(cells)} |"


def lessons() -> list[Lesson]:
    """Return the rows of the table."""
    return [Lesson(**row) for row in tomllib.loads((ROOT / "notebooks" / "lessons.toml").read_text())["lesson"]]


def with_rows(readme: str) -> str:
    """Return the README with the rows of the table in place of those it has."""
    before, head, rest = readme.partition("| lesson |")
    names, line, rows = rest.split("\n", 2)
    after = rows[rows.index("\n\n") :]
    return "\n".join([before + head + names, line, *(lesson.row() for lesson in lessons())]) + after


def main() -> None:
    """Write the README's rows, or compare them."""
    text = README.read_text(encoding="utf-8")
    if "--check" in sys.argv and with_rows(text) != text:
        sys.exit("the lessons in README.md are not those of notebooks/lessons.toml; run python tools/lessons.py")
    README.write_text(with_rows(text), encoding="utf-8")


if __name__ == "__main__":
    main()
