"""Training step by step: `fit` and `train_on_batch` for a model of several networks with an optimizer each."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from gan_course.arguments import whole
from gan_course.training import checks
from gan_course.training.checkpoint import Checkpoint
from gan_course.training.conditions import Condition
from gan_course.training.feed import (
    ANOTHER_DATASET,
    OTHER_NUMBER,
    OTHER_SHAPE,
    OTHER_SIZES,
    OUT_OF_RANGE,
    ArrayFeed,
    DatasetFeed,
    checked_array,
    make_feed,
)
from gan_course.training.interrupt import Watch, check_finite, stop_gently
from gan_course.training.optimizers import learns
from gan_course.training.states import Standing


class _Plan(NamedTuple):
    """What `fit` is left to train.

    Attributes:
        batches: The real images.
        steps_per_epoch: None if it is not known how many there are.
        initial_epoch: The number of the first epoch.
        first_epoch_ends: The step at which it ends, if a part of it was trained before.
        last: The last step, if it is known.
    """

    batches: tf.data.Dataset
    steps_per_epoch: int | None
    initial_epoch: int
    first_epoch_ends: int | None
    last: int | None


class SteppedModel(keras.Model):
    """A model that counts its steps over all calls of `fit`, ends gently, and goes on from a folder.

    What it is made of says a subclass: `networks` and `optimizers`, each by its role, `image_shape`, the
    `data_seed` that the order of the images follows from, and `train_step`.

    Attributes:
        condition: What is to be given beside each image; None for nothing.
        accuracies: Whether a callback asks how often the discriminator is right.
    """

    condition: Condition | None = None
    accuracies = False

    def __init__(self, **kwargs: Any) -> None:
        """Start at step 0."""
        super().__init__(**kwargs)
        self.folder: Path | None = None  # that of the training which a Checkpoint keeps
        self._standing = Standing()
        self.train_function: Any = None
        self._made_for: list[bool] = []  # what could be trained and is told since the train function was made

    @property
    def steps(self) -> int:
        """How many steps this model has trained, over all calls of `fit`."""
        if self._standing.is_unknown:  # of a file from before the steps were kept beside the optimizers
            first = next(iter(self.optimizers.values()), None)
            return int(first.iterations) if first else 0
        return self._standing.read()

    @property
    def batches_a_step(self) -> int:
        """How many batches `train_step` is given at once, in turn image after image of each."""
        return 1

    def begin(self) -> None:
        """Do what is to be done before the first step of a call."""
        if self._standing.is_unknown:
            self._standing.set(self.steps)

    def make_train_function(self, force: bool = False) -> Any:
        """Make what `fit` and `train_on_batch` call; it is made anew when a layer was frozen or thawed."""
        layers = [layer for network in self.networks.values() for layer in network._flatten_layers()]
        parts = [*layers, *(weight for network in self.networks.values() for weight in network.weights)]
        flags = [self.accuracies, *(part.trainable for part in parts)]
        if self.train_function is not None and not force and flags == self._made_for:
            return self.train_function
        for role, network in self.networks.items():
            learns(self.optimizers[role], network, role)
        super().make_train_function(force=True)
        function, self._made_for = self.train_function, flags

        def as_it_stands(iterator: Any) -> Any:
            same = [self.accuracies, *(part.trainable for part in parts)] == flags
            return (function if same else self.make_train_function())(iterator)

        self.train_function = as_it_stands
        return as_it_stands

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Build nothing: all is built, and what Keras does here cannot read pairs on several machines."""

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        shuffle: bool = True,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        **others: Any,
    ) -> keras.callbacks.History:
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
                `tf.data.Dataset` of them, or of pairs of them and their conditions.
            y: What goes with each image, where the networks take conditions: labels `(n,)`, vectors `(n, k)` or
                pictures `(n, height, width, channels)` in [-1, 1]. Otherwise labels are ignored, also those in a
                dataset.
            batch_size: How many images of an array a batch has; 32 if None. A dataset has its own. A step takes
                one batch, or with `discriminator_updates` several.
            epochs: How often the images are gone through, or `steps_per_epoch` steps are trained.
            verbose: 0 prints nothing, 1 a progress bar, 2 a line an epoch.
            callbacks: Keras callbacks. One that sets `model.optimizer.learning_rate` changes both rates by the
                same factor.
            shuffle: Draw the order of an array's images anew for each pass, or keep it.
            initial_epoch: The number of the first epoch, as in Keras.
            steps_per_epoch: How many steps an epoch has; one pass over the images if None. A dataset that is
                shorter is read again.
            **others: Nothing; a setting of Keras's that a GAN would have to ignore is refused by name.

        Returns:
            Keras's `History` of this call. `history["d_loss"]` has one value for each epoch, that of its last
            step; for one value a step pass a `gan_course.callbacks.LossLog`.

        Raises:
            ValueError: If the images have another shape than the networks, leave [-1, 1], hold NaN, are
                fewer than a batch, if there is nothing to do or to train, a setting is one that a GAN does not
                have, or if the folder of a `Checkpoint` holds another training.
            FloatingPointError: If a loss becomes infinite or NaN.
            OSError: If a callback cannot write; what it wrote before is kept.
            RuntimeError: If `compile` was not called.

        Warns:
            UserWarning: If the images lie in [0, 1], or a dataset ends before all steps are trained.
        """
        self._check_compiled("fit")
        checks.check_fit_settings(others)
        epochs, initial_epoch = whole("epochs", epochs), whole("initial_epoch", initial_epoch, least=0)
        batch_size = batch_size if batch_size is None else whole("batch_size", batch_size)
        steps_per_epoch = steps_per_epoch if steps_per_epoch is None else whole("steps_per_epoch", steps_per_epoch)
        callbacks, checkpoint = checks.checked_callbacks(callbacks, Checkpoint)
        self.accuracies = any(getattr(each, "accuracies", False) for each in callbacks)
        asked = batch_size, steps_per_epoch, bool(shuffle), self.batches_a_step
        feed = make_feed(x, y, self.image_shape, self.condition, *asked)
        self.make_train_function()
        say = print if verbose else _say_nothing
        plan = self._plan(feed, checkpoint, epochs, initial_epoch, steps_per_epoch, say)
        self.begin()
        with self._told(checkpoint, say), stop_gently() as stopped:
            history = super().fit(
                plan.batches,
                epochs=epochs,
                verbose=verbose,
                callbacks=[Watch(stopped, plan.first_epoch_ends), *callbacks],
                shuffle=False,
                initial_epoch=plan.initial_epoch,
                steps_per_epoch=plan.steps_per_epoch,
            )
        self.optimizer.finalize()
        if stopped.is_set():
            say(f"\nStopped after step {self.steps:,}; everything up to it is kept.")
        elif plan.last and self.steps < plan.last and not self.stop_training:
            warnings.warn(
                f"the dataset ended after step {self.steps:,} of {plan.last:,}, and gave nothing when it was read "
                "again",
                stacklevel=2,
            )
        return history

    def _plan(
        self,
        feed: ArrayFeed | DatasetFeed,
        checkpoint: Checkpoint | None,
        epochs: int,
        initial_epoch: int,
        steps_per_epoch: int | None,
        say: Callable[[str], None],
    ) -> _Plan:
        """Bring the model to where its checkpoint stands, and return what is left to train."""
        steps, first_epoch_ends = steps_per_epoch or feed.steps, None
        if checkpoint:
            if initial_epoch:
                raise ValueError(
                    "with a Checkpoint the first epoch follows from its folder; leave initial_epoch out"
                )
            if not steps:
                raise ValueError("nobody knows how many batches the dataset has; say steps_per_epoch=... as well")
            for news in checkpoint.resume(self, feed.facts()):
                say(news)
            self.folder = checkpoint.folder.resolve()
            initial_epoch, begun = divmod(self.steps, steps)
            first_epoch_ends = self.steps - begun + steps if begun else None
            if initial_epoch >= epochs:
                say("All steps that were asked for are trained; for more, ask for more steps or epochs.")
        elif initial_epoch >= epochs:
            raise ValueError(f"initial_epoch is {initial_epoch} and epochs is {epochs}, so there is nothing to do")
        elif isinstance(feed, DatasetFeed):
            last = self.steps + (epochs - initial_epoch) * steps_per_epoch if steps_per_epoch else None
            return _Plan(feed.as_it_is(again=bool(steps_per_epoch)), steps_per_epoch, initial_epoch, None, last)
        batches = feed.batches(seed=self.data_seed, start=self.steps)
        last = steps * epochs if checkpoint else self.steps + (epochs - initial_epoch) * steps
        return _Plan(batches, steps, initial_epoch, first_epoch_ends, last)

    @contextmanager
    def _told(self, checkpoint: Checkpoint | None, say: Callable[[str], None]) -> Iterator[None]:
        """Say where a training stood that failed, and turn what TensorFlow wraps into a sentence of ours."""
        try:
            yield
        except BaseException as error:
            held = f"; {checkpoint.path} holds step {checkpoint.saved:,}" if checkpoint else ""
            say(f"\nStopped after step {self.steps:,}{held}.")
            if isinstance(error, tf.errors.InvalidArgumentError):
                for sign, sentence in self._sentences().items():
                    if sign in str(error):
                        raise ValueError(sentence) from None
            raise

    def _sentences(self) -> dict[str, str]:
        """What to say of a batch that cannot be trained on, by what TensorFlow says."""
        known = [OUT_OF_RANGE, OTHER_SHAPE, ANOTHER_DATASET, OTHER_NUMBER]
        known += [self.condition.wrong] if self.condition else []
        return {**{each: each for each in known}, "tensor to the batch": OTHER_SIZES, "Cannot batch": OTHER_SIZES}

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> list[float] | dict[str, float]:
        """Train one step on the images that are given.

        Args:
            x: Images `(n, height, width, channels)`, values in [-1, 1]; `n` is the size of the batch, or of all
                batches that a step takes.
            y: Their conditions, where the networks take them; ignored otherwise.
            sample_weight: Refused.
            class_weight: Refused.
            return_dict: Return the losses under their names.

        Returns:
            `[d_loss, g_loss]` and what else is told, or a dictionary of them.

        Raises:
            ValueError: As `fit` does.
            FloatingPointError: If a loss is infinite or NaN.
            RuntimeError: If `compile` was not called.
        """
        self._check_compiled("train_on_batch")
        checks.check_fit_settings({"sample_weight": sample_weight, "class_weight": class_weight}, "train_on_batch")
        self.make_train_function()
        self.begin()
        images = checked_array(x, self.image_shape)
        if len(images) % self.batches_a_step:
            raise ValueError(
                f"there are {len(images)} images, and a step divides them among {self.batches_a_step} updates of "
                "the discriminator; give a multiple of that"
            )
        conditions = self.condition and self.condition.checked(y, len(images))
        losses = super().train_on_batch(images, conditions, return_dict=True)
        check_finite(losses, self)
        return losses if return_dict else [*losses.values()]

    def evaluate(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: a loss on other images says little about a GAN.

        Raises:
            ValueError: Always.
        """
        raise ValueError("a GAN has no loss to evaluate; measure digits with gan_course.metrics.digit_quality")

    test_on_batch = evaluate

    def _check_compiled(self, method: str) -> None:
        if not self.compiled:
            raise RuntimeError(f"this GAN has no optimizers yet; call gan.compile() before gan.{method}(...)")


def _say_nothing(words: str) -> None:
    pass
