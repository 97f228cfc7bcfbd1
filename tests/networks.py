"""Small networks, and small images that fit them: what a test trains in a second."""

import keras
import numpy as np
from keras import layers

import gan_course


def small_generator() -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(2 * 2 * 3),
            layers.BatchNormalization(),
            layers.Reshape((2, 2, 3)),
            layers.UpSampling2D(),
            layers.Conv2D(1, 3, padding="same", activation="tanh"),
        ]
    )


def small_discriminator() -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(3, 3, strides=2, padding="same"),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def small_gan(seed: int = 0, **settings: object) -> "gan_course.GAN":
    keras.utils.set_random_seed(seed)
    gan = gan_course.GAN(small_generator(), small_discriminator(), seed=seed)
    gan.compile(**settings)
    return gan


def digit_gan(seed: int = 0) -> "gan_course.GAN":
    """A GAN of the size of MNIST's digits with one layer a network."""
    keras.utils.set_random_seed(seed)
    generator = [keras.Input((4,)), layers.Dense(784, activation="tanh"), layers.Reshape((28, 28, 1))]
    discriminator = [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    gan = gan_course.GAN(keras.Sequential(generator), keras.Sequential(discriminator), seed=seed)
    gan.compile()
    return gan


def small_images(count: int = 64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 4, 4, 1)).astype("float32")


def state(gan: "gan_course.GAN") -> list[np.ndarray]:
    """Every number that the next step depends on."""
    optimizers = gan.generator_optimizer.variables + gan.discriminator_optimizer.variables
    return [variable.numpy() for variable in [*gan.variables, *optimizers]]
