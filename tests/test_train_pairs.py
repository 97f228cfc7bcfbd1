"""Training on pairs from the command line, and what the network then makes of a picture."""

import csv

import keras
import numpy as np
import pytest
from PIL import Image

import gan_course
from gan_course import cli
from gan_course.datasets import sketch
from gan_course.saved import translate
from gan_course.synthetic import draw_faces

SIZE = 16
FAST = ("--size", str(SIZE), "--batch-size", "2", "--every", "2")


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    """Line drawings beside faces, as pix2pix has them."""
    faces = draw_faces(8, seed=0, size=32)[0]
    both = np.concatenate([np.broadcast_to(sketch(faces), faces.shape), faces], axis=2)
    for split, some in (("train", both[:6]), ("val", both[6:])):
        (tmp_path / "pairs" / split).mkdir(parents=True)
        for number, image in enumerate(some):
            Image.fromarray(image).save(tmp_path / "pairs" / split / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def train(*words):
    return cli.main(["train", *words])


def weights(folder):
    return keras.models.load_model(f"{folder}/generator.keras").get_weights()


def test_from_pairs_to_a_picture_of_ones_own(pairs, capsys):
    assert train("--pairs", "pairs", "--out", "run", "--steps", "2", *FAST) == 0
    assert "6 pairs for 2 steps" in capsys.readouterr().out
    with (pairs / "run" / "history.csv").open() as file:
        assert "reconstruction" in next(csv.reader(file))
    sample = Image.open(pairs / "run" / "samples" / "step_000002.png")
    assert sample.width > 3 * sample.height / 2  # condition, drawing and target of two held-out pairs side by side
    network = keras.models.load_model(pairs / "run" / "generator.keras")
    assert network.input_shape == (None, SIZE, SIZE, 1)  # the drawings are gray
    Image.fromarray(draw_faces(1, seed=9, size=40)[0][0]).save("photo.png")
    assert cli.main(["translate", "run", "photo.png", "--out", "drawn.png", "--from-photo"]) == 0
    assert Image.open("drawn.png").size == (SIZE, SIZE)


def test_it_goes_on_exactly(pairs):
    given = ("--pairs", "pairs", *FAST)
    assert train(*given, "--out", "whole", "--steps", "4") == 0
    for steps in ("2", "4"):
        assert train(*given, "--out", "parts", "--steps", steps) == 0
    for a, b in zip(weights("whole"), weights("parts"), strict=True):
        np.testing.assert_array_equal(a, b)


def test_many_pairs_are_read_from_batch_to_batch(pairs, monkeypatch, capsys):
    monkeypatch.setattr("gan_course.train.IN_MEMORY", 1)
    assert train("--pairs", "pairs", "--out", "run", "--steps", "2", *FAST) == 0
    assert "pairs from batch to batch" in capsys.readouterr().out
    assert all(np.isfinite(each).all() for each in weights("run"))


def test_two_folders_and_the_other_way(pairs):
    faces = draw_faces(4, seed=0, size=32)[0]
    for name in ("A", "B"):
        (pairs / name).mkdir()
        for number, image in enumerate(faces):
            Image.fromarray(image).save(pairs / name / f"{number}.png")
    words = ("--pairs", "A", "B", "--direction", "BtoA", "--channels", "1", "--out", "run", "--steps", "1")
    assert train(*words, *FAST) == 0
    network = keras.models.load_model("run/generator.keras")
    assert network.input_shape[-1] == 3 and network.output_shape[-1] == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--out", "run"], "name what to train on: mnist, faces or a folder of pictures, or --pairs PATH"),
        (["mnist", "--pairs", "pairs", "--out", "run"], "name what to train on"),
        (["--pairs", "pairs", "--out", "run", "--metrics"], "--metrics is 1000; it is for the digits of mnist"),
        (["mnist", "--direction", "AtoB", "--out", "run"], "--direction is AtoB; digits are gray"),
        (
            ["faces", "--direction", "AtoB", "--out", "run"],
            "--direction is AtoB; it is for pairs, so leave it out",
        ),
        (["--pairs", "pairs", "--out", "run", "--size", "30"], "size is 30; expected a number that is divisible"),
        (["--pairs", "nowhere", "--out", "run"], "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(pairs, capsys, words, sentence):
    assert train(*words) == 2
    error = capsys.readouterr().err
    assert sentence in error and error.count("\n") == 1
    assert not (pairs / "run").exists()


def test_a_network_that_takes_no_pictures_is_refused(pairs, capsys):
    gan_course.train_mnist("digits", steps=1, batch_size=2, source="embedded", verbose=0)
    Image.fromarray(draw_faces(1, size=40)[0][0]).save("photo.png")
    with pytest.raises(ValueError, match=r"takes \(None, 100\) .*; expected a network from square pictures"):
        translate("digits", "photo.png")
    gan_course.train_pairs("pairs", "run", size=SIZE, steps=1, batch_size=2, verbose=0)
    assert cli.main(["generate", "run", "--out", "images.png"]) == 2
    assert "`gan-course translate` draws with it" in capsys.readouterr().err
    assert cli.main(["translate", "run", "no.png", "--out", "drawn.png"]) == 2
    assert "there is no file no.png" in capsys.readouterr().err
