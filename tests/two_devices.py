"""The same small trainings on one device and on two, in a process of its own; what came out goes to a JSON file.

The processor stands for two devices, which TensorFlow must be told before it starts.
"""

import json
import sys
import warnings
from pathlib import Path

import gan_course

gan_course.quiet_tensorflow()

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

from gan_course.callbacks import Checkpoint, LossLog, SampleGrid  # noqa: E402
from tests import test_conditions  # noqa: E402
from tests.networks import small_generator, small_images, state  # noqa: E402

MORE = {
    "labels": {"kind": "labels", "recipe": "course"},
    "pictures": {"kind": "pictures", "reconstruction": 2.0, "loss": "least-squares"},
    "several updates": {"loss": "wasserstein", "gp_lambda": 0.2, "discriminator_updates": 2},
    "both penalties": {"loss": "relativistic", "r1_gamma": 1, "r2_gamma": 1},
    "at rest": {"skip_below": 0.6931},
}


def generator() -> keras.Model:
    def synchronized(layer: keras.Layer) -> keras.Layer:
        settings = layer.get_config()
        if isinstance(layer, layers.BatchNormalization):
            settings["synchronized"] = True
        return layer.from_config(settings)

    return keras.models.clone_model(small_generator(), clone_function=synchronized)


def discriminator() -> keras.Model:
    smooth = "tanh"  # at the corner of a leaky ReLU rounding decides what a penalty finds
    judge = [layers.Conv2D(3, 3, strides=2, activation=smooth), layers.Flatten()]
    return keras.Sequential([keras.Input((4, 4, 1)), *judge, layers.Dense(1, activation="sigmoid")])


def made(
    strategy: tf.distribute.Strategy, optimizer: str, kind: str | None = None, **settings: object
) -> "gan_course.GAN":
    keras.utils.set_random_seed(1)
    make = {"sgd": lambda: keras.optimizers.SGD(0.3), "adam": lambda: None}[optimizer]
    with strategy.scope():
        told = (test_conditions.generator(kind), test_conditions.discriminator(kind)) if kind else None
        gan = gan_course.GAN(*(told or (generator(), discriminator())), seed=2)
        gan.compile(make(), make(), **settings)
    return gan


def data(kind: str | None) -> tuple[np.ndarray, ...]:
    images = small_images(24)
    return (images, test_conditions.conditions(kind, 24)) if kind else (images,)


def compared(one: tf.distribute.Strategy, two: tf.distribute.Strategy, **settings: object) -> dict[str, float]:
    """Train both; return how far the weights moved, and by how much weights and losses differ at most."""
    gans, logs = [made(strategy, **settings) for strategy in (one, two)], [LossLog(), LossLog()]
    for gan, log in zip(gans, logs, strict=True):
        gan.fit(*data(settings.get("kind")), batch_size=8, epochs=2, verbose=0, callbacks=[log])
    before = weights(made(one, **settings))
    after = [weights(gan) for gan in gans]
    losses = [[row[1:3] for row in log.rows] for log in logs]
    return {
        "moved": float(np.abs(after[0] - before).max()),
        "weights": float(np.abs(np.subtract(*after)).max()),
        "losses": float(np.abs(np.subtract(*losses)).max()),
    }


def weights(gan: "gan_course.GAN") -> np.ndarray:
    """All numbers of the networks, the average of the generator among them."""
    return np.concatenate([variable.numpy().ravel() for variable in gan.weights if variable.dtype == "float32"])


def interrupted(two: tf.distribute.Strategy, folder: Path) -> dict[str, object]:
    """Train 6 steps at once, and 3 and 3 with everything made again between them."""

    def train(name: str, steps: int) -> "gan_course.GAN":
        gan = made(two, "adam", "labels", recipe="course")
        keep = [
            Checkpoint(folder / name),
            LossLog(folder / name / "history.csv"),
            SampleGrid(folder / name, every=3, conditions=[4, 3, 2, 1, 0]),
        ]
        gan.fit(*data("labels"), batch_size=8, steps_per_epoch=steps, verbose=0, callbacks=keep)
        return gan

    whole = train("whole", 6)
    train("parts", 3)
    parts = train("parts", 6)
    loaded = keras.models.load_model(folder / "parts" / "gan.keras")
    return {
        "equal": all(np.array_equal(*pair) for pair in zip(state(whole), state(parts), strict=True)),
        "steps": [row.split(",")[0] for row in (folder / "parts" / "history.csv").read_text().splitlines()],
        "pictures": sorted(path.name for path in folder.glob("parts/*.png")),
        "drawn": float(
            np.abs(np.subtract(*(each.generate(seed=0, conditions=[1, 3]) for each in (loaded, parts)))).max()
        ),
        "on_one_device": loaded.fit(*data("labels"), batch_size=8, verbose=0).params["steps"],
    }


def main(folder: Path) -> None:
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, 2 * [tf.config.LogicalDeviceConfiguration()])
    warnings.simplefilter("error", UserWarning)  # such as Keras's about slopes that are missing
    one, two = tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    found = {"replicas": two.num_replicas_in_sync}
    for recipe, optimizer, extra in (
        ("plain", "adam", {}),
        ("textbook", "sgd", {}),
        ("course", "sgd", {"r1_every": 2}),
    ):
        found[f"{recipe}, {optimizer}"] = compared(one, two, optimizer=optimizer, recipe=recipe, **extra)
    for name, settings in MORE.items():
        found[name] = compared(one, two, optimizer="sgd", **settings)
    found["interrupted"] = interrupted(two, folder)
    (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
