"""What a submission may try, really run: each in one batch with honest ones, inside the sandbox."""

import csv
import io
import socket
import threading
import time
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

import nbformat  # noqa: E402
import psutil  # noqa: E402

from gan_course.instructor import grading, sandbox  # noqa: E402
from tests import toy  # noqa: E402
from tests.conftest import missing  # noqa: E402

LIMITS = sandbox.Limits(
    cell_seconds=10, total_seconds=100, memory=2**30, processes=100, output=2_000_000, interrupt_seconds=3
)
RIGHT = "\ndef mean(x): return sum(x) / len(x)"
WRONG = "\ndef mean(x): return 7"

ALL, NO_MEAN, FIRST = (2, 3, 4), (2, 0, 4), (2, 0, 0)

# What stands in the cell `mean`, the points of the three checks, the status, and what the note says.
ATTACKS = {
    "honest": (RIGHT, ALL, "pending", ""),
    "loop": ("while True: pass", NO_MEAN, "limit", "cell mean ran longer than 10 s"),
    "loop in a check": (
        "def mean(x):\n    while True: pass",
        NO_MEAN,
        "limit",
        "the check mean-points ran longer",
    ),
    "stubborn loop": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        NO_MEAN,
        "limit",
        "could not be interrupted; it was left out",
    ),
    "endless output": ("while True: print('x' * 1000)", NO_MEAN, "limit", "cell mean wrote "),
    "endless flood": (
        "while True: print('x' * 11_000_000, flush=True)",
        NO_MEAN,
        "limit",
        "cell mean wrote too much at once",
    ),
    "huge output": ("print('x' * 30_000_000)" + RIGHT, ALL, "limit", "wrote too much at once"),
    "memory bomb": ("keep = bytearray(2 * 10**9)", NO_MEAN, "limit", "1 GB of memory"),
    "memory in children": (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        keep = bytearray(os.urandom(10)) * 30_000_000; time.sleep(60)\ntime.sleep(60)",
        NO_MEAN,
        "limit",
        "used more than 1 GB of memory; it was left out",
    ),
    "fork bomb": (
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        NO_MEAN,
        "limit",
        "left out",
    ),
    "child": (
        "import subprocess\nsubprocess.Popen(['sleep', '987654'], start_new_session=True)" + RIGHT,
        ALL,
        "pending",
        "",
    ),
    "fill disk": (
        "file = open('big', 'wb')\nwhile True: file.write(bytes(10**7))",
        NO_MEAN,
        "pending",
        "",
    ),
    "delete": (
        "import shutil\nfor path in ('{folder}', '/home', '/tmp', '/etc', '/dev'):\n"
        "    shutil.rmtree(path, ignore_errors=True)" + RIGHT,
        ALL,
        "pending",
        "",
    ),
    "overwrite": ("open('{folder}/precious.txt', 'w').write('gone')", NO_MEAN, "pending", ""),
    "read solution": ("exec(open('{folder}/solutions/stolen.py').read())", NO_MEAN, "pending", ""),
    "read classmate": ("exec(open('{folder}/submissions/honest/stolen.py').read())", NO_MEAN, "pending", ""),
    "search": (
        "import pathlib\nfound = [str(p) for p in pathlib.Path('{folder}').parents[1].rglob('*') if p.name in "
        "('stolen.py', 'precious.txt', 'gradebook.db', '{name}.ipynb')]\nassert found" + WRONG,
        NO_MEAN,
        "pending",
        "",
    ),
    "network": (
        "import socket\nsocket.create_connection(('127.0.0.1', {port}), 2).sendall(b'x')" + RIGHT,
        ALL,
        "pending",
        "",
    ),
    "who am I": (
        "import os\nassert os.getuid() and not [p for p in os.listdir('/proc') if p.isdigit() and int(p) > 1000]"
        + RIGHT,
        ALL,
        "pending",
        "",
    ),
    "builtins": ("import builtins\nbuiltins.abs = lambda x: 0" + WRONG, NO_MEAN, "pending", ""),
    "hidden builtin": ("abs = lambda x: 0" + WRONG, NO_MEAN, "pending", ""),
    "numpy.testing": ("import numpy\nnumpy.testing.assert_allclose = print" + RIGHT, ALL, "pending", ""),
    "assert": (
        "import ast, IPython\nclass Gone(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "IPython.get_ipython().ast_transformers.append(Gone())" + WRONG,
        NO_MEAN,
        "pending",
        "",
    ),
    "run_cell": (
        "import IPython\nshell = IPython.get_ipython()\nrun = shell.run_cell_async\n"
        "async def nothing(source, *a, **k): return await run('pass', *a, **k)\nshell.run_cell_async = nothing"
        + WRONG,
        NO_MEAN,
        "pending",
        "",
    ),
    "equals everything": (
        "class Yes:\n    def __eq__(self, other): return True\n    __sub__ = __abs__ = __lt__ = __float__ = "
        "__array__ = lambda self, *a: self\ndef mean(x): return Yes()",
        NO_MEAN,
        "pending",
        "",
    ),
    "array that equals": (
        "import numpy\nclass Yes(numpy.ndarray):\n    __eq__ = __lt__ = __le__ = lambda *_: True\n"
        "def mean(x): return numpy.zeros(()).view(Yes)",
        NO_MEAN,
        "pending",
        "",
    ),
    "input transformers": (
        "import IPython\nshell = IPython.get_ipython()\n"
        "shell.input_transformers_post.append(lambda lines: [l for l in lines if 'assert' not in l])\n"
        "shell.input_transformer_manager.transform_cell = lambda cell: 'pass'" + WRONG,
        FIRST,
        "pending",
        "",
    ),
    "frames": (
        "import sys\nframe = sys._getframe()\nwhile frame := frame.f_back:\n"
        "    [value.clear() for value in frame.f_locals.values() if type(value) is list]" + WRONG,
        None,
        None,
        "",
    ),
    "default_rng": ("import numpy\nnumpy.random.default_rng = lambda *_: print" + WRONG, NO_MEAN, "pending", ""),
    "json": ("import json\njson.dumps = lambda *a, **k: '{}'" + WRONG, NO_MEAN, None, ""),
    "forged reply": (
        "import IPython, json\nkernel = IPython.get_ipython().kernel\ndef mean(x):\n"
        "    kernel.session.send(kernel._shell_streams[0] if getattr(kernel, '_shell_streams', None) else "
        "kernel.shell_stream, 'execute_reply', {'status': 'ok', 'user_expressions': {'answers': {'data': "
        "{'text/plain': 'x'}}}}, kernel.get_parent('shell'), ident=kernel._parent_ident['shell'] if "
        "isinstance(kernel._parent_ident, dict) else kernel._shell_parent_ident.get())\n    return 7",
        NO_MEAN,
        "review",
        "forges answers",
    ),
    "linecache": (
        "import linecache\ndef mean(x):\n    print(*linecache.cache.values())\n    return 7",
        NO_MEAN,
        "pending",
        "",
    ),
    "custom exceptions": (
        "import IPython\nIPython.get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)\n"
        "def mean(x): raise ValueError",
        NO_MEAN,
        "pending",
        "",
    ),
    "settrace": (
        "import sys\ndef trace(frame, event, argument):\n"
        "    frame.f_locals.update(answers={'mean': 7}); return trace\nsys.settrace(trace)" + WRONG,
        NO_MEAN,
        "pending",
        "",
    ),
    "del": (
        "class Late:\n    def __del__(self):\n        global ask\n        ask = lambda inputs: {'mean': 7}\n"
        "def mean(x):\n    Late()\n    return 7",
        NO_MEAN,
        "pending",
        "",
    ),
    "24 forks": (
        "import os, time\nfor _ in range(24):\n    if os.fork() == 0: time.sleep(5); os._exit(0)" + RIGHT,
        ALL,
        "pending",
        "",
    ),
    "no SIGTERM": (
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)" + RIGHT,
        ALL,
        "pending",
        "",
    ),
    "formula": ("raise ValueError('=HYPERLINK(\"http://x\")\u202egnp')", NO_MEAN, "pending", ""),
    "bomb of zeros": (
        "import numpy\ndef mean(x): return numpy.zeros(20_000_000)",
        NO_MEAN,
        "pending",
        "",
    ),
    "peek": (
        "import gan_course.instructor.exchange as e\ne.as_text = lambda values: 'bm90aGluZw=='" + WRONG,
        FIRST,
        "pending",
        "",
    ),
    "nothing at all": ("import numpy\ndef mean(x): return numpy.zeros((0, 1))", NO_MEAN, "pending", ""),
    "own answers": (
        "import gan_course.instructor.exchange as e\n"
        "e.answer = lambda *_: e.as_text({name: [] for name in ('doubled', 'six', 'mean', 'one', 'none')})",
        FIRST,
        "pending",
        "",
    ),
    "fake result": ("print('mean-points: 3.0')\ndef mean(x): print('3.0'); return 7", NO_MEAN, "pending", ""),
    "fake number": (
        "from IPython.display import display\ndef mean(x): display(3.0); return 7",
        NO_MEAN,
        "pending",
        "",
    ),
    "quiet exit": ("def mean(x): raise SystemExit(0)", NO_MEAN, "pending", ""),
    "_exit": ("import os\nos._exit(0)", NO_MEAN, "review", "cell mean the kernel ended; it was left out"),
    "_exit in a check": ("import os\ndef mean(x): os._exit(0)", NO_MEAN, "review", "the check mean-points"),
    "kill": ("import os\nos.kill(os.getpid(), 9)", NO_MEAN, "review", "the kernel ended"),
    "input": ("answer = input()" + RIGHT, ALL, "pending", "StdinNotImplementedError"),
    "stderr": ("import sys\ndef mean(x): print('W', file=sys.stderr); return sum(x) / len(x)", ALL, "pending", ""),
    "missing package": ("import no_such_package" + RIGHT, ALL, "review", "no_such_package"),
}

SLOW = {
    "loop",
    "loop in a check",
    "stubborn loop",
    "endless output",
    "endless flood",
    "huge output",
    "memory bomb",
    "memory in children",
    "fork bomb",
    "24 forks",
    "fill disk",
    "frames",
}


@pytest.fixture(autouse=True, scope="module")
def in_a_sandbox():
    if reason := sandbox.why_not():
        missing(f"no sandbox here: {reason}")


def _lister(connections):
    """Open a port on this machine and count who gets through."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            connections.append(server.accept())

    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


def _folders():
    """Return the folders of kernels in a sandbox; others are of tests beside this one."""
    found = set()
    for path in Path("/tmp").glob("gan-course-*/connection.json"):
        with suppress(FileNotFoundError):
            found |= {path} if "ipc" in path.read_text() else set()
    return found


@pytest.mark.parametrize(
    "students",
    [
        pytest.param({*ATTACKS} - SLOW, id="quick"),
        pytest.param(SLOW | {"honest"}, id="slow", marks=pytest.mark.thorough),
    ],
)
def test_hostile_submissions_are_contained(tmp_path, students):
    toy.course(tmp_path)
    connections = []
    words = {"{folder}": str(tmp_path), "{name}": toy.NAME, "{port}": str(_lister(connections))}
    (tmp_path / "submissions" / "honest").mkdir(parents=True)
    for path in ("precious.txt", "solutions/stolen.py", "submissions/honest/stolen.py"):
        (tmp_path / path).write_text(RIGHT)
        (tmp_path / path).chmod(0o666)
    for student in sorted(students):
        source, book = ATTACKS[student][0], deepcopy(toy.notebook())
        for word, value in words.items():
            source = source.replace(word, value)
        book.cells[5].source = source
        nbformat.write(book, tmp_path / "submissions" / f"{student}.ipynb")

    before = _folders()
    rows = grading.grade(tmp_path / "submissions", tmp_path / "marks.csv", tmp_path, LIMITS)

    wrong = []
    assert {row.submission.student for row in rows} == students
    for row in rows:
        _, points, status, note = ATTACKS[row.submission.student]
        got = tuple(row.marks.points.get(name) for name in ("double-points", "mean-points", "spread-points"))
        if (
            (status and row.marks.status != status)
            or got[1]
            and points != ALL
            or (points and got != points)
            or note not in "; ".join([*row.marks.notes, *row.marks.private])
        ):
            wrong.append((row.submission.student, got, row.marks.status, row.marks.notes, row.marks.private))
        if row.marks.points.get("why", 0) is not None:
            wrong.append((row.submission.student, "the question is not pending"))
    assert not wrong
    assert not connections
    pages = "".join(path.read_text() for path in (tmp_path / "marks" / "feedback").iterdir())
    assert "def judge" not in pages and "\u202e" not in pages
    written = (tmp_path / "marks.csv").read_text(encoding="utf-8-sig")
    assert not any(
        field.startswith(("=", "+", "-", "@")) for row in csv.reader(io.StringIO(written)) for field in row
    )
    assert all((tmp_path / path).read_text() == RIGHT for path in ("precious.txt", "solutions/stolen.py"))
    assert not [one for one in psutil.process_iter(["cmdline"]) if "987654" in (one.info["cmdline"] or [])]
    left, end = _folders() - before, time.monotonic() + 600
    while left & _folders() and time.monotonic() < end:  # those of a test beside this one go away
        time.sleep(1)
    assert not left & _folders()
