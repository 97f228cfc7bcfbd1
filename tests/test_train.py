"""The training of `gan-course train`, called from Python."""

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import gan_course
from gan_course import cli, runs
from gan_course.callbacks import read_losses
from gan_course.train import train_mnist
from gan_course.training.interrupt import sigterm_as_ctrl_c

TRAIN = ("train", "mnist", "--batch-size", "8", "--out", "run")
pytestmark = pytest.mark.usefixtures("few_digits")


def test_it_returns_the_gan_and_leaves_what_runs_names(few_digits, capsys):
    gan = gan_course.train_mnist(few_digits / "run", np.int64(3), batch_size=np.int32(8), every=2, seed=1)
    assert gan.steps == 3 and [row[0] for row in read_losses(few_digits / "run" / runs.HISTORY)] == [1, 2, 3]
    left = {runs.CHECKPOINT, runs.PREVIOUS, runs.GENERATOR, runs.HISTORY, runs.SAMPLES}
    assert {path.name for path in (few_digits / "run").iterdir()} == left
    np.testing.assert_array_equal(
        keras.models.load_model(few_digits / "run" / runs.GENERATOR).get_weights()[0],
        gan.best_generator.get_weights()[0],
    )
    said = capsys.readouterr().out
    assert said.startswith("Training on 64 digits for 3 steps.\n")
    assert said.endswith("run holds samples/, history.csv, generator.keras and gan.keras.\n")
    assert train_mnist(few_digits / "run", 3, 8, every=2, seed=1).steps == 3
    assert "Going on from step 3" in (said := capsys.readouterr().out) and "All steps that were asked for" in said


def test_verbose_0_prints_nothing(few_digits, monkeypatch, capfd):
    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setenv("GAN_COURSE_DATA", "")
    monkeypatch.setattr(urllib.request, "urlopen", offline)  # the loader says that it takes other digits
    train_mnist("run", steps=1, batch_size=4, verbose=0)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["steps", "batch_size", "every", "metrics"])
@pytest.mark.parametrize("value", [0, -1, 2.5, 4.0, "2", True])
def test_numbers_that_are_not_whole_are_named(name, value):
    with pytest.raises(ValueError, match=f"^{name} is {value!r}; expected a whole number of at least 1$"):
        train_mnist("run", **{name: value})
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": -1}, "seed is -1; expected a whole number"),
        ({"seed": 2**32}, "seed is 4294967296; expected a whole number from 0 to 4294967295"),
        ({"recipe": "soup"}, "recipe is 'soup'; expected one of textbook, blog, plain, course"),
        ({"batch_size": 65}, "batch_size is 65 and there are only 64 images"),
        ({"folder": "data"}, "data exists and is not an empty folder"),
    ],
)
def test_other_arguments_that_cannot_be_meant_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        train_mnist(**{"folder": "run", **settings})


HEAVY = """
import sys
from gan_course.train import train_mnist
for settings in ({"folder": "data"}, {"folder": "run", "steps": 0}, {"folder": "run", "recipe": "soup"}):
    try:
        train_mnist(**settings)
    except ValueError as error:
        print(error)
print(sorted({"tensorflow", "keras"} & set(sys.modules)))
"""


def test_it_refuses_before_tensorflow_starts():
    run = subprocess.run([sys.executable, "-c", HEAVY], capture_output=True, text=True, check=True)
    *said, loaded = run.stdout.splitlines()
    assert len(said) == 3 and loaded == "[]"


def test_a_folder_with_system_files_only_is_taken(few_digits):
    (few_digits / "run").mkdir()
    (few_digits / "run" / "Thumbs.db").write_bytes(b"")
    assert train_mnist("run", steps=1, batch_size=4, verbose=0, resume=False).steps == 1


def test_keras_set_up_in_another_way_is_refused(few_digits):
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="call keras.config.set_image_data_format"):
            train_mnist("run")
    finally:
        keras.config.set_image_data_format("channels_last")
    assert not (few_digits / "run").exists()


def test_sigterm_ends_the_training_as_ctrl_c_does_and_the_handler_is_restored(few_digits, capsys):
    def terminate():
        second = few_digits / "run" / "samples" / "step_000002.png"
        while not ended.is_set() and not second.exists():
            ended.wait(0.02)
        if not ended.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    def own(number, frame):
        raise AssertionError("the earlier handler")

    ended, before = threading.Event(), signal.signal(signal.SIGTERM, own)
    try:
        threading.Thread(target=terminate).start()
        assert cli.main([*TRAIN, "--steps", "100000", "--every", "1"]) == 2
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        ended.set()
        signal.signal(signal.SIGTERM, before)
    steps = len(read_losses("run/history.csv"))
    assert 2 <= steps < 100_000 and (few_digits / "run" / runs.GENERATOR).exists()
    assert f"interrupted after {steps:,} of 100,000 steps" in capsys.readouterr().err


def test_sigterm_interrupts_where_ctrl_c_is_ignored_and_after_an_error():
    terminate, interrupt = signal.getsignal(signal.SIGTERM), signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:  # as after `gan-course train ... &` in a script
        with pytest.raises(KeyboardInterrupt), sigterm_as_ctrl_c():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGINT, interrupt)
    assert signal.getsignal(signal.SIGTERM) is terminate


def test_another_thread_leaves_signals_alone():
    def enter():
        with sigterm_as_ctrl_c():
            seen.append(signal.getsignal(signal.SIGTERM))

    seen, before = [], signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_batch_that_does_not_fit_into_memory_is_named(monkeypatch, capsys):
    def full(*args, **kwargs):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor\n\nHint: ...")

    monkeypatch.setattr(gan_course.GAN, "fit", full)
    assert cli.main(TRAIN) == 2
    said = capsys.readouterr().err
    assert "a batch of 8 images does not fit into memory; take a smaller one" in said and said.count("\n") == 1
