from types import SimpleNamespace

import keras
import numpy as np
import pytest

from gan_course.callbacks import Quality, quality
from gan_course.callbacks.quality import read_quality
from gan_course.datasets import load_mnist, scale
from gan_course.metrics import digit_quality
from tests.networks import digit_gan, small_gan, small_images, state

COUNT = 70


@pytest.fixture(scope="module")
def digits():
    return scale(load_mnist(source="embedded")[0][:64])


def train(gan, digits, steps, *callbacks):
    """Train that many steps of 8 images, two steps an epoch."""
    few = digits[:16]
    return gan.fit(few, batch_size=8, epochs=steps // 2, verbose=0, callbacks=list(callbacks)).history


def steps_of(rows):
    return [row["step"] for row in rows]


def test_quality_is_measured_before_training_and_at_every_interval(digits, tmp_path):
    gan, measured = digit_gan(), Quality(every=3, count=COUNT, path=tmp_path / "runs" / "quality.csv", seed=5)
    train(gan, digits, 4, measured)
    train(gan, digits, 2, measured)
    assert steps_of(measured.rows) == [0, 3, 6]
    last = digit_quality(gan, count=COUNT, seed=5)
    assert {name: measured.rows[-1][name] for name in vars(last)} == vars(last)
    assert measured.path.read_text().startswith("step,seconds,count,frechet_distance,coverage,entropy,confident,")
    for row, read in zip(measured.rows, read_quality(measured.path), strict=True):
        assert read == pytest.approx(row, rel=1e-5)


def test_the_history_has_the_last_measures_of_each_epoch(digits):
    measured = Quality(every=4, count=COUNT)
    history = train(digit_gan(), digits, 6, measured)
    assert len(history["d_loss"]) == 3
    for name in ("frechet_distance", "coverage", "entropy", "confident"):
        values = [row[name] for row in measured.rows]
        assert history[name] == [values[0], values[1], values[1]]


def test_measuring_does_not_change_the_training(digits):
    alone, measured = digit_gan(), digit_gan()
    train(alone, digits, 4)
    train(measured, digits, 4, Quality(every=1, count=COUNT))
    for a, b in zip(state(alone), state(measured), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_file_is_continued_and_forgets_steps_that_are_trained_again(digits, tmp_path):
    gan, path = digit_gan(), tmp_path / "quality.csv"
    train(gan, digits, 4, Quality(every=2, count=COUNT, path=path))
    gan.save(tmp_path / "gan.keras")
    before = read_quality(path)
    train(gan, digits, 4, Quality(every=2, count=COUNT, path=path))
    assert steps_of(read_quality(path)) == [0, 2, 4, 6, 8]
    again = Quality(every=2, count=COUNT, path=path)
    train(keras.models.load_model(tmp_path / "gan.keras"), digits, 2, again)
    assert steps_of(read_quality(path)) == steps_of(again.rows) == [0, 2, 4, 6]
    assert again.rows[:3] == before


def test_the_file_of_another_training_is_set_aside(digits, tmp_path):
    path, measured = tmp_path / "quality.csv", Quality(every=2, count=COUNT, path=tmp_path / "quality.csv")
    train(digit_gan(), digits, 4, measured)
    train(digit_gan(seed=1), digits, 2, measured)
    first, second = read_quality(tmp_path / "quality-1.csv"), read_quality(path)
    assert steps_of(first) == [0, 2, 4]
    assert steps_of(second) == steps_of(measured.rows) == [0, 2]
    assert first[0]["frechet_distance"] != second[0]["frechet_distance"]


class Clock(keras.callbacks.Callback):
    """A second passes with each step, and a hundred with each measurement."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.now = 1000.0
        monkeypatch.setattr(quality, "time", SimpleNamespace(perf_counter=lambda: self.now))
        monkeypatch.setattr(quality, "digit_quality", self.measure)

    def measure(self, *args):
        self.now += 100
        return digit_quality(*args)

    def on_train_batch_begin(self, batch, logs=None):
        self.now += 1


def test_seconds_are_those_of_training(digits, tmp_path, monkeypatch):
    clock, gan, path = Clock(monkeypatch), digit_gan(), tmp_path / "quality.csv"
    measured = Quality(every=4, count=COUNT, path=path)
    train(gan, digits, 2, clock, measured)
    clock.now += 5000
    train(gan, digits, 4, clock, measured)
    assert [row["seconds"] for row in measured.rows] == [0, 4]
    train(gan, digits, 6, clock, after_a_kill := Quality(every=4, count=COUNT, path=path))
    assert [(row["step"], row["seconds"]) for row in after_a_kill.rows] == [(0, 0), (4, 4), (8, 8), (12, 12)]


@pytest.mark.parametrize("damage", [lambda text: "", lambda text: "a,b\n1,2\n", lambda text: text + "9,1,x\n"])
def test_another_file_is_not_taken_for_measured_quality(digits, tmp_path, damage):
    gan, path = digit_gan(), tmp_path / "quality.csv"
    train(gan, digits, 2, Quality(every=2, count=COUNT, path=path))
    path.write_text(text := damage(path.read_text()))
    with pytest.raises(ValueError, match=r"quality\.csv"):
        train(gan, digits, 2, Quality(every=2, count=COUNT, path=path))
    assert path.read_text() == text and gan.steps == 2


def test_a_file_that_cannot_be_written_is_named_before_training(digits, tmp_path):
    (tmp_path / "file").write_text("in the way")
    gan = digit_gan()
    with pytest.raises(OSError, match="cannot write .*choose another folder"):
        train(gan, digits, 2, Quality(count=COUNT, path=tmp_path / "file" / "quality.csv"))
    assert gan.steps == 0


def test_what_cannot_be_measured_is_refused_before_training():
    gan = small_gan()
    with pytest.raises(ValueError, match="only digits"):
        gan.fit(small_images(8), batch_size=8, verbose=0, callbacks=[Quality(count=COUNT)])
    assert gan.steps == 0
    for wrong in ({"every": 0}, {"count": 0}):
        with pytest.raises(ValueError, match="expected a whole number of at least 1"):
            Quality(**wrong)
