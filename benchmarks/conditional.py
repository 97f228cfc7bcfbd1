"""A conditional GAN on digits: how often it draws the digit that was asked for, and what a label costs a step.

python -m benchmarks.conditional            # 5 minutes; writes results/conditional.md
"""

import time

from benchmarks.common import RESULTS, load, machine, measured

SECONDS, EVERY = 120, 15  # of training, and between two looks
ROUNDS, STEPS = 20, 24
ASKED = 1000


def shares(seed: int = 0) -> list[tuple[int, float, float]]:
    """Train for two minutes; return steps, seconds and share of the asked digits drawn, every so often."""
    import keras
    import numpy as np

    import gan_course
    from gan_course import models
    from gan_course.datasets import load_mnist, scale
    from gan_course.metrics import classify_digits

    digits, labels = load_mnist(source="embedded")
    keras.utils.set_random_seed(seed)
    gan = gan_course.GAN(models.conditional_generator(), models.conditional_discriminator(dropout=0), seed=seed)
    gan.compile(recipe="course")
    images, asked, rows, spent = scale(digits), np.arange(ASKED) % 10, [], 0.0
    while spent < SECONDS:
        until = time.perf_counter() + EVERY
        stop = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs, until=until: setattr(
                gan, "stop_training", time.perf_counter() >= until
            )
        )
        start = time.perf_counter()
        gan.fit(images, labels, steps_per_epoch=100_000, callbacks=[stop], verbose=0)
        spent += time.perf_counter() - start
        drawn = classify_digits(gan.generate(conditions=asked, seed=1))["probabilities"].argmax(axis=1)
        rows.append((gan.steps, round(spent, 1), float((drawn == asked).mean())))
    return rows


def cost() -> list[float]:
    """Return the processor seconds of a step with a label over those of one without, in turn."""
    import keras

    import gan_course
    from gan_course import models
    from gan_course.datasets import load_mnist, scale

    digits, labels = load_mnist(source="embedded")
    images, gans = scale(digits), []
    for networks in (
        (models.mnist_generator(), models.mnist_discriminator(dropout=0)),
        (models.conditional_generator(), models.conditional_discriminator(dropout=0)),
    ):
        keras.utils.set_random_seed(0)
        gans.append(gan_course.GAN(*networks, seed=0))
        gans[-1].compile(recipe="course")

    def seconds(gan: gan_course.GAN) -> float:
        start = time.process_time()
        gan.fit(images, labels, steps_per_epoch=STEPS, verbose=0)
        return time.process_time() - start

    found = []
    for number in range(ROUNDS + 1):
        pair = gans if number % 2 else gans[::-1]
        spent = {id(gan): seconds(gan) for gan in pair}
        found.append(spent[id(gans[1])] / spent[id(gans[0])])
    return found[1:]  # the first holds the tracing


def report(rows: list[tuple[int, float, float]], ratios: list[float]) -> str:
    """Return what was measured as Markdown."""
    ordered = sorted(ratios)
    middle = ordered[len(ordered) // 2]
    lines = [
        "# Digits that are asked for",
        "",
        f"Written by `python -m benchmarks.conditional` on {machine()}; load {load()}. The networks are "
        "`conditional_generator` and `conditional_discriminator(dropout=0)`, the recipe is `course`, the digits "
        f"are the 10,000 embedded ones. Of {ASKED:,} digits, 100 asked for of each kind, the share that the "
        "course's classifier reads as asked; chance is 10 %.",
        "",
        "| seconds | step | drawn as asked |",
        "|---|---|---|",
        *(f"| {seconds:.0f} | {step:,} | {100 * share:.0f} % |" for step, seconds, share in rows),
        "",
        f"A step with a label took {middle:.3f} times the processor seconds of one without (median of "
        f"{len(ratios)} rounds of {STEPS} steps in turn; the middle half from {ordered[len(ordered) // 4]:.3f} to "
        f"{ordered[-len(ordered) // 4]:.3f}).",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure both and write the result."""
    rows, ratios = (measured("conditional", job) for job in ("shares", "cost"))
    (RESULTS / "conditional.md").write_text(report(rows, ratios))
    print((RESULTS / "conditional.md").read_text())


if __name__ == "__main__":
    import json
    import sys

    if len(sys.argv) > 1:
        print(json.dumps({"shares": shares, "cost": cost}[sys.argv[1]]()))
    else:
        main()
