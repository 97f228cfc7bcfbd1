import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gan_course.plots import Sweep, convolution_words, number, show_convolution
from gan_course.plots.convolution import pad, sweeps
from gan_course.widgets import convolution_explorer
from gan_course.widgets.convolution import IMAGES, KERNELS, convolve, read_table

PADDINGS = ("valid", "same", "full")
IMAGE = np.array([[1, 0, 0], [0, 1, 1], [1, 0, 1]])
KERNEL = np.array([[1, 1, 1], [0, 0, 1], [0, 0, 1]])
SIDE = st.integers(1, 8)


@settings(max_examples=60)
@given(SIDE, SIDE, st.integers(1, 5), st.integers(1, 5), st.sampled_from(PADDINGS), SIDE, SIDE)
def test_the_windows_are_those_of_keras(height, width, k_rows, k_columns, padding, stride, dilation):
    assume(stride == 1 or dilation == 1)
    generator = np.random.default_rng(0)
    image = generator.integers(-9, 10, (height, width)).astype("float32")
    kernel = generator.integers(-9, 10, (k_rows, k_columns)).astype("float32")
    try:
        rows, columns = sweeps(image, kernel, padding, stride, dilation)
    except ValueError:
        assert padding == "valid"
        return
    output = convolve(image, kernel, padding, stride, dilation)
    padded = pad(image, rows, columns)
    by_hand = [
        [np.sum(padded[np.ix_(rows.taps(r), columns.taps(c))] * kernel) for c in range(columns.output)]
        for r in range(rows.output)
    ]
    np.testing.assert_array_equal(output, by_hand)


@given(SIDE, st.integers(1, 5), st.sampled_from(PADDINGS), st.integers(1, 4), st.integers(1, 3))
def test_a_pixel_is_unreached_when_no_output_changes_with_it(size, kernel, padding, stride, dilation):
    assume(padding != "valid" or (kernel - 1) * dilation < size)
    sweep = Sweep(size, kernel, padding, stride, dilation)
    read = np.zeros(sweep.padded, int)
    for position in range(sweep.output):
        read[position * stride : position * stride + sweep.span : dilation] += 1
    assert sweep.unreached == np.flatnonzero(read[sweep.before : sweep.before + size] == 0).tolist()
    assert sweep.formula().endswith(f"= {sweep.output}")


def test_full_padding_lets_every_weight_meet_every_pixel():
    sweep = Sweep(4, 3, "full", dilation=2)
    met = set(itertools.chain.from_iterable(enumerate(sweep.taps(p) - sweep.before) for p in range(sweep.output)))
    assert met >= set(itertools.product(range(3), range(4)))


def test_a_kernel_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="spans 5 pixels and the padded image has only 4"):
        Sweep(4, 3, "valid", dilation=2)


def test_the_words_write_out_the_pixel_of_the_lesson():
    output = convolve(IMAGE, KERNEL, "same", 1, 1)
    words = convolution_words(IMAGE, KERNEL, output, (2, 1), *sweeps(IMAGE, KERNEL, "same")).splitlines()
    assert words == [
        "Output pixel in row 2, column 1:",
        "0×1 + 1×1 + 1×1 + 1×0 + 0×0 + 1×1 + 0×0 + 0×0 + 0×1 = 3",
        "Size ⌊(n + p − k) / s⌋ + 1: ⌊(3 + 2 − 3) / 1⌋ + 1 = 3",
    ]


def test_the_words_say_what_the_window_never_reaches():
    image, kernel = np.ones((6, 5)), np.ones((3, 3))
    words = convolution_words(image, kernel, np.ones((2, 2)), (0, 0), *sweeps(image, kernel, stride=2))
    assert words.endswith("With stride 2 the window never reaches row 5 of the image.")
    dot = np.ones((1, 1))
    words = convolution_words(image, dot, np.ones((2, 2)), (0, 0), *sweeps(image, dot, stride=3))
    assert words.endswith("never reaches rows 1, 2, 4, 5 and columns 1, 2, 4 of the image.")


def test_numbers_are_short():
    assert [number(v) for v in (0.0, -0.0, -2.0, 1 / 3, 123.0, -1234.0)] == [
        "0",
        "0",
        "−2",
        "0.333",
        "123",
        "−1234",
    ]


def test_the_figure_frames_the_window_and_its_pixel():
    image, kernel = np.ones((6, 6)), np.ones((3, 3))
    swept = sweeps(image, kernel, stride=3)
    figures = [show_convolution(image, kernel, np.ones((2, 2)), (0, column), *swept) for column in (0, 1)]
    frames = [[p for p in f.axes[0].patches if p.get_linewidth() == 2.5 and not p.get_fill()] for f in figures]
    (window_0, pixel_0), (window_1, pixel_1) = frames
    cell = pixel_0.get_width()
    assert window_0.get_width() == window_0.get_height() == pytest.approx(3 * cell)
    assert window_1.get_x() - window_0.get_x() == pytest.approx(3 * cell)
    assert pixel_1.get_x() - pixel_0.get_x() == pytest.approx(cell)
    assert window_1.get_y() == window_0.get_y() and pixel_1.get_y() == pixel_0.get_y()


def test_the_figure_hatches_what_is_never_read():
    image, kernel = np.ones((6, 6)), np.ones((3, 3))
    figure = show_convolution(image, kernel, np.ones((2, 2)), (0, 0), *sweeps(image, kernel, stride=2))
    hatched = [p for p in figure.axes[0].patches if p.get_hatch()]
    assert len(hatched) == 2, "the last row and the last column"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the input is empty"),
        ("1 2\n3", "row 1 of the input has 1 numbers and row 0 has 2"),
        ("1 2\n3 x", "row 1 of the input has 'x'"),
        ("1 nan", "has 'nan'"),
        ("1 1e9", "from −999 to 999"),
        ("0,5 0,5", "has '0,5 0'; write a decimal with a point"),
        ("1 2,5", "has '1 2,5'; write a decimal with a point"),
        ("1 2 3 4 5 6 7 8 9", "1 × 9 numbers; expected at most 8 × 8"),
        ("1\n" * 9, "9 × 1 numbers"),
    ],
)
def test_a_table_that_is_none_is_explained(text, message):
    with pytest.raises(ValueError, match=message):
        read_table(text, 8, "input")


@pytest.fixture
def explorer():
    return convolution_explorer(IMAGE, KERNEL)


def test_the_position_moves_over_the_whole_output(explorer):
    position = explorer.controls["position"]
    assert position.max == 0
    explorer.controls["padding"].value = "same"
    assert position.max == 8
    position.value = 7
    assert "row 2, column 1:\n0×1 + 1×1" in explorer.words and "= 3\n" in explorer.words
    explorer.controls["padding"].value = "valid"
    assert position.value == 0 and "row 0, column 0" in explorer.words


def test_the_input_and_the_kernel_can_be_edited(explorer):
    explorer.controls["image"].value = "1 2 3\n4 5 6\n7 8 9"
    explorer.controls["kernel"].value = "0.5"
    explorer.controls["position"].value = 8
    assert "9×0.5 = 4.5" in explorer.words
    explorer.controls["kernel"].value = "0.5 half"
    problem, note = explorer.words.splitlines()
    assert problem == "row 0 of the kernel has 'half'; expected a number from −999 to 999"
    assert note == "The picture above is still the one before."
    explorer.controls["kernel"].value = "-1"
    assert "9×(−1) = −9" in explorer.words


def choices(explorer):
    tables = explorer.children[0].children[:2]
    return [table.children[0] for table in tables]


def test_every_ready_made_table_can_be_chosen(explorer):
    image_choice, kernel_choice = choices(explorer)
    explorer.controls["padding"].value = "full"
    for title, table in IMAGES.items():
        image_choice.value = title
        np.testing.assert_array_equal(read_table(explorer.controls["image"].value, 8, ""), table)
    for title, table in KERNELS.items():
        kernel_choice.value = title
        np.testing.assert_array_equal(read_table(explorer.controls["kernel"].value, 5, ""), table)
        assert "Output pixel" in explorer.words


def test_a_choice_whose_numbers_were_edited_can_be_chosen_again(explorer):
    for choice, table in zip(choices(explorer), ("image", "kernel"), strict=True):
        before = explorer.controls[table].value
        explorer.controls[table].value = "1"
        assert choice.value is None
        choice.value = "from the lesson"
        assert explorer.controls[table].value == before and choice.value == "from the lesson"


@pytest.mark.parametrize(("number", "sum"), [("0.5", "4×0.5 = 2"), ("0.3333", "4×0.333 ≈ 1.33")])
def test_a_sum_of_numbers_that_are_rounded_is_no_equation(explorer, number, sum):
    explorer.controls["image"].value, explorer.controls["kernel"].value = "4", number
    assert sum in explorer.words


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stride": 2, "dilation": 2, "padding": "full"}, "Keras has no convolution with stride 2 and dilation 2"),
        ({"dilation": 2}, "the kernel spans 5 pixels and the padded image has only 3"),
    ],
)
def test_settings_without_a_convolution_are_explained(explorer, settings, message):
    before = explorer.figure
    for name, value in settings.items():
        explorer.controls[name].value = value
    assert message in explorer.words
    explorer.controls["dilation"].value = 1
    assert "Output pixel" in explorer.words and explorer.figure is not before
