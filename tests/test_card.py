"""Model cards: facts from the folder of a training, and what a person has still to fill in."""

import zipfile

import pytest

import gan_course
from gan_course import cli
from gan_course.callbacks import Checkpoint
from gan_course.card import model_card, open_places
from tests.networks import small_gan, small_images


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "digits"
    gan_course.train_mnist(folder, steps=3, batch_size=4, metrics=3, every=3, source="embedded", verbose=0)
    return folder


def test_facts_are_filled_in_and_the_rest_is_named(run):
    card = model_card(run)
    for fact in (
        "# Model card: digits",
        "10,000 images of 28 × 28 × 1",
        "| steps | 3 |",
        "| images a step | 4 |",
        "| recipe | course |",
        "| r1_gamma | 0.5 |",
        "| generator's optimizer | ",
        "d_loss, mean of the last 3 steps: ",
        "Fréchet distance of the digits (`gan_course.metrics`; real digits 0.42): ",
        "- Drawings: samples/step_000003.png",
        "- generator: Dense · LeakyReLU · BatchNormalization · Reshape · UpSampling2D",
    ):
        assert fact in card, fact
    places = open_places(card)
    assert len(places) > 8 and any("consent" in place.lower() or "agreed" in place for place in places)
    for place in places:
        card = card.replace(place, "said")
    assert open_places(card) == [] and "Fill in" not in card


def test_the_losses_are_those_of_the_history(run):
    rows = (run / "history.csv").read_text().splitlines()
    place = rows[0].split(",").index("d_loss")
    mean = sum(float(row.split(",")[place]) for row in rows[1:]) / 3
    assert f"d_loss, mean of the last 3 steps: {mean:.3f}" in model_card(run)


def test_a_training_of_ones_own_has_a_card_too(tmp_path):
    gan = small_gan()
    gan.fit(small_images(8), batch_size=4, steps_per_epoch=2, callbacks=[Checkpoint(tmp_path / "mine")], verbose=0)
    card = model_card(tmp_path / "mine")
    assert (
        "| steps | 2 |" in card and "*Fill in: what you measured" in card and "they were not written down" in card
    )


def test_the_command_writes_it_and_says_what_is_left(run, tmp_path, capsys):
    out = tmp_path / "card.md"
    assert cli.main(["card", str(run), "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == model_card(run)
    assert f"{len(open_places(model_card(run)))} places to fill in" in capsys.readouterr().out
    out.write_text("mine")
    assert cli.main(["card", str(run), "--out", str(out)]) == 2
    assert "exists" in capsys.readouterr().err and out.read_text() == "mine"


@pytest.mark.parametrize("content", [None, b"damaged", "empty"])
def test_a_folder_without_a_training_is_refused_in_a_sentence(tmp_path, capsys, content):
    if content == "empty":
        with zipfile.ZipFile(tmp_path / "gan.keras", "w") as archive:
            archive.writestr("config.json", "{}")
    elif content:
        (tmp_path / "gan.keras").write_bytes(content)
    assert cli.main(["card", str(tmp_path), "--out", str(tmp_path / "card.md")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and ("holds no gan.keras" if content is None else "is damaged") in error
    assert not (tmp_path / "card.md").exists()
