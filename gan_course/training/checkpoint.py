"""Checkpoints: a training that was killed goes on where it was, to the bit."""

import io
import json
import reprlib
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from gan_course.files import explained, free_name, replacing
from gan_course.training.interrupt import not_finite


class Checkpoint(keras.callbacks.Callback):
    """Keep the whole training in a folder, so that the same call of `GAN.fit` goes on where it was.

    `fit` then counts from the beginning of the folder's training: `epochs` and `steps_per_epoch` say how far
    it shall come, and only the steps that are missing are trained. Weights, optimisers, random states and the
    order of the images go on exactly; after a kill at most the steps since the last save are trained again.

    `gan.keras` is the last state and `gan-previous.keras` the one before. Both are ordinary Keras files that
    `keras.models.load_model` opens (import `gan_course.GAN` first). Into each goes a `run.json` that says at
    which step and with which settings it was made. A damaged file is named and set aside, and the one before
    is used.

    Keras's `BackupAndRestore` was not enough: it takes up epochs, not steps, leaves out the random states,
    writes over its last good file, and does not notice other settings. TensorFlow's checkpoints of a dataset
    hold its whole shuffle buffer.

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
        if every < 1:
            raise ValueError(f"every is {every}; expected at least 1")
        self.folder, self.every = Path(folder), every
        self.path, self.previous = self.folder / "gan.keras", self.folder / "gan-previous.keras"
        self.saved = 0

    def resume(self, model: keras.Model, data: dict[str, Any]) -> None:
        """Bring a model to where the folder's training stands, or start one there; `GAN.fit` calls this.

        Args:
            model: The `GAN`.
            data: What must stay the same about the images. If the folder knows more, it is added.
        """
        self.set_model(model)
        self._data, self._settings = data, _settings(model)
        with explained(self.path):
            self.folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.folder).close()
        if not self.path.exists() and not self.previous.exists():
            self._save()
        else:
            self._restore()
        model.folder = self.folder.resolve()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Save when it is time and all callbacks are done with the step before."""
        if self.model.steps - self.saved >= self.every:
            self._save()

    def on_train_end(self, logs: Any = None) -> None:
        """Save the last state."""
        if self.model.steps != self.saved:
            self._save()

    def _save(self) -> None:
        optimizers = self.model.generator_optimizer, self.model.discriminator_optimizer
        variables = [*self.model.variables, *(variable for each in optimizers for variable in each.variables)]
        if not all(np.all(np.isfinite(variable)) for variable in variables):
            raise FloatingPointError(not_finite("a weight is no longer a finite number", self.model.steps))
        run = {"step": self.model.steps, "settings": self._settings, "data": self._data}
        with replacing(self.path, keep=self.previous) as beside:
            self.model.save(beside)
            with zipfile.ZipFile(beside, "a") as archive:
                archive.writestr("run.json", json.dumps(run))
        self.saved = self.model.steps

    def _restore(self) -> None:
        found = {path: _read(path) for path in (self.path, self.previous) if path.exists()}
        sound = [path for path in found if found[path]]
        if not sound:
            names = " and ".join(map(str, found))
            raise ValueError(f"{names}: damaged, so there is nothing to go on from; choose another folder")
        run = found[sound[0]]
        self._check(run)
        if sound[0] == self.previous:
            if self.path.exists():
                aside = self.path.rename(free_name(self.path.with_stem("gan-damaged")))
                print(f"{self.path} is damaged and is called {aside.name} now; the one before is used.")
            self.previous.replace(self.path)
        self.model.load_weights(self.path)
        self._settings, self.saved = run["settings"], run["step"]
        self._data.update(run["data"])
        print(f"Going on from step {self.saved:,} in {self.folder}.")

    def _check(self, run: dict[str, Any]) -> None:
        steps = self.model.steps
        if steps not in (0, run["step"]) and self.model.folder != self.folder.resolve():
            raise ValueError(
                f"this model has been trained for {steps:,} steps elsewhere, and {self.folder} holds a training "
                f"that stands at step {run['step']:,}; make the model again, or choose another folder"
            )
        ours = {**self._settings, "data": _plain(self._data)}
        if steps:  # the learning rate may have changed on the way
            del ours["compile"]
        if differences := [*_differences({**run["settings"], "data": run["data"]}, ours)]:
            raise ValueError(
                f"{self.folder} holds a training with other settings: {'; '.join(differences[:3])}; "
                "choose another folder, or take the settings of this one"
            )


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


def _settings(model: keras.Model) -> dict[str, Any]:
    """Return the networks and optimisers as they are told to be, the same in every session.

    Keras numbers the names of layers over a whole session, so each becomes its place here.
    """
    settings = _plain({"compile": model.get_compile_config(), **model.get_config()})
    places = {name: place for place, name in enumerate(dict.fromkeys(_names(settings)))}
    return keras.tree.map_structure(lambda found: places.get(found, found), settings)


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings as JSON gives them back; the code of a lambda cannot be compared."""
    return json.loads(
        json.dumps(settings), object_hook=lambda found: {} if found.get("class_name") == "__lambda__" else found
    )


def _names(settings: Any) -> Iterator[str]:
    if isinstance(settings, dict):
        if "name" in settings and len(settings) > 1:  # alone it is that of a data type
            yield settings["name"]
        settings = settings.values()
    if not isinstance(settings, str | int | float | None):
        for each in settings:
            yield from _names(each)


def _differences(there: Any, here: Any, path: tuple[Any, ...] = ()) -> Iterator[str]:
    """Say what differs between two settings; what only one of two versions of Keras knows is left out."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in there:
            if key in here:
                yield from _differences(there[key], here[key], path if key == "config" else (*path, key))
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for place, pair in enumerate(zip(there, here, strict=True)):
            yield from _differences(*pair, (*path, place))
    elif there != here:
        yield f"{' '.join(map(str, path))} was {_short(there)} and is {_short(here)}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return f"{len(value)} of them" if isinstance(value, list) else reprlib.repr(value)
