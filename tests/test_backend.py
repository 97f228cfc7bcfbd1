"""Keras as it is set up on this machine: by keras.json, by the environment, or in this session."""

import importlib
import json
import re
import subprocess
import sys

import keras
import pytest

import gan_course
from gan_course.backend import check_keras, keras_problems


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Write a keras.json or set variables, and let Keras read them as if it had just been imported."""
    config = importlib.import_module("keras.src.backend.config")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "")  # Keras sets it for another backend
    policy = keras.config.dtype_policy()

    def write(text=None, **variables):
        if text is not None:
            (tmp_path / "keras.json").write_text(text)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        importlib.reload(config)
        return tmp_path / "keras.json"

    yield write
    monkeypatch.undo()
    importlib.reload(config)
    keras.config.set_dtype_policy(policy)


@pytest.mark.parametrize(
    ("name", "value", "needed"),
    [
        ("backend", "torch", "tensorflow"),
        ("backend", "jax", "tensorflow"),
        ("backend", "numpy", "tensorflow"),
        ("image_data_format", "channels_first", "channels_last"),
        ("floatx", "float16", "float32"),
        ("floatx", "float64", "float32"),
        ("epsilon", 0.001, 1e-07),
    ],
)
def test_a_setting_of_keras_json_is_named_with_its_file(settings, name, value, needed):
    path = settings(json.dumps({"epsilon": 1e-07, name: value}))
    write = f'write "{name}": {json.dumps(needed)} there'
    assert keras_problems() == [f'{path} says "{name}": {json.dumps(value)}; {write}']


def test_what_keras_does_without_is_no_problem(settings):
    for text in ('{"backend": "tor', "{}", '{"image_dim_ordering": "tf"}', None):
        settings(text)
        assert keras_problems() == []


def test_two_settings_are_two_problems(settings):
    settings('{"floatx": "float16", "image_data_format": "channels_first"}')
    assert len(keras_problems()) == 2


@pytest.mark.parametrize(
    ("variable", "value", "needed"),
    [("KERAS_BACKEND", "torch", "tensorflow"), ("KERAS_MAX_STEPS_PER_EPOCH", "3", "no limit")],
)
def test_a_variable_goes_before_the_file_and_is_named(settings, variable, value, needed):
    settings('{"backend": "jax"}', **{"KERAS_BACKEND": "tensorflow", variable: value})
    assert keras_problems() == [f"{variable} is {value}, and the course needs {needed}; unset it"]


def test_a_variable_that_says_tensorflow_makes_up_for_the_file(settings):
    settings('{"backend": "torch"}', KERAS_BACKEND="tensorflow")
    assert keras_problems() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image_data_format", "channels_first"),
        ("floatx", "float16"),
        ("epsilon", 0.1),
        ("max_epochs", 5),
        ("dtype_policy", "mixed_float16"),
        ("dtype_policy", "float64"),
    ],
)
def test_what_was_set_in_this_session_is_mended_by_the_call_that_is_named(settings, name, value):
    settings()
    before = keras.config.dtype_policy() if name == "dtype_policy" else getattr(keras.config, name)()
    getattr(keras.config, f"set_{name}")(value)
    try:
        with pytest.raises(ValueError, match=rf"^keras\.config\.{name}\(\) is '?{value}'?, .* first$") as caught:
            check_keras()
        call = str(caught.value).partition("call ")[2].removesuffix(" first")
        eval(call, {"keras": keras})
        assert keras_problems() == []
    finally:
        getattr(keras.config, f"set_{name}")(before)


def test_a_backend_that_is_not_installed_is_named_where_it_is_set(settings, monkeypatch):
    path = settings('{"backend": "torch"}')
    monkeypatch.setitem(sys.modules, "keras", None)  # its import fails
    assert keras_problems() == [f'{path} says "backend": "torch"; write "backend": "tensorflow" there']


def test_a_broken_installation_is_named_with_its_first_cause(settings, monkeypatch):
    def fail():
        try:
            raise ImportError("libcudart.so.12: cannot open shared object file")
        except ImportError:
            raise ImportError("Traceback (most recent call last):\n\nFailed to load the runtime.")  # noqa: B904

    settings()
    monkeypatch.setattr(gan_course, "quiet_tensorflow", fail)
    (problem,) = keras_problems()
    assert problem.startswith("TensorFlow and Keras cannot be imported (libcudart.so.12: cannot open")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("command", "variables", "text", "said"),
    [
        ("train mnist --out run", {"KERAS_BACKEND": "jax"}, "{}", "KERAS_BACKEND is jax, and the course needs"),
        ("generate data --out x.png", {}, '{"backend": "torch"}', 'keras.json says "backend": "torch"; write'),
        ("doctor", {}, "[]", "Keras cannot take its settings ('list' object"),
    ],
)
def test_a_keras_that_cannot_be_imported_costs_one_sentence(tmp_path, monkeypatch, command, variables, text, said):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "generator.keras").write_bytes(b"")
    (tmp_path / "keras.json").write_text(text)
    monkeypatch.chdir(tmp_path)
    for name, value in {"KERAS_HOME": str(tmp_path), **variables}.items():
        monkeypatch.setenv(name, value)
    words = [sys.executable, "-m", "gan_course.cli", *command.split()]
    result = subprocess.run(words, capture_output=True, text=True)
    lines = re.findall("^(?:WRONG|gan-course): .+", result.stdout + result.stderr, re.MULTILINE)
    assert len(lines) == 1 and said in lines[0]
    assert result.returncode == (1 if command == "doctor" else 2) and "Traceback" not in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "keras.json"]
