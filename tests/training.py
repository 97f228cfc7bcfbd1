"""A small training in a process of its own, for tests that kill it or take its disk away.

Prints `ready` before the training, and writes the number of each step that was computed to `trace`.
"""

import argparse
import os
import subprocess
from contextlib import suppress
from pathlib import Path

import gan_course

gan_course.quiet_tensorflow()

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from gan_course.callbacks import Checkpoint, LossLog, SampleGrid  # noqa: E402
from tests.networks import small_gan, small_images, state  # noqa: E402


class Trace(keras.callbacks.Callback):
    def __init__(self, path: str):
        super().__init__()
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def on_train_batch_end(self, batch, logs=None):
        os.write(self.file, b"%d\n" % self.model.steps)


class At(keras.callbacks.Callback):
    """Does something before a step, once."""

    def __init__(self, step: int, action):
        super().__init__()
        self.step, self.action = step, action

    def on_train_batch_begin(self, batch, logs=None):
        if self.model.steps == self.step:
            self.action()


def fill_disk(folder: Path) -> None:
    with suppress(OSError), (folder / "ballast").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def make_read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)


def batches() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(small_images(100)).shuffle(100, seed=5).batch(16).prefetch(2)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--every", type=int, default=3)
    parser.add_argument("--data", choices=["array", "dataset"], default="array")
    parser.add_argument("--keep", default="checkpoint,samples,log")
    parser.add_argument("--trace", default=os.devnull)
    parser.add_argument("--state", help="where the state goes after the last step")
    parser.add_argument("--fill-disk-at", type=int, default=-1)
    parser.add_argument("--read-only-at", type=int, default=-1)
    options = parser.parse_args(arguments)

    folder = options.folder
    keep = {
        "checkpoint": Checkpoint(folder, every=options.every),  # the first, so that its place does not matter
        "samples": SampleGrid(folder / "samples", every=10, count=4, columns=2),
        "log": LossLog(folder / "history.csv"),
    }
    actions = [
        At(options.fill_disk_at, lambda: fill_disk(folder)),
        At(options.read_only_at, lambda: make_read_only(folder)),
    ]
    gan = small_gan(seed=7)
    data, size = (small_images(100), 16) if options.data == "array" else (batches(), None)
    print("ready", flush=True)
    try:
        gan.fit(
            data,
            batch_size=size,
            steps_per_epoch=options.steps,
            verbose=2,  # says where it stopped
            callbacks=[*(keep[name] for name in options.keep.split(",")), *actions, Trace(options.trace)],
        )
    except (OSError, ValueError) as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from None
    if options.state:
        np.savez(options.state, *state(gan))


if __name__ == "__main__":
    main()
