import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_course.plane import find_modes, load_points
from gan_course.plots import (
    LN2,
    Sweep,
    discriminator_layers,
    image_grid,
    pace,
    show_images,
    show_layers,
    show_losses,
    show_step,
    show_timeline,
    show_training,
    spread,
    upsampling_words,
    window_grid,
)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 5), st.sampled_from([1, 3]), st.integers(0, 3))
def test_every_image_stands_at_its_place_in_the_grid(count, side, columns, channels, gap):
    images = np.random.default_rng(0).integers(0, 255, (count, side, side + 1, channels), dtype="uint8")
    grid = image_grid(images, columns, gap).reshape(-1, min(columns, count) * (side + 1 + gap) - gap, channels)
    covered = np.zeros(grid.shape[:2], bool)
    for i, image in enumerate(images):
        row, column = divmod(i, min(columns, count))
        top, left = row * (side + gap), column * (side + 1 + gap)
        np.testing.assert_array_equal(grid[top : top + side, left : left + side + 1], image)
        covered[top : top + side, left : left + side + 1] = True
    assert np.all(grid[~covered] == 255)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 4, 4), "uint8"),
        np.zeros((0, 4, 4, 1), "uint8"),
        np.zeros((2, 4, 4, 2), "uint8"),
        np.zeros((2, 4, 4, 1), "float32"),
    ],
)
def test_a_grid_of_something_else_is_refused(images):
    with pytest.raises(ValueError, match="expected uint8"):
        image_grid(images)


IMAGES = np.zeros((6, 4, 4, 1), "uint8")
GRIDS = {step: np.zeros((4, 4), "uint8") for step in range(6)}
NUMBERS = [
    ("columns", 1, lambda n: image_grid(IMAGES, n).tolist()),
    ("gap", 0, lambda n: image_grid(IMAGES, gap=n).tolist()),
    ("columns", 1, lambda n: show_images(IMAGES, n).get_size_inches().tolist()),
    ("columns", 1, lambda n: show_timeline(GRIDS, n).get_size_inches().tolist()),
    ("smooth", 1, lambda n: show_losses([1.0] * 9, [1.0] * 9, n).axes[0].lines[0].get_xdata().tolist()),
    ("count", 1, lambda n: spread(range(9), n)),
    ("step", 0, lambda n: show_step(GRIDS[0], n).texts[0].get_text()),
    ("step", 0, lambda n: pace(n, 9)),
    ("steps", 0, lambda n: pace(0, n)),
    ("first", 0, lambda n: show_training([1.0], [1.0], GRIDS[0], "", n).axes[0].get_xlim()),
    ("rows", 1, lambda n: show_layers(discriminator_layers(), n).get_size_inches().tolist()),
    ("size", 1, lambda n: Sweep(n, 1).output),
    ("kernel", 1, lambda n: Sweep(9, n).output),
    ("stride", 1, lambda n: Sweep(9, 1, stride=n).output),
    ("dilation", 1, lambda n: Sweep(9, 1, dilation=n).output),
    ("kernel", 1, lambda n: upsampling_words((np.ones((20, 20)),) * 2, n, 2)),
    ("stride", 1, lambda n: upsampling_words((np.ones((20, 20)),) * 2, 2, n)),
    ("side", 1, lambda n: window_grid(n).tolist()),
    ("count", 1, lambda n: load_points("ring", n).tolist()),
    ("seed", 0, lambda n: load_points("ring", 2, n).tolist()),
    ("most", 1, lambda n: len(find_modes(load_points("ring", 20), n).radii)),
]


@pytest.mark.parametrize(("name", "least", "draw"), NUMBERS)
def test_numbers_are_whole_or_get_one_sentence(name, least, draw):
    for wrong in (least - 1, 2.0, 2.5, "2", True, (2, 2), [2], np.float32(2)):
        message = f"^{name} is {re.escape(repr(wrong))}; expected a whole number of at least {least}$"
        with pytest.raises(ValueError, match=message):
            draw(wrong)
    assert draw(np.int32(2)) == draw(np.uint8(2)) == draw(2)


def test_images_are_shown_with_black_at_0_and_white_at_255():
    picture = show_images(np.full((4, 8, 8, 1), 100, "uint8"), 2, "four").axes[0].images[0]
    assert picture.get_clim() == (0, 255) and picture.get_array().shape == (18, 18)


def test_a_timeline_is_in_the_order_of_its_steps():
    figure = show_timeline({step: np.zeros((4, 4), "uint8") for step in (200, 0, 10_000)}, columns=2)
    assert [axes.get_title() for axes in figure.axes] == ["step 0", "step 200", "step 10,000", ""]


def test_an_empty_timeline_is_refused():
    with pytest.raises(ValueError, match="no grids"):
        show_timeline({})


def test_losses_are_averaged_over_the_steps_asked_for():
    lines = show_losses([1, 3, 5, 7, 9], [0, 0, 2, 2, 8], smooth=2).axes[0].lines
    drawn = {line.get_label(): (line.get_xdata(), line.get_ydata()) for line in lines}
    np.testing.assert_allclose(drawn["discriminator"], [[1, 3], [2, 6]])
    np.testing.assert_allclose(drawn["generator"], [[1, 3], [0, 2]])
    np.testing.assert_allclose(drawn["ln 2: a guess"][1], [LN2, LN2])


@pytest.mark.parametrize(
    ("d_loss", "g_loss", "smooth"), [([], [], 1), ([1], [1, 2], 1), ([1], [1], 2), ([1], [1], 0)]
)
def test_losses_that_do_not_fit_are_refused(d_loss, g_loss, smooth):
    with pytest.raises(ValueError, match="expected"):
        show_losses(d_loss, g_loss, smooth)
