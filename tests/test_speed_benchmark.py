import json

import keras
import pytest
from keras import layers

from benchmarks import speed
from benchmarks.speed import OURS, PEAK, TRIED, layer_flops, step_flops, summary
from gan_course.models import mnist_discriminator, mnist_generator

FLOPS = 2 * 10**9
SECONDS = {
    "textbook": [0.30, 0.50, 0.24],
    "tutorial": [0.06, 0.08, 0.10],
    OURS: [0.05, 0.10, 0.04],
    PEAK: [0.2, 0.1, 0.4],
}


@pytest.fixture
def results(tmp_path):
    found = summary(SECONDS, FLOPS)
    speed.write(tmp_path, {"machine": "an abacus", "load": "0.1 and 2.0", "step_flops": FLOPS, **found})
    return tmp_path


def test_ratios_are_taken_round_by_round():
    textbook = summary(SECONDS, FLOPS)["rows"]["textbook"]
    assert textbook["seconds_per_step"] == 0.30
    assert textbook["times_ours"] == pytest.approx(6.0)  # 6, 5 and 6; the medians' own ratio says so too
    assert textbook["times_ours_range"] == pytest.approx([5.0, 6.0])
    tutorial = summary(SECONDS, FLOPS)["rows"]["tutorial"]
    assert tutorial["times_ours"] == pytest.approx(1.2)  # 1.2, 0.8 and 2.5; that of the medians is 1.6


def test_the_share_of_the_peak_is_that_of_the_fastest_product():
    found = summary(SECONDS, FLOPS)
    assert found["peak_flops"] == pytest.approx(2 * 2048**3 / 0.1)
    assert found["our_flops"] == pytest.approx(FLOPS / 0.05)
    assert found["share_of_peak"] == pytest.approx(4e10 / 1.7179869e11, rel=1e-6)


def test_the_table_says_which_goals_were_reached(results):
    lines = (results / "speed.md").read_text().splitlines()
    assert (
        "| textbooks' loop, Keras 2 | 300.0 (240.0 to 500.0) | 3.3 | 6.00 (5.00 to 6.00) | 5.5: reached |" in lines
    )
    assert "| 80.0 (60.0 to 100.0) | 12.5 | 1.20 (0.80 to 2.50) | 1.7: missed |" in "\n".join(lines)
    assert '| `GAN.fit`, recipe "plain" | 50.0 (40.0 to 100.0) | 20.0 | 1 |  |' in lines
    assert "an abacus" in lines[2] and "medians of 3 rounds" in lines[2] and "0.1 and 2.0" in lines[2]
    assert any("2.0 GFLOP, so it does 40 GFLOP/s: 23% of the 172" in line for line in lines)
    assert json.loads((results / "speed.json").read_text())["rows"]["textbook"]["seconds_per_step"] == 0.30


def test_what_is_written_by_hand_stays(results):
    page = results / "speed.md"
    first = page.read_text()
    page.write_text(first.replace("abacus", "slide rule") + "\nA tale.\n")
    speed.write(results, json.loads((results / "speed.json").read_text()))
    assert page.read_text() == first + "\nA tale.\n"
    assert first.endswith(TRIED)


def test_flops_of_layers_counted_by_hand():
    network = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4 * 4 * 2),
            layers.Reshape((4, 4, 2)),
            layers.Conv2D(5, 3, strides=2, padding="same", activation="relu"),
            layers.UpSampling2D(),
            layers.Conv2D(1, 5, padding="same"),
        ]
    )
    dense, strided, fused = 3 * 32, (2 * 2) * (3 * 3) * 2 * 5, (4 * 4) * (3 * 3) * 5 * 1
    assert layer_flops(network) == [2 * dense, 2 * strided, 2 * fused]


def test_a_step_of_the_lesson_counted_by_hand():
    dense, first, second = 100 * 6272, 14 * 14 * 9 * 128 * 64, 28 * 28 * 9 * 64
    one, two, last = 14 * 14 * 25 * 64, 7 * 7 * 25 * 64 * 128, 6272
    forward = dense + first + second + 2 * (one + two + last)
    weights = forward
    inputs = first + second + one + 2 * (two + last)
    assert step_flops(mnist_generator(), mnist_discriminator()) == 2 * (forward + weights + inputs)
