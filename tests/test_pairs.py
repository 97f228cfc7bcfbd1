"""Pairs of pictures from folders: side by side in one file, or in two folders."""

import warnings

import numpy as np
import pytest
from PIL import Image

from gan_course.datasets import DataError, image_pairs_dataset, load_pairs, scale

SIDE = 16


def picture(seed, wide=SIDE, high=SIDE):
    return np.random.default_rng(seed).integers(0, 256, (high, wide, 3), "uint8")


def fill(folder, count=5, split=""):
    """Write pairs, A on the left; return A and B."""
    place = folder / split
    place.mkdir(parents=True, exist_ok=True)
    both = np.stack([picture(number, 2 * SIDE) for number in range(count)])
    for number, image in enumerate(both):
        Image.fromarray(image).save(place / f"{number}.png")
    return both[:, :, :SIDE], both[:, :, SIDE:]


def fill_two(folder, count=5):
    both = [np.stack([picture(100 * which + number) for number in range(count)]) for which in range(2)]
    for name, images in zip("AB", both, strict=True):
        (folder / name).mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image).save(folder / name / f"{number}.png")
    return both


def streamed(*given, **named):
    parts = [*zip(*image_pairs_dataset(*given, size=SIDE, batch_size=1, shuffle=False, **named), strict=True)]
    return tuple(np.concatenate(part) for part in parts)


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
@pytest.mark.parametrize("two", [False, True])
def test_both_halves_come_in_the_order_that_was_asked_for(tmp_path, direction, two):
    first, second = fill_two(tmp_path) if two else fill(tmp_path)
    where = (tmp_path / "A", tmp_path / "B") if two else tmp_path
    images, conditions = load_pairs(where, SIDE, direction=direction)
    expected = (second, first) if direction == "AtoB" else (first, second)
    np.testing.assert_array_equal((images, conditions), expected)
    for found, each in zip(streamed(where, direction=direction), (images, conditions), strict=True):
        np.testing.assert_array_equal(found, scale(each))


def test_the_splits_of_pix2pix(tmp_path):
    drawn = {split: fill(tmp_path, count, split)[1] for split, count in (("train", 3), ("test", 2))}
    for split, expected in drawn.items():
        np.testing.assert_array_equal(load_pairs(tmp_path, SIDE, split=split)[0], expected)
    with pytest.raises(DataError, match="has no folder val, but train, test; choose one of them with split"):
        load_pairs(tmp_path, split="val")
    with pytest.raises(ValueError, match="split is 'all'; expected one of train, val, test"):
        load_pairs(tmp_path, split="all")


def test_a_color_sketch_becomes_gray_where_gray_is_meant(tmp_path):
    fill(tmp_path)
    images, conditions = load_pairs(tmp_path, 8, channels=3, condition_channels=1, limit=2)
    assert images.shape == (2, 8, 8, 3) and conditions.shape == (2, 8, 8, 1)


def test_what_is_broken_odd_or_alone_is_counted_and_named(tmp_path):
    fill(tmp_path, 3)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    Image.fromarray(picture(0)).save(tmp_path / "odd.png")
    (tmp_path / "notes.txt").write_text("text")
    with pytest.warns(UserWarning, match="left out 3 files in .*") as said:
        images, _ = load_pairs(tmp_path, SIDE)
    assert len(images) == 3
    text = str(said[0].message)
    assert "broken.png (" in text and "notes.txt (" in text
    assert "odd.png (16 x 16 pixels; expected twice as wide as high, A beside B)" in text


def test_who_has_no_partner_or_one_of_another_size_is_named(tmp_path):
    fill_two(tmp_path, 3)
    Image.fromarray(picture(0)).save(tmp_path / "A" / "alone.png")
    Image.fromarray(picture(0, 8, 8)).save(tmp_path / "B" / "1.png")
    with pytest.warns(UserWarning, match="left out 2 files") as said:
        images, _ = load_pairs((tmp_path / "A", tmp_path / "B"), SIDE)
    assert len(images) == 2
    assert "alone.png (only in A)" in str(said[0].message)
    assert "1.png (16 x 16 and 8 x 8 pixels; expected two of one size)" in str(said[0].message)


def test_names_without_their_endings_make_a_pair(tmp_path):
    fill_two(tmp_path, 2)
    (tmp_path / "B" / "0.png").unlink()
    Image.fromarray(picture(7)).save(tmp_path / "B" / "0.jpg")
    assert len(load_pairs((tmp_path / "A", tmp_path / "B"), SIDE)[0]) == 2


def test_a_folder_of_single_pictures_is_refused(tmp_path):
    for number in range(3):
        Image.fromarray(picture(number)).save(tmp_path / f"{number}.png")
    with pytest.raises(DataError, match=r"holds no pair that can be read, but 0.png \(16 x 16 pixels"):
        load_pairs(tmp_path)
    with pytest.raises(DataError, match="no pair that can be read"):
        image_pairs_dataset(tmp_path, batch_size=1)


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ({"direction": "BA"}, "direction is 'BA'; expected one of AtoB, BtoA"),
        ({"condition_channels": 2}, "channels is 2; expected 3 for color or 1 for gray"),
        ({"size": 0}, "size is 0"),
        ({"path": ["a", "b", "c"]}, r"path names 3 folders; expected one, or two: \(A, B\)"),
    ],
)
def test_arguments_are_refused_in_a_sentence(tmp_path, named, sentence):
    fill(tmp_path)
    for function in (load_pairs, image_pairs_dataset):
        with pytest.raises(ValueError, match=sentence):
            function(**{"path": tmp_path, **named})


def test_the_stream_reads_each_pair_once_in_another_order_each_time(tmp_path):
    fill(tmp_path, 6)
    dataset = image_pairs_dataset(tmp_path, SIDE, batch_size=2)
    passes = [np.concatenate([images for images, _ in dataset]) for _ in range(2)]
    assert not np.array_equal(*passes)
    np.testing.assert_array_equal(*(np.sort(each.reshape(6, -1).sum(axis=1)) for each in passes))
    again = np.concatenate([images for images, _ in image_pairs_dataset(tmp_path, SIDE, batch_size=2)])
    np.testing.assert_array_equal(passes[0], again)


def test_a_pair_that_breaks_later_is_replaced(tmp_path):
    fill(tmp_path, 3)
    dataset = image_pairs_dataset(tmp_path, SIDE, batch_size=1, shuffle=False)
    (tmp_path / "1.png").write_bytes(b"gone")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = [images.numpy() for images, _ in dataset]
    np.testing.assert_array_equal(found[1], found[2])
    assert any("instead of 1.png" in str(each.message) for each in said)
    with pytest.raises(DataError, match="has 3 pairs to take and batch_size is 4; make it smaller"):
        image_pairs_dataset(tmp_path, SIDE, batch_size=4)
