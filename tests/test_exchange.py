"""What goes between a kernel and the judge: everything that may comes back the same, and nothing else does."""

import base64
import io
import json
import zipfile

import numpy as np
import pytest

pytest.importorskip("nbgrader")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.extra import numpy as arrays  # noqa: E402

from gan_course.instructor import exchange  # noqa: E402
from gan_course.instructor.exchange import ExchangeError, from_text, pack, unpack  # noqa: E402

NUMBERS = st.sampled_from(["?", "u1", "i8", "f4", "f8"]).flatmap(
    lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_side=4))
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(st.dictionaries(st.text(), st.recursive(PLAIN | NUMBERS, lambda each: st.lists(each, max_size=3))))
def test_what_is_packed_comes_back(values):
    found = from_text(repr(exchange.as_text(values)))
    assert list(found) == list(values)
    for name, value in values.items():
        assert_same(found[name], value)


def assert_same(found, value):
    assert type(found) is type(value)
    if isinstance(value, list):
        assert len(found) == len(value)
        for pair in zip(found, value, strict=True):
            assert_same(*pair)
    elif isinstance(value, np.ndarray):
        assert found.dtype == value.dtype and found.shape == value.shape
        assert np.array_equal(found, value, equal_nan=value.dtype.kind == "f")
    else:
        assert found == value


class Yes(np.ndarray):
    def __eq__(self, other):
        return True


def test_what_equals_everything_arrives_as_the_numbers_it_holds():
    found = unpack(pack({"evil": np.zeros(3).view(Yes)}))["evil"]
    assert type(found) is np.ndarray and not (found == 1).any()


@pytest.mark.parametrize("value", [object(), {"a": 1}, np.array([object()]), np.array("text"), {1, 2}])
def test_what_is_no_answer_is_refused_where_it_stands(value):
    with pytest.raises(ExchangeError, match=r"answer is a \w+; expected arrays, numbers or text"):
        pack({"answer": value})


def test_what_no_message_can_carry_is_refused():
    with pytest.raises(ExchangeError, match="larger than 7 MB"):
        pack({"much": np.zeros(1_000_000)})


def zipped(compression=zipfile.ZIP_STORED, **files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def saved(array, **settings):
    file = io.BytesIO()
    np.save(file, array, **settings)
    return file.getvalue()


FORM = {"form.json": json.dumps({"a": {"array": 0}})}
LYING = saved(np.zeros(2)).replace(b"(2,)", b"(9,)")


@pytest.mark.parametrize(
    "data",
    [
        b"nothing",
        zipped(**{"form.json": "{"}),
        zipped(**{"form.json": '{"a": {"evil": 1}}'}),
        zipped(**{"form.json": '{"a": {"plain": {}}}'}),
        zipped(**{"form.json": '{"a": {"array": 7}}'}),
        zipped(**FORM, **{"0.npy": saved(np.array([object()]), allow_pickle=True)}),
        zipped(**FORM, **{"0.npy": LYING}),
        zipped(zipfile.ZIP_DEFLATED, **FORM, **{"0.npy": saved(np.zeros(2))}),
        zipped(**FORM, **{"0.npy": saved(np.zeros(1_000_000))}),
    ],
)
def test_forged_bytes_are_refused(data):
    with pytest.raises(ExchangeError, match="the answers"):
        unpack(data)
    with pytest.raises(ExchangeError, match="the answers"):
        from_text(base64.b64encode(data).decode() + "?")
