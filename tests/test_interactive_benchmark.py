import ipywidgets as widgets

import gan_course
from benchmarks import interactive


def test_every_control_is_moved_through_its_values():
    slider, choice = widgets.IntSlider(2, 0, 3), widgets.Dropdown(options=["a", "b", "c"])
    box, button, label = widgets.Checkbox(), widgets.Button(), widgets.HTML("words")
    seen = {slider: [], choice: [], box: []}
    for widget, values in seen.items():
        widget.observe(lambda change, values=values: values.append(change["new"]), "value")
    clicks = []
    button.on_click(clicks.append)
    for move in interactive.moves(widgets.VBox([widgets.HBox([slider, choice]), box, button, label])):
        move()
    assert [set(values) for values in seen.values()] == [{0, 1, 2, 3}, {"a", "b", "c"}, {False, True}]
    assert len(clicks) == interactive.MOVES and label.value == "words"


def test_each_widget_of_the_course_is_measured():
    names = {*gan_course.widgets.__all__} - {"Explorer"}
    assert names == set(interactive.WIDGETS)


def test_a_widget_s_callbacks_are_timed():
    found = interactive.measure_widget("timeline")
    assert len(found["clock"]) == len(found["cpu"]) > interactive.MOVES
    assert min(found["clock"]) > 0


def test_the_report_tells_the_median_and_the_worst():
    times = {"clock": [10.0, 12.0, 90.0], "cpu": [9.0, 8.0, 20.0]}
    live = {
        "steps": 1500,
        "drawings": 12,
        "a drawing, ms": 80.4,
        "a step, ms": 40.0,
        "the step after a drawing, ms": 41.0,
        "share": 0.0193,
    }
    text = interactive.report({"timeline": times}, live)
    assert "| timeline | 3 | 12 ms | 90 ms | 9 ms | 20 ms |" in text
    assert "**1.9%** of its time" in text and "drawn 12 times, 80 ms each" in text
