import os

import pytest

os.environ["GAN_COURSE_DATA"] = ""

import gan_course  # noqa: E402

gan_course.quiet_tensorflow()


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=3, help="how often a training is killed (default: 3)")


@pytest.fixture
def kills(request):
    return request.config.getoption("--kills")
