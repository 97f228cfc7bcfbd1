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
from tests.test_notebooks import KERNEL, MACHINE_PATH, TABLE, Lesson, row_of  # noqa: E402

ROOT = Path(__file__).parents[1]
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
TASKS = assignments.load(ROOT)
SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION\n.*?### END SOLUTION$", re.DOTALL | re.MULTILINE)
GRAY, COLOUR = "06_faces_grayscale", "07_faces_color"


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
    assert [path.stem for path in SOLUTIONS] == [GRAY, COLOUR] == [row.name for row in TABLE if row.is_exercise]


def test_the_notebook_opens_as_the_lessons_do(exercise):
    assert exercise.notebook.metadata == KERNEL
    assert [cell.id for cell in exercise.cells[:3]] == ["title", "setup-note", "setup"]
    assert exercise.cells[2].source == Lesson(ROOT / "notebooks/05_train_mnist.ipynb").cell("setup").source
    assert row_of(exercise.path).colab in exercise.cells[0].source
    assert not MACHINE_PATH.search(exercise.text) and len(exercise.text) < 1_000_000
    assert len({cell.id for cell in exercise.cells}) == len(exercise.cells)


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
    assert (
        f"Nine small tasks, {total} points, and a question at the end for {by_hand} more"
        in exercise.cells[0].source
    )
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
    for number, colour in enumerate(np.random.default_rng(0).integers(0, 256, (101, 3), "uint8")):
        Image.fromarray(np.broadcast_to(colour, (9, 9, 3)).copy()).save(folder / f"{number:03d}.png")
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


@pytest.mark.parametrize("name", [GRAY, COLOUR])
@pytest.mark.parametrize("number", range(1, 10))
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
TRAIN_6 = """losses, grid = LossLog(folder / "history.csv"), SampleGrid(folder)
gan.fit(images, batch_size=BATCH_SIZE, verbose=0, {})
return {}"""
TRAIN_7 = """gan, losses = GAN(generator, discriminator, seed=SEED), LossLog(folder / "history.csv")
gan.compile({})
gan.fit(images, verbose=0, callbacks=[Checkpoint(folder), SampleGrid(folder), losses, {}], {})
return gan, losses"""
AUGMENTED, LIVE = "augmentation=build_augmentation()", "LivePlot(steps, losses)"
STEPS = "steps_per_epoch=steps"
ALL = "callbacks=[Checkpoint(folder), grid, losses, LivePlot(steps, losses)]"

WRONG = {  # exercise, task, what a student writes, what the check says
    (GRAY, 1, "return load_image_folder(folder, limit=100, size=64)", "(64, 64) pixels; expected size=28"),
    (GRAY, 1, "return load_image_folder(folder, limit=100, channels=1)", "1 channel; read in colour"),
    (GRAY, 1, "return load_image_folder(folder)", "101 pictures; stop after 100"),
    (GRAY, 1, "return scale(load_image_folder(folder, limit=100))", "float32; keep uint8"),
    (GRAY, 2, "return photos[..., 0]", "the shape has 3 axes"),
    (GRAY, 2, "return photos[:1]", "slice the last axis only"),
    (GRAY, 2, "return photos[..., 2:]", "not the values of the first channel"),
    (GRAY, 3, "return photos.mean(-1, keepdims=True).round().astype('uint8')", "take the three weights"),
    (GRAY, 3, "return (photos @ [0.299, 0.587, 0.114]).round().astype('uint8')", "sum with keepdims=True"),
    (GRAY, 3, "return photos @ np.array([[0.299], [0.587], [0.114]])", "float64; expected uint8"),
    (GRAY, 3, "return (photos @ np.array([[0.114], [0.299], [0.587]])).astype('uint8')", "expected 0.587"),
    (GRAY, 4, "return images.astype('float32')", "from 0 to 255; they are not scaled yet"),
    (GRAY, 4, "return images / np.float32(255)", "from 0 to 1; tanh reaches from -1 to 1"),
    (GRAY, 4, "return images / 128.0 - 1", "the largest value is 0.992188; 255 shall become 1"),
    (GRAY, 4, "return images / 127.5 - 1", "float64; expected float32"),
    (
        GRAY,
        5,
        f"return keras.Sequential({NETWORK.format(1, 'sigmoid')}), mnist_discriminator()",
        "nothing below 0",
    ),
    (GRAY, 5, f"return keras.Sequential({NETWORK.format(1, None)}), mnist_discriminator()", "beyond [-1, 1]"),
    (GRAY, 5, f"return keras.Sequential({NETWORK.format(3, 'tanh')}), mnist_discriminator()", "draws (28, 28, 3)"),
    (GRAY, 5, f"return keras.Sequential({NETWORK.format(1, 'tanh')}), mnist_discriminator()", "865,281"),
    (GRAY, 5, f"return mnist_generator(), keras.Sequential({JUDGE.format(1, None)})", "end it with a sigmoid"),
    (GRAY, 5, f"return mnist_generator(), keras.Sequential({JUDGE.format(3, 'sigmoid')})", "takes (28, 28, 3)"),
    (GRAY, 6, "return GAN(generator, discriminator, seed=SEED)", "not compiled; call gan.compile"),
    (GRAY, 6, "gan = GAN(generator, discriminator, seed=SEED); gan.compile(); return gan", "not told the augment"),
    (
        GRAY,
        6,
        "gan = GAN(generator, discriminator); gan.compile(augmentation=augmentation); return gan",
        "seed=SEED",
    ),
    (GRAY, 6, "return keras.Sequential([generator, discriminator])", "a Sequential; expected a GAN"),
    (GRAY, 7, TRAIN_6.format(f"steps_per_epoch=5, {ALL}", "losses"), "asked for 2 steps, it trained 5"),
    (GRAY, 7, TRAIN_6.format(ALL, "losses"), "asked for 2 steps, it trained 1"),
    (GRAY, 7, TRAIN_6.format("steps_per_epoch=steps, callbacks=[grid, losses]", "losses"), "gan.keras is missing"),
    (
        GRAY,
        7,
        TRAIN_6.format("steps_per_epoch=steps, callbacks=[Checkpoint(folder), grid, losses]", "losses"),
        "pass LivePlot to fit too",
    ),
    (GRAY, 7, TRAIN_6.format(f"steps_per_epoch=steps, {ALL}", "gan"), "returned a GAN; expected the LossLog"),
    (GRAY, 8, "return nearest_images(drawn, faces)", "positions (2, 1); take the first column"),
    (GRAY, 8, "return [found[:, 0] for found in nearest_images(drawn, faces)][::-1]", "not found at 4 and 2"),
    (GRAY, 9, "return keras.Sequential([layers.RandomBrightness(0.2)])", "say value_range=(-1, 1)"),
    (GRAY, 9, "return layers.RandomBrightness(0.2, value_range=(-1, 1))", "no image was shifted"),
    (GRAY, 9, "return layers.RandomTranslation(1 / 8, 1 / 8, fill_mode='constant')", "add RandomBrightness"),
    (
        GRAY,
        9,
        "return keras.Sequential([layers.RandomTranslation(1 / 8, 1 / 8), "
        "layers.RandomBrightness(0.2, value_range=(-1, 1))])",
        "fill_mode='constant'",
    ),
    (COLOUR, 1, "return ['b', 'e', 'f']", "a list; expected a set"),
    (COLOUR, 1, "return {'b', 'e', 'f', 'g'}", "still one probability"),
    (COLOUR, 1, "return {'b', 'e', 'x'}", "no letters of the table"),
    (COLOUR, 1, "return {'b', 'e'}", "cannot take (28, 28, 3)"),
    (COLOUR, 1, "return {'b', 'e', 'f', 'h'}", "4 places; expected 3"),
    (COLOUR, 2, "return scale(load_image_folder(folder, limit=100))[..., :1]", "keep three channels"),
    (COLOUR, 2, "return load_image_folder(folder, limit=100)", "not scaled yet"),
    (COLOUR, 2, "return load_image_folder(folder, limit=100) / np.float32(255)", "tanh reaches from -1 to 1"),
    (COLOUR, 2, "return scale(load_image_folder(folder))", "stop after 100"),
    (COLOUR, 3, f"return keras.Sequential({NETWORK.format(1, 'tanh')})", "draws 1 channel"),
    (COLOUR, 3, f"return keras.Sequential({NETWORK.format(3, 'sigmoid')})", "nothing below 0"),
    (COLOUR, 3, f"return keras.Sequential({NETWORK.format(3, None)})", "beyond [-1, 1]"),
    (COLOUR, 4, f"return keras.Sequential({JUDGE.format(1, 'sigmoid')})", "takes (28, 28, 1)"),
    (COLOUR, 4, f"return keras.Sequential({JUDGE.format(3, None)})", "end it with a sigmoid"),
    (COLOUR, 5, "return 3200, 3202", "are not the 868,483 of your generator"),
    (COLOUR, 5, "return 6402", "return two numbers"),
    (COLOUR, 6, TRAIN_7.format("", LIVE, STEPS), "not told the augmentation"),
    (COLOUR, 6, TRAIN_7.format(AUGMENTED, LIVE, "epochs=5"), "asked for 2 steps"),
    (COLOUR, 6, TRAIN_7.format(AUGMENTED, "", STEPS), "pass LivePlot to fit too"),
    (COLOUR, 6, TRAIN_7.format(AUGMENTED, LIVE, STEPS).removesuffix(", losses"), "return two things"),
    (COLOUR, 7, "return (drawn + 1) / 2", "float32; expected uint8"),
    (COLOUR, 7, "return (drawn * 255).clip(0, 255).astype('uint8')", "-0.6 became 0; expected 51"),
    (COLOUR, 7, "return ((drawn + 1) * 127.5).astype('uint8')", "expected 51, rounded"),
    (COLOUR, 8, "return images.mean()", "over the first three axes"),
    (COLOUR, 8, "return images.mean(axis=(1, 2))", "over the first three axes"),
    (COLOUR, 8, "return images[0].mean(axis=(0, 1))", "expected 10.5, 11.5 and 12.5"),
    (COLOUR, 9, "return True", "did viridis change the colour image?"),
    (COLOUR, 9, "return False", "only a colour map can turn into a colour"),
    (COLOUR, 9, "return len(shape)", "return True or False"),
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
