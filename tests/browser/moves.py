"""What is moved in each widget, by mouse and by keyboard, and what must then be read in the cell's output.

A move is: the label of a control (or a selector of it), what is done, how, what must be read, and whether the
picture must change (True), stay (False) or may do either (None).

No widget has a drop-down list: in JupyterLab 4.6 arrow keys and letters on one belong to the notebook, where they
move to another cell or insert one.
"""

from typing import NamedTuple

from gan_course.widgets.quiz import read_quiz

FIRST_TABLE, SECOND_TABLE = "css=textarea >> nth=0", "css=textarea >> nth=1"
PLAY = "css=.widget-play button >> nth=0"


class Move(NamedTuple):
    control: str
    act: str
    how: object
    sees: str
    picture: bool | None = True


class Lesson(NamedTuple):
    """The cells to run: those that a widget needs, and the widgets' own; `code` is run in place of a long cell."""

    name: str
    needs: str
    widgets: dict[str, list[Move]]
    code: dict[str, str] = {}

    @property
    def cells(self):
        return [*self.needs.split(), *self.widgets]


def quiz(lesson, part):
    """To each question a wrong answer by mouse, then the right one by keyboard."""
    moves = []
    for i, question in enumerate(read_quiz(lesson, part)):
        wrong = next(letter for letter in question.choices if letter != question.right)
        for letter, act, how, verdict in (
            (wrong, "click", "left", "✗ Not this one."),
            (question.right, "press", "Enter", "✓ Right."),
        ):
            button = f'css=.widget-toggle-buttons >> nth={i} >> css=button:text-is("{letter}")'
            why = question.choices[letter].why.partition("`")[0]
            moves.append(Move(button, act, how, f"{letter}: {verdict} {why}".strip(), None))
    return moves


CONVOLUTION = [
    Move("Position", "press", "ArrowRight", "row 2, column 2"),
    Move("Position", "drag", 0, "row 0, column 0"),
    Move("Padding", "press", "End", "⌊(3 + 4 − 3) / 1⌋ + 1 = 5"),
    Move("Padding", "drag", 0.5, "⌊(3 + 2 − 3) / 1⌋ + 1 = 3"),
    Move("Padding", "press", "ArrowRight", "⌊(3 + 4 − 3) / 1⌋ + 1 = 5"),
    Move("Stride", "press", "ArrowRight", "⌊(3 + 4 − 3) / 2⌋ + 1 = 3"),
    Move("Stride", "drag", 0, "⌊(3 + 4 − 3) / 1⌋ + 1 = 5"),
    Move("Dilation", "drag", 0.5, "⌊(3 + 8 − ((3 − 1) · 2 + 1)) / 1⌋ + 1 = 7"),
    Move("Dilation", "press", "ArrowLeft", "⌊(3 + 4 − 3) / 1⌋ + 1 = 5"),
    Move("a slanted line", "press", "Enter", "⌊(6 + 4 − 3) / 1⌋ + 1 = 8"),
    Move("blur 2 × 2", "click", "left", "⌊(6 + 2 − 2) / 1⌋ + 1 = 7"),
    Move(FIRST_TABLE, "type", "x", "row 0 of the input has 'x'", False),
    Move(FIRST_TABLE, "type", "9 0\n0 9", "⌊(2 + 2 − 2) / 1⌋ + 1 = 3"),
    Move(SECOND_TABLE, "type", "7", "9×7 = 63"),
]
UPSAMPLING = [
    Move("Kernel", "drag", 0.6, "every pixel gets 4 products. Kernel 4 is a multiple of stride 2."),
    Move("Stride", "press", "ArrowRight", "Stride 3 does not divide kernel 4: a checkerboard."),
    Move("Kernel", "press", "ArrowRight", "Stride 3 does not divide kernel 5: a checkerboard."),
    Move("Stride", "drag", 0, "every pixel gets 25 products. Kernel 5 is a multiple of stride 1."),
    Move("our image", "click", "left", "Kernel 5"),
    Move("digit", "press", "Enter", "Kernel 5"),
]
GENERATOR = [
    Move("Latent numbers", "press", "ArrowLeft", "551,681 parameters"),
    Move("Width", "drag", 1, "1,512,961 parameters"),
    Move("Doublings", "press", "ArrowRight", "a side of 28 pixels halved 3 times is 3.5", False),
    Move("Side of the image", "press", "ArrowRight", "parameters, "),
    Move("Kernel", "drag", 0.75, "2,236,417 parameters"),
]
DISCRIMINATOR = [
    Move("Width", "drag", 0.75, "835,329 parameters"),
    Move("Strided layers", "press", "ArrowRight", "4,108,289 parameters"),
    Move("Kernel", "press", "ArrowRight", "8,043,521 parameters"),
    Move("Side of the image", "drag", 0.5, "8,043,521 parameters"),
]
RATE = [
    Move("Rate", "press", "ArrowRight", "Rate 0.055: after ten steps"),
    Move("Rate", "drag", 1, "Rate 0.300: after ten steps"),
]
LAB = [
    Move("Both learn", "click", "left", "Step 510:"),
    Move("Discriminator learns", "press", "Enter", "Step 520:"),
    Move("Generator learns", "press", "Space", "Step 530:"),
    Move("D's learning rate", "drag", 1, "0.1000", False),
    Move("G's learning rate", "drag", 0, "0.0001", False),
    Move("css=.widget-slider >> nth=1 >> css=.noUi-handle", "press", "ArrowRight", "D's updates a step2", False),
    Move("css=.widget-slider >> nth=3 >> css=.noUi-handle", "press", "ArrowRight", "G's updates a step2", False),
    Move("Steps at a time", "press", "ArrowRight", "Step 530:", False),
    Move("Both learn", "click", "left", "Step 630:"),
    Move("least-squares", "press", "Enter", "D gave every point the score 0.5: 0.25 and 0.12"),
    Move("ring", "click", "left", "Step 0:"),
    Move("Steps at a time", "drag", 0, "Step 0:", False),
    Move("Seed", "type", "7", "Step 0:"),
    Move(PLAY, "click", "left", "Step 1"),
    Move(PLAY, "press", "Enter", "Step ", None),
    Move("Start again", "click", "left", "Step "),
    Move("mode collapse", "press", "Space", "Mode collapse:"),
]
TIMELINE = [
    Move("step", "press", "ArrowLeft", "the picture 3 of 4"),
    Move("step", "drag", 0, "Step 0, the picture 1 of 4"),
    Move(PLAY, "click", "left", "the picture 4 of 4"),
]
LATENT = [
    Move("Seed", "type", "3", "Called real with probability"),
    Move("Other seed", "press", "ArrowUp", "Called real with probability"),
    Move("Walk to it", "drag", 0.5, "0.50"),
    *(Move(f"Direction {i}", "press", "ArrowRight", "0.50") for i in range(1, 5)),
    Move("Direction 1", "drag", 1, "6.00"),
]
LIVE = """gan = GAN(mnist_generator(LATENT_DIM), mnist_discriminator())
gan.compile()
grids, live = gan_course.callbacks.SampleGrid("run", every=5), gan_course.callbacks.LivePlot(16)
gan.fit(scale(digits), batch_size=8, steps_per_epoch=16, callbacks=[grids, live], verbose=0);"""

LESSONS = [
    Lesson(
        "01_padding_and_filters",
        "setup imports drawing padding window-picture slide digit-filters digit-picture",
        {
            "quiz-before": quiz("01", "before"),
            "explore": CONVOLUTION,
            "upsample": UPSAMPLING,
            "quiz-after": quiz("01", "after"),
        },
    ),
    Lesson(
        "02_generator",
        "setup imports settings latent scale generator stages",
        {
            "quiz-before": quiz("02", "before"),
            "upsample": [
                Move("Kernel", "press", "ArrowLeft", "Kernel 4 is a multiple of stride 2."),
                Move("first feature map", "click", "left", "Kernel 4"),
                Move("Stride", "drag", 1, "Kernel 4 is a multiple of stride 4."),
            ],
            "play": GENERATOR,
            "quiz-after": quiz("02", "after"),
        },
    ),
    Lesson(
        "03_discriminator",
        "setup imports slope rate-draw",
        {
            "quiz-before": quiz("03", "before"),
            "play": DISCRIMINATOR,
            "rate": RATE,
            "quiz-after": quiz("03", "after"),
        },
    ),
    Lesson(
        "04_combined_model",
        "setup imports settings",
        {"quiz-before": quiz("04", "before"), "lab": LAB, "quiz-after": quiz("04", "after")},
    ),
    Lesson(
        "05_train_mnist",
        "setup imports settings data-embedded ready",
        {
            "live": [Move("css=img", "wait", None, "")],  # first, while it still trains
            "quiz-before": quiz("05", "before"),
            "scrub": TIMELINE,
            "play": LATENT,
            "quiz-after": quiz("05", "after"),
        },
        {"live": LIVE, "scrub": 'gan_course.widgets.timeline("run")'},
    ),
    Lesson("08_how_good", "setup", {"quiz-before": quiz("08", "before"), "quiz-after": quiz("08", "after")}),
    Lesson("11_bricks", "setup", {"quiz-before": quiz("11", "before"), "quiz-after": quiz("11", "after")}),
    Lesson("15_style_transfer", "setup", {"quiz-before": quiz("15", "before"), "quiz-after": quiz("15", "after")}),
]
