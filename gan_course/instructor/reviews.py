"""Reviews that a person has settled: they stay so until something else is handed in."""

import json
from collections.abc import Sequence
from pathlib import Path

from gan_course.files import replacing
from gan_course.instructor.submissions import Submission, file_name


class Reviews:
    """Which submissions a person has looked at.

    Args:
        path: The file that keeps it.
    """

    def __init__(self, path: Path) -> None:
        """Read what was settled before."""
        self.path = path
        self.digests: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def settle(self, students: Sequence[str], found: Sequence[Submission]) -> None:
        """Settle all that some students have handed in.

        Raises:
            ValueError: If one of them has handed in nothing.
        """
        for student in students:
            theirs = [one for one in found if one.student == student and not one.file.problem]
            if not theirs:
                names = ", ".join(dict.fromkeys(one.student for one in found))
                raise ValueError(f"--reviewed is {student}; expected a name in the column student: {names}")
            self.digests |= {file_name(one): one.digest for one in theirs}
        if students:
            with replacing(self.path) as beside:
                beside.write_text(json.dumps(self.digests, indent=1), encoding="utf-8")

    def settled(self, one: Submission) -> bool:
        """Whether a submission is settled, and the same as then."""
        return self.digests.get(file_name(one)) == one.digest
