"""The networks of lesson 09."""

import keras
import numpy as np
import pytest
from keras import layers

from gan_course.models import VariationalAutoencoder, digit_decoder, digit_encoder, squared_distance


def images(count: int = 6) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, 2, 2, 1)).astype("float32")


def small(log_variance: float) -> VariationalAutoencoder:
    """Three numbers a code, whose means are the first three pixels and whose variances are all the same."""
    encoder = keras.Sequential([keras.Input((2, 2, 1)), layers.Flatten(), layers.Dense(6)])
    kernel = np.zeros((4, 6), "float32")
    kernel[:3, :3] = np.eye(3)
    encoder.set_weights([kernel, np.array([0] * 3 + [log_variance] * 3, "float32")])
    decoder = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Reshape((2, 2, 1))])
    return VariationalAutoencoder(encoder, decoder, seed=3)


@pytest.mark.parametrize("log_variance", [-2.0, 0.0, 1.0])
def test_the_second_loss_is_the_divergence_from_the_standard_normal_distribution(log_variance):
    model, real = small(log_variance), images()
    model(real)
    mean, variance = real.reshape(6, 4)[:, :3], np.exp(log_variance)
    expected = (variance + mean**2 - 1 - log_variance).sum(axis=1).mean() / 2
    np.testing.assert_allclose(model.losses, [expected], rtol=1e-5)


def test_a_code_is_drawn_around_its_mean_with_its_variance():
    model, real = small(np.log(0.25)), images(1).repeat(5000, axis=0)
    codes = []
    model.decoder.call, inner = lambda code, **_: codes.append(np.array(code)) or inner(code), model.decoder.call
    model(real)
    np.testing.assert_allclose(codes[0].mean(axis=0), real[0].ravel()[:3], atol=0.03)
    np.testing.assert_allclose(codes[0].std(axis=0), 0.5, atol=0.02)


def test_with_no_variance_it_draws_what_its_decoder_draws_at_the_mean():
    model, real = small(-60.0), images()
    np.testing.assert_allclose(model(real), model.decoder(real.reshape(6, 4)[:, :3]), atol=1e-5)


def test_a_saved_one_draws_the_same(tmp_path):
    model, real = small(-60.0), images()
    model.compile("adam", squared_distance)
    model.fit(real, real, verbose=0)
    model.save(tmp_path / "vae.keras")
    opened = keras.models.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(
        opened.decoder(model.encoder(real)[:, :3]), model.decoder(model.encoder(real)[:, :3])
    )
    assert opened.seed == 3 and opened.loss is squared_distance


def test_both_losses_are_learned_from():
    model, real = small(2.0), images(64)
    model.compile(keras.optimizers.Adam(0.05), squared_distance)
    model.fit(real, real, epochs=40, verbose=0)
    mean, log_variance = np.split(np.array(model.encoder(real)), 2, axis=1)
    assert log_variance.max() < 1.5  # from 2 towards less, but not as little as possible
    assert log_variance.min() > -8
    assert (
        np.array(squared_distance(real, model.decoder(mean))).mean() < np.square(real).sum(axis=(1, 2, 3)).mean()
    )


@pytest.mark.parametrize("make", [digit_encoder, digit_decoder])
@pytest.mark.parametrize("numbers", [0, -1, 2.5, "2"])
def test_a_code_has_a_whole_number_of_numbers(make, numbers):
    with pytest.raises(ValueError, match=r"is .*; expected a whole number"):
        make(numbers)


def test_an_encoder_and_a_decoder_fit_together():
    for numbers in (1, 2, 100):
        code = digit_encoder(numbers)(np.zeros((3, 28, 28, 1), "float32"))
        drawn = digit_decoder(numbers)(code)
        assert code.shape == (3, numbers) and drawn.shape == (3, 28, 28, 1)
        assert np.abs(drawn).max() <= 1
