"""Draw docs/gan.png, the README's picture of a whole GAN: a real digit, and one of the ready-made generator."""

from pathlib import Path

import gan_course
from gan_course.datasets import load_mnist, unscale
from gan_course.plots import as_png, show_gan

if __name__ == "__main__":
    real = load_mnist(source="embedded", verbose=0)[0][7]
    fake = unscale(gan_course.pretrained("mnist").generate(8, seed=3))[4]
    (Path(__file__).parents[1] / "docs" / "gan.png").write_bytes(as_png(show_gan(real, fake)))
