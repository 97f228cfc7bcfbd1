import io

import ipywidgets as widgets
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure
from PIL import Image

from gan_course.plots import as_png
from gan_course.widgets import Explorer

VIEW = "application/vnd.jupyter.widget-view+json"


def draw(level):
    if level > 8:
        raise ValueError(f"level {level} is too high; expected 8 at most")
    figure = Figure(figsize=(3, 2))
    figure.add_axes((0, 0, 1, 1), facecolor=(level / 10, 0, 0)).set(xticks=[], yticks=[])
    return figure, f"level <{level}>"


@pytest.fixture
def explorer():
    return Explorer(draw, {"level": widgets.IntSlider(2, 0, 10)})


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def shown(explorer: Explorer) -> tuple[bytes, str]:
    """The picture and the text that the page shows."""
    _, image, text = explorer.children
    return image.value, text.value


def test_a_figure_becomes_a_png_of_100_pixels_an_inch():
    assert picture(as_png(Figure(figsize=(3, 2)))).size == (300, 200)


def test_the_picture_and_the_words_follow_the_control(explorer):
    assert picture(shown(explorer)[0]).getpixel((50, 50)) == (51, 0, 0)
    explorer.controls["level"].value = 6
    png, text = shown(explorer)
    assert picture(png).getpixel((50, 50)) == (153, 0, 0)
    assert explorer.words == "level <6>" and "level &lt;6&gt;" in text


def test_a_value_without_a_picture_leaves_the_last_one_and_says_why(explorer):
    before, _ = shown(explorer)
    explorer.controls["level"].value = 9
    after, text = shown(explorer)
    assert after == before and "level 9 is too high" in text
    explorer.controls["level"].value = 3
    assert "level &lt;3&gt;" in shown(explorer)[1]


def test_a_first_value_without_a_picture_is_an_error():
    with pytest.raises(ValueError, match="too high"):
        Explorer(draw, {"level": widgets.IntSlider(9, 0, 10)})


def test_a_cell_s_output_is_the_widget_and_a_still_picture(explorer):
    explorer.controls["level"].value = 6
    data, _ = DisplayFormatter().format(explorer)
    assert data[VIEW]["model_id"] == explorer.model_id
    assert data["text/plain"] == "level <6>"
    still = picture(data["image/png"])
    above = picture(shown(explorer)[0])
    assert still.crop((0, 0, *above.size)).tobytes() == above.tobytes()
    below = still.crop((0, above.height, still.width, still.height)).convert("L")
    assert below.getextrema()[0] < 128, "the words stand below the figure"
    assert not explorer.figure.texts
