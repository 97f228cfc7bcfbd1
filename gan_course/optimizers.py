"""An optimizer that Keras does not have: Muon for convolutions."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("gan_course")
class ConvMuon(keras.optimizers.Muon):
    """Muon for kernels of any number of axes: an update turns and stretches all directions alike.

    Adam gives each number of a kernel a step of about the same size. Muon takes the kernel as a matrix, from what
    comes into the layer to what goes out of it, and moves it by the orthogonal matrix nearest to its averaged
    gradient: also along directions in which the gradient is weak (Jordan et al., 2024,
    https://kellerjordan.github.io/posts/muon/). Keras's own leaves all but matrices to Adam; here convolutions
    take part, and only biases and normalization keep Adam.

    Args:
        learning_rate: The root mean square of an update is a fifth of it, as is common for Adam's (Liu et al.,
            2025, https://arxiv.org/abs/2502.16982, section 2.2). Biases and normalization have it as it is.
        momentum: How much of the gradients of before stays in the average, in [0, 1); also Adam's beta_1.
        settings: Others of `keras.optimizers.Muon`; there is no weight decay unless it is asked for.

    Example:
        >>> import keras
        >>> from gan_course.optimizers import ConvMuon
        >>> network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten()])
        >>> network.compile(ConvMuon(1e-3), "mse")
        >>> network.optimizer.momentum
        0.5
    """

    def __init__(self, learning_rate: float = 1e-3, momentum: float = 0.5, **settings: Any) -> None:
        """Keep the settings."""
        own = {"adam_beta_1": momentum, "weight_decay": 0.0, "adam_weight_decay": 0.0, "exclude_embeddings": False}
        super().__init__(learning_rate, momentum=momentum, **{**own, **settings})

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) < 2

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Return about the nearest orthogonal matrix, in the kernel's shape.

        Each step multiplies the matrix by a polynomial of its Gram matrix. These polynomials commute, so they are
        multiplied first, on the smaller side of the matrix, which costs a fraction.
        """
        rows, columns = math.prod(x.shape[:-1]), x.shape[-1]
        matrix = ops.reshape(x, (rows, columns))
        matrix = matrix / (ops.norm(matrix) + 1e-7)
        turned = ops.transpose(matrix)
        gram = matrix @ turned if rows < columns else turned @ matrix
        one = product = ops.eye(min(rows, columns), dtype=x.dtype)
        for _ in range(steps):
            polynomial = self.muon_a * one + (self.muon_b * one + self.muon_c * gram) @ gram
            product, gram = product @ polynomial, polynomial @ polynomial @ gram
        return ops.reshape(product @ matrix if rows < columns else matrix @ product, x.shape)

    def lr_adjust(self, x: Any) -> Any:
        """Stretch an update so that its root mean square does not depend on the kernel's shape."""
        return x * math.sqrt(max(math.prod(x.shape[:-1]), x.shape[-1])) * self.rms_rate
