import io
import re
import resource
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_course.callbacks import (
    Checkpoint,
    LivePlot,
    LossLog,
    Progress,
    Quality,
    SampleGrid,
    SaveModel,
    read_losses,
)
from tests.networks import small_gan, small_images, state


def batches() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(small_images()).repeat().batch(8)


def train(gan, steps, *callbacks):
    gan.fit(batches(), steps_per_epoch=steps, verbose=0, callbacks=list(callbacks))


def test_samples_are_saved_before_training_and_at_every_interval(tmp_path):
    gan, grid = small_gan(), SampleGrid(tmp_path / "new" / "samples", every=2, count=9, columns=3)
    train(gan, 5, grid)
    train(gan, 2, grid)
    names = sorted(path.name for path in grid.folder.iterdir())
    assert names == [f"step_{step:06d}.png" for step in (0, 2, 4, 6)]
    pictures = [np.array(Image.open(grid.path(step))) for step in (0, 6)]
    assert pictures[0].shape == (3 * 4 + 2 * 2,) * 2
    assert np.any(pictures[0] != pictures[1])


def test_every_step_is_logged_with_the_losses_of_its_own_batch(tmp_path):
    gan, log = small_gan(), LossLog(tmp_path / "runs" / "history.csv")
    train(gan, 3, log)
    twin, alone = small_gan(), []
    for batch in batches().take(3):
        twin.fit(batch.numpy(), batch_size=8, shuffle=False, verbose=0, callbacks=[single := LossLog()])
        alone += single.rows
    assert [row[0] for row in log.rows] == [1, 2, 3]
    np.testing.assert_allclose(log.d_loss, [row[1] for row in alone], rtol=1e-5)
    np.testing.assert_allclose(log.g_loss, [row[2] for row in alone], rtol=1e-5)
    text = log.path.read_text().splitlines()
    assert text[0] == "step,d_loss,g_loss,seconds" and len(text) == 4
    np.testing.assert_allclose(np.array(read_losses(log.path)), np.array(log.rows), atol=1e-3)


def test_a_log_is_continued_and_forgets_steps_that_are_trained_again(tmp_path):
    gan, path = small_gan(), tmp_path / "history.csv"
    train(gan, 4, LossLog(path))
    gan.save(tmp_path / "gan.keras")
    train(gan, 3, LossLog(path))
    assert [row[0] for row in read_losses(path)] == [1, 2, 3, 4, 5, 6, 7]
    again = keras.models.load_model(tmp_path / "gan.keras")
    log = LossLog(path)
    train(again, 2, log)
    assert [row[0] for row in read_losses(path)] == [row[0] for row in log.rows] == [1, 2, 3, 4, 5, 6]
    seconds = [row[3] for row in log.rows]
    assert seconds == sorted(seconds)


def test_the_log_of_another_training_is_set_aside(tmp_path):
    path = tmp_path / "history.csv"
    for steps in (3, 2, 1):
        train(small_gan(), steps, LossLog(path))
    names = [path, tmp_path / "history-1.csv", tmp_path / "history-2.csv"]
    assert [len(read_losses(name)) for name in names] == [1, 3, 2]


def test_a_log_whose_last_line_was_cut_off_is_read(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("step,d_loss,g_loss,seconds\n1,0.5,0.6,0.1\n2,0.5")
    assert read_losses(path) == [(1, 0.5, 0.6, 0.1)]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "step,d_loss,g_loss,seconds\n1,x,0.6,0.1\n"])
def test_another_file_is_not_taken_for_a_log(tmp_path, text):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"history\.csv"):
        train(small_gan(), 1, LossLog(path))
    assert path.read_text() == text


def test_the_model_is_saved_on_the_way_and_at_the_end(tmp_path):
    gan, saver = small_gan(), SaveModel(tmp_path / "gan.keras", every=2)
    train(gan, 3, saver)
    again = keras.models.load_model(saver.path)
    assert again.steps == 3
    for a, b in zip(state(gan), state(again), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [path.name for path in tmp_path.iterdir()] == ["gan.keras"]


def test_a_failed_save_keeps_the_last_good_file_and_says_why(tmp_path, monkeypatch):
    gan, saver = small_gan(), SaveModel(tmp_path / "gan.keras", every=2)
    train(gan, 2, saver)
    good = saver.path.read_bytes()

    def full_disk(path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gan, "save", full_disk)
    with pytest.raises(OSError, match=r"cannot write .*gan\.keras: No space left on device; free some space"):
        train(gan, 2, saver)
    assert saver.path.read_bytes() == good
    assert [path.name for path in tmp_path.iterdir()] == ["gan.keras"]


class FillDisk(keras.callbacks.Callback):
    """From a step on, the operating system refuses to let files grow beyond what the log has now."""

    def __init__(self, step, log):
        super().__init__()
        self.step, self.log = step, log

    def on_train_batch_begin(self, batch, logs=None):
        if self.model.steps == self.step:
            size = self.log.path.stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_log_that_cannot_grow_is_named_and_keeps_its_steps(tmp_path):
    gan, log = small_gan(), LossLog(tmp_path / "history.csv")
    try:
        with pytest.raises(OSError, match=r"cannot write .*history\.csv: File too large; free some space"):
            train(gan, 5, log, FillDisk(3, log))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert [row[0] for row in read_losses(log.path)] == [1, 2, 3]


@pytest.mark.parametrize("make", [SampleGrid, lambda path: LossLog(path / "history.csv")])
def test_a_folder_that_cannot_be_made_is_named_before_training(tmp_path, make):
    (tmp_path / "file").write_text("in the way")
    gan = small_gan()
    with pytest.raises(OSError, match="cannot write .*choose another folder"):
        train(gan, 1, make(tmp_path / "file" / "run"))
    assert gan.steps == 0


def test_settings_that_make_no_sense_are_refused():
    for make in (
        lambda: SampleGrid("x", every=0),
        lambda: SampleGrid("x", count=0),
        lambda: SaveModel("x.keras", every=0),
        lambda: SaveModel("x.h5"),
    ):
        with pytest.raises(ValueError, match="expected"):
            make()


def test_the_bar_begins_where_the_model_stands(monkeypatch):
    gan, screen = small_gan(0), io.StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", screen)
    for epochs in (1, 2):
        gan.fit(small_images(32), batch_size=16, epochs=epochs, verbose=0, callbacks=[Progress(8)])
    first, second = screen.getvalue().rstrip("\n").split("\n")
    assert "| 0/8 [" in first and "| 2/8 [" in first.split("\r")[-1]
    assert "| 2/8 [" in second.split("\r")[1] and "| 6/8 [" in second.split("\r")[-1]
    assert re.search(r"step/s?, d_loss=\d\.\d{3}, g_loss=\d\.\d{3}\]$", second)


def test_no_bar_where_nobody_watches(capsys):
    small_gan(0).fit(small_images(32), batch_size=16, verbose=0, callbacks=[Progress(2)])
    assert capsys.readouterr().err == ""


def test_a_log_without_a_file_begins_again_with_another_model():
    log = LossLog()
    for _ in range(2):
        small_gan().fit(small_images(), verbose=0, callbacks=[log])
    assert [row[0] for row in log.rows] == [1, 2]


def test_a_log_whose_file_was_deleted_writes_it_again(tmp_path):
    gan, log = small_gan(), LossLog(tmp_path / "log.csv")
    gan.fit(small_images(), verbose=0, callbacks=[log])
    log.path.unlink()
    gan.fit(small_images(), verbose=0, callbacks=[log])
    assert [row[0] for row in read_losses(log.path)] == [1, 2, 3, 4]
    log.path.unlink()
    small_gan().fit(small_images(), verbose=0, callbacks=[log])
    assert [row[0] for row in read_losses(log.path)] == [1, 2]


@pytest.mark.parametrize("wrong", ["2", 2.5, None, (64, 64), True, 0])
@pytest.mark.parametrize(
    "callback",
    [
        lambda number: SampleGrid("samples", every=number),
        lambda number: SampleGrid("samples", count=number),
        lambda number: SampleGrid("samples", columns=number),
        lambda number: SaveModel("gan.keras", every=number),
        lambda number: Checkpoint("run", every=number),
        lambda number: Quality(every=number),
        lambda number: Quality(count=number),
        lambda number: LivePlot(number),
        lambda number: Progress(number),
    ],
)
def test_an_interval_that_is_no_whole_number_is_refused_in_a_sentence(callback, wrong):
    with pytest.raises(ValueError, match=r"is .*; expected a whole number of at least 1$"):
        callback(wrong)
    callback(np.int32(3))
