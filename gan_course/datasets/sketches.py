"""Line drawings of pictures."""

import numpy as np

FAINT, FULL = 0.05, 0.25  # differences of neighbors from which a line is seen, and is black


def sketch(images: np.ndarray) -> np.ndarray:
    """Return line drawings: dark where a picture changes from one pixel to the next, else white.

    The change is that of Sobel's two filters, one across and one down: the difference of the pixels on both sides,
    over three rows or columns, the middle one counted twice. Of the colors the one counts that changes most.

    Args:
        images: uint8 `(n, height, width, channels)`.

    Returns:
        uint8 `(n, height, width, 1)`.

    Raises:
        ValueError: If the images have another shape or type.

    Example:
        >>> import numpy as np
        >>> from gan_course.datasets import sketch
        >>> half = np.zeros((1, 4, 6, 3), "uint8")
        >>> half[:, :, 3:] = 255
        >>> sketch(half)[0, 0, :, 0].tolist()
        [255, 255, 0, 0, 255, 255]
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4:
        raise ValueError(
            f"the images are {images.dtype} {images.shape}; expected uint8 (n, height, width, channels)"
        )
    padded = np.pad(images.astype("float32") / 255, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    across, down = padded[:, :, 2:] - padded[:, :, :-2], padded[:, 2:] - padded[:, :-2]
    across = (across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:]) / 4
    down = (down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]) / 4
    change = np.hypot(across, down).max(axis=-1, keepdims=True)
    ink = np.clip((change - FAINT) / (FULL - FAINT), 0, 1)
    return np.round(255 * (1 - ink)).astype("uint8")
