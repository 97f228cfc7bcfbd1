"""Train the digit classifier of gan_course.metrics on the full MNIST, write digit_classifier.npz.

GAN_COURSE_DATA=FOLDER/OF/MNIST python data/make_digit_classifier.py
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gan_course import datasets, metrics

EPOCHS, BATCH = 6, 100


def main() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(2)  # another number rounds differently
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(0)
    full = datasets.find_mnist() or sys.exit("set GAN_COURSE_DATA to a folder with the full mnist.npz")
    with np.load(full) as arrays:
        train, test = (datasets.scale(arrays[f"x_{part}"][..., None]) for part in ("train", "test"))
        train_labels, test_labels = arrays["y_train"], arrays["y_test"]
    classifier = trained_on(train, train_labels)
    weights = [array.astype("float16") for array in classifier.get_weights()]
    classifier.set_weights([array.astype("float32") for array in weights])  # measure what is kept
    found = classifier.predict(test, batch_size=500, verbose=0)
    reference = metrics.fit_gaussian(found["features"])
    target = Path(__file__).with_name("digit_classifier.npz")
    np.savez_compressed(
        target,
        **{f"weight_{i:02d}": array for i, array in enumerate(weights)},
        mean=reference.mean.astype("float32"),
        covariance=reference.covariance.astype("float32"),
    )
    right = np.mean(found["probabilities"].argmax(1) == test_labels)
    print(f"{target.name}: {right:.2%} of the test digits, {target.stat().st_size:,} bytes")


def trained_on(images, labels) -> keras.Model:
    classifier, random = metrics.digit_classifier(trained=False), np.random.default_rng(0)
    features, last = classifier.output["features"], classifier.get_layer("probabilities")
    model = keras.Model(classifier.input, last(keras.layers.Dropout(0.5)(features)))
    rate = keras.optimizers.schedules.CosineDecay(2e-3, EPOCHS * len(images) // BATCH)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    for _ in range(EPOCHS):
        shifts = random.integers(-2, 3, (len(images), 2))  # pixels; the margin of a digit is 4
        moved = np.stack([np.roll(image, shift, (0, 1)) for image, shift in zip(images, shifts, strict=True)])
        model.fit(moved, labels, batch_size=BATCH, verbose=2)
    return classifier


if __name__ == "__main__":
    main()
