"""The glossary has every term of the lessons, once, and says where it is explained."""

import re
import unicodedata

import nbformat
import pytest

from tests.test_notebooks import LESSONS, ROOT

DOCS = ROOT / "docs"
TEXT = (DOCS / "glossary.md").read_text(encoding="utf-8")
ROWS = [[part.strip() for part in line.strip("|").split("|")] for line in TEXT.splitlines() if line[:1] == "|"][2:]
TERMS = [row[0] for row in ROWS]
LABELS = {"On Colab"}


def bold_terms(text: str) -> list[str]:
    """What is bold, except labels, which end in a full stop, colon or comma."""
    bold = re.findall(r"\*\*([^*\n]+)\*\*", text)
    return [words for words in bold if words[-1] not in ".:," and words not in LABELS]


def bare(text: str) -> str:
    """Words without case, accents and signs."""
    return re.sub(r"[^a-z0-9 ]", "", unicodedata.normalize("NFKD", text.lower()))


def is_in(term: str, terms: list[str]) -> bool:
    """Whether it is there, in the singular too, or at the beginning: "saturating" is in "saturating loss"."""
    forms = (f"{bare(term)} ", f"{bare(term).removesuffix('s')} ")
    return any(f"{bare(other)} ".startswith(forms) for other in terms)


def cells(path: str) -> dict[str, str]:
    return {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}


@pytest.mark.parametrize("path", [*LESSONS, *sorted(ROOT.glob("exercises/*/*.ipynb"))], ids=lambda path: path.stem)
def test_every_term_in_bold_is_in_the_glossary(path):
    bold = {term for source in cells(path).values() for term in bold_terms(source)}
    assert [term for term in sorted(bold) if not is_in(term, TERMS)] == []


def test_terms_are_found_and_labels_are_not():
    text = "The **Generator** draws **channels**. **Play:** do. - **It is slow.** Wait. **Neither falls,** and"
    assert bold_terms(text) == ["Generator", "channels"]
    assert all(
        is_in(term, ["channel", "generator", "saturating loss"])
        for term in ("channels", "Generator", "saturating")
    )
    assert not is_in("window", ["windowing"]) and not is_in("loss", ["saturating loss"])


def test_each_term_stands_once_and_in_the_order_of_the_alphabet():
    order = [bare(term).replace(" ", "") for term in TERMS]
    assert order == sorted(set(order))


BOLD_SOMEWHERE = {term for path in LESSONS for source in cells(path).values() for term in bold_terms(source)}


@pytest.mark.parametrize("row", ROWS, ids=TERMS)
def test_each_term_is_explained_in_the_cell_that_the_link_names(row):
    term, what, where, source = row
    lesson, cell, target = re.fullmatch(r"\[(\d\d), ([\w-]+)\]\((.+)\)", where).groups()
    path, _, fragment = target.partition("#cell-id=")
    assert (DOCS / path).name.startswith(f"{lesson}_") and fragment == cell
    text = cells(DOCS / path)[cell]
    if any(is_in(bold, [term]) for bold in BOLD_SOMEWHERE):
        assert any(is_in(bold, [term]) for bold in bold_terms(text))
    else:
        assert bare(term) in bare(text)
    assert what.endswith(".") and source


def test_each_source_has_an_address():
    named = {name for row in ROWS for name in re.findall(r"\[([^]]+)\]", row[3])}
    assert named == set(re.findall(r"^\[(.+)\]: https://", TEXT, flags=re.MULTILINE))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_each_lesson_leads_to_the_glossary(path):
    assert "](../docs/glossary.md)" in cells(path)["title"]
