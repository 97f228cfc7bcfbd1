"""The readers of what the course draws."""

import numpy as np
import pytest

from gan_course.datasets import scale
from gan_course.metrics import brick_reader, face_reader, frechet_distance, read_bricks, read_faces
from gan_course.places import DATA
from gan_course.synthetic import ATTRIBUTES, draw_bricks, draw_faces

BRICKS_READ = {"kind": 0.97, "tilt": 0.92}  # shares of 600 unseen ones; data/README.md says more


@pytest.fixture(scope="module")
def bricks():
    images, known = draw_bricks(600, seed=9)
    return scale(images), known


@pytest.fixture(scope="module")
def faces():
    images, known = draw_faces(400, seed=9, size=64)
    return scale(images), known


def test_bricks_are_read(bricks):
    images, known = bricks
    found = read_bricks(images)
    assert (found["kind"].argmax(axis=1) == known["kind"]).mean() > BRICKS_READ["kind"]
    assert (np.abs(found["tilt"] - known["tilt"]) < 3).mean() > BRICKS_READ["tilt"]
    np.testing.assert_allclose(found["kind"].sum(axis=1), 1, rtol=1e-4)


def test_faces_are_read(faces):
    images, known = faces
    found = read_faces(images)
    shares = {name: (found[name].argmax(axis=1) == known[name]).mean() for name in ATTRIBUTES}
    assert min(shares.values()) > 0.8, shares


@pytest.mark.parametrize("reader", [brick_reader, face_reader])
def test_a_reader_is_small(reader):
    assert (DATA / f"{reader.__name__}.npz").stat().st_size <= 150_000
    assert reader().count_params() < 75_000


def test_their_features_tell_the_same_from_others(bricks):
    images, known = bricks

    def features(images):
        return read_bricks(images)["features"]

    same = frechet_distance(images[:300], images[300:], features)
    bright = known["kind"] < 5
    other = frechet_distance(images[bright], images[~bright], features)
    assert same < other / 3


def test_a_random_reader_knows_nothing(bricks):
    images, known = bricks
    found = brick_reader(trained=False).predict(images[:200], verbose=0)
    assert (found["kind"].argmax(axis=1) == known["kind"][:200]).mean() < 0.4


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (np.zeros((2, 64, 64, 3), "float32"), r"shape \(2, 64, 64, 3\); only bricks \(n, 64, 64, 1\), n >= 1"),
        (np.zeros((0, 64, 64, 1), "float32"), "can be read"),
        (np.full((2, 64, 64, 1), 200.0, "float32"), "the bricks are"),
    ],
)
def test_what_cannot_be_read_gets_a_sentence(images, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_bricks(images)
