import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from gan_course.callbacks import Checkpoint
from tests.networks import small_gan, small_images, state

RECIPES = ("plain", "course", "textbook", "blog")


def changes(shift: float = 0.3) -> keras.Sequential:
    return keras.Sequential(
        [
            layers.RandomFlip("horizontal", seed=1),
            layers.RandomTranslation(shift, shift, fill_mode="constant", interpolation="nearest", seed=2),
            layers.RandomBrightness(0.1, value_range=(-1, 1), seed=3),
        ]
    )


def weights(gan) -> list[np.ndarray]:
    return [variable.numpy() for variable in gan.generator.variables + gan.discriminator.variables]


def kernels_of(network: keras.Model) -> list[keras.Variable]:
    return [variable for variable in network.trainable_variables if variable.path.endswith("kernel")]


@pytest.mark.parametrize("recipe", RECIPES)
def test_real_images_and_fakes_are_both_changed_before_they_are_judged(recipe):
    """Where everything is made 0, nobody can tell real from fake, and no first kernel can learn."""
    gan = small_gan(recipe=recipe, r1_gamma=0, augmentation=layers.Rescaling(0.0))
    kernels = [*kernels_of(gan.generator), kernels_of(gan.discriminator)[0]]
    before = [kernel.numpy() for kernel in kernels]
    losses = gan.train_step(tf.constant(small_images(16)))
    for kernel, old in zip(kernels, before, strict=True):
        np.testing.assert_array_equal(kernel, old)
    np.testing.assert_allclose(list(losses.values()), np.log(2), atol=0.01)


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_generator_learns_through_the_changes(recipe):
    gan = small_gan(recipe=recipe, augmentation=changes())
    before = [kernel.numpy() for kernel in kernels_of(gan.generator)]
    gan.train_step(tf.constant(small_images(16)))
    for old, new in zip(before, kernels_of(gan.generator), strict=True):
        assert np.abs(old - new.numpy()).max() > 1e-4


@pytest.mark.parametrize("shortcuts", [True, False])
def test_a_step_is_the_one_written_by_hand(shortcuts):
    ours, hand = (small_gan(augmentation=changes(), shortcuts=shortcuts) for _ in range(2))
    real = tf.constant(small_images(16))
    losses = ours.train_step(real)

    cross_entropy = keras.losses.BinaryCrossentropy()
    with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
        shown = hand.augmentation(real, training=True)
        fake = hand.augmentation(hand.generator(hand.draw_latent(16), training=True), training=True)
        on_real, on_fake = hand.discriminator(shown, training=True), hand.discriminator(fake, training=True)
        d_loss = (cross_entropy(tf.ones((16, 1)), on_real) + cross_entropy(tf.zeros((16, 1)), on_fake)) / 2
        g_loss = cross_entropy(tf.ones((16, 1)), on_fake)
    for tape, loss, name in ((d_tape, d_loss, "discriminator"), (g_tape, g_loss, "generator")):
        variables = getattr(hand, name).trainable_variables
        getattr(hand, f"{name}_optimizer").apply(tape.gradient(loss, variables), variables)

    np.testing.assert_allclose([*losses.values()], [d_loss, g_loss], rtol=1e-5)
    for a, b in zip(weights(ours), weights(hand), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@settings(max_examples=10)
@given(shift=st.floats(0.0, 0.9), seed=st.integers(0, 10_000))
def test_the_gradient_through_a_shift_on_a_constant_ground_is_exact(shift, seed):
    """A linear map A and its gradient, A transposed: <A x, w> equals <x, A' w>."""
    x, w = (np.random.default_rng(seed + i).normal(size=(8, 6, 6, 3)).astype("float32") for i in range(2))
    layer = layers.RandomTranslation(shift, shift, fill_mode="constant", interpolation="nearest", seed=seed)
    images = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(images)
        product = tf.reduce_sum(layer(images, training=True) * w)
    np.testing.assert_allclose(np.sum(x * tape.gradient(product, images)), product, atol=1e-3)


def test_what_is_drawn_is_never_changed():
    plain, changed = (small_gan(augmentation=each) for each in (None, layers.Rescaling(0.5)))
    np.testing.assert_array_equal(plain.generate(4, seed=0), changed.generate(4, seed=0))


def test_the_changes_differ_from_step_to_step():
    players = small_gan(augmentation=changes())._players()
    images = tf.constant(small_images(4))
    one, other = (players.seen(images, None)[0] for _ in range(2))
    assert np.abs(one - other).max() > 0.1


@pytest.mark.thorough
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_stopped_training_goes_on_to_the_bit(tmp_path, recipe):
    def train(folder, steps):
        gan = small_gan(recipe=recipe, augmentation=changes())
        gan.fit(small_images(), batch_size=16, steps_per_epoch=steps, verbose=0, callbacks=[Checkpoint(folder)])
        return state(gan)

    whole = train(tmp_path / "whole", 7)
    train(tmp_path / "parts", 3)
    for a, b in zip(whole, train(tmp_path / "parts", 7), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_saved_gan_opens_with_its_augmentation_and_goes_on_to_the_bit(tmp_path):
    kept, left = (small_gan(augmentation=changes(0.1)) for _ in range(2))
    left.compile(augmentation=changes())  # the first one is forgotten
    kept.compile(augmentation=changes())
    for gan in (kept, left):
        gan.fit(small_images(), shuffle=False, verbose=0)
    left.save(tmp_path / "gan.keras")
    opened = keras.models.load_model(tmp_path / "gan.keras")
    for gan in (kept, opened):
        gan.fit(small_images(), shuffle=False, verbose=0)
    for a, b in zip(weights(kept), weights(opened), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("other", [None, changes(0.1), layers.Rescaling(0.5)])
def test_a_checkpoint_refuses_another_augmentation(tmp_path, other):
    small_gan(augmentation=changes()).fit(
        small_images(), steps_per_epoch=1, verbose=0, callbacks=[Checkpoint(tmp_path)]
    )
    with pytest.raises(ValueError, match="other settings: compile augmentation"):
        small_gan(augmentation=other).fit(
            small_images(), steps_per_epoch=2, verbose=0, callbacks=[Checkpoint(tmp_path)]
        )


@pytest.mark.parametrize(
    ("augmentation", "sentence"),
    [
        (lambda x: x, "is a function; expected a Keras layer"),
        (layers.RandomCrop(2, 2), r"\(4, 4, 1\) into \(2, 2, 1\)"),
        (layers.Conv2D(1, 3, padding="same"), "has weights to train"),
        (layers.RandomPosterization(4, value_range=(-1, 1)), "lets no gradient through"),
    ],
)
def test_what_cannot_be_meant_is_refused(augmentation, sentence):
    with pytest.raises(ValueError, match=sentence):
        small_gan(augmentation=augmentation)


@pytest.mark.filterwarnings("ignore:Model doesn't support:UserWarning")
@pytest.mark.parametrize(("augmentation", "compiled"), [(changes(), False), (layers.Rescaling(0.5), True)])
def test_xla_is_off_with_a_layer_that_it_cannot_compile(augmentation, compiled):
    assert small_gan(augmentation=augmentation, jit_compile=True).jit_compile is compiled
