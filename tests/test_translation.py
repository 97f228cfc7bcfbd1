"""From a picture to a picture: the networks, the line drawings, and how close what is drawn is."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as some

import gan_course
from gan_course import models
from gan_course.datasets import scale, sketch
from gan_course.metrics import closeness
from gan_course.synthetic import draw_faces


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def test_the_details_are_handed_across():
    """A change of one pixel changes the drawing there, though the deepest maps have 4 x 4 places."""
    keras.utils.set_random_seed(0)
    network = models.unet(width=4)
    white = np.ones((1, 64, 64, 1), "float32")
    dotted = white.copy()
    dotted[0, 20, 20] = -1
    deepest = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)][3]
    assert deepest.output.shape[1:3] == (4, 4)
    quiet = keras.models.clone_model(network, call_function=without_dropout)
    quiet.set_weights(network.get_weights())
    change = np.abs(quiet.predict(dotted, verbose=0) - quiet.predict(white, verbose=0))[0].max(axis=-1)
    assert np.unravel_index(change.argmax(), change.shape)[0] in range(16, 25)


def without_dropout(layer, *given, **named):
    return given[0] if isinstance(layer, keras.layers.Dropout) else layer(*given, **named)


def test_the_dropout_stays_on_and_is_the_only_noise():
    keras.utils.set_random_seed(0)
    network, drawing = models.unet(width=4), noise(1, 64, 64, 1)
    assert not np.array_equal(network.predict(drawing, verbose=0), network.predict(drawing, verbose=0))
    quiet = keras.models.clone_model(network, call_function=without_dropout)
    np.testing.assert_array_equal(quiet.predict(drawing, verbose=0), quiet.predict(drawing, verbose=0))


def test_a_seed_decides_the_noise_and_a_drawing_leaves_no_trace():
    network, drawing = models.unet(width=4), noise(1, 64, 64, 1)
    weights = {id(weight) for weight in network.weights}
    states = [variable for variable in network.variables if id(variable) not in weights]
    before = [state.numpy() for state in states]
    first, again, other = (models.generate(network, seed=seed, conditions=drawing) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other) and states
    unseeded = [models.generate(network, conditions=drawing) for _ in range(2)]
    assert not np.array_equal(*unseeded)
    for state, value in zip(states, before, strict=True):
        np.testing.assert_array_equal(state.numpy(), value)


def test_a_saved_network_still_has_its_noise(tmp_path):
    network, drawing = models.unet(width=4), noise(1, 64, 64, 1)
    network.save(tmp_path / "unet.keras")
    again = keras.models.load_model(tmp_path / "unet.keras")
    assert not np.array_equal(again.predict(drawing, verbose=0), again.predict(drawing, verbose=0))


def test_a_judgment_depends_on_its_patch_alone():
    keras.utils.set_random_seed(0)
    network = models.patch_discriminator(width=4)
    drawing = tf.constant(noise(1, 64, 64, 1))
    with tf.GradientTape() as tape:
        image = tf.constant(noise(1, 64, 64, 3))
        tape.watch(image)
        one = network([image, drawing], training=False)[0, 8, 8, 0]
    seen = np.argwhere(np.abs(tape.gradient(one, image)).max(axis=(0, 3)) > 0)
    assert (seen.max(axis=0) - seen.min(axis=0) + 1).tolist() == [34, 34]


@pytest.mark.parametrize(("size", "channels"), [(32, 1), (64, 3), (96, 3)])
def test_they_learn_together(size, channels):
    keras.utils.set_random_seed(0)
    networks = models.unet(size, 1, channels, width=4), models.patch_discriminator(size, 1, channels, width=4)
    gan = gan_course.GAN(*networks, seed=0)
    gan.compile(recipe="plain", reconstruction=100)
    images, drawings = noise(8, size, size, channels), noise(8, size, size, 1, seed=1)
    before = [weight.numpy() for weight in gan.generator.trainable_variables]
    told = gan.fit(images, drawings, batch_size=4, steps_per_epoch=2, verbose=0).history
    assert np.isfinite(told["reconstruction"]).all()
    assert all(not np.array_equal(a, b) for a, b in zip(before, gan.generator.trainable_variables, strict=True))
    assert gan.generate(conditions=drawings[:2]).shape == (2, size, size, channels)


@pytest.mark.parametrize("make", [models.unet, models.patch_discriminator])
def test_a_size_that_cannot_be_halved_is_refused(make):
    with pytest.raises(ValueError, match="size is 30; expected a number that is divisible by"):
        make(30)


def test_lines_are_where_colors_change():
    flat = np.full((2, 12, 12, 3), 90, "uint8")
    assert (sketch(flat) == 255).all()
    flat[:, :, 6:] = [90, 90, 255]  # blue alone
    lines = sketch(flat)[0, :, :, 0]
    assert (lines[:, 5:7] == 0).all() and (np.delete(lines, [5, 6], axis=1) == 255).all()
    np.testing.assert_array_equal(sketch(flat.swapaxes(1, 2)), sketch(flat).swapaxes(1, 2))
    faces = sketch(draw_faces(20, seed=0, size=64)[0])
    assert 0.05 < (faces < 128).mean() < 0.3
    with pytest.raises(ValueError, match="float32"):
        sketch(flat.astype("float32"))


@given(some.floats(0.01, 0.9))
def test_closeness_is_that_of_the_formulas(apart):
    drawn = np.full((2, 16, 16, 1), -0.5, "float32")
    found = closeness(drawn, drawn + np.float32(apart))
    assert found.l1 == pytest.approx(apart / 2, rel=1e-4)
    assert found.psnr == pytest.approx(-20 * np.log10(apart / 2), rel=1e-4)
    mean, other = 0.25, 0.25 + apart / 2
    assert found.ssim == pytest.approx((2 * mean * other + 1e-4) / (mean**2 + other**2 + 1e-4), rel=1e-3)


def test_closeness_is_on_pixels_from_0_to_1():
    images = scale(draw_faces(3, seed=0, size=32)[0])
    blurred = (images + np.roll(images, 1, axis=1)) / 2
    found = closeness(blurred, images)
    expected = tf.image.ssim((blurred + 1) / 2, (images + 1) / 2, max_val=1).numpy().mean()
    assert found.ssim == pytest.approx(expected, abs=1e-6)
    assert closeness(images, images) == (0, np.inf, 1)


@pytest.mark.parametrize(
    ("drawn", "real"), [((2, 16, 16, 3), (2, 16, 16, 1)), ((2, 8, 8, 3), (2, 8, 8, 3)), ((16, 16), (16, 16))]
)
def test_what_cannot_be_compared_is_refused(drawn, real):
    with pytest.raises(ValueError, match="expected the same"):
        closeness(np.zeros(drawn, "float32"), np.zeros(real, "float32"))
