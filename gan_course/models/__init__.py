"""The networks of the lessons, as plain Keras models, and how images are drawn with them."""

from gan_course.models.drawing import generate
from gan_course.models.mnist import mnist_discriminator, mnist_generator
from gan_course.models.small import small_networks

__all__ = ["generate", "mnist_discriminator", "mnist_generator", "small_networks"]
