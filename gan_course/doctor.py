"""What is installed, where the data is, and what is wrong with it: the command `gan-course doctor`."""

import importlib
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING

import gan_course
from gan_course.backend import keras_problems, reason
from gan_course.files import DataError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

MODULES = {"ipython": "IPython", "matplotlib": "matplotlib.pyplot", "pillow": "PIL.Image"}
SLOW = ("keras", "tensorflow")  # imported once, by `keras_problems`


def doctor() -> list[str]:
    """Print what is found, and return what is wrong, a sentence each.

    Example:
        >>> from gan_course.doctor import doctor
        >>> problems = doctor()  # doctest: +ELLIPSIS
        gan-course 0...
    """
    print(f"gan-course {gan_course.__version__}, Python {platform.python_version()}")
    problems: list[str] = []
    for check in (_check_packages, keras_problems, _check_machine, _check_digits, _check_faces):
        try:
            problems += check()
        except ImportError as error:  # as a rule named already
            problems = problems or [f"{error}; install gan-course again"]
    return [*dict.fromkeys(problems)]


def _check_packages() -> Iterator[str]:
    """Print the versions of what the course needs, and yield what is missing, out of range or broken."""
    try:
        needs = _needs("gan-course", extra="instructor" if find_spec("nbgrader") else "")
    except ModuleNotFoundError as error:  # it is a checkout that was never installed, or packaging is missing
        name = error.name.partition(".")[0]
        yield f"{name} is not installed, so nobody knows what else is missing; install gan-course again"
        return
    for needed in needs:
        version = _version(needed.name)
        print(f"{needed.name} {version or 'is missing'}")
        if not version:
            yield f"{needed.name} is not installed; {_pip(needed)}"
        elif misfit := _misfit("the course", needed):
            yield misfit
        elif needed.name not in SLOW and not needed.marker:
            try:
                importlib.import_module(MODULES.get(needed.name, needed.name))
            except Exception as error:  # a broken installation fails in many ways
                remedy = f"run `pip install --force-reinstall {needed.name}`"
                yield f"{needed.name} cannot be imported ({reason(error)}); {remedy}"
    with suppress(ModuleNotFoundError):
        yield from filter(None, (_misfit("TensorFlow", needed) for needed in _needs("tensorflow")))


def _needs(package: str, extra: str = "") -> list["Requirement"]:
    from packaging.requirements import Requirement

    needs = map(Requirement, metadata.requires(package) or [])
    return [needed for needed in needs if not needed.marker or needed.marker.evaluate({"extra": extra})]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _misfit(whose: str, needed: "Requirement") -> str | None:
    version = _version(needed.name)
    if not version or needed.specifier.contains(version, prereleases=True):
        return None
    return f"{needed.name} is {version}, and {whose} needs {needed.specifier}; {_pip(needed)}"


def _pip(needed: "Requirement") -> str:
    return f'run `pip install "{needed.name}{needed.specifier}"`'


def _check_machine() -> Iterator[str]:
    if os.environ.get("TF_USE_LEGACY_KERAS") in ("1", "true", "True"):
        yield "TF_USE_LEGACY_KERAS makes tf.keras an old Keras, whose networks the course cannot train; unset it"
    with suppress(Exception):  # named by `keras_problems`
        tensorflow = importlib.import_module("tensorflow")
        gpus = tensorflow.config.list_physical_devices("GPU")
        print(f"device: {f'{len(gpus)} GPU' if gpus else 'CPU only'}, {os.cpu_count()} CPU cores")
    print(f"grading: {_grading()}")


def _grading() -> str:
    if not find_spec("nbgrader"):
        return "nbgrader is not installed; only instructors need it"
    from gan_course.instructor.sandbox import why_not

    why = why_not()
    return f"nbgrader {metadata.version('nbgrader')}, {f'no sandbox: {why}' if why else 'in a sandbox'}"


def _check_digits() -> Iterator[str]:
    from gan_course.datasets import damaged_mnist, find_mnist, load_mnist

    try:
        print(f"embedded digits: {len(load_mnist('embedded')[0]):,}")
    except DataError as error:
        yield f"{error}; install gan-course again"
    try:
        found = find_mnist()
        print(f"full MNIST: {found or 'not on this machine; it is downloaded when first used'}")
        if found:
            load_mnist(found)
        if damaged := damaged_mnist():
            yield f"{damaged} is not the MNIST file it should be; move it away, and it is downloaded again"
    except (DataError, OSError) as error:
        yield str(error)


def _check_faces() -> Iterator[str]:
    from gan_course.datasets import find_faces

    try:
        found = find_faces()
        print(f"faces: {found or 'no folder of CelebA on this machine; the course draws them'}")
        if found and not any(os.scandir(found)):
            yield f"{found} is empty; put the pictures of CelebA into it, or remove it and the course draws faces"
    except (DataError, OSError) as error:
        yield str(error)
