"""Expected sizes of the networks: the one place where they are written down."""

import keras
import pytest

from gan_course.models import bricks_discriminator, bricks_generator, mnist_discriminator, mnist_generator

GENERATOR = {"Dense": [633_472], "BatchNormalization": [25_088, 256], "Conv2D": [204_864, 1_601]}
DISCRIMINATOR = {"Conv2D": [1_664, 204_928], "Dense": [6_273]}


def sizes(network: keras.Model) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for layer in network.layers:
        if layer.count_params():
            found.setdefault(type(layer).__name__, []).append(layer.count_params())
    return found


def trainable(network: keras.Model) -> int:
    return sum(int(variable.value.shape.num_elements()) for variable in network.trainable_variables)


def test_generator_has_the_parameters_of_the_lesson():
    generator = mnist_generator()
    assert sizes(generator) == GENERATOR
    assert generator.count_params() == 865_281
    assert trainable(generator) == 852_609
    assert generator.output_shape == (None, 28, 28, 1)


def test_discriminator_has_the_parameters_of_the_lesson():
    discriminator = mnist_discriminator()
    assert sizes(discriminator) == DISCRIMINATOR
    assert discriminator.count_params() == trainable(discriminator) == 212_865
    assert discriminator.output_shape == (None, 1)


def test_another_latent_dimension_changes_only_the_first_layer():
    assert mnist_generator(10).count_params() == 865_281 - 90 * 6_272


@pytest.mark.parametrize("latent_dim", [0, -3, 2.5, "100"])
def test_a_latent_dimension_that_makes_no_sense_is_refused(latent_dim):
    with pytest.raises(ValueError, match="latent_dim is .*expected a whole number"):
        mnist_generator(latent_dim)


@pytest.mark.parametrize("upsampling", [False, True])
def test_the_networks_of_the_bricks_have_the_parameters_of_the_lesson(upsampling):
    generator, discriminator = bricks_generator(upsampling), bricks_discriminator()
    assert (generator.count_params(), trainable(generator)) == (3_576_576, 3_574_656)
    assert (discriminator.count_params(), trainable(discriminator)) == (2_765_312, 2_763_520)
    assert (generator.output_shape, discriminator.output_shape) == ((None, 64, 64, 1), (None, 1))
    assert not any(getattr(layer, "use_bias", False) for layer in [*generator.layers, *discriminator.layers])


def test_a_quarter_width_twin_has_a_quarter_of_the_maps():
    for network, twin in (
        (bricks_generator(), bricks_generator(width=16)),
        (bricks_discriminator(), bricks_discriminator(width=16)),
    ):
        maps, fewer = (
            [layer.output.shape[-1] for layer in each.layers if layer.weights] for each in (network, twin)
        )
        assert [each if each == 1 else each // 4 for each in maps] == fewer
