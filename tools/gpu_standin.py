"""Run lessons on a processor that behaves as a GPU does, as far as results go.

    python tools/gpu_standin.py [NOTEBOOK ...]     # all of them, three steps a training, compared cell by cell

On a GPU Keras compiles train steps with XLA, which draws other random numbers from the same seed; sums are taken
in another order from graph to graph; and an A100 or L4 rounds the factors of products to 10 bits of mantissa
(TF32). A cell that claims that two computations are equal must hold there too.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
STARTUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tools.gpu_standin import install
install()
"""
DROPPED = 13  # of the 23 bits of a float32's mantissa


def install() -> None:
    """Change this process: XLA for train steps, another order of sums in each graph, factors of 10 bits."""
    import gan_course

    gan_course.quiet_tensorflow()
    import tensorflow as tf
    from keras.src.trainers import trainer

    trainer.Trainer._resolve_auto_jit_compile = lambda self: trainer.model_supports_jit(self)
    tf.nn.convolution, tf.nn.conv2d = _as_a_gpu(tf.nn.convolution), _as_a_gpu(tf.nn.conv2d)
    tf.matmul = tf.linalg.matmul = _as_a_gpu(tf.matmul)


def _as_a_gpu(operation: Callable) -> Callable:
    """Return an operation that sums over the last axis of its first factor, as a GPU computes it."""
    import tensorflow as tf

    def computed(x: Any, w: Any, *more: Any, **settings: Any) -> Any:
        x, w = tf.convert_to_tensor(x), tf.convert_to_tensor(w)
        plain = not {"transpose_a", "transpose_b"} & {*settings} and x.dtype == w.dtype == tf.float32
        if plain and x.shape.rank and w.shape.rank and w.shape.rank > 1 and x.shape[-1] == w.shape[-2]:
            turn = random.SystemRandom().randrange(x.shape[-1])  # nothing that a lesson seeds
            x, w = tf.roll(rounded(x), turn, axis=-1), tf.roll(rounded(w), turn, axis=-2)
        return operation(x, w, *more, **settings)

    return computed


def rounded(x: Any) -> Any:
    """Return float32 numbers with 10 bits of mantissa, the nearest; slopes go through unchanged."""
    import tensorflow as tf

    @tf.custom_gradient
    def nearest(x: Any) -> tuple[Any, Callable]:
        half, mask = 1 << (DROPPED - 1), (0xFFFFFFFF << DROPPED) & 0xFFFFFFFF
        bits = tf.bitwise.bitwise_and(
            tf.bitcast(x, tf.uint32) + tf.constant(half, tf.uint32), tf.constant(mask, tf.uint32)
        )
        found = tf.bitcast(bits, tf.float32)
        found.set_shape(x.shape)
        return found, lambda slope: slope

    return nearest(x)


def main() -> None:
    from colab import copy_of_the_course

    notebooks = sys.argv[1:] or ["notebooks", "solutions"]  # exercises hold no other cells
    with tempfile.TemporaryDirectory() as folder:
        startup = Path(folder, "profile_default", "startup")
        startup.mkdir(parents=True)
        (startup / "00-gpu.py").write_text(STARTUP)
        settings = {"IPYTHONDIR": folder, "GAN_COURSE_FULL": "0", "GAN_COURSE_STEPS": "3"}
        pytest = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
        nbval = ["-p", "tests.nbval_strict", "--nbval", "--nbval-current-env", *notebooks]
        course = copy_of_the_course(folder)
        sys.exit(subprocess.run([*pytest, *nbval], cwd=course, env={**os.environ, **settings}).returncode)


if __name__ == "__main__":
    main()
