"""Make mnist_10k.npz, the first 10,000 training images of MNIST, from the full file.

python data/make_mnist_10k.py PATH/TO/mnist.npz
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

FULL_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
COUNT = 10_000


def main(full: Path) -> None:
    found = hashlib.sha256(full.read_bytes()).hexdigest()
    if found != FULL_SHA256:
        sys.exit(f"{full} has sha256 {found}; the full MNIST file has {FULL_SHA256}")
    with np.load(full, allow_pickle=False) as arrays:
        images, labels = arrays["x_train"][:COUNT], arrays["y_train"][:COUNT]
    target = Path(__file__).with_name("mnist_10k.npz")
    np.savez_compressed(target, x_train=images, y_train=labels)
    print(f"{target.name}: {len(images):,} images, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
