"""Losses, penalties and balance by name, against their formulas on arrays."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import layers

from gan_course import GAN, losses, recipes
from gan_course.callbacks import Checkpoint, LossLog
from gan_course.training.feed import ArrayFeed, DatasetFeed
from tests.networks import small_generator, small_images, state

NAMES = [*recipes.LOSSES]
NO_PROBABILITY = [name for name in NAMES if not recipes.LOSSES[name].is_probability]


def softplus(x):
    return np.logaddexp(0, x)


FORMULAS = {  # the papers', from scores of real images and of fakes
    "non-saturating": (
        lambda r, f: (softplus(-r).mean() + softplus(f).mean()) / 2,
        lambda r, f: softplus(-f).mean(),
    ),
    "saturating": (lambda r, f: (softplus(-r).mean() + softplus(f).mean()) / 2, lambda r, f: -softplus(f).mean()),
    "least-squares": (
        lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2,
        lambda r, f: ((f - 1) ** 2).mean() / 2,
    ),
    "hinge": (lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(), lambda r, f: -f.mean()),
    "wasserstein": (lambda r, f: f.mean() - r.mean(), lambda r, f: -f.mean()),
    "relativistic": (lambda r, f: softplus(f - r).mean(), lambda r, f: softplus(r - f).mean()),
}
SCORES = arrays("float32", (5, 1), elements=st.floats(-30, 30, width=32))


def critic(weights=0.1, bias: float = 0.0, activation: str | None = None) -> keras.Sequential:
    """The score is the sum of all pixels times their weights, plus a bias."""
    dense = layers.Dense(1, activation)
    network = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), dense])
    dense.set_weights([np.broadcast_to(weights, (16, 1)).astype("float32"), np.array([bias])])
    return network


def made(discriminator: keras.Model | None = None, **chosen: object) -> GAN:
    keras.utils.set_random_seed(0)
    gan = GAN(small_generator(), discriminator or critic(), seed=0)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), **chosen)
    return gan


def numbers(gan: GAN) -> list[np.ndarray]:
    return [variable.numpy() for network in gan.networks.values() for variable in network.trainable_variables]


def assert_same(one, other, rtol=1e-4, atol=1e-6):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def with_hidden_layer() -> keras.Sequential:
    keras.utils.set_random_seed(4)
    hidden = [layers.Dense(5, "tanh"), layers.Dense(1)]
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), *hidden])


def test_every_name_has_a_source_and_a_formula():
    assert {*FORMULAS} == {*losses.LOSSES} == {*NAMES}
    assert all("https://arxiv.org/abs/" in facts.source for facts in recipes.LOSSES.values())


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None)
@given(real=SCORES, fake=SCORES)
def test_a_loss_is_the_papers_formula(name, real, fake):
    ours, (discriminator, generator) = losses.get(name), FORMULAS[name]
    np.testing.assert_allclose(ours.discriminator(real, fake), discriminator(real, fake), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.generator(real, fake), generator(real, fake), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_guess_is_the_best_that_one_score_for_all_images_can_do(name):
    d_guess, g_guess = recipes.LOSSES[name].guess
    tried = np.linspace(-3, 3, 121, dtype="float32")
    found = [float(losses.get(name).discriminator(*2 * [np.full((4, 1), score)])) for score in tried]
    np.testing.assert_allclose(min(found), d_guess, atol=1e-5)
    best = [np.full((4, 1), score) for score, loss in zip(tried, found, strict=True) if loss < d_guess + 1e-6]
    assert any(abs(float(losses.get(name).generator(each, each)) - g_guess) < 1e-3 for each in best)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_tells_the_losses_of_before_it(name):
    gan = made(with_hidden_layer(), loss=name)
    real, latent = small_images(8), keras.random.normal((8, 4), seed=keras.random.SeedGenerator(0))
    scores = [gan.discriminator(each).numpy() for each in (real, gan.generator(latent, training=True))]
    told = gan.train_step(tf.constant(real))
    for key, formula in zip(("d_loss", "g_loss"), FORMULAS[name], strict=True):
        np.testing.assert_allclose(told[key], formula(*scores), rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bias", [-70.0, 0.0, 3.0])
def test_both_networks_follow_the_gradients_of_the_formulas(name, bias):
    """Against a step by hand, also where the discriminator is sure, and with the shortcut where there is one."""
    gan, by_hand = (made(critic(bias=bias), loss=name) for _ in range(2))
    real, latent = small_images(8), keras.random.normal((8, 4), seed=keras.random.SeedGenerator(0))
    with tf.GradientTape(persistent=True) as tape:
        fake = by_hand.generator(latent, training=True)
        scores = by_hand.discriminator(real), by_hand.discriminator(fake)
        d_loss = losses.get(name).discriminator(*scores)
        g_loss = losses.get(name).generator(*scores)
    for network, loss in ((by_hand.discriminator, d_loss), (by_hand.generator, g_loss)):
        for variable in network.trainable_variables:
            slope = tape.gradient(loss, variable)
            variable.assign_sub(0.1 * slope if slope is not None else tf.zeros_like(variable))
    gan.train_step(tf.constant(real))
    assert_same(numbers(gan), numbers(by_hand))


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_a_loss_trains_with_xla_as_without(name):
    class Fixed(GAN):
        def draw_latent(self, count):
            return tf.reshape(tf.linspace(-2.0, 2.0, 8 * self.latent_dim), (8, self.latent_dim))

    after = []
    for compiled in (False, True):
        keras.utils.set_random_seed(0)
        gan = Fixed(small_generator(), with_hidden_layer(), seed=0)
        gan.compile(
            keras.optimizers.SGD(0.1),
            keras.optimizers.SGD(0.1),
            loss=name,
            r1_gamma=1.0,
            r2_gamma=1.0,
            jit_compile=compiled,
        )
        gan.fit(small_images(16), batch_size=8, verbose=0, shuffle=False)
        after.append(numbers(gan))
    assert_same(*after, rtol=1e-3, atol=1e-5)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "chosen",
    [
        {"gp_lambda": 1.0, "discriminator_updates": 2, "penalty_every": 2},
        {"skip_below": 0.5, "label_smoothing": 0.1},
        {"loss": "wasserstein", "gp_lambda": 10.0, "averaging": 0.9},
    ],
)
def test_all_else_compiles_with_xla_too(chosen):
    gan, log = made(with_hidden_layer(), jit_compile=True, **chosen), LossLog()
    before = numbers(gan)
    gan.fit(small_images(64), batch_size=8, verbose=0, callbacks=[log])
    assert np.isfinite(log.d_loss).all() and np.isfinite(log.g_loss).all()
    assert all(not np.array_equal(a, b) for a, b in zip(before, numbers(gan), strict=True) if a.ndim > 1)


WEIGHTS = arrays("float32", (16, 1), elements=st.floats(-0.5, 0.5, width=32))


@settings(max_examples=10, deadline=None)
@given(weights=WEIGHTS, gamma=st.floats(0.1, 10))
@pytest.mark.parametrize("name", ["r1_gamma", "r2_gamma"])
def test_each_penalty_pulls_a_linear_critic_by_gamma_times_its_weights(name, weights, gamma):
    without, penalised = made(critic(weights)), made(critic(weights), **{name: gamma})
    for gan in (without, penalised):
        gan.train_step(tf.constant(small_images(8)))
    moved = (numbers(without)[-2] - numbers(penalised)[-2]) / 0.1
    np.testing.assert_allclose(moved, gamma * weights, rtol=1e-2, atol=1e-4)


@settings(max_examples=10, deadline=None)
@given(weights=WEIGHTS.filter(lambda w: np.linalg.norm(w) > 0.05), factor=st.floats(0.1, 10))
def test_the_penalty_between_pulls_the_gradient_to_length_1(weights, factor):
    without, penalised = made(critic(weights)), made(critic(weights), gp_lambda=factor)
    without.draw_latent(1)
    for gan in (without, penalised):
        gan.latent_seed.state.assign([7, 7])
        gan.train_step(tf.constant(small_images(8)))
    length = np.linalg.norm(weights)
    moved = (numbers(without)[-2] - numbers(penalised)[-2]) / 0.1
    np.testing.assert_allclose(moved, factor * 2 * (length - 1) * weights / length, rtol=1e-2, atol=1e-3)


def test_penalties_add_up_and_are_asked_at_different_images():
    """A critic of squares is steep where pixels are large; real images are +-1 and fakes near 0."""
    network = keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Lambda(tf.square), layers.Flatten(), layers.Dense(1)]
    )
    start = network.get_weights()
    moved = {}
    for name in ("none", "r1_gamma", "r2_gamma", "gp_lambda", "all"):
        chosen = {"none": (), "all": ("r1_gamma", "r2_gamma", "gp_lambda")}.get(name, (name,))
        network.set_weights(start)
        keras.utils.set_random_seed(0)
        gan = GAN(small_generator(), network, seed=0)
        gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), **dict.fromkeys(chosen, 0.1))
        gan.train_step(tf.sign(small_images(8)))
        moved[name] = network.get_weights()[0]
    parts = [moved[name] - moved["none"] for name in ("r1_gamma", "r2_gamma", "gp_lambda")]
    np.testing.assert_allclose(sum(parts), moved["all"] - moved["none"], rtol=1e-3, atol=1e-5)
    expected_r1 = -0.1 * 0.1 / 2 * 2 * 4 * start[1 - 1]  # the slope at +-1 is 2 w, its square 4 w^2
    np.testing.assert_allclose(parts[0], expected_r1, rtol=1e-3, atol=1e-6)
    assert np.abs(parts[1]).max() < np.abs(parts[0]).max()


def test_lazy_penalties_weigh_more_and_count_steps():
    every, third = made(r1_gamma=3.0, r2_gamma=3.0), made(r1_gamma=1.0, r2_gamma=1.0, penalty_every=3)
    for gan in (every, third):
        gan.train_step(tf.constant(small_images(8)))
    assert_same(numbers(every), numbers(third))
    third.train_step(tf.constant(small_images(8)))
    never = made()
    for variable, other in zip(never.weights, every.weights, strict=True):
        variable.assign(other)
    never.latent_seed.state.assign(every.latent_seed.state)
    never.train_step(tf.constant(small_images(8)))
    assert_same(numbers(third), numbers(never))


def test_r1_every_is_another_name():
    assert made(r1_gamma=1, r1_every=4).recipe == made(r1_gamma=1, penalty_every=4).recipe
    assert made(recipe="course").recipe.r1_every == 8


def test_smoothed_labels_change_what_real_images_are_called():
    gan, smoothed = made(critic(0.3)), made(critic(0.3), label_smoothing=0.2)
    real = small_images(8)
    fake = gan.generator(keras.random.normal((8, 4), seed=keras.random.SeedGenerator(0)), training=True)
    r, f = (0.3 * np.sum(each, axis=(1, 2, 3)) for each in (real, fake))
    told = smoothed.train_step(tf.constant(real))
    expected = (0.8 * softplus(-r).mean() + 0.2 * softplus(r).mean() + softplus(f).mean()) / 2
    np.testing.assert_allclose(told["d_loss"], expected, rtol=1e-4)
    np.testing.assert_allclose(told["g_loss"], gan.train_step(tf.constant(real))["g_loss"], rtol=1e-5)


def test_two_rates_are_those_of_the_two_optimizers():
    gan = GAN(small_generator(), critic())
    gan.compile(d_learning_rate=4e-4, g_learning_rate=1e-4)
    assert float(gan.discriminator_optimizer.learning_rate) == pytest.approx(4e-4)
    assert float(gan.generator_optimizer.learning_rate) == pytest.approx(1e-4)
    gan.compile(recipe="course", g_learning_rate=0)
    assert float(gan.discriminator_optimizer.learning_rate) == pytest.approx(8e-3)
    assert float(gan.generator_optimizer.learning_rate) == 0


def test_several_updates_of_the_discriminator_are_steps_of_it_alone_and_then_one_of_both():
    """Against two GANs: one that trains on part after part with a generator that cannot move, and then freely."""
    several = made(with_hidden_layer(), discriminator_updates=3)
    real = small_images(24)
    several.train_step(tf.constant(real))
    one_by_one = made(with_hidden_layer())
    start = [variable.numpy() for variable in one_by_one.generator.trainable_variables]
    for part in range(3):
        for variable, value in zip(one_by_one.generator.trainable_variables, start, strict=True):
            variable.assign(value)
        one_by_one.train_step(tf.constant(real[part::3]))
    assert_same(numbers(several), numbers(one_by_one))
    assert several.steps == 1 and int(several.discriminator_optimizer.iterations) == 3


@pytest.mark.thorough
@pytest.mark.parametrize("as_dataset", [False, True])
def test_a_step_of_several_updates_reads_as_many_batches_and_resumes_exactly(tmp_path, as_dataset):
    images = small_images(40)

    def train(folder: str, steps: int) -> GAN:
        gan = made(with_hidden_layer(), discriminator_updates=2, loss="wasserstein", gp_lambda=10)
        data = tf.data.Dataset.from_tensor_slices(images).batch(8) if as_dataset else images
        size = {} if as_dataset else {"batch_size": 8}
        keep = [Checkpoint(tmp_path / folder), LossLog(tmp_path / f"{folder}.csv")]
        gan.fit(data, steps_per_epoch=steps, callbacks=keep, verbose=0, **size)
        return gan

    whole = train("whole", 7)
    train("parts", 3)
    parts = train("parts", 7)
    assert whole.steps == parts.steps == 7 and int(whole.discriminator_optimizer.iterations) == 14
    for a, b in zip(state(whole), state(parts), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("as_dataset", [False, True])
def test_each_update_gets_a_batch_of_its_own(as_dataset):
    images, size = small_images(24), 4
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(size)
    feed = DatasetFeed(dataset, 3) if as_dataset else ArrayFeed(images, size, shuffle=False, batches_a_step=3)
    assert feed.steps == 2
    for start in (0, 1):
        found = next(iter(feed.batches(seed=0, start=start))).numpy()
        for part in range(3):
            first = size * (3 * start + part)
            np.testing.assert_array_equal(found[part::3], images[first : first + size])


def test_an_epoch_of_several_updates_is_a_pass_over_the_images():
    gan = made(discriminator_updates=3)
    history = gan.fit(small_images(50), batch_size=8, verbose=0)
    assert history.params["steps"] == 2
    with pytest.raises(ValueError, match="there are 10 images, and a step divides them among 3 updates"):
        gan.train_on_batch(small_images(10))
    uneven = tf.data.Dataset.from_tensor_slices(small_images(20)).batch(8)
    with pytest.raises(ValueError, match="differ in size, and a step takes several of them"):
        gan.fit(uneven, verbose=0)


def test_the_discriminator_rests_while_its_loss_was_low(tmp_path):
    gan = made(critic(0.0, bias=0.0), skip_below=0.8)  # ln 2 is below
    first = numbers(gan)
    gan.train_step(tf.constant(small_images(8)))  # no step before it
    second = numbers(gan)
    gan.train_step(tf.constant(small_images(8)))
    third = numbers(gan)
    moved = [[not np.array_equal(a, b) for a, b in zip(*pair, strict=True)] for pair in ((first, second), (second, third))]  # noqa: E501  # fmt: skip
    assert moved[0][-2] and not any(moved[1][-2:]) and any(moved[1][:-2])
    assert int(gan.discriminator_optimizer.iterations) == 1
    path = tmp_path / "gan.keras"
    gan.save(path)
    opened = keras.models.load_model(path)
    opened.train_step(tf.constant(small_images(8)))
    assert_same(numbers(opened)[-2:], third[-2:])


def test_the_discriminator_learns_again_when_its_loss_has_risen():
    gan = made(critic(0.0), skip_below=0.5)
    for _ in range(3):
        gan.train_step(tf.constant(small_images(8)))
    assert int(gan.discriminator_optimizer.iterations) == 3


@pytest.mark.parametrize("name", NO_PROBABILITY)
def test_a_critic_is_told_in_scores(name):
    """Also one that ends in a sigmoid: the score is what goes into it."""
    images = small_images(6)
    expected = 0.1 * images.sum(axis=(1, 2, 3)) + 40
    for activation in (None, "sigmoid"):
        gan = made(critic(0.1, bias=40.0, activation=activation), loss=name)
        assert gan.answers == "scores"
        np.testing.assert_allclose(gan.judge(images), expected, rtol=1e-5)
    assert made(loss="saturating").answers == "probabilities"


@pytest.mark.parametrize("name", [name for name in NAMES if recipes.LOSSES[name].boundary is not None])
def test_the_log_counts_with_the_losss_own_boundary(name, tmp_path):
    bias = 0.25  # between the boundaries of 0 and 0.5
    gan = made(critic(0.0, bias=bias), loss=name)
    log = LossLog(tmp_path / "log.csv", accuracies=True)
    gan.fit(small_images(8), batch_size=8, verbose=0, callbacks=[log])
    called_real = bias > recipes.LOSSES[name].boundary
    told = [log.values(column) for column in LossLog.ACCURACIES]
    assert told == [[float(called_real)], [float(not called_real)], [0.5], [float(called_real)]]
    gan.fit(small_images(8), batch_size=8, verbose=0, callbacks=[log])
    assert len(log.rows) == 2
    history = gan.fit(small_images(8), batch_size=8, verbose=0).history
    assert {*history} == {"d_loss", "g_loss"}


@pytest.mark.parametrize("name", ["wasserstein", "relativistic"])
def test_accuracies_without_a_boundary_are_refused(name):
    with pytest.raises(ValueError, match=f"the {name} loss only compares scores"):
        made(loss=name).fit(small_images(8), batch_size=8, verbose=0, callbacks=[LossLog(accuracies=True)])


def test_a_log_with_other_columns_is_not_gone_on_with(tmp_path):
    gan = made()
    for accuracies, sentence in ((True, None), (False, "has the columns step, .*fakes_called_real, and this")):
        log = LossLog(tmp_path / "log.csv", accuracies=accuracies)
        if sentence is None:
            gan.fit(small_images(8), batch_size=8, verbose=0, callbacks=[log])
            continue
        with pytest.raises(ValueError, match=sentence):
            gan.fit(small_images(8), batch_size=8, verbose=0, callbacks=[log])


def test_a_saved_gan_keeps_its_settings(tmp_path):
    chosen = {
        "loss": "relativistic",
        "r1_gamma": 0.5,
        "r2_gamma": 0.25,
        "penalty_every": 2,
        "discriminator_updates": 2,
    }
    gan = made(with_hidden_layer(), **chosen)
    gan.fit(small_images(32), batch_size=8, verbose=0)
    gan.save(tmp_path / "gan.keras")
    opened = keras.models.load_model(tmp_path / "gan.keras")
    assert opened.recipe == gan.recipe
    for each in (gan, opened):
        each.fit(small_images(32), batch_size=8, verbose=0)
    for a, b in zip(state(gan), state(opened), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_folder_with_another_loss_is_not_gone_on_with(tmp_path):
    made().fit(small_images(8), batch_size=8, verbose=0, callbacks=[Checkpoint(tmp_path)])
    with pytest.raises(ValueError, match="loss was 'non-saturating' and is 'hinge'"):
        made(loss="hinge").fit(small_images(8), batch_size=8, verbose=0, callbacks=[Checkpoint(tmp_path)])


def test_the_course_is_meant_for_no_dropout():
    dropping = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dropout(0.3), layers.Dense(1)])
    with pytest.warns(UserWarning, match="meant for a discriminator without dropout.* drops 0.3: make it with"):
        made(dropping, recipe="course")


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"loss": "mse"}, "loss is 'mse'; expected one of non-saturating, saturating, least-squares"),
        ({"loss": ["hinge"]}, "loss is \\['hinge'\\]; expected one of"),
        ({"r2_gamma": -1}, "r2_gamma is -1; expected a number of at least 0, such as 1"),
        ({"gp_lambda": "10"}, "gp_lambda is '10'; expected a number"),
        ({"penalty_every": 0}, "penalty_every is 0"),
        ({"penalty_every": 2, "r1_every": 2}, "r1_every is another name of penalty_every"),
        ({"discriminator_updates": 1.5}, "discriminator_updates is 1.5; expected a whole number"),
        ({"label_smoothing": 1.0}, "label_smoothing is 1.0; expected at least 0 and less than 1"),
        ({"loss": "hinge", "label_smoothing": 0.1}, "label_smoothing is for losses of probabilities"),
        ({"loss": "wasserstein", "skip_below": 0.1}, "skip_below is for losses of probabilities"),
        ({"recipe": "textbook", "loss": "hinge"}, "the textbook's step has no loss"),
        ({"recipe": "textbook", "gp_lambda": 1}, "the textbook's step has no gradient penalty"),
        ({"recipe": "textbook", "discriminator_updates": 2}, "the textbook's step has no discriminator_updates"),
        ({"reconstruction": 1}, "reconstruction compares .* the networks take no condition"),
        ({"adversarial": 0}, "adversarial is 0, so there is nothing to learn; say reconstruction=1"),
        ({"adversarial": 0, "reconstruction": 1, "r1_gamma": 1}, "so the discriminator does not play"),
        ({"d_learning_rate": 0.1}, "d_learning_rate is for the recipe's optimizer, and you give an optimizer"),
        ({"learning_rate": 0.1}, "say g_learning_rate and d_learning_rate"),
    ],
)
def test_what_has_no_sense_is_refused(chosen, sentence):
    with pytest.raises(ValueError, match=sentence):
        made(**chosen)


def test_a_penalty_at_each_image_is_refused_where_images_are_mixed():
    mixing = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Flatten(),
            keras.Sequential([layers.BatchNormalization()]),
            layers.Dense(1),
        ]
    )
    with pytest.raises(ValueError, match="gp_lambda asks .* BatchNormalization, which mixes images"):
        made(mixing, gp_lambda=10)
