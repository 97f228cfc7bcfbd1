import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

os.environ.setdefault("FULL_MNIST", os.environ.get("GAN_COURSE_DATA", ""))  # kept for the workers of pytest-xdist
os.environ["GAN_COURSE_DATA"] = ""
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy's threads would wait for each other

import hypothesis  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

import gan_course  # noqa: E402

gan_course.quiet_tensorflow()
hypothesis.settings.register_profile("course", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("course")


collect_ignore = ["browser"]  # has a command of its own, `make test-browser`


def missing(what: str) -> NoReturn:
    """Skip the test, or fail it in CI, where nothing may be missing."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=3, help="how often a training is killed (default: 3)")


@pytest.fixture
def kills(request):
    return request.config.getoption("--kills")


@pytest.fixture
def full_mnist() -> Mapping[str, np.ndarray]:
    """x_train, y_train, x_test and y_test of the full file."""
    path = Path(os.environ["FULL_MNIST"], "mnist.npz")
    if not path.is_file():
        pytest.skip("GAN_COURSE_DATA names no folder with the full mnist.npz")
    return np.load(path)


@pytest.fixture
def few_samples(monkeypatch):
    """The quality of a training is measured on 200 samples in place of 5,000."""
    from gan_course import metrics
    from gan_course.callbacks import quality

    measure = metrics.digit_quality
    for module in (metrics, quality):
        monkeypatch.setattr(module, "digit_quality", lambda source, count=0, seed=0: measure(source, 200, seed))


@pytest.fixture
def few_digits(tmp_path, monkeypatch) -> Path:
    """A folder of the test, as current folder; trainings learn from 64 digits and see no file of this machine."""
    from gan_course import datasets

    images, labels = datasets.load_mnist("embedded")
    (tmp_path / "data").mkdir()
    np.savez_compressed(tmp_path / "data" / "mnist.npz", x_train=images[:64, ..., 0], y_train=labels[:64])
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr("gan_course.places.DRIVE", tmp_path / "drive")
    monkeypatch.chdir(tmp_path)
    return tmp_path
