"""What happens during training: ordinary Keras callbacks that count steps over all calls of `fit`."""

from gan_course.callbacks.live import LivePlot
from gan_course.callbacks.losses import LossLog, read_losses
from gan_course.callbacks.progress import Progress
from gan_course.callbacks.quality import Quality, read_quality
from gan_course.callbacks.samples import SampleGrid
from gan_course.callbacks.saving import SaveModel, save_model
from gan_course.training.checkpoint import Checkpoint

__all__ = [
    "Checkpoint",
    "LivePlot",
    "LossLog",
    "Progress",
    "Quality",
    "SampleGrid",
    "SaveModel",
    "read_losses",
    "read_quality",
    "save_model",
]
