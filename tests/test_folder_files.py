"""Which files of a folder are taken for pictures, and what is said of the others."""

import os
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_course.datasets import DataError, image_folder_dataset, load_image_folder
from tests.folders import both, fill, quietly, streamed, truncated


def spoil(folder: Path) -> list[str]:
    """Put files into the folder that are no pictures; return their names."""
    contents = {f"half.{suffix}": truncated(suffix) for suffix in ("jpg", "png", "webp")}
    contents |= {"empty.jpg": b"", "text.png": b"no picture", "notes.txt": b"no picture"}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / ".hidden").write_bytes(b"no picture")
    (folder / "inside").mkdir()
    return sorted(contents)


def test_what_is_no_picture_is_counted_and_named(tmp_path):
    images = fill(tmp_path, 3)
    names = spoil(tmp_path)
    with pytest.warns(
        UserWarning, match=r"left out 6 files in .*: empty\.jpg \(.*notes\.txt \(no JPEG, PNG or WebP\) and 1 more"
    ) as caught:
        found = load_image_folder(tmp_path, size=4, channels=1)
    np.testing.assert_array_equal(found, images)
    assert [name in str(caught[0].message) for name in names] == [True] * 5 + [False]
    assert "hidden" not in str(caught[0].message) and "inside" not in str(caught[0].message)
    assert caught[0].filename == __file__


def test_a_folder_without_a_picture_is_refused(tmp_path):
    for load in (load_image_folder, streamed):
        with pytest.raises(
            DataError, match="no picture that can be read, but no files; expected JPEG, PNG or WebP"
        ):
            load(tmp_path)
    spoil(tmp_path)
    for load in (load_image_folder, streamed):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(DataError, match=r"empty\.jpg .*give one of the folders inside: inside"):
                load(tmp_path)


def test_a_stray_picture_above_class_folders_is_no_data_set(tmp_path):
    fill(tmp_path, 1)
    fill(tmp_path / "cats", 3)
    (tmp_path / "train").mkdir()
    fill(tmp_path / "train" / "dogs", 2)
    for load in (load_image_folder, image_folder_dataset):
        with pytest.raises(
            DataError,
            match=r"holds 1 picture and the folders inside hold 5 .*cats \(3\), train/dogs \(2\); give one",
        ):
            load(tmp_path)
    assert len(quietly(tmp_path / "train" / "dogs")) == 2


def test_pictures_that_are_not_taken_are_counted(tmp_path):
    fill(tmp_path, 3)
    fill(tmp_path / "more", 2)
    with pytest.warns(
        UserWarning, match=r"folders inside .* are not read; they hold 2 pictures: more \(2\)"
    ) as caught:
        assert len(load_image_folder(tmp_path)) == 3
        assert image_folder_dataset(tmp_path, batch_size=1).cardinality() == 3
    assert [each.filename for each in caught] == [__file__, __file__]


def test_a_folder_of_class_folders_alone_names_those_with_pictures(tmp_path):
    for empty in (".ipynb_checkpoints", "__MACOSX", "notes"):
        (tmp_path / empty).mkdir()
    fill(tmp_path / "cats", 2)
    for load in (load_image_folder, image_folder_dataset):
        with pytest.raises(DataError, match="give one of the folders inside: cats$"):
            load(tmp_path)


@pytest.mark.parametrize("name", [".thumbnails", "__MACOSX", "@eaDir", "$RECYCLE.BIN"])
def test_folders_that_nobody_made_are_not_looked_at(tmp_path, name):
    images = fill(tmp_path, 2)
    fill(tmp_path / name, 5)
    np.testing.assert_array_equal(quietly(tmp_path, size=4, channels=1), images)


def test_folders_that_lead_back_are_not_counted(tmp_path):
    folder = tmp_path / "pictures"
    images = fill(folder, 2)
    fill(tmp_path / "beside", 9)
    (folder / "again").symlink_to(".")
    (folder / "up").symlink_to("..")
    np.testing.assert_array_equal(quietly(folder, size=4, channels=1), images)


def test_links_to_pictures_and_to_folders_are_followed(tmp_path):
    images = fill(tmp_path / "elsewhere", 3)
    (tmp_path / "link").symlink_to("elsewhere")
    np.testing.assert_array_equal(quietly(tmp_path / "link", size=4, channels=1), images)
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "one.png").symlink_to(tmp_path / "elsewhere" / "001.png")
    np.testing.assert_array_equal(quietly(tmp_path / "few", size=4, channels=1), images[1:2])
    (tmp_path / "few" / "classes").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"hold 3 pictures: classes \(3\)"):
        load_image_folder(tmp_path / "few")


def test_what_is_no_file_is_named_and_never_waited_for(tmp_path):
    fill(tmp_path, 1)
    (tmp_path / "away.png").symlink_to("nowhere")
    (tmp_path / "circle.png").symlink_to("circle.png")
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.warns(
        UserWarning, match=r"3 files .*: away\.png \(no file\), circle\.png \(no file\), pipe\.jpg \(no"
    ):
        assert len(both(tmp_path)) == 1


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read, root or not")
def test_a_file_that_cannot_be_read_is_named(tmp_path):
    fill(tmp_path, 1)
    for name in ("bad.jpg", "worse"):
        (tmp_path / name).symlink_to("/proc/self/mem")
    with pytest.warns(
        UserWarning, match=r"2 files .*: bad\.jpg \(Input/output error\), worse \(Input/output error\)"
    ):
        assert len(load_image_folder(tmp_path)) == 1


def test_a_folder_that_cannot_be_opened_is_refused(tmp_path, monkeypatch):
    def closed(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", closed)
    for load in (load_image_folder, image_folder_dataset):
        with pytest.raises(
            DataError, match="cannot be opened: Permission denied; give a folder that you may read"
        ):
            load(tmp_path)


@pytest.mark.parametrize("name", ["Thumbs.db", "THUMBS.DB", "ehthumbs.db", "desktop.ini", "Picasa.ini", "Icon\r"])
def test_files_of_the_system_are_passed_over_without_a_word(tmp_path, name):
    images = fill(tmp_path, 2)
    (tmp_path / name).write_bytes(b"of the system")
    np.testing.assert_array_equal(quietly(tmp_path, size=4, channels=1), images)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "MPO"])
@pytest.mark.parametrize("name", ["one", "one.JPG", "one.txt", "one.png", "한글 사진", "фото.jpeg", "2.0"])
def test_a_picture_is_known_by_its_content_whatever_it_is_called(tmp_path, name, kind):
    Image.new("RGB", (8, 8), "red").save(tmp_path / name, kind)
    assert (np.abs(quietly(tmp_path)[0, 0, 0].astype(int) - [255, 0, 0]) < 4).all()


def test_a_name_in_an_unknown_encoding(tmp_path):
    fill(tmp_path, 1)
    (tmp_path / "000.png").rename(tmp_path / os.fsdecode(b"\xc7\xd1.png"))
    (tmp_path / os.fsdecode(b"\xc7\xd2.txt")).write_text("no picture")
    with pytest.warns(UserWarning, match="left out 1 file"):
        assert len(both(tmp_path)) == 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_taken(tmp_path, kind):
    first, second = (Image.new("RGB", (8, 8), color) for color in ("white", "black"))
    first.save(tmp_path / f"one.{kind.lower()}", save_all=True, append_images=[second])
    assert (quietly(tmp_path) == 255).all()


def test_a_picture_too_large_to_unpack_is_named(tmp_path, monkeypatch):
    fill(tmp_path, 1)
    Image.new("1", (30, 30)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with pytest.warns(UserWarning, match=r"left out 1 file .*: large\.png \(more than 800 pixels\)"):
        assert len(load_image_folder(tmp_path)) == 1


def test_a_missing_folder_and_a_file_in_its_place(tmp_path):
    (tmp_path / "file").write_text("")
    for load in (load_image_folder, image_folder_dataset):
        with pytest.raises(DataError, match="there is no folder .*nowhere; expected one with JPEG, PNG or WebP"):
            load(tmp_path / "nowhere")
        with pytest.raises(DataError, match="file is not a folder; give the folder"):
            load(tmp_path / "file")


@pytest.mark.parametrize("value", [0, -1, None, 4.0, "2", True, (64, 64), [3]])
@pytest.mark.parametrize("name", ["size", "channels", "limit", "batch_size", "seed"])
def test_numbers_that_cannot_be_meant_get_one_sentence(tmp_path, name, value):
    if (name, value) in (("limit", None), ("seed", 0)):
        return
    fill(tmp_path, 2)
    for load in (image_folder_dataset, load_image_folder)[: 1 if name in ("batch_size", "seed") else 2]:
        with pytest.raises(ValueError, match=rf"{name} is {re.escape(repr(value))}; expected [a3][^.]*$"):
            load(tmp_path, **{name: value})


@pytest.mark.parametrize("kind", [np.int32, np.uint8, np.int64])
def test_numbers_of_numpy_are_numbers(tmp_path, kind):
    images = fill(tmp_path, 3)
    numbers = {"size": kind(4), "channels": kind(1), "limit": kind(2)}
    np.testing.assert_array_equal(load_image_folder(tmp_path, **numbers), images[:2])
    found = streamed(tmp_path, kind(2), seed=kind(5), **numbers)
    np.testing.assert_array_equal(found, streamed(tmp_path, 2, seed=5, size=4, channels=1, limit=2))


@pytest.mark.parametrize("path", [None, 5, ["pictures"], b"pictures", "", np.zeros((9, 28, 28, 1))])
def test_what_is_no_path_gets_one_sentence(path):
    for load in (load_image_folder, image_folder_dataset):
        with pytest.raises(ValueError, match=r"^path is .*; expected a path$"):
            load(path)
