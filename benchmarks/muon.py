"""Muon for convolutions: each kernel is taken as a matrix from what comes in to what goes out.

Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/; the scale is that of Liu et al., 2025,
https://arxiv.org/abs/2502.16982, section 2.2. Keras's own gives every kernel that is not a matrix to Adam.
"""

import math
from typing import Any

import keras
from keras import ops


class ConvMuon(keras.optimizers.Muon):
    """Keras's Muon for kernels of any number of axes; biases and normalisation keep Adam.

    Args:
        learning_rate: As for Adam: an update is about as long as Adam's would be.
        momentum: Of Muon; Adam's beta_1 is the same number.
        settings: Of `keras.optimizers.Muon`.
    """

    def __init__(self, learning_rate: float = 4e-3, momentum: float = 0.5, **settings: Any) -> None:
        """See the class."""
        none = {"weight_decay": 0.0, "adam_weight_decay": 0.0, "exclude_embeddings": False}
        super().__init__(learning_rate, momentum=momentum, adam_beta_1=momentum, **{**none, **settings})

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) < 2

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Return the nearest orthogonal matrix, about, in the kernel's shape.

        Each step multiplies the matrix by a polynomial of its Gram matrix, and the polynomials commute: they are
        multiplied first, on the smaller side.
        """
        rows, columns = math.prod(x.shape[:-1]), x.shape[-1]
        matrix = ops.reshape(x, (rows, columns))
        matrix = matrix / (ops.norm(matrix) + 1e-7)
        turned = ops.transpose(matrix)
        gram = matrix @ turned if rows < columns else turned @ matrix
        one = ops.eye(min(rows, columns), dtype=x.dtype)
        product = one
        for _ in range(steps):
            polynomial = self.muon_a * one + (self.muon_b * one + self.muon_c * gram) @ gram
            product = product @ polynomial
            gram = polynomial @ polynomial @ gram
        return ops.reshape(product @ matrix if rows < columns else matrix @ product, x.shape)

    def lr_adjust(self, x: Any) -> Any:
        """Scale the update to the root mean square that Adam's has."""
        return x * math.sqrt(max(math.prod(x.shape[:-1]), x.shape[-1])) * self.rms_rate
