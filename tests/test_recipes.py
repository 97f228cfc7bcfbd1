import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from gan_course import GAN
from tests.networks import small_discriminator, small_gan, small_generator, small_images, state


def linear_discriminator(weight: float = 0.1, bias: float = 0.0) -> keras.Sequential:
    """The logit is the sum of all pixels times `weight`, plus `bias`."""
    dense = layers.Dense(1, "sigmoid", kernel_initializer=keras.initializers.Constant(weight))
    network = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), dense])
    dense.bias.assign([bias])
    return network


def linear_gan(discriminator: keras.Model, from_logits: bool | None = None, **chosen: object) -> GAN:
    keras.utils.set_random_seed(0)
    gan = GAN(small_generator(), discriminator, seed=0, from_logits=from_logits)
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0), **chosen)
    return gan


def one_step(gan: GAN) -> list[np.ndarray]:
    losses = gan.train_step(tf.constant(small_images(16)))
    weights = gan.generator.trainable_variables + gan.discriminator.trainable_variables
    return [np.array(value) for value in [*losses.values(), *weights]]


def assert_same(a: list[np.ndarray], b: list[np.ndarray], rtol: float = 1e-4, atol: float = 1e-6) -> None:
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, rtol=rtol, atol=atol)


@settings(max_examples=10, deadline=None)
@given(gamma=st.floats(0.1, 10.0), weight=st.floats(-0.3, 0.3))
def test_the_penalty_pulls_a_linear_discriminator_by_gamma_times_its_weights(gamma, weight):
    without, with_penalty = (linear_gan(linear_discriminator(weight), r1_gamma=value) for value in (0.0, gamma))
    for gan in (without, with_penalty):
        one_step(gan)
    difference = without.discriminator.weights[0].numpy() - with_penalty.discriminator.weights[0].numpy()
    np.testing.assert_allclose(difference, np.full((16, 1), gamma * weight), rtol=1e-3, atol=1e-5)


def test_a_penalty_every_third_step_weighs_three_times_and_comes_first():
    every, third, never = (
        linear_gan(linear_discriminator(), **chosen)
        for chosen in ({"r1_gamma": 3.0}, {"r1_gamma": 1.0, "r1_every": 3}, {"r1_gamma": 0.0})
    )
    assert_same(one_step(every), one_step(third))
    one_step(never)
    for gan in (third, never):
        gan.discriminator.set_weights([np.full((16, 1), 0.1), np.zeros(1)])
        gan.generator.set_weights(never.generator.get_weights())
    assert_same(one_step(third), one_step(never))


def test_the_losses_that_are_told_leave_the_penalty_out():
    assert_same(
        one_step(linear_gan(linear_discriminator(), r1_gamma=100.0))[:2],
        one_step(linear_gan(linear_discriminator()))[:2],
    )


@pytest.mark.parametrize("bias", [-50.0, -10.0, 10.0, 50.0])
def test_a_sure_discriminator_still_teaches_the_generator(bias):
    quick, plain = (linear_gan(linear_discriminator(bias=bias), shortcuts=on) for on in (True, False))
    start = quick.generator.trainable_variables[0].numpy()
    assert_same(one_step(quick), one_step(plain))
    if bias < 0:
        assert np.abs(quick.generator.trainable_variables[0].numpy() - start).max() > 1e-3


def test_a_discriminator_that_compares_images_is_not_cut_short():
    networks = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        normal = layers.BatchNormalization()
        body = [layers.Conv2D(3, 3), normal, layers.Flatten(), layers.Dense(1, "sigmoid")]
        networks.append(keras.Sequential([keras.Input((4, 4, 1)), keras.Sequential(body)]))
    quick, plain = (linear_gan(network, shortcuts=on) for network, on in zip(networks, (True, False), strict=True))
    assert_same(one_step(quick), one_step(plain))


def test_a_probability_that_comes_from_no_sigmoid_layer_is_judged_too():
    halves = layers.Lambda(lambda x: x / 2 + 0.25)
    own = keras.Sequential([keras.Input((4, 4, 1)), *linear_discriminator().layers, halves])
    with pytest.raises(ValueError, match="ends in Lambda, so it cannot be told"):
        linear_gan(own)
    gan = linear_gan(own, from_logits=False)
    on_real = own(small_images(16)).numpy()
    on_fake = own(gan.generator(keras.random.normal((16, 4), seed=keras.random.SeedGenerator(0)), training=True))
    d_loss, g_loss = one_step(gan)[:2]
    np.testing.assert_allclose(d_loss, -(np.log(on_real).mean() + np.log(1 - on_fake).mean()) / 2, rtol=1e-4)
    np.testing.assert_allclose(g_loss, -np.log(on_fake).mean(), rtol=1e-4)


def test_the_average_follows_the_generator_as_the_formula_says():
    gan = small_gan(averaging=0.5)
    expected = [variable.numpy() for variable in gan.generator.variables]
    for step in range(1, 21):
        gan.train_step(tf.constant(small_images(16)))
        decay = min(0.5, (1 + step) / (10 + step))
        expected = [
            decay * old + (1 - decay) * new.numpy()
            for old, new in zip(expected, gan.generator.variables, strict=True)
        ]
    assert_same([variable.numpy() for variable in gan.averaged_generator.variables], expected)


def test_images_are_drawn_with_the_average_and_training_is_not_changed_by_it():
    averaged, plain = small_gan(averaging=0.9), small_gan()
    for gan in (averaged, plain):
        gan.fit(small_images(), shuffle=False, verbose=0)
    assert_same([v.numpy() for v in averaged.generator.variables], [v.numpy() for v in plain.generator.variables])
    assert not np.allclose(averaged.generate(4, seed=0), plain.generate(4, seed=0))
    averaged.averaged_generator.set_weights(plain.generator.get_weights())
    np.testing.assert_array_equal(averaged.generate(4, seed=0), plain.generate(4, seed=0))


@pytest.mark.thorough
def test_a_saved_gan_keeps_its_recipe_and_goes_on_bit_for_bit(tmp_path):
    kept, left = (small_gan(recipe="course", r1_gamma=0.3, r1_every=2, averaging=0.8) for _ in range(2))
    for gan in (kept, left):
        gan.fit(small_images(), shuffle=False, verbose=0)
    left.save(tmp_path / "gan.keras")
    opened = keras.models.load_model(tmp_path / "gan.keras")
    assert opened.recipe == left.recipe
    for gan in (kept, opened):
        gan.fit(small_images(), shuffle=False, verbose=0)
    for a, b in zip(state(kept), state(opened), strict=True):
        np.testing.assert_array_equal(a, b)


def by_hand(gan: GAN, recipe: str) -> tuple[keras.Model, keras.Model, keras.Model, keras.Model]:
    """Compile, and return copies of both networks, the second alone, and behind the first, as older books do."""
    gan.discriminator.layers[1].rate = 0.0
    gan.compile(recipe=recipe)
    generator, discriminator = map(keras.models.clone_model, (gan.generator, gan.discriminator))
    generator.set_weights(gan.generator.get_weights())
    discriminator.set_weights(gan.discriminator.get_weights())
    alone, both = keras.Sequential([discriminator]), keras.Sequential([generator, discriminator])
    d_rate, g_rate = (float(optimizer.learning_rate) for optimizer in (gan.discriminator_optimizer, gan.optimizer))
    alone.compile(keras.optimizers.Adam(d_rate), "binary_crossentropy")
    discriminator.trainable = False
    both.compile(keras.optimizers.Adam(g_rate), "binary_crossentropy")
    return generator, discriminator, alone, both


def assert_trained_alike(gan: GAN, generator: keras.Model, discriminator: keras.Model) -> None:
    for ours, theirs in ((gan.generator, generator), (gan.discriminator, discriminator)):
        assert_same(ours.get_weights(), theirs.get_weights(), atol=1e-4)  # a step moves a weight by 1e-3


def test_the_textbooks_step_is_two_updates_of_the_discriminator_and_then_the_generators():
    """Against Keras's own `train_on_batch`, with the flag set before each update as in lesson 04."""
    keras.utils.set_random_seed(0)
    gan = GAN(small_generator(), small_discriminator(), seed=0)
    generator, discriminator, alone, both = by_hand(gan, "textbook")
    latent_seed, real = keras.random.SeedGenerator(0), small_images(16)
    for _ in range(3):
        gan.train_step(tf.constant(real))
        latent = keras.random.normal((16, 4), seed=latent_seed)
        fake = generator.predict(latent, verbose=0)
        discriminator.trainable = True
        alone.train_on_batch(real, np.ones((16, 1)))
        alone.train_on_batch(fake, np.zeros((16, 1)))
        discriminator.trainable = False
        both.train_on_batch(latent, np.ones((16, 1)))
    assert_trained_alike(gan, generator, discriminator)


def test_the_blogs_step_is_one_update_on_all_images_and_then_the_generators_on_other_vectors():
    keras.utils.set_random_seed(0)
    gan = GAN(small_generator(), small_discriminator(), seed=0)
    generator, discriminator, alone, both = by_hand(gan, "blog")
    latent_seed, real = keras.random.SeedGenerator(0), small_images(16)
    for _ in range(3):
        told = gan.train_step(tf.constant(real))
        latent, other = (keras.random.normal((16, 4), seed=latent_seed) for _ in range(2))
        fake = generator.predict(latent, verbose=0)
        discriminator.trainable = True
        alone.reset_metrics()
        d_loss = alone.train_on_batch(np.concatenate([real, fake]), np.repeat([[1.0], [0.0]], 16, axis=0))
        discriminator.trainable = False
        both.reset_metrics()
        g_loss = both.train_on_batch(other, np.ones((16, 1)))
        np.testing.assert_allclose([told["d_loss"], told["g_loss"]], [d_loss, g_loss], rtol=1e-3)
    assert_trained_alike(gan, generator, discriminator)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"recipe": "cake"}, "recipe is 'cake'; expected one of textbook, blog, plain, course"),
        ({"r1_gamma": -1.0}, "r1_gamma is -1.0"),
        ({"r1_gamma": float("nan")}, "r1_gamma is nan"),
        ({"r1_every": 0}, "r1_every is 0"),
        ({"averaging": 1.0}, "averaging is 1.0"),
        ({"recipe": "textbook", "r1_gamma": 1.0}, "textbook's step has no gradient penalty"),
        ({"recipe": "blog", "discriminator_updates": 2}, "blog's step has no discriminator_updates"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(chosen, message):
    with pytest.raises(ValueError, match=message):
        small_gan(**chosen)
