"""The exercises: their form, what they say to typical wrong answers, and that these lose the task's points."""

import ast
import re
import textwrap
from pathlib import Path

import nbformat
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

pytest.importorskip("nbgrader")

from gan_course.instructor import assignments, exchange, judge  # noqa: E402
from tests.test_notebooks import KERNEL, MACHINE_PATH, TABLE, Lesson, row_of, untold  # noqa: E402

ROOT = Path(__file__).parents[1]
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
TASKS = assignments.load(ROOT)
SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION\n.*?### END SOLUTION$", re.DOTALL | re.MULTILINE)
GRAY, COLOR = "06_faces_grayscale", "07_faces_color"
NUMBERS = {6: "Six", 7: "Seven", 8: "Eight", 9: "Nine"}


class Exercise(Lesson):
    @property
    def answers(self) -> list[nbformat.NotebookNode]:
        return [cell for cell in self.code if self.kind(cell, "solution")]

    @staticmethod
    def kind(cell: nbformat.NotebookNode, name: str) -> bool:
        return cell.metadata.get("nbgrader", {}).get(name, False)

    def task(self, number: int) -> tuple[nbformat.NotebookNode, ...]:
        """The text, answer, check and points of a task: the first cells of each kind from its text on."""
        start = next(index for index, cell in enumerate(self.cells) if cell.id == f"task-{number}")
        rest = self.cells[start:]
        answer = next(cell for cell in rest if cell in self.answers)
        return self.cells[start], answer, self.cell(f"check-{number}"), self.cell(f"points-{number}")


def names(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def defined(cell: nbformat.NotebookNode) -> str:
    (function,) = (node for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef))
    return function.name


@pytest.fixture(params=SOLUTIONS, ids=lambda path: path.stem, scope="module")
def exercise(request):
    return Exercise(request.param)


def test_there_are_two_exercises():
    assert [path.stem for path in SOLUTIONS] == [GRAY, COLOR] == [row.name for row in TABLE if row.is_exercise]


def test_the_notebook_opens_as_the_lessons_do(exercise):
    assert exercise.notebook.metadata == KERNEL
    assert [cell.id for cell in exercise.cells[:3]] == ["title", "setup-note", "setup"]
    assert exercise.cells[2].source == Lesson(ROOT / "notebooks/05_train_mnist.ipynb").cell("setup").source
    assert row_of(exercise.path).colab in exercise.cells[0].source
    assert not MACHINE_PATH.search(exercise.text) and len(exercise.text) < 1_000_000
    assert len({cell.id for cell in exercise.cells}) == len(exercise.cells)


def test_below_each_figure_a_sentence_says_what_it_shows(exercise):
    assert untold(exercise.cells) == []


def test_each_task_has_a_purpose_a_hint_a_check_and_points(exercise):
    assert 6 <= len(exercise.answers) <= 10
    for number, answer in enumerate(exercise.answers, 1):
        text, first, check, points = exercise.task(number)
        places = [exercise.cells.index(cell) for cell in (text, answer, check, points)]
        assert first is answer and places == sorted(places) and places[3] == places[1] + 2
        assert "**Purpose:**" in text.source
        assert "<summary>Hint</summary>" in "".join(c.source for c in exercise.cells[places[0] : places[1]])
        assert f'@public_check("Task {number}"' in check.source and exercise.kind(check, "locked")
        assert not exercise.kind(check, "grade") and not exercise.kind(answer, "grade")
        assert len(SOLUTION.findall(answer.source)) == 1
        assert exercise.kind(points, "grade") and exercise.kind(points, "locked")
        assert points.source.count("### BEGIN HIDDEN TESTS") == 1
        assert points.source.partition("### JUDGE")[2].count("assert") + points.source.count("same_") >= 1
        assert f"({exercise.kind(points, 'points')} points)" in text.source


def test_a_question_by_hand_ends_it_and_the_points_are_told(exercise):
    *tasks, question = [cell for cell in exercise.cells if exercise.kind(cell, "grade")]
    assert question.cell_type == "markdown" and exercise.kind(question, "solution")
    total, by_hand = sum(exercise.kind(cell, "points") for cell in tasks), exercise.kind(question, "points")
    told = f"{NUMBERS[len(tasks)]} tasks, {total} points, and a question at the end for {by_hand} more"
    assert told in exercise.cells[0].source
    ids = [cell.id for cell in exercise.cells]
    assert ids.index("question") < ids.index("own-images")


def test_a_task_can_be_marked_whatever_the_other_answers_are(exercise):
    """Neither an answer nor a cell with points uses what another task asks for."""
    functions = {defined(answer) for answer in exercise.answers}
    for number, answer in enumerate(exercise.answers, 1):
        for cell in (answer, exercise.task(number)[3]):
            assert names(cell.source) & functions <= {defined(answer)}


def test_the_number_of_steps_is_the_graders(exercise):
    settings = exercise.cell("settings").source
    assert re.search(r'"GAN_COURSE_STEPS", 4_001 if FULL else \d_\d+ if PATIENT else 41\)', settings)
    for number in range(1, len(exercise.answers) + 1):
        assert "STEPS" not in names(exercise.task(number)[3].source)


@pytest.fixture(scope="module", autouse=True)
def in_a_notebook():
    """Pictures are shown, and can be captured."""
    InteractiveShell.instance().kernel = None
    yield
    InteractiveShell.clear_instance()


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    """For each exercise what its given cells and its right answers define."""
    folder = tmp_path_factory.mktemp("faces")
    for number, color in enumerate(np.random.default_rng(0).integers(0, 256, (101, 3), "uint8")):
        Image.fromarray(np.broadcast_to(color, (9, 9, 3)).copy()).save(folder / f"{number:03d}.png")
    found = {}
    for path in SOLUTIONS:
        exercise, room = Exercise(path), {}
        given = [cell for cell in exercise.code if cell.id in ("imports", "settings", "augmentation")]
        for cell in [*given, *exercise.answers]:
            exec(compile(cell.source, f"{path.stem}:{cell.id}", "exec"), room)
        room["FOLDER"] = folder
        found[path.stem] = exercise, room
    return found


def look(exercise, room, number, capsys) -> tuple[str, str]:
    """Run a task's check and its points; return what the one prints and how the other fails."""
    _, _, check, points = exercise.task(number)
    capsys.readouterr()
    exec(check.source, room)
    told = capsys.readouterr().out.splitlines()[-1]
    task = next(task for task in TASKS[exercise.path.stem].tasks if task.name == points.id)
    half = dict(room)
    exec(task.judge, half)
    inputs = half["draw"](np.random.default_rng(number)) if "draw" in half and "def draw" in task.judge else {}
    try:
        exec(task.ask, room)
        answers = exchange.from_text(exchange.answer(room["ask"], exchange.as_text(inputs)))
        half["judge"](inputs, judge.Answers(answers))
    except Exception as error:
        return told, f"{type(error).__name__}: {error}"
    return told, ""


@pytest.mark.parametrize(("name", "number"), [(GRAY, n) for n in range(1, 7)] + [(COLOR, n) for n in range(1, 9)])
def test_the_solution_is_right_and_the_untouched_exercise_not_done(rooms, name, number, capsys):
    exercise, room = rooms[name]
    answer = exercise.task(number)[1]
    assert look(exercise, dict(room), number, capsys) == (f"Task {number} looks right.", "")
    untouched = dict(room)
    exec(SOLUTION.sub(r"\1...", answer.source), untouched)
    told, failure = look(exercise, untouched, number, capsys)
    assert told.startswith(f"Task {number} is not done yet") and failure


NETWORK = "[keras.Input((100,)), layers.Dense(28 * 28 * {0}, {1!r}), layers.Reshape((28, 28, {0}))]"
JUDGE = "[keras.Input((28, 28, {0})), layers.Flatten(), layers.Dense(1, {1!r})]"
TRAIN_6 = """gan, losses = GAN(generator, discriminator, seed={seed}), LossLog(folder / "history.csv")
{compiled}
callbacks = [Checkpoint(folder), SampleGrid(folder, every={every}), losses, LivePlot(steps, losses)]
gan.fit(images, batch_size=BATCH_SIZE, verbose=0, {fit})
return {returned}"""
SIX = {
    "seed": "SEED",
    "compiled": "gan.compile()",
    "every": "every",
    "fit": "steps_per_epoch=steps, callbacks=callbacks",
    "returned": "gan, losses",
}
SAVE = """figure, all_axes = plt.subplots(2, 2)
for image, axes in zip(images, all_axes.flat):
    axes.imshow({shown}, cmap="gray", {range})
    axes.axis("off")
{saved}
{closed}
return path"""
THREE = {
    "shown": "0.5 * image[:, :, 0] + 0.5",
    "range": "vmin=0, vmax=1",
    "saved": "figure.savefig(path)",
    "closed": "plt.close(figure)",
}
ASSESS = """near = lambda faces: nearest_images(drawn, faces)[1][:, 0].mean()
real = lambda shown: float(np.mean(discriminator(shown)))
return dict(near_training=near({near}), near_held_out=near(held_out), real_training=real(training),
    real_held_out=real({other}), real_drawn=real(drawn))"""
GAP = """chosen = (rows["faces"] == faces) & (rows["step"] == step)
gaps = rows["real_training"][{0}] - rows["real_held_out"][{0}]
return {1}"""
CAUSE = """if found["real_training"] {} 0.9 or found["real_drawn"] {} 0.1:
    return "neither"
return "by heart" if found["real_training"] - found["{}"] >= 0.2 else "easy fakes\""""
START = "return {images}, keras.Sequential({drawer}), keras.Sequential({inspector})"
TWO = {
    "images": "scale(load_image_folder(folder, limit=limit))",
    "drawer": NETWORK.format(3, "tanh"),
    "inspector": JUDGE.format(3, "sigmoid"),
}
STEP = """cross_entropy = keras.losses.BinaryCrossentropy()
with tf.GradientTape(persistent=True) as tape:
    on_real, on_fake = discriminator(real), discriminator(generator(latent))
    of_real, of_fake = cross_entropy(tf.ones_like(on_real), on_real), cross_entropy({}(on_fake), on_fake)
    d_loss, g_loss = (of_real + of_fake) / 2, {}
for optimizer, loss, network in ((d_optimizer, d_loss, discriminator), (g_optimizer, g_loss, {})):
    optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)
return {}"""
FOOLED = "cross_entropy(tf.ones_like(on_fake), on_fake)"
BANDED = """edges = np.stack([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)[:, :{}]
return ((edges.max(axis={}) - edges.min(axis={})){} <= within).{}"""
MIRROR = """near, mirrored = (nearest_images(drawn, each)[1]{} for each in (faces, faces[{}]))
return {}"""

WRONG = {  # exercise, task, what a student writes, what the check says
    (GRAY, 1, "return scale(load_image_folder(folder, size=28, channels=1, limit=limit))", "expected -1"),
    (GRAY, 1, "return scale(load_image_folder(folder, limit=limit))", "the shape is (4, 28, 28, 3)"),
    (GRAY, 1, "return scale(load_image_folder(folder, limit=limit)[..., 0])", "the shape is (4, 28, 28)"),
    (GRAY, 1, "return scale(load_image_folder(folder, size=64)[:limit, ..., :1])", "(4, 64, 64, 1)"),
    (
        GRAY,
        1,
        "return scale(load_image_folder(folder)[..., :1])",
        "asked for 4 pictures of a folder of 5, found 5",
    ),
    (GRAY, 1, "return list(scale(load_image_folder(folder, limit=limit)[..., :1]))", "a list; expected one array"),
    (GRAY, 1, "return load_image_folder(folder, limit=limit)[..., :1]", "uint8; expected float32"),
    (GRAY, 1, "return load_image_folder(folder, limit=limit)[..., :1] / 127.5 - 1", "float64; expected float32"),
    (
        GRAY,
        1,
        "return load_image_folder(folder, limit=limit)[..., :1] / np.float32(255)",
        "became 0.0; expected -1",
    ),
    (
        GRAY,
        1,
        "return scale(load_image_folder(folder)[1:, ..., :1])",
        "the first picture holds no red and became -0.6",
    ),
    (
        GRAY,
        1,
        "return scale(load_image_folder(folder)[[0, 2, 1, 3], ..., :1])",
        "red of 0, 51, 102 and 153 became",
    ),
    *[
        (GRAY, 2, TRAIN_6.format(**SIX | changed), said)
        for changed, said in [
            ({"fit": "steps_per_epoch=5, callbacks=callbacks"}, "asked for 4 steps with 70 images, it trained 5"),
            ({"fit": "callbacks=callbacks"}, "asked for 4 steps with 70 images"),
            ({"fit": "epochs=steps, callbacks=callbacks"}, "asked for 4 steps with 70 images"),
            ({"fit": "steps_per_epoch=steps, callbacks=callbacks[1:]"}, "a callback is missing"),
            ({"fit": "steps_per_epoch=steps, callbacks=callbacks[:-1]"}, "nothing was shown"),
            ({"every": "SAVE_EVERY"}, "every 3 steps, found those of the steps [0]"),
            ({"seed": "SEED + 1"}, "the seed of the GAN is"),
            ({"returned": "losses"}, "two things are to be returned"),
            ({"returned": "losses, gan"}, "the first is a LossLog"),
            ({"returned": "gan, losses.rows"}, "the second is a list"),
        ]
    ],
    *[
        (GRAY, 3, SAVE.format(**THREE | changed), said)
        for changed, said in [
            ({"saved": "    figure.savefig(path)"}, "the file was written 4 times"),
            ({"closed": ""}, "1 figure is still open"),
            ({"range": ""}, "where 0 is black and 1 white"),
            ({"shown": "0.5 + image[:, :, 0]"}, "where 0 is black and 1 white: 0.00, 0.50, 1.00, 1.00"),
            ({"shown": "image[:, :, 0]"}, "where 0 is black and 1 white: 0.00, 0.00, 0.50, 1.00"),
        ]
    ],
    (GRAY, 4, ASSESS.format(near="training", other="held_out"), "with only 3 faces held out"),
    (GRAY, 4, ASSESS.format(near="training[:len(held_out)]", other="training"), "the three answers are"),
    (
        GRAY,
        4,
        ASSESS.format(near="training[:len(held_out)]", other="held_out").replace(".mean()", ".min()", 1),
        "of two drawn faces, one a copy",
    ),
    (
        GRAY,
        4,
        ASSESS.format(near="held_out", other="held_out").replace("out=near(held_out)", "out=near(training)", 1),
        "a copy of a face is",
    ),
    (GRAY, 4, "return {'near_training': 0.0}", "expected a dictionary with the names"),
    (GRAY, 4, "return 1, 2, 3, 4, 5", "expected a dictionary with the names"),
    (GRAY, 5, GAP.format("chosen", "gaps.mean(), gaps.std()"), "for a sample it is n - 1"),
    (GRAY, 5, GAP.format("chosen", "(gaps.mean(),)"), "two numbers are to be returned"),
    (
        GRAY,
        5,
        GAP.format("rows['faces'] == faces", "gaps.mean(), gaps.std(ddof=1)"),
        "have the mean 0.25, not 0.3",
    ),
    (GRAY, 5, GAP.format("chosen", "-gaps.mean(), gaps.std(ddof=1)"), "have the mean 0.25, not -0.25"),
    (GRAY, 5, GAP.format("chosen", "gaps.mean(), gaps.var(ddof=1)"), "spread by 0.354, not by 0.125"),
    (GRAY, 6, CAUSE.format("<", ">", "real_drawn"), "does not follow from real_training 0.97, real_held_out 0.95"),
    (
        GRAY,
        6,
        CAUSE.format("<", "> 5 *", "real_held_out"),
        "real_training 0.95, real_held_out 0.5, real_drawn 0.4",
    ),
    (GRAY, 6, CAUSE.format("< 0 *", ">", "real_held_out"), "does not follow from"),
    (GRAY, 6, "return True", "found True; expected one of"),
    (COLOR, 1, "return ['b', 'e', 'f']", "a list; expected a set"),
    (COLOR, 1, "return {'b', 'e', 'f', 'g'}", "of your 4 places 1 would do for any number of channels"),
    (COLOR, 1, "return {'b', 'e', 'x'}", "no letters of the table"),
    (COLOR, 1, "return {'b', 'e'}", "a network would meet images of another shape"),
    *[
        (COLOR, 2, START.format(**TWO | changed), said)
        for changed, said in [
            ({"images": "load_image_folder(folder, limit=limit)"}, "uint8; expected float32"),
            ({"images": "load_image_folder(folder, limit=limit) / np.float32(255)"}, "blue 255 became [0.2"),
            ({"images": "scale(load_image_folder(folder))"}, "2 of 3 pictures have the shape (3, 28, 28, 3)"),
            ({"images": "scale(load_image_folder(folder, limit=limit))[..., :1]"}, "the shape (2, 28, 28, 1)"),
            ({"images": "scale(load_image_folder(folder, limit=limit)[..., ::-1])"}, "blue 255 became [1.0"),
            ({"drawer": NETWORK.format(1, "tanh")}, "the generator draws (28, 28, 1)"),
            ({"drawer": NETWORK.format(3, "sigmoid")}, "it draws from 0.0 to 1.0"),
            ({"drawer": NETWORK.format(3, None)}, "it draws from -"),
            ({"inspector": JUDGE.format(1, "sigmoid")}, "the discriminator takes (28, 28, 1)"),
            ({"inspector": JUDGE.format(3, None)}, "it answers from -"),
        ]
    ],
    (COLOR, 3, "return 3200, 3202", "are not the 868,483 of your generator"),
    (COLOR, 3, "return 6402", "expected two numbers"),
    (
        COLOR,
        4,
        STEP.format("tf.ones_like", FOOLED, "generator", "d_loss, g_loss"),
        "the same fakes are called real",
    ),
    (
        COLOR,
        4,
        STEP.format("tf.zeros_like", "of_fake", "generator", "d_loss, g_loss"),
        "new fakes are called real",
    ),
    (COLOR, 4, STEP.format("tf.zeros_like", FOOLED, "discriminator", "d_loss, g_loss"), "after a step"),
    (COLOR, 4, STEP.format("tf.zeros_like", FOOLED, "generator", "d_loss"), "two losses are to be returned"),
    (COLOR, 5, "return unscale(drawn)", "two things are to be returned"),
    (COLOR, 5, "return (drawn + 1) / 2, drawn.mean(axis=(0, 1, 2))", "float32; expected uint8"),
    (COLOR, 5, "p = ((drawn + 1) * 127.5).astype('uint8'); return p, p.mean(axis=(0, 1, 2))", "became [0, 5"),
    (COLOR, 5, "return unscale(drawn), unscale(drawn).mean()", "the means have the shape ()"),
    (COLOR, 5, "return unscale(drawn), unscale(drawn)[0].mean(axis=(0, 1))", "of these two images became ["),
    (COLOR, 6, "return True", "for (28, 28, 3) the answer is True"),
    (COLOR, 6, "return False", "for (28, 28) the answer is False"),
    (COLOR, 6, "return len(shape)", "expected True or False"),
    (
        COLOR,
        7,
        BANDED.format(2, 3, 3, ".mean(axis=2)", "any(axis=1).mean()"),
        "whose first column is gray: found 0.0",
    ),
    (COLOR, 7, BANDED.format(4, 3, 3, ".mean(axis=2)", "mean()"), "whose first row is gray: found 0.25"),
    (
        COLOR,
        7,
        BANDED.format(4, 3, 3, ".mean(axis=2)", "all(axis=1).mean()"),
        "whose first row is gray: found 0.0",
    ),
    (
        COLOR,
        7,
        BANDED.format(4, 3, 3, ".mean(axis=2)", "any(axis=1).sum()"),
        "one with none: found 1, expected 0.5",
    ),
    (COLOR, 7, BANDED.format(4, (2, 3), (2, 3), "", "any(axis=1).mean()"), "gray of every brightness: found 0.0"),
    (COLOR, 8, MIRROR.format(".mean()", ":, ::-1", "mirrored - near"), "for mirrored copies the gap is"),
    (COLOR, 8, MIRROR.format(".mean()", ":, :, ::-1", "near - mirrored"), "for copies the gap is -"),
    (COLOR, 8, MIRROR.format("", ":, :, ::-1", "mirrored - near"), "found (2, 1); expected one number"),
}


@pytest.mark.parametrize(("name", "number", "answer", "told"), sorted(WRONG))
def test_a_wrong_answer_is_told_its_fault_and_earns_nothing(rooms, name, number, answer, told, capsys):
    exercise, room = rooms[name]
    room = dict(room)
    stub = SOLUTION.sub("", exercise.task(number)[1].source)
    exec(stub + textwrap.indent(answer, "    "), room)
    found, failure = look(exercise, room, number, capsys)
    assert found.startswith(f"Task {number} is not right yet") and told in found
    assert failure
