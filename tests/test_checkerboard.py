"""Patterns that repeat, in the spectrum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_course.metrics import checkerboard_energy


def stripes(period: int, axis: int) -> np.ndarray:
    wave = np.arange(48) % period == 0
    return np.broadcast_to(np.expand_dims(wave, 1 - axis), (48, 48))[np.newaxis, ..., np.newaxis].astype("float32")


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("period", [2, 3, 4])
def test_stripes_are_all_pattern_at_their_own_period(period, axis):
    assert checkerboard_energy(stripes(period, axis), period) == pytest.approx(1, abs=1e-5)


def test_stripes_of_three_pixels_are_no_pattern_of_two():
    assert checkerboard_energy(stripes(3, 0), 2) == pytest.approx(0, abs=1e-6)


def test_one_color_has_none():
    assert checkerboard_energy(np.full((2, 8, 8, 3), 0.7), 2) == 0


@given(st.floats(0.1, 100), st.floats(-5, 5), st.integers(0, 9))
def test_brightness_and_contrast_change_nothing(contrast, brightness, seed):
    noise = np.random.default_rng(seed).normal(size=(3, 8, 8, 1))
    found = checkerboard_energy(contrast * noise + brightness)
    assert found == pytest.approx(checkerboard_energy(noise), rel=1e-3)
    assert 0 < found < 1


@given(st.floats(0.1, 1))
def test_more_pattern_more_energy(strength):
    noise = np.random.default_rng(1).normal(size=(3, 8, 8, 1))
    board = (-1.0) ** np.indices((8, 8)).sum(0)[..., np.newaxis]
    assert checkerboard_energy(noise + 3 * strength * board) > checkerboard_energy(noise)


def test_white_noise_has_the_share_of_its_frequencies():
    noise = np.random.default_rng(2).normal(size=(200, 16, 16, 1))
    assert checkerboard_energy(noise) == pytest.approx(31 / 255, rel=0.05)


@pytest.mark.parametrize(
    ("images", "period", "told"),
    [
        (np.zeros((8, 8, 1)), 2, "found images"),
        (np.zeros((1, 9, 8, 1)), 2, "multiples of the period"),
        (np.zeros((1, 8, 8, 1)), 1, "period"),
        (np.full((1, 8, 8, 1), np.nan), 2, "NaN"),
    ],
)
def test_what_has_no_spectrum_is_refused(images, period, told):
    with pytest.raises(ValueError, match=told):
        checkerboard_energy(images, period)
