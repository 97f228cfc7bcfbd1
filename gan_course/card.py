"""A model card: what a trained network is, how it came about, and what it is not for."""

import csv
import json
import re
import statistics
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gan_course import runs
from gan_course.recipes import RECIPES, SETTINGS

LAST = 100  # steps whose losses are told
OPEN = re.compile(r"\*Fill in:[^*]*\*")
NAMES = {  # of quality.csv, those that a card tells
    "frechet_distance": "Fréchet distance of the digits (`gan_course.metrics`; real digits 0.42)",
    "coverage": "share of the ten digits that are drawn",
    "entropy": "entropy of the digits (2.30 is all ten alike)",
}


def model_card(folder: str | Path) -> str:
    """Return the card of a training, its facts filled in and the rest named.

    The headings follow Mitchell et al., 2019, Model Cards for Model Reporting (https://arxiv.org/abs/1810.03993,
    section 4), as far as they concern a generator of images.

    Args:
        folder: What `gan-course train` or a `Checkpoint` wrote to.

    Returns:
        Markdown. Each place that a person has to fill in begins with `*Fill in:`; `open_places` finds them.

    Raises:
        ValueError: If the folder holds no checkpoint, or one that does not say how it was trained.

    Example:
        >>> import gan_course
        >>> from gan_course.card import model_card, open_places
        >>> _ = gan_course.train_mnist("runs/card", steps=2, batch_size=4, source="embedded", verbose=0)
        >>> card = model_card("runs/card")
        >>> card.splitlines()[0], len(open_places(card)) > 5
        ('# Model card: card', True)
    """
    path, run = _run(Path(folder))
    lines = [
        f"# Model card: {Path(folder).resolve().name}",
        "",
        *("*Fill in: one sentence, what it draws.*", ""),
        *("## The network", "", *_networks(run), ""),
        *("## Data", "", *_data(run), ""),
        "- Where the pictures come from: *Fill in: the source, with an address or a name.*",
        "- License: *Fill in: what their owner allows.*",
        "- Consent: *Fill in: who is to be seen, and whether they have agreed. Nobody? Say so.*",
        "- What is rare in them: *Fill in: what the generator will hardly ever draw.*",
        "- Held back: *Fill in: how many pictures the training never saw.*",
        *("", "## Training", "", *_training(run), "", *_losses(path.parent), ""),
        "- Time: *Fill in: how long, on which machine.*",
        *("", "## How good it is", "", *_quality(path.parent)),
        "- Seeds: *Fill in: how many trainings, and how far their figures lie apart.*",
        "- Learned by heart: *Fill in: the nearest training picture of some drawings, and how you judge.*",
        "- A failure: *Fill in: one drawing that went wrong, and why.*",
        *("", "## What it is not for", "", "*Fill in: two uses that it must not be put to, and why.*", ""),
    ]
    return "\n".join(lines)


def open_places(card: str) -> list[str]:
    """Return what is still to be filled in.

    Example:
        >>> from gan_course.card import open_places
        >>> open_places("- License: *Fill in: what their owner allows.*")
        ['*Fill in: what their owner allows.*']
    """
    return OPEN.findall(card)


def _run(folder: Path) -> tuple[Path, dict[str, Any]]:
    paths = [path for name in (runs.CHECKPOINT, runs.PREVIOUS) if (path := folder / name).is_file()]
    if not paths:
        raise ValueError(f"{folder} holds no {runs.CHECKPOINT}; name a folder that `gan-course train` made")
    for path in paths:
        try:
            with zipfile.ZipFile(path) as archive:
                return path, json.loads(archive.read("run.json"))
        except (OSError, KeyError, ValueError, zipfile.BadZipFile):
            continue
    raise ValueError(
        f"{paths[0]} is damaged or was not saved by a Checkpoint, so it does not say how it was trained"
    )


def _networks(run: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each network: its kinds of layers, in order, and what it takes and gives."""
    for role in ("generator", "discriminator"):
        config = run["settings"].get(role, {})
        layers = [each["class_name"] for each in config.get("config", {}).get("layers", [])]
        kinds = " · ".join(kind for kind in layers if kind != "InputLayer") or config.get("class_name", "unknown")
        yield f"- {role}: {kinds}"


def _data(run: dict[str, Any]) -> Iterator[str]:
    facts = run["data"]
    shape = facts.get("shape")
    if shape:
        yield f"- {shape[0]:,} images of {' × '.join(map(str, shape[1:]))}, values in [-1, 1]"
    else:
        yield "- images from batch to batch: *Fill in: how many, of which size.*"
    if facts.get("conditions"):
        yield "- with a condition beside each image: *Fill in: which.*"


def _training(run: dict[str, Any]) -> Iterator[str]:
    """Yield a table of what differs from Keras's silence: the recipe and each setting that is not its default."""
    told = run["settings"].get("compile", {})
    recipe = RECIPES.get(told.get("recipe", ""))
    yield "| setting | |"
    yield "|---|---|"
    yield f"| steps | {run['step']:,} |"
    if batch_size := run["data"].get("batch_size"):
        yield f"| images a step | {batch_size} |"
    yield f"| recipe | {told.get('recipe', 'unknown')} |"
    for name in SETTINGS:
        value = told.get(name, getattr(recipe, name, None))
        if value not in (None, 0, 0.0, False) and name != "name":
            yield f"| {name} | {value:g} |" if isinstance(value, float) else f"| {name} | {value} |"
    for role in ("generator", "discriminator"):
        optimizer = told.get(f"{role}_optimizer")
        if optimizer:
            yield f"| {role}'s optimizer | {optimizer['class_name']} |"


def _losses(folder: Path) -> Iterator[str]:
    rows = _rows(folder / runs.HISTORY)
    if not rows:
        yield "- Losses: *Fill in: they were not written down.*"
        return
    last = rows[-LAST:]
    for name in rows[0]:
        if name.endswith("loss") or name == "reconstruction":
            mean = statistics.fmean(float(row[name]) for row in last)
            yield f"- {name}, mean of the last {len(last):,} steps: {mean:.3f}"


def _quality(folder: Path) -> Iterator[str]:
    rows = _rows(folder / runs.QUALITY)
    for name, words in NAMES.items():
        if rows and name in rows[-1]:
            yield f"- {words}: {float(rows[-1][name]):.3g} after {int(float(rows[-1]['step'])):,} steps"
    if not rows:
        yield "- Figures: *Fill in: what you measured, with the command.*"
    samples = sorted((folder / runs.SAMPLES).glob("step_*.png")) or sorted(folder.glob("step_*.png"))
    if samples:
        yield f"- Drawings: {samples[-1].relative_to(folder).as_posix()}"


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if None not in row.values()]
