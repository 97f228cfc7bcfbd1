"""Networks and settings that are changed, nested or unusual; each was once read wrongly without a word."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from gan_course import GAN
from gan_course.callbacks import Checkpoint, SaveModel
from gan_course.metrics import Gaussian, frechet_distance, nearest_images
from gan_course.models import generate
from gan_course.training.answers import answers_with
from gan_course.training.shortcuts import judges_each_image_alone
from tests.networks import small_discriminator, small_gan, small_generator, small_images

IMAGES = small_images(32)
SGD = keras.optimizers.SGD


def flat(*ends: keras.Layer) -> keras.Sequential:
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), *ends])


def test_of_a_network_inside_with_several_outputs_nothing_is_guessed():
    start, image = keras.Input((16,)), keras.Input((4, 4, 1))
    hidden = layers.Dense(3, "sigmoid")(start)
    inner = keras.Model(start, [hidden, layers.Dense(1)(hidden)])
    network = keras.Model(image, inner(layers.Flatten()(image))[1])
    with pytest.raises(ValueError, match="ends in Functional, so it cannot be told"):
        GAN(small_generator(), network)
    assert GAN(small_generator(), network, from_logits=True).from_logits


def test_a_network_inside_may_take_several_inputs():
    a, b, image = keras.Input((16,)), keras.Input((16,)), keras.Input((4, 4, 1))
    inner = keras.Model([a, b], layers.Dense(1, "sigmoid")(layers.Add()([a, b])))
    pixels = layers.Flatten()(image)
    network = keras.Model(image, layers.Reshape((1,))(inner([pixels, pixels])))
    gan = GAN(small_generator(), network, seed=0)
    assert answers_with(network) == "probabilities"
    np.testing.assert_allclose(tf.sigmoid(gan._judge.logits(IMAGES)), network(IMAGES), rtol=1e-5)


@pytest.mark.parametrize("bias", [-70.0, -100.0, -300.0])
def test_a_discriminator_that_is_very_sure_teaches_as_without_shortcuts(bias):
    found = []
    for on in (True, False):
        keras.utils.set_random_seed(0)
        gan = GAN(
            small_generator(), flat(layers.Dense(1, bias_initializer=keras.initializers.Constant(bias))), seed=0
        )
        gan.compile(SGD(1.0), SGD(1.0), shortcuts=on)
        gan.train_step(tf.constant(IMAGES))
        found.append(gan.generator.get_weights())
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert np.abs(found[0][0] - small_generator().get_weights()[0]).max() > 1e-3


def with_inner_regularizer() -> keras.Sequential:
    inner = keras.Sequential([layers.Dense(3)])
    inner.activity_regularizer = keras.regularizers.L2(3.0)
    return flat(inner, layers.Dense(1, "sigmoid"))


def with_own_convolution() -> keras.Sequential:
    conv = layers.Conv2D(2, 3)
    network = keras.Sequential([keras.Input((4, 4, 1)), conv, layers.Flatten(), layers.Dense(1, "sigmoid")])
    conv.convolution_op = lambda x, kernel: tf.nn.conv2d(x - tf.reduce_mean(x, axis=0), kernel, 1, "VALID")
    return network


@pytest.mark.parametrize("network", [with_inner_regularizer, with_own_convolution])
def test_what_was_changed_on_a_layer_is_not_proved(network):
    assert not judges_each_image_alone(network())


def test_weights_that_are_loaded_before_the_first_step_are_drawn_with_and_averaged():
    gan, other = small_gan(0, averaging=0.9), small_gan(1)
    gan.generator.set_weights(other.generator.get_weights())
    np.testing.assert_array_equal(gan.generate(3, seed=0), other.generate(3, seed=0))
    gan.train_on_batch(IMAGES)
    for average, now, then in zip(
        *(network.get_weights() for network in (gan.averaged_generator, gan.generator, other.generator)),
        strict=True,
    ):
        assert np.abs(average - now).max() <= np.abs(then - now).max() + 1e-7


def test_a_gan_that_is_opened_without_its_optimizers_draws_with_the_average(tmp_path):
    gan = small_gan(averaging=0.9)
    gan.fit(IMAGES, verbose=0)
    gan.save(tmp_path / "gan.keras")
    opened = keras.models.load_model(tmp_path / "gan.keras", compile=False)
    np.testing.assert_array_equal(opened.generate(3, seed=0), gan.generate(3, seed=0))


def test_a_stop_that_a_callback_asks_for_in_a_taken_up_epoch_is_heard(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = self.model.stop_training or self.model.steps == 6

    settings = {"batch_size": 8, "verbose": 0}
    small_gan(1).fit(IMAGES, steps_per_epoch=4, callbacks=[Checkpoint(tmp_path)], **settings)
    gan = small_gan(1)
    with warnings.catch_warnings(action="error", category=UserWarning):
        gan.fit(IMAGES, steps_per_epoch=7, epochs=3, callbacks=[Stop(), Checkpoint(tmp_path)], **settings)
    assert gan.steps == 6


def test_an_optimizer_is_not_replaced_by_assignment():
    gan = small_gan()
    with pytest.raises(ValueError, match=r"generator_optimizer cannot be replaced; call gan.compile"):
        gan.generator_optimizer = SGD(0.0)


def test_networks_that_were_changed_are_looked_at_again_by_compile():
    discriminator = flat(layers.Dense(1, "sigmoid"))
    gan = GAN(small_generator(), discriminator)
    discriminator.pop()
    discriminator.add(layers.Dense(1))
    gan.compile()
    assert gan.from_logits
    gan.discriminator = flat(layers.Dense(1, "sigmoid"))
    gan.compile()
    gan.fit(IMAGES, verbose=0)
    assert not gan.from_logits


def test_a_normalization_without_weights_is_frozen_too():
    normal = layers.BatchNormalization(center=False, scale=False)
    gan = GAN(small_generator(), flat(normal, layers.Dense(1, "sigmoid")))
    gan.compile()
    gan.fit(IMAGES, verbose=0)
    normal.trainable = False
    before = normal.moving_mean.numpy()
    gan.fit(IMAGES, verbose=0)
    np.testing.assert_array_equal(before, normal.moving_mean.numpy())


def test_dropout_behind_a_sigmoid_is_asked_about():
    with pytest.raises(ValueError, match="ends in Dropout, so it cannot be told"):
        GAN(small_generator(), flat(layers.Dense(1, "sigmoid"), layers.Dropout(0.5)))


@pytest.mark.parametrize("eager", [True, False])
def test_a_sigmoid_of_another_hand_keeps_its_slope(eager):
    start = keras.Input((4, 4, 1))
    kept = {"bias_initializer": keras.initializers.Constant(-25.0)}
    mean = keras.Model(start, ops.mean(layers.Conv2D(1, 3, activation="sigmoid", **kept)(start), axis=(1, 2)))
    for network, said in ((flat(layers.Dense(1, tf.nn.sigmoid, **kept)), None), (mean, False)):
        gan = GAN(small_generator(), network, seed=0, from_logits=said)
        gan.compile(SGD(1.0), SGD(1.0), run_eagerly=eager)
        before = gan.generator.get_weights()[0]
        gan.train_on_batch(IMAGES)
        assert np.abs(gan.generator.get_weights()[0] - before).max() > 1e-3


def test_the_average_keeps_the_random_states_of_the_generator_alone():
    noisy = [keras.Input((4,)), layers.Dense(16, "tanh"), layers.Dropout(0.2), layers.Reshape((4, 4, 1))]
    gan = GAN(keras.Sequential(noisy), small_discriminator(), seed=0, from_logits=False)
    gan.compile(averaging=np.float64(0.99))
    gan.fit(IMAGES, verbose=0)
    assert gan.steps == 1


def by_operations() -> GAN:
    start = keras.Input((4,))
    generator = keras.Model(start, ops.tanh(ops.reshape(layers.Dense(16)(start), (-1, 4, 4, 1))))
    gan = GAN(generator, flat(layers.Dense(1, "sigmoid", name="dense")), seed=0)
    gan.compile()
    return gan


def test_the_same_cell_twice_in_a_session_goes_on(tmp_path):
    for steps in (1, 2, 3):
        gan = by_operations()
        gan.fit(IMAGES, batch_size=8, steps_per_epoch=steps, verbose=0, callbacks=[Checkpoint(tmp_path)])
        assert gan.steps == steps


@pytest.mark.thorough
def test_a_gan_has_a_summary_and_keras_own_backup_works(tmp_path, capsys):
    gan = small_gan()
    gan.summary()
    assert "Total params" in capsys.readouterr().out
    gan.fit(IMAGES, verbose=0, callbacks=[keras.callbacks.BackupAndRestore(tmp_path / "backup")])
    assert gan.steps == 1


class Unsaved(layers.Layer):
    """A layer that cannot be described."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


@pytest.mark.parametrize("keep", [lambda path: SaveModel(path / "gan.keras"), Checkpoint])
def test_what_cannot_be_saved_is_said_before_the_first_step(keep, tmp_path):
    draw = [keras.Input((4,)), layers.Dense(16), Unsaved(ops.tanh), layers.Reshape((4, 4, 1))]
    gan = GAN(keras.Sequential(draw), small_discriminator())
    gan.compile()
    with pytest.raises(ValueError, match="the training cannot be saved: .* give that layer or network") as refused:
        gan.fit(IMAGES, verbose=0, callbacks=[keep(tmp_path)])
    assert gan.steps == 0 and "\n" not in str(refused.value)


def test_a_generator_with_a_function_as_activation_is_copied():
    draw = [keras.Input((4,)), layers.Dense(16, activation=lambda x: ops.tanh(x)), layers.Reshape((4, 4, 1))]
    gan = GAN(keras.Sequential(draw), small_discriminator(), seed=0)
    gan.compile(averaging=0.9)
    gan.fit(IMAGES, verbose=0)


def test_a_rate_of_0_keeps_the_ratio_of_both():
    gan = small_gan(generator_optimizer=SGD(0.1), discriminator_optimizer=SGD(0.4))
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: (0.0, 0.1)[epoch])
    gan.fit(IMAGES, epochs=2, verbose=0, callbacks=[schedule])
    rates = [float(optimizer.learning_rate.numpy()) for optimizer in gan.optimizers.values()]
    assert rates == pytest.approx([0.1, 0.4])


def test_a_failed_compile_uses_up_no_optimizer():
    gan, optimizers = GAN(small_generator(), small_discriminator()), (SGD(0.1), SGD(0.1))
    with pytest.raises(ValueError, match="augmentation"):
        gan.compile(*optimizers, augmentation=3)
    gan.compile(*optimizers)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small_gan().judge(IMAGES * 127.5), "expected floats in"),
        (lambda: small_gan().judge([]), "have shape"),
        (lambda: small_gan().judge(None), "the images are a NoneType"),
        (lambda: GAN(small_generator(), small_discriminator(), from_logits="False"), "from_logits is 'False'"),
        (lambda: GAN(small_generator(), small_discriminator(), seed=1.5), "seed is 1.5"),
        (lambda: small_gan().generate(2, seed="a"), "seed is 'a'"),
        (lambda: small_gan().generate(2, seed=-1), "seed is -1"),
        (lambda: small_gan().fit(IMAGES, initial_epoch=2, epochs=2, verbose=0), "there is nothing to do"),
        (lambda: small_gan().fit(np.ma.masked_array(IMAGES), verbose=0), "the images are a MaskedArray"),
        (lambda: small_gan().train_on_batch(IMAGES, sample_weight=[1]), "train_on_batch was given sample_weight"),
        (lambda: Checkpoint(""), "folder is ''"),
        (lambda: frechet_distance(*[Gaussian(np.array([np.nan]), np.eye(1))] * 2), "NaN or infinite"),
        (lambda: nearest_images(IMAGES, IMAGES * 255), "only one of the images"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message) as refused:
        call()
    assert "\n" not in str(refused.value)


def test_any_generator_draws_also_inside_its_gan():
    gan = small_gan()
    np.testing.assert_array_equal(generate(gan, 2, seed=0), gan.generate(2, seed=0))
    gan.compile(metrics=None, loss=None)
