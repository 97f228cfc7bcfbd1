import keras
import numpy as np
import pytest

from gan_course.plots import show_upsampling, upsampling_words
from gan_course.plots.upsampling import inside
from gan_course.widgets import upsampling_explorer
from gan_course.widgets.upsampling import LARGE, LARGEST_KERNEL, LARGEST_STRIDE, enlarge, overlap

IMAGE = np.array([[1, 0, 0], [0, 1, 1], [1, 0, 1]])
CASES = [(kernel, stride) for kernel in range(1, LARGEST_KERNEL + 1) for stride in range(1, LARGEST_STRIDE + 1)]


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 2), (5, 2), (4, 3), (2, 4)])
def test_both_ways_are_those_of_the_layers(kernel, stride):
    settings = {"padding": "same", "use_bias": False, "kernel_initializer": "ones"}
    batch = IMAGE[None, ..., None].astype("float32")
    transposed, repeated = enlarge(IMAGE, kernel, stride)
    layer = keras.layers.Conv2DTranspose(1, kernel, strides=stride, **settings)
    np.testing.assert_array_equal(transposed, layer(batch)[0, ..., 0])
    larger = keras.layers.UpSampling2D(stride)(batch)
    np.testing.assert_array_equal(repeated, keras.layers.Conv2D(1, kernel, **settings)(larger)[0, ..., 0])


@pytest.mark.parametrize(("kernel", "stride"), CASES)
def test_only_a_stride_that_divides_the_kernel_overlaps_evenly(kernel, stride):
    counts = overlap(LARGE, kernel, stride)
    transposed, repeated = (np.unique(inside(each, kernel, stride)) for each in counts)
    assert repeated.tolist() == [kernel**2]
    assert (len(transposed) == 1) == (kernel % stride == 0)
    words = upsampling_words(counts, kernel, stride)
    assert ("a checkerboard" in words) == (kernel % stride > 0 and kernel > stride)
    assert ("gaps" in words) == (kernel < stride) == (0 in transposed)


def test_the_figure_shows_the_arrays_it_was_given():
    larger = np.arange(36.0).reshape(6, 6), np.ones((6, 6))
    figure = show_upsampling(IMAGE, larger, larger)
    for expected, image in zip((IMAGE, *larger), figure.axes[0].images, strict=True):
        np.testing.assert_array_equal(image.get_array(), expected)
    maps = [np.asarray(mesh.get_array()) for mesh in figure.axes[0].collections]
    np.testing.assert_array_equal(maps, larger)


@pytest.mark.parametrize("side", [3, 7, 28, 56])
def test_every_pixel_is_a_square_of_whole_pixels(side):
    image, larger = np.ones((side, side)), np.ones((4 * side, 4 * side))
    figure = show_upsampling(image, (larger, larger), (larger, larger))
    for picture in figure.axes[0].images:
        extent = picture.get_window_extent()
        pixels = extent.width / picture.get_array().shape[1]
        assert pixels == pytest.approx(round(pixels)) and round(pixels) >= 1
        assert extent.height == pytest.approx(extent.width) and extent.x0 == pytest.approx(round(extent.x0))


@pytest.fixture
def explorer():
    return upsampling_explorer({"flat area": np.ones((6, 6)), "our image": IMAGE})


def test_the_words_follow_kernel_and_stride(explorer):
    assert "inside, pixels get 1, 2 or 4 products. Stride 2 does not divide kernel 3" in explorer.words
    explorer.controls["kernel"].value = 4
    assert "inside, every pixel gets 4 products. Kernel 4 is a multiple of stride 2" in explorer.words
    explorer.controls["stride"].value = 3
    assert "pixels get 1, 2 or 4 products. Stride 3 does not divide kernel 4" in explorer.words


def test_small_images_have_words_too(explorer):
    explorer.controls["image"].value = "our image"
    explorer.controls["stride"].value = 1
    explorer.controls["kernel"].value = 6
    assert "inside, every pixel gets 36 products. Kernel 6 is a multiple of stride 1." in explorer.words


def test_the_picture_follows_the_image(explorer):
    explorer.controls["image"].value = "our image"
    explorer.controls["stride"].value = 3
    image, transposed, repeated = (picture.get_array() for picture in explorer.figure.axes[0].images)
    np.testing.assert_array_equal(image, IMAGE)
    np.testing.assert_array_equal([transposed, repeated], enlarge(IMAGE, 3, 3))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ({}, "no images"),
        ({"digit": np.ones((28, 28, 1))}, r"'digit' has shape \(28, 28, 1\); expected \(height, width\)"),
        ({"large": np.ones((57, 57))}, "of 1 to 56 pixels"),
        ({"empty": np.ones((0, 4))}, "of 1 to 56 pixels"),
    ],
)
def test_other_images_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        upsampling_explorer(images)
