"""The tables that the searches of the benchmarks write."""

import pytest

from benchmarks import rows

KEY = ("name", "seed")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    rows.add(path, [{"name": "a, b", "seed": 0, "distance": 1.5}], KEY)
    return path


def test_what_is_added_is_read_and_nothing_twice(table):
    rows.add(table, [{"name": "a, b", "seed": 0, "distance": 9}, {"name": "a, b", "seed": 1, "distance": 2}], KEY)
    assert [row["distance"] for row in rows.read(table)] == ["1.5", "2"]
    assert table.read_text().splitlines()[0] == "name,seed,distance"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "toy.py").write_text(
        "import sys\nprint('a word before')\nprint(int(sys.argv[1]) ** 2)\nsys.exit(sys.argv[1] == '3')"
    )
    monkeypatch.setattr(rows, "ROOT", tmp_path)
    return "toy"


def test_jobs_run_side_by_side_and_what_they_print_last_is_kept(toy):
    found = []
    rows.side_by_side(toy, [(1,), (2,), (3,)], workers=2, keep=found.append)
    assert sorted(found) == [1, 4]  # what fails is left out


def test_nothing_is_started_when_the_time_is_over(toy):
    found = []
    rows.side_by_side(toy, [(1,)], workers=1, minutes=0, keep=found.append)
    assert not found
