"""The networks of a training, opened by `gan-course generate`: each that cannot be is named in one sentence."""

import os
import warnings
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

import gan_course
from gan_course import cli, runs
from gan_course.saved import draw_images
from tests.networks import small_discriminator, small_gan


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(network, name=runs.GENERATOR):
    Path("run").mkdir(exist_ok=True)
    network.save(Path("run", name))


def generator(*more, latent_dim=4, activation="tanh"):
    first = [keras.Input((latent_dim,)), layers.Dense(16, activation=activation)]
    return keras.Sequential([*first, *more, layers.Reshape((4, 4, 1))])


def refused(capsys, out="x.png") -> str:
    assert cli.main(["generate", "run", "--out", out]) == 2
    said = capsys.readouterr().err
    assert said.startswith("gan-course: ") and said.count("\n") == 1 and not Path(out).exists()
    return said


def unknown_layer():
    class Mine(layers.Layer):
        def call(self, x):
            return x

    return generator(Mine())


def registered_layer():
    @keras.saving.register_keras_serializable("elsewhere")
    class Theirs(layers.Layer):
        def call(self, x):
            return x

    network = generator(Theirs())
    keras.saving.get_custom_objects().pop("elsewhere>Theirs")  # as in a process that has not imported it
    return network


def unknown_activation():
    def softer(x):
        return keras.ops.tanh(x / 2)

    return generator(activation=softer)


def unknown_network():
    class Whole(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inside = generator()

        def call(self, x):
            return self.inside(x)

    network = Whole()
    network(np.zeros((1, 4)))
    return network


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (unknown_layer, "class Mine"),
        (registered_layer, "class Theirs"),
        (unknown_activation, "function softer"),
        (unknown_network, "class Whole"),
    ],
)
def test_what_this_command_does_not_know_is_named_with_what_to_do(capsys, make, what):
    save(make())
    said = refused(capsys)
    assert f"run/generator.keras needs the {what}, which this command does not know; import it" in said
    assert "gan_course.models.generate" in said and "keras.models.load_model" in said


def test_so_it_is_inside_a_checkpoint(capsys):
    gan = gan_course.GAN(unknown_layer(), small_discriminator())
    gan.compile()
    save(gan, runs.CHECKPOINT)
    assert "run/gan.keras needs the class Mine" in refused(capsys)


def test_python_code_is_not_run(capsys):
    save(generator(layers.Lambda(lambda x: x / 2)))
    said = refused(capsys)
    assert "holds Python code, as in a Lambda layer" in said and "safe_mode=False" in said


def two_inputs():
    both = [keras.Input((4,)), keras.Input((4,))]
    return keras.Model(both, layers.Reshape((2, 4, 1))(layers.Concatenate()(both)))


def two_outputs():
    latent = keras.Input((4,))
    return keras.Model(latent, [generator()(latent), layers.Dense(3)(latent)])


def of_shapes(takes, draws):
    return keras.Sequential(
        [keras.Input(takes), layers.Flatten(), layers.Dense(int(np.prod(draws))), layers.Reshape(draws)]
    )


@pytest.mark.parametrize(
    "make",
    [
        two_inputs,
        two_outputs,
        small_discriminator,
        lambda: of_shapes((4,), (3,)),
        lambda: of_shapes((4,), (2, 2, 2)),
        lambda: of_shapes((1, 1, 4), (2, 2, 1)),
        lambda: of_shapes((4,), (2, 2, 2, 3)),
    ],
)
def test_a_network_that_draws_no_images_from_latent_vectors_is_named(capsys, make):
    save(make())
    said = refused(capsys)
    assert said.startswith("gan-course: run/generator.keras takes ") and "expected a generator" in said


def test_a_network_that_draws_outside_the_range_is_named(capsys):
    save(generator(layers.Rescaling(1, offset=5)))
    assert "expected floats in [-1, 1]" in refused(capsys)


def damaged():
    save(generator())
    path = Path("run", runs.GENERATOR)
    return path, path.read_bytes()


def cut_off():
    path, content = damaged()
    path.write_bytes(content[: len(content) // 2])


def flipped():
    path, content = damaged()
    half = len(content) // 2
    path.write_bytes(content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :])


def another_archive():
    path, _ = damaged()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "none of Keras's")


def of_a_newer_keras():
    path, _ = damaged()
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["config.json"] = files["config.json"].replace(b'"units": 16', b'"units": 16, "brand_new": 1')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("damage", [cut_off, flipped, another_archive, of_a_newer_keras])
def test_a_file_that_cannot_be_read_is_named(capsys, damage):
    damage()
    said = refused(capsys)
    assert "run/generator.keras is damaged or made by another version of Keras (" in said


def test_a_folder_that_is_a_file_or_holds_no_network_is_named(capsys):
    Path("run").write_text("")
    assert "run holds no generator.keras; name a folder that `gan-course train` made" in refused(capsys)
    Path("run").unlink()
    Path("run", runs.GENERATOR).mkdir(parents=True)
    assert "run holds no generator.keras" in refused(capsys)


def test_a_picture_that_cannot_be_written_is_named(capsys):
    save(generator())
    Path("file").write_text("")
    assert "cannot write file/x.png" in refused(capsys, "file/x.png")


def test_the_newest_network_draws_and_a_checkpoint_with_its_average(capsys):
    gan = small_gan(averaging=0.9)
    gan.fit(np.zeros((4, 4, 4, 1)), batch_size=4, verbose=0)
    save(generator())
    os.utime(Path("run", runs.GENERATOR), (0, 0))
    save(gan, runs.PREVIOUS)  # all that is left of a kill between two names
    expected = gan_course.datasets.unscale(gan.generate(3, seed=1))
    np.testing.assert_array_equal(draw_images("run", 3, seed=1), expected)
    assert cli.main(["generate", "run", "--out", "new/x.png", "--count", "4"]) == 0
    assert Image.open("new/x.png").size == (10, 10)


def test_a_loss_of_ones_own_does_not_matter_for_drawing():
    def mine(real, drawn):
        return keras.ops.mean(drawn)

    network = generator()
    network.compile("adam", mine)
    save(network)
    assert draw_images("run", 2).shape == (2, 4, 4, 1)


def test_warnings_are_one_line_and_what_shows_them_is_restored(monkeypatch, capsys):
    def draw(*_):
        warnings.warn("a layer\n  is odd", stacklevel=1)
        return np.zeros((1, 4, 4, 1), "uint8")

    before = warnings.showwarning
    monkeypatch.setattr("gan_course.saved.draw_images", draw)
    assert cli.main(["generate", "run", "--out", "x.png"]) == 0
    assert capsys.readouterr().err == "gan-course: a layer is odd\n" and warnings.showwarning is before
    monkeypatch.setattr("gan_course.saved.draw_images", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["generate", "run", "--out", "x.png"])
    assert warnings.showwarning is before


@pytest.mark.parametrize("error", [MemoryError("Unable to allocate 37 GiB"), OverflowError("int too large")])
def test_too_much_at_once_is_one_sentence(monkeypatch, capsys, error):
    def draw(*_):
        raise error

    monkeypatch.setattr("gan_course.saved.draw_images", draw)
    assert str(error) in refused(capsys)
