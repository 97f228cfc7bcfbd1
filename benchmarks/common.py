"""What the benchmarks share: where results go, what they ran on, and measuring in a process of its own."""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def machine() -> str:
    """Return the processor and the versions."""
    info = Path("/proc/cpuinfo")  # Linux; elsewhere platform knows the name
    lines = info.read_text().splitlines() if info.exists() else []
    name = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.processor())
    packages = ", ".join(f"{package} {version(package)}" for package in ("tensorflow", "keras", "numpy"))
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def load() -> str:
    """Return how busy the machine was in the last minute: 1 is one core at work."""
    return f"{os.getloadavg()[0]:.1f}"


def measured(benchmark: str, *job: Any) -> Any:
    """Return what a benchmark prints as JSON when it is started again for one job, in a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.{benchmark}", *map(str, job)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])
