"""Train the two networks that lesson 13 opens; write data/checkpoints/wishes and data/checkpoints/sketches.

GAN_COURSE_DATA=FOLDER/OF/MNIST python tools/conditional_networks.py wishes sketches    # half an hour each
"""

import sys

import keras
import numpy as np
import tensorflow as tf
from checkpoint import open_to_older_keras

import gan_course
from gan_course import callbacks, models, places
from gan_course.datasets import load_mnist, scale, sketch
from gan_course.synthetic import draw_faces
from gan_course.training.copies import in_precision

SEED, LATENT_DIM, STEPS = 13, 20, {"wishes": 20_000, "sketches": 8_000}
PAIRS, WIDTHS = 10_000, (16, 16)


def digits() -> tuple[gan_course.GAN, np.ndarray, np.ndarray]:
    images, labels = load_mnist(source="full", verbose=0)
    networks = models.conditional_generator(latent_dim=LATENT_DIM), models.conditional_discriminator(dropout=0)
    gan = gan_course.GAN(*networks, seed=SEED)
    gan.compile(recipe="course")
    return gan, scale(images), labels


def faces() -> tuple[gan_course.GAN, np.ndarray, np.ndarray]:
    colored, _ = draw_faces(PAIRS, seed=1, size=64)
    networks = models.unet(64, width=WIDTHS[0]), models.patch_discriminator(64, width=WIDTHS[1])
    gan = gan_course.GAN(*networks, seed=SEED)
    gan.compile(recipe="plain", reconstruction=100, g_learning_rate=2e-4, d_learning_rate=2e-4)
    return gan, scale(colored), scale(sketch(colored))


def train(name: str) -> None:
    keras.utils.set_random_seed(SEED)
    gan, images, conditions = {"wishes": digits, "sketches": faces}[name]()
    run = places.DATA.parent / "build" / name
    keep = [callbacks.LossLog(run / "history.csv"), callbacks.Checkpoint(run)]
    batch = {"wishes": 32, "sketches": 8}[name]
    gan.fit(images, conditions, batch_size=batch, steps_per_epoch=STEPS[name], callbacks=keep, verbose=0)
    folder = places.CHECKPOINTS / name
    folder.mkdir(parents=True, exist_ok=True)
    in_precision(gan.best_generator, "float16").save(folder / "generator.keras")
    open_to_older_keras(folder / "generator.keras")
    size = (folder / "generator.keras").stat().st_size
    print(f"{name}: {gan.best_generator.count_params():,} parameters, {size:,} bytes, {gan.steps:,} steps")


if __name__ == "__main__":
    gan_course.quiet_tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(2)  # another number rounds differently
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for each in sys.argv[1:] or STEPS:
        train(each)
