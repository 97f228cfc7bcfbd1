"""What goes between a kernel and the judge: arrays, numbers and texts as bytes, and nothing that runs.

A dictionary becomes a zip: `form.json`, which says what each name holds, and a plain `.npy` file for each array.
Nothing is ever unpickled, and sizes are looked at before anything is unpacked.
"""

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

LARGEST, MOST, FORM = 7_000_000, 200, "form.json"  # bytes in all, so that a message can carry them; arrays
DEEPEST = 20  # lists in lists
TOO_LARGE = f"the answers are larger than {LARGEST // 10**6} MB, or more than {MOST} arrays"
KINDS = "biuf"  # of numbers; no objects
PLAIN = (bool, int, float, str, type(None))


class ExchangeError(ValueError):
    """Bytes that are no answers, or answers that cannot become bytes; the message says why."""


def pack(values: Mapping[str, Any]) -> bytes:
    """Return values as bytes.

    Args:
        values: By name: arrays of numbers or what `numpy.asarray` makes one of (a tensor, a weight), numbers,
            texts, `None`, and lists of these.

    Raises:
        ExchangeError: If a value is none of these, or they are too large.

    Example:
        >>> unpack(pack({"mean": 2.5, "photos": np.zeros((2, 3))}))["photos"].shape
        (2, 3)
    """
    arrays: list[np.ndarray] = []
    form = {str(name): _form(name, value, arrays) for name, value in values.items()}
    if len(arrays) >= MOST or sum(array.nbytes for array in arrays) > LARGEST:
        raise ExchangeError(TOO_LARGE)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(FORM, json.dumps(form))
        for number, array in enumerate(arrays):
            with archive.open(f"{number}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return file.getvalue()


def _form(name: str, value: Any, arrays: list[np.ndarray], depth: int = 0) -> Any:
    if type(value) in PLAIN:
        return {"plain": value}
    if type(value) in (list, tuple):
        if depth == DEEPEST:
            raise ExchangeError(f"{name} holds lists in lists, more than {DEEPEST} deep")
        return {"list": [_form(name, each, arrays, depth + 1) for each in value]}
    if hasattr(value, "__array__") or isinstance(value, np.generic):
        array = np.array(value, subok=False)
        if array.dtype.kind in KINDS:
            arrays.append(array)
            return {"array": len(arrays) - 1}
    raise ExchangeError(f"{name} is a {type(value).__name__}; expected arrays, numbers or text")


def unpack(data: bytes) -> dict[str, Any]:
    """Return what was packed; whatever else the bytes hold is refused.

    Raises:
        ExchangeError: If these are no packed values, or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST or sum(member.file_size for member in members) > LARGEST:
                raise ExchangeError(TOO_LARGE)
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise ExchangeError("the answers are compressed")
            files = {member.filename: archive.read(member) for member in members}
        form = json.loads(files.pop(FORM))
        arrays = {number: _array(files[f"{number}.npy"]) for number in range(len(files))}
        return {str(name): _value(each, arrays) for name, each in form.items()}
    except ExchangeError:
        raise
    except Exception as error:  # what damaged or forged bytes can cause has no end
        raise ExchangeError(f"the answers cannot be read: {type(error).__name__}") from None


def _array(data: bytes) -> np.ndarray:
    file = io.BytesIO(data)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, fortran, dtype = read[np.lib.format.read_magic(file)](file)
    if dtype.kind not in KINDS:
        raise ExchangeError(f"the answers hold an array of {dtype}; expected numbers")
    array = np.frombuffer(data[file.tell() :], dtype)
    return array.reshape(shape, order="F" if fortran else "C").copy()


def _value(form: Any, arrays: dict[int, np.ndarray], depth: int = 0) -> Any:
    """Return what a form stands for; each array may stand in it once."""
    ((kind, value),) = form.items()
    if kind == "list" and depth < DEEPEST:
        return [_value(each, arrays, depth + 1) for each in value]
    if kind == "array":
        return arrays.pop(value)
    if kind == "plain" and type(value) in PLAIN:
        return value
    raise ExchangeError(f"the answers hold a {kind}; expected arrays, numbers or text")


def answer(ask: Callable[[dict[str, Any]], dict[str, Any]], inputs: str) -> str:
    """Call the half of a points cell that runs in the student's kernel; return its answers as text.

    Args:
        ask: The half.
        inputs: What `as_text` made of its inputs.
    """
    return as_text(ask(unpack(base64.b64decode(inputs))))


def as_text(values: Mapping[str, Any]) -> str:
    """Return packed values in letters that any cell and any message can carry."""
    return base64.b64encode(pack(values)).decode()


def from_text(text: str) -> dict[str, Any]:
    """Return the values in what a kernel sent, with or without quotes around it.

    Raises:
        ExchangeError: If these are none.
    """
    try:
        return unpack(base64.b64decode(text.strip("'\""), validate=True))
    except ValueError as error:
        raise (
            error if isinstance(error, ExchangeError) else ExchangeError("the answers are no text of ours")
        ) from None
