"""The places where a student writes: what the checks of the lessons say to right and to wrong answers."""

import contextlib
import io
import re

import matplotlib
import pytest

import gan_course
from tests.test_notebooks import LESSONS, Lesson

TURNS = {
    (path.stem, cell.id): path for path in LESSONS for cell in Lesson(path).code if cell.id.startswith("turn-")
}
ANSWERS = {
    ("01_padding_and_filters", "turn-slide"): {
        "right": """
def my_slide(image, kernel):
    side = len(kernel)
    found = np.zeros((len(image) - side + 1, len(image[0]) - side + 1), image.dtype)
    for row in range(len(found)):
        for column in range(len(found[0])):
            found[row, column] = (image[row : row + side, column : column + side] * kernel).sum()
    return found
""",
        "how often does a side of 3 fit into 5": "def my_slide(image, kernel): return np.zeros(image.shape)",
        "every pixel is 0": """
def my_slide(image, kernel):
    return np.zeros((len(image) - 2, len(image) - 2))
""",
        "turned by half a turn": "def my_slide(image, kernel): return slide(image, kernel[::-1, ::-1])",
        "by hand we had 3": "def my_slide(image, kernel): return 2 * slide(image, kernel)",
        "other pixels are not": """
def my_slide(image, kernel):
    found = slide(image, kernel)
    found[0] = 7
    return found
""",
        "wrong for another image": "def my_slide(image, kernel): return by_hand",
    },
    ("01_padding_and_filters", "turn-repeat"): {
        "right": "def my_repeat(image, times): return image.repeat(times, axis=0).repeat(times, axis=1)",
        "each two times": "def my_repeat(image, times): return image.repeat(times, axis=0)",
        "whole images were put side by side": "def my_repeat(image, times): return np.tile(image, (times, times))",
        "row 1 should repeat row 0": """
def my_repeat(image, times):
    return np.tile(image.repeat(times, axis=1), (times, 1))
""",
        "not for three": "def my_repeat(image, times): return image.repeat(2, axis=0).repeat(2, axis=1)",
    },
    ("02_generator", "turn-norm"): {
        "right": """
def my_normalize(values):
    return (values - values.mean(axis=0)) / np.sqrt(values.var(axis=0) + EPSILON)
""",
        "expected one number for each": "def my_normalize(values): return values.mean(axis=0)",
        "each feature has its own mean": """
def my_normalize(values):
    return (values - values.mean()) / np.sqrt(values.var() + EPSILON)
""",
        "the means are": "def my_normalize(values): return values / np.sqrt(values.var(axis=0) + EPSILON)",
        "the variances are": """
def my_normalize(values):
    return (values - values.mean(axis=0)) / (values.var(axis=0) + EPSILON)
""",
        "equal values divide by 0": """
def my_normalize(values):
    with np.errstate(invalid="ignore"):
        return (values - values.mean(axis=0)) / values.std(axis=0)
""",
    },
    ("02_generator", "turn-count"): {
        "right": """
def my_dense_count(inputs, outputs): return (inputs + 1) * outputs
def my_convolution_count(kernel, maps_in, maps_out): return (kernel**2 * maps_in + 1) * maps_out
""",
        "what else has a number of its own": """
def my_dense_count(inputs, outputs): return inputs * outputs
def my_convolution_count(kernel, maps_in, maps_out): return 0
""",
        "dense: 15": """
def my_dense_count(inputs, outputs): return inputs * outputs + inputs
def my_convolution_count(kernel, maps_in, maps_out): return 0
""",
        "more than 5 cells": """
def my_dense_count(inputs, outputs): return (inputs + 1) * outputs
def my_convolution_count(kernel, maps_in, maps_out): return (kernel * maps_in + 1) * maps_out
""",
        "the biases are missing": """
def my_dense_count(inputs, outputs): return (inputs + 1) * outputs
def my_convolution_count(kernel, maps_in, maps_out): return kernel**2 * maps_in * maps_out
""",
        "Keras counts another number": """
def my_dense_count(inputs, outputs): return (inputs + 1) * outputs
def my_convolution_count(kernel, maps_in, maps_out): return (kernel**2 + 1) * maps_out
""",
    },
    ("03_discriminator", "turn-loss"): {
        "right": "def my_cross_entropy(p, label): return -np.log(p) if label else -np.log(1 - p)",
        "log of a number under 1 is negative": """
def my_cross_entropy(p, label):
    return np.log(p) if label else np.log(1 - p)
""",
        "better for a real image": "def my_cross_entropy(p, label): return -np.log(abs(label - p))",
        "base 10": "def my_cross_entropy(p, label): return -np.log10(p if label else 1 - p)",
        "not the number of Keras": "def my_cross_entropy(p, label): return (label - p) ** 2",
    },
    ("03_discriminator", "turn-accuracy"): {
        "right": "def my_accuracy(a, b): return np.mean([*(a > 0.5), *(b < 0.5)])",
        "is no share": "def my_accuracy(a, b): return (a > 0.5).sum() + (b < 0.5).sum()",
        "more real images than fakes": "def my_accuracy(a, b): return ((a > 0.5).mean() + (b < 0.5).mean()) / 2",
        "which of these seven answers": "def my_accuracy(a, b): return np.mean([*(a > 0.5), *(b > 0.5)])",
    },
    ("04_combined_model", "turn-best"): {
        "right": """
def my_best_answer(p, q):
    return min(np.linspace(0.01, 0.99, 99), key=lambda a: -p * np.log(a) - q * np.log(1 - a))
""",
        "or a position": """
def my_best_answer(p, q):
    answers = np.linspace(0.01, 0.99, 99)
    return (-p * np.log(answers) - q * np.log(1 - answers)).argmin()
""",
        "where is the loss least": "def my_best_answer(p, q): return 0.99 * p / (p + q + 1)",
        "should lean to real": "def my_best_answer(p, q): return q / (p + q)",
        "do not weigh as they should": "def my_best_answer(p, q): return p**2 / (p**2 + q**2)",
    },
    ("04_combined_model", "turn-losses"): {
        "right": """
def my_losses(on_real, on_fake):
    d_loss = (cross_entropy(ones, on_real) + cross_entropy(zeros, on_fake)) / 2
    return d_loss, cross_entropy(ones, on_fake)
""",
        "wants his fakes to be called 1": """
def my_losses(on_real, on_fake):
    d_loss = (cross_entropy(ones, on_real) + cross_entropy(zeros, on_fake)) / 2
    return d_loss, cross_entropy(zeros, on_fake)
""",
        "more or less": """
def my_losses(on_real, on_fake):
    d_loss = (cross_entropy(ones, on_real) + cross_entropy(zeros, on_fake)) / 2
    return d_loss, cross_entropy(ones, on_real)
""",
        "the sum of both": """
def my_losses(on_real, on_fake):
    d_loss = cross_entropy(ones, on_real) + cross_entropy(zeros, on_fake)
    return d_loss, cross_entropy(ones, on_fake)
""",
        "which labels do they want": """
def my_losses(on_real, on_fake):
    d_loss = (cross_entropy(zeros, on_real) + cross_entropy(ones, on_fake)) / 2
    return d_loss, cross_entropy(ones, on_fake)
""",
    },
    ("05_train_mnist", "turn-step"): {
        "right": "my_step = train_step",
        "the generator has not moved": """
def my_step(real):
    with tf.GradientTape() as tape:
        d_loss, g_loss = losses_of(real)
    variables = discriminator.trainable_variables
    keras.optimizers.SGD(0.1).apply(tape.gradient(d_loss, variables), variables)
    return d_loss, g_loss
""",
        "the discriminator has not moved": """
def my_step(real):
    with tf.GradientTape() as tape:
        d_loss, g_loss = losses_of(real)
    variables = generator.trainable_variables
    keras.optimizers.SGD(0.1).apply(tape.gradient(g_loss, variables), variables)
    return d_loss, g_loss
""",
        "expected both losses": "def my_step(real): return train_step(real)[:1]",
        "near 0.7 each": "def my_step(real): return [3 * loss for loss in train_step(real)]",
    },
    ("05_train_mnist", "turn-arc"): {
        "right": """
def my_arc(start, end, share):
    angle = np.arccos(start @ end / np.linalg.norm(start) / np.linalg.norm(end))
    return (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)
""",
        "expected a vector as long": "def my_arc(start, end, share): return start @ end",
        "expected the start": "def my_arc(start, end, share): return share * start + (1 - share) * end",
        "expected the end": "def my_arc(start, end, share): return start",
        "a straight line": "def my_arc(start, end, share): return (1 - share) * start + share * end",
        "the middle is [": """
def my_arc(start, end, share):
    return np.sqrt(1 - share**2) * start + share * end
""",
    },
    ("08_how_good", "turn-frechet"): {
        "right": """
def my_frechet(mean_a, deviation_a, mean_b, deviation_b):
    return ((mean_a - mean_b) ** 2).sum() + ((deviation_a - deviation_b) ** 2).sum()
""",
        "one number is wanted": "def my_frechet(a, s, b, t): return (a - b) ** 2 + (s - t) ** 2",
        "equal clouds are": "def my_frechet(a, s, b, t): return ((a - b) ** 2 + s * t).sum()",
        "only the means are compared": "def my_frechet(a, s, b, t): return ((a - b) ** 2).sum()",
        "expected the standard deviations": """
def my_frechet(a, s, b, t):
    return ((a - b) ** 2 + (s**2 - t**2) ** 2).sum()
""",
        "the package has another number": "def my_frechet(a, s, b, t): return (abs(a - b) + abs(s - t)).sum()",
    },
    ("08_how_good", "turn-coverage"): {
        "right": """
def my_coverage(probabilities):
    read = probabilities.argmax(axis=1)[probabilities.max(axis=1) >= 0.9]
    return (np.bincount(read, minlength=10) >= 0.01 * len(probabilities)).mean()
""",
        "divide by the ten digits": """
def my_coverage(probabilities):
    return len(set(probabilities.argmax(axis=1)))
""",
        "all ten are drawn": "def my_coverage(probabilities): return 0.9",
        "not enough for an 8": """
def my_coverage(probabilities):
    return len(set(probabilities.argmax(axis=1)[probabilities.max(axis=1) >= 0.9])) / 10
""",
        "two digits are drawn often enough": "def my_coverage(probabilities): return 1.0",
        "which of them were counted": """
def my_coverage(probabilities):
    return (np.bincount(probabilities.argmax(axis=1), minlength=10) >= 0.01 * len(probabilities)).mean()
""",
    },
}


NEEDS = {  # of lessons that train; of others all cells
    "05_train_mnist": "imports settings data-embedded networks optimizers step-losses step-update",
    "08_how_good": "imports settings",
}


def run(source, names):
    """Run a cell; return what it prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(source, "cell", "exec"), names)
    return said.getvalue()


class Rooms(dict):
    """For each lesson the names that its cells have made, up to the last place to write, once and if asked."""

    def __missing__(self, lesson):
        (path,) = {path for path in TURNS.values() if path.stem == lesson}
        names = self[lesson] = {"__name__": "lesson", "gan_course": gan_course}
        last = max(index for index, cell in enumerate(Lesson(path).code) if cell.id.startswith("turn-"))
        some = NEEDS.get(lesson, "").split()
        for cell in Lesson(path).code[1 : last + 1]:
            if cell.id in some or not some and not cell.id.startswith("quiz"):
                run(cell.source, names)
        return names


@pytest.fixture(scope="module")
def rooms():
    before = matplotlib.get_backend()
    matplotlib.use("agg")
    yield Rooms()
    matplotlib.use(before)


def test_every_place_to_write_is_tried():
    places = {key for key in TURNS if not key[1].endswith("-check")}
    assert places == {*ANSWERS}
    assert all(len([key for key in places if key[0] == name]) == 2 for name, _ in places)


@pytest.mark.parametrize("place", ANSWERS, ids="-".join)
def test_a_stub_runs_and_is_told_not_to_be_done(rooms, place):
    lesson = Lesson(TURNS[place])
    run(lesson.cell(place[1]).source, rooms[place[0]])
    assert run(lesson.cell(f"{place[1]}-check").source, rooms[place[0]]).startswith("Your turn is not done yet")


@pytest.mark.parametrize(
    ("place", "says"), [(place, says) for place in ANSWERS for says in ANSWERS[place]], ids=lambda each: each[-1]
)
def test_an_answer_is_told_what_is_wrong_with_it(rooms, place, says):
    run(ANSWERS[place][says], rooms[place[0]])
    told = run(Lesson(TURNS[place]).cell(f"{place[1]}-check").source, rooms[place[0]])
    assert told == "Your turn looks right.\n" if says == "right" else says in told


@pytest.mark.parametrize("place", ANSWERS, ids="-".join)
def test_a_folded_solution_follows_under_another_name(place):
    cells = Lesson(TURNS[place]).code
    check = next(index for index, cell in enumerate(cells) if cell.id == f"{place[1]}-check")
    assert cells[check + 1].metadata.tags == ["solution"]
    mine = re.findall(r"def (my_\w+)", cells[check - 1].source)
    assert mine and not any(name in cell.source for name in mine for cell in cells[check + 1 :])
