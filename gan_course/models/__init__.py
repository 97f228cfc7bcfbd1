"""The networks of the lessons, as plain Keras models, and how images are drawn with them."""

from gan_course.models.autoencoder import (
    VariationalAutoencoder,
    digit_decoder,
    digit_encoder,
    squared_distance,
)
from gan_course.models.bricks import bricks_discriminator, bricks_generator
from gan_course.models.conditional import conditional_discriminator, conditional_generator, label_vectors
from gan_course.models.dcgan import dcgan_discriminator, dcgan_generator
from gan_course.models.deep import NormalToUniform, deep_discriminator, deep_generator
from gan_course.models.drawing import draw, generate, generator_inputs
from gan_course.models.mnist import mnist_discriminator, mnist_generator
from gan_course.models.small import small_networks
from gan_course.models.translation import LastingDropout, patch_discriminator, unet

__all__ = [
    "LastingDropout",
    "NormalToUniform",
    "VariationalAutoencoder",
    "bricks_discriminator",
    "bricks_generator",
    "conditional_discriminator",
    "conditional_generator",
    "dcgan_discriminator",
    "dcgan_generator",
    "deep_discriminator",
    "deep_generator",
    "digit_decoder",
    "digit_encoder",
    "draw",
    "generate",
    "generator_inputs",
    "label_vectors",
    "mnist_discriminator",
    "mnist_generator",
    "patch_discriminator",
    "small_networks",
    "squared_distance",
    "unet",
]
