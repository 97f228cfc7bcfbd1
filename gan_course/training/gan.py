"""The generative adversarial network as a Keras model: `compile`, `fit`, `generate`."""

import inspect
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gan_course import recipes
from gan_course.models import generate
from gan_course.training.checkpoint import Checkpoint
from gan_course.training.checks import OUT_OF_RANGE, check_augmentation, check_networks
from gan_course.training.feed import ANOTHER_DATASET, DatasetFeed, make_feed
from gan_course.training.interrupt import Watch, stop_gently
from gan_course.training.steps import STEPS, Players, devices


@keras.saving.register_keras_serializable("gan_course")
class GAN(keras.Model):
    """A generator and a discriminator that train against each other.

    The loss is the non-saturating one (Goodfellow et al., 2014, https://arxiv.org/abs/1406.2661, section 3):
    the discriminator learns to call real images 1 and fakes 0, the generator learns to be called 1.
    Each optimiser owns the variables of its network, so no `trainable` flag is ever changed.
    How a step goes is the recipe's: see `compile`.

    Args:
        generator: A built Keras model from `(n, latent_dim)` to images `(n, height, width, channels)`,
            values in [-1, 1].
        discriminator: A built Keras model from such images to `(n, 1)`, the probability that an image
            is real, values in [0, 1].
        seed: Seed of the latent vectors drawn in training. `None` takes Keras's global seed.

    Raises:
        ValueError: If the two networks do not fit each other.

    Example:
        >>> import gan_course
        >>> from gan_course.models import mnist_discriminator, mnist_generator
        >>> images, _ = gan_course.datasets.load_mnist(source="embedded")
        >>> gan = gan_course.GAN(mnist_generator(), mnist_discriminator(), seed=0)
        >>> gan.compile()
        >>> history = gan.fit(gan_course.datasets.scale(images[:64]), batch_size=32, verbose=0)
        >>> gan.generate(25, seed=0).shape
        (25, 28, 28, 1)
    """

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, seed: int | None = None, **kwargs: Any
    ) -> None:
        """Check that the networks fit each other and keep them."""
        super().__init__(**kwargs)
        check_networks(generator, discriminator)
        self.generator = generator
        self.discriminator = discriminator
        self.seed = seed
        self.folder = None  # that of the training which a Checkpoint keeps
        self.latent_seed = keras.random.SeedGenerator(seed)
        self.averaged_generator = None
        self.augmentation = None
        self.built = True

    @property
    def latent_dim(self) -> int:
        """How many numbers a latent vector has."""
        return self.generator.input_shape[-1]

    @property
    def steps(self) -> int:
        """How many steps this model has trained, over all calls of `fit`."""
        return int(self.generator_optimizer.iterations.numpy()) if self.compiled else 0

    def call(self, latent: Any, training: bool = False) -> Any:
        """Return the images `(n, height, width, channels)` of latent vectors `(n, latent_dim)`."""
        return self.generator(latent, training=training)

    @property
    def best_generator(self) -> keras.Model:
        """The network that `generate` draws with: the average of the generator, where the recipe keeps one."""
        return self.generator if self.averaged_generator is None else self.averaged_generator

    def compile(
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        recipe: str = "plain",
        r1_gamma: float | None = None,
        r1_every: int | None = None,
        averaging: float | None = None,
        augmentation: keras.Layer | None = None,
        shortcuts: bool = True,
        **kwargs: Any,
    ) -> None:
        """Give each network its optimiser, and choose how a step goes.

        Args:
            generator_optimizer: A Keras optimiser or its name. The default is the recipe's Adam.
            discriminator_optimizer: The same for the discriminator; must be another object.
            recipe: `"plain"` updates both networks at once from one batch of fakes, with Adam at 5e-4 and the
                low beta_1 of 0.5 of the DCGAN paper (section 4). `"course"` adds what was measured to help: a
                gradient penalty on real images and an average of the generator to draw with. `"textbook"` is
                the older books' step: two updates of the discriminator, then the generator on the same latent
                vectors, with Adam as it comes. See `gan_course.recipes.RECIPES`.
            r1_gamma: Weight of the gradient penalty R1, 0 for none, in place of the recipe's.
            r1_every: Steps from one penalty to the next, in place of the recipe's.
            averaging: Decay of the generator's average, 0 for none, in place of the recipe's.
            augmentation: Random changes that the discriminator sees every image through, real or fake, from
                images to images: one of Keras's random layers, or a `keras.Sequential` of several. It keeps a
                discriminator from learning few images by heart. The generator learns through it and so does not
                draw the changes themselves (Zhao et al., 2020, Differentiable Augmentation,
                https://arxiv.org/abs/2006.10738, section 3.2; Karras et al., 2020,
                https://arxiv.org/abs/2006.06676, section 2.2). `generate` never applies it. Colours lie in
                [-1, 1] here: give a layer that asks for it `value_range=(-1, 1)`. Shifts need
                `fill_mode="constant"`: for the other modes TensorFlow's gradient is wrong at the edges.
            shortcuts: Compute faster what gives the same within rounding: `UpSampling2D` and the `Conv2D` after it
                as one operation (see `gan_course.layers`), and the discriminator's pass back over the fakes
                once for both updates.
            **kwargs: Keras's own settings, such as `jit_compile` and `run_eagerly`.

        Raises:
            ValueError: If both networks are given one optimiser object, or one that has trained others; if there
                is no such recipe, or a setting is out of its range or unknown to the recipe; or if the
                augmentation changes the shape of images or lets no gradient through.
        """
        super().compile(optimizer=None, **kwargs)
        shared = generator_optimizer is discriminator_optimizer
        if shared and isinstance(generator_optimizer, keras.optimizers.Optimizer):
            raise ValueError("both networks were given the same optimizer object; make one for each")
        self.recipe = recipes.get(recipe, r1_gamma=r1_gamma, r1_every=r1_every, averaging=averaging)
        self.generator_optimizer = self._own_optimizer(generator_optimizer, self.generator)
        self.discriminator_optimizer = self._own_optimizer(discriminator_optimizer, self.discriminator)
        if augmentation is not None:
            check_augmentation(augmentation, self.discriminator.input_shape[1:])
        self.augmentation = augmentation
        self.shortcuts = shortcuts
        self.averaged_generator = _copied(self.generator) if self.recipe.averaging else None

    def _own_optimizer(self, optimizer: Any, network: keras.Model) -> keras.optimizers.Optimizer:
        if optimizer is None:
            optimizer = keras.optimizers.Adam(self.recipe.learning_rate, beta_1=self.recipe.beta_1)
        optimizer = keras.optimizers.get(optimizer)
        if optimizer.built:
            raise ValueError(
                f"the optimizer given for the {network.name} already belongs to another network; make a new one"
            )
        optimizer.build(network.trainable_variables)
        return optimizer

    def train_step(self, data: Any) -> dict[str, Any]:
        """Update both networks on one batch of real images; return the two losses of this batch.

        Args:
            data: Images `(n, height, width, channels)`, values in [-1, 1], or a tuple that starts with them.

        Returns:
            `d_loss`, the mean binary cross-entropy over the n real and n fake images, and `g_loss`, that of
            the fakes labelled 1. Both are ln 2 = 0.693 when the discriminator answers 0.5 everywhere.
        """
        real = tf.convert_to_tensor(keras.utils.unpack_x_y_sample_weight(data)[0])
        with tf.control_dependencies([real]):  # a batch that cannot be read must change nothing
            latent = self.draw_latent(tf.shape(real)[0])
            losses = STEPS[self.recipe.step](
                self._players(), real, latent, self.recipe, self.generator_optimizer.iterations
            )
            if self.averaged_generator is not None:
                self._average()
        return {name: devices() * loss for name, loss in losses.items()}

    def draw_latent(self, count: Any) -> tf.Tensor:
        """Return the next random latent vectors `(count, latent_dim)` of the training.

        With several devices each draws those of all and takes its own, so that they are those of one device.
        """
        of_all = keras.random.normal((devices(), count, self.latent_dim), seed=self.latent_seed)
        return of_all[tf.distribute.get_replica_context().replica_id_in_sync_group]

    def _players(self) -> Players:
        return Players(
            self.generator,
            self.discriminator,
            self.generator_optimizer,
            self.discriminator_optimizer,
            self.augmentation,
            self.shortcuts,
        )

    def _average(self) -> None:
        steps = tf.cast(self.generator_optimizer.iterations.value, tf.float32)
        decay = tf.minimum(self.recipe.averaging, (1 + steps) / (10 + steps))
        for average, now in zip(self.averaged_generator.variables, self.generator.variables, strict=True):
            average.assign(now + decay * (average - now))

    def fit(self, x: Any, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Train on real images, with the arguments, callbacks and progress bar of Keras's own `fit`.

        Ctrl-C, or the stop button of a notebook, ends the training after the current step; the callbacks
        finish as usual, and a second Ctrl-C interrupts at once.

        Batches of an array hold `batch_size` images each. Their order follows from the seed and the step alone:
        a second call goes on with it, and what is left after the last whole batch of a pass is left out.

        With a `gan_course.callbacks.Checkpoint` the training is that of its folder: it goes on where the folder
        stands, and ends when `epochs` times `steps_per_epoch` steps have been trained in all. A dataset must
        then give the same batches in the same order each time it is made (`shuffle` with a seed); those already
        trained on are read and dropped.

        Args:
            x: Images `(n, height, width, channels)`, float, values in [-1, 1]; or a batched
                `tf.data.Dataset` of them. Labels beside them are ignored.
            *args: Keras's own, in Keras's order: y, batch_size, epochs, verbose, callbacks, ...
            **kwargs: Keras's own. With `dataset.repeat()`, say `steps_per_epoch`.

        Returns:
            Keras's `History` of this call. `history["d_loss"]` has one value for each epoch, that of its last
            step; for one value a step pass a `gan_course.callbacks.LossLog`.

        Raises:
            ValueError: If the images have another shape than the networks, leave [-1, 1], hold NaN, are
                fewer than a batch, if there is nothing to do, or if the folder of a `Checkpoint` holds another
                training.
            FloatingPointError: If a loss becomes infinite or NaN.
            OSError: If a callback cannot write; what it wrote before is kept.
            RuntimeError: If `compile` was not called.
        """
        if not self.compiled:
            raise RuntimeError("this GAN has no optimizers yet; call gan.compile() before gan.fit(...)")
        settings = inspect.signature(super().fit).bind(x, *args, **kwargs).arguments
        checkpoint, epoch_ends = self._place(settings)
        try:
            with stop_gently() as stopped:
                settings["callbacks"].insert(0, Watch(stopped, epoch_ends))
                history = super().fit(**settings)
        except BaseException as error:
            held = f"; {checkpoint.path} holds step {checkpoint.saved:,}" if checkpoint else ""
            print(f"\nStopped after step {self.steps:,}{held}.")
            for sentence in (OUT_OF_RANGE, ANOTHER_DATASET):
                if isinstance(error, tf.errors.InvalidArgumentError) and sentence in str(error):
                    raise ValueError(sentence) from None
            raise
        if stopped.is_set():
            print(f"\nStopped after step {self.steps:,}; everything up to it is kept.")
        return history

    def _place(self, settings: dict[str, Any]) -> tuple[Checkpoint | None, int | None]:
        """Make Keras's settings start where the training stands; return its checkpoint and where an epoch ends."""
        feed = make_feed(settings, self.discriminator.input_shape[1:])
        settings["callbacks"] = keras.tree.flatten(settings.get("callbacks") or [])
        checkpoint = next((each for each in settings["callbacks"] if isinstance(each, Checkpoint)), None)
        if checkpoint:
            if not settings.get("steps_per_epoch") and not feed.steps:
                raise ValueError("nobody knows how many batches the dataset has; say steps_per_epoch=... as well")
            checkpoint.resume(self, feed.facts())
        elif isinstance(feed, DatasetFeed):
            settings["x"] = feed.dataset
            return None, None
        settings["x"] = feed.batches(seed=int(self.latent_seed.state.numpy()[0]), start=self.steps)
        steps = settings["steps_per_epoch"] = settings.get("steps_per_epoch") or feed.steps
        if not checkpoint:
            return None, None
        settings["initial_epoch"], begun = divmod(self.steps, steps)
        if settings["initial_epoch"] >= settings.get("epochs", 1):
            print("All steps that were asked for are trained; for more, ask for more steps or epochs.")
        return checkpoint, self.steps - begun + steps if begun else None

    def generate(self, count: int, seed: int | None = None) -> np.ndarray:
        """Draw images from random latent vectors, with batch normalisation in inference mode.

        Args:
            count: How many.
            seed: The same seed gives the same latent vectors. `None` draws new ones each time.

        Returns:
            Array `(count, height, width, channels)`, float32, values in [-1, 1];
            `gan_course.datasets.unscale` turns them into 0 to 255.

        Raises:
            ValueError: If `count` is less than 1.
        """
        return generate(self.best_generator, count, seed)

    def get_config(self) -> dict[str, Any]:
        """Return what `keras.models.load_model` needs to make this model again."""
        networks = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in _NETWORKS}
        return {**super().get_config(), **networks, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "GAN":
        """Make the model of `get_config`."""
        networks = {name: keras.saving.deserialize_keras_object(config[name]) for name in _NETWORKS}
        return cls(**{**config, **networks})

    def save_own_variables(self, store: Any) -> None:
        """Keep the random states (latents, dropout, augmentation), which Keras leaves out of a saved model."""
        for i, state in enumerate(self._random_states()):
            store[str(i)] = state.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take up the random states where `save_own_variables` left them."""
        for i, state in enumerate(self._random_states()):
            state.assign(store[str(i)])

    def _random_states(self) -> list[keras.Variable]:
        parts = [part for part in (self.generator, self.discriminator, self.augmentation) if part is not None]
        weights = {id(weight) for part in parts for weight in part.weights}
        variables = [self.latent_seed.state, *(variable for part in parts for variable in part.variables)]
        return [variable for variable in variables if id(variable) not in weights]

    def get_compile_config(self) -> dict[str, Any]:
        """Return the optimisers' settings."""
        if not self.compiled:
            return {}
        optimizers = {
            f"{name}_optimizer": keras.saving.serialize_keras_object(getattr(self, f"{name}_optimizer"))
            for name in _NETWORKS
        }
        settings = {name: getattr(self.recipe, name) for name in ("r1_gamma", "r1_every", "averaging")}
        augmentation = self.augmentation and keras.saving.serialize_keras_object(self.augmentation)
        settings |= {"augmentation": augmentation, "shortcuts": self.shortcuts}
        return {"recipe": self.recipe.name, **settings, **optimizers}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with the optimisers of `get_compile_config`."""
        if config:
            self.compile(**keras.saving.deserialize_keras_object(config))


_NETWORKS = ("generator", "discriminator")


def _copied(network: keras.Model) -> keras.Model:
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy
