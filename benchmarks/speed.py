"""Seconds a training step takes: `GAN.fit`, the textbooks' loop, that of tutorials, and PyTorch.

    pip install -e ".[bench]"      # and PyTorch, if you want its rows
    python -m benchmarks.speed

Each contestant is a process of its own, see speed_workers.py. They work in turn, one at a time, for several
rounds, so that whatever else the machine does meets all of them; the ratios say more than the seconds. Writes
results/speed.json and the upper part of results/speed.md.
"""

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, ROOT, load, machine
from benchmarks.speed_workers import BATCH_SIZE, MATRIX
from gan_course.files import replacing

OURS, PEAK = "plain", "matrix_product"
TRIED = "## What was tried beyond it\n"  # from here on, speed.md is written by hand


@dataclass(frozen=True)
class Contestant:
    """A row of the table."""

    label: str
    steps: int  # a turn
    worker: str
    module: str = "tensorflow"
    settings: dict[str, str] = field(default_factory=dict)
    goal: float | None = None  # how many times as long as ours

    def start(self) -> subprocess.Popen:
        """Start its process, with nobody's settings of TensorFlow but its own."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.speed_workers", self.worker],
            cwd=ROOT,
            env={**inherited, "TF_CPP_MIN_LOG_LEVEL": "3", **self.settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


ONEDNN = {"TF_ENABLE_ONEDNN_OPTS": "1"}
SLEEP = {"OMP_WAIT_POLICY": "passive"}  # beside other programs, threads that spin take ten times as long
CONTESTANTS = {
    "textbook": Contestant("textbooks' loop, Keras 2", 10, "textbook", "tf_keras", goal=5.5),
    "textbook_onednn": Contestant("… with oneDNN on", 10, "textbook", "tf_keras", ONEDNN, goal=3.8),
    "tutorial": Contestant("tutorials' loop, `tf.function`", 25, "tutorial", goal=1.7),
    "tutorial_onednn": Contestant("… with oneDNN on", 25, "tutorial", settings=ONEDNN, goal=1.7),
    "pytorch": Contestant("PyTorch, eager", 25, "pytorch", "torch", SLEEP, goal=2.4),
    "pytorch_channels_last": Contestant("… channels last", 25, "pytorch_channels_last", "torch", SLEEP, goal=2.4),
    OURS: Contestant('`GAN.fit`, recipe "plain"', 200, "plain"),
    "course": Contestant('`GAN.fit`, recipe "course"', 200, "course"),
    PEAK: Contestant("matrix product", 10, "matrix_product", settings=ONEDNN),
}


def race(rows: dict[str, Contestant], minutes: float) -> dict[str, list[float]]:
    """Let the contestants work in turn for so long; return the seconds a step of each, round by round."""
    order, end = random.Random(0), time.monotonic() + 60 * minutes
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    with ExitStack() as stack:
        workers = {}
        for name, row in rows.items():
            workers[name] = stack.enter_context(row.start())
            print(f"{answer(workers[name]):4.0f} s to start {name}", file=sys.stderr)
        while not seconds[OURS] or time.monotonic() < end:
            for name in order.sample(list(rows), len(rows)):
                print(rows[name].steps, file=workers[name].stdin, flush=True)
                seconds[name].append(answer(workers[name]) / rows[name].steps)
                print(f"{1e3 * seconds[name][-1]:6.1f} ms a step of {name}", file=sys.stderr)
    return seconds


def answer(worker: subprocess.Popen) -> float:
    """Wait for the seconds that a worker tells."""
    line = worker.stdout.readline()
    if not line:
        raise SystemExit(f"`{' '.join(worker.args)}` ended early; what it said stands above")
    return float(line)


def step_flops(generator: Any, discriminator: Any) -> int:
    """Return the multiplications and additions that the recipe "plain" needs for one image in one step.

    A layer computes three things of one size: its output, the gradient of its weights and that of its input, which
    the first layer needs only where its input comes from the generator. The discriminator sees two images.
    """
    drawn, judged = layer_flops(generator), layer_flops(discriminator)
    return 3 * sum(drawn) - drawn[0] + 6 * sum(judged) - judged[0]


def layer_flops(network: Any) -> list[int]:
    """Return those of the output of each layer with a kernel; after up-sampling, 5 x 5 taps become 3 x 3."""
    flops = []
    for before, layer in pairwise([None, *network.layers]):
        if hasattr(layer, "kernel"):
            *size, channels, filters = layer.kernel.shape
            taps = 3 * 3 if type(before).__name__ == "UpSampling2D" else math.prod(size)
            flops.append(2 * taps * channels * filters * math.prod(layer.output.shape[1:-1]))
    return flops


def summary(seconds: dict[str, list[float]], flops: int) -> dict[str, Any]:
    """Return medians and ratios, round by round, of what was measured."""
    rows = {}
    for name, measured in seconds.items():
        ratios = [theirs / ours for theirs, ours in zip(measured, seconds[OURS], strict=True)]
        rows[name] = {
            "seconds_per_step": statistics.median(measured),
            "times_ours": statistics.median(ratios),
            "times_ours_range": [min(ratios), max(ratios)],
            "seconds": measured,
        }
    peak = 2 * MATRIX**3 / min(seconds[PEAK])
    reached = flops / rows[OURS]["seconds_per_step"]
    return {"rows": rows, "peak_flops": peak, "our_flops": reached, "share_of_peak": reached / peak}


def report(found: dict[str, Any]) -> str:
    """Return the table as Markdown."""
    lines = [
        "# Speed",
        "",
        f"Written by `python -m benchmarks.speed` on {found['machine']}. Batches of {BATCH_SIZE}, the networks of "
        f"lesson 05; medians of {len(found['rows'][OURS]['seconds'])} rounds in which all work in turn, in "
        "brackets the range. Times ours is taken within each round. Load average before and after: "
        f"{found['load']}.",
        "",
        "| loop | ms a step | steps a second | times ours | goal |",
        "|---|---|---|---|---|",
    ]
    for name, row in found["rows"].items():
        if name == PEAK:
            continue
        contestant, pace, ratio = CONTESTANTS[name], row["seconds_per_step"], row["times_ours"]
        lowest, highest = min(row["seconds"]), max(row["seconds"])
        times, goal = "1", ""
        if name != OURS:
            times = "{:.2f} ({:.2f} to {:.2f})".format(ratio, *row["times_ours_range"])
        if contestant.goal:
            goal = f"{contestant.goal:g}: {'reached' if ratio >= contestant.goal else 'missed'}"
        lines.append(
            f"| {contestant.label} | {1e3 * pace:.1f} ({1e3 * lowest:.1f} to {1e3 * highest:.1f}) "
            f"| {1 / pace:.1f} | {times} | {goal} |"
        )
    return "\n".join(lines) + (
        f"\n\nA step of ours needs {found['step_flops'] / 1e9:.1f} GFLOP, so it does "
        f"{found['our_flops'] / 1e9:.0f} GFLOP/s: {found['share_of_peak']:.0%} of the "
        f"{found['peak_flops'] / 1e9:.0f} that float32 matrix products of {MATRIX} x {MATRIX} reach here.\n\n"
    )


def write(results: Path, found: dict[str, Any]) -> None:
    """Write speed.json and speed.md; what is written by hand stays."""
    path = results / "speed.md"
    _, _, by_hand = path.read_text().partition(TRIED) if path.exists() else ("", "", "")
    with replacing(results / "speed.json") as beside:
        beside.write_text(json.dumps(found, indent=1) + "\n")
    with replacing(path) as beside:
        beside.write_text(report(found) + TRIED + by_hand)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=7, help="no round begins later (default: 7)")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    rows = {name: row for name, row in CONTESTANTS.items() if find_spec(row.module)}
    before = load()
    seconds = race(rows, options.minutes)
    after = load()

    from gan_course import models

    flops = BATCH_SIZE * step_flops(models.mnist_generator(), models.mnist_discriminator())
    extra = [f", {name} {version(name)}" for name in ("tf_keras", "torch") if find_spec(name)]
    write(
        options.results,
        {
            "machine": machine() + "".join(extra),
            "load": f"{before} and {after}",
            "step_flops": flops,
            **summary(seconds, flops),
        },
    )


if __name__ == "__main__":
    main()
