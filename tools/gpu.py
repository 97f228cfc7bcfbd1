"""Run the lessons on this machine's GPU, compared cell by cell; docs/colab.md says how on Colab.

    python tools/gpu.py [NOTEBOOK ...]

It runs in the Python that it is started with and installs nothing. Lessons are quick here, on a GPU too.
"""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ["notebooks", "solutions", "exercises"]


def gpus() -> list[str]:
    """Return the names of the GPUs that TensorFlow sees, asked in a process of its own, which gives them back."""
    ask = (
        "import tensorflow as tf\n"
        "for gpu in tf.config.list_physical_devices('GPU'):\n"
        "    print(tf.config.experimental.get_device_details(gpu).get('device_name', gpu.name))"
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", ask], stdout=subprocess.PIPE, text=True, env=environment)
    return done.stdout.splitlines()


def main() -> None:
    found = gpus()
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras"))
    device = " and ".join(found) or "no GPU; the processor computes"
    print(f"Python {platform.python_version()}, {packages}, {device}", flush=True)
    workers = [] if found else ["-n", "2", "--dist", "loadfile"]  # kernels side by side would share its memory
    compare = ["-p", "tests.nbval_strict", "--nbval", "--nbval-current-env"]
    command = [sys.executable, "-m", "pytest", "-q", *workers, *compare, *(sys.argv[1:] or NOTEBOOKS)]
    environment = {**os.environ, "GAN_COURSE_FULL": "0"}
    sys.exit(subprocess.run(command, cwd=ROOT, env=environment).returncode)


if __name__ == "__main__":
    main()
