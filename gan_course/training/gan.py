"""The generative adversarial network as a Keras model: `compile`, `fit`, `generate`."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gan_course import recipes
from gan_course.arguments import whole
from gan_course.losses import devices
from gan_course.models import draw, generator_inputs
from gan_course.training import checks, fits
from gan_course.training.answers import Judge
from gan_course.training.copies import copied
from gan_course.training.feed import checked_array
from gan_course.training.fitting import SteppedModel
from gan_course.training.optimizers import Both, own_optimizer
from gan_course.training.states import load_states, random_states, save_states
from gan_course.training.steps import STEPS, Batch, Players


@keras.saving.register_keras_serializable("gan_course")
class GAN(SteppedModel):
    """A generator and a discriminator that train against each other.

    Where nothing else is said, the loss is the non-saturating one (Goodfellow et al., 2014,
    https://arxiv.org/abs/1406.2661, section 3): the discriminator learns to call real images 1 and fakes 0, the
    generator learns to be called 1. Each optimizer owns the variables of its network, so no `trainable` flag is
    ever changed; a layer that you freeze stays as it is. How a step goes is the recipe's: see `compile`.

    Args:
        generator: A built Keras model from `(n, latent_dim)` to images `(n, height, width, channels)`,
            values in [-1, 1]: Sequential, functional or a subclass.
        discriminator: A built Keras model from such images to `(n, 1)`, the probability that an image
            is real, values in [0, 1]. With `(n, rows, columns, 1)` it judges patches, and the loss is the mean
            over them (Isola et al., 2017, https://arxiv.org/abs/1611.07004, section 3.2.2).

            Both may take a condition as a second input (Mirza and Osindero, 2014,
            https://arxiv.org/abs/1411.1784): labels `(n,)`, vectors `(n, k)` or pictures
            `(n, height, width, channels)`, as functional models `keras.Model([latent, label], image)` and
            `keras.Model([image, label], answer)`. A generator from pictures alone needs no latent vector.
        seed: Seed of the latent vectors drawn in training. `None` takes Keras's global seed.
        from_logits: Whether the discriminator answers with logits, any numbers, in place of probabilities. Where
            it ends in a sigmoid, or in a dense or convolution layer without an activation, it is found by itself.

    Raises:
        ValueError: If the two networks do not fit each other, or it cannot be told what the discriminator
            answers with.

    Warns:
        UserWarning: If the generator can draw values outside [-1, 1], or only in [0, 1].

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
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        seed: int | None = None,
        from_logits: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Check that the networks fit each other and keep them."""
        super().__init__(**kwargs)
        self.seed = seed if seed is None else whole("seed", seed, least=0)
        self.generator, self.discriminator, self._said = generator, discriminator, from_logits
        self._look_at_networks()
        fits.warn_of_range(generator, self._fit)
        self.latent_seed = keras.random.SeedGenerator(self.seed)
        self.averaged_generator: keras.Model | None = None
        self.augmentation = None
        self.built = True

    def _look_at_networks(self) -> None:
        """See whether they fit each other, as they stand now, and how the discriminator's answers are read."""
        self._fit = fits.fit_networks(self.generator, self.discriminator)
        self.image_shape, self.latent_dim, self.condition = self._fit
        self.from_logits = fits.check_answers(self.discriminator, self._fit, self._said)
        self._judge = Judge(self.discriminator, self.from_logits)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse another optimizer after `compile`, which the training would not see."""
        if name in ("generator_optimizer", "discriminator_optimizer") and getattr(self, "_is_set", False):
            raise ValueError(f"{name} cannot be replaced; call gan.compile({name}=...) again")
        super().__setattr__(name, value)

    @property
    def networks(self) -> dict[str, keras.Model]:
        """Both networks by their role."""
        return {role: getattr(self, role) for role in _NETWORKS}

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Their optimizers by the role of the network."""
        return {role: getattr(self, f"{role}_optimizer") for role in _NETWORKS} if self.compiled else {}

    @property
    def data_seed(self) -> int:
        """What the order of the images follows from, beside the step."""
        return int(self.latent_seed.state.numpy()[0])

    @property
    def batches_a_step(self) -> int:
        """How many batches a step is given: one for each update of the discriminator."""
        return self.recipe.discriminator_updates if self.compiled else 1

    @property
    def answers(self) -> str:
        """What `judge` returns: `"probabilities"`, or `"scores"` where the loss knows none."""
        is_score = self.compiled and not recipes.LOSSES[self.recipe.loss].is_probability
        return "scores" if is_score else "probabilities"

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the images `(n, height, width, channels)` of what the generator takes."""
        return self.generator(inputs, training=training)

    @property
    def best_generator(self) -> keras.Model:
        """The network that `generate` draws with: the average of the generator, where the recipe keeps one."""
        is_raw = self.averaged_generator is None or not self.steps
        return self.generator if is_raw else self.averaged_generator

    def begin(self) -> None:
        """Let the average begin with the generator as it is now, whose weights may have been set."""
        super().begin()
        if self.averaged_generator is not None and not self.steps:
            self.averaged_generator.set_weights(self.generator.get_weights())

    def compile(
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        recipe: str = "plain",
        augmentation: keras.Layer | None = None,
        shortcuts: bool = True,
        **settings: Any,
    ) -> None:
        """Give each network its optimizer, and choose how a step goes.

        Args:
            generator_optimizer: A Keras optimizer or its name. The default is the recipe's.
            discriminator_optimizer: The same for the discriminator; must be another object.
            recipe: `"plain"` updates both networks at once from one batch of fakes, with Adam at 5e-4 and the low
                beta_1 of 0.5 of the DCGAN paper (section 4). `"course"` adds what was measured to help: a gradient
                penalty on real images, an average of the generator to draw with, and
                `gan_course.optimizers.ConvMuon` with a falling rate. `"textbook"` and `"blog"` are older steps,
                the discriminator's updates before the generator's, with Adam as it comes. See
                `gan_course.recipes.RECIPES` and `gan_course.training.steps`.
            augmentation: Random changes that the discriminator sees every image through, real or fake, from
                images to images: one of Keras's random layers, or a `keras.Sequential` of several. It keeps a
                discriminator from learning few images by heart. The generator learns through it and so does not
                draw the changes themselves (Zhao et al., 2020, Differentiable Augmentation,
                https://arxiv.org/abs/2006.10738, section 3.2; Karras et al., 2020,
                https://arxiv.org/abs/2006.06676, section 2.2). `generate` never applies it. Colors lie in
                [-1, 1] here: give a layer that asks for it `value_range=(-1, 1)`. Shifts need
                `fill_mode="constant"`: for the other modes TensorFlow's gradient is wrong at the edges.
            shortcuts: Compute faster what gives the same within rounding: `UpSampling2D` and the `Conv2D` after it
                as one operation (see `gan_course.layers`), and the discriminator's pass back over the fakes
                once for both updates.
            **settings: In place of the recipe's, each described in `gan_course.recipes.Recipe`: `loss` (one of
                `gan_course.recipes.LOSSES`), the penalties `r1_gamma`, `r2_gamma`, `gp_lambda` and
                `penalty_every`, `averaging`, `label_smoothing`, `discriminator_updates`, `skip_below`,
                `reconstruction`, `adversarial`, `d_learning_rate`, `g_learning_rate`. And Keras's own, such as
                `jit_compile` and `run_eagerly`.

        Raises:
            ValueError: If both networks are given one optimizer object, or one that has trained others; if there
                is no such recipe, or a setting is out of its range, unknown, or without sense for the recipe or
                the networks; or if the augmentation changes the shape of images or lets no gradient through.

        Warns:
            UserWarning: If the recipe is meant for a discriminator without dropout, and this one has some.
        """
        own = {name: settings.pop(name) for name in (*recipes.GIVEN,) if name in settings}
        checks.check_compile_settings(settings)
        shared = generator_optimizer is discriminator_optimizer
        if shared and isinstance(generator_optimizer, keras.optimizers.Optimizer):
            raise ValueError("both networks were given the same optimizer object; make one for each")
        chosen = recipes.get(recipe, **own)
        self._look_at_networks()
        checks.check_recipe(chosen, self.discriminator, self.condition)
        checks.check_rates(chosen, generator_optimizer, discriminator_optimizer)
        if augmentation is not None:
            checks.check_augmentation(augmentation, self._fit, chosen)
        average = self._average_of_now() if chosen.averaging else None
        given = {"generator": generator_optimizer, "discriminator": discriminator_optimizer}
        scaled = settings.get("auto_scale_loss", True)
        optimizers = [
            own_optimizer(each, getattr(self, role), role, chosen, scaled) for role, each in given.items()
        ]
        self.augmentation = augmentation  # Keras asks all layers whether XLA can compile them
        super().compile(optimizer=None, **{key: value for key, value in settings.items() if value is not None})
        self.recipe, self.shortcuts = chosen, shortcuts
        self._is_set = False
        self.generator_optimizer, self.discriminator_optimizer = optimizers
        self._is_set = True
        self.optimizer = Both(*optimizers, self.generator, self.discriminator)
        self.averaged_generator = average

    def _average_of_now(self) -> keras.Model:
        """Return a copy of the generator: the one there is, if it fits, since Keras forgets no network."""
        kept = self.averaged_generator
        if kept is None or [each.shape for each in kept.weights] != [
            each.shape for each in self.generator.weights
        ]:
            return copied(self.generator)
        kept.set_weights(self.generator.get_weights())
        return kept

    def train_step(self, data: Any) -> dict[str, Any]:
        """Update both networks on real images; return the losses of before.

        Args:
            data: Images `(n, height, width, channels)`, values in [-1, 1], or a tuple of them and their
                conditions. Where the discriminator learns several times a step, it learns from equal shares.

        Returns:
            `d_loss`, the mean binary cross-entropy over the n real and n fake images, and `g_loss`, that of
            the fakes labeled 1. Both are ln 2 = 0.693 when the discriminator answers 0.5 everywhere. With
            another loss they are that one's; see `gan_course.recipes.LossFacts.guess`.
        """
        real, condition, _ = keras.utils.unpack_x_y_sample_weight(data)
        real = tf.convert_to_tensor(real)
        condition = None if self.condition is None else tf.convert_to_tensor(condition)
        read = [real] if condition is None else [real, condition]
        with tf.control_dependencies(read):  # a batch that cannot be read must change nothing
            steps, recipe = self._standing.steps, self.recipe
            skip = self._standing.d_loss.value < recipe.skip_below if recipe.skip_below else False
            told = STEPS[recipe.step](self._players(), self._batches(real, condition), recipe, steps, skip)
            steps.assign_add(1)
            if recipe.skip_below:
                self._standing.d_loss.assign(self._of_all(told["d_loss"]))
            if self.averaged_generator is not None:
                self._average()
        several = isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy)
        # Keras takes the mean along the first axis there, also of numbers, which have none.
        return {name: devices() * (value[None] if several else value) for name, value in told.items()}

    def _batches(self, real: tf.Tensor, condition: tf.Tensor | None) -> list[Batch]:
        """Divide what a step is given among the updates of the discriminator; each takes every k-th image."""
        parts, found = self.recipe.discriminator_updates, []
        for part in range(parts):
            images, about = (x if parts == 1 or x is None else x[part::parts] for x in (real, condition))
            count = tf.shape(images)[0]
            latent = None if self.latent_dim is None else self.draw_latent(count)
            mix = self._own_share(keras.random.uniform, (count, 1, 1, 1)) if self.recipe.gp_lambda else None
            found.append(Batch(images, latent, about, mix))
        if self.recipe.step == "blog":
            found.append(found[0]._replace(latent=None if self.latent_dim is None else self.draw_latent(count)))
        return found

    def draw_latent(self, count: Any) -> tf.Tensor:
        """Return the next random latent vectors `(count, latent_dim)` of the training.

        With several devices each draws those of all and takes its own, so that they are those of one device.
        """
        return self._own_share(keras.random.normal, (count, self.latent_dim))

    def _own_share(self, draw: Any, shape: tuple[Any, ...]) -> tf.Tensor:
        of_all = draw((devices(), *shape), seed=self.latent_seed)
        return of_all[tf.distribute.get_replica_context().replica_id_in_sync_group]

    def _of_all(self, share: tf.Tensor) -> tf.Tensor:
        """Return the sum of what each device has."""
        return tf.distribute.get_replica_context().all_reduce("sum", share) if devices() > 1 else share

    def _players(self) -> Players:
        return Players(
            self.generator,
            self._judge,
            self.generator_optimizer,
            self.discriminator_optimizer,
            self.augmentation,
            self.shortcuts,
            self.accuracies,
        )

    def _average(self) -> None:
        steps = tf.cast(self._standing.steps.value, tf.float32)
        decay = tf.minimum(self.recipe.averaging, (1 + steps) / (10 + steps))
        for average, now in zip(self.averaged_generator.weights, self.generator.weights, strict=True):
            is_number = "float" in now.dtype
            average.assign(now + tf.cast(decay, now.dtype) * (average - now) if is_number else now)

    def judge(self, images: Any, conditions: Any = None) -> np.ndarray:
        """Return D(x), the probability that each image is real, also where the discriminator gives logits.

        With a loss that knows no probabilities (see `answers`) it is the score: any number, the higher the more
        real; what a sigmoid at the end of the network would have been given.

        Args:
            images: `(n, height, width, channels)`, float, values in [-1, 1].
            conditions: One for each image, where the networks take them.

        Returns:
            Array `(n,)`, float32, values in [0, 1]; of a discriminator of patches the mean over them.
        """
        images = checked_array(images, self.image_shape)
        if self.condition is not None:
            conditions = self.condition.checked(conditions, len(images))
        answers = []
        for start in range(0, len(images), 256):
            block = [each[start : start + 256] for each in (images, conditions) if each is not None]
            answers.append(self._answers_of(*block).reshape(len(block[0]), -1).mean(axis=1))
        return np.concatenate(answers).astype("float32")

    def _answers_of(self, *block: np.ndarray) -> np.ndarray:
        if self.answers == "scores":
            images, condition = (*block, None)[:2]
            return self._judge.logits(images, condition, training=False).numpy()
        found = self.discriminator.predict_on_batch(block if len(block) > 1 else block[0])
        return 1 / (1 + np.exp(-found)) if self.from_logits else found

    def generate(self, count: int | None = None, seed: int | None = None, conditions: Any = None) -> np.ndarray:
        """Draw images from random latent vectors, with batch normalization in inference mode.

        Args:
            count: How many; None for as many as conditions.
            seed: The same seed gives the same latent vectors. `None` draws new ones each time.
            conditions: What each image is to show, where the networks take conditions: labels `(count,)`,
                vectors `(count, k)` or pictures `(count, height, width, channels)` in [-1, 1].

        Returns:
            Array `(count, height, width, channels)`, float32, values in [-1, 1];
            `gan_course.datasets.unscale` turns them into 0 to 255.

        Raises:
            ValueError: If `count` is less than 1 or not that of the conditions, or these do not fit the networks.
        """
        return draw(self.best_generator, self.drawn_from(count, seed, conditions), seed)

    def drawn_from(self, count: int | None = None, seed: int | None = None, conditions: Any = None) -> Any:
        """Return what `generate` draws its images from: latent vectors, conditions, or a list of both."""
        if self.condition is not None:
            conditions = self.condition.checked(conditions)
        return generator_inputs(self.generator, count, seed, conditions)

    def get_config(self) -> dict[str, Any]:
        """Return what `keras.models.load_model` needs to make this model again."""
        networks = {role: keras.saving.serialize_keras_object(each) for role, each in self.networks.items()}
        averaged = self.averaged_generator is not None
        more = {"seed": self.seed, "from_logits": self.from_logits, "averaged": averaged}
        return {**super().get_config(), **networks, **more}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "GAN":
        """Make the model of `get_config`."""
        networks = {name: keras.saving.deserialize_keras_object(config[name]) for name in _NETWORKS}
        settings = {**config, **networks}
        averaged = settings.pop("averaged", False)
        gan = cls(**settings)
        gan.averaged_generator = copied(gan.generator) if averaged else None  # also for one that is not compiled
        return gan

    def save_own_variables(self, store: Any) -> None:
        """Keep the number of steps and the random states, which Keras leaves out."""
        self._standing.save(store, self.steps)
        save_states(self._random_states(), store)

    def load_own_variables(self, store: Any) -> None:
        """Take up what `save_own_variables` left; in files from before they had names, as it was numbered."""
        self._standing.load(store)
        load_states(self._random_states(), store)

    def _random_states(self) -> dict[str, keras.Variable]:
        parts = {role: getattr(self, role) for role in (*_NETWORKS, "augmentation")}
        return random_states(self.latent_seed.state, parts)

    def get_compile_config(self) -> dict[str, Any]:
        """Return the optimizers' settings."""
        if not self.compiled:
            return {}
        optimizers = {
            f"{role}_optimizer": keras.saving.serialize_keras_object(each)
            for role, each in self.optimizers.items()
        }
        settings = {name: getattr(self.recipe, name) for name in recipes.SETTINGS}
        augmentation = self.augmentation and keras.saving.serialize_keras_object(self.augmentation)
        settings |= {"augmentation": augmentation, "shortcuts": self.shortcuts}
        return {"recipe": self.recipe.name, **settings, **optimizers}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with the optimizers of `get_compile_config`."""
        if config:
            self.compile(**keras.saving.deserialize_keras_object(config))


_NETWORKS = ("generator", "discriminator")
