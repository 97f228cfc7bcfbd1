"""What the lessons write out and what the package repeats compute the same thing."""

import sys
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf

import gan_course
from gan_course.datasets import load_mnist, scale
from gan_course.models import mnist_discriminator, mnist_generator

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
STEPS = 20


def run_cells(lesson: str, *names: str, **variables: object) -> dict:
    """Execute some cells of a lesson and return what they define."""
    cells = {cell.id: cell.source for cell in nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4).cells}
    for name in names:
        exec(compile(cells[name], f"{lesson}:{name}", "exec"), variables)
    return variables


def same_network(ours: keras.Model, theirs: keras.Model) -> None:
    for a, b in zip(ours.layers, theirs.layers, strict=True):
        assert type(a) is type(b)
        settings = [{**layer.get_config(), "name": None} for layer in (a, b)]
        assert settings[0] == settings[1]
    x = np.random.default_rng(0).uniform(-1, 1, (2, *ours.input_shape[1:])).astype("float32")
    theirs.set_weights(ours.get_weights())
    np.testing.assert_array_equal(ours(x), theirs(x))


def test_the_generator_of_lesson_02_is_the_package_s():
    lesson = run_cells("02_generator", "imports", "settings", "generator")
    same_network(lesson["generator"], mnist_generator())


def test_the_discriminator_of_lesson_03_is_the_package_s():
    lesson = run_cells("03_discriminator", "imports", "discriminator")
    same_network(lesson["discriminator"], mnist_discriminator())


def test_the_loop_of_lesson_05_is_fit():
    lesson = run_cells("05_train_mnist", "imports", "settings", images=load_mnist("embedded")[0])
    loop = ("data-batches", "networks", "optimizers", "step-losses", "step-update")
    lesson = run_cells("05_train_mnist", *loop, **lesson)
    keras.utils.set_random_seed(lesson["SEED"])
    for real in lesson["digit_batches"]().take(STEPS):
        lesson["train_step"](real)
    by_hand = lesson["generator"].get_weights() + lesson["discriminator"].get_weights()
    twin = run_cells("05_train_mnist", "proof", **lesson, PROOF_STEPS=STEPS, weights_by_hand=by_hand)
    assert len(by_hand) == len(twin["apart"]) == 20 and twin["share"] < 1e-3
    assert max(np.abs(a - b).max() for a, b in zip(by_hand, twin["weights_of_twin"], strict=True)) < 1e-5
    assert twin["twin"].steps == STEPS


def test_the_gradient_penalty_of_lesson_08_is_that_of_compile():
    penalty = run_cells("08_how_good", "imports", "penalty")["gradient_penalty"]
    images, gamma, learning_rate = scale(load_mnist("embedded")[0][:8]), 3.0, 0.1
    weights = []
    for r1_gamma in (0.0, gamma):
        keras.utils.set_random_seed(0)
        discriminator = mnist_discriminator(dropout=0)
        with tf.GradientTape() as tape:
            fine = penalty(discriminator, tf.constant(images))
        slopes = tape.gradient(fine, discriminator.trainable_variables)
        gan = gan_course.GAN(mnist_generator(), discriminator, seed=0)
        gan.compile(*(keras.optimizers.SGD(learning_rate) for _ in range(2)), r1_gamma=r1_gamma)
        gan.fit(images, batch_size=8, verbose=0)
        weights.append(discriminator.get_weights())
    for without, with_penalty, slope in zip(*weights, slopes, strict=True):
        expected = -learning_rate * gamma / 2 * (0 if slope is None else slope)
        np.testing.assert_allclose(with_penalty - without, expected, rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize("internet", [True, False])
def test_the_whole_program_of_lesson_05_stands_alone_and_trains_both_networks(internet, monkeypatch):
    def load_data():
        if not internet:
            raise OSError("no network")
        digits, labels = load_mnist("embedded")
        return (digits[..., 0], labels), (digits[:10, ..., 0], labels[:10])

    monkeypatch.setattr(keras.datasets.mnist, "load_data", load_data)
    monkeypatch.setitem(sys.modules, "gan_course", None)  # importing it would fail
    keras.utils.set_random_seed(0)
    lesson = run_cells("05_train_mnist", "whole", __builtins__=__builtins__)
    keras.utils.set_random_seed(0)
    fresh = lesson["build_generator"](), lesson["build_discriminator"]()
    for network, before in zip((lesson["whole"].generator, lesson["whole"].discriminator), fresh, strict=True):
        assert (network.trainable_weights[0].numpy() != before.trainable_weights[0].numpy()).any()
    assert lesson["drawn"].shape == (25, 28, 28, 1) and np.isfinite(lesson["drawn"]).all()
    assert len(lesson["real_images"]) == (10_000 if internet else 320)
    same_network(lesson["whole"].generator, mnist_generator())
    same_network(lesson["whole"].discriminator, mnist_discriminator())
