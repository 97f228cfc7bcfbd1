"""Processes of the grader's own: each submission is marked in one, and the judge sits in one."""

import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

CONTEXT: Any = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
CONTEXT.set_forkserver_preload(["gan_course.instructor.marking"])  # imported once, not for every submission


class Processes:
    """Those of one grading; once they were ended, none starts any more."""

    def __init__(self) -> None:
        """None runs yet."""
        self.running: set[BaseProcess] = set()
        self.lock, self.ended = threading.Lock(), False

    def call(self, function: Callable[..., Any], *arguments: Any, seconds: float | None = None) -> Any:
        """Call a function in a process of its own, so that nothing is left of it and a crash is only its own.

        Args:
            function: What to call.
            arguments: What with.
            seconds: After this time it is ended.

        Raises:
            ValueError: As in there; `OSError` too.
            RuntimeError: With the words of any other error in there, or if the process ended without an answer.
        """
        receiver, sender = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=_send, args=(sender, function, arguments), daemon=True)
        self._start(process)
        sender.close()
        late = not receiver.poll(seconds)
        if late:
            process.terminate()
        try:
            result = receiver.recv()
        except EOFError:
            result = None
        process.join()
        with self.lock:
            self.running.discard(process)
        if late:
            raise RuntimeError(f"the grading process took longer than {seconds:.0f} s")
        if result is None:
            raise RuntimeError(f"the grading process ended with code {process.exitcode}")
        if isinstance(result, Exception):
            raise result
        return result

    def _start(self, process: BaseProcess) -> None:
        with self.lock:
            if self.ended:
                raise RuntimeError("the grading was interrupted")
            process.start()
            self.running.add(process)

    def end(self) -> None:
        """End all, and start none any more."""
        with self.lock:
            self.ended = True
            for process in self.running:
                process.terminate()


def _send(sender: Connection, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asked
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        sender.send(function(*arguments))
    except (ValueError, OSError) as error:
        sender.send(error)
    except Exception as error:
        sender.send(RuntimeError(str(error) or type(error).__name__))
