"""What a check relies on inside a kernel, as numbers that change when somebody replaces it.

The grading process sends this file's text into the kernel before the first cell and around every graded one, and
compares outside. It uses nothing from the package, and leaves nothing behind.
"""

import builtins
import json
import sys
import types

WATCHED = (
    "builtins",
    "numpy",
    "numpy.testing",
    "numpy.testing._private.utils",
    "unittest.case",
    "keras",
    "gan_course",
)
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def mark(value: object) -> int:
    """Return a number for a function or class: another one when it is replaced or its code is."""
    function = getattr(value, "__func__", value)
    return hash(
        (id(function), id(getattr(function, "__code__", None)), id(getattr(function, "__defaults__", None)))
    )


def members(prefix: str, owner: object, depth: int = 1) -> dict[str, int]:
    """Return the marks of the functions and classes in a module or class."""
    found = {}
    for name, value in list(vars(owner).items()):
        if isinstance(value, (*FUNCTIONS, type)) or type(value).__name__ in ("ufunc", "_ArrayFunctionDispatcher"):
            found[f"{prefix}.{name}"] = mark(value)
        course = str(getattr(value, "__module__", "")).startswith(("keras", "gan_course"))
        if depth and isinstance(value, type) and course:
            found |= members(f"{prefix}.{name}", value, 0)
    return found


def shell_marks() -> dict[str, int]:
    """Return the marks of the machinery that runs a cell and reports its errors."""
    shell = sys.modules["IPython"].get_ipython()
    found = {"sys.settrace": id(sys.gettrace()), "sys.setprofile": id(sys.getprofile())}
    for name, owner in [("shell", shell), ("kernel", shell.kernel), ("session", shell.kernel.session)]:
        for one in type(owner).__mro__[:-1]:
            found |= {f"{name}.{key}": value for key, value in members(one.__name__, one, 0).items()}
        found |= {f"{name}.{key}": 0 for key, value in vars(owner).items() if isinstance(value, FUNCTIONS)}
    found["shell.ast_transformers"] = len(shell.ast_transformers)
    found["shell.custom_exceptions"] = len(shell.custom_exceptions)
    for event in ("pre_run_cell", "post_run_cell", "pre_execute"):
        found[f"shell.events.{event}"] = len(shell.events.callbacks[event])
    return found


def names() -> dict[str, int]:
    """Return the marks of a notebook's own names that hide a builtin."""
    space = sys.modules["IPython"].get_ipython().user_ns
    return {f"name.{name}": mark(space[name]) for name in list(space) if hasattr(builtins, name)}


def fingerprint() -> str:
    """Return all marks as JSON."""
    found = shell_marks() | names()
    for name, module in list(sys.modules.items()):
        if name in WATCHED or name.startswith("gan_course."):
            found |= members(name, module)
    return json.dumps(found)
