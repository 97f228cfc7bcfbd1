"""Seconds a training step takes: GAN.fit, the textbooks' loop, TensorFlow's tutorial, and PyTorch's.

    pip install -e ".[bench]"
    python -m benchmarks.speed --torch-python PATH      # an interpreter that has PyTorch; without it, no such rows

Each contestant is a process of its own, see speed_workers.py. They work in turn, one at a time, for several rounds,
so that whatever else the machine does meets all of them. Only the ratios within a round say much.
Writes benchmarks/results/speed.md and speed.json.
"""

import argparse
import datetime
import json
import os
import random
import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import gan_course
from benchmarks.quality import RESULTS, machine
from benchmarks.speed_workers import BATCH_SIZE, MATRIX
from gan_course import datasets
from gan_course.files import replacing

WORKERS = Path(__file__).with_name("speed_workers.py")
OURS, PEAK = "plain", "peak"
GOALS = {"textbook": 5.0, "tutorial": 1.7, "pytorch": 2.3}  # times as long as ours


@dataclass(frozen=True)
class Contestant:
    """A row of the table: who works, in which interpreter, how many steps a turn."""

    label: str
    worker: str
    module: str
    steps: int
    settings: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable

    def start(self, digits: Path) -> subprocess.Popen:
        """Start the process, with nobody's TensorFlow settings but its own."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        return subprocess.Popen(
            [self.python, WORKERS, self.worker, digits],
            env={**inherited, "TF_CPP_MIN_LOG_LEVEL": "3", **self.settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def is_there(self) -> bool:
        """Whether the interpreter has the module that this contestant needs."""
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({self.module!r}) is None)"
        return subprocess.run([self.python, "-c", code], stderr=subprocess.DEVNULL).returncode == 0


def contestants(torch_python: str) -> dict[str, Contestant]:
    """Return all rows by name."""
    onednn = {"TF_ENABLE_ONEDNN_OPTS": "1"}
    return {
        "textbook": Contestant("the textbooks' loop, Keras 2", "textbook", "tf_keras", 20),
        "tutorial": Contestant("TensorFlow's DCGAN tutorial", "tutorial", "tensorflow", 40),
        "tutorial_onednn": Contestant("the same, oneDNN on", "tutorial", "tensorflow", 40, onednn),
        "pytorch": Contestant("PyTorch's DCGAN tutorial", "pytorch", "torch", 40, python=torch_python),
        "pytorch_channels_last": Contestant(
            "the same, channels last", "pytorch_channels_last", "torch", 40, python=torch_python
        ),
        OURS: Contestant('`GAN.fit`, recipe "plain"', "plain", "tensorflow", 200),
        "course": Contestant('`GAN.fit`, recipe "course"', "course", "tensorflow", 200),
        PEAK: Contestant(f"a matrix product, {MATRIX} x {MATRIX}", "matrix_product", "tensorflow", 20, onednn),
    }


def race(rows: dict[str, Contestant], images: np.ndarray, rounds: int) -> dict[str, list[float]]:
    """Let the contestants work in turn; return the seconds a step of each, round by round."""
    order = random.Random(0)
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    with TemporaryDirectory() as folder, ExitStack() as stack:
        digits = Path(folder, "digits.npy")
        np.save(digits, images)
        workers = {}
        for name, row in rows.items():
            workers[name] = stack.enter_context(row.start(digits))
            _answer(workers[name], row)
        for number in range(rounds):
            for name in order.sample(list(rows), len(rows)):
                print(rows[name].steps, file=workers[name].stdin, flush=True)
                seconds[name].append(_answer(workers[name], rows[name]) / rows[name].steps)
            print(f"round {number + 1} of {rounds}", end="\r", file=sys.stderr, flush=True)
        for worker in workers.values():
            worker.stdin.close()
    return seconds


def _answer(worker: subprocess.Popen, row: Contestant) -> float:
    line = worker.stdout.readline()
    if not line:
        raise SystemExit(f"{row.label} ended early; run `{' '.join(map(str, worker.args[:3]))} DIGITS.npy` to see why")
    return float(line)


def flops_per_step() -> float:
    """Count the multiplications and additions in the layers of one step of ours, from their shapes.

    A layer computes three things of the same size: its output, the gradient of its weights and that of its input,
    which the first layer needs only where images come from the generator. The discriminator sees two batches.
    """
    import keras

    from gan_course import models

    generator, discriminator = (list(map(_flops, network.layers)) for network in _networks(models, keras))
    drawn = 3 * sum(generator) - generator[0]
    judged = 6 * sum(discriminator) - discriminator[0]
    return BATCH_SIZE * (drawn + judged)
