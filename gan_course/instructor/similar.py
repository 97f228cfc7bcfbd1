"""Which submissions are alike beyond what everybody writes; a person looks at them, and this is no verdict."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import nbformat
from copydetect import CodeFingerprint, compare_files
from copydetect.utils import get_token_coverage, highlight_overlap

from gan_course.files import replacing
from gan_course.instructor.assignments import Assignment
from gan_course.instructor.submissions import Submission

LENGTH = 30  # signs in a row that have to be equal to count; a name or a text is one sign
LEAST = 120  # signs that two have to share, about ten lines
SHARE = 0.6  # of what is one's own
FEW, PART = 4, 3  # what more than four and a third of the class have is what everybody writes


@dataclass(frozen=True)
class Pair:
    """Two submissions that are alike.

    Attributes:
        first: One of them.
        second: The other.
        share: Of the code of the shorter one that is not what everybody writes, the part that both have.
        code: That of both, as HTML: escaped, with `<mark>` around what both have.
    """

    first: Submission
    second: Submission
    share: float
    code: Sequence[str]


def similar_kept(path: Path, found: Sequence[Submission], known: Mapping[str, Assignment]) -> list[Pair]:
    """Return what `similar` does, from a file if that is of the same submissions; else write it.

    Args:
        path: The file, JSON.
        found: What was handed in.
        known: The assignments.
    """
    key = repr([(one.student, one.assignment, one.digest) for one in found])
    key = hashlib.sha256(f"{key} {[each.digest for each in known.values()]}".encode()).hexdigest()
    if path.is_file() and (kept := json.loads(path.read_text(encoding="utf-8")))["key"] == key:
        return [Pair(found[one], found[other], *rest) for one, other, *rest in kept["pairs"]]
    pairs, place = similar(found, known), {id(one): number for number, one in enumerate(found)}
    rows = [(place[id(pair.first)], place[id(pair.second)], pair.share, pair.code) for pair in pairs]
    with replacing(path) as beside:
        beside.write_text(json.dumps({"key": key, "pairs": rows}), encoding="utf-8")
    return pairs


def similar(found: Sequence[Submission], known: Mapping[str, Assignment]) -> list[Pair]:
    """Return the pairs whose code is alike, those first that share most.

    Names, texts, spaces, comments and the order of cells do not count (Schleimer, Wilkerson and Aiken, 2003,
    Winnowing, section 2: fingerprints of what is left), nor does what was handed out, what stands in the solution,
    and what many of the class have.

    Args:
        found: What was handed in.
        known: The assignments.
    """
    pairs = []
    for name, assignment in known.items():
        mine = [one for one in found if one.assignment == name and not one.file.problem]
        given = {_text(cell) for cell in assignment.copy.cells}
        prints = [_fingerprint("\n".join(_own(one, given))) for one in mine]
        common = _fingerprint(_code(assignment.copy)).hashes | _fingerprint(_code(assignment.source)).hashes
        counts = Counter(each for fingerprint in prints for each in fingerprint.hashes)
        common |= {each for each, count in counts.items() if count > max(FEW, len(prints) / PART)}
        for fingerprint in prints:
            _take_away(common, fingerprint)
        for (first, one), (second, other) in combinations(zip(mine, prints, strict=True), 2):
            if len(one.hashes & other.hashes) + LENGTH < LEAST:
                continue
            signs, shares, slices = compare_files(one, other)
            if signs >= LEAST and max(shares) >= SHARE:
                code = [
                    highlight_overlap(each.raw_code, part, "<mark>", "</mark>", escape_html=True)[0]
                    for each, part in zip((one, other), slices, strict=True)
                ]
                pairs.append(Pair(first, second, float(min(1.0, max(shares))), code))
    return sorted(pairs, key=lambda pair: (-pair.share, pair.first.student, pair.second.student))


def _text(cell: nbformat.NotebookNode) -> str:
    return cell.source.strip()


def _code(book: nbformat.NotebookNode) -> str:
    return "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")


def _own(one: Submission, given: set[str]) -> list[str]:
    return [cell.source for cell in one.file.cells if cell.kind == "code" and cell.source.strip() not in given]


def _fingerprint(code: str) -> CodeFingerprint:
    lines = "\n".join(line for line in code.splitlines() if line.strip())  # many empty ones would take hours
    return CodeFingerprint("cells.py", LENGTH, 1, language="python", fp=io.StringIO(lines))


def _take_away(common: set[int], fingerprint: CodeFingerprint) -> None:
    """Leave out what is no one's own; the library's own way takes away what stands twice in one file as well."""
    fingerprint.hash_idx = {each: where for each, where in fingerprint.hash_idx.items() if each not in common}
    fingerprint.hashes = set(fingerprint.hash_idx)
    fingerprint.token_coverage = get_token_coverage(fingerprint.hash_idx, LENGTH, len(fingerprint.filtered_code))
