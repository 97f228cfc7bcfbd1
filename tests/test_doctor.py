"""`gan-course doctor`: what it finds, and that nothing is called right that would fail later."""

import re
import subprocess
import sys

import pytest

from gan_course import cli, doctor
from gan_course.synthetic import write_faces

pytestmark = pytest.mark.usefixtures("few_digits")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Put a package with another version, or with other needs, before the one that is installed."""

    def install(name, version, *needs):
        folder = tmp_path / f"with-{name}"
        path = folder / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA"
        path.parent.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        path.write_text("\n".join([*lines, *(f"Requires-Dist: {need}" for need in needs)]))
        monkeypatch.syspath_prepend(folder)

    return install


def wrong(capsys) -> list[str]:
    code = cli.main(["doctor"])
    said = capsys.readouterr().out
    found = re.findall("^WRONG: (.+)", said, re.MULTILINE)
    assert code == (1 if found else 0) and said.endswith(
        f"{len(found)} to mend; see above.\n" if found else "Nothing is wrong.\n"
    )
    return found


def test_it_says_what_is_there(few_digits, capsys):
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"tensorflow 2\.\d+", said) and "embedded digits: 10,000" in said
    assert "Nothing is wrong." in said and str(few_digits / "data" / "mnist.npz") in said
    assert "faces: no folder of CelebA on this machine; the course draws them" in said


def test_it_says_what_an_instructor_needs(monkeypatch, capsys):
    pytest.importorskip("nbgrader")
    cli.main(["doctor"])
    assert re.search(r"^grading: nbgrader 0\.9\.\d+, (in a|no) sandbox", capsys.readouterr().out, re.MULTILINE)
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    assert cli.main(["doctor"]) == 0
    assert "grading: nbgrader is not installed; only instructors need it" in capsys.readouterr().out


def test_it_says_where_the_faces_are(few_digits, capsys):
    write_faces(few_digits / "data" / "img_align_celeba", count=1, verbose=0)
    assert cli.main(["doctor"]) == 0
    assert f"faces: {few_digits / 'data' / 'img_align_celeba'}\n" in capsys.readouterr().out


def test_a_folder_of_faces_without_any_is_named(few_digits, capsys):
    (few_digits / "data" / "img_align_celeba").mkdir()
    (said,) = wrong(capsys)
    assert said.startswith(f"{few_digits / 'data' / 'img_align_celeba'} is empty; put the pictures")


@pytest.mark.parametrize("name", ["nowhere", "~nobody-of-this-name/data"])
def test_a_folder_of_data_that_does_not_exist_is_named_once(monkeypatch, capsys, name):
    monkeypatch.setenv("GAN_COURSE_DATA", name)
    assert wrong(capsys) == [f"GAN_COURSE_DATA names {name}, which is not a folder; correct it or unset it"]


def test_an_old_keras_inside_tensorflow_is_named(monkeypatch, capsys):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    (said,) = wrong(capsys)
    assert said.startswith("TF_USE_LEGACY_KERAS makes tf.keras an old Keras") and said.endswith("unset it")


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("numpy", "1.26.4", r'numpy is 1\.26\.4, and the course needs .+; run `pip install "numpy.*>=2\.0.*"`'),
        ("ipywidgets", "9.1", r'ipywidgets is 9\.1, and the course needs .+; run `pip install "ipywidgets.+"`'),
        ("keras", "2.15.0", r"keras is 2\.15\.0, and the course needs .+"),
        ("protobuf", "3.20.3", r"protobuf is 3\.20\.3, and TensorFlow needs .+"),
        ("nbgrader", "0.8.1", r"nbgrader is 0\.8\.1, and the course needs .+"),
    ],
)
def test_a_version_out_of_range_is_named_with_the_range(installed, capsys, name, version, message):
    if name == "nbgrader":
        pytest.importorskip("nbgrader")
    installed(name, version)
    assert re.fullmatch(message, wrong(capsys)[0])


def test_a_version_that_is_newer_than_a_release_is_in_range(installed, capsys):
    installed("tensorflow", "2.22.0.dev20251101")
    assert wrong(capsys) == []


def test_a_missing_package_is_named(installed, capsys):
    installed("gan-course", "0.1.0", "numpy>=2.0", "no-such-package>=1.5,<2")
    (said,) = wrong(capsys)
    assert re.fullmatch(r'no-such-package is not installed; run `pip install "no-such-package<2,>=1\.5"`', said)


def test_a_package_that_cannot_be_imported_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    (said,) = wrong(capsys)
    assert said.startswith("ipywidgets cannot be imported (") and "--force-reinstall ipywidgets`" in said


def test_without_numpy_it_still_speaks():
    code = "import sys; sys.modules['numpy'] = None; from gan_course.cli import main; sys.exit(main({words}))"
    for words, said in (
        (["doctor"], "WRONG: numpy cannot be"),
        (["train", "mnist", "--out", "run"], "`gan-course doctor` says what is missing"),
    ):
        command = [sys.executable, "-c", code.format(words=words)]
        result = subprocess.run(command, capture_output=True, text=True)
        assert said in result.stdout + result.stderr and "Traceback" not in result.stderr
        assert result.returncode in (1, 2)


def test_a_damaged_download_is_named(few_digits, monkeypatch, capsys):
    monkeypatch.setenv("GAN_COURSE_DATA", "")
    damaged = few_digits / "keras" / "datasets" / "mnist.npz"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"half")
    (said,) = wrong(capsys)
    assert said.startswith(f"{damaged} is not the MNIST file")
    assert damaged.read_bytes() == b"half"


def test_damaged_digits_in_the_own_folder_are_named(few_digits, capsys):
    (few_digits / "data" / "mnist.npz").write_bytes(b"half")
    (said,) = wrong(capsys)
    assert said.startswith(f"{few_digits / 'data' / 'mnist.npz'} is damaged or no MNIST file")
