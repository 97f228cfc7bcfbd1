"""Trainings in other processes that are killed, or whose disk is full or read-only, and then go on."""

import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gan_course.callbacks import read_losses
from tests.conftest import missing
from tests.training import main

pytestmark = pytest.mark.thorough
TRAINING = [sys.executable, "-m", "tests.training"]
ROOT = Path(__file__).parents[1]
STEPS = 200


def words(folder: Path, **settings: object) -> list[str]:
    return [str(folder), *(f"--{name.replace('_', '-')}={value}" for name, value in settings.items())]


def trained(trace: Path) -> list[int]:
    return [int(step) for step in trace.read_text().split()] if trace.exists() else []


def wait_until(process: subprocess.Popen, happened) -> None:
    until = time.monotonic() + 600
    while not happened():
        assert process.poll() is None, "the training ended before it was killed"
        assert time.monotonic() < until
        time.sleep(0.0005)


def kill_somewhere(command: list[str], folder: Path, trace: Path, moment: str, chance: random.Random) -> None:
    """Start a training and kill it while it starts, between any two instructions of it, or while it saves."""
    before, steps = len(trained(trace)), chance.randint(1, 12)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
    assert process.stdout.readline() == "ready\n"
    if moment == "starting":
        time.sleep(chance.uniform(0, 1))
    else:
        wait_until(process, lambda: len(trained(trace)) >= before + steps)
        if moment == "writing":
            wait_until(process, (folder / ".gan.partial.keras").exists)
        time.sleep(chance.uniform(0, 0.03))
    process.kill()
    process.communicate()


def assert_same_state(one: Path, other: Path) -> None:
    with np.load(one / "state.npz") as a, np.load(other / "state.npz") as b:
        assert a.files == b.files
        for name in a.files:
            np.testing.assert_array_equal(a[name], b[name])


def assert_same_training(one: Path, other: Path) -> None:
    """Compare two folders to the bit, but for the seconds in the history and the dates in the Keras files."""
    assert_same_state(one, other)
    a, b = (read_losses(folder / "run" / "history.csv") for folder in (one, other))
    assert [row[:3] for row in a] == [row[:3] for row in b]
    a, b = ({path.name: path.read_bytes() for path in (each / "run/samples").iterdir()} for each in (one, other))
    assert a == b
    a, b = ({path.name for path in (each / "run").glob("*gan*")} for each in (one, other))
    assert a == b == {"gan.keras", "gan-previous.keras"}


@pytest.mark.parametrize("data", ["array", "dataset"])
def test_killed_at_any_moment_and_started_again_the_training_ends_the_same(tmp_path, kills, data):
    steps, every, chance = 30 * (kills + 1), 3, random.Random(f"{data} {kills}")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    settings = {"steps": steps, "every": every, "data": data}
    main(words(whole / "run", state=whole / "state.npz", **settings))
    trace = killed / "trace"
    same = words(killed / "run", state=killed / "state.npz", trace=trace, **settings)
    ends = []
    for number in range(kills):
        moment = ("writing", "training", "starting")[number % 3]
        kill_somewhere([*TRAINING, *same], killed / "run", trace, moment, chance)
        ends.append(len(trained(trace)))
    main(same)
    computed = trained(trace)
    for end in ends:
        if 0 < end < len(computed):
            assert computed[end - 1] - every < computed[end] <= computed[end - 1] + 1
    assert_same_training(whole, killed)


def private_mounts() -> list[str]:
    for command in (["unshare", "--mount"], ["unshare", "-rm"]):
        trial = [*command, "mount", "-t", "tmpfs", "none", "/mnt"]
        if shutil.which("unshare") and subprocess.run(trial, capture_output=True).returncode == 0:
            return command
    return missing("this system gives no private mounts, so no disk can really be full or read-only")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The training of the next tests, never disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    main(words(folder / "run", steps=STEPS, every=100, state=folder / "state.npz"))
    return folder


def run_mounted(tmp_path: Path, mount: str, training: list[str]) -> subprocess.CompletedProcess:
    """Run a training whose folder `run` is mounted for it alone, and copy what it leaves to the real one."""
    run = tmp_path / "run"
    run.mkdir(exist_ok=True)
    script = f'real=$1; shift; {mount}; "$@"; code=$?; cp -r run/. "$real"; exit $code'
    real = tmp_path / "left"
    shell = ["sh", "-c", f'cd "{tmp_path}"; {script}', "sh", str(real)]
    environment = ["env", f"PYTHONPATH={ROOT}"]
    real.mkdir()
    result = subprocess.run(
        [*private_mounts(), *shell, *environment, *TRAINING, *training], capture_output=True, text=True, cwd=ROOT
    )
    shutil.rmtree(run)
    real.rename(run)
    return result


@pytest.mark.parametrize(
    ("keep", "every", "written"),
    [
        ("checkpoint", 3, r"run/gan\.keras"),
        ("samples,checkpoint", 15, r"run/samples/step_000020\.png"),
        ("log,checkpoint", 1000, r"run/history\.csv"),
    ],
)
def test_a_full_disk_stops_the_training_which_goes_on_when_there_is_space(tmp_path, whole, keep, every, written):
    result = run_mounted(
        tmp_path,
        "mount -t tmpfs -o size=2m none run",
        words(Path("run"), steps=STEPS, keep=keep, every=every, fill_disk_at=17),
    )
    assert result.returncode == 1
    assert re.fullmatch(
        rf"OSError: cannot write {written}: No space left on device; free some space or choose another folder\n",
        result.stderr,
    )
    found = re.search(r"Stopped after step (\d+); run/gan.keras holds step (\d+)", result.stdout)
    stopped, held = map(int, found.groups())
    assert 17 <= stopped < STEPS and stopped - every <= held <= stopped
    (tmp_path / "run" / "ballast").unlink()
    main(words(tmp_path / "run", steps=STEPS, every=100, state=tmp_path / "state.npz"))
    assert_same_state(whole, tmp_path)


def test_a_folder_that_becomes_read_only_stops_the_training_which_goes_on_elsewhere(tmp_path, whole):
    training = words(Path("run"), steps=STEPS, keep="samples,checkpoint", read_only_at=17)
    result = run_mounted(tmp_path, "mount --bind run run", training)
    assert result.returncode == 1
    assert result.stdout.endswith("Stopped after step 18; run/gan.keras holds step 15.\n")
    assert re.fullmatch(r"OSError: cannot write run/.+: Read-only file system; free .+\n", result.stderr)
    main(words(tmp_path / "run", steps=STEPS, every=100, state=tmp_path / "state.npz"))
    assert_same_state(whole, tmp_path)


def test_a_read_only_folder_is_named_before_the_first_step(tmp_path, whole):
    shutil.copytree(whole / "run", tmp_path / "run")
    result = run_mounted(
        tmp_path,
        "mount --bind run run; mount -o remount,bind,ro run",
        words(Path("run"), steps=STEPS + 10, keep="checkpoint", trace=tmp_path / "trace"),
    )
    assert result.returncode == 1 and trained(tmp_path / "trace") == []
    assert re.fullmatch(r"OSError: cannot write run/gan.keras: Read-only file system; .+\n", result.stderr)
