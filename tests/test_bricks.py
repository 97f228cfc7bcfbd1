"""Where load_bricks takes bricks from, and bricks in a folder."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_course import cli
from gan_course.datasets import DataError, find_bricks, load_bricks, load_image_folder
from gan_course.synthetic import draw_bricks, write_bricks


@pytest.fixture(autouse=True)
def nothing_here(tmp_path, monkeypatch):
    """No folder of this machine is seen."""
    monkeypatch.setenv("GAN_COURSE_DATA", "")
    monkeypatch.setattr("gan_course.places.DRIVE", tmp_path / "drive")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def folder_of(path: Path, gray: int) -> Path:
    path.mkdir(parents=True)
    Image.new("L", (400, 400), gray).save(path / "a 000L.png")
    return path


def test_without_a_folder_bricks_are_drawn(capsys):
    np.testing.assert_array_equal(load_bricks(limit=3), draw_bricks(3)[0])
    assert capsys.readouterr().out == "No folder of bricks was found, so these are 3 that the course draws.\n"
    load_bricks(limit=1, source="drawn")
    load_bricks(limit=1, verbose=0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("inside", ["some-brick-images", "some-brick-images/dataset", "x/Brick_Images"])
def test_a_folder_is_found_where_people_put_it(nothing_here, monkeypatch, inside):
    found = folder_of(nothing_here / "data" / inside, gray=77)
    monkeypatch.setenv(
        "GAN_COURSE_DATA", str(nothing_here / "data" / "x" if "x/" in inside else nothing_here / "data")
    )
    assert find_bricks() == found
    images = load_bricks(size=32)
    assert images.shape == (1, 32, 32, 1) and (images == 77).all()
    monkeypatch.setenv("GAN_COURSE_DATA", "")
    monkeypatch.setattr("gan_course.places.DRIVE", found.parents[inside.count("/")])
    assert find_bricks() == found or "x/" in inside


def test_a_path_is_taken_as_it_is(nothing_here):
    assert (load_bricks(source=folder_of(nothing_here / "mine", gray=5)) == 5).all()
    with pytest.raises(DataError):
        load_bricks(source=nothing_here / "none")


def test_an_empty_folder_of_the_name_is_passed_over(nothing_here, monkeypatch):
    (nothing_here / "brick-images").mkdir()
    monkeypatch.setenv("GAN_COURSE_DATA", str(nothing_here))
    assert find_bricks() is None


def test_written_bricks_are_those_that_are_drawn(nothing_here):
    assert cli.main(["draw-bricks", "bricks", "--count", "3", "--seed", "4", "--size", "32"]) == 0
    found = load_image_folder("bricks", 32, channels=1)
    np.testing.assert_array_equal(found, draw_bricks(3, seed=4, size=32)[0])
    assert cli.main(["draw-bricks", "bricks", "--count", "1"]) == 2
    with pytest.raises(ValueError, match="count is 0"):
        write_bricks("more", count=0)
