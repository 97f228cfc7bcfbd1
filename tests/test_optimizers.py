"""Muon on convolutions: orthogonal updates, Keras's own on matrices, saved and loaded."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_course import recipes
from gan_course.optimizers import ConvMuon
from gan_course.training.optimizers import own_optimizer


def network() -> keras.Model:
    keras.utils.set_random_seed(1)
    layers = [keras.Input((8, 8, 2)), keras.layers.Conv2D(6, 3, name="conv"), keras.layers.BatchNormalization()]
    return keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(3, name="dense")])


def gradients(model: keras.Model, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=each.shape).astype("float32") for each in model.trainable_variables]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_an_update_stretches_all_directions_about_alike(inputs, outputs, seed):
    kernel = np.random.default_rng(seed).normal(size=(*inputs, outputs)).astype("float32")
    update = np.array(ConvMuon().zeropower_via_newtonschulz5(keras.ops.convert_to_tensor(kernel), 5))
    assert update.shape == kernel.shape
    matrices = [each.reshape(-1, outputs) for each in (kernel, update)]
    before, after = (np.linalg.svd(each, compute_uv=False) for each in matrices)
    assert after.max() < 1.3
    assert after[before > 0.02 * before.max()].min() > 0.3
    assert np.sum(matrices[0] * matrices[1]) > 0


def test_matrices_move_as_keras_moves_them():
    pair = [keras.Sequential([keras.Input((7,)), keras.layers.Dense(5)]) for _ in range(2)]
    pair[1].set_weights(pair[0].get_weights())
    numbers = {"adam_beta_1": 0.5, "weight_decay": 0.0, "adam_weight_decay": 0.0, "exclude_embeddings": False}
    optimizers = ConvMuon(0.01), keras.optimizers.Muon(0.01, momentum=0.5, **numbers)
    for seed in range(3):
        for model, optimizer in zip(pair, optimizers, strict=True):
            optimizer.apply(gradients(model, seed), model.trainable_variables)
    for ours, theirs in zip(*(model.get_weights() for model in pair), strict=True):
        assert np.allclose(ours, theirs, atol=1e-6)


def test_kernels_follow_muon_and_biases_adam():
    model = network()
    before = model.get_weights()
    ConvMuon(0.01).apply(gradients(model, 0), model.trainable_variables)
    moved = {each.path: each.numpy() - old for each, old in zip(model.weights, before, strict=True)}
    for path, update in moved.items():
        size = np.sqrt(np.mean(update**2))
        if path.endswith("kernel"):
            assert 0.7 * 0.002 < size < 1.3 * 0.002, path
        elif "moving" not in path:
            assert np.allclose(np.abs(update), 0.01, rtol=1e-3), path


def test_an_optimizer_is_described_and_made_again():
    made = ConvMuon(0.02, 0.7, ns_steps=3)
    again = ConvMuon.from_config(made.get_config())
    assert again.get_config() == made.get_config()
    assert (again.momentum, again.adam_beta_1, again.ns_steps, again.adam_weight_decay) == (0.7, 0.7, 3, 0.0)


def test_a_model_that_is_saved_goes_on_as_if_it_had_not_been(tmp_path):
    images, targets = np.random.default_rng(2).normal(size=(16, 8, 8, 2)), np.zeros((16, 3))
    model = network()
    model.compile(ConvMuon(0.01), "mse")
    model.fit(images, targets, batch_size=16, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for each in (model, again):
        each.fit(images, targets, batch_size=16, epochs=2, verbose=0)
    assert all(np.array_equal(*pair) for pair in zip(model.get_weights(), again.get_weights(), strict=True))


@pytest.mark.parametrize(("name", "kind"), [("adam", keras.optimizers.Adam), ("muon", ConvMuon)])
def test_a_recipe_says_who_updates(name, kind):
    recipe = recipes.Recipe("mine", optimizer=name, learning_rate=0.01, g_learning_rate=0.02, beta_1=0.3)
    made = own_optimizer(None, network(), "generator", recipe)
    assert type(made) is kind
    assert float(made.learning_rate) == pytest.approx(0.02)
    assert getattr(made, "momentum", None) == 0.3 or made.beta_1 == 0.3


def test_an_unknown_optimizer_is_refused():
    with pytest.raises(ValueError, match="optimizer is 'lion'; expected one of adam, muon"):
        recipes.Recipe("mine", optimizer="lion")
