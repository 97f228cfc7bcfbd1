import io
import signal
from pathlib import Path
from types import SimpleNamespace

import keras
import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from nbclient import NotebookClient
from PIL import Image

from gan_course.callbacks import Checkpoint, LivePlot, LossLog, live
from gan_course.plots import LN2, pace, show_training
from tests.networks import small_gan, small_images

ROOT = Path(__file__).parents[1]
GRID = np.zeros((22, 22), "uint8")


class Screen:
    """What a notebook has shown below a cell."""

    def __init__(self):
        self.calls, self.shown = [], []

    def display(self, obj, raw):
        self.calls.append("display")
        self.shown.append(obj)

    def update(self, obj, raw):
        self.calls.append("update")
        self.shown.append(obj)


@pytest.fixture
def screen(monkeypatch):
    """A notebook, in place of the terminal of the tests."""
    screen = Screen()
    monkeypatch.setattr(live, "in_notebook", lambda: True)
    monkeypatch.setattr(live, "DisplayHandle", lambda: screen)
    return screen


def train(gan, steps, *callbacks):
    gan.fit(small_images(32), batch_size=16, steps_per_epoch=steps, verbose=0, callbacks=list(callbacks))


def lines(figure):
    return {line.get_label(): line for line in figure.axes[0].lines}


@given(st.integers(0, 3000), st.integers(0, 40_000))
def test_the_losses_are_drawn_at_their_steps_in_few_points(count, first):
    g_loss = first + 1 + np.arange(count)  # as large as its step
    drawn = lines(show_training(np.full(count, 0.5), g_loss, GRID, "", first))
    steps, values = drawn["generator"].get_data()
    assert len(steps) < 400 and (len(steps) > 0) == (count > 0)
    np.testing.assert_allclose(steps + 0.5, values)
    assert np.all(drawn["discriminator"].get_ydata() == 0.5)
    assert drawn["ln 2: a guess"].get_ydata()[0] == LN2


def test_the_last_grid_and_the_title_stand_beside_the_losses():
    figure = show_training([0.7], [0.7], np.full((22, 22, 3), 9, "uint8"), "step 1 of 2")
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), np.full((22, 22, 3), 9))
    assert [text.get_text() for text in figure.texts] == ["step 1 of 2"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, 301), "step 0 of 301"),
        ((1, 301, None), "step 1 of 301"),
        ((100, 301, 0.1), "step 100 of 301 · 10.0 steps a second · 00:20 left"),
        ((1, 40_001, 1.0), "step 1 of 40,001 · 1.0 steps a second · 11:06:40 left"),
        ((301, 301, 0.1), "step 301 of 301 · 10.0 steps a second · done"),
        ((100, 301, 0.1, True), "step 100 of 301 · 10.0 steps a second · stopped"),
        ((0, 301, None, True), "step 0 of 301 · stopped"),
    ],
)
def test_the_pace_is_told_in_words(arguments, words):
    assert pace(*arguments) == words


def test_one_picture_is_shown_and_then_changed_in_place(screen):
    gan = small_gan()
    train(gan, 5, LivePlot(5, count=4, columns=2))
    assert screen.calls[0] == "display" and set(screen.calls[1:]) == {"update"}
    first, last = screen.shown[0], screen.shown[-1]
    assert first["text/plain"] == "step 0 of 5"
    assert last["text/plain"].startswith("step 5 of 5") and last["text/plain"].endswith("done")
    sizes = {Image.open(io.BytesIO(each["image/png"])).size for each in screen.shown}
    assert sizes == {(700, 300)}
    assert first["image/png"] != last["image/png"]


def test_what_is_drawn_are_the_losses_and_images_of_this_training(screen, monkeypatch):
    drawn = []
    monkeypatch.setattr(live, "show_training", lambda *given: drawn.append(given) or show_training(*given))
    gan, log, plot = small_gan(), live_log(), LivePlot(7, count=4, columns=2)
    train(gan, 3, plot)
    train(gan, 4, log, plot)
    d_loss, g_loss, grid, _, first, loss = drawn[-1]
    assert first == 3 and loss == "non-saturating"
    np.testing.assert_allclose(np.stack([d_loss, g_loss], 1), log.losses)
    np.testing.assert_array_equal(grid, live.image_grid(live.unscale(gan.generate(4, seed=0)), 2))


def test_the_losses_from_before_an_interruption_are_drawn_too(screen, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(live, "show_training", lambda *given: drawn.append(given) or show_training(*given))
    train(small_gan(), 3, LossLog(tmp_path / "history.csv"), Checkpoint(tmp_path))
    log = LossLog(tmp_path / "history.csv")
    train(small_gan(), 5, Checkpoint(tmp_path), log, LivePlot(5, log, count=4))
    d_loss, g_loss, _, words, first, _ = drawn[-1]
    assert first == 0 and words.startswith("step 5 of 5")
    np.testing.assert_allclose(np.stack([d_loss, g_loss], 1), [row[1:3] for row in log.rows])


def live_log():
    class Log(keras.callbacks.Callback):
        losses = []

        def on_train_batch_end(self, batch, logs):
            self.losses.append((logs["d_loss"], logs["g_loss"]))

    return Log()


@pytest.mark.parametrize(("cost", "steps"), [(0.1, 300), (1.0, 1500)])
def test_drawing_takes_about_a_fiftieth_of_the_time(screen, monkeypatch, cost, steps):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(live, "time", SimpleNamespace(perf_counter=lambda: clock.now))

    def draw(*given):
        clock.now += cost
        return Figure()

    monkeypatch.setattr(live, "show_training", draw)
    plot = LivePlot(steps)
    plot.set_model(small_gan())
    plot.on_train_begin()
    for _ in range(steps):
        clock.now += 0.5
        plot.on_train_batch_end(0, {"d_loss": 0.7, "g_loss": 0.7})
    assert 0.015 < len(screen.shown) * cost / clock.now < 0.03


def test_nothing_is_drawn_or_printed_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(live, "show_training", None)
    train(small_gan(), 3, LivePlot(3))
    assert capsys.readouterr() == ("", "")


def test_the_training_is_the_same_as_without_it(screen):
    alone, shown = small_gan(), small_gan()
    train(alone, 4)
    train(shown, 4, LivePlot(4))
    for a, b in zip(alone.get_weights(), shown.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def interrupting(times):
    """Draw, but press the stop button in the middle of it."""
    presses = iter([times])

    def draw(d_loss, *given):
        for _ in range(next(presses, 0) if len(d_loss) else 0):
            signal.raise_signal(signal.SIGINT)
        return show_training(d_loss, *given)

    return draw


def test_stop_in_the_middle_of_a_drawing_ends_the_training_cleanly(screen, monkeypatch, capsys):
    monkeypatch.setattr(live, "show_training", interrupting(1))
    gan = small_gan()
    train(gan, 50, LivePlot(50))
    assert gan.steps == 2 and capsys.readouterr().out == ""  # the next step sees it, and verbose=0 is silent
    last = screen.shown[-1]["text/plain"]
    assert last.startswith("step 2 of 50") and last.endswith("stopped")


@pytest.fixture
def ctrl_c():
    """Ctrl-C as Python has it, also where the tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_second_stop_leaves_the_whole_picture_before_it(screen, monkeypatch, ctrl_c):
    monkeypatch.setattr(live, "show_training", interrupting(2))
    gan, plot = small_gan(), LivePlot(50)
    with pytest.raises(KeyboardInterrupt):
        train(gan, 50, plot)
    Image.open(io.BytesIO(screen.shown[-1]["image/png"])).load()
    assert screen.shown[-1]["text/plain"] == "step 0 of 50"
    train(gan, 2, LivePlot(3))
    assert screen.shown[-1]["text/plain"].startswith("step 3 of 3")


@pytest.mark.parametrize("settings", [{"steps": 0}, {"steps": 5, "count": 0}, {"steps": 5, "columns": 0}])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError, match="expected a whole number of at least 1"):
        LivePlot(**settings)


SETUP = """
import signal
import gan_course
gan_course.quiet_tensorflow()
from gan_course.callbacks import Checkpoint, LivePlot, LossLog, live
from tests.networks import small_gan, small_images
from tests.training import At
def train(steps, *others):
    callbacks = [LivePlot(steps), *others]
    small_gan().fit(small_images(32), batch_size=16, steps_per_epoch=steps, verbose=0, callbacks=callbacks)
"""


@pytest.mark.thorough
def test_one_static_picture_of_the_last_state_stays_in_the_notebook():
    sources = [SETUP, "train(40)", "train(40, At(9, lambda: signal.raise_signal(signal.SIGINT)))"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": ROOT}}).execute()
    whole, stopped = (cell.outputs for cell in notebook.cells[1:])
    assert [output.output_type for output in whole] == ["display_data"]
    assert [output.output_type for output in stopped] == ["display_data"]
    for outputs, first, last in ((whole, "step 40 of 40", "done"), (stopped, "step 10 of 40", "stopped")):
        data = outputs[0].data
        assert sorted(data) == ["image/png", "text/plain"]
        assert data["text/plain"].startswith(first) and data["text/plain"].endswith(last)
