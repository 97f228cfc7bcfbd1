"""Folders of pictures, in an array and streamed: the pixels of every kind of file, and the order."""

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import gan_course
from gan_course.callbacks import Checkpoint
from gan_course.datasets import DataError, image_folder_dataset, load_image_folder, scale
from tests.folders import fill, streamed, truncated
from tests.networks import small_gan, state


def pixels(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """A smooth picture, which survives compression."""
    few = np.random.default_rng(seed).integers(0, 256, (4, 4, channels), "uint8")
    large = [Image.fromarray(plane).resize((width, height), Image.BICUBIC) for plane in np.moveaxis(few, -1, 0)]
    return np.stack(large, axis=-1)


def load_one(folder: Path, image: Image.Image, name: str = "one.png", size: int = 8, **arguments: object):
    image.save(folder / name, **arguments.pop("save", {}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load_image_folder(folder, size=size, **arguments)[0]


@pytest.mark.parametrize("name", ["one.jpg", "one.JPEG", "one.png", "one.webp"])
def test_formats(tmp_path, name):
    image = pixels(64, 64)
    found = load_one(tmp_path, Image.fromarray(image), name, size=64)
    assert found.shape == (64, 64, 3) and found.dtype == np.uint8
    assert np.abs(found.astype(int) - image).mean() < 8
    np.testing.assert_array_equal(streamed(tmp_path, size=64)[0], scale(found))


def test_files_come_in_the_order_of_their_names(tmp_path):
    for number in (3, 1, 2, 10):
        Image.new("L", (4, 4), number).save(tmp_path / f"{number:06}.png")
    assert load_image_folder(tmp_path, size=2, channels=1)[:, 0, 0, 0].tolist() == [1, 2, 3, 10]


def test_a_picture_of_the_right_size_is_not_touched(tmp_path):
    np.testing.assert_array_equal(fill(tmp_path, 3, channels=3), load_image_folder(tmp_path, size=4))


@settings(max_examples=25)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    size=st.integers(1, 40),
    channels=st.sampled_from([1, 3]),
    crop=st.booleans(),
)
def test_any_size_becomes_a_square_alike_in_memory_and_streamed(
    tmp_path_factory, height, width, size, channels, crop
):
    folder = tmp_path_factory.mktemp("folder")
    Image.fromarray(pixels(height, width)).save(folder / "one.jpg")
    images = load_image_folder(folder, size, channels, crop=crop)
    assert images.shape == (1, size, size, channels) and images.dtype == np.uint8
    np.testing.assert_array_equal(streamed(folder, 1, size=size, channels=channels, crop=crop), scale(images))


def test_a_picture_is_smoothed_before_it_is_made_small(tmp_path):
    stripes = np.tile(np.array([0, 255], "uint8"), (64, 32))
    assert np.abs(load_one(tmp_path, Image.fromarray(stripes)).astype(int) - 127).max() <= 8


def test_a_large_jpeg_keeps_its_pixels(tmp_path):
    image = Image.fromarray(pixels(600, 800))
    found = load_one(tmp_path, image, "one.jpg", save={"quality": 95}).astype(int)
    assert np.abs(found - np.asarray(image.resize((8, 8), Image.LANCZOS))).max() <= 4


def test_squeezed_or_cropped(tmp_path):
    image = np.zeros((218, 178, 3), "uint8")
    image[:20] = image[-20:] = 255  # a white bar above and below the middle square
    assert load_one(tmp_path, Image.fromarray(image), size=28)[0].mean() > 250
    assert load_image_folder(tmp_path, size=28, crop=True).max() < 50


def test_a_turned_photograph_is_turned_back(tmp_path):
    image = np.zeros((40, 20), "uint8")
    image[:20] = 255  # the upper half is white
    turned = Image.fromarray(np.rot90(image))
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn by 90 degrees clockwise to see it upright"
    found = load_one(tmp_path, turned, "one.jpg", channels=1, save={"exif": exif})
    assert found[:3].min() > 200 and found[-3:].max() < 50


EXIF = Image.Exif()
EXIF[0x010F] = "camera"
EXIF[0x0112] = 6
EXIF[0x8769] = {0x9003: "2026:11:01 12:00:00", 0x829A: (1, 100)}


@settings(max_examples=100)
@given(data=st.data(), kind=st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_a_damaged_exif_block_takes_no_picture_away(tmp_path_factory, data, kind):
    block = bytearray(EXIF.tobytes())
    for _ in range(data.draw(st.integers(0, 6))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    block = block[: data.draw(st.integers(6, len(block)))]
    file = tmp_path_factory.mktemp("exif") / f"one.{kind.lower()}"
    Image.new("RGB", (20, 40), "lime").save(file, kind, exif=bytes(block))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own words on the block
        found = load_image_folder(file.parent, size=4).astype(int)
    assert (np.abs(found - [0, 255, 0]) < 4).all()


@pytest.mark.parametrize("block", [b"", b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0nonsense", b"no block at all"])
def test_a_picture_with_nonsense_for_exif_is_not_turned(tmp_path, block):
    image = pixels(20, 20, 1)
    Image.fromarray(image.squeeze()).save(tmp_path / "one.png", exif=block)
    np.testing.assert_array_equal(load_image_folder(tmp_path, 20, 1), image[None])


def test_photographs_of_a_telephone(tmp_path):
    image = np.zeros((3000, 4000), "uint8")
    image[:, :2000] = 255
    photograph = io.BytesIO()
    Image.fromarray(image).save(photograph, "JPEG", exif=EXIF)  # seen upright, its upper half is white
    for number in range(4):
        (tmp_path / f"IMG_{number}.JPG").write_bytes(photograph.getvalue()[: 20_000 if number == 1 else None])
    with pytest.warns(UserWarning, match=r"left out 1 file .*IMG_1\.JPG \(image file is truncated"):
        images = load_image_folder(tmp_path, size=16)
    with pytest.warns(UserWarning, match=r"instead of IMG_1\.JPG .* IMG_2\.JPG is taken"):
        found = streamed(tmp_path, 2, size=16, shuffle=False)
    np.testing.assert_array_equal(found, scale(images[[0, 1, 1, 2]]))
    assert images[:, :7].min() > 200 and images[:, 9:].max() < 50


def test_gray_in_a_folder_of_color_and_color_as_gray(tmp_path):
    found = load_one(tmp_path, Image.new("L", (9, 9), 77))
    assert found.shape == (8, 8, 3) and (found == 77).all()
    found = load_one(tmp_path, Image.new("RGB", (9, 9), "lime"), channels=1)
    assert found.shape == (8, 8, 1) and (found == 150).all()  # 0.587 of 255


def test_a_palette(tmp_path):
    image = Image.new("P", (8, 8), 1)
    image.putpalette([9, 9, 9, 10, 200, 30])
    assert load_one(tmp_path, image)[0, 0].tolist() == [10, 200, 30]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(tmp_path, mode):
    if mode == "P":
        image, save = Image.new("P", (8, 8), 0), {"transparency": 0}
    else:
        image, save = Image.new(mode, (8, 8), (0,) * len(mode)), {}
    assert (load_one(tmp_path, image, save=save) == 255).all()


def test_half_transparent_black_becomes_gray(tmp_path):
    found = load_one(tmp_path, Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "one.webp", save={"lossless": True})
    assert (found == 127).all()


def test_cmyk(tmp_path):
    found = load_one(tmp_path, Image.new("CMYK", (8, 8), (255, 0, 255, 0)), "one.jpg").astype(int)
    assert (np.abs(found - [0, 255, 0]) < 8).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_scaled(tmp_path, channels):
    image = np.repeat(np.array([0, 257, 32768, 65535], "uint16"), 4).reshape(4, 4)
    found = load_one(tmp_path, Image.fromarray(image), size=4, channels=channels)
    assert (found == np.array([0, 1, 128, 255]).reshape(4, 1, 1)).all()


def test_one_bit(tmp_path):
    assert (load_one(tmp_path, Image.new("1", (8, 8), 1)) == 255).all()


def test_streamed_pixels_are_scaled_to_the_bit(tmp_path):
    every = np.arange(256, dtype="uint8").reshape(16, 16)
    Image.fromarray(every).save(tmp_path / "one.png")
    found = streamed(tmp_path, size=16, channels=1)
    assert found.tobytes() == scale(every).tobytes() == (every.astype("float32") / 127.5 - 1).tobytes()


def test_limit(tmp_path):
    images = fill(tmp_path, 5)
    np.testing.assert_array_equal(load_image_folder(tmp_path, 4, 1, limit=2), images[:2])
    assert len(load_image_folder(tmp_path, 4, 1, limit=9)) == 5
    found = streamed(tmp_path, 2, size=4, channels=1, limit=2)
    np.testing.assert_array_equal(np.sort(found, axis=0), np.sort(scale(images[:2]), axis=0))


def test_a_pass_reads_every_picture_once_in_an_order_of_its_own(tmp_path):
    images = scale(fill(tmp_path, 12))
    dataset = image_folder_dataset(tmp_path, 4, 1, batch_size=4)
    first, second = (np.concatenate([*dataset]) for _ in range(2))
    assert dataset.cardinality() == 3 and dataset.element_spec.shape == (4, 4, 4, 1)
    for found in (first, second):
        assert sorted(map(bytes, found)) == sorted(map(bytes, images))
    assert not (first == second).all() and not (first == images).all()


def test_the_order_follows_from_the_seed(tmp_path):
    images = fill(tmp_path, 12)
    orders = {seed: streamed(tmp_path, 4, size=4, channels=1, seed=seed) for seed in (0, 1)}
    np.testing.assert_array_equal(streamed(tmp_path, 4, size=4, channels=1), orders[0])
    assert not (orders[0] == orders[1]).all()
    np.testing.assert_array_equal(streamed(tmp_path, 4, size=4, channels=1, shuffle=False), scale(images))


def test_what_is_left_after_the_last_whole_batch_is_left_out(tmp_path):
    fill(tmp_path, 7)
    assert len(streamed(tmp_path, 3)) == 6
    with pytest.raises(DataError, match="has 7 pictures to take and batch_size is 8; make it smaller"):
        image_folder_dataset(tmp_path, batch_size=8)
    with pytest.raises(ValueError, match="batch_size is 0; expected a whole number of at least 1"):
        image_folder_dataset(tmp_path, batch_size=0)


def test_pictures_that_no_pass_would_read_are_counted(tmp_path):
    images = fill(tmp_path, 7)
    with pytest.warns(
        UserWarning, match="the last 3 pictures in .*; without shuffle what fills no batch of 4"
    ) as told:
        found = streamed(tmp_path, 4, size=4, channels=1, shuffle=False)
    np.testing.assert_array_equal(found, scale(images[:4]))
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        streamed(tmp_path, 4)
        streamed(tmp_path, 7, shuffle=False)


def test_streaming_names_what_it_cannot_read_and_takes_the_next(tmp_path):
    images = fill(tmp_path, 3)
    (tmp_path / "000b.jpg").write_bytes(truncated("jpg"))
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.warns(UserWarning) as caught:
        found = streamed(tmp_path, 4, size=4, channels=1, shuffle=False)
    np.testing.assert_array_equal(found, scale(images[[0, 1, 1, 2]]))
    messages = {str(warning.message) for warning in caught}
    assert any("left out 1 file" in text and "notes.txt (no JPEG, PNG or WebP)" in text for text in messages)
    assert any("instead of 000b.jpg" in text and "001.png is taken" in text for text in messages)


@pytest.mark.thorough
def test_a_gan_trains_on_the_stream_and_goes_on_after_an_interruption(tmp_path):
    fill(tmp_path / "pictures", 24)

    def trained(folder: str, *steps: int) -> "gan_course.GAN":
        for until in steps:
            gan = small_gan(seed=1)
            dataset = image_folder_dataset(tmp_path / "pictures", 4, 1, batch_size=4)
            gan.fit(dataset, steps_per_epoch=until, verbose=0, callbacks=[Checkpoint(tmp_path / folder)])
        return gan

    for one, other in zip(state(trained("a", 15)), state(trained("b", 8, 15)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_stream_is_as_long_as_a_pass(tmp_path):
    fill(tmp_path, 24)
    gan = small_gan()
    gan.fit(image_folder_dataset(tmp_path, 4, 1, batch_size=8), epochs=2, verbose=0)
    assert gan.steps == 6
