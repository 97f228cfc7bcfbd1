"""Execute the lessons and the solutions of the exercises, and write their outputs into them.

    python tools/notebooks.py [--full] [NOTEBOOK ...]

Outputs of cells tagged `training` are kept as they are, unless `--full` asks for the full training, which takes
an hour or more on two cores. A notebook is only replaced when all its cells have run.
"""

import argparse
import base64
import io
import os
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

from gan_course.files import replacing

LESSONS = Path(__file__).parents[1] / "notebooks"
SOLUTIONS = LESSONS.parent / "solutions"
PICTURE = LESSONS.parent / "docs" / "digits.png"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET = "application/vnd.jupyter.widget-view+json"
LARGE, COLORS = 25_000, 32  # bytes of a picture in an exercise, and how many colors a larger one keeps
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def execute(path: Path, full: bool) -> None:
    before = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    environment = {**os.environ, "GAN_COURSE_FULL": str(int(full))}
    NotebookClient(
        notebook,
        timeout=None,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": path.parent}},
    ).execute(env=environment)
    for old, cell in zip(before.cells, notebook.cells, strict=True):
        if cell.cell_type != "code":
            continue
        if not full and "training" in cell.metadata.get("tags", []) and old.execution_count:
            cell.outputs = old.outputs
        colors = COLORS if path.resolve().is_relative_to(SOLUTIONS) else None
        cell.outputs = [_plain(output, colors) for output in cell.outputs if not _is_live(output)]
    notebook.metadata = METADATA
    with replacing(path) as beside:
        nbformat.write(notebook, beside)


def _is_live(output: dict) -> bool:
    """Whether this is a widget with nothing to see without a kernel, or a message of native code."""
    kinds = set(output.get("data", {}))
    return (WIDGET in kinds and kinds <= {WIDGET, "text/plain"}) or output.get("name") == "stderr"


def _plain(output: dict, colors: int | None) -> dict:
    data = output.get("data", {})
    data.pop(WIDGET, None)
    if "image/png" in data:
        data["image/png"] = base64.b64encode(smaller(base64.b64decode(data["image/png"]), colors)).decode()
    if output.output_type == "stream":
        output["text"] = ANSI.sub("", output["text"])
    return output


def smaller(png: bytes, colors: int | None = None) -> bytes:
    """Return a picture in fewer bytes: no transparency, one channel if it is gray, few colors if it is large."""
    with Image.open(io.BytesIO(png)) as picture:
        red, green, blue = picture.convert("RGB").split()
        gray = red.tobytes() == green.tobytes() == blue.tobytes()
        file = io.BytesIO()
        picture = red if gray else picture.convert("RGB")
        picture.save(file, "PNG", optimize=True)
        if colors and file.tell() > LARGE:
            file = io.BytesIO()
            picture.convert("RGB").quantize(colors, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def save_readme_picture() -> None:
    """Write the README's picture: the timeline that lesson 05 shows."""
    cells = nbformat.read(LESSONS / "05_train_mnist.ipynb", as_version=4).cells
    (timeline,) = (cell for cell in cells if cell.id == "timeline")
    with replacing(PICTURE) as beside:
        beside.write_bytes(base64.b64decode(timeline.outputs[0].data["image/png"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="train in full and renew the outputs of training too")
    parser.add_argument(
        "notebooks", nargs="*", type=Path, default=sorted([*LESSONS.glob("*.ipynb"), *SOLUTIONS.glob("*/*.ipynb")])
    )
    arguments = parser.parse_args()
    for path in arguments.notebooks:
        print(path.name, flush=True)
        execute(path, arguments.full)
    save_readme_picture()


if __name__ == "__main__":
    main()
