"""Style transfer on the processor: seconds, memory, how much of the style is taken on, and who sees it.

    python -m benchmarks.style            # 5 minutes; writes results/style.md, results/style.png and
                                          # data/style/transfers.csv, which lesson 15 reads

A street of 256 x 256 pixels is painted in each of the six styles, with the steps of the command line, by each
network that can be had here. The style that a picture has is named by another network, which did not paint it: the
style whose drawing, with another seed, is nearest in its Gram matrices.
"""

import csv
import resource
import sys
import time
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.common import RESULTS, ROOT, load, machine
from gan_course.files import replacing

SIZE, STEPS, SEED = 256, 200, 5
ROWS = ROOT / "data" / "style" / "transfers.csv"
COLUMNS = ("painted_by", "style", "seconds", "loss_of_content", "loss_at_end", "share", "judged_by", "taken_for")


def transfers() -> tuple[list[dict[str, Any]], np.ndarray]:
    """Paint everything; return a row for each picture, and all of them as one."""
    from gan_course import style, synthetic

    (day, _), _ = synthetic.draw_streets(1, seed=SEED, size=SIZE)
    styles = {kind: synthetic.draw_style(kind, seed=0, size=SIZE) for kind in synthetic.STYLES}
    others = {kind: synthetic.draw_style(kind, seed=1, size=SIZE) for kind in synthetic.STYLES}
    lookers = {name: style.features(name) for name in ("edges", "random")}
    rows, shown = [], [np.concatenate([day[0], *styles.values()], axis=1)]
    for name, looker in lookers.items():
        judge_name = "random" if name == "edges" else "edges"
        painted = [day[0]]
        for kind, wanted in styles.items():
            begin = time.perf_counter()
            done = style.transfer(day[0], wanted, SIZE, STEPS, looker, verbose=0)
            seconds = time.perf_counter() - begin
            before, after = (style.style_distance(each, wanted, looker) for each in (day[0], done.picture))
            near = {each: style.style_distance(done.picture, others[each], lookers[judge_name]) for each in others}
            found = min(near, key=lambda each, near=near: near[each])
            values = name, kind, round(seconds, 1), before, after, after / before, judge_name, found
            rows.append(
                dict(zip(COLUMNS, [f"{v:.4g}" if isinstance(v, float) else v for v in values], strict=True))
            )
            print(rows[-1], file=sys.stderr, flush=True)
            painted.append(done.picture)
        shown.append(np.concatenate(painted, axis=1))
    return rows, np.concatenate(shown)


def report(rows: list[dict[str, Any]], busy: str) -> str:
    """Return what was measured as Markdown."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    lines = [
        "# Style transfer",
        "",
        f"Written by `python -m benchmarks.style` on {machine()}; load before and after {busy}. A street of "
        f"{SIZE} x {SIZE} pixels, {STEPS} steps, coarse to fine, from the content. The style loss of the content "
        f"picture, that of the result, and its share. At most {memory:.1f} GB of memory.",
        "",
        "![The street, six styles, and what two networks made of them](style.png)",
        "",
        "| painted by | style | seconds | loss of the content | at the end | share | judged by | taken for |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        share = f"{100 * float(row['share']):.1f} %"
        cells = [row[name] for name in COLUMNS[:5]] + [share, row["judged_by"], row["taken_for"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    for name in dict.fromkeys(row["painted_by"] for row in rows):
        own = [row for row in rows if row["painted_by"] == name]
        right = sum(row["style"] == row["taken_for"] for row in own)
        slowest = max(float(row["seconds"]) for row in own)
        largest = 100 * max(float(row["share"]) for row in own)
        lines += [
            "",
            f"**{name}**: at most {slowest:.0f} s (goal 60), at most {largest:.1f} % of the content's style loss "
            f"(goal 10), {right} of {len(own)} styles recognized by {own[0]['judged_by']} (goal 5).",
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Paint, and write what came of it."""
    import gan_course

    gan_course.quiet_tensorflow()
    before = load()
    rows, shown = transfers()
    with replacing(ROWS) as beside, beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    Image.fromarray(shown).resize((shown.shape[1] // 2, shown.shape[0] // 2)).save(RESULTS / "style.png")
    (RESULTS / "style.md").write_text(report(rows, f"{before} and {load()}"))


if __name__ == "__main__":
    main()
