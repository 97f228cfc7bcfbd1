"""The settings of a training as a file keeps them, and what differs between two."""

import json
import reprlib
from collections.abc import Iterator
from typing import Any

import keras

from gan_course.recipes import RECIPES, SETTINGS

BEFORE = {"from_logits": False}
"""Settings that were added later, with the value that all trainings had before."""

_NAMED = ("keras_history", "input_layers", "output_layers")  # where a configuration names layers, beside "name"


def settings_of(model: keras.Model) -> dict[str, Any]:
    """Return the networks and optimizers as they are told to be, as JSON gives them back.

    Raises:
        ValueError: If a network cannot be described, so that it could not be saved.
    """
    try:
        return plain({"compile": model.get_compile_config(), **model.get_config()})
    except NotImplementedError as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"the training cannot be saved: {reason}; give that layer or network a get_config"
        ) from None


def plain(settings: Any) -> Any:
    """Return settings as JSON gives them back; the code of a lambda cannot be compared."""
    return json.loads(
        json.dumps(settings), object_hook=lambda found: {} if found.get("class_name") == "__lambda__" else found
    )


def differences(there: dict[str, Any], here: dict[str, Any]) -> Iterator[str]:
    """Say what differs between the settings of a folder and those of now.

    Names of layers say nothing, since Keras numbers them over a whole session: each becomes its place. The
    learning rates may differ. What only one version of Keras writes is left out, and a setting of ours that the
    folder is too old to know counts as it was then (`BEFORE`).

    Args:
        there: As `settings_of` returned them when the folder was written.
        here: Those of now.
    """
    there = {**{key: value for key, value in BEFORE.items() if key in here}, **_with_newer(there)}
    pair = ({**_without_incidentals(each), "name": None} for each in (there, here))
    before, now = ({key: _numbered(value, {}) for key, value in each.items()} for each in pair)
    yield from _differences(before, now)


def _with_newer(settings: dict[str, Any]) -> dict[str, Any]:
    """Add the recipe's settings that a folder is too old to know; `penalty_every` was called `r1_every`."""
    found = dict(settings.get("compile", {}))
    if found.get("recipe") not in RECIPES:
        return settings
    if "r1_every" in found:
        found["penalty_every"] = found.pop("r1_every")
    newer = {name: getattr(RECIPES[found["recipe"]], name) for name in SETTINGS}
    return {**settings, "compile": {"recipe": found["recipe"], **newer, **found}}


def _without_incidentals(settings: dict[str, Any]) -> dict[str, Any]:
    """Leave out the names and the learning rates of optimizers."""
    found = settings.get("compile", {})
    optimizers = {key: _optimizer(value) for key, value in found.items() if key.endswith("_optimizer")}
    return {**settings, "compile": {**found, **optimizers}}


def _optimizer(found: dict[str, Any]) -> dict[str, Any]:
    config = {key: value for key, value in found["config"].items() if key != "name"}
    if isinstance(config.get("learning_rate"), float):
        del config["learning_rate"]
    if "inner_optimizer" in config:
        config["inner_optimizer"] = _optimizer(config["inner_optimizer"])
    return {**found, "config": config}


def _numbered(found: Any, places: dict[Any, int], key: str = "") -> Any:
    """Return settings in which the names of layers are their places, in the order in which they come."""
    if isinstance(found, dict):
        if str(found.get("class_name")).endswith("DTypePolicy"):  # its name says something
            return found
        return {
            key: places.setdefault(value, len(places)) if key == "name" else _numbered(value, places, key)
            for key, value in found.items()
        }
    if not isinstance(found, list):
        return found
    if key in _NAMED and len(found) == 3 and not isinstance(found[0], list):
        return [places.setdefault(found[0], len(places)), *found[1:]]
    return [_numbered(each, places, key) for each in found]


def _differences(there: Any, here: Any, path: tuple[Any, ...] = ()) -> Iterator[str]:
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
