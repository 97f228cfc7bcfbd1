import json
import os
import shutil
import signal
import warnings
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings, strategies
from keras import layers

from gan_course import GAN
from gan_course.callbacks import Checkpoint, LossLog, SaveModel, read_losses
from tests.networks import small_discriminator, small_gan, small_generator, small_images, state

IMAGES = small_images(100)  # six batches of 16, and four images that are left over


def dataset(images=IMAGES, seed: int | None = 5) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(images).shuffle(100, seed=seed).batch(16)


def with_labels(batches: tf.data.Dataset) -> tf.data.Dataset:
    return tf.data.Dataset.zip(batches, tf.data.Dataset.range(100))


def always(*batch):
    """As a filter, makes the length of a dataset unknown."""
    return True


def train(gan, folder, data=IMAGES, *callbacks, every=3, epochs=4, **more):
    size = {"batch_size": 16} if isinstance(data, np.ndarray) else {}
    callbacks = [Checkpoint(folder, every), *callbacks]
    return gan.fit(data, epochs=epochs, callbacks=callbacks, **{**size, "verbose": 0, **more})


def assert_same(one, other):
    assert one.steps == other.steps
    for a, b in zip(state(one), state(other), strict=True):
        np.testing.assert_array_equal(a, b)


class Power(keras.callbacks.Callback):
    """Goes off at a step."""

    def __init__(self, step: int):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps == self.step:
            raise RuntimeError("the power is off")


class Seen(keras.callbacks.Callback):
    """Keeps the steps at which epochs began and ended."""

    def __init__(self):
        super().__init__()
        self.begun, self.ended = {}, {}

    def on_epoch_begin(self, epoch, logs=None):
        self.begun[epoch] = self.model.steps

    def on_epoch_end(self, epoch, logs=None):
        self.ended[epoch] = self.model.steps


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A training with its folder, which holds steps 24 and 21."""
    gan, folder = small_gan(1), tmp_path_factory.mktemp("kept") / "run"
    train(gan, folder)
    return gan, folder


@pytest.fixture
def whole(kept):
    """A training that was never disturbed."""
    return kept[0]


@pytest.fixture
def run(kept, tmp_path):
    """A copy of its folder."""
    return shutil.copytree(kept[1], tmp_path / "run")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("data", "more"),
    [
        (lambda: IMAGES, {}),
        (lambda: IMAGES, {"shuffle": False, "steps_per_epoch": 5}),
        (dataset, {}),
        (lambda: with_labels(dataset()).filter(always), {"steps_per_epoch": 5}),
    ],
)
def test_a_training_that_was_broken_off_goes_on_exactly(tmp_path, data, more):
    gan, seen = small_gan(1), Seen()
    train(gan, tmp_path / "whole", data(), LossLog(tmp_path / "whole.csv"), seen, **more)
    with pytest.raises(RuntimeError, match="the power is off"):
        train(small_gan(1), tmp_path / "run", data(), LossLog(tmp_path / "run.csv"), Power(11), **more)
    again, seen_again = small_gan(1), Seen()
    train(again, tmp_path / "run", data(), LossLog(tmp_path / "run.csv"), seen_again, **more)
    assert_same(gan, again)
    rows, rows_again = (read_losses(tmp_path / name) for name in ("whole.csv", "run.csv"))
    assert [row[:3] for row in rows] == [row[:3] for row in rows_again]
    assert seen_again.ended == {epoch: step for epoch, step in seen.ended.items() if step > 9}
    assert list(seen_again.begun.values())[0] == 9


def test_the_order_of_an_array_goes_on_without_a_checkpoint_too(whole):
    gan = small_gan(1)
    for epochs in (1, 3):
        gan.fit(IMAGES, epochs=epochs, batch_size=16, verbose=0)
    assert_same(gan, whole)


def test_each_pass_over_an_array_has_its_own_order_and_no_image_twice():
    numbers = np.linspace(-1, 1, 100, dtype="float32")
    images = np.broadcast_to(numbers[:, None, None, None], (100, 4, 4, 1))
    seen = []

    class Eyes(layers.Layer):
        def call(self, batch):
            tf.py_function(lambda found: seen.append(found.numpy()[:, 0, 0, 0]), [batch], [])
            return batch

    discriminator = keras.Sequential([keras.Input((4, 4, 1)), Eyes(), *small_discriminator().layers])
    gan = GAN(small_generator(), discriminator, seed=0)
    gan.compile()
    gan.fit(images, batch_size=20, epochs=2, verbose=0)
    real = [batch for batch in seen if np.isin(batch, numbers).all()]
    first, second = np.concatenate(real[:5]), np.concatenate(real[5:])
    np.testing.assert_array_equal(np.sort(first), numbers)
    np.testing.assert_array_equal(np.sort(second), numbers)
    assert not np.array_equal(first, second) and not np.array_equal(first, numbers)


def test_the_stop_button_loses_nothing_and_the_cell_goes_on(tmp_path, whole, capsys, monkeypatch):
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.default_int_handler)
    gan = small_gan(1)
    stop = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: gan.steps == 7 and os.kill(os.getpid(), signal.SIGINT)
    )
    train(gan, tmp_path, IMAGES, stop, verbose=2)
    assert gan.steps == 8 and "Stopped after step 8; everything up to it is kept." in capsys.readouterr().out
    train(gan, tmp_path, verbose=2)
    assert "Going on from step 8 in" in capsys.readouterr().out
    assert_same(gan, whole)


def test_a_cell_that_failed_goes_on_with_the_model_it_left(tmp_path, whole, capsys):
    gan = small_gan(1)
    with pytest.raises(RuntimeError):
        train(gan, tmp_path, IMAGES, Power(8), verbose=2)
    assert f"Stopped after step 8; {tmp_path / 'gan.keras'} holds step 6." in capsys.readouterr().out
    train(gan, tmp_path)
    assert_same(gan, whole)


def test_a_training_that_is_done_does_nothing_and_more_epochs_go_on(tmp_path, whole, capsys):
    train(small_gan(1), tmp_path, epochs=2)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    capsys.readouterr()
    gan = small_gan(1)
    history = train(gan, tmp_path, epochs=2, verbose=2)
    said = capsys.readouterr().out
    assert "Going on from step 12 in" in said and "All steps that were asked for are trained" in said
    assert history.epoch == [] and gan.steps == 12
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    train(gan, tmp_path, epochs=4)
    assert_same(gan, whole)


@pytest.mark.thorough
def test_a_training_without_a_seed_goes_on_exactly(tmp_path):
    def unseeded():
        gan = GAN(small_generator(), small_discriminator())
        gan.compile()
        return gan

    with pytest.raises(RuntimeError):
        train(unseeded(), tmp_path / "run", IMAGES, Power(1))
    shutil.copytree(tmp_path / "run", tmp_path / "whole")
    gan, again = unseeded(), unseeded()
    train(gan, tmp_path / "whole")
    with pytest.raises(RuntimeError):
        train(unseeded(), tmp_path / "run", IMAGES, Power(8))
    train(again, tmp_path / "run")
    assert_same(gan, again)


def test_a_rate_that_changed_on_the_way_is_kept_and_no_other_setting(tmp_path):
    class Slower(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.steps == 4:
                self.model.generator_optimizer.learning_rate = 1e-5

    whole, gan, again = small_gan(1), small_gan(1), small_gan(1)
    train(whole, tmp_path / "whole", IMAGES, Slower())
    train(gan, tmp_path / "run", IMAGES, Slower(), epochs=1)
    train(gan, tmp_path / "run", IMAGES, epochs=2)
    train(again, tmp_path / "run", IMAGES)
    assert_same(whole, again)


@pytest.mark.parametrize(
    ("gan", "data", "more", "message"),
    [
        (lambda: small_gan(2), IMAGES, {}, "seed was 1 and is 2"),
        (lambda: small_gan(1), IMAGES, {"batch_size": 8}, "batch_size was 16 and is 8"),
        (lambda: small_gan(1), IMAGES, {"shuffle": False}, "shuffle was True and is False"),
        (lambda: small_gan(1), -IMAGES, {}, "data sha256 was"),
        (lambda: small_gan(1), IMAGES[:-1], {}, "data shape 0 was 100 and is 99"),
        (lambda: small_gan(1), dataset(), {}, "data given as was 'array' and is 'dataset'"),
        (lambda: small_gan(1, shortcuts=False), IMAGES, {}, "shortcuts was True and is False"),
        (
            lambda: small_gan(1, discriminator_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.4)),
            IMAGES,
            {},
            "discriminator_optimizer beta_1 was 0.5 and is 0.4;",
        ),
        (
            lambda: with_discriminator(layers.Dropout(0.5)),
            IMAGES,
            {},
            "discriminator layers 2 rate was 0.3 and is 0.5;",
        ),
        (
            lambda: with_discriminator(layers.Dropout(0.3), layers.LeakyReLU()),
            IMAGES,
            {},
            "discriminator layers was 5 of them and is 6 of them",
        ),
    ],
)
def test_a_training_with_other_settings_is_refused_and_not_touched(run, gan, data, more, message):
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    with pytest.raises(ValueError, match=message) as refused:
        train(gan(), run, data, **more)
    assert f"{run} holds a training with other settings" in str(refused.value)
    assert before == {path.name: path.read_bytes() for path in run.iterdir()}


def with_discriminator(*middle: layers.Layer) -> GAN:
    first, _, *last = small_discriminator().layers
    gan = GAN(small_generator(), keras.Sequential([keras.Input((4, 4, 1)), first, *middle, *last]), seed=1)
    gan.compile()
    return gan


def test_names_that_keras_has_numbered_on_are_no_other_settings(tmp_path):
    def branched(swap: bool = False):
        start = keras.Input((4, 4, 1))
        a, b = layers.Conv2D(1, 3, padding="same")(start), layers.Conv2D(1, 1)(start)
        joined = layers.Subtract()([b, a] if swap else [a, b])
        end = layers.Dense(1, activation="sigmoid")(layers.Flatten()(joined))
        gan = GAN(small_generator(), keras.Model(start, end), seed=1)
        gan.compile()
        return gan

    train(branched(), tmp_path, epochs=1)
    train(branched(), tmp_path, epochs=2)
    with pytest.raises(ValueError, match="discriminator layers"):
        train(branched(swap=True), tmp_path)


def test_a_dataset_that_starts_with_another_batch_is_refused(tmp_path):
    train(small_gan(1), tmp_path, dataset(), epochs=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for data in (dataset(-IMAGES), dataset(seed=None)):
        with pytest.raises(ValueError, match="does not start with the batch that the training in this folder"):
            train(small_gan(1), tmp_path, data, epochs=2)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_a_dataset_of_unknown_length_needs_a_number_of_steps(tmp_path):
    with pytest.raises(ValueError, match="say steps_per_epoch"):
        train(small_gan(1), tmp_path, dataset().filter(always))


def test_a_model_that_was_trained_elsewhere_is_refused(run):
    gan = small_gan(1)
    gan.fit(IMAGES, batch_size=16, verbose=0)
    before = state(gan)
    with pytest.raises(ValueError, match="trained for 6 steps elsewhere, and .* stands at step 24"):
        train(gan, run)
    for a, b in zip(before, state(gan), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_checkpoint_opens_with_keras_and_goes_on(tmp_path, whole):
    train(small_gan(1), tmp_path, epochs=2)
    gan = keras.models.load_model(tmp_path / "gan.keras")
    assert isinstance(gan, GAN) and gan.steps == 12
    train(gan, tmp_path)
    assert_same(gan, whole)


def test_a_file_that_does_not_say_how_it_was_trained_is_refused(tmp_path):
    gan = small_gan(1)
    gan.fit(IMAGES, verbose=0, callbacks=[SaveModel(tmp_path / "gan.keras")])
    with pytest.raises(ValueError, match="was not saved by a Checkpoint"):
        train(small_gan(1), tmp_path)


def flipped(found: bytes) -> bytes:
    middle = len(found) // 2
    return found[:middle] + bytes([found[middle] ^ 1]) + found[middle + 1 :]


@pytest.mark.parametrize("damage", [lambda found: found[:-900], lambda found: b"", flipped])
def test_a_damaged_checkpoint_is_named_and_set_aside_and_the_one_before_is_used(run, whole, damage, capsys):
    damaged, gan = damage((run / "gan.keras").read_bytes()), small_gan(1)
    (run / "gan.keras").write_bytes(damaged)
    with pytest.warns(UserWarning, match=f"{run / 'gan.keras'} is damaged and is called gan-damaged-1.keras now"):
        train(gan, run, verbose=2)
    assert "Going on from step 21" in capsys.readouterr().out
    assert (run / "gan-damaged-1.keras").read_bytes() == damaged
    assert_same(gan, whole)


def test_no_damage_gets_into_the_training(kept, tmp_path):
    states, content = {24: state(kept[0])}, (kept[1] / "gan.keras").read_bytes()
    states[21] = state(keras.models.load_model(kept[1] / "gan-previous.keras"))
    gan = small_gan(1)

    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(
        place=strategies.integers(0, len(content) - 1), bit=strategies.integers(0, 7), cut=strategies.booleans()
    )
    def damage(place, bit, cut):
        run = shutil.copytree(kept[1], tmp_path / "run")
        other = content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
        (run / "gan.keras").write_bytes(content[:place] if cut else other)
        with warnings.catch_warnings(action="ignore"):
            train(gan, run, epochs=1)  # no step is missing
        shutil.rmtree(run)
        for a, b in zip(state(gan), states[gan.steps], strict=True):
            np.testing.assert_array_equal(a, b)

    damage()


def test_two_damaged_checkpoints_are_refused_and_stay(run):
    for name in ("gan.keras", "gan-previous.keras"):
        (run / name).write_bytes(b"half")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"gan\.keras and .*gan-previous\.keras: damaged"):
            train(small_gan(1), run)
    assert {path.name for path in run.iterdir()} == {"gan.keras", "gan-previous.keras"}


def test_a_kill_between_the_two_renames_leaves_the_one_before(run, whole):
    gan = small_gan(1)
    (run / "gan.keras").rename(run / ".gan.partial.keras")
    train(gan, run)
    assert_same(gan, whole)
    assert {path.name for path in run.iterdir()} == {"gan.keras", "gan-previous.keras"}


@pytest.mark.parametrize(
    ("spoiled", "every", "found"),
    [
        ("discriminator", 1000, r"d_loss is (nan|inf), g_loss is (nan|inf)"),
        ("generator", 1, "a weight is no longer a finite number"),
    ],
)
def test_what_is_no_number_stops_the_training_and_the_last_good_state_stays(
    tmp_path, spoiled, every, found, capsys
):
    gan = small_gan(1, **{f"{spoiled}_optimizer": keras.optimizers.SGD(1e38)})
    log = LossLog(tmp_path / "history.csv")
    with pytest.raises(FloatingPointError, match=rf"{found} after step \d: .* lower learning rate"):
        train(gan, tmp_path, IMAGES, log, every=every, verbose=2)
    assert "Stopped after step " in capsys.readouterr().out
    for path in tmp_path.glob("gan*.keras"):
        assert all(np.isfinite(values).all() for values in state(keras.models.load_model(path)))
    assert np.isfinite(read_losses(tmp_path / "history.csv")).all()


def test_losses_that_are_no_numbers_stop_a_training_without_checkpoints():
    gan = small_gan(1, discriminator_optimizer=keras.optimizers.SGD(1e38))
    with pytest.raises(FloatingPointError, match="the training has diverged"):
        gan.fit(IMAGES, epochs=10, verbose=0)
    assert gan.steps < 10


def test_a_checkpoint_says_how_it_was_made(tmp_path):
    train(small_gan(1), tmp_path, epochs=1)
    with zipfile.ZipFile(tmp_path / "gan.keras") as archive:
        run = json.loads(archive.read("run.json"))
    assert run["step"] == 6 and run["settings"]["seed"] == 1 and run["data"]["batch_size"] == 16


def test_an_interval_below_one_is_refused():
    with pytest.raises(ValueError, match="every is 0; expected a whole number of at least 1"):
        Checkpoint("run", every=0)
