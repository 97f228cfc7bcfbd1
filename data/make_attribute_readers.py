"""Train the readers of attributes of gan_course.metrics; write brick_reader.npz and face_reader.npz.

python data/make_attribute_readers.py [bricks | faces]      # a quarter of an hour on two cores
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gan_course import metrics, synthetic
from gan_course.datasets import scale

COUNT, UNSEEN, BATCH, EPOCHS = 40_000, 4_000, 64, 12


def drawn(what: str, count: int, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    if what == "bricks":
        images, known = synthetic.draw_bricks(count, seed)
        low, high = synthetic.TILTS
        return scale(images), {"kind": known["kind"], "tilt": (known["tilt"] - low) / (high - low)}
    images, known = synthetic.draw_faces(count, seed, size=64)
    return scale(images), {name: known[name] for name in synthetic.ATTRIBUTES}


def train(what: str) -> None:
    keras.utils.set_random_seed(0)
    reader = (metrics.brick_reader if what == "bricks" else metrics.face_reader)(trained=False)
    images, known = drawn(what, COUNT, seed=1)
    heads = {name: reader.output[name] for name in known}
    model = keras.Model(reader.input, heads)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, EPOCHS * COUNT // BATCH)
    losses = {name: "mse" if name == "tilt" else "sparse_categorical_crossentropy" for name in known}
    weights = {name: 30.0 if name == "tilt" else 1.0 for name in known}
    model.compile(keras.optimizers.Adam(rate), loss=losses, loss_weights=weights)
    model.fit(images, known, batch_size=BATCH, epochs=EPOCHS, verbose=2)
    kept = [array.astype("float16") for array in reader.get_weights()]
    reader.set_weights([array.astype("float32") for array in kept])  # measure what is kept
    target = Path(__file__).with_name(f"{reader.name}.npz")
    np.savez_compressed(target, **{f"weight_{i:02d}": array for i, array in enumerate(kept)})
    images, known = drawn(what, UNSEEN, seed=2)
    found = reader.predict(images, batch_size=500, verbose=0)
    print(f"{target.name}: {target.stat().st_size:,} bytes, {reader.count_params():,} parameters")
    for name, labels in known.items():
        if name == "tilt":
            low, high = synthetic.TILTS
            right = np.abs(found[name][:, 0] - labels) * (high - low) < 3
            print(f"{name}: {right.mean():.1%} of {UNSEEN:,} unseen within 3 degrees")
        else:
            print(f"{name}: {(found[name].argmax(1) == labels).mean():.1%} of {UNSEEN:,} unseen are read right")


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(2)  # another number rounds differently
    tf.config.threading.set_inter_op_parallelism_threads(1)
    for each in sys.argv[1:] or ["bricks", "faces"]:
        train(each)
