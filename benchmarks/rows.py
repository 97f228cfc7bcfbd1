"""The rows of a long search: kept as they come, none measured twice, some measured side by side."""

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT


def read(path: Path) -> list[dict[str, str]]:
    """Return what was measured so far."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def add(path: Path, rows: Iterable[dict[str, Any]], key: Sequence[str]) -> None:
    """Add rows to a table, those whose values under `key` it does not hold."""
    held = {tuple(row[name] for name in key) for row in read(path)}
    new = [row for row in rows if tuple(str(row[name]) for name in key) not in held]
    begins = not path.exists()
    with path.open("a", newline="") as file:
        for row in new:
            writer = csv.DictWriter(file, list(row), lineterminator="\n")
            if begins:
                writer.writeheader()
            begins = False
            writer.writerow(row)


def side_by_side(
    benchmark: str,
    jobs: Iterable[Sequence[Any]],
    workers: int,
    minutes: float = float("inf"),
    keep: Callable[[Any], None] | None = None,
) -> None:
    """Start a benchmark again for each job, some at a time; start none when the minutes are over.

    Args:
        benchmark: Its module, in this folder.
        jobs: The words that it is started with.
        workers: How many run at a time.
        minutes: When to start no more.
        keep: Called with the JSON of the last line that each prints; None where it keeps its rows itself.
    """
    waiting, running = list(jobs), []
    end = time.monotonic() + 60 * minutes
    while waiting or running:
        if time.monotonic() >= end:
            waiting = []
        while waiting and len(running) < workers:
            command = [sys.executable, "-m", f"benchmarks.{benchmark}", *map(str, waiting.pop(0))]
            running.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        time.sleep(1)
        for worker in [each for each in running if each.poll() is not None]:
            running.remove(worker)
            printed = worker.stdout.read()
            if worker.returncode == 0 and keep:
                keep(json.loads(printed.splitlines()[-1]))
