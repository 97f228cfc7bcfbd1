"""Digits on demand: labels taken apart, mixed, and shown."""

import keras
import numpy as np
import pytest

from gan_course.metrics import classify_digits
from gan_course.models import conditional_generator, generate, label_vectors, mnist_generator
from gan_course.widgets import wish_explorer


@pytest.fixture(scope="module")
def generator():
    keras.utils.set_random_seed(0)
    return conditional_generator(latent_dim=20)


def test_a_label_and_its_vector_draw_the_same(generator):
    vectors, network = label_vectors(generator)
    labels = np.array([0, 9, 4, 4])
    latent = np.random.default_rng(2).standard_normal((4, 20)).astype("float32")
    by_label = generator.predict([latent, labels], verbose=0)
    np.testing.assert_array_equal(network.predict([latent, vectors[labels]], verbose=0), by_label)


def test_both_share_what_is_trained(generator):
    _, network = label_vectors(generator)
    before = [weight.numpy() for weight in generator.weights]
    network.weights[0].assign_add(np.ones(network.weights[0].shape))
    try:
        assert any((now.numpy() != old).any() for now, old in zip(generator.weights, before, strict=True))
    finally:
        generator.set_weights(before)


def test_a_generator_without_labels_is_refused():
    with pytest.raises(ValueError, match="generator has 0 Embedding layers and 1 inputs; expected latent vectors"):
        label_vectors(mnist_generator())


def pictures(explorer):
    return [np.asarray(axes.images[0].get_array()) for axes in explorer.figure.axes]


def test_the_wishes_are_those_of_one_latent_vector(generator):
    explorer = wish_explorer(generator)
    explorer.controls["style"].value = 7
    latent = np.tile(np.random.default_rng(7).standard_normal(20), (10, 1)).astype("float32")
    drawn = generator.predict([latent, np.arange(10)], verbose=0)
    above = pictures(explorer)[0]
    shown = np.stack([above[:, 30 * digit : 30 * digit + 28] for digit in range(10)]).astype(float)
    np.testing.assert_allclose(shown, (drawn[..., 0] + 1) * 127.5, atol=0.51)
    read = classify_digits(drawn)["probabilities"].argmax(1)
    assert explorer.words == f"Style 7, from a 3 to a 8. The ten wishes are read as: {' '.join(map(str, read))}."


def test_the_way_begins_at_one_label_and_ends_at_the_other(generator):
    explorer = wish_explorer(generator)
    explorer.controls["first"].value, explorer.controls["second"].value = 2, 6
    above, below = pictures(explorer)
    np.testing.assert_array_equal(below[:, :28], above[:, 60:88])
    np.testing.assert_array_equal(below[:, -28:], above[:, 180:208])
    explorer.controls["second"].value = 2
    assert np.ptp(pictures(explorer)[1].reshape(28, -1)[:, :28].astype(int) - above[:, 60:88]) == 0


def test_drawings_of_a_seed_are_of_their_labels(generator):
    first, second = (generate(generator, seed=3, conditions=np.array([digit])) for digit in (1, 8))
    assert (first != second).any()
