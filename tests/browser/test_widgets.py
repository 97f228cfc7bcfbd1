import re
import time

import nbformat
import pytest

import gan_course
from tests.browser.conftest import PATIENCE, ROOT, WIDE
from tests.browser.moves import LESSONS

sync_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
sync_api.expect.set_options(timeout=1000 * PATIENCE)
NARROW = 420  # pixels, a telephone
PIXELS = """async image => {
    const canvas = document.createElement("canvas");
    try { await image.decode(); } catch { return null; }
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL();
}"""
HIDDEN = "e => e.scrollWidth - e.clientWidth"  # pixels beyond the right edge
FRAME = 'jupyterapp.commands.execute("application:toggle-left-area")'

EVERY_WIDGET = [
    pytest.param(place, cell, moves, id=f"{lesson.name[:2]}-{cell}")
    for place, lesson in enumerate(LESSONS)
    for cell, moves in lesson.widgets.items()
]


def control(output, name):
    labelled = f':has(> .widget-label:text-is("{name}")) :is(.noUi-handle, select, input)'
    return output.locator(name if name.startswith("css=") else f'{labelled}, button:text-is("{name}")').first


def click(found, button):
    found.click(button=button)


def press(found, key):
    found.press(key)


def drag(found, fraction):
    """Drag the handle of a slider to a fraction of its track."""
    found.hover()
    track = found.locator('xpath=ancestor::*[contains(@class, "noUi-base")]').bounding_box()
    mouse = found.page.mouse
    mouse.down()
    mouse.move(track["x"] + fraction * track["width"], track["y"] + track["height"] / 2, steps=3)
    mouse.up()


def wait(found, _):
    """Do nothing: a training changes its picture by itself."""
    found.wait_for()


def choose(found, option):
    """Choose from a list; its pop-up is drawn by the system, where no mouse of a test can go."""
    found.select_option(option)


def type(found, text):
    found.fill("")
    found.press_sequentially(text)
    found.press("Tab")


ACTS = {act.__name__: act for act in (click, press, drag, wait, choose, type)}


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def pixels(picture):
    """What an image shows, as text; None while it loads."""
    return picture.evaluate(PIXELS)


def do(output, move):
    picture = output.locator("img").first
    before = pixels(picture) if move.picture is not None else None
    box = picture.bounding_box() if before else None
    ACTS[move.act](control(output, move.control), move.how)
    sync_api.expect(output).to_contain_text(move.sees)
    if move.picture:
        until(lambda: pixels(picture) not in (None, before), f"the picture stays the same: {move}")
    elif before:
        assert pixels(picture) == before, move
    if before:
        after = picture.bounding_box()
        assert (after["width"], after["height"]) == (box["width"], box["height"]), move


@pytest.mark.parametrize(("lesson", "cell", "moves"), EVERY_WIDGET, indirect=["lesson"])
def test_a_widget_follows_mouse_and_keyboard(lesson, cell, moves, request):
    output = lesson.output(cell)
    for move in moves:
        do(output, move)
    lesson.screenshot(cell, request.node.callspec.id)
    assert output.locator("img").count() <= 1
    assert not lesson.errors


@pytest.mark.parametrize(("lesson", "cell", "moves"), EVERY_WIDGET, indirect=["lesson"])
def test_nothing_is_cut_off_on_a_narrow_or_dark_page(lesson, cell, moves, request):
    page, output = lesson.page, lesson.output(cell)
    page.set_viewport_size({"width": NARROW, "height": 1600})
    page.evaluate(f"() => {FRAME}")
    lesson.use_theme("JupyterLab Dark")
    lesson.screenshot(cell, f"{request.node.callspec.id}-narrow-dark")
    hidden = output.evaluate(HIDDEN)
    page.evaluate(f"() => {FRAME}")
    page.set_viewport_size({"width": WIDE, "height": 1600})
    lesson.use_theme("JupyterLab Light")
    assert hidden <= 0


def test_every_widget_of_the_lessons_is_moved():
    widget = re.compile(rf"\b({'|'.join(gan_course.widgets.__all__)}|interact)\(")
    for lesson in LESSONS:
        notebook = nbformat.read(ROOT / "notebooks" / f"{lesson.name}.ipynb", 4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert {cell.id for cell in code if widget.search(cell.source)} <= {*lesson.widgets}
