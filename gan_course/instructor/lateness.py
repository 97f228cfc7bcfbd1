"""How late a submission is, and what that costs."""

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from gan_course.instructor.names import Name


class Late(NamedTuple):
    """What is known of a submission's lateness.

    Attributes:
        marked: Whether the system that it came from marks it as late.
        days: Days late, each that has begun; 0 if it is in time, None where nothing tells.
        share: The part of an exercise's points that this takes off, in [0, 1].
        note: What a person should know of it, in a sentence; empty if nothing.
        doubtful: Whether a person has to decide.
    """

    marked: bool = False
    days: int | None = None
    share: float = 0
    note: str = ""
    doubtful: bool = False

    def __str__(self) -> str:
        """Say it as the table does: `late`, `2 days`, or nothing."""
        days = f"{self.days} day{'s'[: self.days > 1]}" if self.days else ""
        return days or ("late" if self.marked else "")


class Deadline(NamedTuple):
    """When an exercise is to be handed in, and what a day costs.

    Attributes:
        time: The last moment in time, on the clock that the submissions' names and files have.
        penalty: Percent of an exercise's points that each day takes off, also one that has only begun.

    Example:
        >>> deadline = Deadline(datetime(2026, 3, 15, 23, 59), penalty=10)
        >>> late = deadline.of(Name("kim", attempt="2026-03-17-08-00-00"), ())
        >>> str(late), late.share
        ('2 days', 0.2)
    """

    time: datetime
    penalty: float = 0

    def of(self, name: Name, written: tuple[int, ...]) -> Late:
        """Return how late a submission is.

        Args:
            name: What its path tells; a time in it is when it was handed in.
            written: The time of the file, which counts where no system has named it: a system's download gives
                its files the time of the download.
        """
        if not name.attempt and not written:  # there is no file
            return Late()
        if name.system and not name.attempt:
            note = f"marked as late; {name.system.title()} does not tell by how much, so nothing was taken off"
            return Late(name.late, note=note * name.late, doubtful=name.late and self.penalty > 0)
        try:
            handed_in = datetime(*(map(int, name.attempt.split("-")) if name.attempt else written[:6]))
        except ValueError:
            return Late(name.late, note="handed in at no possible time, by its name or zip", doubtful=True)
        days = max(0, math.ceil((handed_in - self.time) / timedelta(days=1)))
        share = min(1.0, days * self.penalty / 100)
        by = "" if name.attempt else f", by the time of the file ({handed_in:%Y-%m-%d %H:%M})"
        return Late(name.late, days, share, f"{Late(days=days)} late{by}" if days else "")


def read_deadline(text: str | None, penalty: float | None = None) -> Deadline | None:
    """Return a deadline, or None without one; a day alone ends at midnight.

    Raises:
        ValueError: If the time is none, or the penalty has no deadline or is no percentage.

    Example:
        >>> read_deadline("2026-03-15").time, read_deadline("2026-03-15 18:00").time
        (datetime.datetime(2026, 3, 15, 23, 59, 59), datetime.datetime(2026, 3, 15, 18, 0))
    """
    if text is None:
        if penalty is not None:
            raise ValueError("--late-penalty needs --deadline, from which the days are counted")
        return None
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"--deadline is {text}; expected a day as 2026-03-15 or '2026-03-15 18:00'") from None
    if time.tzinfo:
        raise ValueError(f"--deadline is {text}; expected a time without a zone, that of your own clock")
    if penalty is not None and not 0 <= penalty <= 100:
        raise ValueError(f"--late-penalty is {penalty:g}; expected percent from 0 to 100")
    return Deadline(time.replace(hour=23, minute=59, second=59) if len(text.strip()) <= 10 else time, penalty or 0)
