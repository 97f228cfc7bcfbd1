"""What an earlier version wrote (Keras 3.13, on another machine) opens and goes on; `tests/old_run` holds it."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from gan_course import GAN, cli
from gan_course.callbacks import Checkpoint, LossLog, read_losses
from gan_course.layers import UpsampleConv2D

OLD = Path(__file__).parent / "old_run"
BATCHES = {"batch_size": 10, "verbose": 0}
NETWORKS = ("generator", "discriminator", "averaged_generator", "augmentation")
OF_NOW = {"generator_optimizer": None, "discriminator_optimizer": None}  # the recipe "course" took Adam then
PARTS = (*NETWORKS, "generator_optimizer", "discriminator_optimizer")


def made(**changed) -> GAN:
    """The GAN as its script made it then."""
    keras.utils.set_random_seed(7)
    generator = [
        keras.Input((4,)),
        layers.Dense(2 * 2 * 3),
        layers.BatchNormalization(),
        layers.Reshape((2, 2, 3)),
        UpsampleConv2D(1, 3, activation="tanh"),
    ]
    discriminator = [
        keras.Input((4, 4, 1)),
        layers.Conv2D(3, 3, strides=2, padding="same"),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Dropout(0.3),
        layers.Flatten(),
        layers.Dense(1, activation="sigmoid"),
    ]
    gan = GAN(keras.Sequential(generator), keras.Sequential(discriminator), seed=7)
    shifts = layers.RandomTranslation(0.2, 0.2, fill_mode="constant", seed=3)
    adam = {f"{role}_optimizer": keras.optimizers.Adam(1e-3, beta_1=0.5) for role in NETWORKS[:2]}
    gan.compile(**{"recipe": "course", "r1_every": 2, "augmentation": shifts, **adam, **changed})
    return gan


def images() -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (50, 4, 4, 1)).astype("float32")


def numbers(gan: GAN) -> dict[str, np.ndarray]:
    parts = {name: getattr(gan, name).variables for name in PARTS} | {"latent": [gan.latent_seed.state]}
    return {f"{name} {i}": v.numpy() for name, found in parts.items() for i, v in enumerate(found)}


@pytest.fixture
def run(tmp_path):
    return shutil.copytree(OLD / "run", tmp_path / "run")


@pytest.fixture
def gone_on(run):
    gan = made()
    keep = [LossLog(run / "history.csv"), Checkpoint(run)]
    gan.fit(images(), steps_per_epoch=12, callbacks=keep, **BATCHES)
    return gan


def test_an_old_run_goes_on_as_it_did_where_it_was_made(gone_on, run):
    assert gone_on.steps == 12 and [row[0] for row in read_losses(run / "history.csv")] == [*range(1, 13)]
    then, now = np.load(OLD / "after.npz"), numbers(gone_on)
    assert {*then} == {*now}
    for name in then:  # machines round differently; a step moves a weight by 1e-3
        np.testing.assert_allclose(now[name], then[name], atol=1e-4, rtol=1e-4, err_msg=name)


def test_an_old_file_goes_on_bit_for_bit_like_the_old_run(gone_on):
    gan = keras.models.load_model(OLD / "gan.keras")
    assert gan.steps == 7
    gan.fit(images(), steps_per_epoch=5, **BATCHES)
    assert gan.steps == 12
    for name, value in numbers(gone_on).items():
        np.testing.assert_array_equal(numbers(gan)[name], value, err_msg=name)


def test_the_command_draws_from_an_old_run(run, tmp_path, capsys):
    assert cli.main(["generate", str(run), "--out", str(tmp_path / "drawn.png"), "--count", "4"]) == 0
    assert (tmp_path / "drawn.png").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"r1_every": 4}, "compile penalty_every was 2 and is 4"),
        ({"recipe": "plain"}, "compile recipe was 'course' and is 'plain'"),
        ({"averaging": 0.9}, "compile averaging was 0.999 and is 0.9"),
        (OF_NOW, "generator_optimizer class_name was 'Adam' and is 'ConvMuon'"),
    ],
)
def test_an_old_run_is_not_continued_with_other_settings(run, changed, message):
    with pytest.raises(ValueError, match=message):
        made(**changed).fit(images(), steps_per_epoch=12, callbacks=[Checkpoint(run)], **BATCHES)
