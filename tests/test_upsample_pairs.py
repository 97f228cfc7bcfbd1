"""Up-sampling with convolutions of even kernels and with transposed ones, fused and apart."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from gan_course.layers import fused_upsampling, upsample_conv, upsample_conv_transpose
from tests.test_layers import calls, results

side = st.integers(1, 7)
small = st.integers(1, 6)


@settings(max_examples=40, deadline=None)
@given(
    kernel_size=st.tuples(side, side),
    shape=st.tuples(st.integers(1, 3), small, small, st.integers(1, 4)),
    filters=st.integers(1, 4),
    transposed=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_both_functions_equal_their_two_layers_with_all_gradients(kernel_size, shape, filters, transposed, seed):
    rng = np.random.default_rng(seed)
    kind = layers.Conv2DTranspose if transposed else layers.Conv2D
    layer = kind(filters, kernel_size, padding="same", use_bias=False)
    layer.build((None, None, None, shape[-1]))
    layer.set_weights([rng.standard_normal(weight.shape) for weight in layer.weights])
    x = tf.constant(rng.standard_normal(shape), tf.float32)
    weight = rng.standard_normal((shape[0], 2 * shape[1], 2 * shape[2], filters)).astype("float32")
    fused = upsample_conv_transpose if transposed else upsample_conv
    apart = results(lambda x: layer(layers.UpSampling2D()(x)), x, layer.weights, weight)
    together = results(lambda x: fused(x, layer.kernel.value), x, layer.weights, weight)
    for one, other in zip(apart, together, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def network(*inside: keras.Layer, channels: int = 8) -> keras.Sequential:
    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input((5, 4, channels)), *inside])


PAIRED = {
    "even": lambda: layers.Conv2D(2, 4, padding="same", activation="tanh"),
    "transposed": lambda: layers.Conv2DTranspose(2, 5, padding="same", activation="relu"),
    "transposed, even": lambda: layers.Conv2DTranspose(3, (4, 5), padding="same"),
    "transposed, without bias": lambda: layers.Conv2DTranspose(2, 3, padding="same", use_bias=False),
}


@pytest.mark.parametrize("kind", PAIRED)
@pytest.mark.parametrize("compiled", [False, True])
def test_a_pair_is_found_computes_the_same_and_is_left_as_it_was(kind, compiled):
    model = network(layers.UpSampling2D(), PAIRED[kind]())
    for weight in model.weights:
        weight.assign(np.random.default_rng(1).standard_normal(weight.shape))
    x = tf.constant(np.random.default_rng(0).standard_normal((2, 5, 4, 8)), tf.float32)
    found = []

    def fused(x: tf.Tensor) -> tf.Tensor:
        with fused_upsampling(model) as pairs:
            found.append(pairs)
            return model(x)

    @tf.function(jit_compile=compiled)
    def together(x: tf.Tensor) -> list[tf.Tensor]:
        return results(fused, x, model.trainable_variables, 1.0)

    for one, other in zip(results(model, x, model.trainable_variables, 1.0), together(x), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)
    plain, changed, pairs = calls(model)
    assert found == [1] and pairs == 1
    np.testing.assert_allclose(plain, changed, rtol=1e-4, atol=1e-4)


class Own(layers.Conv2DTranspose):
    """Might compute anything."""


@pytest.mark.parametrize(
    "conv",
    [
        lambda: layers.Conv2DTranspose(2, 4, strides=2, padding="same"),
        lambda: layers.Conv2DTranspose(2, 4, padding="valid"),
        lambda: layers.Conv2DTranspose(2, 4, dilation_rate=2, padding="same"),
        lambda: layers.Conv2DTranspose(2, 5, padding="same", output_padding=0),
        lambda: layers.Conv2DTranspose(2, 4, padding="same", dtype="mixed_float16"),
        lambda: Own(2, 4, padding="same"),
        lambda: layers.Conv2D(8, 2, padding="same"),  # not faster
        lambda: layers.Conv2DTranspose(8, 3, padding="same"),
    ],
)
def test_pairs_that_are_not_proved_or_do_not_pay_are_left_alone(conv):
    assert calls(network(layers.UpSampling2D(), conv()))[2] == 0


def test_many_weights_for_few_pixels_are_left_alone():
    for filters, found in ((80, 1), (160, 0)):
        model = keras.Sequential(
            [keras.Input((2, 2, 32)), layers.UpSampling2D(), layers.Conv2D(filters, 5, padding="same")]
        )
        with fused_upsampling(model) as pairs:
            assert pairs == found


def test_a_layer_somebody_has_changed_is_left_alone():
    conv = layers.Conv2DTranspose(2, 4, padding="same")
    model = network(layers.UpSampling2D(), conv)
    conv.call = lambda x: 0 * x[..., :2]
    plain, changed, pairs = calls(model)
    assert pairs == 0 and "call" in vars(conv)
    np.testing.assert_array_equal(plain, changed)
