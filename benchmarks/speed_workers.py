"""The contestants of speed.py. Each trains the networks of lesson 05 in a process of its own:

    python benchmarks/speed_workers.py NAME DIGITS.npy

It warms up and prints how long that took. Then it waits for a number of steps on stdin, trains so many, prints the
seconds they took, and waits again. Those that stand for other people's loops do not import gan_course, which would
change TensorFlow's settings.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TextIO

import numpy as np

BATCH_SIZE = 32
LATENT_DIM = 100
WARM_UP = 10  # steps
MATRIX = 2048  # rows and columns of the matrices whose product is the machine's peak

AfterStep = Callable[[], None]


class Turns:
    """Called after every step; when those of this turn are done, tells the seconds and waits for the next."""

    def __init__(self, answers: TextIO) -> None:
        """Begin with the warm-up."""
        self.answers, self.left, self.begun = answers, WARM_UP, time.perf_counter()

    def __call__(self) -> None:
        """Count one step."""
        self.left -= 1
        if self.left == 0:
            print(time.perf_counter() - self.begun, file=self.answers, flush=True)
            self.left = int(sys.stdin.readline() or sys.exit())
            self.begun = time.perf_counter()


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
    """The loop of the textbooks, with the Keras 2 they were written for."""
    import tf_keras as keras

    generator, discriminator = networks(keras)
    discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam())
    discriminator.trainable = False
    combined = keras.Sequential([generator, discriminator])
    combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam())
    ones, zeros = np.ones((BATCH_SIZE, 1)), np.zeros((BATCH_SIZE, 1))
    while True:
        real = images[np.random.randint(0, len(images), BATCH_SIZE)]
        noise = np.random.normal(0, 1, (BATCH_SIZE, LATENT_DIM))
        fake = generator.predict(noise, verbose=0)
        discriminator.train_on_batch(real, ones)
        discriminator.train_on_batch(fake, zeros)
        combined.train_on_batch(noise, ones)
        after_step()


def tutorial(images: np.ndarray, after_step: AfterStep) -> None:
    """The loop of TensorFlow's DCGAN tutorial: one tf.function, two tapes, one update of each network."""
    import keras
    import tensorflow as tf

    generator, discriminator = networks(keras)
    generator_optimizer, discriminator_optimizer = keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)
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
        generator_optimizer.apply_gradients(zip(g_gradients, generator.trainable_variables, strict=True))
        discriminator_optimizer.apply_gradients(zip(d_gradients, discriminator.trainable_variables, strict=True))

    dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images))
    for real in dataset.repeat().batch(BATCH_SIZE, drop_remainder=True):
        train_step(real)
        after_step()


def plain(images: np.ndarray, after_step: AfterStep) -> None:
    """`GAN.fit` with the recipe "plain", and everything that `gan-course train` keeps."""
    _fit("plain", images, after_step, dropout=0.3)


def course(images: np.ndarray, after_step: AfterStep) -> None:
    """The same with the recipe "course": its gradient penalty, its average of the generator, no dropout."""
    _fit("course", images, after_step, dropout=0.0)


def _fit(recipe: str, images: np.ndarray, after_step: AfterStep, dropout: float) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    import gan_course

    gan_course.quiet_tensorflow()
    import keras

    from gan_course import callbacks, models

    gan = gan_course.GAN(models.mnist_generator(), models.mnist_discriminator(dropout), seed=0)
    gan.compile(recipe=recipe)
    with tempfile.TemporaryDirectory() as folder:
        keep = [
            callbacks.LossLog(f"{folder}/history.csv"),
            callbacks.SampleGrid(f"{folder}/samples", every=200),
            callbacks.Checkpoint(folder, every=1000),
            keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: after_step()),
        ]
        gan.fit(images, batch_size=BATCH_SIZE, steps_per_epoch=1_000_000, callbacks=keep)


def pytorch(images: np.ndarray, after_step: AfterStep, channels_last: bool = False) -> None:
    """The loop of PyTorch's DCGAN tutorial, eager, on the same networks."""
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
    form = torch.channels_last if channels_last else torch.contiguous_format
    generator.to(memory_format=form)
    discriminator.to(memory_format=form)
    g_optimizer = torch.optim.Adam(generator.parameters(), 2e-4, (0.5, 0.999))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999))
    criterion, ones, zeros = nn.BCELoss(), torch.ones(BATCH_SIZE, 1), torch.zeros(BATCH_SIZE, 1)
    for batch in _batches(images.transpose(0, 3, 1, 2)):
        real = torch.from_numpy(batch).to(memory_format=form)
        discriminator.zero_grad()
        criterion(discriminator(real), ones).backward()
        fake = generator(torch.randn(BATCH_SIZE, LATENT_DIM))
        criterion(discriminator(fake.detach()), zeros).backward()
        d_optimizer.step()
        generator.zero_grad()
        criterion(discriminator(fake), ones).backward()
        g_optimizer.step()
        after_step()


def pytorch_channels_last(images: np.ndarray, after_step: AfterStep) -> None:
    """The same with the memory format that PyTorch recommends for convolutions on CPUs."""
    pytorch(images, after_step, channels_last=True)


def _batches(images: np.ndarray) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    while True:
        yield images[rng.integers(0, len(images), BATCH_SIZE)]


def matrix_product(images: np.ndarray, after_step: AfterStep) -> None:
    """Large float32 matrix products: the most that this machine computes."""
    import tensorflow as tf

    a = tf.random.normal((MATRIX, MATRIX))
    multiply = tf.function(lambda: tf.matmul(a, a))
    while True:
        multiply()
        after_step()


CONTESTANTS = (textbook, tutorial, plain, course, pytorch, pytorch_channels_last, matrix_product)


def main() -> None:
    """Run the contestant that the command line names."""
    name, digits = sys.argv[1:]
    answers, sys.stdout = sys.stdout, Path(os.devnull).open("w")  # a progress bar is no answer
    contestant = next(each for each in CONTESTANTS if each.__name__ == name)
    contestant(np.load(digits), Turns(answers))


if __name__ == "__main__":
    main()
