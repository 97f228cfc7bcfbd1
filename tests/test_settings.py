"""Every setting of Keras's `compile` and `fit` works or is refused by name; what changes on the way is seen."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gan_course import GAN
from gan_course.callbacks import Checkpoint, LossLog
from tests.networks import small_discriminator, small_gan, small_generator, small_images

IMAGES = small_images(64)
SGD = keras.optimizers.SGD


def weights(network: keras.Model) -> list[np.ndarray]:
    return [weight.numpy() for weight in network.weights]


def moved(network: keras.Model, before: list[np.ndarray]) -> bool:
    return any(np.any(a != b) for a, b in zip(before, weights(network), strict=True))


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "mse"},
        {"loss_weights": [1, 2]},
        {"metrics": ["accuracy"]},
        {"weighted_metrics": ["accuracy"]},
        {"optimizer": "adam"},
        {"learning_rate": 1e-3},
        {"d_optimizer": "adam"},
        {"steps_per_execution": 4},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_setting_of_compile_that_would_be_ignored_is_refused_by_name(settings):
    gan = GAN(small_generator(), small_discriminator())
    with pytest.raises(ValueError, match=next(iter(settings))) as refused:
        gan.compile(**settings)
    assert "\n" not in str(refused.value) and not gan.compiled


@pytest.mark.parametrize("given", ["binary_crossentropy", 3, keras.layers.Dense(1), {"rate": 1}])
def test_what_is_no_optimizer_is_refused(given):
    with pytest.raises(ValueError, match="the discriminator_optimizer is .* expected a Keras optimizer"):
        small_gan(discriminator_optimizer=given)


@pytest.mark.parametrize(
    "settings",
    [
        {"validation_data": IMAGES},
        {"validation_split": 0.5},
        {"validation_steps": 3},
        {"class_weight": {0: 1.0, 1: 2.0}},
        {"sample_weight": np.ones(64)},
        {"workers": 2},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_setting_of_fit_that_would_be_ignored_is_refused_before_the_first_step(settings, tmp_path):
    gan = small_gan()
    with pytest.raises(ValueError, match=f"fit was given {next(iter(settings))}, which a GAN does not have"):
        gan.fit(IMAGES, verbose=0, callbacks=[Checkpoint(tmp_path)], **settings)
    assert gan.steps == 0 and not [*tmp_path.iterdir()]


def test_keras_own_defaults_may_be_said():
    gan = small_gan()
    gan.fit(IMAGES, validation_split=0.0, validation_data=None, validation_freq=1, class_weight=None, verbose=0)
    assert gan.steps == 2


def test_evaluate_is_refused_in_words():
    for method in ("evaluate", "test_on_batch"):
        with pytest.raises(ValueError, match="a GAN has no loss to evaluate"):
            getattr(small_gan(), method)(IMAGES)


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        (["early stopping"], "callbacks holds a str; expected Keras callbacks"),
        ([LossLog], "callbacks holds a type"),
        ([Checkpoint("a"), Checkpoint("b")], "callbacks holds 2 Checkpoints"),
    ],
)
def test_callbacks_that_are_none_are_refused(callbacks, message):
    with pytest.raises(ValueError, match=message):
        small_gan().fit(IMAGES, verbose=0, callbacks=callbacks)


def generator_with(**settings) -> keras.Sequential:
    dense = layers.Dense(16, activation="tanh", **settings)
    return keras.Sequential([keras.Input((4,)), dense, layers.Reshape((4, 4, 1))])


def discriminator_with(*more: keras.Layer, **settings) -> keras.Sequential:
    ends = [layers.Flatten(), *more, layers.Dense(1, activation="sigmoid", **settings)]
    return keras.Sequential([keras.Input((4, 4, 1)), *ends])


def one_step(generator, discriminator, recipe="plain", **settings) -> list[np.ndarray]:
    keras.utils.set_random_seed(0)
    gan = GAN(generator(), discriminator(), seed=0)
    gan.compile(SGD(0.5), SGD(0.5), recipe=recipe, **settings)
    gan.train_step(tf.constant(IMAGES[:8]))
    return [*weights(gan.generator), *weights(gan.discriminator)]


@pytest.mark.parametrize(("recipe", "updates"), [("plain", 1), ("textbook", 2)])
@pytest.mark.parametrize("side", ["generator", "discriminator"])
def test_a_kernel_regularizer_pulls_as_much_as_its_formula_says(side, recipe, updates):
    """L2(c) adds c w² to what is minimized, so an update by SGD at a rate r takes 2 r c w off each weight."""
    l2 = {"kernel_regularizer": keras.regularizers.L2(0.1)}
    plain = one_step(generator_with, discriminator_with, recipe)
    pulled = one_step(
        lambda: generator_with(**(l2 if side == "generator" else {})),
        lambda: discriminator_with(**(l2 if side == "discriminator" else {})),
        recipe,
    )
    keras.utils.set_random_seed(0)
    first = {
        "generator": generator_with().get_weights()[0],
        "discriminator": discriminator_with().get_weights()[0],
    }
    place = 0 if side == "generator" else 2
    if updates == 1 or side == "generator":
        np.testing.assert_allclose(plain[place] - pulled[place], 0.1 * first[side], rtol=1e-3, atol=1e-6)
    else:
        assert np.abs(plain[place] - pulled[place] - 0.1 * 2 * first[side]).max() < 0.05
    assert np.abs(plain[place] - pulled[place]).max() > 1e-3


class Added(layers.Layer):
    """Adds eight times the mean square of what goes through to the loss."""

    def call(self, x):
        self.add_loss(8 * tf.reduce_mean(x**2))
        return x


@pytest.mark.parametrize("shortcuts", [True, False])
@pytest.mark.parametrize("jit_compile", [True, False])
def test_what_a_layer_adds_to_the_loss_is_minimized(shortcuts, jit_compile):
    """In the generator, the mean square of all it draws pulls every pixel towards 0."""
    keras.utils.set_random_seed(0)
    generator = keras.Sequential([keras.Input((4,)), layers.Dense(16), layers.Reshape((4, 4, 1)), Added()])
    with warnings.catch_warnings(action="ignore"):
        gan = GAN(generator, discriminator_with(Added()), seed=0)
    gan.compile(SGD(0.5), SGD(0.0), shortcuts=shortcuts, jit_compile=jit_compile)
    before = np.abs(gan.generate(50, seed=1)).mean()
    gan.fit(IMAGES, batch_size=32, epochs=5, verbose=0)
    assert np.abs(gan.generate(50, seed=1)).mean() < before / 3


def test_the_same_is_added_with_and_without_shortcuts():
    def with_activity():
        return discriminator_with(layers.Dense(4, activity_regularizer=keras.regularizers.L1(0.5)))

    for a, b in zip(
        one_step(generator_with, with_activity),
        one_step(generator_with, with_activity, shortcuts=False),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, atol=1e-6)


def rates(gan: GAN) -> list[float]:
    return [round(float(optimizer.learning_rate.numpy()), 7) for optimizer in gan.optimizers.values()]


def test_callbacks_that_set_the_learning_rate_set_both():
    gan = small_gan(generator_optimizer=SGD(0.1), discriminator_optimizer=SGD(0.4))
    slower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = gan.fit(IMAGES, epochs=2, verbose=0, callbacks=[slower])
    assert rates(gan) == [0.025, 0.1] and history.history["learning_rate"] == pytest.approx([0.05, 0.025])
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="g_loss", mode="min", factor=0.1, patience=0, min_delta=1e9
    )
    gan.fit(IMAGES, epochs=2, verbose=0, callbacks=[plateau])
    assert rates(gan) == [0.0025, 0.01]


def test_a_schedule_of_an_optimizer_counts_its_steps():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1], [0.0, 1.0])
    gan = small_gan(generator_optimizer=SGD(schedule), discriminator_optimizer=SGD(0.0))
    before = weights(gan.generator)[0]
    gan.fit(IMAGES, verbose=0, batch_size=32)
    np.testing.assert_array_equal(before, weights(gan.generator)[0])
    gan.fit(IMAGES, verbose=0, batch_size=32)
    assert np.any(before != weights(gan.generator)[0])


def test_the_optimizers_are_asked_apart_for_anything_else():
    with pytest.raises(AttributeError, match="a GAN has two optimizers"):
        _ = small_gan().optimizer.beta_1


def test_accumulated_gradients_are_those_of_one_large_batch_and_each_batch_is_a_step():
    results = []
    for parts in (1, 4):
        keras.utils.set_random_seed(0)
        gan = GAN(generator_with(), discriminator_with(), seed=0)
        accumulate = {"gradient_accumulation_steps": parts} if parts > 1 else {}
        gan.compile(SGD(0.5), SGD(0.5, **accumulate))
        gan.generator_optimizer.learning_rate = 0.0
        same = np.repeat(IMAGES[:1], 16, axis=0)
        gan.fit(same, batch_size=16 // parts, shuffle=False, verbose=0)
        assert gan.steps == parts
        results.append(weights(gan.discriminator)[1])
    assert np.abs(results[0] - results[1]).max() < 0.2 and np.any(results[1] != 0)


@pytest.mark.thorough
def test_a_training_that_accumulates_goes_on_exactly(tmp_path):
    def train(folder, steps):
        optimizers = [keras.optimizers.Adam(1e-3, gradient_accumulation_steps=4) for _ in range(2)]
        gan, log = small_gan(1), LossLog(folder / "log.csv")
        gan.compile(*optimizers)
        gan.fit(IMAGES, batch_size=8, steps_per_epoch=steps, verbose=0, callbacks=[log, Checkpoint(folder)])
        return gan, [row[:3] for row in log.rows]

    whole, rows = train(tmp_path / "whole", 10)
    train(tmp_path / "parts", 6)
    parts, again = train(tmp_path / "parts", 10)
    assert whole.steps == parts.steps == 10 and [row[0] for row in again] == [*range(1, 11)]
    np.testing.assert_allclose(rows, again, atol=1e-6)


@pytest.mark.parametrize("side", ["generator", "discriminator"])
@pytest.mark.parametrize("scaled", [True, False])
def test_in_half_precision_the_loss_is_scaled_so_that_small_slopes_survive(side, scaled):
    """A slope of less than 1e-8 is 0 in half precision, unless the loss is enlarged before."""
    keras.utils.set_random_seed(0)
    half, small = {"dtype": "mixed_float16"}, {"kernel_initializer": keras.initializers.Constant(3e-3)}
    squeezed = {"generator": (1e-3, 1.0), "discriminator": (1.0, 1e-5)}[side]
    draw, judge = layers.Dense(16, **half), layers.Dense(3, **half, **small)
    generator = [keras.Input((4,)), draw, layers.Reshape((4, 4, 1)), layers.Rescaling(squeezed[0], **half)]
    discriminator = [
        layers.Flatten(**half),
        judge,
        layers.Rescaling(squeezed[1], **half),
        layers.Dense(1, **small),
    ]
    gan = GAN(
        keras.Sequential([*generator, layers.Activation("tanh")]),
        keras.Sequential([keras.Input((4, 4, 1)), *discriminator]),
        seed=0,
    )
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3), auto_scale_loss=scaled)
    kernel = (draw if side == "generator" else judge).kernel
    before = kernel.numpy()
    gan.fit(IMAGES[:32], batch_size=8, verbose=0)
    assert np.any(kernel.numpy() != before) == scaled
    assert gan.steps == 4 and np.isfinite(kernel.numpy()).all()


def test_a_scaled_loss_given_by_hand_changes_nothing_in_single_precision():
    results = []
    for scale in (None, 1024.0):
        keras.utils.set_random_seed(0)
        gan = GAN(generator_with(), discriminator_with(), seed=0)
        gan.compile(*(SGD(0.5, loss_scale_factor=scale) for _ in range(2)))
        gan.train_step(tf.constant(IMAGES[:8]))
        results.append([*weights(gan.generator), *weights(gan.discriminator)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_the_average_that_an_optimizer_keeps_is_taken_over_at_the_end():
    gan = small_gan(generator_optimizer=SGD(0.5, use_ema=True, ema_momentum=0.9))
    gan.fit(IMAGES, verbose=0)
    optimizer = gan.generator_optimizer
    averages = optimizer._model_variables_moving_average
    for weight, average in zip(gan.generator.trainable_variables, averages, strict=True):
        np.testing.assert_allclose(weight.numpy(), average.numpy())


def combined(gan: GAN) -> None:
    """What lesson 04 does with its own combined model."""
    gan.discriminator.trainable = False
    keras.Sequential([gan.generator, gan.discriminator])


@pytest.mark.parametrize("role", ["generator", "discriminator"])
@pytest.mark.parametrize("train", ["fit", "train_on_batch"])
@pytest.mark.parametrize("trained_before", [True, False])
def test_a_frozen_network_is_refused_and_a_thawed_one_learns(role, train, trained_before, tmp_path):
    gan = small_gan()
    settings = {"verbose": 0} if train == "fit" else {}
    if trained_before:
        getattr(gan, train)(IMAGES, **settings)
    steps = gan.steps
    gan.networks[role].trainable = False
    with pytest.raises(ValueError, match=f"the {role} has nothing to train, all of it is frozen; set its"):
        getattr(gan, train)(IMAGES, **settings)
    assert gan.steps == steps
    if train == "fit":
        with pytest.raises(ValueError, match="has nothing to train"):
            gan.fit(IMAGES, callbacks=[Checkpoint(tmp_path / "run")], **settings)
        assert not (tmp_path / "run").exists()  # nothing has begun
    gan.networks[role].trainable = True
    before = [weights(network) for network in gan.networks.values()]
    getattr(gan, train)(IMAGES, **settings)
    assert all(moved(network, old) for network, old in zip(gan.networks.values(), before, strict=True))


def test_a_discriminator_frozen_in_a_combined_model_is_refused():
    gan = small_gan()
    combined(gan)
    with pytest.raises(ValueError, match="the discriminator has nothing to train"):
        gan.fit(IMAGES, verbose=0)


def test_a_layer_that_was_frozen_stays_and_learns_again_when_it_is_thawed():
    gan = small_gan()
    gan.fit(IMAGES, verbose=0)
    layer, rest = gan.discriminator.layers[0], gan.discriminator.layers[-1]
    layer.trainable = False
    before, before_rest = weights(layer), weights(rest)
    gan.fit(IMAGES, verbose=0)
    assert not moved(layer, before) and moved(rest, before_rest)
    layer.trainable = True
    gan.fit(IMAGES, verbose=0)
    assert moved(layer, before)


def test_a_callback_that_freezes_a_layer_in_the_middle_is_heard():
    gan = small_gan()
    layer = gan.discriminator.layers[0]
    kept = []

    class Freeze(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if gan.steps == 2:
                layer.trainable = False
                kept.extend(weights(layer))

    gan.fit(IMAGES, batch_size=16, verbose=0, callbacks=[Freeze()])
    assert gan.steps == 4 and not moved(layer, kept)


def test_a_layer_that_compile_did_not_know_asks_for_another_compile():
    discriminator = small_discriminator()
    discriminator.layers[0].trainable = False
    gan = GAN(small_generator(), discriminator)
    gan.compile()
    discriminator.layers[0].trainable = True
    with pytest.raises(ValueError, match=r"a part of the discriminator can learn now .* call gan.compile"):
        gan.fit(IMAGES, verbose=0)
    gan.compile()
    gan.fit(IMAGES, verbose=0)


def test_steps_go_on_over_another_compile():
    gan = small_gan()
    gan.fit(IMAGES, verbose=0)
    gan.compile(recipe="course")
    gan.fit(IMAGES, verbose=0)
    assert gan.steps == 4


def test_a_rate_that_was_lowered_is_kept_with_a_word(tmp_path, capsys):
    def train(gan, epochs):
        gan.fit(IMAGES, epochs=epochs, verbose=2, callbacks=[Checkpoint(tmp_path)])

    gan = small_gan(1)
    train(gan, 1)
    gan.generator_optimizer.learning_rate = 1e-6
    train(gan, 2)
    assert "The generator's learning rate is 1e-06 from here on; it was 0.0005." in capsys.readouterr().out
    assert rates(gan) == [1e-6, 5e-4]

    again = small_gan(1, generator_optimizer=keras.optimizers.Adam(1e-6, beta_1=0.5))
    train(again, 3)
    assert rates(again) == [1e-6, 5e-4] and "learning rate" not in capsys.readouterr().out

    slower = small_gan(1, discriminator_optimizer=keras.optimizers.Adam(2e-5, beta_1=0.5))
    train(slower, 4)
    assert rates(slower) == [5e-4, 2e-5] or rates(slower) == [1e-6, 2e-5]
    assert "The discriminator's learning rate is 2e-05 from here on; it was 0.0005." in capsys.readouterr().out


def test_a_rate_that_a_callback_lowered_is_taken_up_where_it_stood(tmp_path):
    def train(folder, epochs):
        gan = small_gan(1)
        slower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
        gan.fit(IMAGES, epochs=epochs, verbose=0, callbacks=[slower, Checkpoint(folder)])
        return gan

    whole = train(tmp_path / "whole", 3)
    train(tmp_path / "parts", 1)
    parts = train(tmp_path / "parts", 3)
    assert rates(whole) == rates(parts) == [6.25e-5, 6.25e-5]
    for a, b in zip(whole.generator.get_weights(), parts.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_train_on_batch_checks_what_fit_checks():
    gan = GAN(small_generator(), small_discriminator())
    with pytest.raises(RuntimeError, match=r"call gan.compile\(\) before gan.train_on_batch"):
        gan.train_on_batch(IMAGES)
    gan.compile()
    for images, message in (
        (IMAGES * 255, r"expected floats in \[-1, 1\]"),
        (np.full_like(IMAGES, np.nan), "NaN"),
        (IMAGES[:, :2], r"have shape \(64, 2, 4, 1\)"),
        (None, "the images are a NoneType"),
    ):
        with pytest.raises(ValueError, match=message):
            gan.train_on_batch(images)
    assert gan.steps == 0
    d_loss, g_loss = gan.train_on_batch(IMAGES)
    assert gan.steps == 1 and np.isfinite([d_loss, g_loss]).all()
    assert set(gan.train_on_batch(IMAGES, return_dict=True)) == {"d_loss", "g_loss"}


def test_train_on_batch_is_the_step_of_fit():
    one, other = small_gan(1), small_gan(1)
    one.fit(IMAGES[:32], batch_size=32, shuffle=False, verbose=0)
    other.train_on_batch(IMAGES[:32])
    for a, b in zip(one.generator.get_weights(), other.generator.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_train_on_batch_stops_at_losses_that_are_no_numbers():
    gan = small_gan(discriminator_optimizer=SGD(1e38), generator_optimizer=SGD(1e38))
    with pytest.raises(FloatingPointError, match="the training has diverged"):
        for _ in range(5):
            gan.train_on_batch(IMAGES)


def test_with_verbose_0_nothing_is_printed(tmp_path, capfd):
    for epochs in (1, 2, 2):
        small_gan(1).fit(IMAGES, epochs=epochs, verbose=0, callbacks=[Checkpoint(tmp_path)])
    with pytest.raises(IndexError):
        raise_at = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: [][0])
        small_gan(1).fit(IMAGES, epochs=3, verbose=0, callbacks=[Checkpoint(tmp_path), raise_at])
    out, err = capfd.readouterr()
    assert out == "" and err == ""
