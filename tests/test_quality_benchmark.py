import json
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks import quality
from benchmarks.quality import TEXTBOOK, curve_path, reached, read_curves
from gan_course.callbacks.quality import Quality, write_quality


def made_up(distances):
    """A curve that was measured every 8,000 steps, from step 0 on."""
    zeros = dict.fromkeys(Quality.COLUMNS, 0.0)
    steps = [8000 * i for i in range(len(distances) + 1)]
    return [
        {**zeros, "count": 5000, "step": step, "seconds": 0.5 * step, "frechet_distance": distance}
        for step, distance in zip(steps, [1000.0, *distances], strict=True)
    ]


@pytest.fixture
def results(tmp_path):
    write_quality(curve_path(tmp_path, TEXTBOOK), made_up([100, 60, 30, 25, 20]))
    write_quality(curve_path(tmp_path, "course"), made_up([30, 10, 9, 8, 6]))
    paces = {TEXTBOOK: {"seconds_per_step": 0.2}, "course": {"seconds_per_step": 0.01}}
    (tmp_path / "speed.json").write_text(json.dumps({"rows": paces}))
    return tmp_path


def plot(monkeypatch, results):
    monkeypatch.setattr(sys, "argv", ["quality.py", "--results", str(results), "plot"])
    quality.main()
    return (results / "quality.md").read_text()


def test_the_table_says_what_was_reached_and_when(monkeypatch, results):
    text = plot(monkeypatch, results)
    assert "| the textbook's distance | 20.00 | within 120 s | 120 s, step 12,000 |" in text
    assert "| half of it | 10.00 | within 400 s | 160 s, step 16,000 |" in text
    assert "| a quarter of it | 5.00 | at step 40,000 | 6.00 ± 0.00, 400 s |" in text
    assert "| 40,000 | 6.00 ± 0.00 (400 s) | 20.00 ± 0.00 (8,000 s) |" in text
    assert "course 0.01 s, textbook 0.2 s" in text
    with Image.open(results / "quality.png") as picture:
        assert len(picture.getcolors(10_000)) > 10


def test_what_was_not_reached_is_not_made_up(monkeypatch, results):
    write_quality(curve_path(results, "course"), made_up([30, 15]))
    text = plot(monkeypatch, results)
    assert "| half of it | 10.00 | within 400 s | not reached |" in text
    assert "| at step 40,000 | not trained so far |" in text
    assert "20.00 ± 0.00 (8,000 s)" in text


@pytest.mark.parametrize("done", [40_000, 39_999])
def test_a_curve_is_kept_when_all_steps_are_done(monkeypatch, tmp_path, done):
    def train_mnist(folder, steps, **settings):
        assert (steps, settings["recipe"], settings["metrics"]) == (40_000, "plain", 500)
        write_quality(folder / "quality.csv", made_up([100]))
        return SimpleNamespace(steps=done)

    monkeypatch.setattr(quality, "ROOT", tmp_path)
    monkeypatch.setattr(quality, "train_mnist", train_mnist)
    monkeypatch.setattr(sys, "argv", ["quality.py", "--results", str(tmp_path), "train", "plain"])
    quality.main()
    assert curve_path(tmp_path, "plain").exists() == (done == 40_000)


def test_without_the_textbooks_last_step_there_is_nothing_to_compare_with(results):
    write_quality(curve_path(results, TEXTBOOK), made_up([100, 60]))
    with pytest.raises(SystemExit, match=r"quality_textbook\.csv has no step 40,000"):
        read_curves(results)


@given(st.lists(st.floats(1, 500), min_size=1, max_size=8), st.floats(1, 500))
def test_a_distance_is_reached_between_the_measured_points_around_it(distances, wanted):
    rows = made_up(distances)[1:]
    when = reached(rows, wanted)
    if min(distances) > wanted:
        assert when is None
        return
    first = next(i for i, distance in enumerate(distances) if distance <= wanted)
    before = rows[max(0, first - 1)]
    for name in ("step", "seconds"):
        assert before[name] - 1e-6 <= when[name] <= rows[first][name] + 1e-6
