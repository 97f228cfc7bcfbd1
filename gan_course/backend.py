"""Whether Keras is set up as the course needs it: on TensorFlow, channels last, in single precision."""

import json
import os
import traceback
from pathlib import Path
from typing import Any

import gan_course
from gan_course.places import keras_home

NEEDED = {
    "backend": "tensorflow",
    "image_data_format": "channels_last",
    "floatx": "float32",
    "epsilon": 1e-7,
    "max_epochs": None,
    "max_steps_per_epoch": None,
}
VARIABLES = {name: f"KERAS_{name.upper()}" for name in ("backend", "max_epochs", "max_steps_per_epoch")}


def check_keras() -> None:
    """Import Keras, and refuse one that is set up in another way.

    Raises:
        ValueError: If TensorFlow or Keras cannot be imported, or a setting is another. The message says which,
            where it is set and what to write there.

    Example:
        >>> from gan_course.backend import check_keras
        >>> check_keras()
    """
    for problem in keras_problems():
        raise ValueError(problem)


def keras_problems() -> list[str]:
    """Import Keras, ask it how it is set up, and return what the course cannot train with, a sentence each.

    Example:
        >>> from gan_course.backend import keras_problems
        >>> keras_problems()
        []
    """
    written = _written()
    try:
        gan_course.quiet_tensorflow()
        import keras
    except Exception as error:  # one for each setting that Keras does not take, and for a broken installation
        found, otherwise = {**NEEDED, **written}, [_not_imported(error)]
    else:
        found = {name: getattr(keras.config, name, lambda: None)() for name in NEEDED}
        policy, otherwise = keras.config.dtype_policy().name, []
        if policy not in (NEEDED["floatx"], found["floatx"]):  # without one of its own it is floatx
            otherwise = [_sentence("dtype_policy", policy, NEEDED["floatx"])]
    wrong = [name for name in NEEDED if found[name] != NEEDED[name]]
    return [_sentence(name, found[name], NEEDED[name], written.get(name)) for name in wrong] or otherwise


def reason(error: BaseException) -> str:
    """Return in one line what an error began with.

    Example:
        >>> from gan_course.backend import reason
        >>> reason(ImportError("no GPU\\n\\nsee the manual"))
        'no GPU'
    """
    error = _first(error)
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _first(error: BaseException) -> BaseException:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return _first(cause) if cause else error


def _written() -> dict[str, Any]:
    """Return the settings of keras.json and of the environment, which goes before it."""
    try:
        settings = json.loads((keras_home() / "keras.json").read_text())
    except (OSError, ValueError):  # Keras does without a damaged one too
        settings = {}
    settings = settings if isinstance(settings, dict) else {}
    return settings | {name: os.environ[key] for name, key in VARIABLES.items() if os.environ.get(key)}


def _sentence(name: str, found: Any, needed: Any, written: Any = None) -> str:
    variable = VARIABLES.get(name)
    if variable and os.environ.get(variable):
        return f"{variable} is {found}, and the course needs {needed or 'no limit'}; unset it"
    if found == written:
        pair = f'"{name}": {json.dumps(needed)}'
        return f'{keras_home() / "keras.json"} says "{name}": {json.dumps(found)}; write {pair} there'
    remedy = "start Python again" if name == "backend" else f"call keras.config.set_{name}({needed!r}) first"
    return f"keras.config.{name}() is {found!r}, and the course needs {needed!r}; {remedy}"


def _not_imported(error: Exception) -> str:
    last = traceback.extract_tb(_first(error).__traceback__)[-1]
    if "keras" in Path(last.filename).parts:  # it was reading its settings, and no library was missing
        places = [key for key in os.environ if key.startswith("KERAS_") and key != "KERAS_HOME"]
        places.append(str(keras_home() / "keras.json"))
        return f"Keras cannot take its settings ({reason(error)}); correct or remove {' and '.join(places)}"
    remedy = "run `pip install --force-reinstall tensorflow keras`"
    return f"TensorFlow and Keras cannot be imported ({reason(error)}); {remedy}"
