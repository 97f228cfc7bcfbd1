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
GRAY = {
    "read-faces": f"{READ}\ndef read_faces(folder, limit):\n    red = read_pixels(folder)[:limit, :, :, 0]\n"
    "    return (tf.cast(tf.expand_dims(red, -1), tf.float32) / 127.5 - 1).numpy()",
    "train": f"""def train(generator, discriminator, images, folder, steps, every):
    gan = GAN(discriminator=discriminator, generator=generator, seed=SEED)
    gan.compile(recipe="plain")
    {FIT.replace("SAVE_EVERY", "every").replace("seed=SEED", "seed=7")}    return [gan, losses]""",
    "save-pictures": """def save_pictures(images, path):
    figure = Figure(figsize=(3, 3), layout="constrained")
    for axes, image in zip(figure.subplots(2, 2).ravel(), images):
        axes.imshow(unscale(image)[..., 0], cmap="gray", vmin=0, vmax=255)
        axes.set_axis_off()
    figure.savefig(path)
    return path""",
    "judge-faces": """def judge_faces(drawn, training, held_out, discriminator):
    def near(faces):
        return np.mean([min(np.linalg.norm(one - other) for other in faces) for one in drawn])
    found = {"near_held_out": near(held_out), "near_training": near(training[0:len(held_out)])}
    shown = {"real_drawn": drawn, "real_training": training, "real_held_out": held_out}
    return found | {name: discriminator.predict(each, verbose=0).mean() for name, each in shown.items()}""",
    "gap": """def gap(rows, faces, step):
    import statistics
    columns = zip(*(rows[name] for name in ("faces", "step", "real_training", "real_held_out")))
    gaps = [float(a - b) for count, at, a, b in columns if count == faces and at == step]
    return [statistics.mean(gaps), statistics.stdev(gaps)]""",
    "cause": """def cause(found):
    near_0 = found["real_training"] > 0.9 and found["real_drawn"] < 0.1
    by_heart = found["real_held_out"] <= found["real_training"] - 0.2
    return ("by heart" if by_heart else "easy fakes") if near_0 else "neither\"""",
}
COLOR = {
    "places": 'def places_to_change():\n    return set("feb")',
    "start": f"""{READ}
def start(folder, limit):
    images = tf.image.convert_image_dtype(read_pixels(folder)[:limit], tf.float32).numpy() * 2 - 1
    return images, *networks()

def networks():{GENERATOR.format(channels=3)}{DISCRIMINATOR.format(channels=3)}
    return tf.keras.Model(latent, drawn), tf.keras.Model(images, probability)""",
    "more-parameters": "def more_parameters():\n    return np.array([3202, 3200])",
    "train-step": """def train_step(generator, discriminator, g_optimizer, d_optimizer, real, latent):
    drawn = generator(latent, training=True)
    with tf.GradientTape() as tape:
        answers = tf.concat([discriminator(real, training=True), discriminator(drawn, training=True)], 0)
        wanted = tf.concat([tf.ones_like(answers[:len(real)]), tf.zeros_like(answers[len(real):])], 0)
        d_loss = tf.reduce_mean(tf.keras.losses.binary_crossentropy(wanted, answers))
    d_slopes = tape.gradient(d_loss, discriminator.trainable_weights)
    with tf.GradientTape() as tape:
        g_loss = -tf.reduce_mean(tf.math.log(discriminator(generator(latent, training=True), training=True)))
    g_slopes = tape.gradient(g_loss, generator.trainable_weights)
    g_optimizer.apply_gradients(zip(g_slopes, generator.trainable_weights))
    d_optimizer.apply_gradients(zip(d_slopes, discriminator.trainable_weights))
    return [d_loss, g_loss]""",
    "look": """def look(drawn):
    pixels = np.rint((np.asarray(drawn) + 1) * 127.5).astype("uint8")
    return pixels, [float(pixels[..., each].mean()) for each in range(3)]""",
    "cmap": "def cmap_matters(shape):\n    return tuple(shape)[2:] in ((), (1,))",
    "banded": """def banded(images, within):
    def gray(edge):
        return sum(float(max(pixel) - min(pixel)) for pixel in edge) / len(edge) <= within
    found = [any(map(gray, (image[0], image[-1], image[:, 0], image[:, -1]))) for image in images]
    return sum(found) / len(found)""",
    "mirror-gap": """def mirror_gap(drawn, faces):
    def near(others):
        return np.mean([min(np.linalg.norm(one - other) for other in others) for one in drawn])
    return near(np.flip(faces, axis=2)) - near(faces)""",
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
