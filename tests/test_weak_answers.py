"""Answers that once earned points although they are wrong: each loses its task's points now, and says why."""

import pytest

pytest.importorskip("nbgrader")

from tests.test_exercises import COLOR, GRAY, in_a_notebook, look, rooms  # noqa: E402

__all__ = ["in_a_notebook", "rooms"]  # fixtures

ONE_PIXEL = "np.where(np.arange(784).reshape(28, 28, 1) == 14 * 28 + 14, {}, np.float32(-1))"
CORNER = """def read_faces(folder, limit):
    paths = sorted(Path(folder).iterdir())[:limit]
    return np.stack([np.asarray(Image.open(p))[:28, :28, :1] / np.float32(127.5) - 1 for p in paths])"""
TRAIN = """from IPython.display import display

def train(generator, discriminator, images, folder, steps, every):
    gan, losses = GAN(generator, discriminator, seed=SEED), LossLog({log})
    gan.compile()
    grids, live = SampleGrid(folder, every=every), LivePlot(steps, losses)
    gan.fit({images}, batch_size=32, steps_per_epoch=steps, callbacks=[{callbacks}], verbose=0)
    {then}
    display('a live view')
    return gan, losses"""
NAMES = "'gan.keras', *(f'step_{n:06d}.png' for n in range(0, steps + 1, every))"
TOUCHED = f"""for name in ({NAMES}):
        (folder / name).touch()
    (folder / 'history.csv').write_text(KEPT)
    losses.rows = losses.rows or [(n, 0.7, 0.7, 0) for n in range(1, steps + 1)]"""
NEWLINES = TOUCHED.replace("KEPT", "chr(10) * (steps + 1)")
INVENTED = TOUCHED.replace(
    "KEPT", "'step,d_loss,g_loss' + ''.join(f'{chr(10)}{n},0.7,0.7' for n in range(1, steps + 1))"
)
ALL = {"log": "folder / 'history.csv'", "callbacks": "Checkpoint(folder), grids, losses, live", "then": ""}
SHOW = """def save_pictures(images, path):
    figure, all_axes = plt.subplots(2, 2)
    for image, axes in zip(images, all_axes.flat):
        {}
    figure.savefig(path)
    plt.close(figure)
    return path"""
RED = "axes.imshow([[[0.5 * image[14, 14, 0] + 0.5, 0, 0]]])"
GRAY_PIXEL = "axes.imshow(image[14:15, 14:15, 0], cmap='gray', vmin=-1, vmax=1); axes.axis('off')"
ALL_RED = "axes.imshow((0.5 * image + 0.5) * [1, 0, 0]); axes.axis('off')"
WITH_AXES = "axes.imshow(image[..., 0], cmap='gray', vmin=-1, vmax=1)"
AS_DRAWN = """right = judge_faces
def judge_faces(drawn, training, held_out, discriminator):
    near = nearest_images(drawn, training[:len(drawn)])[1].mean()
    return right(drawn, training, held_out, discriminator) | {"near_training": near}"""
GAP = """def gap(rows, faces, step):
    gaps = (rows["real_training"] - rows["real_held_out"])[{}]
    return gaps.mean(), gaps.std(ddof=1)"""
CAUSE = """def cause(found):
    if found["real_training"] <= {} or found["real_drawn"] >= {}:
        return "neither"
    return "by heart" if found["real_training"] - found["real_held_out"] >= {} else "easy fakes\""""
START = """right = start
def start(folder, limit):
    images, drawer, inspector = right(folder, limit)
    {}
    return images, drawer, inspector"""
FORMULA = """for weights in (*drawer.weights, *inspector.weights):
        weights.assign(0 * weights)
    latent, shown = keras.Input((100,)), keras.Input((28, 28, 3))
    drawer = keras.Model(latent, keras.ops.tanh(latent[:, :1, None, None]) + 0 * drawer(latent))
    inspector = keras.Model(shown, keras.ops.sigmoid(shown[:, 14, 14, :1]) + 0 * inspector(shown))"""
NO_DROPOUT = """kept = [layer for layer in inspector.layers if not isinstance(layer, layers.Dropout)]
    inspector = keras.Sequential([keras.Input((28, 28, 3)), *kept])"""
DROPOUT = "inspector.layers[2].rate = inspector.layers[5].rate = {}"
FIRST, SECOND = "[0, 2, 1, *range(3, 10)]", "[*range(6), 7, 6, 8, 9]"
EXCHANGED = "drawer = keras.Sequential([keras.Input((100,)), *(drawer.layers[n] for n in {})])"
RELU = """kept = inspector.layers
    kept[0].bias.assign(kept[0].bias + 100)
    inspector = keras.Sequential([keras.Input((28, 28, 3)), kept[0], layers.ReLU(), *kept[2:]])"""
BANDED = """def banded(images, within):
    edges = np.stack([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    return (np.ptp(edges, axis=3).{}(axis=2) <= {}).any(axis=1).mean()"""

WEAK = [  # exercise, task, the answer, how its judge fails
    (GRAY, 1, CORNER, "their red channel"),
    (
        GRAY,
        1,
        "right = read_faces\ndef read_faces(*asked):\n    return " + ONE_PIXEL.format("right(*asked)"),
        "their red channel",
    ),
    *[
        (GRAY, 2, TRAIN.format(**ALL | changed), said)
        for changed, said in [
            ({"images": "np.repeat(images[:1], 32, axis=0)"}, "of the images"),
            ({"images": "images[:32]"}, "of the images"),
            ({"images": "images", "log": "", "callbacks": "losses", "then": NEWLINES}, "in a file|convert string"),
            ({"images": "images", "log": "", "callbacks": "losses", "then": INVENTED}, "losses in a file"),
            ({"images": "images", "log": "", "callbacks": "", "then": INVENTED}, "the losses of each step"),
            (
                {"images": "images", "callbacks": "losses", "then": NEWLINES.split("(folder")[0] + "..."},
                "written|checkpoint",
            ),
            (
                {
                    "images": "images",
                    "callbacks": "Checkpoint(folder), losses",
                    "then": f"""for name in ({NAMES}):
        (folder / name).touch()""",
                },
                "not empty files",
            ),
        ]
    ],
    (GRAY, 3, SHOW.format(RED), "the brightness"),
    (GRAY, 3, SHOW.format(GRAY_PIXEL), "the brightness"),
    (GRAY, 3, SHOW.format(ALL_RED), "the brightness"),
    (GRAY, 4, AS_DRAWN, "near_training"),
    (GRAY, 5, GAP.format("0:10:2"), "the mean of the runs"),
    (GRAY, 5, GAP.format('(rows["faces"] == 25) & (rows["step"] == 401)'), "the mean of the runs"),
    *[
        (GRAY, 6, CAUSE.format(0.9 + a, 0.1 + b, 0.2 + c), "24 results")
        for a, b, c in ((-0.015, 0, 0), (0.015, 0, 0), (0, 0.015, 0), (0, -0.015, 0), (0, 0, -0.04), (0, 0, 0.04))
    ],
    (COLOR, 2, START.format("images = " + ONE_PIXEL.format("images")), "their colors"),
    (COLOR, 2, START.format(FORMULA), "generator with these weights"),
    (COLOR, 2, START.format(FORMULA.replace("drawer = ", "_ = ")), "discriminator with these weights"),
    (COLOR, 2, START.format(EXCHANGED.format(FIRST)), "generator with these weights"),
    (COLOR, 2, START.format(EXCHANGED.format(SECOND)), "generator with these weights"),
    (COLOR, 2, START.format(RELU), "discriminator with these weights"),
    (COLOR, 2, START.format(NO_DROPOUT), "Dropout"),
    (COLOR, 2, START.format(DROPOUT.format(0.99)), "Dropout"),
    (COLOR, 2, START.format(DROPOUT.format(0.5)), "Dropout"),
    (COLOR, 2, START.format("drawer.trainable = False"), "all layers"),
    (COLOR, 2, START.format("inspector.trainable = False"), "all layers"),
    (COLOR, 6, "def cmap_matters(shape):\n    return shape[-1] not in (3, 4)", "a color a pixel"),
    (COLOR, 6, "def cmap_matters(shape):\n    return len(shape) == 2 or 1 in shape", "a color a pixel"),
    (COLOR, 7, BANDED.format("max", 0.1), "six groups"),
    (COLOR, 7, BANDED.format("max", "within"), "six groups"),
    (COLOR, 7, BANDED.format("mean", 0.1), "six groups"),
]


@pytest.mark.parametrize(("name", "number", "answer", "said"), WEAK)
def test_a_weak_answer_earns_nothing(rooms, name, number, answer, said, capsys):  # noqa: F811
    exercise, room = rooms[name]
    room = dict(room)
    exec(answer, room)
    _, failure = look(exercise, room, number, capsys)
    assert any(part in failure for part in said.split("|")), failure


def test_axes_around_the_pictures_cost_nothing(rooms, capsys):  # noqa: F811
    exercise, room = rooms[GRAY]
    room = dict(room)
    exec(SHOW.format(WITH_AXES), room)
    assert look(exercise, room, 3, capsys)[1] == ""
