import inspect
import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gan_course import GAN
from gan_course.callbacks import Checkpoint, LossLog
from gan_course.models import generate
from tests.networks import small_discriminator, small_gan, small_generator, small_images, state


def weights(network: keras.Model) -> list[np.ndarray]:
    return [weight.numpy() for weight in network.trainable_variables]


def test_one_step_moves_every_trainable_weight_of_both_networks():
    gan = small_gan()
    before = weights(gan.generator), weights(gan.discriminator)
    gan.fit(small_images(32), batch_size=32, verbose=0)
    for old, new in zip(before, (weights(gan.generator), weights(gan.discriminator)), strict=True):
        for a, b in zip(old, new, strict=True):
            assert np.any(a != b)


def test_each_optimizer_moves_its_own_network_only():
    still = keras.optimizers.SGD(0.0)
    gan = small_gan(discriminator_optimizer=still)
    before = weights(gan.discriminator)
    gan.fit(small_images(), verbose=0)
    for a, b in zip(before, weights(gan.discriminator), strict=True):
        np.testing.assert_array_equal(a, b)


def test_losses_are_those_of_the_formulas():
    gan = small_gan(
        generator_optimizer=keras.optimizers.SGD(0.0), discriminator_optimizer=keras.optimizers.SGD(0.0)
    )
    gan.discriminator.layers[1].rate = 0.0
    real = small_images(16)
    latent = keras.random.normal((16, 4), seed=keras.random.SeedGenerator(0))
    on_real = gan.discriminator(real).numpy()
    on_fake = gan.discriminator(gan.generator(latent, training=True)).numpy()
    losses = gan.train_step(tf.constant(real))
    expected = -(np.log(on_real).mean() + np.log(1 - on_fake).mean()) / 2
    np.testing.assert_allclose(losses["d_loss"], expected, rtol=1e-4)
    np.testing.assert_allclose(losses["g_loss"], -np.log(on_fake).mean(), rtol=1e-4)


def test_fused_and_plain_upsampling_give_the_same_losses_and_gradients():
    runs = []
    for fuse in (True, False):
        gan = small_gan(
            generator_optimizer=keras.optimizers.SGD(1.0),
            discriminator_optimizer=keras.optimizers.SGD(1.0),
            shortcuts=fuse,
        )
        losses = gan.train_step(tf.constant(small_images(16)))
        runs.append([*losses.values(), *weights(gan.generator), *weights(gan.discriminator)])
    for fused, plain in zip(*runs, strict=True):
        np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=1e-6)


def test_a_dataset_and_its_array_train_alike():
    runs = []
    images = small_images(64)
    for data in (images, tf.data.Dataset.from_tensor_slices(images).batch(32)):
        gan = small_gan()
        gan.fit(data, batch_size=None if isinstance(data, tf.data.Dataset) else 32, shuffle=False, verbose=0)
        runs.append(weights(gan.generator))
    for a, b in zip(*runs, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_labels_beside_the_images_are_ignored():
    data = tf.data.Dataset.from_tensor_slices((small_images(), np.arange(64))).batch(32)
    gan = small_gan()
    gan.fit(data, verbose=0)
    assert gan.steps == 2


def test_the_same_seed_trains_alike_and_another_does_not():
    a, b, c = small_gan(1), small_gan(1), small_gan(2)
    for gan, seed in ((a, 5), (b, 5), (c, 6)):
        keras.utils.set_random_seed(seed)
        gan.fit(small_images(), verbose=0)
    assert all(np.array_equal(x, y) for x, y in zip(state(a), state(b), strict=True))
    assert not np.array_equal(weights(a.generator)[0], weights(c.generator)[0])


def test_steps_are_counted_over_all_calls_of_fit():
    gan = small_gan()
    assert gan.steps == 0
    data = tf.data.Dataset.from_tensor_slices(small_images()).repeat().batch(32)
    gan.fit(data, steps_per_epoch=3, verbose=0)
    gan.fit(data, steps_per_epoch=2, epochs=2, verbose=0)
    assert gan.steps == 7


def test_a_saved_model_goes_on_exactly_where_it_was(tmp_path):
    gan = small_gan(seed=3)
    gan.fit(small_images(), verbose=0)
    gan.save(tmp_path / "gan.keras")
    again = keras.models.load_model(tmp_path / "gan.keras")
    assert isinstance(again, GAN) and again.steps == gan.steps == 2
    for model in (gan, again):
        model.fit(small_images(), shuffle=False, verbose=0)
    for a, b in zip(state(gan), state(again), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_that_was_not_compiled_can_be_saved(tmp_path):
    gan = GAN(small_generator(), small_discriminator(), seed=1)
    gan.save(tmp_path / "gan.keras")
    again = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(again.generate(2, seed=0), gan.generate(2, seed=0))


def test_the_generator_opens_without_this_package(tmp_path):
    gan = small_gan()
    gan.fit(small_images(), verbose=0)
    gan.generator.save(tmp_path / "generator.keras")
    code = (
        "import sys, keras; generator = keras.models.load_model(sys.argv[1]);"
        "print(generator.output_shape, any(name.startswith('gan_course') for name in sys.modules))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "generator.keras")]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert found.stdout.strip() == "(None, 4, 4, 1) False"


def test_generate_is_reproducible_and_in_range():
    gan = small_gan()
    images = gan.generate(300, seed=5)
    assert images.shape == (300, 4, 4, 1) and images.dtype == np.float32
    assert np.abs(images).max() <= 1
    np.testing.assert_array_equal(images, gan.generate(300, seed=5))
    assert not np.array_equal(images, gan.generate(300, seed=6))
    assert not np.array_equal(gan.generate(2), gan.generate(2))


def test_generate_does_not_change_the_training():
    plain, drawing = small_gan(), small_gan()
    drawing.generate(10, seed=1)
    for gan in (plain, drawing):
        gan.fit(small_images(), shuffle=False, verbose=0)
    for a, b in zip(state(plain), state(drawing), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture
def interruptible():
    """Processes that run tests side by side ignore Ctrl-C; a student's does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class PressStop(keras.callbacks.Callback):
    """Sends what Ctrl-C sends."""

    def __init__(self, step: int, times: int = 1):
        super().__init__()
        self.step, self.times = step, times

    def on_train_batch_begin(self, batch, logs=None):
        if self.model.steps == self.step:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_after_the_step_and_the_callbacks_finish(interruptible, tmp_path, capsys):
    gan, log = small_gan(), LossLog(tmp_path / "history.csv")
    data = tf.data.Dataset.from_tensor_slices(small_images()).repeat().batch(32)
    gan.fit(data, steps_per_epoch=1000, verbose=2, callbacks=[log, PressStop(4)])
    assert gan.steps == len(log.rows) == 5
    assert "Stopped after step 5" in capsys.readouterr().out
    gan.fit(data, steps_per_epoch=3, verbose=0)
    assert gan.steps == 8


def test_a_second_ctrl_c_interrupts_at_once(interruptible):
    gan = small_gan()
    with pytest.raises(KeyboardInterrupt):
        gan.fit(small_images(), verbose=0, callbacks=[PressStop(1, times=2)])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_fit_works_in_another_thread():
    gan = small_gan()
    thread = threading.Thread(target=lambda: gan.fit(small_images(), verbose=0))
    thread.start()
    thread.join()
    assert gan.steps == 2


@pytest.mark.parametrize(
    ("data", "settings", "message"),
    [
        (small_images() * 255, {}, "as gan_course.datasets.scale makes them of 0 to 255"),
        (np.full((32, 4, 4, 1), np.nan, "float32"), {}, "NaN"),
        (np.zeros((0, 4, 4, 1), "float32"), {}, "n >= 1"),
        (np.zeros((32, 5, 5, 1), "float32"), {}, r"\(32, 5, 5, 1\); expected \(n, 4, 4, 1\)"),
        (np.zeros((32, 4, 4), "float32"), {}, "have shape"),
        (np.array(["a"] * 16).reshape(1, 4, 4, 1), {}, "expected floats in"),
        (small_images(16), {}, "batch_size is 32 and there are only 16 images"),
        (small_images(), {"batch_size": 0}, "batch_size is 0"),
        (small_images(), {"epochs": 0}, "epochs is 0"),
        (small_images(), {"steps_per_epoch": -1}, "steps_per_epoch is -1"),
    ],
)
def test_arrays_that_cannot_be_trained_on_are_refused(data, settings, message):
    gan = small_gan()
    with pytest.raises(ValueError, match=message):
        gan.fit(data, verbose=0, **settings)
    assert gan.steps == 0


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (small_images() * 255, "as gan_course.datasets.scale makes them of 0 to 255"),
        (np.full((32, 4, 4, 1), np.nan, "float32"), "NaN"),
        (np.zeros((32, 5, 5, 1), "float32"), "expected batches"),
        (np.zeros((8, 4, 4, 1), "float32"), "holds no batch"),
    ],
)
def test_datasets_that_cannot_be_trained_on_are_refused(images, message):
    gan = small_gan()
    data = tf.data.Dataset.from_tensor_slices(images).batch(16, drop_remainder=True)
    before = weights(gan.generator)
    with pytest.raises(ValueError, match=message):
        gan.fit(data, verbose=0)
    for a, b in zip(before, weights(gan.generator), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_dataset_without_batches_is_refused():
    with pytest.raises(ValueError, match="expected batches"):
        small_gan().fit(tf.data.Dataset.from_tensor_slices(small_images()), verbose=0)


def test_a_dataset_without_end_needs_a_number_of_steps():
    with pytest.raises(ValueError, match="say steps_per_epoch"):
        small_gan().fit(tf.data.Dataset.from_tensor_slices(small_images()).batch(32).repeat(), verbose=0)


def test_whole_numbers_in_a_dataset_are_refused_as_pixels():
    data = tf.data.Dataset.from_tensor_slices(np.full((32, 4, 4, 1), 200, "uint8")).batch(32)
    with pytest.raises(ValueError, match="gan_course.datasets.scale"):
        small_gan().fit(data, verbose=0)


def head(*last: layers.Layer) -> keras.Sequential:
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), *last])


def head_of(side: int) -> keras.Sequential:
    return keras.Sequential([keras.Input((side, side, 1)), layers.Flatten(), layers.Dense(1, "sigmoid")])


@pytest.mark.parametrize(
    ("generator", "discriminator", "message"),
    [
        (small_generator(), head(layers.Dense(2, activation="softmax")), r"expected \(1,\)"),
        (small_generator(), head_of(5), r"draws images of shape \(4, 4, 1\), the discriminator takes \(5, 5, 1\)"),
        (
            small_discriminator(),
            small_discriminator(),
            "takes a condition, pictures .*, and the discriminator takes none",
        ),
        (keras.Sequential([layers.Dense(3)]), small_discriminator(), "has no weights yet"),
        ("generator", small_discriminator(), "expected a Keras model"),
        (small_generator(), head(layers.Activation("sigmoid")), "nothing to train"),
    ],
)
def test_networks_that_do_not_fit_are_refused(generator, discriminator, message):
    with pytest.raises(ValueError, match=message):
        GAN(generator, discriminator)


def test_a_discriminator_frozen_as_in_the_textbooks_is_refused():
    discriminator = small_discriminator()
    discriminator.trainable = False
    with pytest.raises(ValueError, match="set its `trainable` back to True"):
        GAN(small_generator(), discriminator)


def test_one_optimizer_for_both_and_a_used_one_are_refused():
    gan, adam = GAN(small_generator(), small_discriminator()), keras.optimizers.Adam()
    with pytest.raises(ValueError, match="same optimizer object"):
        gan.compile(adam, adam)
    gan.compile(adam, "adam")
    with pytest.raises(ValueError, match="was built before, here or for another network"):
        gan.compile("adam", adam)


def test_fit_before_compile_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"call gan.compile\(\)"):
        GAN(small_generator(), small_discriminator()).fit(small_images())


def test_generate_refuses_a_count_below_one():
    with pytest.raises(ValueError, match="count is 0"):
        generate(small_generator(), 0)


@pytest.mark.parametrize("wrong", ["2", 4.0, (64, 64), True, 0])
@pytest.mark.parametrize("name", ["epochs", "batch_size", "steps_per_epoch"])
def test_numbers_of_fit_that_are_not_whole_are_refused_in_a_sentence(name, wrong):
    with pytest.raises(ValueError, match=rf"^{name} is .*; expected a whole number of at least 1$"):
        small_gan().fit(small_images(), verbose=0, **{name: wrong})


def test_numbers_of_numpy_are_whole_too_also_in_a_checkpoint(tmp_path):
    numbers = {"batch_size": np.int32(16), "epochs": np.int64(1), "steps_per_epoch": np.uint8(2)}
    for _ in range(2):
        gan = small_gan()
        gan.fit(small_images(), verbose=0, callbacks=[Checkpoint(tmp_path)], **numbers)
        assert gan.steps == 2


@pytest.mark.parametrize("count", [4.0, "4", None, 0])
def test_as_many_images_as_are_no_number_are_not_drawn(count):
    with pytest.raises(ValueError, match="^count is .*; expected a whole number of at least 1$"):
        small_gan().generate(count)


class Endless(keras.utils.PyDataset):
    """Gives batches for ever, as ImageDataGenerator().flow(...) does."""

    def __init__(self):
        super().__init__()

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return small_images(16)


def endless():
    while True:
        yield small_images(16)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (Endless, "a Endless"),
        (endless, "a generator"),
        (lambda: {"images": small_images()}, "a dict"),
        (lambda: (small_images(), np.zeros(64)), "a tuple"),
        (lambda: "pictures", "a str"),
        (lambda: Path("pictures"), "a PosixPath"),
        (lambda: None, "a NoneType"),
        (lambda: iter([small_images()]), "a list_iterator"),
    ],
)
def test_what_is_no_array_of_images_is_refused_at_once(data, found):
    with pytest.raises(ValueError, match=f"the images are {found}; expected an array or a tf.data.Dataset"):
        small_gan().fit(data(), verbose=0)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (lambda x: {"image": x, "label": x}, r"a dict, \['image', 'label'\]"),
        (lambda x: ((x, x), x), "a tuple"),
        (lambda x: tf.numpy_function(lambda y: y, [x], tf.float32), "tensors of unknown shape"),
        (lambda x: tf.cast(x > 0, tf.uint8), "uint8 pixels"),
        (lambda x: tf.RaggedTensor.from_tensor(x), "a RaggedTensorSpec"),
    ],
)
def test_datasets_of_anything_else_are_refused_at_once(data, found):
    batches = tf.data.Dataset.from_tensor_slices(small_images()).batch(16).map(data)
    with pytest.raises(ValueError, match=f"the dataset gives {found}") as refused:
        small_gan().fit(batches, verbose=0)
    assert "\n" not in str(refused.value)


def test_lists_and_tensors_of_images_are_arrays_too():
    for images in ([*small_images(32)], tf.constant(small_images(32))):
        gan = small_gan()
        gan.fit(images, verbose=0)
        assert gan.steps == 1
    with pytest.raises(ValueError, match="the images differ in size"):
        small_gan().fit([small_images(1)[0], small_images(1)[0, :2]], verbose=0)


def test_a_batch_of_another_size_is_named(capsys):
    batches = [small_images(16), small_images(16)[:, :3]]
    spec = tf.TensorSpec((None, None, None, 1))
    data = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=spec)
    gan = small_gan()
    with pytest.raises(ValueError, match="a batch of the dataset is empty or has images of another shape"):
        gan.fit(data, verbose=0)
    assert gan.steps == 1


@pytest.mark.parametrize("as_dataset", [False, True])
def test_images_in_half_of_the_range_are_named_once(as_dataset):
    images = (small_images() + 1) / 2
    data = tf.data.Dataset.from_tensor_slices(images).batch(16) if as_dataset else images
    with pytest.warns(UserWarning, match=r"the images lie in \[0, 1\].*2 \* images - 1") as warned:
        small_gan().fit(data, epochs=2, verbose=0)
    assert len([each for each in warned if "lie in" in str(each.message)]) == 1


def test_images_in_the_range_are_trained_on_without_a_word():
    with warnings.catch_warnings(action="error", category=UserWarning):
        small_gan().fit(small_images(), verbose=0)


@pytest.mark.parametrize("checkpoint", [False, True])
def test_as_many_steps_are_trained_as_were_asked_for(checkpoint, tmp_path):
    gan = small_gan()
    data = tf.data.Dataset.from_tensor_slices(small_images()).batch(16)
    callbacks = [Checkpoint(tmp_path)] if checkpoint else []
    gan.fit(data, steps_per_epoch=10, epochs=2, verbose=0, callbacks=callbacks)
    assert gan.steps == 20


def test_a_dataset_that_can_be_read_once_only_says_that_it_ended():
    batches = iter([small_images(16)] * 3)
    data = tf.data.Dataset.from_generator(lambda: batches, output_signature=tf.TensorSpec((None, 4, 4, 1)))
    gan = small_gan()
    with pytest.warns(UserWarning, match="the dataset ended after step 3 of 10"):
        gan.fit(data, steps_per_epoch=10, verbose=0)
    assert gan.steps == 3


def test_an_end_that_a_callback_asked_for_is_no_surprise():
    gan = small_gan()
    stop = keras.callbacks.EarlyStopping(monitor="g_loss", mode="min", patience=1, min_delta=99)
    with warnings.catch_warnings(action="error", category=UserWarning):
        gan.fit(small_images(), verbose=0, epochs=9, callbacks=[stop])
    assert 0 < gan.steps < 18


def test_fit_says_what_it_takes():
    names = [*inspect.signature(GAN.fit).parameters]
    assert names[1:7] == ["x", "y", "batch_size", "epochs", "verbose", "callbacks"] and "args" not in names


def with_dropout(rate: float) -> GAN:
    ends = [layers.Flatten(), layers.Dropout(rate), layers.Dense(1, "sigmoid")]
    gan = GAN(small_generator(), keras.Sequential([keras.Input((4, 4, 1)), *ends]), seed=1)
    gan.compile()
    return gan


def test_weights_go_from_a_network_with_dropout_into_one_without_and_back(tmp_path):
    for first, second in ((0.0, 0.3), (0.3, 0.0)):
        gan, other = with_dropout(first), with_dropout(second)
        gan.fit(small_images(), verbose=0)
        gan.save_weights(tmp_path / "gan.weights.h5")
        other.load_weights(tmp_path / "gan.weights.h5")
        assert other.steps == 2
        np.testing.assert_array_equal(other.latent_seed.state, gan.latent_seed.state)
        for a, b in zip(gan.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_courses_recipe_copies_a_generator_with_a_lambda():
    half = layers.Lambda(lambda x: x / 2)
    ends = [layers.Dense(16, "tanh"), keras.Sequential([half]), layers.Reshape((4, 4, 1))]
    gan = GAN(keras.Sequential([keras.Input((4,)), *ends]), small_discriminator(), seed=0)
    gan.compile(recipe="course")
    np.testing.assert_array_equal(gan.averaged_generator(np.ones((2, 4))), gan.generator(np.ones((2, 4))))
    gan.fit(small_images(), verbose=0)
    assert np.any(gan.averaged_generator(np.ones((2, 4))) != gan.generator(np.ones((2, 4))))
