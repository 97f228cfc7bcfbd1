"""A shortcut is taken where it is proved, and everywhere else the numbers are those of the long way."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from gan_course import GAN
from gan_course.layers import fused_upsampling
from gan_course.models import mnist_discriminator
from gan_course.training import shortcuts
from gan_course.training.shortcuts import judges_each_image_alone
from tests.networks import small_generator, small_images

SIGMOID = {"activation": "sigmoid"}


class OwnNormalization(layers.Layer):
    """Batch normalization by hand."""

    def call(self, x):
        return (x - tf.reduce_mean(x, 0)) / (tf.math.reduce_std(x, 0) + 0.1)


class Discrimination(layers.Layer):
    """Distances to the other images of the batch, as in minibatch discrimination."""

    def call(self, x):
        distances = tf.reduce_sum(tf.abs(x[:, None] - x[None]), axis=-1)
        return tf.concat([x, tf.reduce_sum(tf.exp(-distances), axis=1, keepdims=True)], axis=1)


class Dense2(layers.Dense):
    """A subclass of a layer on the list."""

    def call(self, x):
        return super().call(x - tf.reduce_mean(x, axis=0))


def with_deviation(x):
    deviation = ops.mean(ops.std(x, axis=0))
    return ops.concatenate([x, 0 * x[:, :1] + deviation], axis=1)


def mixing(start):
    """Discriminators whose answer for an image depends on the others of its batch, in many ways."""
    flat = layers.Flatten()(start)
    hidden = layers.LeakyReLU()(layers.Dense(5)(flat))
    score = layers.Dense(1)
    return {
        "deviation by keras.ops": layers.Dense(1, **SIGMOID)(with_deviation(hidden)),
        "deviation by Lambda": layers.Dense(1, **SIGMOID)(layers.Lambda(with_deviation)(hidden)),
        "discrimination": layers.Dense(1, **SIGMOID)(Discrimination()(hidden)),
        "relativistic average": ops.sigmoid(score(hidden) - ops.mean(score(hidden))),
        "normalization by hand": layers.Dense(1, **SIGMOID)(OwnNormalization()(hidden)),
        "BatchNormalization": layers.Dense(1, **SIGMOID)(layers.BatchNormalization()(hidden)),
        "inside TimeDistributed": layers.Dense(1, **SIGMOID)(
            layers.Flatten()(layers.TimeDistributed(layers.BatchNormalization())(layers.Reshape((4, 4))(flat)))
        ),
        "inside a Sequential": layers.Dense(1, **SIGMOID)(keras.Sequential([Discrimination()])(hidden)),
        "a subclass of Dense": Dense2(1, **SIGMOID)(hidden),
        "an activation of one's own": layers.Dense(1, **SIGMOID)(
            layers.Dense(5, activation=lambda x: x - tf.reduce_mean(x, axis=0))(flat)
        ),
        "activity regularizer": layers.Dense(1, **SIGMOID)(layers.ActivityRegularization(l2=3.0)(hidden)),
        "activity regularizer of a layer": layers.Dense(1, **SIGMOID)(
            layers.Dense(4, activity_regularizer=keras.regularizers.L2(3.0))(hidden)
        ),
    }


WAYS = [*mixing(keras.Input((4, 4, 1)))]


def one_step(discriminator_of, generator_of=small_generator, from_logits=None, **settings) -> list[np.ndarray]:
    keras.utils.set_random_seed(3)
    gan = GAN(generator_of(), discriminator_of(), seed=0, from_logits=from_logits)
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0), **settings)
    gan.train_step(tf.constant(small_images(8)))
    return [variable.numpy() for network in gan.networks.values() for variable in network.trainable_variables]


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("way", WAYS)
def test_networks_that_compare_images_learn_as_without_shortcuts(way):
    def network():
        start = keras.Input((4, 4, 1))
        return keras.Model(start, mixing(start)[way])

    assert not judges_each_image_alone(network())
    assert_same(one_step(network), one_step(network, shortcuts=False))


def alone(layer: keras.Layer) -> keras.Model:
    """A discriminator with a layer of the list in the middle."""
    start = keras.Input((4, 4, 1))
    flat = layers.Flatten()(start)
    if isinstance(layer, (layers.Add, layers.Concatenate, layers.Dot)):
        x = layer([layers.Dense(3)(flat), layers.Dense(3)(flat)])
    elif isinstance(layer, layers.Embedding):
        x = layers.Concatenate()([flat, layers.Flatten()(layer(flat))])
    else:
        x = layers.Flatten()(layer(flat if type(layer) is layers.Dense else start))
    return keras.Model(start, layers.Dense(1, **SIGMOID)(x))


ARGUMENTS = {
    "Activation": ("tanh",),
    "AveragePooling2D": (2,),
    "Conv2D": (2, 3),
    "Conv2DTranspose": (2, 3),
    "Cropping2D": (1,),
    "Dense": (3,),
    "DepthwiseConv2D": (3,),
    "Dot": (1,),
    "Dropout": (0.3,),
    "Embedding": (3, 2),
    "GaussianNoise": (0.1,),
    "Reshape": ((2, 8, 1),),
    "SeparableConv2D": (2, 3),
    "SpatialDropout2D": (0.3,),
    "UpsampleConv2D": (2, 3),
}
LISTED = [kind for kind in shortcuts.EACH_IMAGE_ALONE if kind is not layers.InputLayer]


@pytest.mark.parametrize("kind", LISTED, ids=lambda kind: kind.__name__)
def test_each_layer_of_the_list_is_proved(kind):
    """The shortcut is taken with it, and gives what the long way gives."""

    def network():
        return alone(kind(*ARGUMENTS.get(kind.__name__, ())))

    assert judges_each_image_alone(network())
    assert_same(one_step(network), one_step(network, shortcuts=False))


def by_operations(start):
    """Discriminators of operations that keep images apart, and of some that do not."""
    flat = layers.Flatten()(start)
    scores, one = layers.Dense(3)(flat), layers.Dense(1)
    labels = ops.one_hot(ops.cast(flat[:, 0] > 0, "int32"), 3)
    return {
        "Sum": ops.sum(scores, axis=1, keepdims=True),
        "Multiply": one(scores * layers.Dense(3)(flat)),
        "Add": one(ops.add(scores, layers.Dense(3)(flat))),
        "sum of all": one(scores + 0.01 * ops.sum(scores)),
        "sum over the batch": one(scores * ops.sum(scores, axis=0, keepdims=True)),
        "sum over the batch from behind": one(scores * ops.sum(scores, axis=-2, keepdims=True)),
        "mean": ops.mean(scores, axis=1, keepdims=True),
        "a slice": one(labels * scores),
    }


@pytest.mark.parametrize("name", [*by_operations(keras.Input((4, 4, 1)))])
def test_operations_take_the_shortcut_where_it_is_proved(name):
    def network():
        start = keras.Input((4, 4, 1))
        return keras.Model(start, by_operations(start)[name])

    assert judges_each_image_alone(network()) == (name in shortcuts.OPERATIONS)
    assert_same(one_step(network, from_logits=True), one_step(network, from_logits=True, shortcuts=False))


def test_an_operation_that_stretches_labels_along_the_batch_takes_no_shortcut():
    start, label = keras.Input((4, 4, 1)), keras.Input((), dtype="int32")
    scores = layers.Dense(3)(layers.Flatten()(start)) * ops.cast(label, "float32")
    assert not judges_each_image_alone(keras.Model([start, label], layers.Dense(1)(scores)))


def test_images_joined_along_the_batch_take_no_shortcut():
    start = keras.Input((4, 4, 1))
    joined = layers.Concatenate(axis=0)([start, start])
    assert not judges_each_image_alone(keras.Model(start, layers.Dense(1)(layers.Flatten()(joined))))


def test_the_lessons_discriminator_takes_the_shortcut():
    assert judges_each_image_alone(mnist_discriminator())


def test_in_half_precision_no_shortcut_is_taken():
    network = keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(1, dtype="mixed_float16", **SIGMOID)]
    )
    assert not judges_each_image_alone(network)


def two_outputs(x):
    up = layers.UpSampling2D()(x)
    return layers.Conv2D(1, 3, padding="same")(up), up


def shared_convolution(x):
    conv = layers.Conv2D(1, 3, padding="same")
    return layers.Add()([conv(layers.UpSampling2D()(x)), layers.UpSampling2D()(conv(x))])


def read_twice(x):
    up = layers.UpSampling2D()(x)
    return layers.Conv2D(1, 3, padding="same")(up) + up


def read_by_an_operation(x):
    up = layers.UpSampling2D()(x)
    return layers.Conv2D(1, 3, padding="same")(up) + ops.mean(up)


def shared_upsampling(x):
    up = layers.UpSampling2D()
    return layers.Add()([layers.Conv2D(1, 3, padding="same")(up(x)), up(layers.Conv2D(1, 1)(x))])


def also_inside(x):
    conv = layers.Conv2D(1, 3, padding="same")
    return layers.Add()([conv(layers.UpSampling2D()(x)), layers.UpSampling2D()(keras.Sequential([conv])(x))])


@pytest.mark.parametrize(
    "network_of",
    [two_outputs, shared_convolution, read_twice, read_by_an_operation, shared_upsampling, also_inside],
)
def test_up_sampling_that_somebody_else_reads_is_not_fused(network_of):
    start = keras.Input((3, 3, 1))
    network = keras.Model(start, network_of(start))
    images = small_images(2)[:, :3, :3]
    expected = keras.tree.flatten(network(images))
    with fused_upsampling(network) as pairs:
        found = keras.tree.flatten(network(images))
    assert pairs == 0
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
