import re
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from gan_course import cli, models, pretrained
from gan_course.callbacks import read_losses
from gan_course.callbacks.quality import read_quality
from gan_course.datasets import DataError, load_mnist, scale
from gan_course.layers import UpsampleConv2D
from gan_course.metrics import digit_quality
from gan_course.places import DATA
from gan_course.training.copies import in_precision
from tests.networks import small_gan
from tools import checkpoint

MNIST = DATA / "checkpoints" / "mnist"
ROOT = Path(__file__).parents[1]


@pytest.mark.thorough
def test_the_ready_made_digits_are_as_good_as_their_readme_says():
    gan = pretrained("mnist")
    told = re.search(r"Fréchet distance \| ([\d.]+) ± ([\d.]+)", (MNIST / "README.md").read_text())
    found = digit_quality(gan)
    assert found.frechet_distance == pytest.approx(float(told[1]), abs=4 * float(told[2]))
    assert found.frechet_distance < 20 and found.coverage == 1 and found.confident > 0.8
    assert {weight.dtype for weight in gan.weights} == {"float32"}


def test_the_ready_made_discriminator_tells_real_digits_from_drawn_ones():
    gan, real = pretrained("mnist"), scale(load_mnist(source="embedded")[0][:500])
    assert gan.judge(real).mean() > gan.judge(gan.generate(500, seed=0)).mean() + 0.05


def test_the_files_are_small_and_open_with_plain_keras():
    networks = [MNIST / "generator.keras", MNIST / "discriminator.keras"]
    assert sum(path.stat().st_size for path in networks) < 2_500_000
    assert (MNIST / "history.csv").stat().st_size <= 50_000
    for path in networks:
        network = keras.models.load_model(path)
        assert {weight.dtype.name for weight in network.get_weights()} == {"float16"}
    last = {name: read_quality(MNIST / f"quality_{name}.csv")[-1] for name in ("course", "textbook")}
    assert last["course"]["frechet_distance"] < last["textbook"]["frechet_distance"] / 2


@pytest.mark.thorough
def test_a_ready_made_gan_can_be_trained_further():
    gan = pretrained("mnist")
    before = gan.generator.get_weights()
    gan.compile(recipe="course")
    history = gan.fit(np.full((8, 28, 28, 1), -1.0, "float32"), batch_size=4, steps_per_epoch=2, verbose=0)
    assert np.isfinite(history.history["d_loss"]).all()
    assert not np.array_equal(before[0], gan.generator.get_weights()[0])


def test_another_precision_keeps_names_and_rounds_weights():
    network = small_gan(0).generator
    half = in_precision(network, "float16")
    assert [weight.path for weight in half.weights] == [weight.path for weight in network.weights]
    for a, b in zip(half.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b.astype(a.dtype))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copytree(MNIST, tmp_path / "mnist")
    monkeypatch.setattr("gan_course.places.CHECKPOINTS", tmp_path)
    return tmp_path


def test_an_unknown_name_is_refused_with_those_that_exist(folder):
    with pytest.raises(DataError, match="no trained network called 'cats'; there is mnist"):
        pretrained("cats")


def test_a_damaged_file_is_named(folder):
    path = folder / "mnist" / "generator.keras"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="generator.keras is missing or damaged .*; install gan-course again"):
        pretrained("mnist")
    path.unlink()
    with pytest.raises(DataError, match=r"mnist.generator\.keras is missing or damaged"):
        pretrained("mnist")


NETWORKS = {
    "sequential": lambda: small_gan(0).generator,
    "two inputs": models.conditional_generator,
    "operations": models.conditional_discriminator,
    "nested": lambda: keras.Sequential([keras.Input((4,)), keras.Sequential([layers.Dense(3)]), layers.Dense(2)]),
    "a layer of the course": lambda: keras.Sequential([keras.Input((4, 4, 1)), UpsampleConv2D(2, 3)]),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_one_network_alone_is_that_network(folder, kind):
    network = NETWORKS[kind]()
    half = in_precision(network, "float16")
    (folder / "alone").mkdir()
    half.save(folder / "alone" / "network.keras")
    found = pretrained("alone")
    assert type(found).__module__.startswith("keras.") and {each.dtype for each in found.weights} == {"float32"}
    for ours, kept in zip(found.get_weights(), half.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, kept.astype("float32"))
    assert [each.shape for each in found.inputs] == [each.shape for each in network.inputs]


def test_a_network_of_the_courses_layers_opens_in_a_fresh_process(folder):
    (folder / "alone").mkdir()
    NETWORKS["a layer of the course"]().save(folder / "alone" / "network.keras")
    code = (
        "from pathlib import Path; import gan_course; from gan_course import places; "
        f"places.CHECKPOINTS = Path({str(folder)!r}); print(gan_course.pretrained('alone').count_params())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "20\n", done.stderr


def test_a_folder_without_one_network_or_a_pair_says_what_it_holds(folder):
    (folder / "none").mkdir()
    with pytest.raises(DataError, match="holds no network; expected generator.keras and discriminator.keras, or"):
        pretrained("none")
    for name in ("one", "two"):
        NETWORKS["nested"]().save(folder / "none" / f"{name}.keras")
    with pytest.raises(DataError, match="holds one.keras, two.keras; expected"):
        pretrained("none")


@pytest.mark.thorough
def test_a_training_is_packed_with_what_it_measured(folder, few_samples):
    run = folder / "run"
    words = "train mnist --source embedded --steps 3 --batch-size 4 --metrics 2 --seed 5 --out"
    assert cli.main([*words.split(), str(run)]) == 0
    checkpoint.pack("tiny", run)
    gan, packed = keras.models.load_model(run / "gan.keras"), pretrained("tiny")
    np.testing.assert_allclose(packed.generate(4, seed=0), gan.generate(4, seed=0), atol=0.01)
    assert [row[0] for row in read_losses(folder / "tiny" / "history.csv")] == [1, 2, 3]
    assert [row["step"] for row in read_quality(folder / "tiny" / "quality_course.csv")] == [0, 2]
    text = (folder / "tiny" / "README.md").read_text()
    assert "--recipe course --steps 3 --metrics --seed 5" in text and "decay 0.999" in text
