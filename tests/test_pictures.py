import numpy as np
import pytest
from PIL import Image

from gan_course.datasets import DataError, read_picture

GRADIENT = np.linspace(0, 255, 48 * 48 * 3).reshape(48, 48, 3).astype("uint8")


@pytest.mark.parametrize(
    ("mode", "name"), [("RGB", "a.png"), ("RGBA", "a.png"), ("CMYK", "a.jpg"), ("P", "a.png"), ("RGB", "a.webp")]
)
def test_a_picture_of_any_mode_is_read_as_it_is_seen(tmp_path, mode, name):
    Image.fromarray(GRADIENT).convert(mode).save(tmp_path / name, quality=100)
    found = read_picture(tmp_path / name, size=48)
    assert found.shape == (48, 48, 3) and found.dtype == np.uint8
    assert np.abs(found.astype(int) - GRADIENT).mean() < (40 if mode == "P" else 12)


def test_16_bits_become_8(tmp_path):
    deep = (np.linspace(0, 65535, 48 * 48).reshape(48, 48)).astype("uint16")
    Image.fromarray(deep).save(tmp_path / "deep.png")
    found = read_picture(tmp_path / "deep.png", size=48)
    np.testing.assert_allclose(found[..., 0], deep / 257, atol=1)


def test_what_is_transparent_becomes_white(tmp_path):
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (read_picture(tmp_path / "clear.png", size=40) == 255).all()


def test_the_middle_square_is_cut_out(tmp_path):
    wide = np.zeros((40, 80, 3), "uint8")
    wide[:, 20:60] = 200
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert (read_picture(tmp_path / "wide.png", size=40)[:, 2:-2] > 195).all()


def test_what_is_no_picture_gets_a_sentence(tmp_path):
    Image.new("RGB", (20, 40)).save(tmp_path / "small.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    for path, sentence in {
        tmp_path / "small.png": r"small.png has 20 x 40 pixels; give a picture of at least 32 on each side",
        tmp_path / "text.png": r"cannot read text.png \(no JPEG, PNG or WebP\); give another",
        tmp_path / "cut.jpg": r"cannot read cut.jpg \(",
        tmp_path: r"is a folder; give one of the pictures in it",
        tmp_path / "none.png": r"there is no file",
    }.items():
        with pytest.raises(DataError, match=sentence):
            read_picture(path)
    with pytest.raises(ValueError, match="path is 3; expected a path"):
        read_picture(3)
