"""Checkpoints: a training that was killed goes on where it was, to the bit."""

import io
import json
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from gan_course import runs
from gan_course.arguments import whole
from gan_course.files import explained, free_name, replacing
from gan_course.places import as_path
from gan_course.training.interrupt import not_finite
from gan_course.training.settings import differences, plain, settings_of


class Resumable(Protocol):
    """What a model must have for its training to be kept: it is a Keras model with these beside.

    Attributes:
        steps: How many steps it has trained.
        optimizers: Its optimizers by role; `get_compile_config` has `{role}_optimizer` for each.
        folder: That of its training, if it has one.
    """

    steps: int
    optimizers: dict[str, keras.optimizers.Optimizer]
    folder: Path | None


class Checkpoint(keras.callbacks.Callback):
    """Keep the whole training in a folder, so that the same call of `GAN.fit` goes on where it was.

    `fit` then counts from the beginning of the folder's training: `epochs` and `steps_per_epoch` say how far
    it shall come, and only the steps that are missing are trained. Weights, optimizers, random states and the
    order of the images go on exactly; after a kill at most the steps since the last save are trained again.

    `gan.keras` is the last state and `gan-previous.keras` the one before. Both are ordinary Keras files that
    `keras.models.load_model` opens (import `gan_course.GAN` first). Into each goes a `run.json` that says at
    which step and with which settings it was made. A damaged file is named and set aside, and the one before
    is used.

    Keras's `BackupAndRestore` (of Keras 3.15) was not enough: it leaves out the random states and the order of the
    images, keeps the file before only if asked to, deletes both at the end, and does not notice other settings.
    TensorFlow's checkpoints of a dataset hold its whole shuffle buffer.

    A learning rate that you have changed is kept; all other settings must be those of the folder.

    Args:
        folder: Where the files go; it is made if need be.
        every: How many steps lie between two saves.

    Raises:
        ValueError: If `every` is less than 1. When training starts, if the folder holds a training with other
            settings, both files are damaged, or the model has been trained elsewhere.
        OSError: If the folder cannot be written to: when training starts, or when saving.
        FloatingPointError: When saving, if a weight is infinite or not a number.

    Example:
        >>> from gan_course.callbacks import Checkpoint
        >>> Checkpoint("runs/first", every=500).path.name
        'gan.keras'
    """

    def __init__(self, folder: str | Path, every: int = 1000) -> None:
        """Keep the settings."""
        super().__init__()
        self.folder, self.every = as_path("folder", folder), whole("every", every)
        self.path, self.previous = self.folder / runs.CHECKPOINT, self.folder / runs.PREVIOUS
        self.saved = 0

    def resume(self, model: Resumable, data: dict[str, Any]) -> list[str]:
        """Bring a model to where the folder's training stands, or start one there; `GAN.fit` calls this.

        Args:
            model: A model such as a `GAN`.
            data: What must stay the same about the images. If the folder knows more, it is added.

        Returns:
            What there is to tell, in sentences.
        """
        self.set_model(model)
        self._data, self._settings = data, settings_of(model)
        with explained(self.path):
            self.folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.folder).close()
        if not self.path.exists() and not self.previous.exists():
            self._save()
            return []
        return self._restore()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Save when it is time and all callbacks are done with the step before."""
        if self.model.steps - self.saved >= self.every:
            self._save()

    def on_train_end(self, logs: Any = None) -> None:
        """Save the last state."""
        if self.model.steps != self.saved:
            self._save()

    def _save(self) -> None:
        optimizers = self.model.optimizers.values()
        variables = [*self.model.variables, *(variable for each in optimizers for variable in each.variables)]
        if not all(np.all(np.isfinite(variable.numpy())) for variable in variables):
            raise FloatingPointError(not_finite("a weight is no longer a finite number", self.model.steps))
        run = {"step": self.model.steps, "settings": self._settings, "data": self._data}
        with replacing(self.path, keep=self.previous) as beside:
            self.model.save(beside)
            with zipfile.ZipFile(beside, "a") as archive:
                archive.writestr("run.json", json.dumps(run))
        self.saved = self.model.steps

    def _restore(self) -> list[str]:
        found = {path: _read(path) for path in (self.path, self.previous) if path.exists()}
        sound = [path for path in found if found[path]]
        if not sound:
            names = " and ".join(map(str, found))
            raise ValueError(f"{names}: damaged, so there is nothing to go on from; choose another folder")
        run = found[sound[0]]
        self._check(run)
        if sound[0] == self.previous:
            if self.path.exists():
                aside = self.path.rename(free_name(self.folder / runs.DAMAGED))
                warnings.warn(
                    f"{self.path} is damaged and is called {aside.name} now; the one before is used", stacklevel=5
                )
            self.previous.replace(self.path)
        rates = _rates(self.model)
        self.model.load_weights(self.path)
        self._data.update(run["data"])
        self.saved = run["step"]
        return [f"Going on from step {self.saved:,} in {self.folder}.", *self._keep_rates(rates, run["settings"])]

    def _keep_rates(self, rates: dict[str, float], then: dict[str, Any]) -> Iterator[str]:
        """Keep a learning rate that was set to another than the training began with and stands at; say which."""
        for role, stands in _rates(self.model).items():
            begun = _config(then, role)["learning_rate"]
            if any(np.isclose(rates[role], known, rtol=1e-5, atol=0) for known in (stands, begun)):
                _config(self._settings, role)["learning_rate"] = begun
            else:
                self.model.optimizers[role].learning_rate = rates[role]
                yield f"The {role}'s learning rate is {rates[role]:g} from here on; it was {stands:g}."

    def _check(self, run: dict[str, Any]) -> None:
        steps = self.model.steps
        if steps not in (0, run["step"]) and self.model.folder != self.folder.resolve():
            raise ValueError(
                f"this model has been trained for {steps:,} steps elsewhere, and {self.folder} holds a training "
                f"that stands at step {run['step']:,}; make the model again, or choose another folder"
            )
        there, here = (
            {**settings, "data": data}
            for settings, data in ((run["settings"], run["data"]), (self._settings, plain(self._data)))
        )
        if found := [*differences(there, here)]:
            raise ValueError(
                f"{self.folder} holds a training with other settings: {'; '.join(found[:3])}; "
                "choose another folder, or take the settings of this one"
            )


def _rates(model: Resumable) -> dict[str, float]:
    """Return the learning rates that can be set, by role; one that follows a schedule cannot."""
    optimizers = {role: getattr(each, "inner_optimizer", each) for role, each in model.optimizers.items()}
    return {
        role: float(each.learning_rate.numpy())
        for role, each in optimizers.items()
        if isinstance(each._learning_rate, keras.Variable)
    }


def _config(settings: dict[str, Any], role: str) -> dict[str, Any]:
    """Return the settings of an optimizer, inside the one that scales its loss if there is such a one."""
    config = settings["compile"][f"{role}_optimizer"]["config"]
    return config["inner_optimizer"]["config"] if "inner_optimizer" in config else config


def _read(path: Path) -> dict[str, Any] | None:
    """Return what a checkpoint says about itself, or None if the file is damaged."""
    content = io.BytesIO(path.read_bytes())
    try:
        with zipfile.ZipFile(content) as archive:
            if archive.testzip() or not {"config.json", "model.weights.h5"} <= {*archive.namelist()}:
                return None
            if "run.json" in archive.namelist():
                return json.loads(archive.read("run.json"))
    except Exception:  # a damaged archive fails in many ways
        return None
    raise ValueError(f"{path} was not saved by a Checkpoint, so it does not say how it was trained; move it away")
