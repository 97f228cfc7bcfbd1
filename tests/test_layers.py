import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from gan_course.layers import MinibatchStdDev, UpsampleConv2D, fused_upsampling
from gan_course.models import mnist_discriminator, mnist_generator
from gan_course.training.shortcuts import judges_each_image_alone

side = st.integers(1, 7)
small = st.integers(1, 6)


def results(compute, x, variables, weight):
    """The output, and the gradients of its weighted sum for the input and the variables."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = compute(x)
        total = tf.reduce_sum(tf.cast(y, tf.float32) * weight)
    return [y, *tape.gradient(total, [x, *(variable.value for variable in variables)])]


@settings(max_examples=40, deadline=None)
@given(
    kernel_size=st.tuples(side, side),
    shape=st.tuples(st.integers(1, 3), small, small, st.integers(1, 4)),
    filters=st.integers(1, 4),
    activation=st.sampled_from([None, "tanh", "softplus"]),
    use_bias=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_the_layer_equals_upsampling_and_convolution_with_all_gradients(
    kernel_size, shape, filters, activation, use_bias, seed
):
    rng = np.random.default_rng(seed)
    x = tf.constant(rng.standard_normal(shape), tf.float32)
    fused = UpsampleConv2D(filters, kernel_size, activation=activation, use_bias=use_bias)
    conv = layers.Conv2D(filters, kernel_size, padding="same", activation=activation, use_bias=use_bias)
    for layer in (fused, conv):
        layer.build((None, None, None, shape[-1]))
    conv.set_weights([rng.standard_normal(weight.shape) for weight in conv.weights])
    fused.set_weights(conv.get_weights())
    assert [weight.name for weight in fused.weights] == [weight.name for weight in conv.weights]
    y_shape = fused.compute_output_shape(shape)
    weight = rng.standard_normal(y_shape).astype("float32")
    apart = results(lambda x: conv(layers.UpSampling2D()(x)), x, conv.weights, weight)
    together = results(fused, x, fused.weights, weight)
    assert together[0].shape == y_shape
    for one, other in zip(apart, together, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_the_symbolic_shape_keeps_what_is_unknown():
    model = keras.Sequential([keras.Input((None, 5, 3)), UpsampleConv2D(2, (1, 3))])
    assert model.output_shape == (None, None, 10, 2)


@pytest.mark.parametrize(("policy", "dtype"), [("mixed_bfloat16", "bfloat16"), ("mixed_float16", "float16")])
def test_mixed_precision_computes_in_half_and_keeps_float32(policy, dtype):
    fused = UpsampleConv2D(3, 5, activation="tanh", dtype=policy)
    conv = layers.Conv2D(3, 5, activation="tanh", padding="same", dtype=policy)
    x = tf.random.stateless_uniform((2, 4, 4, 2), (0, 0), dtype=tf.float32)
    y = fused(x)
    conv.build((None, 8, 8, 2))
    conv.set_weights(fused.get_weights())
    assert y.dtype == dtype
    assert {str(variable.dtype) for variable in fused.variables} == {"float32"}
    apart = results(lambda x: conv(layers.UpSampling2D(dtype=policy)(x)), x, conv.weights, 1)
    for one, other in zip(apart, results(fused, x, fused.weights, 1), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(tf.cast(one, tf.float32), tf.cast(other, tf.float32), rtol=0.05, atol=0.1)


def test_a_saved_network_opens_with_plain_keras_and_draws_the_same(tmp_path):
    model = keras.Sequential(
        [keras.Input((3, 4, 2)), UpsampleConv2D(3, (3, 5), activation="relu", use_bias=False, name="up")]
    )
    model.save(tmp_path / "model.keras")
    opened = keras.models.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 2)).astype("float32")
    np.testing.assert_array_equal(opened(x), model(x))
    assert opened.get_layer("up").get_config() == model.get_layer("up").get_config()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"data_format": "channels_first"}, "channels_last"),
        ({"strides": 2}, "without strides"),
        ({"dilation_rate": 2}, "without strides, dilation"),
        ({"groups": 2}, "or groups"),
        ({"padding": "valid"}, "padding 'same'"),
    ],
)
def test_what_cannot_be_fused_is_refused_in_words(setting, words):
    with pytest.raises(ValueError, match=words):
        UpsampleConv2D(**{"filters": 2, "kernel_size": 3, **setting})


def calls(model: keras.Model) -> tuple[np.ndarray, np.ndarray, int]:
    x = np.random.default_rng(0).standard_normal((2, *model.input_shape[1:])).astype("float32")
    plain = model(x).numpy()
    with fused_upsampling(model) as pairs:
        fused = model(x).numpy()
    np.testing.assert_array_equal(model(x), plain)
    return plain, fused, pairs


def test_the_generator_draws_the_same_with_both_pairs_fused():
    plain, fused, pairs = calls(mnist_generator())
    assert pairs == 2
    np.testing.assert_allclose(plain, fused, atol=1e-5)
    assert np.any(plain != fused), "the fused path was not taken"


def test_a_functional_model_in_which_two_layers_read_the_enlarged_image_is_left_alone():
    x = keras.Input((4, 4, 2))
    up = layers.UpSampling2D()(x)
    conv = layers.Conv2D(2, 3, padding="same")
    model = keras.Model(x, layers.Add()([up, conv(up)]))
    plain, fused, pairs = calls(model)
    assert pairs == 0
    np.testing.assert_array_equal(plain, fused)


@pytest.mark.parametrize(
    ("up", "conv"),
    [
        (layers.UpSampling2D(3), layers.Conv2D(2, 3, padding="same")),
        (layers.UpSampling2D(2, interpolation="bilinear"), layers.Conv2D(2, 3, padding="same")),
        (layers.UpSampling2D(), layers.Conv2D(2, 3, padding="valid")),
        (layers.UpSampling2D(), layers.Conv2D(2, 3, strides=2, padding="same")),
        (layers.UpSampling2D(), layers.Conv2D(2, 3, dilation_rate=2, padding="same")),
        (layers.UpSampling2D(), layers.Conv2D(2, 3, groups=2, padding="same")),
    ],
)
def test_pairs_of_another_kind_are_left_alone(up, conv):
    assert calls(keras.Sequential([keras.Input((4, 4, 2)), up, conv]))[2] == 0


def test_a_model_without_upsampling_has_no_pairs():
    with fused_upsampling(mnist_discriminator()) as pairs:
        assert pairs == 0


def test_minibatch_standard_deviation_tells_how_much_a_batch_differs():
    maps = np.random.default_rng(0).normal(size=(6, 4, 5, 3)).astype("float32")
    told = np.asarray(MinibatchStdDev()(maps))
    np.testing.assert_array_equal(told[..., :3], maps)
    np.testing.assert_allclose(told[..., 3], maps.std(axis=0).mean(), rtol=1e-4)
    alike = np.asarray(MinibatchStdDev()(np.repeat(maps[:1], 6, axis=0)))
    assert alike[..., 3].max() < 1e-3 < told[0, 0, 0, 3]


def test_a_discriminator_with_it_learns_and_is_not_taken_for_one_that_judges_each_image_alone(tmp_path):
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1))
    x = MinibatchStdDev()(layers.Conv2D(2, 3, strides=2, activation="relu")(image))
    network = keras.Model(image, layers.Dense(1, activation="sigmoid")(layers.Flatten()(x)))
    assert not judges_each_image_alone(network)
    network.save(tmp_path / "d.keras")
    again = keras.models.load_model(tmp_path / "d.keras")
    images = np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(again(images), network(images))
