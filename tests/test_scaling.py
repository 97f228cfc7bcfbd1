"""More than one device, and what docs/scaling.md says."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_course import GAN
from tests.networks import small_gan, small_generator, small_images
from tests.two_devices import MORE, discriminator, weights

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def two_devices(tmp_path_factory):
    """What the trainings of `tests/two_devices.py` gave."""
    folder = tmp_path_factory.mktemp("two_devices")
    command = [sys.executable, "-m", "tests.two_devices", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "found.json").read_text())


@pytest.mark.thorough
@pytest.mark.parametrize("training", ["plain, adam", "textbook, sgd", "course, sgd", *MORE])
def test_two_devices_compute_what_one_does(two_devices, training):
    assert two_devices["replicas"] == 2
    found = two_devices[training]
    assert found["moved"] > 0.01
    assert found["weights"] < (1e-3 if "adam" in training else 1e-5)  # Adam magnifies rounding
    assert found["losses"] < 1e-5


@pytest.mark.thorough
def test_a_training_on_two_devices_goes_on_after_an_interruption_to_the_bit(two_devices):
    found = two_devices["interrupted"]
    assert found["equal"]
    assert found["steps"] == ["step", *"123456"]
    assert found["pictures"] == ["step_000000.png", "step_000003.png", "step_000006.png"]


@pytest.mark.thorough
def test_what_two_devices_trained_opens_on_one(two_devices):
    found = two_devices["interrupted"]
    assert found["drawn"] < 1e-5
    assert found["on_one_device"] == 3


def start(folder: Path, name: str, steps: int, **environment: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.two_workers", folder, name, str(steps)]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
    )


def start_two(folder: Path, steps: int) -> list[subprocess.Popen]:
    """Two processes that stand for two machines."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{each.getsockname()[1]}" for each in (one, other)]
    tasks = [{"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}} for index in (0, 1)]
    return [
        start(folder, f"worker {index}", steps, TF_CONFIG=json.dumps(task)) for index, task in enumerate(tasks)
    ]


@pytest.mark.thorough
def test_two_machines_compute_what_one_does_also_after_an_interruption(tmp_path):
    alone = start(tmp_path, "alone", 6)
    for steps in (2, 6):
        running = start_two(tmp_path, steps)
        try:
            said = [process.communicate(timeout=600)[1] for process in running]
        finally:
            for process in running:
                process.kill()
        assert [process.returncode for process in running] == [0, 0], said
    assert alone.wait(timeout=600) == 0
    expected, *found = (np.load(tmp_path / f"{name}.npz") for name in ("alone", "worker 0", "worker 1"))
    for each in found:
        assert each["steps"] == expected["steps"] == 6
        np.testing.assert_allclose(each["weights"], expected["weights"], atol=1e-5)
        np.testing.assert_allclose(each["losses"], expected["losses"][2:], atol=1e-5)
    np.testing.assert_array_equal(found[0]["weights"], found[1]["weights"])


def test_xla_is_off_on_the_cpu_unless_asked_for():
    assert small_gan().jit_compile is False
    assert small_gan(jit_compile=True).jit_compile is True


@pytest.mark.thorough
def test_xla_computes_the_same_from_the_same_latent_vectors():
    class Fixed(GAN):
        def draw_latent(self, count):
            return tf.reshape(tf.linspace(-2.0, 2.0, 8 * self.latent_dim), (8, self.latent_dim))

    after = []
    for jit_compile in (False, True):
        keras.utils.set_random_seed(0)
        gan = Fixed(small_generator(), discriminator())
        gan.compile(keras.optimizers.SGD(), keras.optimizers.SGD(), recipe="course", jit_compile=jit_compile)
        gan.fit(small_images(16), batch_size=8, shuffle=False, verbose=0)
        after.append(weights(gan))
    np.testing.assert_allclose(*after, atol=1e-5)


@pytest.mark.thorough
def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("pictures").mkdir()
    for number in range(64):
        Image.new("L", (28, 28), 3 * number).save(f"pictures/{number}.png")
    names = {}
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "scaling.md").read_text(), flags=re.DOTALL):
        exec(block, names)
    assert names["gan"].steps == 2
    assert Path("runs/pictures/gan.keras").exists()
