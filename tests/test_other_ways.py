"""The real exercises, solved with other means than the lessons': the points are the same."""

import re
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("nbgrader")

from gan_course.instructor import assignments  # noqa: E402
from gan_course.instructor.judge import Judge  # noqa: E402
from gan_course.instructor.marking import mark  # noqa: E402
from gan_course.instructor.sandbox import Limits  # noqa: E402
from gan_course.instructor.submissions import read_cells  # noqa: E402

pytestmark = pytest.mark.thorough
COURSE = Path(__file__).parents[1]

READ = """def read_pixels(folder):
    from PIL import Image

    paths = sorted(glob.glob(f"{folder}/*.jpg"))[:100]
    pictures = [Image.open(path).convert("RGB").resize((28, 28), Image.Resampling.BILINEAR) for path in paths]
    return np.stack([np.asarray(picture) for picture in pictures])
"""
DISCRIMINATOR = """
    images = tf.keras.Input((28, 28, {channels}))
    x = images
    for maps in (64, 128):
        x = tf.keras.layers.Conv2D(maps, 5, strides=2, padding="same")(x)
        x = tf.keras.layers.Dropout(0.3)(tf.keras.layers.LeakyReLU(negative_slope=0.2)(x))
    probability = tf.keras.layers.Dense(1, activation="sigmoid")(tf.keras.layers.Flatten()(x))
"""
GENERATOR = """
    latent = tf.keras.Input((LATENT_DIM,))
    x = tf.keras.layers.LeakyReLU(negative_slope=0.2)(tf.keras.layers.Dense(7 * 7 * 128)(latent))
    x = tf.keras.layers.Reshape((7, 7, 128))(tf.keras.layers.BatchNormalization()(x))
    x = tf.keras.layers.Conv2D(64, 5, padding="same")(tf.keras.layers.UpSampling2D()(x))
    x = tf.keras.layers.LeakyReLU(negative_slope=0.2)(tf.keras.layers.BatchNormalization()(x))
    x = tf.keras.layers.UpSampling2D()(x)
    drawn = tf.keras.layers.Conv2D({channels}, 5, padding="same", activation="tanh")(x)
"""
FIT = """losses = LossLog(folder / "history.csv")
    shuffled = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).repeat().batch(BATCH_SIZE)
    pictures = SampleGrid(folder, every=SAVE_EVERY, seed=SEED)
    watching = [losses, pictures, LivePlot(steps, losses, seed=SEED), Checkpoint(folder)]
    gan.fit(shuffled, steps_per_epoch=steps, callbacks=watching, verbose=2)
"""
AUGMENTATION = """def build_augmentation():
    image = tf.keras.Input((28, 28, {channels}))
    moved = tf.keras.layers.RandomTranslation(0.125, 0.125, fill_mode="constant", interpolation="nearest")(image)
    return tf.keras.Model(image, tf.keras.layers.RandomBrightness((-0.2, 0.2), value_range=(-1, 1))(moved))
"""
GRAY = {
    "read-faces": f"{READ}\nread_faces = read_pixels",
    "keep-red": "def keep_red(photos):\n    return tf.expand_dims(photos[:, :, :, 0], -1).numpy()",
    "luminance": """def luminance(photos):
    weights = tf.constant([[0.299], [0.587], [0.114]], tf.float64)
    return np.array(tf.cast(tf.round(tf.tensordot(tf.cast(photos, tf.float64), weights, 1)), tf.uint8))""",
    "prepare": "def prepare(images):\n    return (tf.cast(images, tf.float32) / 127.5 - 1).numpy()",
    "build-networks": f"def build_networks():{GENERATOR.format(channels=1)}{DISCRIMINATOR.format(channels=1)}"
    "    return tf.keras.Model(latent, drawn), tf.keras.Model(images, probability)",
    "train": f"def train(gan, images, folder, steps):\n    {FIT}    return losses",
    "nearest-faces": """def nearest_faces(drawn, faces):
    apart = [[float(tf.norm(one - other)) for other in faces] for one in drawn]
    return [row.index(min(row)) for row in apart], [min(row) for row in apart]""",
    "build-augmentation": AUGMENTATION.format(channels=1),
}
COLOR = {
    "places": 'def places_to_change():\n    return set("feb")',
    "read-faces": f"{READ}\ndef read_faces(folder):\n    return tf.image.convert_image_dtype("
    "read_pixels(folder), tf.float32).numpy() * 2 - 1",
    "generator": f"def build_generator():{GENERATOR.format(channels=3)}    return tf.keras.Model(latent, drawn)",
    "discriminator": f"def build_discriminator():{DISCRIMINATOR.format(channels=3)}"
    "    return tf.keras.Model(images, probability)",
    "more-parameters": "def more_parameters():\n    return np.array([3202, 3200])",
    "train": f"""def train(generator, discriminator, images, folder, steps):
    gan = GAN(generator, discriminator, seed=SEED)
    gan.compile(augmentation=build_augmentation())
    {FIT}    return gan, losses""",
    "to-pixels": "def to_pixels(drawn):\n    return np.rint((drawn + 1) * 127.5).astype('uint8')",
    "mean-colour": "def mean_colour(images):\n    return [float(images[..., each].mean()) for each in range(3)]",
    "cmap": "def cmap_matters(shape):\n    return tuple(shape)[2:] in ((), (1,))",
}


@pytest.mark.parametrize(("name", "answers"), [("06_faces_grayscale", GRAY), ("07_faces_color", COLOR)])
def test_other_means_earn_the_same_points(name, answers, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    exercise = assignments.load(COURSE)[name]
    book = deepcopy(exercise.source)
    for cell in book.cells:
        cell_name = assignments.grade_id(cell)
        cell.source = answers.get(cell_name, re.sub(r"\n *### (BEGIN|END) SOLUTION", "", cell.source))
        if cell.cell_type == "code" and "import keras\n" in cell.source and cell_name is None:
            cell.source += "\nimport glob\n\nimport tensorflow as tf"
    with Judge() as judge:
        cells = read_cells(nbformat.writes(book).encode())[0]
        marks = mark(exercise, cells, Limits(), judge, "a seed", sandboxed=False)
    lost = {task.name: marks.points[task.name] for task in exercise.tasks if not task.by_hand}
    assert lost == {task.name: task.points for task in exercise.tasks if not task.by_hand}, [
        (cell["name"], cell["error"]) for cell in marks.cells if cell["error"]
    ]
    assert marks.status == "pending" and not marks.notes and not marks.private
