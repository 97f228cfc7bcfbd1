import hashlib
import http.client
import io
import re
import shutil
import subprocess
import sys
import urllib.error
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gan_course import datasets
from gan_course.datasets import DataError, digits, load_mnist, scale, unscale
from gan_course.datasets.pixels import check_range

FULL = Path(__file__).parents[2] / "shared" / "data" / "mnist.npz"
needs_full = pytest.mark.skipif(not FULL.exists(), reason="the full MNIST file is not in ../shared/data")


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    """No file of this machine is seen, and there is no network."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("GAN_COURSE_DATA", "")

    def no_network(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(digits.urllib.request, "urlopen", no_network)
    return tmp_path


def save(path: Path, **changes: object) -> Path:
    content = {"x_train": np.zeros((3, 28, 28), "uint8"), "y_train": np.array([1, 2, 3], "uint8"), **changes}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **{name: value for name, value in content.items() if value is not None})
    return path


def serve(monkeypatch, content: bytes) -> None:
    class Answer(io.BytesIO):
        headers = {"Content-Length": str(len(content))}

    monkeypatch.setattr(digits.urllib.request, "urlopen", lambda *args, **kwargs: Answer(content))


def test_embedded_digits_are_the_first_ten_thousand():
    images, labels = load_mnist(source="embedded")
    assert images.shape == (10_000, 28, 28, 1) and images.dtype == np.uint8
    assert labels.shape == (10_000,) and labels.dtype == np.uint8
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert (images.min(), images.max()) == (0, 255)


@needs_full
def test_embedded_digits_equal_the_full_file():
    (few, few_labels), (all_images, all_labels) = load_mnist("embedded"), load_mnist(FULL)
    assert all_images.shape == (60_000, 28, 28, 1)
    np.testing.assert_array_equal(few, all_images[:10_000])
    np.testing.assert_array_equal(few_labels, all_labels[:10_000])


@needs_full
def test_auto_takes_a_whole_file_from_the_keras_cache(empty_home):
    target = empty_home / "keras" / "datasets" / "mnist.npz"
    target.parent.mkdir(parents=True)
    target.symlink_to(FULL)
    assert len(load_mnist()[0]) == 60_000


@needs_full
def test_a_download_is_checked_kept_and_used_again(empty_home, monkeypatch, capsys):
    serve(monkeypatch, FULL.read_bytes())
    assert len(load_mnist("full")[0]) == 60_000
    assert "100 %" in capsys.readouterr().err
    monkeypatch.setattr(digits.urllib.request, "urlopen", None)
    assert len(load_mnist("full")[0]) == 60_000


def test_the_folder_in_gan_course_data_comes_first(empty_home, monkeypatch):
    save(empty_home / "mine" / "mnist.npz")
    monkeypatch.setenv("GAN_COURSE_DATA", str(empty_home / "mine"))
    assert load_mnist()[1].tolist() == [1, 2, 3]


def test_a_folder_in_gan_course_data_that_is_none_is_an_error(empty_home, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_DATA", str(empty_home / "nowhere"))
    with pytest.raises(DataError, match="GAN_COURSE_DATA names .*nowhere, which is not a folder"):
        load_mnist()


def test_without_network_auto_says_so_once_and_takes_the_embedded_digits(capsys):
    assert len(load_mnist()[0]) == 10_000
    said = capsys.readouterr()
    assert said.out.count("\n") == 1 and "10,000 digits" in said.out and said.err == ""


def test_without_network_full_is_an_error():
    with pytest.raises(DataError, match="could not be downloaded .*connect to the internet"):
        load_mnist("full")


def test_a_damaged_cache_is_left_as_it_is(empty_home, monkeypatch):
    damaged = empty_home / "keras" / "datasets" / "mnist.npz"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"half a file")
    assert len(load_mnist()[0]) == 10_000
    assert damaged.read_bytes() == b"half a file"
    assert datasets.damaged_mnist() == damaged


def test_a_damaged_download_is_refused_and_not_kept(empty_home, monkeypatch):
    serve(monkeypatch, b"not the file")
    with pytest.raises(DataError, match="downloaded is damaged"):
        load_mnist("full")
    assert list((empty_home / "keras").rglob("*")) == []


def test_a_download_that_is_cut_off_leaves_auto_the_embedded_digits(empty_home, monkeypatch, capsys):
    serve(monkeypatch, b"the first bytes")
    assert len(load_mnist()[0]) == 10_000
    assert "10,000 digits" in capsys.readouterr().out
    assert list((empty_home / "keras").rglob("*")) == []


def test_a_connection_that_breaks_is_not_taken_for_a_full_disk(monkeypatch):
    class Broken:
        headers: dict[str, str] = {}

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def read(self, size):
            raise TimeoutError("timed out")

    monkeypatch.setattr(digits.urllib.request, "urlopen", lambda *args, **kwargs: Broken())
    with pytest.raises(DataError, match=r"could not be downloaded \(timed out\); connect to the internet"):
        load_mnist("full")


def test_an_answer_that_is_none_is_told_like_no_network(monkeypatch):
    def portal(*args, **kwargs):
        raise http.client.BadStatusLine("log in to this network first")

    monkeypatch.setattr(digits.urllib.request, "urlopen", portal)
    with pytest.raises(DataError, match=r"could not be downloaded \(log in to .*connect to the internet"):
        load_mnist("full")
    assert len(load_mnist()[0]) == 10_000


def test_without_verbose_nothing_is_printed(empty_home, monkeypatch, capfd):
    load_mnist(verbose=0)
    load_mnist("embedded", verbose=0)
    content = save(empty_home / "other" / "mnist.npz").read_bytes()
    serve(monkeypatch, content)
    monkeypatch.setattr(digits, "MNIST_SHA256", hashlib.sha256(content).hexdigest())
    assert load_mnist("full", verbose=0)[1].tolist() == [1, 2, 3]
    assert capfd.readouterr() == ("", "")
    (empty_home / "keras" / "datasets" / "mnist.npz").unlink()
    load_mnist("full")
    assert capfd.readouterr() == ("", "\rDownloading MNIST: 100 %\n")


def test_loading_data_starts_no_tensorflow():
    code = (
        "import sys; from gan_course.datasets import load_mnist, scale; scale(load_mnist('embedded')[0][:9]);"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("source", [None, 5, ["auto"], np.zeros((3, 28, 28)), "", b"auto"])
def test_a_source_that_is_no_path_gets_one_sentence(source):
    with pytest.raises(ValueError, match=r"^source is .*; expected a path$"):
        load_mnist(source)


def test_a_path_may_name_the_file_or_its_folder(tmp_path):
    path = save(tmp_path / "mnist.npz")
    assert load_mnist(path)[0].shape == load_mnist(str(tmp_path))[0].shape == (3, 28, 28, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": None}, "has no array .*x_train"),
        ({"y_train": None}, "has no array .*y_train"),
        ({"x_train": np.zeros((3, 28, 28), "float32")}, "x_train .* is float32"),
        ({"x_train": np.zeros((3, 32, 32), "uint8")}, r"x_train .*\(3, 32, 32\); expected uint8 \(n, 28, 28\)"),
        ({"x_train": np.zeros((0, 28, 28), "uint8")}, "n >= 1"),
        ({"y_train": np.array([1, 2], "uint8")}, "expected 3 whole numbers"),
        ({"y_train": np.array([1, 2, 0.5])}, "float64 .*expected 3 whole numbers"),
        ({"y_train": np.array([1, 2, 10])}, "from 1 to 10; expected 0 to 9"),
        ({"x_train": np.array([{}, {}, {}], dtype=object)}, "damaged or no MNIST file"),
    ],
)
def test_a_file_that_is_not_mnist_gets_one_clear_error(tmp_path, changes, message):
    with pytest.raises(DataError, match=message) as error:
        load_mnist(save(tmp_path / "other.npz", **changes))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\x80\x04]\x94.", b"GIF89a", np.arange(3).tobytes()])
def test_a_file_that_is_no_npz_gets_one_clear_error(tmp_path, content):
    path = tmp_path / "mnist.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged or no MNIST file"):
        load_mnist(path)
    assert path.read_bytes() == content


def test_a_single_array_is_not_mnist(tmp_path):
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(DataError, match="damaged or no MNIST file"):
        load_mnist(tmp_path / "one.npy")


def test_a_missing_file_and_an_unknown_name_get_one_clear_error():
    with pytest.raises(DataError, match="there is no file embeded"):
        load_mnist("embeded")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_truncated_or_altered_file_is_read_right_or_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("altered")
    content = save(folder / "good.npz", x_train=np.arange(3 * 784, dtype="uint8").reshape(3, 28, 28)).read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:position]
    else:
        flipped = content[position] ^ data.draw(st.integers(1, 255))
        content = content[:position] + bytes([flipped]) + content[position + 1 :]
    (folder / "bad.npz").write_bytes(content)
    try:
        images, labels = load_mnist(folder / "bad.npz")
    except DataError as error:
        assert "bad.npz" in str(error)
    else:
        np.testing.assert_array_equal(images.ravel(), np.arange(3 * 784, dtype="uint8"))
        assert labels.tolist() == [1, 2, 3]
    shutil.rmtree(folder)


def test_an_encrypted_or_unknown_compression_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "lzma.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x_train.npy", b"nonsense")
    with pytest.raises(DataError):
        load_mnist(tmp_path / "lzma.npz")


@given(arrays.arrays("uint8", arrays.array_shapes(max_dims=4)))
def test_unscale_undoes_scale(images):
    scaled = scale(images)
    assert scaled.dtype == np.float32 and scaled.shape == images.shape
    assert np.all(np.abs(scaled) <= 1)
    np.testing.assert_array_equal(unscale(scaled), images)


@given(arrays.arrays("float32", 9, elements=st.floats(-1, 1, width=32)), st.sampled_from(["float32", "float64"]))
def test_unscale_takes_the_nearest_pixel(values, dtype):
    assert np.all(np.abs(unscale(values.astype(dtype)) - (values.astype("float64") + 1) * 127.5) <= 0.5 + 1e-4)


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (np.zeros((2, 2), "float32"), "float32 pixels of 0 to 0"),
        ([0, 255], "int64 pixels of 0 to 255"),
        (np.array([np.nan]), "float64 pixels with NaN"),
        (np.array([None]), "object"),
        (np.array([True]), "bool"),
    ],
)
def test_scale_refuses_what_is_not_uint8(images, found):
    with pytest.raises(ValueError, match=f"uint8 pixels of 0 to 255, found {found}.*; are they scaled already"):
        scale(images)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([0, 1.01], "float64 pixels of 0 to 1.01"),
        ([-1.01, 0], "float64 pixels of -1.01 to 0"),
        ([0, np.nan], "float64 pixels with NaN"),
        ([0, np.inf], "float64 pixels of 0 to inf"),
        (np.float32([0, 255]), "float32 pixels of 0 to 255"),
        (np.zeros(3, "uint8"), "uint8 pixels of 0 to 0"),
        (np.ones(3, "bool"), "bool pixels of 1 to 1"),
        (np.array([0.5, None]), "object"),
        (["0.5"], "<U3"),
        ([0.5 + 0j], "complex128"),
        (None, "object"),
        (tf.constant([2.0], "bfloat16"), "bfloat16 pixels of 2 to 2"),
    ],
)
def test_what_is_not_in_the_range_gets_one_sentence(values, found):
    sentence = (
        f"are {re.escape(found)}; expected floats in \\[-1, 1\\], as gan_course.datasets.scale makes them [^.]*$"
    )
    with pytest.raises(ValueError, match=f"^the digits {sentence}"):
        check_range(values, "the digits")
    with pytest.raises(ValueError, match=f"^the images {sentence}"):
        unscale(values)


def test_images_of_different_shapes_get_one_sentence():
    for function in (scale, unscale):
        with pytest.raises(ValueError, match="^the images differ in shape; expected them in one array$"):
            function([[1, 2], [3]])


@pytest.mark.parametrize(
    ("values", "pixels"),
    [
        (np.float32([-1.0000001, 1.0000001]), [0, 255]),  # as bilinear interpolation may round it
        ([-1, 0, 1.0], [0, 128, 255]),
        (np.ma.array([0.0, 1.0], mask=[False, False]), [128, 255]),
        (np.float16([-0.9960938, 0.3645]), [0, 174]),
        (tf.constant([-1.0, 0.5]), [0, 191]),
        (tf.constant([-1.0, 0.5], "bfloat16"), [0, 191]),
        (np.zeros((0, 4, 4, 1)), np.zeros((0, 4, 4, 1))),
    ],
)
def test_numbers_of_every_kind_are_unscaled(values, pixels):
    found = unscale(values)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, pixels)


def test_tensors_are_scaled():
    np.testing.assert_array_equal(scale(tf.constant([0, 255], "uint8")), np.float32([-1, 1]))
