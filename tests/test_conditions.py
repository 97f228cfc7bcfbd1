"""Networks that are told something beside an image: labels, vectors or pictures."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

import gan_course
from gan_course import GAN, models
from gan_course.callbacks import Checkpoint, LivePlot, LossLog, SampleGrid
from gan_course.datasets import scale, unscale
from gan_course.metrics import classify_digits
from gan_course.training.shortcuts import judges_each_image_alone
from tests.networks import small_gan, small_generator, small_images, state

SHAPES = {"labels": (), "vectors": (3,), "pictures": (4, 4, 2)}


def inputs(kind: str) -> keras.KerasTensor:
    return keras.Input(SHAPES[kind], dtype="int32" if kind == "labels" else None)


def as_picture(kind: str, condition: keras.KerasTensor) -> keras.KerasTensor:
    """A condition as feature maps (n, 4, 4, 2)."""
    if kind == "pictures":
        return condition
    x = layers.Embedding(5, 3)(condition) if kind == "labels" else condition
    return layers.Reshape((4, 4, 2))(layers.Dense(32)(x))


def generator(kind: str, with_latent: bool = True) -> keras.Model:
    condition, latent = inputs(kind), keras.Input((4,))
    x = as_picture(kind, condition)
    if with_latent:
        x = layers.Concatenate()([x, layers.Reshape((4, 4, 1))(layers.Dense(16)(latent))])
    x = layers.BatchNormalization(synchronized=True)(layers.Conv2D(3, 3, padding="same")(x))
    image = layers.Conv2D(1, 3, padding="same", activation="tanh")(layers.LeakyReLU()(x))
    return keras.Model([latent, condition] if with_latent else condition, image)


def discriminator(kind: str) -> keras.Model:
    image, condition = keras.Input((4, 4, 1)), inputs(kind)
    x = layers.Concatenate()([image, as_picture(kind, condition)])
    x = layers.LeakyReLU()(layers.Conv2D(3, 3, strides=2)(x))
    return keras.Model([image, condition], layers.Dense(1, activation="sigmoid")(layers.Flatten()(x)))


def made(kind: str = "labels", with_latent: bool = True, **settings: object) -> GAN:
    keras.utils.set_random_seed(0)
    gan = GAN(generator(kind, with_latent), discriminator(kind), seed=0)
    gan.compile(**settings)
    return gan


def conditions(kind: str, count: int = 64, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    if kind == "labels":
        return random.integers(0, 5, count)
    return random.uniform(-1, 1, (count, *SHAPES[kind])).astype("float32")


def numbers(gan: GAN) -> list[np.ndarray]:
    return [variable.numpy() for network in gan.networks.values() for variable in network.trainable_variables]


KINDS = [("labels", True), ("vectors", True), ("pictures", True), ("pictures", False)]


@pytest.mark.parametrize(("kind", "with_latent"), KINDS)
def test_it_is_found_what_networks_take(kind, with_latent):
    gan = made(kind, with_latent)
    assert gan.condition.kind == kind and gan.condition.shape == SHAPES[kind]
    assert gan.condition.classes == (5 if kind == "labels" else None)
    assert gan.latent_dim == (4 if with_latent else None) and gan.image_shape == (4, 4, 1)
    assert small_gan().condition is None


@pytest.mark.parametrize(("kind", "with_latent"), KINDS)
@pytest.mark.parametrize("recipe", ["plain", "course", "textbook", "blog"])
def test_a_step_is_that_of_the_formula_with_the_condition_beside(kind, with_latent, recipe):
    """Both networks are called by hand with their conditions; the losses that are told are theirs."""
    in_turn = recipe in ("textbook", "blog")
    still = {"g_learning_rate": 0, "d_learning_rate": 0} if in_turn else {}  # it learns in between
    gan, about = made(kind, with_latent, recipe=recipe, **still), conditions(kind, 8)
    seed = keras.random.SeedGenerator(0)
    real, latent = small_images(8), keras.random.normal((8, 4), seed=seed)
    about, real = tf.constant(about), tf.constant(real)
    fake = gan.generator([latent, about] if with_latent else about, training=not in_turn)
    on_real, on_fake = (gan.discriminator([each, about]).numpy() for each in (real, fake))
    before = numbers(gan)
    told = gan.train_step((real, about))
    np.testing.assert_allclose(
        told["d_loss"], -(np.log(on_real).mean() + np.log(1 - on_fake).mean()) / 2, rtol=1e-4
    )
    if still:
        latent = keras.random.normal((8, 4), seed=seed) if recipe == "blog" else latent
        on_fake = gan.discriminator(
            [gan.generator([latent, about] if with_latent else about, training=True), about]
        )
    np.testing.assert_allclose(told["g_loss"], -np.log(on_fake).mean(), rtol=1e-4)
    assert still or all(not np.array_equal(a, b) for a, b in zip(before, numbers(gan), strict=True) if a.ndim > 1)


@pytest.mark.parametrize(("kind", "with_latent"), KINDS)
def test_shortcuts_change_nothing(kind, with_latent):
    after = []
    for shortcuts in (True, False):
        rates = keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0)
        gan = made(kind, with_latent, generator_optimizer=rates[0], discriminator_optimizer=rates[1],
                   shortcuts=shortcuts, r1_gamma=1)  # fmt: skip
        assert judges_each_image_alone(gan.discriminator)
        gan.train_step((tf.constant(small_images(8)), tf.constant(conditions(kind, 8))))
        after.append(numbers(gan))
    for a, b in zip(*after, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("kind", "with_latent"), KINDS)
def test_images_follow_from_seed_and_conditions(kind, with_latent):
    gan, about = made(kind, with_latent), conditions(kind, 6)
    drawn = gan.generate(conditions=about, seed=1)
    assert drawn.shape == (6, 4, 4, 1)
    np.testing.assert_array_equal(drawn, gan.generate(6, 1, about))
    np.testing.assert_array_equal(drawn, models.generate(gan, seed=1, conditions=about))
    assert np.array_equal(drawn, gan.generate(conditions=about, seed=2)) != with_latent
    assert not np.allclose(drawn, gan.generate(conditions=np.roll(about, 1, axis=0), seed=1))
    np.testing.assert_allclose(gan.judge(drawn, about), gan.discriminator([drawn, about]).numpy()[:, 0], rtol=1e-5)


@pytest.mark.thorough
@pytest.mark.parametrize(("kind", "with_latent"), KINDS)
@pytest.mark.parametrize("given", ["array", "dataset"])
def test_a_stopped_training_goes_on_to_the_bit(tmp_path, kind, with_latent, given):
    images, about = small_images(40), conditions(kind, 40)

    def train(folder: str, steps: int) -> GAN:
        gan = made(kind, with_latent, recipe="course")
        data = (images, about)
        if given == "dataset":
            data = (tf.data.Dataset.from_tensor_slices(data).shuffle(40, seed=3).batch(8), None)
        size = {"batch_size": 8} if given == "array" else {}
        keep = [Checkpoint(tmp_path / folder), LossLog(tmp_path / folder / "log.csv")]
        gan.fit(*data, steps_per_epoch=steps, callbacks=keep, verbose=0, **size)
        return gan

    whole = train("whole", 8)
    train("parts", 3)
    parts = train("parts", 8)
    for a, b in zip(state(whole), state(parts), strict=True):
        np.testing.assert_array_equal(a, b)
    opened = keras.models.load_model(tmp_path / "parts" / "gan.keras")
    drawn = (each.generate(conditions=about, seed=0) for each in (opened, parts))
    np.testing.assert_array_equal(*drawn)


def test_other_conditions_are_another_training(tmp_path):
    def train(about):
        made().fit(small_images(16), about, batch_size=8, callbacks=[Checkpoint(tmp_path)], verbose=0)

    train(conditions("labels", 16))
    with pytest.raises(ValueError, match="holds a training with other settings: data conditions was"):
        train(conditions("labels", 16, seed=2))


def test_arrays_and_datasets_of_pairs_train_alike():
    images, about, after = small_images(32), conditions("labels", 32), []
    for data in ((images, about), (tf.data.Dataset.from_tensor_slices((images, about)).batch(8), None)):
        gan = made()
        gan.fit(*data, verbose=0, **({} if data[1] is None else {"batch_size": 8, "shuffle": False}))
        after.append(numbers(gan))
    for a, b in zip(*after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_labels_are_ignored_where_no_network_takes_them():
    images, after = small_images(16), []
    for data in ((images,), (images, np.arange(16))):
        gan = small_gan()
        gan.fit(*data, batch_size=8, verbose=0)
        after.append(numbers(gan))
    for a, b in zip(*after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_label_may_stand_in_a_column():
    label, latent, image = keras.Input((1,), dtype="int32"), keras.Input((4,)), keras.Input((4, 4, 1))
    x = layers.Concatenate()([latent, layers.Flatten()(layers.Embedding(3, 2)(label))])
    draw = keras.Model([latent, label], layers.Reshape((4, 4, 1))(layers.Dense(16, activation="tanh")(x)))
    x = layers.Concatenate()([layers.Flatten()(image), layers.Flatten()(layers.Embedding(4, 2)(label))])
    gan = GAN(draw, keras.Model([image, label], layers.Dense(1, activation="sigmoid")(x)), seed=0)
    gan.compile()
    assert gan.condition.shape == (1,) and gan.condition.classes == 3
    for about in (np.arange(8) % 3, (np.arange(8) % 3)[:, None]):
        gan.fit(small_images(8), about, batch_size=8, verbose=0)
        gan.fit(tf.data.Dataset.from_tensor_slices((small_images(8), about)).batch(8), verbose=0)
        assert gan.generate(conditions=about).shape == (8, 4, 4, 1)


@pytest.mark.parametrize(
    ("kind", "about", "sentence"),
    [
        (
            "labels",
            None,
            r"take a condition beside each image, labels \(n,\), whole numbers from 0 to 4; none was",
        ),
        ("labels", np.arange(7) % 5, "there are 8 images and 7 conditions"),
        ("labels", np.arange(8), "labels go from 0 to 7; expected 0 to 4"),
        ("labels", np.arange(8) - 1, "labels go from -1 to 6"),
        ("labels", np.arange(8) / 10, "labels are float64; expected whole numbers"),
        ("labels", np.eye(8), r"have shape \(8, 8\); expected labels \(n,\)"),
        ("labels", 3, r"have shape \(\); expected labels"),
        ("labels", [[1], [2, 3]], "differ in shape"),
        ("vectors", np.full((8, 3), np.nan), "hold NaN; expected finite numbers"),
        ("vectors", np.zeros((8, 2)), r"have shape \(8, 2\); expected vectors \(n, 3\)"),
        ("pictures", np.full((8, 4, 4, 2), 200.0), r"the pictures of the condition are .* of 200 to 200"),
        ("pictures", np.zeros((8, 4, 4, 2), "uint8"), "the pictures of the condition are uint8"),
        ("pictures", np.zeros((8, 4, 4)), r"expected pictures \(n, 4, 4, 2\) in \[-1, 1\]"),
    ],
)
def test_conditions_that_cannot_be_meant_are_refused_before_the_first_step(kind, about, sentence):
    gan = made(kind)
    for call in (gan.fit, gan.train_on_batch):
        with pytest.raises(ValueError, match=sentence):
            call(small_images(8), about)
    if "images and" not in sentence:
        with pytest.raises(ValueError, match=sentence):
            gan.generate(conditions=about)
    assert gan.steps == 0


@pytest.mark.parametrize(
    ("kind", "made_of", "sentence"),
    [
        ("labels", lambda images: images, "the dataset gives images alone"),
        ("labels", lambda images: (images, np.arange(8)), "labels that the networks do not know; .* from 0 to 4"),
        ("labels", lambda images: (images, np.zeros(8)), "gives float64 labels; expected whole numbers"),
        (
            "labels",
            lambda images: (images, np.zeros((8, 3), int)),
            r"conditions of shape \(.*3\); expected labels",
        ),
        ("vectors", lambda images: (images, np.full((8, 3), np.inf)), "conditions that are NaN or infinite"),
        ("pictures", lambda images: (images, np.full((8, 4, 4, 2), 2.0)), r"or pictures outside \[-1, 1\]"),
    ],
)
def test_datasets_with_other_conditions_are_refused(kind, made_of, sentence):
    gan, dataset = made(kind), tf.data.Dataset.from_tensor_slices(made_of(small_images(8))).batch(4)
    with pytest.raises(ValueError, match=sentence):
        gan.fit(dataset, verbose=0)


def test_a_batch_of_a_dataset_needs_as_many_conditions_as_images():
    images = tf.data.Dataset.from_tensor_slices(small_images(8)).batch(4)
    about = tf.data.Dataset.from_tensor_slices(np.zeros(6, "int64")).batch(3)
    with pytest.raises(ValueError, match="another number of conditions than of images"):
        made().fit(tf.data.Dataset.zip(images, about), verbose=0)
    with pytest.raises(ValueError, match="a dataset has its conditions beside its images"):
        made().fit(images, np.zeros(8, int), verbose=0)


@pytest.mark.parametrize(
    ("networks", "sentence"),
    [
        (lambda: (generator("labels"), small_gan().discriminator), "and the discriminator takes none"),
        (lambda: (small_generator(), discriminator("labels")), "and the generator takes none"),
        (
            lambda: (generator("labels"), discriminator("vectors")),
            "condition is labels .*, the discriminator's vec",
        ),
        (lambda: (generator("pictures", False), small_gan().discriminator), "takes a condition, pictures"),
    ],
)
def test_a_condition_that_only_one_network_takes_is_refused(networks, sentence):
    with pytest.raises(ValueError, match=sentence):
        GAN(*networks())


def test_what_is_drawn_without_or_beside_its_condition_is_refused():
    with pytest.raises(ValueError, match="take a condition beside each image"):
        made().generate(4)
    with pytest.raises(ValueError, match="count is 3 and there are 2 conditions"):
        made().generate(3, conditions=[1, 2])
    with pytest.raises(ValueError, match="takes no conditions; leave them out"):
        small_gan().generate(2, conditions=[1, 2])
    with pytest.raises(ValueError, match="takes a condition for each image"):
        models.generate(generator("labels"), 2)


def test_pictures_and_their_images_are_moved_alike():
    """The discriminator sees only whether image and picture agree; moved apart they would not."""

    class Seen(layers.Layer):
        def call(self, x):
            image, picture = x
            return layers.Flatten()(tf.abs(image - picture[..., :1]))

    image, picture = keras.Input((4, 4, 1)), inputs("pictures")
    judge = keras.Model([image, picture], layers.Dense(1, activation="sigmoid")(Seen()([image, picture])))
    gan = GAN(generator("pictures", with_latent=False), judge, seed=0)
    moves = layers.RandomTranslation(0.5, 0.5, fill_mode="constant", seed=1)
    gan.compile(augmentation=keras.Sequential([layers.RandomFlip(seed=2), moves]))
    pictures = conditions("pictures", 8)
    seen, about = gan._players().seen(tf.constant(pictures[..., :1]), tf.constant(pictures))
    np.testing.assert_array_equal(seen, about[..., :1])
    assert np.abs(seen - pictures[..., :1]).max() > 0.1
    gan.fit(small_images(8), pictures, batch_size=8, verbose=0)


@pytest.mark.parametrize(
    ("augmentation", "settings", "sentence"),
    [
        (lambda: layers.RandomBrightness(0.2, value_range=(-1, 1)), {}, "has RandomBrightness; beside pictures"),
        (lambda: layers.RandomFlip(), {"gp_lambda": 10}, "gp_lambda asks between real images and fakes"),
    ],
)
def test_what_cannot_be_changed_alike_is_refused(augmentation, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        made("pictures", augmentation=augmentation(), **settings)


@pytest.mark.thorough
def test_an_image_to_image_gan_learns_its_targets():
    """From a picture to its first channel turned over: the distance falls, with and without the game."""
    pictures = conditions("pictures", 64)
    targets = -pictures[..., :1]
    for adversarial in (1, 0):
        gan = made(
            "pictures", with_latent=False, reconstruction=100, adversarial=adversarial, g_learning_rate=0.01
        )
        log, judge = LossLog(), gan.discriminator.get_weights()
        gan.fit(targets, pictures, batch_size=16, epochs=15, callbacks=[log], verbose=0)
        distances = log.values("reconstruction")
        assert distances[-1] < distances[0] / 2
        np.testing.assert_equal(np.isnan(log.d_loss), not adversarial)
        learned = any(
            not np.array_equal(*pair) for pair in zip(judge, gan.discriminator.get_weights(), strict=True)
        )
        assert learned == bool(adversarial)


def test_the_distance_is_the_mean_of_what_lies_between():
    gan, pictures = made("pictures", with_latent=False, reconstruction=3), conditions("pictures", 8)
    real, fake = small_images(8), gan.generator(pictures, training=True).numpy()
    told = gan.train_step((tf.constant(real), tf.constant(pictures)))
    np.testing.assert_allclose(told["reconstruction"], np.abs(real - fake).mean(), rtol=1e-5)


def test_distances_beside_labels_are_refused():
    with pytest.raises(ValueError, match="the networks take a label alone, which does not say which that is"):
        made("labels", reconstruction=1)


def test_samples_stand_between_their_condition_and_their_target(tmp_path):
    pictures, targets = conditions("pictures", 4)[..., :1], small_images(4)
    picture, image = keras.Input((4, 4, 1)), keras.Input((4, 4, 1))
    draw = keras.Model(picture, layers.Conv2D(1, 3, padding="same", activation="tanh")(picture))
    both = layers.Flatten()(layers.Concatenate()([image, picture]))
    gan = GAN(draw, keras.Model([image, picture], layers.Dense(1, activation="sigmoid")(both)), seed=0)
    gan.compile()
    samples = SampleGrid(tmp_path, every=1, columns=1, conditions=pictures, targets=targets)
    gan.fit(targets, pictures, batch_size=4, callbacks=[samples], verbose=0)
    shown = np.asarray(Image.open(samples.path(1)))
    assert shown.shape == (4 * 4 + 3 * 2, 12)
    columns = [np.concatenate([shown[row : row + 4, 4 * part : 4 * part + 4] for row in (0, 6, 12, 18)]) for part in range(3)]  # noqa: E501  # fmt: skip
    for column, expected in zip(columns, (pictures, gan.generate(conditions=pictures), targets), strict=True):
        np.testing.assert_array_equal(column, unscale(expected).reshape(16, 4))


def test_samples_of_labels_are_of_these_labels(tmp_path):
    gan, about = made(), np.array([4, 0, 2])
    samples = SampleGrid(tmp_path, every=1, conditions=about, columns=3, seed=5)
    gan.fit(small_images(8), np.arange(8) % 5, batch_size=8, callbacks=[samples, LivePlot(1, conditions=about)], verbose=0)  # noqa: E501  # fmt: skip
    shown = np.asarray(Image.open(samples.path(1)))
    expected = unscale(gan.generate(conditions=about, seed=5))[..., 0]
    for place, image in enumerate(expected):
        np.testing.assert_array_equal(shown[:, 6 * place : 6 * place + 4], image)
    with pytest.raises(ValueError, match="there are 2 targets and 3 conditions"):
        SampleGrid(tmp_path, conditions=about, targets=small_images(2))
    with pytest.raises(ValueError, match="there are 2 targets and no conditions"):
        SampleGrid(tmp_path, targets=small_images(2))


@pytest.mark.thorough
def test_a_short_training_draws_the_digit_that_was_asked_for():
    digits, labels = gan_course.datasets.load_mnist(source="embedded")
    keras.utils.set_random_seed(0)
    gan = GAN(models.conditional_generator(), models.conditional_discriminator(dropout=0), seed=0)
    gan.compile(recipe="course")
    gan.fit(scale(digits), labels, steps_per_epoch=250, verbose=0)
    asked = np.arange(500) % 10
    drawn = classify_digits(gan.generate(conditions=asked, seed=1))["probabilities"].argmax(axis=1)
    assert (drawn == asked).mean() > 0.4  # chance is 0.1
