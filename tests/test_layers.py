import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from gan_course.layers import fused_upsampling, upsample_conv
from gan_course.models import mnist_discriminator, mnist_generator

odd = st.sampled_from([1, 3, 5, 7])
small = st.integers(1, 6)


@settings(max_examples=40, deadline=None)
@given(odd, odd, small, small, st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**31))
def test_one_operation_equals_the_two_layers_with_both_gradients(
    rows, columns, height, width, channels, filters, seed
):
    rng = np.random.default_rng(seed)
    x = tf.constant(rng.standard_normal((2, height, width, channels)), tf.float32)
    conv = layers.Conv2D(filters, (rows, columns), padding="same", use_bias=False)
    conv.build((None, None, None, channels))
    weight = rng.standard_normal((2, 2 * height, 2 * width, filters)).astype("float32")
    results = []
    for compute in (lambda x: conv(layers.UpSampling2D()(x)), lambda x: upsample_conv(x, conv.kernel.value)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = compute(x)
            total = tf.reduce_sum(y * weight)
        results.append([y, *tape.gradient(total, [x, conv.kernel.value])])
    for plain, fused in zip(*results, strict=True):
        np.testing.assert_allclose(plain, fused, rtol=1e-4, atol=1e-4)


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
        (layers.UpSampling2D(), layers.Conv2D(2, 4, padding="same")),
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
