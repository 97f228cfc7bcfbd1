import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

import gan_course
from gan_course.datasets import unscale
from gan_course.models import conditional_discriminator, conditional_generator, small_networks
from gan_course.plots import as_png, image_grid, principal_directions, show_latent, spherical_walk
from gan_course.widgets import latent_explorer


@given(st.integers(0, 1000), st.integers(1, 6), st.integers(6, 30))
def test_directions_are_orthogonal_and_the_strongest(seed, count, units):
    kernel = np.random.default_rng(seed).normal(size=(6, units))
    directions = principal_directions(kernel, count)
    np.testing.assert_allclose(directions @ directions.T, np.eye(count), atol=1e-6)
    strength = np.linalg.norm(directions @ kernel, axis=1)
    np.testing.assert_allclose(strength, np.linalg.svd(kernel)[1][:count], rtol=1e-6)


@given(st.integers(0, 1000))
def test_an_arc_starts_and_ends_where_it_should_and_stays_long(seed):
    start, end = np.random.default_rng(seed).normal(size=(2, 50))
    walk = spherical_walk(start, end, np.linspace(0, 1, 7))
    np.testing.assert_allclose(walk[[0, -1]], [start, end], atol=1e-9)
    lengths = np.linalg.norm(walk, axis=1)
    assert lengths.min() >= 0.99 * min(lengths[0], lengths[-1])


def test_a_walk_to_the_same_vector_stays_there():
    start = np.arange(1.0, 5)
    np.testing.assert_allclose(spherical_walk(start, start, np.array([0, 0.3, 1])), [start] * 3)


def test_the_picture_shows_what_it_was_given():
    images = np.random.default_rng(0).integers(0, 255, (14, 4, 4, 1), dtype="uint8")
    figure = show_latent(images[0], images[1:10], images[10:], np.array([0.1, 0.2, 0.3, 0.4]), position=1 / 3)
    large, square, path = (axes.images[0].get_array() for axes in figure.axes)
    np.testing.assert_array_equal(large, images[0, ..., 0])
    np.testing.assert_array_equal(square, image_grid(images[1:10], 3))
    np.testing.assert_array_equal(path, image_grid(images[10:], 4))
    assert [text.get_text() for text in figure.axes[2].texts] == ["0.10", "0.20", "0.30", "0.40"]
    assert figure.axes[2].lines[0].get_xdata() == pytest.approx(6 + 2)  # above the second image


def test_a_figure_drawn_anew_is_the_figure_of_those_images_alone():
    figure, random = None, np.random.default_rng(0)
    for side, channels, position in ((4, 1, 0.0), (8, 3, 1.0), (4, 1, 0.4)):
        images = random.integers(0, 255, (14, side, side, channels), dtype="uint8")
        shown = images[0], images[1:10], images[10:], random.random(4), position
        figure = show_latent(*shown, figure)
        assert as_png(figure) == as_png(show_latent(*shown))


@pytest.fixture(scope="module")
def gan():
    keras.utils.set_random_seed(0)
    return gan_course.GAN(*small_networks(channels=3))


@pytest.fixture
def explorer(gan):
    return latent_explorer(gan)


def latent(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(100)


def expected(gan, vector):
    image = gan.generator(vector[None].astype("float32"), training=False)
    return unscale(np.array(image))[0], float(gan.discriminator(image)[0, 0])


def looks_like(explorer, gan, vector):
    image, answer = expected(gan, vector)
    shown = explorer.figure.axes[0].images[0].get_array()
    assert np.abs(shown.astype(int) - image).max() <= 1
    middle = explorer.figure.axes[1].images[0].get_array()[60:88, 60:88]
    assert np.abs(middle.astype(int) - image).max() <= 1
    assert explorer.words.startswith(f"Called real with probability: {answer:.2f}.")


def test_the_seed_gives_the_vector(explorer, gan):
    looks_like(explorer, gan, latent(0))
    explorer.controls["seed"].value = 5
    looks_like(explorer, gan, latent(5))


def test_a_slider_moves_along_its_direction(explorer, gan):
    directions = principal_directions(gan.generator.weights[0].numpy())
    explorer.controls["direction_3"].value = -4
    looks_like(explorer, gan, latent(0) - 4 * directions[2])


def test_the_walk_leads_to_the_other_seed(explorer, gan):
    explorer.controls["other_seed"].value = 9
    explorer.controls["position"].value = 1
    looks_like(explorer, gan, latent(9))


def test_a_direction_moves_the_whole_walk(explorer, gan):
    directions = principal_directions(gan.generator.weights[0].numpy())
    explorer.controls["other_seed"].value, explorer.controls["position"].value = 9, 1
    explorer.controls["direction_2"].value = 5
    looks_like(explorer, gan, latent(9) + 5 * directions[1])
    end = explorer.figure.axes[2].images[0].get_array()[:, -28:]
    image, _ = expected(gan, latent(9) + 5 * directions[1])
    assert np.abs(end.astype(int) - image).max() <= 1


def test_a_neighbor_lies_along_the_first_two_directions(explorer, gan):
    directions = principal_directions(gan.generator.weights[0].numpy())
    image, _ = expected(gan, latent(0) + 3 * directions[0] + 3 * directions[1])
    corner = explorer.figure.axes[1].images[0].get_array()[:28, -28:]
    assert np.abs(corner.astype(int) - image).max() <= 1


def test_a_generator_without_a_dense_layer_is_refused():
    draw = [keras.Input((100,)), layers.Reshape((10, 10, 1)), layers.Conv2D(1, 3, activation="tanh")]
    judge = [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    with pytest.raises(ValueError, match="expected those of a Dense layer"):
        latent_explorer(gan_course.GAN(keras.Sequential(draw), keras.Sequential(judge)))


def test_scores_are_called_so():
    gan = gan_course.GAN(*small_networks())
    gan.compile(loss="hinge")
    explorer = latent_explorer(gan)
    score = gan.judge(gan.generator.predict_on_batch(latent(0)[None].astype("float32")))[0]
    assert explorer.words.startswith(f"Score, the higher the more real: {score:.2f}.")
    assert explorer.figure.axes[2].get_title(loc="left").endswith("and its score")


def test_networks_that_are_told_something_are_refused():
    gan = gan_course.GAN(conditional_generator(), conditional_discriminator())
    with pytest.raises(ValueError, match="take a condition, labels .*; the explorer moves latent vectors alone"):
        latent_explorer(gan)
