"""Train the two decoders of lesson 09's explorer; write data/checkpoints/autoencoder and variational_autoencoder.

GAN_COURSE_DATA=FOLDER/OF/MNIST python tools/digit_decoders.py      # half an hour on two cores
"""

import keras
import numpy as np
import tensorflow as tf
from checkpoint import open_to_older_keras

from gan_course import models, places
from gan_course.datasets import load_mnist, scale
from gan_course.training.copies import in_precision

BATCH, EPOCHS, SHOWN = 128, 6, 2_000


def train(variational: bool, images: np.ndarray) -> tuple[keras.Model, keras.Model]:
    keras.utils.set_random_seed(0)
    encoder, decoder = models.digit_encoder(4 if variational else 2), models.digit_decoder(2)
    both = models.VariationalAutoencoder(encoder, decoder) if variational else keras.Sequential([encoder, decoder])
    rate = keras.optimizers.schedules.CosineDecay(2e-3, EPOCHS * len(images) // BATCH)
    both.compile(keras.optimizers.Adam(rate), models.squared_distance)
    both.fit(images, images, batch_size=BATCH, epochs=EPOCHS, verbose=2)
    return encoder, decoder


def keep(name: str, encoder: keras.Model, decoder: keras.Model, shown: np.ndarray) -> None:
    folder = places.CHECKPOINTS / name
    folder.mkdir(parents=True, exist_ok=True)
    in_precision(decoder, "float16").save(folder / "decoder.keras")
    open_to_older_keras(folder / "decoder.keras")
    codes = encoder.predict(shown, batch_size=500, verbose=0)[:, :2]
    np.savez_compressed(folder / "codes.npz", codes=codes.astype("float16"))
    drawn = keras.models.load_model(folder / "decoder.keras").predict(codes, batch_size=500, verbose=0)
    error = np.square(drawn.astype("float32") - shown).sum(axis=(1, 2, 3)).mean()
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{name}: {decoder.count_params():,} parameters, {size:,} bytes, squared distance {error:.1f}")


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(2)  # another number rounds differently
    tf.config.threading.set_inter_op_parallelism_threads(1)
    training = scale(load_mnist(source="full", verbose=0)[0])
    embedded = scale(load_mnist(source="embedded")[0][:SHOWN])
    for variational, name in ((False, "autoencoder"), (True, "variational_autoencoder")):
        keep(name, *train(variational, training), embedded)
