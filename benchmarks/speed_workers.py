"""The contestants of speed.py; each trains the networks of lesson 05 in a process of its own.

    python -m benchmarks.speed_workers NAME

It warms up and prints how many seconds that took. Then it reads a number of steps from stdin, trains so many,
prints their seconds, and reads again. Other people's loops run without gan_course, which would change settings of
TensorFlow.
"""

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TextIO

import numpy as np

BATCH_SIZE = 32
LATENT_DIM = 100
WARM_UP = 5  # steps
MATRIX = 2048  # rows and columns
DIGITS = Path(__file__).parents[1] / "data" / "mnist_10k.npz"

AfterStep = Callable[[], None]


def networks(keras: ModuleType) -> tuple:
    """Return generator and discriminator of lesson 05, for Keras 2 and Keras 3."""
    layers = keras.layers
    generator = [
        keras.Input((LATENT_DIM,)),
        layers.Dense(7 * 7 * 128),
        layers.LeakyReLU(0.2),
        layers.BatchNormalization(),
        layers.Reshape((7, 7, 128)),
        layers.UpSampling2D(),
        layers.Conv2D(64, 5, padding="same"),
        layers.BatchNormalization(),
        layers.LeakyReLU(0.2),
        layers.UpSampling2D(),
        layers.Conv2D(1, 5, padding="same", activation="tanh"),
    ]
    discriminator = [
        keras.Input((28, 28, 1)),
        layers.Conv2D(64, 5, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Dropout(0.3),
        layers.Conv2D(128, 5, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Dropout(0.3),
        layers.Flatten(),
        layers.Dense(1, activation="sigmoid"),
    ]
    return keras.Sequential(generator), keras.Sequential(discriminator)


def textbook(images: np.ndarray, after_step: AfterStep) -> None:
    """The textbooks' loop, with the Keras 2 they were written for."""
    import tf_keras as keras

    generator, discriminator = networks(keras)
    discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam())
    discriminator.trainable = False
    combined = keras.Sequential([generator, discriminator])
    combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam())
    ones, zeros = np.ones((BATCH_SIZE, 1)), np.zeros((BATCH_SIZE, 1))
    rng = np.random.default_rng()
    while True:
        real = images[rng.integers(0, len(images), BATCH_SIZE)]
        noise = rng.normal(0, 1, (BATCH_SIZE, LATENT_DIM))
        fake = generator.predict(noise, verbose=0)
        discriminator.train_on_batch(real, ones)
        discriminator.train_on_batch(fake, zeros)
        combined.train_on_batch(noise, ones)
        after_step()


def tutorial(images: np.ndarray, after_step: AfterStep) -> None:
    """The usual loop of tutorials: one tf.function, two tapes, one update of each network."""
    import keras
    import tensorflow as tf

    generator, discriminator = networks(keras)
    g_optimizer, d_optimizer = keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)
    cross_entropy = keras.losses.BinaryCrossentropy()

    @tf.function
    def train_step(real: tf.Tensor) -> None:
        noise = tf.random.normal([BATCH_SIZE, LATENT_DIM])
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(noise, training=True)
            on_real = discriminator(real, training=True)
            on_fake = discriminator(fake, training=True)
            g_loss = cross_entropy(tf.ones_like(on_fake), on_fake)
            d_loss = cross_entropy(tf.ones_like(on_real), on_real)
            d_loss += cross_entropy(tf.zeros_like(on_fake), on_fake)
        g_gradients = g_tape.gradient(g_loss, generator.trainable_variables)
        d_gradients = d_tape.gradient(d_loss, discriminator.trainable_variables)
        g_optimizer.apply_gradients(zip(g_gradients, generator.trainable_variables, strict=True))
        d_optimizer.apply_gradients(zip(d_gradients, discriminator.trainable_variables, strict=True))

    dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images))
    for real in dataset.repeat().batch(BATCH_SIZE):
        train_step(real)
        after_step()


def pytorch(images: np.ndarray, after_step: AfterStep, memory_format: str = "contiguous_format") -> None:
    """The same loop in PyTorch, eager, as its DCGAN tutorial has it."""
    import torch
    from torch import nn

    generator = nn.Sequential(
        nn.Linear(LATENT_DIM, 7 * 7 * 128),
        nn.LeakyReLU(0.2),
        nn.BatchNorm1d(7 * 7 * 128),
        nn.Unflatten(1, (128, 7, 7)),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(128, 64, 5, padding=2),
        nn.BatchNorm2d(64),
        nn.LeakyReLU(0.2),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(64, 1, 5, padding=2),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 64, 5, stride=2, padding=2),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.3),
        nn.Conv2d(64, 128, 5, stride=2, padding=2),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(7 * 7 * 128, 1),
        nn.Sigmoid(),
    )
    order = {"memory_format": getattr(torch, memory_format)}
    generator.to(**order)
    discriminator.to(**order)
    g_optimizer = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999))
    criterion, ones, zeros = nn.BCELoss(), torch.ones(BATCH_SIZE, 1), torch.zeros(BATCH_SIZE, 1)
    dataset = torch.from_numpy(images.transpose(0, 3, 1, 2))
    while True:
        real = dataset[torch.randint(len(dataset), (BATCH_SIZE,))].to(**order)
        discriminator.zero_grad()
        criterion(discriminator(real), ones).backward()
        fake = generator(torch.randn(BATCH_SIZE, LATENT_DIM))
        criterion(discriminator(fake.detach()), zeros).backward()
        d_optimizer.step()
        generator.zero_grad()
        criterion(discriminator(fake), ones).backward()
        g_optimizer.step()
        after_step()


def fit(images: np.ndarray, after_step: AfterStep, recipe: str, dropout: float) -> None:
    """`GAN.fit` with everything that `gan-course train` keeps."""
    import gan_course

    gan_course.quiet_tensorflow()
    import keras

    from gan_course import callbacks, models

    gan = gan_course.GAN(models.mnist_generator(), models.mnist_discriminator(dropout), seed=0)
    gan.compile(recipe=recipe)
    with tempfile.TemporaryDirectory() as folder:
        keep = [
            callbacks.LossLog(f"{folder}/history.csv"),
            callbacks.SampleGrid(f"{folder}/samples"),
            callbacks.Checkpoint(folder),
            keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: after_step()),
        ]
        gan.fit(images, batch_size=BATCH_SIZE, steps_per_epoch=1_000_000, callbacks=keep)


def matrix_product(images: np.ndarray, after_step: AfterStep) -> None:
    """Large float32 matrix products: the most that this machine computes."""
    import tensorflow as tf

    a = tf.random.normal((MATRIX, MATRIX))
    multiply = tf.function(lambda: tf.matmul(a, a))
    while True:
        multiply()
        after_step()


CONTESTANTS = {
    "textbook": textbook,
    "tutorial": tutorial,
    "pytorch": pytorch,
    "pytorch_channels_last": partial(pytorch, memory_format="channels_last"),
    "plain": partial(fit, recipe="plain", dropout=0.3),
    "course": partial(fit, recipe="course", dropout=0.0),
    "matrix_product": matrix_product,
}


def turns(answers: TextIO) -> Iterator[None]:
    """Let a step be trained at each yield; after the last of a turn tell its seconds and wait for the next."""
    for steps in itertools.chain([WARM_UP], map(int, sys.stdin)):
        begun = time.perf_counter()
        for _ in range(steps):
            yield
        print(time.perf_counter() - begun, file=answers, flush=True)
    sys.exit()


def main() -> None:
    """Train until stdin ends."""
    digits = np.load(DIGITS)["x_train"][..., None] / np.float32(127.5) - 1
    turn = turns(sys.stdout)
    next(turn)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # a progress bar is no answer
        CONTESTANTS[sys.argv[1]](digits, partial(next, turn))


if __name__ == "__main__":
    main()
