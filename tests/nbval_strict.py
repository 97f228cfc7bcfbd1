"""A pytest plugin: nbval compares every cell of a lesson, except those tagged `training`.

python -m pytest -p tests.nbval_strict --nbval --nbval-current-env notebooks

Where GAN_COURSE_STEPS makes trainings short, the cell after each is not compared either: it says what a training
must have done.
"""

import os

import pytest
from nbval import kernel
from nbval.plugin import IPyNbCell

OUTPUT_TIMEOUT = 120  # seconds; nbval's own 5 are too few on a busy machine (its issues 136 and 231)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    after_training = False
    for item in items:
        if isinstance(item, IPyNbCell):
            item.output_timeout = OUTPUT_TIMEOUT
            item.parent.skip_compare = {*item.parent.skip_compare, "stderr"}
            is_training = "training" in item.cell.metadata.get("tags", [])
            if is_training or (after_training and "GAN_COURSE_STEPS" in os.environ):
                item.options["check"] = False
            after_training = is_training


def _execute(self: kernel.RunningKernel, source: str, allow_stdin: bool | None = None) -> str:
    # with store_history=False IPython ignores a trailing ';' (nbval issue 194)
    return self.kc.execute(source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


def _start(*args: object, **kwargs: object) -> object:
    # a kernel that sees this variable does not capture what native code writes
    test = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        return _start_new_kernel(*args, **kwargs)
    finally:
        if test is not None:
            os.environ["PYTEST_CURRENT_TEST"] = test


_start_new_kernel = kernel.start_new_kernel
kernel.start_new_kernel = _start
kernel.RunningKernel.execute_cell_input = _execute
