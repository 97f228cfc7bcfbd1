"""The data of the lessons: uint8 images `(n, height, width, channels)`, and scaling to [-1, 1] and back."""

from gan_course.datasets.bricks import find_bricks, load_bricks
from gan_course.datasets.digits import damaged_mnist, find_mnist, load_mnist
from gan_course.datasets.faces import find_faces, load_faces
from gan_course.datasets.folders import check_arguments, count_pictures, image_folder_dataset, load_image_folder
from gan_course.datasets.pairs import count_pairs, has_split, image_pairs_dataset, load_pairs
from gan_course.datasets.pictures import read_picture
from gan_course.datasets.pixels import scale, unscale
from gan_course.datasets.sketches import sketch
from gan_course.files import DataError

__all__ = [
    "DataError",
    "check_arguments",
    "count_pairs",
    "count_pictures",
    "damaged_mnist",
    "find_bricks",
    "find_faces",
    "find_mnist",
    "has_split",
    "image_folder_dataset",
    "image_pairs_dataset",
    "load_bricks",
    "load_faces",
    "load_image_folder",
    "load_mnist",
    "load_pairs",
    "read_picture",
    "scale",
    "sketch",
    "unscale",
]
