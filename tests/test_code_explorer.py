"""The plane of codes: where digits lie, and what is drawn at a place."""

import keras
import numpy as np
import pytest

from gan_course.models import digit_decoder
from gan_course.plots import code_window, show_codes
from gan_course.widgets import code_explorer

LABELS = np.arange(40) % 10


def codes(seed=0):
    return np.random.default_rng(seed).normal(3, 2, (40, 2))


def explorer():
    keras.utils.set_random_seed(0)
    made = {name: (digit_decoder(2), codes(seed)) for seed, name in enumerate(("plain", "variational"))}
    return code_explorer(made, LABELS), made


def cross(figure):
    (line,) = [line for line in figure.axes[0].lines if line.get_label() == "here"]
    return np.array(line.get_xydata()[0])


def test_the_cross_goes_from_edge_to_edge():
    shown, made = explorer()
    low, high = code_window(made["plain"][1])
    for place, expected in ((0.0, low), (1.0, high)):
        shown.controls["across"].value = shown.controls["up"].value = place
        np.testing.assert_allclose(cross(shown.figure), expected)
        assert shown.words.startswith(f"Code ({expected[0]:.2f}, {expected[1]:.2f}). The classifier reads a ")


def test_the_digit_beside_is_drawn_at_the_cross_by_the_chosen_decoder():
    shown, made = explorer()
    shown.controls["decoder"].value = "variational"
    network, its_codes = made["variational"]
    here = np.mean(code_window(its_codes), axis=0)
    np.testing.assert_allclose(cross(shown.figure), here)
    drawn = network.predict(here[None].astype("float32"), verbose=0)[0, :, :, 0]
    (picture,) = shown.figure.axes[1].images
    pixels = np.asarray(picture.get_array(), dtype=float)
    pixels = pixels[2:-2, 2:-2] if pixels.shape[0] > 28 else pixels
    np.testing.assert_allclose(pixels, (drawn + 1) * 127.5, atol=0.51)


def test_all_digits_are_in_the_plane_each_in_its_color():
    plane = show_codes(codes(), LABELS).axes[0]
    assert len(plane.collections) == 10 and sorted(text.get_text() for text in plane.texts) == [*"0123456789"]
    assert len({tuple(each.get_facecolor()[0]) for each in plane.collections}) == 10
    assert len(show_codes(codes(), LABELS).axes[1].images) == 0


def test_codes_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"the codes of plain have shape \(40, 3\); expected \(40, 2\)"):
        code_explorer({"plain": (digit_decoder(2), np.zeros((40, 3)))}, LABELS)
