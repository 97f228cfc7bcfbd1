"""The game in the plane: two small networks, points in place of images, one update at a time."""

from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_course.arguments import whole
from gan_course.losses import LOSSES
from gan_course.plane.points import Scene, checked_points, find_modes, window_grid
from gan_course.recipes import LOSSES as FACTS
from gan_course.recipes import known_loss

COMPARING = ("relativistic",)  # losses with which the generator's depends on real points too

SHOWN = 200  # points of each kind in a scene
BATCH_SIZE = 128
EPSILON = 1e-3  # Adam's own 1e-7 would blow up a gradient that has all but vanished to a full step

PENALTIES = {
    "none": {},
    "R1": {"r1": 0.02},
    "R1 and R2": {"r1": 0.02, "r2": 0.02},
    "gradient penalty": {"length": 0.1},
}
"""The discriminator's gradient penalties with their weights: R1 at real points, R2 at generated ones, and the one
that pulls the length of the gradient to 1 between both; sources in `gan_course.recipes.Recipe`. In the papers the
last weighs 10; here, where modes lie a tenth of the plane apart, the discriminator must be allowed to be steep."""


class Preset(NamedTuple):
    """Settings with which something can be seen.

    Attributes:
        look: What there is to see.
        loss: One of `gan_course.recipes.LOSSES`.
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
        loss="saturating",
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
        loss: One of `gan_course.recipes.LOSSES`, which holds their sources.
        penalty: One of `PENALTIES`, the discriminator's gradient penalty.
        d_learning_rate: Adam's, for the discriminator.
        g_learning_rate: Adam's, for the generator.
        seed: Seed of the first weights, the batches and the latent vectors.

    Attributes:
        loss: Can be set to another between two steps; so can `penalty`, `d_optimizer.learning_rate` and the
            generator's.
        generator: A Keras model from `(n, 2)` to `(n, 2)`.
        discriminator: A Keras model from `(n, 2)` to scores `(n, 1)`.
        history: One row a step: d_loss, g_loss, mean length of the gradient that the generator got at its points.

    Raises:
        ValueError: If the points are no such table, there is no such loss or penalty, or `seed` is no whole number
            of at least 0.

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
        penalty: str = "none",
    ) -> None:
        """Make both networks and their optimizers."""
        if penalty not in PENALTIES:
            raise ValueError(f"penalty is {penalty!r}; expected one of {', '.join(PENALTIES)}")
        self.loss, self.penalty = known_loss(loss), penalty
        self.generator = _network("generator", 2, "tanh")
        self.discriminator = _network("discriminator", 1, None)
        self.d_optimizer = _optimizer(self.discriminator, d_learning_rate)
        self.g_optimizer = _optimizer(self.generator, g_learning_rate)
        batches = tf.TensorSpec((None, None, BATCH_SIZE, 2))
        self._players = {
            (loss, penalty): tf.function(partial(self._play, loss, penalty), input_signature=4 * [batches])
            for loss in LOSSES
            for penalty in PENALTIES
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
        self.history: list[tuple[float, ...]] = []

    def step(self, d_updates: int = 1, g_updates: int = 1, steps: int = 1) -> None:
        """Let the discriminator learn, then the generator, each on so many new batches of 128; `steps` times.

        Raises:
            ValueError: If one of the three is no whole number of at least 0.
        """
        d_updates, g_updates = whole("d_updates", d_updates, least=0), whole("g_updates", g_updates, least=0)
        steps = whole("steps", steps, least=0)
        real = np.empty((steps, d_updates, BATCH_SIZE, 2), "float32")
        d_latent, g_latent = np.empty_like(real), np.empty((steps, g_updates, BATCH_SIZE, 2), "float32")
        beside = np.zeros_like(g_latent)  # real points that the generator's loss compares with
        for i in range(steps):
            for j in range(d_updates):
                real[i, j], d_latent[i, j] = self.random.choice(self.points, BATCH_SIZE), self._latent()
            for j in range(g_updates):
                g_latent[i, j] = self._latent()
                if self.loss in COMPARING:
                    beside[i, j] = self.random.choice(self.points, BATCH_SIZE)
        play = self._players[self.loss, self.penalty]
        self.history += map(tuple, play(real, d_latent, g_latent, beside).numpy().tolist())

    def scene(self) -> Scene:
        """Return what `gan_course.plots.show_game` draws."""
        real = self.points[np.arange(SHOWN) % len(self.points)]
        found = self._look(self.shown, window_grid(), real, self.loss)
        fake, advice, answers = (each.numpy() for each in found)
        return Scene(
            real=self.points[:SHOWN],
            fake=fake,
            advice=advice,
            answers=answers,
            **self.modes._asdict(),
            reached=self.modes.reached(fake),
            history=np.reshape(self.history, (-1, 3)),
            loss=self.loss,
        )

    def _latent(self, count: int = BATCH_SIZE) -> np.ndarray:
        return self.random.standard_normal((count, 2), "float32")

    def _play(self, loss: str, penalty: str, real: Any, d_latent: Any, g_latent: Any, beside: Any) -> tf.Tensor:
        rows = tf.TensorArray("float32", tf.shape(real)[0])
        for i in tf.range(tf.shape(real)[0]):
            d_loss = g_loss = length = tf.constant(np.nan)
            for j in tf.range(tf.shape(d_latent)[1]):
                d_loss = self._update_discriminator(real[i, j], d_latent[i, j], loss, penalty)
            for j in tf.range(tf.shape(g_latent)[1]):
                g_loss, length = self._update_generator(g_latent[i, j], beside[i, j], loss)
            rows = rows.write(i, tf.stack([d_loss, g_loss, length]))
        return rows.stack()

    @tf.function
    def _update_discriminator(self, real: Any, latent: Any, loss: str, penalty: str) -> tf.Tensor:
        with tf.GradientTape() as tape:
            fake = self.generator(latent)
            d_loss = LOSSES[loss].discriminator(self.discriminator(real), self.discriminator(fake))
            total = d_loss + self._penalty(real, tf.stop_gradient(fake), **PENALTIES[penalty])
        _apply(self.d_optimizer, self.discriminator, tape, total)
        return d_loss

    def _penalty(self, real: Any, fake: Any, r1: float = 0.0, r2: float = 0.0, length: float = 0.0) -> Any:
        total = 0.0
        for weight, points in ((r1, real), (r2, fake)):
            total += weight / 2 * tf.reduce_mean(self._squared_slopes(points)) if weight else 0.0
        if length:
            between = real + tf.random.stateless_uniform((BATCH_SIZE, 1), _seed_of(real)) * (fake - real)
            lengths = tf.sqrt(self._squared_slopes(between) + 1e-12)  # at 0 a root has no slope
            total += length * tf.reduce_mean((lengths - 1) ** 2)
        return total

    def _squared_slopes(self, points: Any) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(points)
            scores = self.discriminator(points)
        return tf.reduce_sum(tape.gradient(scores, points) ** 2, axis=1)

    @tf.function
    def _update_generator(self, latent: Any, beside: Any, loss: str) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            fake = self.generator(latent)
            g_loss = self._generator_loss(fake, beside, loss)
        lengths = tf.norm(tape.gradient(g_loss, fake) * len(latent), axis=1)
        _apply(self.g_optimizer, self.generator, tape, g_loss)
        return g_loss, tf.reduce_mean(lengths)

    def _generator_loss(self, fake: Any, beside: Any, loss: str) -> tf.Tensor:
        on_real = self.discriminator(beside) if loss in COMPARING else None
        return LOSSES[loss].generator(on_real, self.discriminator(fake))

    @tf.function
    def _look(self, latent: Any, grid: Any, beside: Any, loss: str) -> tuple[tf.Tensor, ...]:
        fake = self.generator(latent)
        with tf.GradientTape() as tape:
            tape.watch(fake)
            g_loss = self._generator_loss(fake, beside, loss) * len(latent)
        answers = self.discriminator(grid)[:, 0]
        return fake, -tape.gradient(g_loss, fake), tf.sigmoid(answers) if FACTS[loss].is_probability else answers


def _seed_of(points: tf.Tensor) -> tf.Tensor:
    """Numbers that follow from the points, so that a game takes no others."""
    return tf.bitcast(tf.reduce_sum(points, axis=0), tf.int32)


def _network(name: str, outputs: int, activation: str | None) -> keras.Sequential:
    hidden = [layers.Dense(32, activation="relu") for _ in range(2)]
    return keras.Sequential([keras.Input((2,)), *hidden, layers.Dense(outputs, activation)], name=name)


def _optimizer(network: keras.Model, learning_rate: float) -> keras.optimizers.Optimizer:
    optimizer = keras.optimizers.Adam(learning_rate, beta_1=0.5, epsilon=EPSILON)
    optimizer.build(network.trainable_variables)
    return optimizer


def _apply(optimizer: keras.optimizers.Optimizer, network: keras.Model, tape: tf.GradientTape, loss: Any) -> None:
    optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)
