"""Trainings on any folder of pictures, from the command line and from Python."""

import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import gan_course
from gan_course import GAN, cli, datasets, models, runs, train
from gan_course.callbacks import read_losses
from gan_course.models.dcgan import doublings
from gan_course.synthetic import write_faces

SIZES = [size for size in range(1, 300) if size % 2 == 0 and 14 <= size <= 256]


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_faces("pictures", count=12)
    return tmp_path / "pictures"


def command(*words: str) -> int:
    return cli.main(["train", *words, "--batch-size", "4", "--steps", "2", "--every", "1", "--out", "run"])


def possible(size: int) -> bool:
    sides = [size / 2**count for count in range(1, 6)]
    return size <= 256 and any(side in range(7, 16) for side in sides)


@given(st.integers(1, 300))
def test_a_size_is_a_small_side_doubled_or_is_refused_with_the_nearest(size):
    if possible(size):
        count = doublings(size)
        assert size % 2**count == 0 and 7 <= size >> count <= 15
        return
    with pytest.raises(ValueError, match=f"size is {size}, which is no number from 7 to 15 doubled") as refused:
        doublings(size)
    named = [int(word) for word in str(refused.value).split("take ")[1].split(" or ")]
    assert named and all(map(possible, named))
    between = range(min(named[0], size) + 1, max(named[-1], size))
    assert not any(possible(each) for each in between if each != size and named[0] < each < named[-1])


@settings(max_examples=6, deadline=None)
@given(size=st.sampled_from([14, 16, 20, 28, 36, 48]), channels=st.sampled_from([1, 3]))
def test_networks_fit_each_other_and_the_size(size, channels):
    networks = models.dcgan_generator(size, channels), models.dcgan_discriminator(size, channels)
    gan = GAN(*networks, seed=0)
    assert gan.image_shape == (size, size, channels)
    assert np.abs(gan.generate(2, seed=0)).max() <= 1


def test_at_28_pixels_they_are_the_lessons_networks():
    for ours, lessons in (
        (models.dcgan_generator(28, channels=1), models.mnist_generator()),
        (models.dcgan_discriminator(28, channels=1), models.mnist_discriminator()),
    ):
        kinds = [
            [(type(each), each.get_config().get("kernel_size")) for each in net.layers] for net in (ours, lessons)
        ]
        assert kinds[0] == kinds[1] and [w.shape for w in ours.weights] == [w.shape for w in lessons.weights]


@pytest.mark.parametrize("words", [("--size", "16"), ("--size", "14", "--channels", "1", "--loss", "hinge")])
def test_a_folder_is_trained_on_and_leaves_what_a_training_leaves(pictures, words, capsys):
    assert command("pictures", *words) == 0
    said = capsys.readouterr().out
    size, channels = int(words[1]), 1 if "1" in words else 3
    assert (
        f"Reading 12 pictures.\nTraining on 12 pictures for 2 steps.\nThe networks are dcgan_generator({size}, "
        in said
    )
    assert f"{models.dcgan_discriminator(size, channels).count_params():,} parameters" in said
    left = {runs.CHECKPOINT, runs.PREVIOUS, runs.GENERATOR, runs.HISTORY, runs.SAMPLES}
    assert {path.name for path in Path("run").iterdir()} == left
    assert len(read_losses("run/history.csv")) == 2
    assert cli.main(["generate", "run", "--out", "drawn.png", "--count", "4"]) == 0
    assert cli.main(["timeline", "run", "--out", "run.gif"]) == 0
    assert Image.open("drawn.png").mode == ("L" if channels == 1 else "RGB")
    loss = keras.models.load_model("run/gan.keras").recipe.loss
    assert loss == ("hinge" if "hinge" in words else "non-saturating")


def test_the_same_command_goes_on_and_another_is_refused(pictures, capsys):
    words = ["train", "pictures", "--size", "16", "--batch-size", "4", "--out"]
    assert cli.main([*words, "whole", "--steps", "4"]) == 0
    for steps in ("2", "4"):
        assert cli.main([*words, "parts", "--steps", steps]) == 0
    a, b = (keras.models.load_model(f"{name}/generator.keras").get_weights() for name in ("whole", "parts"))
    for one, other in zip(a, b, strict=True):
        np.testing.assert_array_equal(one, other)
    capsys.readouterr()
    for more in (["--size", "14"], ["--loss", "least-squares"], ["--channels", "1"]):
        assert cli.main([*words, "parts", "--steps", "6", *more]) == 2
        said = capsys.readouterr().err
        assert (
            said.startswith("gan-course: parts holds a training with other settings: ") and said.count("\n") == 1
        )


def test_faces_are_those_of_the_exercises(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAN_COURSE_DATA", "")
    asked = []
    monkeypatch.setattr(datasets, "load_faces", lambda *given, **more: asked.append(given) or np.zeros((8, 16, 16, 1), "uint8"))  # noqa: E501  # fmt: skip
    assert command("faces", "--size", "16", "--channels", "1") == 0
    assert asked == [(16, 1)] and "Training on 8 faces for 2 steps." in capsys.readouterr().out


@pytest.mark.thorough
def test_a_large_folder_is_read_from_batch_to_batch_and_goes_on(pictures, monkeypatch, capsys):
    monkeypatch.setattr(train, "IN_MEMORY", 1000)
    for steps in (2, 5):
        gan = gan_course.train_folder("pictures", "run", size=16, steps=steps, batch_size=4)
    assert gan.steps == 5 and "Training on pictures from batch to batch for 5 steps." in capsys.readouterr().out
    whole = gan_course.train_folder("pictures", "whole", size=16, steps=5, batch_size=4, verbose=0)
    np.testing.assert_array_equal(whole.generate(2, seed=0), gan.generate(2, seed=0))


def test_photographs_of_a_phone_are_turned_cut_and_some_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("phone").mkdir()
    for number in range(4):
        pixels = np.full((300, 400, 3), 30 * number, "uint8")
        pixels[:, 200:] = 255
        turned = Image.Exif()
        turned[0x0112] = 6  # the camera was held upright
        Image.fromarray(pixels).resize((4000, 3000)).save(
            f"phone/IMG_{number}.jpg", **({"exif": turned} if number % 2 else {})
        )
    content = Path("phone/IMG_0.jpg").read_bytes()
    Path("phone/IMG_8.jpg").write_bytes(content[: len(content) // 2])
    Path("phone/IMG_9.jpg").write_bytes(b"no picture")
    loaded = []
    load = datasets.load_image_folder
    monkeypatch.setattr(datasets, "load_image_folder", lambda *given, **more: loaded.append(load(*given, **more)) or loaded[0])  # noqa: E501  # fmt: skip
    assert command("phone", "--size", "16") == 0
    said = capsys.readouterr()
    assert "IMG_9.jpg" in said.err and "IMG_8.jpg" in said.err and said.err.count("\n") == 1
    assert "Reading 6 pictures.\nTraining on 4 pictures for 2 steps." in said.out
    flat, upright = loaded[0][2].astype(int), loaded[0][1].astype(int)
    assert flat[:, 12:].min() > 200 and flat[:, :4].max() < 100, "white is at the right"
    assert upright[12:].min() > 200 and upright[:4].max() < 100, "white is below when it is turned"


def test_wasserstein_brings_a_penalty_along_where_the_recipe_has_none(pictures):
    kept = [
        gan_course.train_folder(
            "pictures", recipe, size=14, steps=1, batch_size=4, verbose=0, recipe=recipe, loss="wasserstein"
        ).recipe
        for recipe in ("plain", "course")
    ]
    assert [(each.gp_lambda, each.r1_gamma) for each in kept] == [(10, 0), (0, 0.5)]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["cats"], "cats is no folder; train takes mnist, faces, or a folder of pictures"),
        (["pictures", "--size", "17"], "size is 17, which is no number from 7 to 15 doubled .* take 16 or 18"),
        (["pictures", "--source", "full"], "--source is full; it is for the digits of mnist, so leave it out"),
        (["faces", "--metrics"], "--metrics is 1000; it is for the digits of mnist"),
        (["mnist", "--size", "32"], "--size is 32; digits are gray and have 28 x 28 pixels, so leave it out"),
        (["mnist", "--channels", "3"], "--channels is 3; digits are gray"),
        (["pictures", "--recipe", "textbook", "--loss", "hinge"], "the textbook's step has no loss"),
        (["empty"], "empty holds no picture that can be read"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(pictures, words, sentence, capsys):
    Path("empty").mkdir()
    assert command(*words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert re.search(sentence, said), said
    assert not Path("run").exists()


def test_fewer_pictures_than_a_batch_are_named(pictures, capsys):
    assert cli.main(["train", "pictures", "--size", "16", "--steps", "1", "--out", "run"]) == 2
    assert "batch_size is 32 and there are only 12 images; make it smaller" in capsys.readouterr().err


@pytest.mark.thorough
def test_a_folder_called_mnist_can_be_meant(pictures):
    pictures.rename("mnist")
    words = ["train", "./mnist", "--size", "14", "--steps", "1", "--batch-size", "4", "--out", "run"]
    done = subprocess.run([sys.executable, "-m", "gan_course.cli", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Training on 12 pictures for 1 steps." in done.stdout
