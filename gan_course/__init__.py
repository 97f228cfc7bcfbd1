"""The helper package of gan-course: what the lessons write out, tested and ready to import.

Names load when they are first used, so that `import gan_course` costs almost nothing
and TensorFlow starts only when it is needed.
"""

import importlib
import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # off by default on CPUs without AVX-512; up to twice as fast

__version__ = "0.1.0"

_ROOMS = (
    "callbacks",
    "datasets",
    "layers",
    "metrics",
    "models",
    "plane",
    "plots",
    "recipes",
    "style",
    "synthetic",
    "training",
    "widgets",
)

__all__ = ["GAN", "pretrained", "quiet_tensorflow", "train_folder", "train_mnist", "train_pairs", *_ROOMS]


def quiet_tensorflow() -> None:
    """Import TensorFlow without the messages that its native code writes while it starts.

    They are written before TensorFlow has read its own log settings, so stderr is closed for that moment.
    Its warnings in Python are switched off too, such as that predictions of several networks take several graphs.
    TensorFlow 2.20 also reports an error when it fails to fuse a convolution with LeakyReLU in training;
    since that fails anyway, it is told not to try.

    Example:
        >>> import gan_course
        >>> gan_course.quiet_tensorflow()
    """
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        tensorflow = importlib.import_module("tensorflow")
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
    tensorflow.get_logger().setLevel("ERROR")
    if tensorflow.__version__.startswith("2.20."):
        tensorflow.config.optimizer.set_experimental_options({"remapping": False})


def __getattr__(name: str) -> Any:
    if name == "GAN":
        return importlib.import_module("gan_course.training.gan").GAN
    if name == "pretrained":
        return importlib.import_module("gan_course.training.trained").pretrained
    if name in ("train_folder", "train_mnist", "train_pairs"):
        return getattr(importlib.import_module("gan_course.train"), name)
    if name in _ROOMS:
        return importlib.import_module(f"gan_course.{name}")
    raise AttributeError(f"module 'gan_course' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
