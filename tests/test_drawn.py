"""Bricks, streets and styles that the course draws."""

import numpy as np
import pytest

from gan_course.synthetic import BRICKS, STYLES, draw_bricks, draw_streets, draw_style


def test_a_drawing_of_a_seed_is_the_same_whatever_the_count_is():
    few, more = draw_bricks(3, seed=7), draw_bricks(5, seed=7)
    np.testing.assert_array_equal(few[0], more[0][:3])
    np.testing.assert_array_equal(few[1], more[1][:3])
    (day, night), known = draw_streets(2, seed=7)
    (days, nights), all_known = draw_streets(4, seed=7)
    np.testing.assert_array_equal(day, days[:2])
    np.testing.assert_array_equal(night, nights[:2])
    np.testing.assert_array_equal(known, all_known[:2])


def test_no_two_drawings_are_alike():
    bricks, (day, night) = draw_bricks(60)[0], draw_streets(20)[0]
    for images in (bricks, day, night):
        assert len({image.tobytes() for image in images}) == len(images)
    assert not np.array_equal(bricks[:5], draw_bricks(5, seed=1)[0])


@pytest.mark.parametrize("kind", BRICKS)
def test_a_brick_is_of_the_kind_that_is_asked_for_and_lies_in_the_picture(kind):
    images, known = draw_bricks(12, kind=kind, size=48)
    assert images.shape == (12, 48, 48, 1) and images.dtype == np.uint8
    assert {BRICKS[label] for label in known["kind"]} == {kind}
    assert ((known["turn"] >= 0) & (known["turn"] < 360) & (known["tilt"] >= 25) & (known["tilt"] <= 60)).all()
    apart = np.abs(images.astype(int) - images[0, 0, 0, 0])
    assert max(apart[:, 0].max(), apart[:, -1].max(), apart[:, :, 0].max(), apart[:, :, -1].max()) <= 6
    assert ((apart > 6).mean(axis=(1, 2, 3)) > 0.08).all()


def test_all_kinds_are_drawn_about_equally_often():
    counts = np.bincount(draw_bricks(600, size=8)[1]["kind"], minlength=len(BRICKS))
    assert counts.min() > 35 and counts.max() < 90


def test_bricks_are_as_light_as_they_say_and_lit_from_the_left():
    images, known = draw_bricks(200)
    inside = images[:, 20:44, 20:44, 0].mean(axis=(1, 2))
    assert np.corrcoef(inside, known["gray"])[0, 1] > 0.7
    lighter = []
    for image in draw_bricks(40, kind="cone", seed=1)[0][..., 0].astype(int):
        row = image[36]
        body = row[(abs(row - 232) > 4) & (abs(row - 196) > 4)]
        lighter.append(body[: len(body) // 3].mean() > body[-len(body) // 3 :].mean())
    assert np.mean(lighter) > 0.8


def test_more_studs_are_seen_from_above_than_from_the_side():
    """A steeper view shows more of the upper side, so a flat brick fills more of its height."""
    images, known = draw_bricks(200, kind="tile")
    high = (images[..., 0] < 190).any(axis=2).sum(axis=1) / (images[..., 0] < 190).any(axis=1).sum(axis=1)
    assert np.corrcoef(high, known["tilt"])[0, 1] > 0.15


def test_day_and_night_show_the_same_street():
    (day, night), known = draw_streets(40)
    assert day.shape == night.shape == (40, 64, 64, 3) and day.dtype == night.dtype == np.uint8
    assert (day.mean(axis=(1, 2, 3)) > 2 * night.mean(axis=(1, 2, 3))).all()
    edges = [
        np.abs(np.diff(each[:, 30:50].mean(axis=3), axis=2)) for each in (day.astype(float), night.astype(float))
    ]
    assert np.corrcoef(edges[0].ravel(), edges[1].ravel())[0, 1] > 0.25
    assert (known["lit"] <= known["windows"]).all() and (known["houses"] >= 3).all()


def test_more_lit_windows_make_a_night_lighter():
    (_, night), known = draw_streets(200)
    warm = ((night[..., 0] > 200) & (night[..., 2] < 160)).mean(axis=(1, 2))
    assert np.corrcoef(warm, known["lit"])[0, 1] > 0.35
    bright_sky = night[:, :12].max(axis=(1, 2, 3)) > 232
    assert bright_sky[known["moon"]].mean() > 0.9


@pytest.mark.parametrize("kind", STYLES)
def test_a_style_follows_from_its_seed(kind):
    one, same, other = (draw_style(kind, seed, 48) for seed in (3, 3, 4))
    assert one.shape == (48, 48, 3) and one.dtype == np.uint8 and one.std() > 20
    assert np.array_equal(one, same) and not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda: draw_bricks(0), "count is 0"),
        (lambda: draw_bricks(1, kind="car"), "kind is 'car'; expected one of brick, plate, tile"),
        (lambda: draw_streets(1, seed=-1), "seed is -1"),
        (lambda: draw_streets(1, size=2.5), "size is 2.5"),
        (lambda: draw_style("cubes"), "kind is 'cubes'; expected one of strokes, mosaic"),
        (lambda: draw_style("waves", size=8), "size is 8; expected a whole number of at least 16"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence(draw, sentence):
    with pytest.raises(ValueError, match=sentence):
        draw()
