import keras
import pytest
from keras import layers

from gan_course.models import mnist_discriminator, mnist_generator
from gan_course.plots import count_words, discriminator_layers, generator_layers, show_layers
from gan_course.widgets import discriminator_counter, generator_counter


def same_as(lines, model):
    """Every line agrees with Keras's layer: kind, shape, parameters, and those that are not trained."""
    found = [(line.name, line.shape, line.parameters, line.moving) for line in lines]
    for layer in model.layers:
        moving = sum(weight.shape[0] for weight in layer.non_trainable_weights if "moving" in weight.name)
        expected = (type(layer).__name__, layer.output.shape[1:], layer.count_params(), moving)
        assert found.pop(0) == expected
    assert not found


def test_the_networks_of_the_lessons_are_counted():
    same_as(generator_layers(), mnist_generator())
    same_as(discriminator_layers(), mnist_discriminator())


def generator(latent_dim, width, depth, kernel, side):
    start = side // 2**depth
    model = keras.Sequential([keras.Input((latent_dim,)), layers.Dense(start * start * width), layers.LeakyReLU()])
    model.add(layers.BatchNormalization())
    model.add(layers.Reshape((start, start, width)))
    for i in range(1, depth + 1):
        model.add(layers.UpSampling2D())
        model.add(layers.Conv2D(1 if i == depth else width // 2**i, kernel, padding="same"))
        if i < depth:
            model.add(layers.BatchNormalization())
            model.add(layers.LeakyReLU())
    return model


def discriminator(width, depth, kernel, side):
    model = keras.Sequential([keras.Input((side, side, 1))])
    for i in range(depth):
        model.add(layers.Conv2D(width * 2**i, kernel, strides=2, padding="same"))
        model.add(layers.LeakyReLU())
        model.add(layers.Dropout(0.3))
    model.add(layers.Flatten())
    model.add(layers.Dense(1))
    return model


@pytest.mark.parametrize("settings", [(2, 16, 1, 3, 28), (7, 32, 3, 1, 32), (10, 16, 4, 9, 64), (1, 4, 2, 2, 4)])
def test_other_generators_are_counted_as_keras_counts_them(settings):
    same_as(generator_layers(*settings), generator(*settings))


@pytest.mark.parametrize("settings", [(16, 1, 3, 28), (8, 4, 9, 28), (4, 3, 2, 33)])
def test_other_discriminators_are_counted_as_keras_counts_them(settings):
    same_as(discriminator_layers(*settings), discriminator(*settings))


def test_the_sums_give_the_counts():
    for line in (*generator_layers(10, 64, 2, 3, 32), *discriminator_layers(16, 3, 7, 28)):
        assert eval(line.sum.replace("·", "*").replace(",", "") or "0") == line.parameters


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"depth": 3}, "28 pixels halved 3 times is 3.5"), ({"width": 5}, "a width of 5 cannot be halved 1 times")],
)
def test_what_cannot_be_halved_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        generator_layers(**settings)


def test_bars_are_as_long_as_the_shares():
    lines = discriminator_layers()
    bars = [bar.get_width() for bar in show_layers(lines).axes[0].patches if hasattr(bar, "get_width")]
    total = sum(line.parameters for line in lines)
    for line, bar in zip(lines, bars, strict=True):
        assert bar / sum(bars) == pytest.approx(line.parameters / total)


def test_a_layer_that_has_namesakes_is_told_by_its_output():
    assert "share is in Dense: 73 %" in count_words(generator_layers())
    assert "share is in the Conv2D of 7 × 7 × 128: 96 %" in count_words(discriminator_layers())


def test_the_counters_start_at_the_lessons_networks():
    assert generator_counter().words == count_words(generator_layers())
    assert discriminator_counter().words == count_words(discriminator_layers())


@pytest.mark.parametrize("counter", [generator_counter, discriminator_counter])
def test_every_control_counts(counter):
    explorer = counter()
    for name, value in {"width": 32, "depth": 1, "kernel": 3, "side": 32}.items():
        before = explorer.words
        explorer.controls[name].value = value
        assert explorer.words != before
    settings = {name: control.value for name, control in explorer.controls.items()}
    layers_of = generator_layers if "latent_dim" in settings else discriminator_layers
    assert explorer.words == count_words(layers_of(**settings))


def test_a_generator_that_cannot_be_built_is_explained_and_the_picture_keeps_its_size():
    explorer = generator_counter()
    size = explorer.figure.get_size_inches().tolist()
    explorer.controls["depth"].value = 3
    assert "halved 3 times is 3.5" in explorer.words
    explorer.controls["side"].value = 64
    assert explorer.figure.get_size_inches().tolist() == size
    assert explorer.words == count_words(generator_layers(depth=3, side=64))
