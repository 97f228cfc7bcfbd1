"""The game in the plane: two small networks, points in place of images, one update at a time."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_course.arguments import whole
from gan_course.plane.points import Scene, checked_points, find_modes, window_grid

LN2 = float(np.log(2))
SHOWN = 200  # points of each kind in a scene
BATCH_SIZE = 128
EPSILON = 1e-3  # Adam's own 1e-7 would blow up a gradient that has all but vanished to a full step


class Loss(NamedTuple):
    """What the two players want, as functions of scores.

    A score is what the discriminator's last layer gives for a point, from minus to plus infinity.

    Attributes:
        discriminator: From the scores of real and of generated points to its loss.
        generator: From the scores of generated points to its loss.
        answer: From a score to D(x), the probability that the point is real.
        guess: Both losses if every score is 0, where D(x) is 0.5.
    """

    discriminator: Callable[[Any, Any], Any]
    generator: Callable[[Any], Any]
    answer: Callable[[Any], Any]
    guess: tuple[float, float]


def _cross_entropy(on_real: tf.Tensor, on_fake: tf.Tensor) -> tf.Tensor:
    return (tf.reduce_mean(tf.nn.softplus(-on_real)) + tf.reduce_mean(tf.nn.softplus(on_fake))) / 2


def _non_saturating(on_fake: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.softplus(-on_fake))  # -log D(G(z))


def _minimax(on_fake: tf.Tensor) -> tf.Tensor:
    return -tf.reduce_mean(tf.nn.softplus(on_fake))  # log(1 - D(G(z)))


def _squares(on_real: tf.Tensor, on_fake: tf.Tensor) -> tf.Tensor:
    return (_squares_to_real(on_real) + tf.reduce_mean((on_fake + 0.5) ** 2)) / 2


def _squares_to_real(scores: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean((scores - 0.5) ** 2)


def _straight(scores: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(scores + 0.5, 0, 1)


LOSSES = {
    "non-saturating": Loss(_cross_entropy, _non_saturating, tf.sigmoid, (LN2, LN2)),
    "minimax": Loss(_cross_entropy, _minimax, tf.sigmoid, (LN2, -LN2)),
    "least squares": Loss(_squares, _squares_to_real, _straight, (0.25, 0.25)),
}


class Preset(NamedTuple):
    """Settings with which something can be seen.

    Attributes:
        look: What there is to see.
        loss: One of `LOSSES`.
        d_learning_rate: The discriminator's.
        g_learning_rate: The generator's.
        d_updates: How often the discriminator learns in a step.
        g_updates: How often the generator does.
        head_start: How often the discriminator has learned alone before the first step.
    """

    look: str
    loss: str = "non-saturating"
    d_learning_rate: float = 0.01
    g_learning_rate: float = 0.002
    d_updates: int = 1
    g_updates: int = 1
    head_start: int = 0


PRESETS = {
    "balance": Preset("the points spread over the modes, and both losses stay near the dashed line"),
    "vanishing gradients": Preset(
        "the discriminator has learned alone and is sure of itself: the arrows are too short to be seen, and the "
        "points stay where they are; then choose the non-saturating loss",
        loss="minimax",
        d_learning_rate=0.03,
        g_learning_rate=0.0005,
        d_updates=5,
        head_start=300,
    ),
    "mode collapse": Preset(
        "the generator learns too fast: all points lie together and run from one place to the next",
        d_learning_rate=0.001,
        g_learning_rate=0.01,
    ),
}


class Game:
    """A generator and a discriminator in the plane, which play when they are told to.

    The generator goes from two latent numbers to a point in [-1, 1] x [-1, 1], the discriminator from a point to
    its score; both have two hidden layers of 32. Everything random follows from the seed.

    Args:
        points: The real points, `(n, 2)`, values in [-1, 1].
        loss: `"non-saturating"` or `"minimax"` (Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661,
            section 3), or `"least squares"` (Mao et al., 2017, https://arxiv.org/abs/1611.04076, section 3.2).
        d_learning_rate: Adam's, for the discriminator.
        g_learning_rate: Adam's, for the generator.
        seed: Seed of the first weights, the batches and the latent vectors.

    Attributes:
        loss: Can be set to another between two steps; so can `d_optimizer.learning_rate` and the generator's.
        generator: A Keras model from `(n, 2)` to `(n, 2)`.
        discriminator: A Keras model from `(n, 2)` to scores `(n, 1)`.
        history: One row a step: d_loss, g_loss, mean length of the gradient that the generator got at its points.

    Raises:
        ValueError: If the points are no such table, there is no such loss, or `seed` is no whole number of at
            least 0.

    Example:
        >>> from gan_course.plane import Game, load_points
        >>> game = Game(load_points("ring"), seed=1)
        >>> game.step(d_updates=2, g_updates=1)
        >>> len(game.history), game.scene().fake.shape
        (1, (200, 2))
    """

    def __init__(
        self,
        points: Any,
        loss: str = "non-saturating",
        d_learning_rate: float = 0.01,
        g_learning_rate: float = 0.002,
        seed: int = 0,
    ) -> None:
        """Make both networks and their optimisers."""
        self.loss = loss
        self.generator = _network("generator", 2, "tanh")
        self.discriminator = _network("discriminator", 1, None)
        self.d_optimizer = _optimizer(self.discriminator, d_learning_rate)
        self.g_optimizer = _optimizer(self.generator, g_learning_rate)
        batches = tf.TensorSpec((None, None, BATCH_SIZE, 2))
        self._players = {
            name: tf.function(partial(self._play, name), input_signature=3 * [batches]) for name in LOSSES
        }
        self.restart(points, seed)

    def restart(self, points: Any, seed: int = 0) -> None:
        """Begin again with other points, and networks that have learned nothing.

        Raises:
            ValueError: If the points are no such table, or `seed` is no whole number of at least 0.
        """
        self.points = checked_points(points)
        self.modes = find_modes(self.points)
        self.random = np.random.default_rng(whole("seed", seed, least=0))
        for weight in (*self.generator.weights, *self.discriminator.weights):
            limit = np.sqrt(6 / sum(weight.shape)) if weight.name == "kernel" else 0  # Glorot and Bengio, 2010
            weight.assign(self.random.uniform(-limit, limit, weight.shape))
        last = self.generator.layers[-1].kernel
        last.assign(last / 10)  # the first fakes lie together in the middle
        for optimizer in (self.d_optimizer, self.g_optimizer):
            for variable in optimizer.variables:
                if variable is not optimizer.learning_rate:
                    variable.assign(np.zeros(variable.shape))
        self.shown = self._latent(SHOWN)
        self.history = []

    def step(self, d_updates: int = 1, g_updates: int = 1, steps: int = 1) -> None:
        """Let the discriminator learn, then the generator, each on so many new batches of 128; `steps` times.

        Raises:
            ValueError: If one of the three is no whole number of at least 0.
        """
        d_updates, g_updates = whole("d_updates", d_updates, least=0), whole("g_updates", g_updates, least=0)
        steps = whole("steps", steps, least=0)
        real = np.empty((steps, d_updates, BATCH_SIZE, 2), "float32")
        d_latent, g_latent = np.empty_like(real), np.empty((steps, g_updates, BATCH_SIZE, 2), "float32")
        for i in range(steps):
            for j in range(d_updates):
                real[i, j], d_latent[i, j] = self.random.choice(self.points, BATCH_SIZE), self._latent()
            for j in range(g_updates):
                g_latent[i, j] = self._latent()
        self.history += map(tuple, self._players[self.loss](real, d_latent, g_latent).numpy().tolist())

    def scene(self) -> Scene:
        """Return what `gan_course.plots.show_game` draws."""
        fake, advice, answers = (each.numpy() for each in self._look(self.shown, window_grid(), self.loss))
        return Scene(
            real=self.points[:SHOWN],
            fake=fake,
            advice=advice,
            answers=answers,
            **self.modes._asdict(),
            reached=self.modes.reached(fake),
            history=np.reshape(self.history, (-1, 3)),
            guess=LOSSES[self.loss].guess,
        )

    def _latent(self, count: int = BATCH_SIZE) -> np.ndarray:
        return self.random.standard_normal((count, 2), "float32")

    def _play(self, loss: str, real: Any, d_latent: Any, g_latent: Any) -> tf.Tensor:
        rows = tf.TensorArray("float32", tf.shape(real)[0])
        for i in tf.range(tf.shape(real)[0]):
            d_loss = g_loss = length = tf.constant(np.nan)
            for j in tf.range(tf.shape(d_latent)[1]):
                d_loss = self._update_discriminator(real[i, j], d_latent[i, j], loss)
            for j in tf.range(tf.shape(g_latent)[1]):
                g_loss, length = self._update_generator(g_latent[i, j], loss)
            rows = rows.write(i, tf.stack([d_loss, g_loss, length]))
        return rows.stack()

    @tf.function
    def _update_discriminator(self, real: Any, latent: Any, loss: str) -> tf.Tensor:
        with tf.GradientTape() as tape:
            d_loss = LOSSES[loss].discriminator(
                self.discriminator(real), self.discriminator(self.generator(latent))
            )
        _apply(self.d_optimizer, self.discriminator, tape, d_loss)
        return d_loss

    @tf.function
    def _update_generator(self, latent: Any, loss: str) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            fake = self.generator(latent)
            g_loss = LOSSES[loss].generator(self.discriminator(fake))
        lengths = tf.norm(tape.gradient(g_loss, fake) * len(latent), axis=1)
        _apply(self.g_optimizer, self.generator, tape, g_loss)
        return g_loss, tf.reduce_mean(lengths)

    @tf.function
    def _look(self, latent: Any, grid: Any, loss: str) -> tuple[tf.Tensor, ...]:
        fake = self.generator(latent)
        with tf.GradientTape() as tape:
            tape.watch(fake)
            g_loss = LOSSES[loss].generator(self.discriminator(fake)) * len(latent)
        return fake, -tape.gradient(g_loss, fake), LOSSES[loss].answer(self.discriminator(grid))[:, 0]


def _network(name: str, outputs: int, activation: str | None) -> keras.Sequential:
    hidden = [layers.Dense(32, activation="relu") for _ in range(2)]
    return keras.Sequential([keras.Input((2,)), *hidden, layers.Dense(outputs, activation)], name=name)


def _optimizer(network: keras.Model, learning_rate: float) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.Adam(learning_rate, beta_1=0.5, epsilon=EPSILON)
    optimizer.build(network.trainable_variables)
    return optimizer


def _apply(optimizer: keras.optimizers.Optimizer, network: keras.Model, tape: tf.GradientTape, loss: Any) -> None:
    optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)
