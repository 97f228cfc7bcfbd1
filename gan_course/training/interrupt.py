"""What surrounds Keras's training loop: how it ends early, and why."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import keras
import numpy as np


class Watch(keras.callbacks.Callback):
    """End a training that was asked to stop, and one whose losses are no longer numbers.

    Keras's `TerminateOnNaN` looks at one loss named `loss` only, and lets the callbacks save what is spoiled.

    Args:
        stopped: Set when the training is to stop after the current step.
        epoch_ends: The step at which the first epoch ends, if a part of it was trained before.

    Raises:
        FloatingPointError: After the step, if a loss is infinite or not a number.
    """

    def __init__(self, stopped: threading.Event, epoch_ends: int | None = None) -> None:
        """Keep the settings."""
        super().__init__()
        self.stopped, self.epoch_ends, self._ends_epoch = stopped, epoch_ends, False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look at the losses, and whether to stop."""
        check_finite(logs, self.model)
        self._ends_epoch = (
            bool(self.epoch_ends) and not self.model.stop_training and self.model.steps >= self.epoch_ends
        )
        if self.stopped.is_set() or self._ends_epoch:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Let the training go on after a first epoch that was shorter."""
        if self._ends_epoch and not self.stopped.is_set():
            self.model.stop_training = False
        self._ends_epoch = False
        self.epoch_ends = None


def check_finite(logs: dict[str, Any], model: keras.Model) -> None:
    """Raise a `FloatingPointError` if a loss is infinite or not a number."""
    losses = {name: float(loss) for name, loss in logs.items()}
    if not np.all(np.isfinite([*losses.values()])):
        found = ", ".join(f"{name} is {loss}" for name, loss in losses.items())
        raise FloatingPointError(not_finite(found, model.steps))


def not_finite(found: str, step: int) -> str:
    """Return what to tell somebody whose training has diverged."""
    return (
        f"{found} after step {step:,}: the training has diverged, and every further step would only spread it; "
        "make the networks again and train in a new folder with a lower learning rate, a tenth of it to begin with"
    )


@contextmanager
def stop_gently() -> Iterator[threading.Event]:
    """Let the first Ctrl-C, or the stop button of a notebook, set an event in place of interrupting at once."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = signal.getsignal(signal.SIGINT)

    def stop(number: int, frame: Any) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, with which a cluster or Colab ends a program, do what Ctrl-C does; in the main thread only.

    Example:
        >>> import signal
        >>> from gan_course.training.interrupt import sigterm_as_ctrl_c
        >>> try:
        ...     with sigterm_as_ctrl_c():
        ...         signal.raise_signal(signal.SIGTERM)
        ... except KeyboardInterrupt:
        ...     print("interrupted")
        interrupted
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        ctrl_c = signal.getsignal(signal.SIGINT)
        (ctrl_c if callable(ctrl_c) else signal.default_int_handler)(signal.SIGINT, frame)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
