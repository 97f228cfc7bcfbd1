"""The guard of a kernel's memory: what processes share after a fork counts once."""

import subprocess
import sys

import pytest

pytest.importorskip("nbgrader")

from gan_course.instructor.sandbox import MB, Guard, Limits  # noqa: E402

PROGRAM = """
import os, time
held = bytearray(200 * 2**20)
for place in range(0, len(held), 4096): held[place] = 1
for _ in range(5):
    if os.fork() == 0:
        for place in range(0, len(held), 4096): {touch}
        time.sleep(2)
        os._exit(0)
time.sleep(2)
"""


def guarded(touch):
    process = subprocess.Popen([sys.executable, "-c", PROGRAM.format(touch=touch)])
    guard = Guard(process, Limits(memory=600 * MB))
    guard.start()
    process.wait(timeout=300)
    guard.join()
    return guard


@pytest.mark.skipif(sys.platform != "linux", reason="what is shared can be told on Linux only")
def test_memory_that_forks_share_is_counted_once():
    guard = guarded("held[place]")
    assert guard.reason is None and guard.process.returncode == 0 and 200 * MB < guard.peak < 600 * MB


def test_memory_of_their_own_is_counted_for_each():
    guard = guarded("held[place] = 2")
    assert guard.reason == "used more than 0.586 GB of memory" and guard.process.returncode != 0
