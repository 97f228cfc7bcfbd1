import re
import time

import nbformat
import pytest

import gan_course
from tests.browser.conftest import PATIENCE, ROOT
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
HIDDEN = """output => {  // what has something beyond its right edge and does not show it
    const hides = e => getComputedStyle(e).overflowX !== "visible" || e === output;
    const boxes = [output, ...output.querySelectorAll("*")].filter(hides);
    return boxes.filter(e => e.scrollWidth > e.clientWidth).map(e => `${e.className}: ${e.textContent}`);
}"""
FRAME = 'jupyterapp.commands.execute("application:toggle-left-area")'

EVERY_LESSON = pytest.mark.parametrize(
    "lesson", range(len(LESSONS)), indirect=True, ids=[lesson.name for lesson in LESSONS]
)


def control(output, name):
    labeled = f':has(> .widget-label:text-is("{name}")) :is(.noUi-handle, input)'
    return output.locator(name if name.startswith("css=") else f'{labeled}, button:text-is("{name}")').first


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


def type(found, text):
    found.fill("")
    found.press_sequentially(text)
    found.press("Tab")


ACTS = {act.__name__: act for act in (click, press, drag, wait, type)}


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


@EVERY_LESSON
def test_each_widget_follows_mouse_and_keyboard(lesson):
    for cell, moves in lesson.widgets.items():
        output = lesson.output(cell)
        for move in moves:
            do(output, move)
        lesson.screenshot(cell, f"{lesson.name[:2]}-{cell}")
        assert output.locator("img").count() <= 1
    assert not lesson.errors


@EVERY_LESSON
def test_nothing_is_cut_off_on_a_narrow_and_dark_page(lesson):
    page = lesson.page
    page.set_viewport_size({"width": NARROW, "height": 1600})
    page.evaluate(f"() => {FRAME}")
    lesson.use_theme("JupyterLab Dark")
    hidden = {}
    for cell in lesson.widgets:
        lesson.screenshot(cell, f"{lesson.name[:2]}-{cell}-narrow-dark")
        hidden[cell] = lesson.output(cell).evaluate(HIDDEN)
    lesson.use_theme("JupyterLab Light")
    assert not any(hidden.values()), hidden


def test_every_widget_of_the_lessons_is_moved():
    widget = re.compile(rf"\b({'|'.join(gan_course.widgets.__all__)}|interact)\(")
    for lesson in LESSONS:
        notebook = nbformat.read(ROOT / "notebooks" / f"{lesson.name}.ipynb", 4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert {cell.id for cell in code if widget.search(cell.source)} <= {*lesson.widgets}
