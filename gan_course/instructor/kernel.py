"""A notebook's kernel in a process of its own; what it sends is only ever read as messages."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any, Self, cast

import matplotlib
import psutil
import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.channels import ZMQSocketChannel
from jupyter_client.connect import write_connection_file

import gan_course
from gan_course.instructor.sandbox import Guard, Limits, command, kill

SOCKETS = "/tmp/kernel"
LARGEST_MESSAGE = 10_000_000  # bytes; a longer one is not received
TOO_MUCH = "wrote too much at once"
BROKEN = (ValueError, TypeError, KeyError, AttributeError, RecursionError)  # what a forged message can cause
ENVIRONMENT = {
    "GAN_COURSE_STEPS": "3",  # how long an exercise trains; no mark depends on it
    "GAN_COURSE_FULL": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "1",  # several submissions run at a time
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "LANG": "C.UTF-8",
    "USER": "student",
    "PYTHONPATH": str(Path(gan_course.__file__).resolve().parents[1]),
}


class KernelDied(Exception):
    """The kernel is no more; the message says why, as far as it is known."""


class EngineError(RuntimeError):
    """Grading itself failed, before any code of the submission ran."""


@dataclass
class Outcome:
    """What became of one cell."""

    ok: bool = False
    error: str = ""
    value: str | None = None
    answers: dict[str, str] = field(default_factory=dict)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    limit: str = ""


class Kernel:
    """Starts a kernel, runs cells in it, and ends it with all that it started.

    Args:
        limits: What it may use.
        sandboxed: Whether it runs inside bubblewrap.
        secret: Folders that must not be seen from inside.

    Raises:
        EngineError: On entering, if the kernel does not answer.

    Example:
        >>> with Kernel(Limits(), sandboxed=False) as kernel:
        ...     kernel.run("1 + 1", seconds=60).value
        '2'
    """

    def __init__(self, limits: Limits, sandboxed: bool = True, secret: Sequence[Path] = ()) -> None:
        """Remember the settings; entering starts the kernel."""
        self.limits, self.sandboxed, self.secret = limits, sandboxed, secret
        self.forged = False  # whether one question was answered twice
        self._answered: set[str] = set()

    def __enter__(self) -> Self:
        """Start the kernel and wait until it answers."""
        self.folder = tempfile.TemporaryDirectory(prefix="gan-course-", ignore_cleanup_errors=True)
        transport: dict[str, Any] = {"transport": "ipc", "ip": SOCKETS} if self.sandboxed else {"transport": "tcp"}
        file, info = write_connection_file(
            f"{self.folder.name}/connection.json", key=secrets.token_hex().encode(), **transport
        )
        self.process = self._start(Path(file))
        self.guard = Guard(self.process, self.limits)
        self.guard.start()
        self.context = zmq.Context()
        try:
            self._connect(dict(info))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End it with all that it started."""
        kill(self.process)
        if hasattr(self, "client"):
            self.client.stop_channels()
        self.context.destroy(linger=0)
        self.guard.join()
        self.folder.cleanup()

    def _start(self, connection: Path) -> subprocess.Popen:
        words, environment = [sys.executable, "-m", "ipykernel_launcher", "-f"], dict(ENVIRONMENT)
        if self.sandboxed:
            files = {"/tmp/connection.json": connection}
            if data := os.environ.get("GAN_COURSE_DATA"):
                environment["GAN_COURSE_DATA"] = data
                files[str(Path(data).absolute())] = Path(data)
            environment["MPLCONFIGDIR"] = "/tmp/matplotlib"
            fonts = Path(matplotlib.get_cachedir()).glob("fontlist-*.json")  # finding the fonts takes seconds
            files |= {f"/tmp/matplotlib/{path.name}": path for path in fonts}
            connection.chmod(0o644)
            words = command([*words, "/tmp/connection.json"], self.limits, environment, files, self.secret)
        else:
            words, environment = [*words, str(connection)], {**os.environ, **environment}
        quiet: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
        }
        return subprocess.Popen(words, env=environment, cwd=self.folder.name, start_new_session=True, **quiet)

    def _connect(self, info: dict[str, Any]) -> None:
        for option, value in [(zmq.MAXMSGSIZE, LARGEST_MESSAGE), (zmq.RCVHWM, 50), (zmq.LINGER, 0)]:
            self.context.setsockopt(option, value)
        deadline = time.monotonic() + max(60, self.limits.cell_seconds)
        while self.sandboxed and not (root := self._root(info)):
            self._check_start(deadline)
            time.sleep(0.05)
        if self.sandboxed:
            info["ip"] = root + SOCKETS
        client = BlockingKernelClient(context=self.context)
        client.load_connection_info(cast(Any, info))
        client.start_channels(iopub=False, stdin=False, hb=False)
        self.client = client
        self._listen()
        while True:  # the first messages of a kernel are lost if it is not listening yet
            request = client.kernel_info()
            with suppress(Empty, *BROKEN):
                while client.get_shell_msg(timeout=1)["parent_header"]["msg_id"] != request:
                    pass
                break
            self._check_start(deadline)
        with suppress(Empty):
            while True:
                client.get_iopub_msg(timeout=0.2)

    def _listen(self) -> None:
        self.client.iopub_channel.start()
        self.hang_up = self.client.iopub_channel.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)

    def _root(self, info: dict[str, Any]) -> str | None:
        """Return the way into the sandbox's file system, once the kernel listens there."""
        with suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                root = f"/proc/{child.pid}/root"
                with suppress(OSError):
                    if Path(f"{root}{SOCKETS}-{info['hb_port']}").exists():
                        return root
        return None

    def _check_start(self, deadline: float) -> None:
        if self.process.poll() is not None:
            raise EngineError(f"the kernel ended with code {self.process.returncode} before it could run anything")
        if time.monotonic() > deadline:
            raise EngineError("the kernel did not start in time; is the machine too busy?")

    def run(self, source: str, seconds: float, ask: dict[str, str] | None = None) -> Outcome:
        """Run one cell.

        Args:
            source: Its text.
            seconds: After this time it is interrupted; other cells can still run.
            ask: Expressions to evaluate when it has run without an error.

        Returns:
            What became of it.

        Raises:
            KernelDied: If the kernel ended, or was killed because it used too much or ignored the interruption.
        """
        request = self.client.execute(source, store_history=False, user_expressions=ask, allow_stdin=False)
        outcome, seen, deadline = Outcome(), _Outputs(request), time.monotonic() + seconds
        while (reply := self._reply(request)) is None:
            self._read_outputs(seen)
            late = time.monotonic() > deadline
            if outcome.limit and late:
                self._die(f"{outcome.limit}, and could not be interrupted")
            if self.process.poll() is not None:
                self._die("the kernel ended")
            if not outcome.limit and (limit := self._limit(seen, seconds if late else None)):
                outcome.limit, deadline = limit, time.monotonic() + self.limits.interrupt_seconds
                self.client.control_channel.send(self.client.session.msg("interrupt_request", {}))
            self._wait(self.client.shell_channel, self.client.iopub_channel)
        patience = time.monotonic() + 1
        while not seen.idle and time.monotonic() < patience:
            self._wait(self.client.iopub_channel)
            self._read_outputs(seen)
        if not seen.idle:
            outcome.limit = outcome.limit or TOO_MUCH
            self.client.iopub_channel.close()
            self.client._iopub_channel = None
            self._listen()
        outcome.ok = reply.get("status") == "ok" and not outcome.limit
        outcome.error = (
            ""
            if outcome.ok
            else outcome.limit or as_letters(f"{reply.get('ename')}: {reply.get('evalue')}")[:2000]
        )
        outcome.value, outcome.outputs = seen.value, seen.outputs
        with suppress(*BROKEN):
            answers = reply["user_expressions"].items()
            outcome.answers = {key: answer["data"]["text/plain"] for key, answer in answers}
        return outcome

    def _limit(self, seen: "_Outputs", over: float | None) -> str:
        """Say which limit a cell has passed, if any; `over` are the seconds it had, once they are over."""
        if seen.size > self.limits.output:
            return "wrote endless output"
        if self.hang_up.poll(0):  # ZeroMQ hangs up on a message that is too long
            return TOO_MUCH
        return "" if over is None else f"ran longer than {over:.0f} s"

    def _die(self, reason: str) -> None:
        kill(self.process)
        raise KernelDied(self.guard.reason or reason)

    def _wait(self, *channels: ZMQSocketChannel) -> None:
        poller = zmq.Poller()
        for channel in channels:
            poller.register(channel.socket, zmq.POLLIN)
        poller.poll(100)

    def _reply(self, request: str) -> dict[str, Any] | None:
        with suppress(Empty, *BROKEN):
            message = self.client.get_shell_msg(timeout=0)
            answered = message["parent_header"]["msg_id"]
            self.forged |= answered in self._answered
            self._answered.add(answered)
            if answered == request:
                return dict(message["content"])
        return None

    def _read_outputs(self, seen: "_Outputs") -> None:
        stop = time.monotonic() + 0.5
        while time.monotonic() < stop:
            try:
                seen.add(self.client.get_iopub_msg(timeout=0))
            except Empty:
                return
            except BROKEN:
                continue


def as_letters(text: object) -> str:
    """Return a text that any file can hold: half a surrogate pair becomes a question mark."""
    return str(text).encode("utf-8", errors="replace").decode()


class _Outputs:
    """The outputs of one cell, as far as they are wanted: text, pictures and errors, no scripts."""

    KEPT = 2_000_000  # characters a cell

    def __init__(self, request: str) -> None:
        self.request, self.size, self.idle = request, 0, False
        self.value: str | None = None
        self.outputs: list[dict[str, Any]] = []

    def add(self, message: dict[str, Any]) -> None:
        content, kind = message["content"], message["msg_type"]
        self.size += 100 + sum(len(str(value)) for value in [*content.values(), *content.get("data", {}).values()])
        if message["parent_header"]["msg_id"] != self.request:
            return
        if kind == "status":
            self.idle = content["execution_state"] == "idle"
        if self.size > self.KEPT:
            return
        if kind == "stream":
            self.outputs.append({"text": as_letters(content["text"])})
        elif kind == "error":
            self.outputs.append({"error": as_letters(f"{content['ename']}: {content['evalue']}")})
        elif kind in ("display_data", "execute_result"):
            data = content["data"]
            wanted = (
                {"image": as_letters(data["image/png"])}
                if "image/png" in data
                else {"text": as_letters(data["text/plain"])}
            )
            self.outputs.append(wanted)
            if kind == "execute_result":
                self.value = str(data["text/plain"])
