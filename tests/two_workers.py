"""A small training as one of two machines, or alone; what came out goes to an npz file.

Started with the folder, a name for the run, and how many steps; `TF_CONFIG` says which machine this is.
"""

import os
import sys
from pathlib import Path

import gan_course

gan_course.quiet_tensorflow()

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

# It must be made before anything else is computed.
STRATEGY = (
    tf.distribute.MultiWorkerMirroredStrategy() if "TF_CONFIG" in os.environ else tf.distribute.get_strategy()
)

from gan_course.callbacks import Checkpoint, LossLog  # noqa: E402
from tests.two_devices import data, made, weights  # noqa: E402


def main(folder: Path, name: str, steps: int) -> None:
    gan, log = made(STRATEGY, "sgd", "labels", recipe="course", penalty_every=2), LossLog()
    keep = [log, Checkpoint(folder / name)]
    gan.fit(*data("labels"), batch_size=8, steps_per_epoch=steps, verbose=0, callbacks=keep)
    np.savez(folder / f"{name}.npz", weights=weights(gan), losses=[row[1:3] for row in log.rows], steps=gan.steps)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
