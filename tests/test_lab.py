"""The two-player lab and its picture."""

import dataclasses
import threading
import time

import numpy as np
import pytest
from matplotlib.figure import Figure

from gan_course.plane import PRESETS, load_points
from gan_course.plots import Scene, as_png, show_game, window_grid
from gan_course.widgets import TwoPlayerLab


def scene(**changes) -> Scene:
    random = np.random.default_rng(0)
    grid = window_grid()
    drawn = Scene(
        real=random.uniform(-1, 1, (10, 2)),
        fake=np.array([[0.0, 0.0], [0.5, 0.5], [-0.5, 0.2]]),
        advice=np.array([[1.0, 0.0], [0.0, -100.0], [0.0, 0.0]]),
        answers=np.where(grid[:, 0] > 0, 1.0, 0.25),
        centers=np.array([[0.7, 0.0], [-0.7, 0.0]]),
        radii=np.array([0.1, 0.2]),
        reached=np.array([True, False]),
        history=np.array([[0.7, np.nan, np.nan], [0.6, 0.8, 0.1], [np.nan, 0.9, 0.01]]),
        loss="non-saturating",
    )
    return dataclasses.replace(drawn, **changes)


def drawn(figure: Figure, axes: int, label: str) -> np.ndarray:
    return next(line for line in figure.axes[axes].lines if line.get_label() == label).get_xydata()


def test_the_heat_map_lies_where_it_was_asked_for():
    heat = show_game(scene()).axes[0].images[0]
    left, right, bottom, top = heat.get_extent()
    assert (left, bottom) == (-1.1, -1.1) and (right, top) == (1.1, 1.1) and heat.origin == "lower"
    assert heat.get_clim() == (0, 1)
    assert (heat.get_array()[:, -1] == 1).all() and (heat.get_array()[:, 0] == 0.25).all()
    np.testing.assert_allclose(heat.cmap(0.5)[:3], 1, atol=0.01)  # neither player's color


@pytest.mark.parametrize(
    ("loss", "scores", "ends"),
    [
        ("hinge", [-3.0, 1.0], ["−3", "0", "3"]),
        ("least-squares", [0.5, 1.5], ["−0.5", "0.5", "1.5"]),
        ("wasserstein", [10.0, 14.0], ["6", "10", "14"]),
    ],
)
def test_scores_are_called_so_and_colored_around_what_divides_them(loss, scores, ends):
    """The boundary is white, or the median of the scores where only differences count."""
    grid = window_grid()
    answers = np.where(grid[:, 0] > 0.5, scores[1], scores[0])
    figure = show_game(scene(loss=loss, answers=answers))
    heat, bar = figure.axes[0].images[0], figure.axes[1]
    assert bar.get_title() == "score" and [label.get_text() for label in bar.get_yticklabels()] == ends
    assert [f"{value:g}".replace("-", "−") for value in heat.get_clim()] == [ends[0], ends[2]]
    again = show_game(scene(), figure)
    assert bar.get_title() == "D(x)" and [label.get_text() for label in bar.get_yticklabels()] == ["0", "0.5", "1"]
    assert again.axes[0].images[0].get_clim() == (0, 1)


def test_points_and_arrows_stand_where_they_are():
    shown = scene()
    figure = show_game(shown)
    np.testing.assert_allclose(drawn(figure, 0, "real"), shown.real)
    np.testing.assert_allclose(drawn(figure, 0, "generated"), shown.fake)
    arrows = figure.axes[0].collections[-1]
    np.testing.assert_allclose(arrows.get_offsets(), shown.fake)
    np.testing.assert_allclose(np.stack([arrows.U, arrows.V], axis=1), [[0.1, 0], [0, -0.3], [0, 0]], atol=1e-9)


def test_circles_say_which_modes_are_reached():
    whole, dotted = show_game(scene()).axes[0].collections[:2]
    assert whole.get_offsets().tolist() == [[0.7, 0.0]] and dotted.get_offsets().tolist() == [[-0.7, 0.0]]
    assert whole.get_linestyle() != dotted.get_linestyle()
    assert show_game(scene()).axes[0].get_title() == "1 of 2 modes reached"


def test_losses_stand_at_the_steps_at_which_they_were_paid():
    figure = show_game(scene())
    np.testing.assert_allclose(drawn(figure, 2, "discriminator"), [[1, 0.7], [2, 0.6]])
    np.testing.assert_allclose(drawn(figure, 2, "generator"), [[2, 0.8], [3, 0.9]])
    assert [text.get_text() for text in figure.axes[2].texts] == ["ln 2"]
    zero_sum = show_game(scene(loss="saturating"))
    assert {text.get_text() for text in zero_sum.axes[2].texts} == {"ln 2", "−ln 2"}


def test_a_long_history_keeps_its_mean():
    history = np.random.default_rng(0).uniform(size=(4000, 3))
    points = drawn(show_game(scene(history=history)), 2, "generator")
    assert len(points) == 200
    np.testing.assert_allclose(points[:, 1].mean(), history[:, 1].mean())


def test_a_figure_drawn_anew_is_the_figure_of_that_scene_alone():
    scenes = [
        scene(history=np.random.default_rng(0).normal(size=(40, 3)), loss="saturating"),
        scene(reached=np.array([True, True]), real=np.zeros((2, 2))),
        scene(history=np.zeros((0, 3)), fake=np.array([[0.1, 0.2]]), advice=np.ones((1, 2)), loss="wasserstein"),
    ]
    figure = None
    for each in [*scenes, *scenes]:
        figure = show_game(each, figure)
        assert as_png(figure) == as_png(show_game(each))


@pytest.fixture(scope="module")
def lab():
    return TwoPlayerLab()


@pytest.fixture
def fresh(lab):
    lab.stride.value = 1
    lab.buttons["restart"].click()
    return lab


def test_the_figure_has_the_size_that_fits_a_narrow_page(fresh):
    assert (fresh.figure.get_size_inches() * 100).tolist() == [700, 400]


@pytest.mark.parametrize(
    ("button", "played"), [("discriminator", [True, False]), ("generator", [False, True]), ("both", [True] * 2)]
)
def test_each_button_lets_its_network_learn(fresh, button, played):
    fresh.stride.value = 10
    fresh.buttons[button].click()
    assert np.isfinite(fresh.game.history)[:, :2].tolist() == [played] * 10
    assert fresh.words.startswith("Step 10:")


def test_playing_goes_on_with_each_picture_and_stops_at_the_stop_button(fresh):
    for picture in (1, 2, 5):  # a slow browser leaves some out
        fresh.play.value = picture
    assert len(fresh.game.history) == 3
    fresh.play.value = 0  # what its stop button does
    assert len(fresh.game.history) == 3


def test_the_settings_are_those_that_are_played(fresh):
    fresh.settings["d_learning_rate"].value = 0.001
    fresh.settings["g_learning_rate"].value = 0.02
    fresh.settings["d_updates"].value = 4
    before = int(fresh.game.d_optimizer.iterations)
    fresh.buttons["both"].click()
    assert int(fresh.game.d_optimizer.iterations) - before == 4
    assert float(fresh.game.d_optimizer.learning_rate) == pytest.approx(0.001)
    assert float(fresh.game.g_optimizer.learning_rate) == pytest.approx(0.02)


def test_another_loss_changes_the_arrows_and_nothing_else(fresh):
    arrows, fake = fresh.figure.axes[0].collections[-1], drawn(fresh.figure, 0, "generated")
    fresh.controls["loss"].value = "least-squares"
    other = fresh.figure.axes[0].collections[-1]
    assert not np.allclose(arrows.U, other.U)
    np.testing.assert_array_equal(drawn(fresh.figure, 0, "generated"), fake)
    assert "gave every point the score 0.5: 0.25 and 0.12" in fresh.words
    fresh.controls["loss"].value = "non-saturating"


def test_other_points_or_another_seed_start_another_game(fresh):
    for name, value in (("points", "ring"), ("seed", 7)):
        fresh.buttons["both"].click()
        fake = drawn(fresh.figure, 0, "generated")
        fresh.controls[name].value = value
        assert fresh.game.history == []
        assert np.array_equal(drawn(fresh.figure, 0, "generated"), fake) is False
    np.testing.assert_array_equal(fresh.game.points, load_points("ring"))


def test_a_preset_moves_the_controls_and_gives_its_head_start(lab):
    preset = PRESETS["vanishing gradients"]
    lab.preset.value = "vanishing gradients"
    assert {name: control.value for name, control in lab.settings.items()} == {
        name: pytest.approx(getattr(preset, name)) for name in lab.settings
    }
    assert lab.controls["loss"].value == "saturating" and len(lab.game.history) == preset.head_start
    assert preset.look in lab.words
    lab.preset.value = "balance"
    assert lab.game.history == [] and lab.controls["loss"].value == "non-saturating"


@pytest.mark.parametrize("setting", ["loss", "d_updates"])
def test_a_preset_whose_settings_were_changed_is_left_and_can_be_chosen_again(lab, setting):
    lab.preset.value = "balance"
    assert PRESETS["balance"].look in lab.words
    control = lab.controls["loss"] if setting == "loss" else lab.settings[setting]
    before, control.value = control.value, {"loss": "saturating", "d_updates": 7}[setting]
    assert lab.preset.value is None and PRESETS["balance"].look not in lab.words
    lab.preset.value = "balance"
    assert control.value == before and PRESETS["balance"].look in lab.words


def test_a_click_in_another_thread_waits_for_the_one_before(lab):
    lab.preset.value, lab.stride.value = "balance", 10
    first = threading.Thread(target=lambda: lab.preset.set_trait("value", "vanishing gradients"))
    first.start()
    while first.is_alive() and not lab.words.startswith("One moment"):
        time.sleep(0.001)
    lab.buttons["both"].click()
    first.join()
    alone = PRESETS["vanishing gradients"].head_start
    played = np.isfinite(lab.game.history)[:, 1].tolist()
    assert played == [False] * alone + [True] * 10
    lab.preset.value = "balance"


def test_a_table_of_ones_own_is_played_on():
    mine = [[0.5, 0.5], [-0.5, 0.5], [0.0, -0.5]]
    lab = TwoPlayerLab(points=mine, steps=2)
    assert lab.words.startswith("Step 2:") and "Modes reached: 0 of 3." in lab.words
    np.testing.assert_allclose(drawn(lab.figure, 0, "real"), mine)


def test_a_table_that_is_none_is_refused():
    with pytest.raises(ValueError, match="expected a table"):
        TwoPlayerLab(points=[[1, 2, 3]])


def test_every_control_says_what_it_is_for(lab):
    controls = [*lab.controls.values(), *lab.settings.values(), *lab.buttons.values(), lab.preset, lab.stride]
    assert all(control.description for control in controls)


def test_a_penalty_is_that_of_the_game_and_a_loss_without_limit_is_named():
    lab = TwoPlayerLab()
    lab.controls["loss"].value = "wasserstein"
    assert "Without a penalty this loss has no limit" in lab.words and "gave every point the score 0" in lab.words
    lab.controls["penalty"].value = "R1"
    assert lab.game.penalty == "R1" and "no limit" not in lab.words and lab.preset.value is None
    lab.preset.value = "balance"
    assert (lab.game.loss, lab.game.penalty) == ("non-saturating", "none") and lab.controls[
        "penalty"
    ].value == "none"
