import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from gan_course.losses import LOSSES
from gan_course.plane import PENALTIES, PRESETS, SHAPES, Game, find_modes, load_points
from gan_course.recipes import LOSSES as FACTS

LN2 = np.log(2)


@pytest.mark.parametrize("name", SHAPES)
def test_points_lie_in_the_plane_and_follow_from_the_seed(name):
    points = load_points(name, 500, seed=3)
    assert points.shape == (500, 2) and points.dtype == "float32" and np.abs(points).max() <= 1
    np.testing.assert_array_equal(points, load_points(name, 500, seed=3))
    assert not np.array_equal(points, load_points(name, 500, seed=4))


def test_points_that_nobody_knows_are_refused():
    with pytest.raises(ValueError, match="there is eight Gaussians, ring, line, two moons"):
        load_points("spiral")


def test_the_modes_of_eight_gaussians_are_their_middles():
    modes = find_modes(load_points("eight Gaussians"))
    angles = np.arange(8) * np.pi / 4
    middles = 0.7 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    nearest = np.linalg.norm(modes.centers[:, None] - middles, axis=2)
    assert sorted(nearest.argmin(1)) == list(range(8)) and nearest.min(1).max() < 0.02
    assert modes.radii.max() < 0.2


@given(st.lists(st.tuples(*[st.floats(-1, 1, width=32)] * 2), min_size=1, max_size=40))
def test_every_point_of_any_table_lies_in_the_circle_of_a_mode(rows):
    points = np.array(rows, "float32")
    modes = find_modes(points)
    assert 1 <= len(modes.radii) <= min(8, len(np.unique(points, axis=0)))
    distance = np.linalg.norm(points[:, None] - modes.centers, axis=2)
    assert (distance <= modes.radii + 1e-6).any(1).all()


def test_a_mode_is_reached_by_a_quarter_of_its_share():
    modes = find_modes(load_points("eight Gaussians"))
    elsewhere = np.zeros((200, 2))
    for count, expected in ((6, 0), (7, 1)):
        points = elsewhere.copy()
        points[:count] = modes.centers[2]
        assert modes.reached(points).tolist() == [bool(expected) and k == 2 for k in range(8)]
    assert modes.reached(load_points("eight Gaussians", 200, seed=9)).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_only_the_network_that_learns_changes(loss):
    game = Game(load_points("ring"), loss)

    def weights():
        return [np.concatenate([weight.numpy().ravel() for weight in network.weights])
                for network in (game.discriminator, game.generator)]  # fmt: skip

    for updates, moves in (((1, 0), [True, False]), ((0, 1), [False, True]), ((2, 3), [True, True])):
        before = weights()
        game.step(*updates)
        assert [not np.array_equal(old, new) for old, new in zip(before, weights(), strict=True)] == moves
    assert np.isfinite(game.history).tolist() == [[True, False, False], [False, True, True], [True] * 3]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_discriminator_that_guesses_has_the_losses_of_a_guess(loss):
    game = Game(load_points("ring"), loss, d_learning_rate=0.0, g_learning_rate=0.0)
    for weight in game.discriminator.weights:
        weight.assign(np.full(weight.shape, 0.0))
    score = FACTS[loss].boundary or 0.0
    game.discriminator.weights[-1].assign([score])
    game.step()
    np.testing.assert_allclose(game.history[0], [*FACTS[loss].guess, 0], atol=1e-6)
    np.testing.assert_allclose(game.scene().answers, 0.5 if FACTS[loss].is_probability else score)


@pytest.mark.thorough
@pytest.mark.parametrize("loss", LOSSES)
def test_the_arrows_point_to_where_the_loss_of_that_point_falls(loss):
    game, agree = Game(load_points("line"), loss), []
    for _ in range(20):
        game.step()
    scene, tiny = game.scene(), 1e-3
    beside = game.discriminator(game.points[:200]).numpy()
    for number, (point, arrow) in enumerate(zip(scene.fake[:20], scene.advice, strict=False)):
        around = point + tiny * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], "float32")
        scores = game.discriminator(around).numpy()
        losses = [float(LOSSES[loss].generator(beside[number], score)) for score in scores]
        slope = np.array([losses[0] - losses[1], losses[2] - losses[3]]) / 2 / tiny
        agree.append(np.allclose(-slope, arrow, rtol=0.05, atol=0.01))
    assert np.mean(agree) > 0.8  # a kink of a ReLU may lie between


class Plain:
    """Stands for a discriminator with the same slope everywhere."""

    def __init__(self, slope):
        self.slope = np.array(slope, "float32")

    def __call__(self, points):
        return tf.reduce_sum(points * self.slope, axis=1, keepdims=True)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_is_its_formula(name):
    game = Game(load_points("ring"), penalty=name)
    game.discriminator = Plain([3.0, 4.0])
    real, fake = (tf.random.stateless_uniform((128, 2), (seed, 0)) for seed in (0, 1))
    weights = PENALTIES[name]
    expected = (weights.get("r1", 0) + weights.get("r2", 0)) / 2 * 25 + weights.get("length", 0) * (5 - 1) ** 2
    np.testing.assert_allclose(float(game._penalty(real, fake, **weights)), expected, rtol=1e-5)


def test_penalties_are_asked_at_real_points_at_fakes_and_between():
    class Steeper(Plain):
        def __call__(self, points):
            return tf.reduce_sum(points**2, axis=1, keepdims=True) / 2

    game = Game(load_points("ring"))
    game.discriminator = Steeper([0.0, 0.0])  # its slope at a point is as long as the point
    real, fake = (tf.constant(128 * [[x, 0.0]]) for x in (1.0, 3.0))
    assert float(game._penalty(real, fake, r1=2.0)) == pytest.approx(1)
    assert float(game._penalty(real, fake, r2=2.0)) == pytest.approx(9)
    assert float(game._penalty(real, fake, length=1.0)) == pytest.approx(4 / 3, rel=0.15)  # mean of (2 t)^2


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_plays_with_a_penalty(loss):
    game = Game(load_points("eight Gaussians"), loss, seed=1, penalty="R1")
    game.step(steps=500)
    assert np.isfinite(game.history).all() and game.scene().reached.sum() >= 3


def test_wasserstein_without_a_penalty_runs_away_and_with_one_does_not():
    """As the lab says."""
    scores = {}
    for penalty in ("none", "R1"):
        game = Game(load_points("eight Gaussians"), "wasserstein", penalty=penalty)
        game.step(steps=400)
        scores[penalty] = np.abs(game.scene().answers).max()
    assert scores["none"] > 3 * scores["R1"]


def test_an_unknown_loss_or_penalty_is_refused():
    with pytest.raises(ValueError, match="penalty is 'R3'; expected one of none, R1, R1 and R2, gradient penalty"):
        Game(load_points("ring"), penalty="R3")
    with pytest.raises(ValueError, match="loss is 'minimax'; expected one of non-saturating, saturating"):
        Game(load_points("ring"), "minimax")


def test_the_same_seed_plays_the_same_game_also_after_a_restart():
    game, twin = Game(load_points("ring"), seed=5), Game(load_points("line"), seed=6)
    twin.step(2, 1)
    twin.restart(load_points("ring"), seed=5)
    for each in (game, twin):
        for _ in range(3):
            each.step()
    np.testing.assert_array_equal(game.history, twin.history)
    np.testing.assert_array_equal(game.scene().fake, twin.scene().fake)


def test_numbers_of_a_game_are_whole_or_get_one_sentence():
    game = Game(load_points("ring", 20))
    for name in ("d_updates", "g_updates", "steps", "seed"):
        for wrong in (-1, 2.0, "2", None, (2,)):
            with pytest.raises(ValueError, match=f"^{name} is .*; expected a whole number of at least 0$"):
                game.restart(game.points, wrong) if name == "seed" else game.step(**{name: wrong})
    game.restart(game.points, np.int64(1))
    game.step(np.int32(0), np.uint8(1), np.int16(2))
    assert len(game.history) == 2


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ({}, "expected a table of numbers"),
        ([[0, 0, 0]], r"shape \(1, 3\); expected a table"),
        ([], "expected a table of at least 1 row"),
        ([[0, 2]], "divide all numbers by the largest"),
        ([[0, np.nan]], r"outside \[-1, 1\]"),
        ([["a", "b"]], "expected a table of numbers"),
        ([[0, 1], [2]], "expected a table of numbers"),
    ],
)
def test_a_table_that_is_none_is_refused(points, sentence):
    with pytest.raises(ValueError, match=sentence):
        Game(points)


def played(name: str, steps: int, seed: int, **changes: str) -> Game:
    preset = PRESETS[name]._replace(**changes)
    rates = preset.d_learning_rate, preset.g_learning_rate
    game = Game(load_points("eight Gaussians"), preset.loss, *rates, seed=seed)
    for _ in range(preset.head_start):
        game.step(1, 0)
    for _ in range(steps):
        game.step(preset.d_updates, preset.g_updates)
    return game


@pytest.mark.parametrize("seed", [0, 1])
def test_the_preset_of_balance_is_balanced(seed):
    game, reached = played("balance", 400, seed), []
    for _ in range(5):  # points come and go
        game.step(steps=50)
        reached.append(game.scene().reached.sum())
    losses = np.mean(game.history[-100:], axis=0)[:2]
    assert np.mean(reached) >= 5
    assert np.abs(losses - LN2).max() < 0.3


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [0, 1])
def test_the_preset_of_vanishing_gradients_leaves_the_generator_where_it_is(seed):
    start = played("vanishing gradients", 0, seed).scene()
    end = played("vanishing gradients", 100, seed).scene()
    assert np.linalg.norm(start.advice, axis=1).mean() < 0.02
    assert np.linalg.norm(end.fake - start.fake, axis=1).mean() < 0.1
    helped = played("vanishing gradients", 100, seed, loss="non-saturating").scene()
    assert np.linalg.norm(helped.fake - start.fake, axis=1).mean() > 0.3


@pytest.mark.parametrize("seed", [0, 1])
def test_the_preset_of_mode_collapse_reaches_few_modes(seed):
    game = played("mode collapse", 100, seed)
    reached, middles = [], []
    for _ in range(5):
        for _ in range(30):
            game.step()
        scene = game.scene()
        reached.append(scene.reached.sum())
        middles.append(scene.fake.mean(0))
    assert max(reached) <= 3 and np.mean(reached) < 2
    assert np.linalg.norm(np.diff(middles, axis=0), axis=1).max() > 0.3  # they run from place to place


def test_many_steps_at_once_are_the_steps_one_by_one():
    at_once, one_by_one = (Game(load_points("two moons"), seed=3) for _ in range(2))
    at_once.step(2, 1, steps=6)
    for _ in range(6):
        one_by_one.step(2, 1)
    assert len(at_once.history) == 6 and at_once.history == one_by_one.history
    for each, other in zip(at_once.generator.weights, one_by_one.generator.weights, strict=True):
        np.testing.assert_array_equal(each, other)
