"""What counts as the folder of a training, and as one that nothing is lost in."""

import pytest

from gan_course import runs
from gan_course.places import is_free, is_system_file


@pytest.mark.parametrize("name", ["Thumbs.db", "ehthumbs.db", "DESKTOP.INI", "Picasa.ini", "Icon\r", ".DS_Store"])
def test_a_folder_with_what_the_system_puts_there_is_free(tmp_path, name):
    path = tmp_path / name
    path.write_text("")
    assert is_system_file(path) and is_free(tmp_path)


@pytest.mark.parametrize("name", ["notes.txt", "Thumbs.db.txt", "desktop", "000001.jpg"])
def test_a_folder_with_anything_else_is_not_free(tmp_path, name):
    path = tmp_path / name
    path.write_text("")
    assert not is_system_file(path) and not is_free(tmp_path)
    assert not is_free(path)


def test_leftovers_of_a_kill_are_nothing_to_lose(tmp_path):
    assert is_free(tmp_path) and is_free(tmp_path / "new")
    (tmp_path / ".gan.partial.keras").write_text("")
    assert is_free(str(tmp_path))


@pytest.mark.parametrize("name", [runs.CHECKPOINT, runs.PREVIOUS])
def test_a_checkpoint_makes_a_training(tmp_path, name):
    assert not runs.holds_training(tmp_path / "new") and not runs.holds_training(tmp_path)
    (tmp_path / name).write_text("")
    assert runs.holds_training(str(tmp_path))
