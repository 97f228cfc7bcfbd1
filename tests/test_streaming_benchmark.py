import numpy as np
from PIL import Image

from benchmarks import streaming


def test_pictures_differ_and_have_their_size(tmp_path):
    streaming.draw(tmp_path / "pictures", 3)
    found = [np.asarray(Image.open(path)) for path in sorted(tmp_path.glob("pictures/*.jpg"))]
    assert [image.shape for image in found] == 3 * [(64, 64, 3)]
    assert np.abs(found[0].astype(int) - found[1]).mean() > 10


def test_the_report_compares_within_each_round():
    memory = {2_000: {"gib": 1.0}, 20_000: {"gib": 1.04}}
    rates = {
        "files alone": [10.0, 100.0, 30.0],
        "steps on an array": [1.0, 20.0, 6.0],  # 10, 5 and 5 times
        "steps on the files": [0.9, 16.0, 5.4],  # 90, 80 and 90 %
    }
    text = streaming.report(memory, rates)
    assert "| 20,000 | 1.04 GiB |" in text
    assert "| files alone | 30.0 batches | 10.0 to 100.0 |" in text
    assert "**5.0 times** as fast" in text and "**90 %** of the rate" in text
