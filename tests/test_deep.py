"""The networks of lesson 10, and how noise in [-1, 1] and images in [0, 1] go with a GAN."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_course import GAN
from gan_course.models import NormalToUniform, deep_discriminator, deep_generator


def test_noise_is_uniform():
    noise = np.array(NormalToUniform()(np.random.default_rng(0).standard_normal(100_000)))
    assert abs(noise.mean()) < 0.01 and abs(noise.var() - 1 / 3) < 0.01
    np.testing.assert_allclose(np.histogram(noise, 10, (-1, 1))[0] / 100_000, 0.1, atol=0.005)


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_noise_keeps_the_order_of_numbers(a, b):
    first, second = np.array(NormalToUniform()(np.array([a, b], "float32")))
    assert -1 <= first <= 1 and (first <= second) == (np.float32(a) <= np.float32(b)) or first == second


def test_the_blogs_own_numbers_lie_between_both_ends():
    keras.utils.set_random_seed(0)
    generator, discriminator = deep_generator(width=64), deep_discriminator(width=16)
    drawn = generator(np.random.default_rng(0).standard_normal((4, 100)).astype("float32"))
    in_unit = np.array(keras.Sequential(generator.layers[:-1])(np.zeros((1, 100), "float32")))
    assert drawn.shape == (4, 28, 28, 1) and np.abs(drawn).max() <= 1
    assert in_unit.min() >= 0 and in_unit.max() <= 1
    seen = discriminator.layers[0](np.array([[[[-1.0]]], [[[1.0]]]], "float32"))
    assert np.ravel(seen).tolist() == [0, 1]


def test_a_gan_of_them_learns_and_is_saved(tmp_path):
    keras.utils.set_random_seed(0)
    gan = GAN(deep_generator(width=8), deep_discriminator(width=2), seed=0)
    gan.compile(recipe="blog")
    images = np.random.default_rng(0).uniform(-1, 1, (20, 28, 28, 1)).astype("float32")
    before = [weight.copy() for weight in gan.generator.get_weights()]
    gan.fit(images, batch_size=10, steps_per_epoch=2, verbose=0)
    assert any((a != b).any() for a, b in zip(before, gan.generator.get_weights(), strict=True))
    gan.save(tmp_path / "gan.keras")
    opened = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(opened.generate(3, seed=1), gan.generate(3, seed=1))
    assert opened.recipe.name == "blog"


@pytest.mark.parametrize("width", [0, 4, 60, "64"])
def test_a_width_that_cannot_be_halved_is_refused(width):
    with pytest.raises(ValueError, match="width is"):
        deep_generator(width=width)
