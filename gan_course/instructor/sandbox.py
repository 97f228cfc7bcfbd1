"""A process with no network, no sight of the machine, and limits: the command that starts it, and its guard."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

import gan_course
from gan_course.places import DATA

HOME = "/home/student"
SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")
MB = 2**20


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds, bytes and counts."""

    cell_seconds: float = 60
    total_seconds: float = 300
    memory: int = 3 * 2**30
    processes: int = 512  # threads count too, and TensorFlow starts dozens
    disk: int = 256 * MB
    output: int = 20 * MB
    interrupt_seconds: float = 5  # until a cell that ignores an interruption is killed with its kernel


def why_not() -> str | None:
    """Say why no sandbox can be made here; `None` when it can.

    Returns:
        A sentence for the instructor.
    """
    if sys.platform != "linux":
        return "the sandbox needs Linux; on Windows use WSL 2, elsewhere a virtual machine"
    if missing := [tool for tool in ("bwrap", "setpriv", "prlimit", "choom") if not shutil.which(tool)]:
        return f"{' and '.join(missing)} not found; run `apt-get install bubblewrap util-linux`"
    trial = subprocess.run(command(["true"], Limits(), {}, {}), capture_output=True, text=True)
    return f"bubblewrap does not work here: {trial.stderr.strip()}" if trial.returncode else None


def command(
    words: Sequence[str],
    limits: Limits,
    environment: dict[str, str],
    files: dict[str, Path],
    secret: Sequence[Path] = (),
) -> list[str]:
    """Return the words that run `words` inside a sandbox.

    Inside there are the system's programs, this Python with its packages, the helper package and `files`, all
    read-only; an empty home folder and `/tmp` of limited size; no network; nothing else. Started by root, it runs
    as a user that nobody is.

    Args:
        words: The program and its arguments.
        limits: What it may use.
        environment: Its environment, complete but for `HOME` and `PATH`.
        files: Files and folders to show, by the path inside.
        secret: Folders that must stay invisible even where they lie inside a folder that is shown.

    Returns:
        The words for `subprocess.Popen`.
    """
    root = os.geteuid() == 0
    bwrap = ["bwrap", "--die-with-parent", "--new-session", "--clearenv"]
    bwrap += ["--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    bwrap += [] if root else ["--unshare-user"]
    for name in ("bin", "sbin", "lib", "lib64"):
        bwrap += ["--symlink", f"usr/{name}", f"/{name}"]
    bwrap += ["--proc", "/proc", "--dev", "/dev", "--perms", "0755", "--dir", str(Path(HOME).parent)]
    for folder in ("/tmp", "/dev/shm", HOME):
        bwrap += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", folder]
    bwrap += _mounts(files, secret)
    bwrap += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]
    for name, value in {"HOME": HOME, "PATH": "/usr/bin", **environment}.items():
        bwrap += ["--setenv", name, value]
    user = 200_000 + os.getpid() % 100_000  # its own number, because the limit of processes counts by user
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    drop += [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if root else []
    limit = ["prlimit", f"--nproc={limits.processes}", f"--data={limits.memory}", f"--fsize={limits.disk}"]
    limit += ["--core=0", "--nofile=1024"]
    return ["choom", "-n", "1000", "--", *bwrap, "--", *drop, *limit, "--", *words]


def _mounts(files: dict[str, Path], secret: Sequence[Path]) -> list[str]:
    """Return bubblewrap's words for what is shown, and for what is hidden inside it."""
    package = Path(gan_course.__file__).resolve().parent
    hidden = {path.resolve() for path in [*secret, package.parent / "solutions"]}
    prefixes = {Path(sys.prefix), Path(sys.base_prefix)}
    packages = {Path(path) for path in sys.path if path and Path(path).is_dir()}
    packages = {path for path in packages if not any(one.is_relative_to(path.resolve()) for one in hidden)}
    own = {package, *([] if DATA.is_relative_to(package) else [DATA])}
    shown = {str(path): path for path in [*map(Path, SYSTEM), *prefixes, *packages, *own] if path.exists()} | files
    veiled = [str(path) for path in hidden if path.exists() and any(path.is_relative_to(one) for one in shown)]
    words, made = [], {"/", "/tmp"}
    for path in sorted([*shown, *veiled], key=len):
        for parent in map(str, reversed(Path(path).parents)):
            if parent not in made and not any(Path(parent).is_relative_to(one) for one in shown):
                words += ["--perms", "0755", "--dir", parent]
            made.add(parent)
        words += ["--ro-bind", str(shown[path].resolve()), path] if path in shown else ["--tmpfs", path]
    return words


class Guard(threading.Thread):
    """Watches what a process and its children use, and kills them all when it is too much.

    Attributes:
        reason: Why it killed; `None` as long as all is well.
        peak: The most memory seen, in bytes.
    """

    def __init__(self, process: subprocess.Popen, limits: Limits) -> None:
        """Remember what to watch; `start` begins to."""
        super().__init__(daemon=True)
        self.process, self.limits = process, limits
        self.reason: str | None = None
        self.peak = 0

    def run(self) -> None:
        """Look four times a second, until the process has ended."""
        while self.process.poll() is None:
            used = self._used(lambda one: one.memory_info().rss)
            if used > self.limits.memory:
                used = self._used(_own_share)
            self.peak = max(self.peak, used)
            if used > self.limits.memory:
                self.reason = f"used more than {self.limits.memory / 2**30:.3g} GB of memory"
                kill(self.process)
            time.sleep(0.25)

    def _used(self, memory: Callable[[psutil.Process], int]) -> int:
        """Return the memory of the process and its children."""
        used = 0
        with suppress(psutil.Error):
            for one in [*(top := psutil.Process(self.process.pid)).children(recursive=True), top]:
                with suppress(psutil.Error):
                    used += memory(one)
        return used


def _own_share(process: psutil.Process) -> int:
    """Return the memory of a process, what it shares with its children after a fork divided among them."""
    try:
        return process.memory_full_info().pss
    except (AttributeError, psutil.AccessDenied):  # not Linux, or hidden
        return process.memory_info().rss


def kill(process: subprocess.Popen) -> None:
    """End a process and all that it started; inside the sandbox nothing outlives its first process."""
    with suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
    process.kill()
    process.wait()
