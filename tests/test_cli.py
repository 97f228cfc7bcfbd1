import os
import re
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from gan_course import cli, datasets
from gan_course.callbacks import read_losses
from gan_course.callbacks.quality import read_quality
from gan_course.synthetic import draw_face

COMMAND = [sys.executable, "-m", "gan_course.cli"]
pytestmark = pytest.mark.usefixtures("few_digits")


def run(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True)


def refused(capsys, *words: str) -> str:
    """Run a command that must fail, and return its one sentence."""
    try:
        code = cli.main(words)
    except SystemExit as stop:
        code = stop.code
    said = capsys.readouterr().err
    assert code == 2
    assert said.startswith("gan-course") and said.count("\n") == 1, said
    return said


def test_train_generate_and_what_they_leave(few_digits, capsys):
    result = run(
        "train", "mnist", "--steps", "3", "--every", "2", "--batch-size", "8", "--out", "run", "--seed", "1"
    )
    assert result.returncode == 0 and result.stderr == ""
    assert sorted(path.name for path in Path("run").iterdir()) == [
        "gan-previous.keras",
        "gan.keras",
        "generator.keras",
        "history.csv",
        "samples",
    ]
    assert sorted(path.name for path in Path("run/samples").iterdir()) == ["step_000000.png", "step_000002.png"]
    assert [row[0] for row in read_losses("run/history.csv")] == [1, 2, 3]
    result = run("generate", "run", "--count", "4", "--out", "drawn/digits.png")
    assert result.returncode == 0 and result.stderr == ""
    assert Image.open("drawn/digits.png").size == (58, 58)
    again = refused(capsys, "train", "mnist", "--out", "run", "--no-resume")
    assert "not an empty folder; choose a new one" in again
    assert len(read_losses("run/history.csv")) == 3


@pytest.mark.thorough
def test_the_same_seed_draws_the_same_samples(few_digits):
    for folder in ("a", "b"):
        run("train", "mnist", "--steps", "2", "--every", "2", "--batch-size", "8", "--out", folder, "--seed", "5")
    a, b = (np.array(Image.open(f"{folder}/samples/step_000002.png")) for folder in ("a", "b"))
    np.testing.assert_array_equal(a, b)


@pytest.mark.thorough
def test_ctrl_c_leaves_samples_history_and_weights(few_digits):
    words = ["train", "mnist", "--steps", "100000", "--every", "1", "--batch-size", "8", "--out", "run"]
    process = subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    until = time.monotonic() + 600
    while not Path("run/samples/step_000002.png").exists() and time.monotonic() < until:
        time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)
    said = process.communicate(timeout=600)[1]
    assert process.returncode == 2
    steps = len(read_losses("run/history.csv"))
    assert steps >= 2
    done = f"{steps:,} of 100,000 steps"
    assert said == f"gan-course: interrupted after {done}; the same command goes on from there\n"
    assert Path(f"run/samples/step_{steps:06d}.png").exists()
    assert run("generate", "run", "--count", "1", "--out", "one.png").returncode == 0


def test_a_folder_that_cannot_hold_the_networks_is_named_before_the_first_step(few_digits):
    """With a limit on the size of files the operating system refuses to write, as it does on a full disk."""
    words = ["train", "mnist", "--steps", "4", "--batch-size", "8", "--out", "run"]
    command = subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert command.returncode == 2
    assert re.fullmatch(r"gan-course: cannot write run/gan.keras: .+; free some space .+\n", command.stderr)
    assert [*Path("run").iterdir()] == []


@pytest.mark.thorough
def test_the_same_command_goes_on_where_the_training_stopped(few_digits, few_samples, capsys):
    words = ["train", "mnist", "--batch-size", "8", "--every", "2", "--metrics", "2", "--seed", "3"]
    assert cli.main([*words, "--steps", "5", "--out", "whole"]) == 0
    assert cli.main([*words, "--steps", "3", "--out", "parts"]) == 0
    assert cli.main([*words, "--steps", "5", "--out", "parts"]) == 0
    assert "Going on from step 3 in parts." in capsys.readouterr().out
    whole, parts = (keras.models.load_model(f"{folder}/gan.keras") for folder in ("whole", "parts"))
    for a, b in zip(whole.variables, parts.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    losses, quality = (
        [read(f"{folder}/{name}") for folder in ("whole", "parts")]
        for read, name in ((read_losses, "history.csv"), (read_quality, "quality.csv"))
    )
    assert [row[:3] for row in losses[0]] == [row[:3] for row in losses[1]]
    assert [row["frechet_distance"] for row in quality[0]] == [row["frechet_distance"] for row in quality[1]]
    assert [row["step"] for row in quality[0]] == [0, 2, 4]
    said = refused(capsys, *words, "--steps", "6", "--recipe", "textbook", "--out", "parts")
    assert "parts holds a training with other settings" in said and "recipe was 'course' and is 'textbook'" in said


@pytest.mark.thorough
@pytest.mark.parametrize(("recipe", "dropout"), [("textbook", 0.3), ("plain", 0.3), ("course", 0)])
def test_recipes_by_name(few_digits, recipe, dropout):
    words = ["train", "mnist", "--steps", "1", "--batch-size", "8", "--recipe", recipe, "--out", "run"]
    assert cli.main(words) == 0
    gan = keras.models.load_model("run/gan.keras")
    assert gan.recipe.name == recipe
    found = [layer.rate for layer in gan.discriminator.layers if isinstance(layer, keras.layers.Dropout)]
    assert found == [dropout, dropout]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "required: COMMAND"),
        ("dance", "invalid choice: 'dance'"),
        ("train cats --out run", "cats is no folder; train takes mnist, faces, or a folder of pictures"),
        ("train mnist", "required: --out"),
        ("train mnist --out run --steps 0", "--steps: found 0, expected a whole number of at least 1"),
        ("train mnist --out run --steps -5", "--steps: found -5"),
        ("train mnist --out run --every 1.5", "--every: found 1.5"),
        ("train mnist --out run --seed -1", "--seed: found -1"),
        ("train mnist --out run --batch-size 65", "batch_size is 65 and there are only 64 images"),
        ("train mnist --out run --source nowhere.npz", "there is no file nowhere.npz"),
        ("train mnist --out data", "not an empty folder"),
        ("train mnist --out data/mnist.npz", "not an empty folder"),
        ("train mnist --out data/mnist.npz/run --steps 1", "cannot write data/mnist.npz/run"),
        ("generate nowhere --out x.png", "nowhere holds no generator.keras"),
        ("generate data --out x.png --count 0", "--count: found 0"),
        ("generate data --out x", "--out is x; expected the name of a file that ends in .png"),
        ("generate data --out data", "--out is data; expected"),
        ("draw-faces", "required: DIR"),
        ("draw-faces run --count 0", "--count: found 0"),
        ("draw-faces run --seed -1", "--seed: found -1"),
        ("draw-faces data", "data exists and is not an empty folder; choose a new one"),
        ("draw-faces data/mnist.npz", "data/mnist.npz exists and is not an empty folder"),
        ("draw-faces data/mnist.npz/run", "cannot write data/mnist.npz/run/000001.jpg"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(few_digits, capsys, words, message):
    assert message in refused(capsys, *words.split())
    assert not Path("run").exists()


def test_a_damaged_generator_is_named(few_digits, capsys):
    Path("run").mkdir()
    Path("run/generator.keras").write_bytes(b"PK\x03\x04 half a file")
    assert "run/generator.keras" in refused(capsys, "generate", "run", "--out", "x.png")
    assert not Path("x.png").exists()


def test_an_unknown_picture_format_is_named(few_digits, capsys):
    assert cli.main(["train", "mnist", "--steps", "1", "--batch-size", "8", "--out", "run"]) == 0
    assert ".xyz" in refused(capsys, "generate", "run", "--out", "x.xyz")
    assert not Path("x.xyz").exists()


def test_draw_faces_writes_a_folder_like_that_of_celeba(few_digits):
    result = run("draw-faces", "data/img_align_celeba_small", "--count", "3", "--seed", "5")
    assert (result.returncode, result.stdout, result.stderr) == (
        0,
        "data/img_align_celeba_small holds 3 faces.\n",
        "",
    )
    files = sorted(Path("data/img_align_celeba_small").iterdir())
    assert [file.name for file in files] == ["000001.jpg", "000002.jpg", "000003.jpg"]
    for number, file in enumerate(files):
        image = Image.open(file)
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (178, 218))
        drawn = np.asarray(draw_face(number, seed=5)[0], float)
        assert np.abs(np.asarray(image, float) - drawn).mean() < 3
    assert datasets.load_faces(channels=1).shape == (3, 28, 28, 1)


def test_ctrl_c_leaves_whole_faces_only(few_digits):
    process = subprocess.Popen(
        [*COMMAND, "draw-faces", "run", "--count", "100000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's `&` makes it ignored
    )
    until = time.monotonic() + 600
    while not Path("run/000003.jpg").exists() and time.monotonic() < until:
        time.sleep(0.05)
    for _ in range(20):  # the first one is lost if it meets Python in a destructor
        os.kill(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            out, said = process.communicate(timeout=10)
            break
    assert process.returncode == 2 and out == ""
    assert said.endswith("\ngan-course: interrupted; files already written are kept\n")
    names = sorted(path.name for path in Path("run").iterdir())
    assert names == [f"{number:06d}.jpg" for number in range(1, len(names) + 1)] and len(names) >= 3
    assert len(datasets.load_image_folder("run")) == len(names)
