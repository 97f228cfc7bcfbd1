import io
import struct
import zlib

import ipywidgets as widgets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from gan_course import cli
from gan_course.plots import as_png, show_step, spread, timeline_gif
from gan_course.runs import find_samples, read_sample, sample_path
from gan_course.widgets import timeline


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(picture(data).convert("L"))


def save(folder, levels):
    """Save grids of one gray level each, by their steps."""
    folder.mkdir(parents=True, exist_ok=True)
    for step, level in levels.items():
        Image.new("L", (58, 58), level).save(sample_path(folder, step))
    return folder


def test_samples_are_found_in_the_order_of_their_steps(tmp_path):
    save(tmp_path, {1_000_000: 0, 200: 0, 0: 0})
    for name in ("by_hand_000000.png", ".step_000400.partial.png", "step_x.png", "history.csv"):
        (tmp_path / name).touch()
    assert [*find_samples(tmp_path)] == [0, 200, 1_000_000]


def test_samples_are_found_in_the_folder_of_a_training(tmp_path):
    save(tmp_path / "samples", {7: 0})
    assert find_samples(str(tmp_path)) == {7: tmp_path / "samples" / "step_000007.png"}


@pytest.mark.parametrize("shape", [(5, 9), (5, 9, 3)])
def test_a_sample_is_read_as_it_was_saved(tmp_path, shape):
    grid = np.random.default_rng(0).integers(0, 255, shape, dtype="uint8")
    Image.fromarray(grid).save(tmp_path / "x.png")
    np.testing.assert_array_equal(read_sample(tmp_path / "x.png"), grid)


@given(st.sets(st.integers(0, 40_001), min_size=1), st.integers(2, 80))
def test_the_steps_shown_are_among_those_there_and_hold_both_ends(steps, count):
    chosen = spread(steps, count)
    assert chosen == sorted(set(chosen)) and set(chosen) <= steps and len(chosen) <= count
    assert {min(steps), max(steps)} <= set(chosen)
    if len(steps) <= count:
        assert set(chosen) == steps


def test_more_steps_are_shown_from_the_beginning():
    chosen = np.array(spread(range(0, 40_001, 100), 60))
    assert len(chosen) > 40 and np.mean(chosen < 20_000) > 0.6


@pytest.mark.parametrize(("side", "size"), [(148, (444, 474)), (900, (480, 510)), (20, (480, 510))])
def test_a_picture_is_enlarged_without_smoothing_and_never_too_large(side, size):
    grid = np.random.default_rng(0).integers(0, 255, (side, side), dtype="uint8")
    drawn = as_png(show_step(grid, 7))
    assert picture(drawn).size == size
    if side < 480:
        factor = 480 // side
        middles = pixels(drawn)[30:][factor // 2 :: factor, factor // 2 :: factor]
        np.testing.assert_array_equal(middles, grid)


def test_the_number_of_the_step_stands_above_the_picture():
    grid = np.full((148, 148), 255, "uint8")
    seven, eight = (pixels(as_png(show_step(grid, step))) for step in (7, 8))
    assert np.any(seven[:30] != eight[:30]) and seven[:30].min() < 64
    assert np.all(seven[30:] == 255)


def test_a_gif_shows_every_grid_in_order_and_rests_on_the_last():
    grids = {step: np.full((58, 58), step, "uint8") for step in (200, 0, 100)}
    gif = picture(timeline_gif(grids))
    frames = [
        (frame.info["duration"], frame.convert("L").getpixel((100, 100))) for frame in ImageSequence.Iterator(gif)
    ]
    assert frames == [(150, 0), (150, 100), (2000, 200)]
    assert gif.info["loop"] == 0


@pytest.mark.thorough
@pytest.mark.parametrize("shape", [(148, 148), (480, 480, 3)])
def test_a_gif_of_the_worst_pictures_is_under_2_mb_and_still_moves(shape):
    random = np.random.default_rng(0)
    grids = {step: random.integers(0, 255, shape, dtype="uint8") for step in range(0, 2_000, 100)}
    gif = timeline_gif(grids)
    assert len(gif) < 2_000_000 and picture(gif).n_frames >= 5


def test_grids_of_two_trainings_make_no_gif():
    with pytest.raises(ValueError, match="expected those of one training"):
        timeline_gif({0: np.zeros((58, 58), "uint8"), 1: np.zeros((88, 88), "uint8")})
    with pytest.raises(ValueError, match="expected those of one training"):
        timeline_gif({})


def test_the_command_writes_the_gif_of_a_training(tmp_path, capsys):
    save(tmp_path / "run" / "samples", dict.fromkeys(range(0, 40_001, 100), 0) | {0: 255, 40_000: 128})
    assert cli.main(["timeline", str(tmp_path / "run"), "--out", str(tmp_path / "new" / "run.gif")]) == 0
    assert "steps 0 to 40,000" in capsys.readouterr().out
    gif = Image.open(tmp_path / "new" / "run.gif")
    frames = [int(np.asarray(frame.convert("L"))[-1, -1]) for frame in ImageSequence.Iterator(gif)]
    assert frames[0] == 255 and frames[-1] == 128 and set(frames[1:-1]) == {0}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["run.gif"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "--out", "run.png"], "expected the name of a file that ends in .gif"),
        (["empty", "--out", "run.gif"], "empty holds no pictures"),
        (["nowhere", "--out", "run.gif"], "nowhere holds no pictures"),
        (["damaged", "--out", "run.gif"], "step_000100.png cannot be read"),
        (["huge", "--out", "run.gif"], "step_000100.png cannot be read"),
        (["mixed", "--out", "run.gif"], "expected those of one training"),
        (["run/step_000000.png", "--out", "run.gif"], "run/step_000000.png holds no pictures"),
        (["run", "--out", "run/step_000000.png/run.gif"], "cannot write"),
    ],
)
def test_the_command_says_what_is_wrong_and_writes_nothing(tmp_path, monkeypatch, capsys, words, says):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "run", {0: 0, 100: 0})
    save(tmp_path / "empty", {})
    whole = sample_path(save(tmp_path / "damaged", {0: 0, 100: 0}), 100)
    whole.write_bytes(whole.read_bytes()[:60])
    sample_path(save(tmp_path / "huge", {0: 0}), 100).write_bytes(header_of_a_huge_png())
    Image.new("L", (88, 88)).save(sample_path(save(tmp_path / "mixed", {0: 0}), 100))
    assert cli.main(["timeline", *words]) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1
    assert not [*tmp_path.rglob("*.gif")]


def header_of_a_huge_png():
    header = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def test_a_gif_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch, capsys):
    save(tmp_path, {0: 0, 100: 0})
    out = tmp_path / "run.gif"
    out.write_bytes(b"old")
    monkeypatch.setattr("gan_course.plots.timeline_gif", lambda grids: None)  # cannot be written
    with pytest.raises(TypeError):
        cli.main(["timeline", str(tmp_path), "--out", str(out)])
    assert out.read_bytes() == b"old" and not [*tmp_path.glob(".*")]


def test_the_slider_shows_the_picture_of_its_step(tmp_path):
    explorer = timeline(save(tmp_path, {0: 255, 200: 100, 400: 30}))
    slider, image = explorer.controls["step"], explorer.children[1]
    assert slider.value == 400 and pixels(image.value)[-9, 9] == 30
    slider.value = 200
    assert pixels(image.value)[-9, 9] == 100
    assert explorer.words == "Step 200, the picture 2 of 3: the same latent vectors in each."
    assert [label for label, _ in slider.options] == ["0", "200", "400"]


def test_the_play_button_walks_through_the_pictures(tmp_path):
    explorer = timeline(save(tmp_path, {0: 255, 200: 100, 400: 30}))
    play = next(child for child in explorer.children[0].children if isinstance(child, widgets.Play))
    assert (play.min, play.max) == (0, 2)
    seen = []
    for play.value in (1, 2, 0):
        seen.append(explorer.controls["step"].value)
    assert seen == [200, 400, 0]


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no pictures step_000000.png"):
        timeline(tmp_path)
