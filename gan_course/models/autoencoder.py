"""The networks of lesson 09: an encoder, a decoder, and the variational autoencoder that they make."""

from typing import Any

import keras
from keras import layers, ops

from gan_course.arguments import whole


def digit_encoder(numbers: int = 2) -> keras.Sequential:
    """Return the encoder of lesson 09: from a 28 x 28 image to a few numbers.

    Args:
        numbers: How many come out: the size of the code, or twice that for a variational autoencoder, whose
            encoder gives a mean and the logarithm of a variance for each number of the code.

    Returns:
        An uncompiled model from `(n, 28, 28, 1)`, values in [-1, 1], to `(n, numbers)`, any values.

    Raises:
        ValueError: If `numbers` is not a positive whole number.

    Example:
        >>> from gan_course.models import digit_encoder
        >>> digit_encoder(2).count_params()
        58370
    """
    numbers = whole("numbers", numbers)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 5, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(64, 5, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Flatten(),
            layers.Dense(numbers),
        ],
        name="encoder",
    )


def digit_decoder(latent_dim: int = 2) -> keras.Sequential:
    """Return the decoder of lesson 09: from a code to a 28 x 28 image. It is a small generator.

    Args:
        latent_dim: How many numbers a code has.

    Returns:
        An uncompiled model from `(n, latent_dim)` to `(n, 28, 28, 1)`, values in [-1, 1].

    Raises:
        ValueError: If `latent_dim` is not a positive whole number.

    Example:
        >>> from gan_course.models import digit_decoder
        >>> digit_decoder(2).count_params()
        76593
    """
    latent_dim = whole("latent_dim", latent_dim)
    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(64),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(7 * 7 * 16),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Reshape((7, 7, 16)),
            layers.Conv2DTranspose(32, 4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2DTranspose(32, 4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(1, 5, padding="same", activation="tanh"),
        ],
        name="decoder",
    )


@keras.saving.register_keras_serializable("gan_course")
class VariationalAutoencoder(keras.Model):
    """An encoder that answers with a distribution, and a decoder that draws from a sample of it.

    Kingma and Welling, 2014, https://arxiv.org/abs/1312.6114. `fit` it on images as input and as target with a
    loss that sums over the pixels (`squared_distance`); the other loss, how far each code's distribution is from
    the standard normal one (there, appendix B), is added here.

    Args:
        encoder: From images to `(n, 2 d)`: d means, and d logarithms of variances.
        decoder: From codes `(n, d)` to images.
        seed: Of the samples.

    Example:
        >>> import numpy as np
        >>> from gan_course.models import VariationalAutoencoder, digit_decoder, digit_encoder, squared_distance
        >>> vae = VariationalAutoencoder(digit_encoder(4), digit_decoder(2), seed=0)
        >>> vae.compile("adam", squared_distance)
        >>> black = -np.ones((32, 28, 28, 1), "float32")
        >>> history = vae.fit(black, black, epochs=5, verbose=0).history
        >>> history["loss"][-1] < history["loss"][0]
        True
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, seed: int = 0, **settings: Any) -> None:
        """Keep both networks."""
        super().__init__(**settings)
        self.encoder, self.decoder, self.seed = encoder, decoder, seed
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, images: Any) -> Any:
        """Draw images anew, each from a sample of its code's distribution."""
        mean, log_variance = ops.split(self.encoder(images), 2, axis=-1)
        divergence = (ops.exp(log_variance) + ops.square(mean) - 1 - log_variance) / 2
        self.add_loss(ops.mean(ops.sum(divergence, axis=-1)))
        noise = keras.random.normal(ops.shape(mean), seed=self.noise)
        return self.decoder(mean + ops.exp(log_variance / 2) * noise)

    def get_config(self) -> dict[str, Any]:
        """Return what makes this model again."""
        networks = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in _NETWORKS}
        return {**super().get_config(), **networks, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "VariationalAutoencoder":
        """Make the model of `get_config`."""
        networks = {name: keras.saving.deserialize_keras_object(config[name]) for name in _NETWORKS}
        return cls(**{**config, **networks})


_NETWORKS = ("encoder", "decoder")


@keras.saving.register_keras_serializable("gan_course")
def squared_distance(images: Any, drawn: Any) -> Any:
    """Return the squared differences of images, summed over all pixels, `(n,)`.

    As the first loss of a variational autoencoder it says that a pixel is the decoder's value plus normal noise of
    variance 1/2 (Kingma and Welling, 2014, appendix C.2).

    Args:
        images: `(n, height, width, channels)`.
        drawn: As many.

    Example:
        >>> import numpy as np
        >>> from gan_course.models import squared_distance
        >>> float(squared_distance(np.zeros((1, 28, 28, 1)), np.full((1, 28, 28, 1), 0.5))[0])
        196.0
    """
    return ops.sum(ops.square(images - drawn), axis=(1, 2, 3))
