"""Anybody's networks: judged by what they answer, or refused in a sentence before the first step."""

import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from gan_course import GAN
from gan_course.metrics import digit_quality
from gan_course.training.answers import answers_with
from gan_course.widgets import latent_explorer
from tests.networks import small_discriminator, small_generator, small_images

IMAGES = small_images(16)


def judging(*ends: keras.Layer) -> keras.Sequential:
    return keras.Sequential([keras.Input((4, 4, 1)), *ends])


def flat(*ends: keras.Layer) -> keras.Sequential:
    return judging(layers.Flatten(), *ends)


def by_operations(end) -> keras.Model:
    start = keras.Input((4, 4, 1))
    return keras.Model(start, end(layers.Dense(1)(layers.Flatten()(start))))


class Own(keras.Model):
    """A subclassed network that flattens and ends as it is told."""

    def __init__(self, units: int, end=None, shape=None):
        super().__init__()
        self.flatten, self.dense = layers.Flatten(), layers.Dense(units)
        self.end, self.shape = end or (lambda x: x), shape

    def call(self, x):
        x = self.end(self.dense(self.flatten(x)))
        return ops.reshape(x, (-1, *self.shape)) if self.shape else x


def own_discriminator(end) -> Own:
    network = Own(1, end)
    network(IMAGES)
    return network


def own_generator(end=ops.tanh) -> Own:
    network = Own(16, end, shape=(4, 4, 1))
    network(np.zeros((2, 4), "float32"))
    return network


def made(discriminator, generator=None, **settings) -> GAN:
    gan = GAN(generator or small_generator(), discriminator, seed=0, **settings)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    return gan


SIGMOID_ENDS = {
    "a convolution, flattened": lambda bias: judging(layers.Conv2D(1, 4, **bias), layers.Flatten()),
    "a convolution, reshaped": lambda bias: judging(layers.Conv2D(1, 4, **bias), layers.Reshape((1,))),
    "a convolution, averaged": lambda bias: judging(layers.Conv2D(1, 3, **bias), layers.GlobalAveragePooling2D()),
    "a convolution, its largest": lambda bias: judging(layers.Conv2D(1, 3, **bias), layers.GlobalMaxPooling2D()),
    "averaged in part": lambda bias: judging(
        layers.Conv2D(1, 3, **bias), layers.AveragePooling2D(2), layers.Flatten()
    ),
    "inside a Sequential": lambda bias: judging(keras.Sequential([layers.Conv2D(1, 4, **bias)]), layers.Flatten()),
    "a layer of its own": lambda bias: flat(
        layers.Dense(1, bias_initializer=bias["bias_initializer"]), layers.Activation("sigmoid"), layers.Identity()
    ),
    "TensorFlow's": lambda bias: flat(layers.Dense(1, **{**bias, "activation": tf.nn.sigmoid})),
    "an operation": lambda bias: by_operations(
        lambda x: ops.reshape(ops.sigmoid(x + bias["bias_initializer"].value), (-1, 1))
    ),
}


@pytest.mark.parametrize("sure", [0.0, -30.0])
@pytest.mark.parametrize("end", SIGMOID_ENDS)
def test_a_sigmoid_keeps_its_slope_whatever_stands_behind_it(end, sure):
    bias = {"activation": "sigmoid", "bias_initializer": keras.initializers.Constant(sure)}
    keras.utils.set_random_seed(1)
    network = SIGMOID_ENDS[end](bias)
    assert answers_with(network) == "probabilities"
    gan = made(network)
    assert not gan.from_logits
    read = tf.function(gan._judge.logits)
    images = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = read(images)
        loss = tf.reduce_mean(tf.nn.softplus(-logits))
    np.testing.assert_allclose(tf.sigmoid(logits), network(IMAGES), rtol=1e-4, atol=1e-7)
    assert (np.abs(tape.gradient(loss, images)).max(axis=(1, 2, 3)) > 1e-5).all()
    before = [weight.numpy() for part in gan.networks.values() for weight in part.trainable_variables]
    gan.train_on_batch(IMAGES)
    after = [weight.numpy() for part in gan.networks.values() for weight in part.trainable_variables]
    assert all(np.any(a != b) for a, b in zip(before, after, strict=True))


LOGIT_ENDS = {
    "Dense": lambda: flat(layers.Dense(1)),
    "Conv2D, Flatten": lambda: judging(layers.Conv2D(1, 4), layers.Flatten()),
    "Conv2D, Reshape": lambda: judging(layers.Conv2D(1, 4), layers.Reshape((1,))),
    "Conv2D, pooling": lambda: judging(layers.Conv2D(1, 3), layers.GlobalAveragePooling2D()),
    "a Sequential": lambda: flat(keras.Sequential([layers.Dense(1)])),
}


@pytest.mark.parametrize("said", [None, True])
@pytest.mark.parametrize("end", LOGIT_ENDS)
def test_a_critic_that_ends_in_logits_learns_like_its_twin_with_a_sigmoid(end, said):
    keras.utils.set_random_seed(2)
    critic = LOGIT_ENDS[end]()
    start = keras.Input((4, 4, 1))
    twin = keras.Model(start, layers.Activation("sigmoid")(keras.models.clone_model(critic)(start)))
    twin.set_weights(critic.get_weights())
    results = []
    for network, settings in ((critic, {"from_logits": said}), (twin, {})):
        keras.utils.set_random_seed(5)
        gan = made(network, **settings)
        assert gan.from_logits is (network is critic)
        losses = gan.train_step(tf.constant(IMAGES))
        results.append([*losses.values(), *gan.generator.get_weights(), *network.get_weights(), gan.judge(IMAGES)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert (gan.judge(IMAGES) > 0).all() and (gan.judge(IMAGES) < 1).all()


DOUBTFUL = {
    "LeakyReLU": lambda: flat(layers.Dense(1), layers.LeakyReLU()),
    "Dropout": lambda: flat(layers.Dense(1), layers.Dropout(0.1)),
    "Dense with activation tanh": lambda: flat(layers.Dense(1, "tanh")),
    "Dense with activation relu": lambda: flat(layers.Dense(1, "relu")),
    "Activation with activation tanh": lambda: flat(layers.Dense(1), layers.Activation("tanh")),
    "BatchNormalization": lambda: flat(layers.Dense(1), layers.BatchNormalization()),
    "Tanh": lambda: by_operations(ops.tanh),
    "Subtract": lambda: by_operations(lambda x: x - ops.mean(x)),
    "a call of its own (Own)": lambda: own_discriminator(lambda x: x * 2),
}


@pytest.mark.parametrize("end", DOUBTFUL)
def test_what_leaves_it_open_is_asked_in_one_sentence_and_works_when_said(end):
    network = DOUBTFUL[end]()
    with pytest.raises(ValueError, match=re.escape(f"ends in {end}, so it cannot be told")) as refused:
        GAN(small_generator(), network)
    assert "from_logits=True" in str(refused.value) and "\n" not in str(refused.value)
    gan = made(network, from_logits=True)
    expected = np.log1p(np.exp(-np.ravel(network(IMAGES, training=True)).astype("float64"))).mean()
    answered = gan._judge.logits(tf.constant(IMAGES)) if end == "Dropout" else network(IMAGES, training=True)
    if end != "Dropout":
        np.testing.assert_allclose(np.log1p(np.exp(-np.ravel(answered))).mean(), expected, rtol=1e-5)
    assert gan.judge(IMAGES).min() >= 0 and gan.judge(IMAGES).max() <= 1
    assert np.isfinite(gan.train_on_batch(IMAGES)).all()


@pytest.mark.parametrize(
    ("network", "said", "message"),
    [
        (lambda: flat(layers.Dense(1, "sigmoid")), True, "ends in a sigmoid, so its answers are no logits"),
        (lambda: flat(layers.Dense(1)), False, "ends without an activation, so its answers are logits"),
        (lambda: flat(layers.Dense(1), layers.LeakyReLU()), False, "probabilities lie in"),
        (lambda: flat(layers.Dense(2, "softmax")), None, r"returns shape \(2,\) for each image"),
        (lambda: keras.Model(start := keras.Input((4, 4, 1)), [layers.Flatten()(start)] * 2), None, "nothing to"),
    ],
)
def test_what_was_said_wrongly_is_refused(network, said, message):
    with pytest.raises(ValueError, match=message):
        GAN(small_generator(), network(), from_logits=said)


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_a_discriminator_of_patches_takes_the_mean_over_them(activation):
    patches = judging(layers.Conv2D(1, 3, activation=activation))
    gan = made(patches)
    logits = layers.Conv2D(1, 3)
    logits(IMAGES)
    logits.set_weights(patches.get_weights())
    on_real = np.asarray(logits(IMAGES), "float64")
    losses = gan.train_step(tf.constant(IMAGES))
    latent = keras.random.normal((16, 4), seed=keras.random.SeedGenerator(0))
    assert on_real.shape == (16, 2, 2, 1) and np.isfinite(losses["g_loss"])
    judged = (1 / (1 + np.exp(-on_real))).mean(axis=(1, 2, 3))
    fresh = made(patches)
    patches.set_weights(logits.get_weights())
    np.testing.assert_allclose(fresh.judge(IMAGES), judged, rtol=1e-5)
    fake = fresh.generator(latent, training=True)
    on_fake = np.asarray(logits(fake), "float64")
    expected = (np.log1p(np.exp(-on_real)).mean() + np.log1p(np.exp(on_fake)).mean()) / 2
    np.testing.assert_allclose(fresh.train_step(tf.constant(IMAGES))["d_loss"], expected, rtol=1e-4)


def test_patches_learn_alike_with_and_without_shortcuts_and_with_a_penalty():
    results = []
    for shortcuts in (True, False):
        keras.utils.set_random_seed(4)
        gan = GAN(small_generator(), judging(layers.Conv2D(1, 3, activation="sigmoid")), seed=0)
        gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0), r1_gamma=1.0, shortcuts=shortcuts)
        gan.train_step(tf.constant(IMAGES))
        results.append([*gan.generator.get_weights(), *gan.discriminator.get_weights()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def drawing(*ends: keras.Layer) -> keras.Sequential:
    return keras.Sequential([keras.Input((4,)), layers.Dense(16), layers.Reshape((4, 4, 1)), *ends])


@pytest.mark.parametrize(
    ("generator", "limits"),
    [
        (lambda: drawing(layers.Activation("sigmoid")), r"\[0, 1\]"),
        (lambda: drawing(layers.ReLU()), "0 to"),
        (lambda: drawing(), "-.* to"),
        (lambda: drawing(layers.Conv2D(1, 3, padding="same")), "-.* to"),
        (lambda: drawing(layers.LeakyReLU()), "-.* to"),
        (lambda: drawing(layers.Activation("tanh"), layers.Rescaling(0.5, 0.5)), r"\[0, 1\]"),
        (lambda: own_generator(ops.sigmoid), r"\[0, 1\]"),
        (lambda: own_generator(lambda x: x), "-.* to"),
    ],
)
def test_a_generator_that_leaves_the_range_is_named_when_the_gan_is_made(generator, limits):
    with pytest.warns(UserWarning, match=rf"can draw values of {limits}.*, and images lie in \[-1, 1\]"):
        GAN(generator(), small_discriminator())


@pytest.mark.parametrize(
    "generator",
    [
        small_generator,
        lambda: drawing(layers.Activation("tanh")),
        lambda: drawing(layers.Activation("tanh"), layers.Reshape((4, 4, 1))),
        lambda: drawing(keras.Sequential([layers.Activation("tanh")])),
        own_generator,
    ],
)
def test_a_generator_in_range_is_made_without_a_word(generator):
    with warnings.catch_warnings(action="error"):
        GAN(generator(), small_discriminator())


def transposed_generator() -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Reshape((1, 1, 4)),
            layers.Conv2DTranspose(3, 2),
            layers.Conv2DTranspose(1, 2, strides=2, activation="tanh"),
        ]
    )


def functional_generator() -> keras.Model:
    start = keras.Input((4,))
    return keras.Model(start, ops.tanh(ops.reshape(layers.Dense(16)(start), (-1, 4, 4, 1))))


def of_any_size() -> keras.Model:
    start = keras.Input((None, None, 1))
    return keras.Model(start, layers.Dense(1, "sigmoid")(ops.mean(layers.Conv2D(3, 3)(start), axis=(1, 2))))


@pytest.mark.parametrize("recipe", ["textbook", "plain", "course", "blog"])
@pytest.mark.parametrize("generator", [transposed_generator, functional_generator, own_generator])
@pytest.mark.parametrize("discriminator", [of_any_size, lambda: own_discriminator(keras.activations.sigmoid)])
def test_any_keras_networks_train_draw_and_are_saved(generator, discriminator, recipe, tmp_path):
    gan = GAN(generator(), discriminator(), seed=0)
    assert gan.latent_dim == 4 and gan.image_shape == (4, 4, 1)
    if recipe == "course" and generator is own_generator:
        with pytest.raises(ValueError, match="needs a copy of it, and Own cannot be made again.*averaging=0"):
            gan.compile(recipe=recipe)
        gan.compile(recipe=recipe, averaging=0)
    else:
        gan.compile(recipe=recipe)
    before = gan.generator.get_weights()[0]
    gan.fit(IMAGES, batch_size=8, verbose=0)
    assert gan.steps == 2 and np.any(gan.generator.get_weights()[0] != before)
    assert gan.generate(3, seed=0).shape == (3, 4, 4, 1)


class Two(keras.Model):
    """A network of two inputs."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(16)

    def call(self, x, y):
        return self.dense(x + y)


def two_inputs(shape) -> keras.Model:
    starts = [keras.Input(shape), keras.Input(shape)]
    return keras.Model(starts, layers.Dense(1)(layers.Flatten()(layers.Add()(starts))))


def called_two() -> Two:
    network = Two()
    network(np.zeros((2, 4), "float32"), np.zeros((2, 4), "float32"))
    return network


def vectors(*shape: int) -> keras.Sequential:
    return keras.Sequential([keras.Input(shape), layers.Dense(16)])


class Sequential:
    """Stands for a network of Keras 2."""


Sequential.__module__ = "tf_keras.src.engine.sequential"


@pytest.mark.parametrize(
    ("generator", "discriminator", "message"),
    [
        (lambda: two_inputs((4,)), small_discriminator, "the generator takes a condition, .* takes none"),
        (small_generator, lambda: two_inputs((4, 4, 1)), "the discriminator takes a condition, .* takes none"),
        (called_two, small_discriminator, "the generator takes several inputs"),
        (Sequential, small_discriminator, "a tf_keras.Sequential; expected a Keras model; tf_keras is Keras 2"),
        (lambda: Own(16), small_discriminator, "the generator has no weights yet; .* or call it once"),
        (lambda: vectors(4), small_discriminator, r"draws shape \(16,\)"),
        (lambda: vectors(2, 4), small_discriminator, "expected latent vectors"),
        (small_generator, lambda: own_discriminator_of(25), r"the discriminator takes \(25,\)"),
    ],
)
def test_networks_that_cannot_play_are_refused_in_a_sentence(generator, discriminator, message):
    with pytest.raises(ValueError, match=message) as refused:
        GAN(generator(), discriminator())
    assert "\n" not in str(refused.value)


def own_discriminator_of(pixels: int) -> keras.Model:
    network = Own(1, keras.activations.sigmoid)
    network(np.zeros((2, pixels), "float32"))
    return network


def test_probabilities_are_shown_of_a_discriminator_with_logits():
    start = keras.Input((28, 28, 1))
    critic = keras.Model(start, 50 * layers.Dense(1)(layers.Flatten()(start)))
    draw = [keras.Input((9,)), layers.Dense(784, "tanh"), layers.Reshape((28, 28, 1))]
    gan = GAN(keras.Sequential(draw), critic, from_logits=True)
    explorer = latent_explorer(gan)
    shown = float(re.search(r"real with probability: (\S+)\.", explorer.words).group(1))
    assert 0 <= shown <= 1
    answers = [float(text.get_text()) for text in explorer.figure.axes[2].texts]
    assert all(0 <= answer <= 1 for answer in answers) and len(answers) == 9


def test_the_directions_of_a_generator_that_begins_with_a_transposed_convolution_are_found():
    draw = [
        keras.Input((9,)),
        layers.Reshape((1, 1, 9)),
        layers.Conv2DTranspose(3, 7),
        layers.UpSampling2D(4),
        layers.Conv2D(1, 3, padding="same", activation="tanh"),
    ]
    critic = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(1)])
    explorer = latent_explorer(GAN(keras.Sequential(draw), critic))
    before = explorer.words
    explorer.controls["direction_1"].value = 6
    assert explorer.words != before
    assert 0 <= digit_quality(explorer_gan(draw, critic), count=70).confident <= 1


def explorer_gan(draw, critic) -> GAN:
    return GAN(keras.Sequential(draw), critic)
