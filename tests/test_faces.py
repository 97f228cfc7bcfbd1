"""The drawn faces, and where load_faces takes faces from."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gan_course.datasets import DataError, find_faces, load_faces
from gan_course.synthetic import ATTRIBUTES, cartoon, draw_face, draw_faces, write_faces

numbers = st.integers(0, 10**6)
seeds = st.integers(0, 2**40)


@pytest.fixture(scope="module")
def five_hundred():
    return draw_faces(500, size=28)


@pytest.fixture(autouse=True)
def no_celeba(tmp_path, monkeypatch):
    """No folder of this machine is seen."""
    monkeypatch.setenv("GAN_COURSE_DATA", "")
    monkeypatch.setattr("gan_course.places.DRIVE", tmp_path / "drive")
    return tmp_path


def folder_of(path: Path, gray: int) -> Path:
    """Make a folder with one plain image, told from others by its gray."""
    path.mkdir(parents=True)
    Image.new("RGB", (178, 218), (gray, gray, gray)).save(path / "000001.png")
    return path


def changed(number: int, name: str, one: str, other: str, **fixed: str) -> np.ndarray:
    """Return where two drawings of a face differ, bool `(218, 178)`."""
    a, b = (np.asarray(draw_face(number, **fixed, **{name: value})[0]) for value in (one, other))
    return (a != b).any(axis=-1)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 4), seeds, st.sampled_from([None, 1, 28, 64]))
def test_a_face_is_the_same_whatever_the_count_and_the_size(count, seed, size):
    images, attributes = draw_faces(count, seed, size)
    assert images.dtype == np.uint8 and images.shape == (count, *((size, size) if size else (218, 178)), 3)
    assert attributes.shape == (count,) and attributes.dtype.names == tuple(ATTRIBUTES)
    for number, (image, labels) in enumerate(zip(images, attributes, strict=True)):
        alone, words = draw_face(number, seed)
        alone = alone.resize((size, size), Image.Resampling.LANCZOS) if size else alone
        np.testing.assert_array_equal(image, np.asarray(alone))
        assert words == {name: ATTRIBUTES[name][labels[name]] for name in ATTRIBUTES}


def test_another_process_draws_the_same_faces_without_tensorflow():
    code = (
        "import hashlib, sys; from gan_course.synthetic import draw_faces; images, labels = draw_faces(5, seed=3);"
        "print(hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest(), 'tensorflow' in sys.modules)"
    )
    images, labels = draw_faces(5, seed=3)
    here = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.split() == [here, "False"]


def test_another_seed_draws_other_faces():
    assert (draw_faces(3, seed=0)[0] != draw_faces(3, seed=1)[0]).any(axis=(1, 2, 3)).all()


def test_no_two_faces_are_alike(five_hundred):
    gray = five_hundred[0].mean(axis=-1).reshape(500, -1)
    squares = (gray**2).sum(axis=1)
    distance = np.sqrt(np.maximum(squares[:, None] + squares - 2 * gray @ gray.T, 0) / gray.shape[1])
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 4  # of 255, root mean square


def test_every_class_is_drawn_and_no_skin_is_rare(five_hundred):
    labels = five_hundred[1]
    for name, classes in ATTRIBUTES.items():
        assert set(labels[name].tolist()) == set(range(len(classes))), name
    assert np.bincount(labels["skin"]).min() >= 500 / 6 / 2


@pytest.mark.parametrize(
    ("name", "colors", "row", "column"),
    [("skin", cartoon.SKIN, 105, 89), ("background", cartoon.BACKGROUND, 109, 1)],
)
def test_colors_are_those_of_the_labels(name, colors, row, column):
    images, labels = draw_faces(60, glasses="none", hair="bald", headwear="none")
    pixels = images[:, row, column].astype(int)
    nearest = np.abs(pixels[:, None] - list(colors.values())).sum(axis=-1).argmin(axis=1)
    assert (nearest == labels[name]).mean() > 0.9


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_every_class_looks_different_and_changes_nothing_else(name):
    for number in range(5):
        image, words = draw_face(number)
        assert draw_face(number, **words)[0] == image
        seen = [draw_face(number, **({"headwear": "none"} | {name: value})) for value in ATTRIBUTES[name]]
        assert len({face.tobytes() for face, _ in seen}) == len(seen)
        for (_, drawn), value in zip(seen, ATTRIBUTES[name], strict=True):
            assert drawn == words | {"headwear": "none"} | {name: value}


@settings(max_examples=15, deadline=None)
@given(numbers, st.data())
@pytest.mark.parametrize(
    ("name", "top", "bottom", "left", "right", "least"),
    [
        ("mouth", 138, 181, 60, 118, 60),
        ("beard", 105, 195, 30, 148, 60),
        ("age", 78, 160, 50, 128, 30),
        ("headwear", 0, 218, 0, 178, 500),
    ],
)
def test_an_attribute_changes_the_face_where_it_is(name, top, bottom, left, right, least, number, data):
    other = data.draw(st.sampled_from(ATTRIBUTES[name][1:]))
    where = changed(number, name, ATTRIBUTES[name][0], other, **({} if name == "age" else {"age": "young"}))
    assert where[top:bottom, left:right].sum() == where.sum() >= least


@settings(max_examples=15, deadline=None)
@given(numbers, st.sampled_from(ATTRIBUTES["glasses"][1:]))
def test_glasses_stand_before_the_eyes(number, kind):
    where = changed(number, "glasses", "none", kind)
    assert where[98:129].sum() == where.sum()
    (below_the_arms,) = np.nonzero(where[114:].any(axis=0))
    assert np.abs(below_the_arms[[0, -1]] - (54.5, 123.5)).max() < 2
    assert where[114, [55, 84, 94, 123]].all()


def test_the_eyes_stand_where_those_of_celeba_do():
    mean = draw_faces(40, glasses="none", skin="pale")[0].mean(axis=(0, 3))
    for column in (69.5, 108.5):
        left = int(column) - 12
        row, darkest = np.unravel_index(mean[106:119, left : left + 25].argmin(), (13, 25))
        assert abs(106 + row - 112) <= 6 and abs(left + darkest - column) <= 2


def test_teeth_are_seen_in_grins_and_laughs_only():
    for mouth in ATTRIBUTES["mouth"]:
        blue = draw_faces(20, mouth=mouth)[0][:, 145:165, 80:98, 2]
        assert ((blue > 235).any(axis=(1, 2)) == (mouth in ("grin", "laugh"))).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count is 0"),
        ({"count": 1, "size": 0}, "size is 0"),
        ({"count": 1, "seed": -1}, "seed is -1; expected a whole number of at least 0"),
        ({"count": 2.0}, "count is 2.0; expected a whole number of at least 1"),
        ({"count": "2"}, "count is '2'"),
        ({"count": None}, "count is None"),
        ({"count": True}, "count is True"),
        ({"count": 1, "size": (28, 28)}, r"size is \(28, 28\)"),
        ({"count": 1, "size": 28.0}, "size is 28.0"),
        ({"count": 1, "seed": 0.5}, "seed is 0.5"),
        ({"count": 1, "seed": None}, "seed is None"),
        ({"count": 1, "glasses": "pink"}, "no faces with glasses='pink'; expected glasses is one of none, round"),
        ({"count": 1, "nose": "long"}, "no faces with nose='long'; expected skin, hair"),
    ],
)
def test_what_cannot_be_drawn_gets_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_faces(**arguments)


def test_a_number_of_a_face_is_a_whole_number():
    for number in (-1, 1.5, "1", None):
        with pytest.raises(ValueError, match=f"number is {number!r}; expected a whole number of at least 0"):
            draw_face(number)
    assert draw_face(np.int32(3), np.int64(2)) == draw_face(3, 2)
    np.testing.assert_array_equal(draw_faces(np.int8(2), size=np.int16(9))[0], draw_faces(2, size=9)[0])


def test_faces_are_written_like_those_of_celeba(no_celeba, capfd):
    folder = no_celeba / "new" / "faces"
    assert write_faces(folder, np.int64(3), seed=5) == 3
    assert sorted(path.name for path in folder.iterdir()) == ["000001.jpg", "000002.jpg", "000003.jpg"]
    images = np.stack([np.asarray(Image.open(path)) for path in sorted(folder.iterdir())]).astype(int)
    assert images.shape == (3, 218, 178, 3) and np.abs(images - draw_faces(3, 5)[0]).mean() < 4
    assert capfd.readouterr() == ("", "")  # no terminal, no bar


def test_writing_shows_a_bar_only_when_asked(no_celeba, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    write_faces(no_celeba / "silent", 2, verbose=0)
    assert capsys.readouterr() == ("", "")
    write_faces(no_celeba / "told", 2)
    said = capsys.readouterr()
    assert said.out == "" and "2/2" in said.err


@pytest.mark.parametrize("name", [".DS_Store", ".hidden.jpg", "Thumbs.db", "DESKTOP.INI", "Icon\r"])
def test_a_folder_with_files_of_the_system_is_free(no_celeba, name):
    (no_celeba / name).write_bytes(b"of the system")
    assert write_faces(no_celeba, 1, verbose=0) == 1
    assert (no_celeba / name).read_bytes() == b"of the system"


@pytest.mark.parametrize("name", ["000001.jpg", "thumbs.jpg", "notes.txt"])
def test_a_folder_with_anything_else_is_not_written_to(no_celeba, name):
    (no_celeba / name).write_bytes(b"mine")
    for folder in (no_celeba, str(no_celeba), no_celeba / name):
        with pytest.raises(ValueError, match="exists and is not an empty folder; choose a new one"):
            write_faces(folder, 1)
    assert [path.name for path in no_celeba.iterdir()] == [name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"folder": None}, "folder is None; expected a path"),
        ({"folder": ""}, "folder is ''; expected a path"),
        ({"count": 0}, "count is 0; expected a whole number of at least 1"),
        ({"count": 2.5}, "count is 2.5"),
        ({"seed": -1}, "seed is -1; expected a whole number of at least 0"),
    ],
)
def test_what_cannot_be_written_gets_one_sentence(no_celeba, arguments, message):
    with pytest.raises(ValueError, match=message):
        write_faces(**{"folder": no_celeba / "new", **arguments})
    assert not (no_celeba / "new").exists()


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 40), st.sampled_from([1, 3]), st.integers(1, 4))
def test_drawn_faces_are_loaded_in_the_shape_of_all_data(size, channels, limit):
    faces = load_faces(size, channels, "drawn", limit)
    assert faces.dtype == np.uint8 and faces.shape == (limit, size, size, channels)


@pytest.mark.parametrize("channels", [1, 3])
def test_drawn_faces_are_what_a_folder_of_them_would_give(no_celeba, channels):
    for number in range(3):
        draw_face(number)[0].save(no_celeba / f"{number}.png")
    folder, drawn = (load_faces(28, channels, source, 3).astype(int) for source in (no_celeba, "drawn"))
    assert np.abs(folder - drawn).max() <= 2  # rounding: gray first and small first are not quite the same


def test_without_celeba_auto_says_so_and_draws(capsys):
    np.testing.assert_array_equal(load_faces(limit=2), load_faces(source="drawn", limit=2))
    said = capsys.readouterr()
    assert said.out == "No folder of CelebA was found, so these are 2 faces that the course draws.\n"
    assert said.err == "" and find_faces() is None
    load_faces(limit=2, verbose=0)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("own", "place"),
    [
        ("own", "own/img_align_celeba"),
        ("own", "own/img_align_celeba_small"),
        ("own", "own/img_align_celeba/img_align_celeba"),
        ("own/img_align_celeba_small", "own/img_align_celeba_small"),
        ("", "drive/img_align_celeba"),
        ("own", "drive/img_align_celeba_small"),
    ],
)
def test_celeba_is_found_wherever_it_may_be(no_celeba, monkeypatch, capsys, own, place):
    (no_celeba / "own").mkdir()
    folder = folder_of(no_celeba / place, 70)
    monkeypatch.setenv("GAN_COURSE_DATA", own and str(no_celeba / own))
    assert find_faces() == folder
    assert (load_faces() == 70).all() and load_faces().shape == (1, 28, 28, 3)
    assert capsys.readouterr().out == ""


def test_your_own_folder_comes_before_the_drive_and_all_faces_before_a_few(no_celeba, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_DATA", str(no_celeba))
    for gray, place in [
        (10, "drive/img_align_celeba"),
        (20, "img_align_celeba_small"),
        (30, "img_align_celeba"),
    ]:
        folder_of(no_celeba / place, gray)
        assert (load_faces() == gray).all()


def test_a_path_may_name_any_folder_of_images_or_the_one_around_it(no_celeba):
    folder_of(no_celeba / "mine", 40)
    folder_of(no_celeba / "celeba" / "img_align_celeba", 50)
    assert (load_faces(source=no_celeba / "mine") == 40).all()
    assert (load_faces(source=str(no_celeba / "celeba"), channels=1) == 50).all()


def test_limit_takes_the_first_by_name(no_celeba):
    for gray in (30, 10, 20):
        Image.new("L", (20, 20), gray).save(no_celeba / f"{gray}.png")
    assert load_faces(source=no_celeba, limit=2)[:, 0, 0, 0].tolist() == [10, 20]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 2}, "channels is 2; expected 3 for color or 1 for gray"),
        ({"channels": 4, "source": "drawn"}, "channels is 4"),
        ({"channels": 3.0}, "channels is 3.0; expected 3 for color or 1 for gray"),
        ({"size": 0, "source": "drawn"}, "size is 0; expected a whole number of at least 1"),
        ({"size": (64, 64)}, r"size is \(64, 64\)"),
        ({"size": None}, "size is None"),
        ({"limit": 0}, "limit is 0; expected a whole number of at least 1"),
        ({"limit": 2.0}, "limit is 2.0"),
        ({"limit": None}, "limit is None"),
        ({"limit": None, "source": "drawn"}, "limit is None"),
        ({"source": None}, "source is None; expected a path"),
        ({"source": ["drawn"]}, r"source is \['drawn'\]; expected a path"),
        ({"source": ""}, "source is ''; expected a path"),
        ({"source": "nowhere"}, "there is no folder nowhere"),
        ({"source": __file__}, "is not a folder"),
    ],
)
def test_what_cannot_be_loaded_gets_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=message) as error:
        load_faces(**arguments)
    assert "\n" not in str(error.value)


def test_an_empty_folder_and_a_wrong_gan_course_data_are_errors(no_celeba, monkeypatch):
    (no_celeba / "img_align_celeba").mkdir()
    monkeypatch.setenv("GAN_COURSE_DATA", str(no_celeba))
    with pytest.raises(DataError, match="img_align_celeba holds no picture"):
        load_faces()
    monkeypatch.setenv("GAN_COURSE_DATA", str(no_celeba / "nowhere"))
    with pytest.raises(DataError, match="GAN_COURSE_DATA names .*nowhere, which is not a folder"):
        load_faces()
