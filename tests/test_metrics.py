import random

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from gan_course.datasets import load_mnist, scale, unscale
from gan_course.metrics import (
    Gaussian,
    classify_digits,
    digit_classifier,
    digit_quality,
    digit_reference,
    fit_gaussian,
    frechet_distance,
    nearest_images,
)
from tests.networks import digit_gan

numbers = st.floats(-100, 100, allow_subnormal=False).map(lambda number: round(number, 3))
seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def digits():
    images, labels = load_mnist(source="embedded")
    return scale(images), labels


def gaussian(seed: int, size: int) -> Gaussian:
    """Of features with quite different spreads, some of them constant."""
    draw = np.random.default_rng(seed)
    features = (
        draw.normal(size=(2 * size + 1, size)) @ draw.normal(size=(size, size)) * draw.integers(3, size=size)
    )
    return fit_gaussian(features + draw.normal(size=size))


def close(a: float, b: float, *of: Gaussian) -> bool:
    """Equal within what rounding does to the square root of a covariance."""
    return abs(a - b) <= 1e-6 * (1 + sum(np.trace(each.covariance) for each in of))


@given(seeds, st.integers(1, 8))
def test_a_gaussian_is_at_no_distance_from_itself(seed, size):
    a = gaussian(seed, size)
    assert close(frechet_distance(a, a), 0, a)


@given(seeds, seeds, st.integers(1, 8))
def test_the_distance_is_symmetric_and_never_negative(first, second, size):
    a, b = gaussian(first, size), gaussian(second, size)
    assert frechet_distance(a, b) >= 0
    assert close(frechet_distance(a, b), frechet_distance(b, a), a, b)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=6))
def test_independent_features_have_the_distance_known_in_closed_form(rows):
    m_a, m_b, s_a, s_b = np.array(rows).T
    a, b = Gaussian(m_a, np.diag(s_a**2)), Gaussian(m_b, np.diag(s_b**2))
    expected = np.sum((m_a - m_b) ** 2) + np.sum((np.abs(s_a) - np.abs(s_b)) ** 2)
    assert close(frechet_distance(a, b), expected, a, b)


@given(seeds, st.integers(1, 8), st.floats(0, 50), st.floats(0, 50))
def test_the_distance_of_a_shift_is_its_square(seed, size, shift, further):
    a = gaussian(seed, size)
    near, far = (frechet_distance(a, Gaussian(a.mean + by, a.covariance)) for by in (shift, shift + further))
    assert close(near, size * shift**2, a)
    assert far >= near or close(far, near, a)


@given(seeds, seeds, seeds, st.integers(1, 8))
def test_the_distance_does_not_change_when_both_are_rotated(first, second, third, size):
    a, b = gaussian(first, size), gaussian(second, size)
    q = np.linalg.qr(np.random.default_rng(third).normal(size=(size, size)))[0]
    turned = (Gaussian(q @ each.mean, q @ each.covariance @ q.T) for each in (a, b))
    assert close(frechet_distance(*turned), frechet_distance(a, b), a, b)


def test_features_that_make_no_gaussian_are_refused():
    with pytest.raises(ValueError, match="expected as many"):
        frechet_distance(gaussian(0, 2), gaussian(0, 3))
    for features in (np.zeros((3, 3)), np.zeros(5), np.zeros((5, 0))):
        with pytest.raises(ValueError, match="take more images"):
            fit_gaussian(features)
    with pytest.raises(ValueError, match="NaN or infinite"):
        fit_gaussian([[0.0], [1.0], [np.inf]])


def test_the_classifier_reads_digits(digits):
    images, labels = digits
    found = classify_digits(images[-2000:])
    assert np.mean(found["probabilities"].argmax(1) == labels[-2000:]) > 0.99
    assert found["features"].shape == (2000, 64)
    np.testing.assert_allclose(found["probabilities"].sum(1), 1, rtol=1e-5)


def test_the_classifier_reads_the_test_digits_and_the_reference_is_theirs(full_mnist):
    found = classify_digits(scale(full_mnist["x_test"][..., None]))
    assert np.mean(found["probabilities"].argmax(1) == full_mnist["y_test"]) >= 0.994
    assert frechet_distance(fit_gaussian(found["features"]), digit_reference()) < 0.001


def test_the_classifier_takes_nothing_from_the_random_state_of_a_training(digits):
    keras.utils.set_random_seed(3)
    before = random.getstate(), str(np.random.get_state())  # noqa: NPY002
    digit_classifier()
    assert (random.getstate(), str(np.random.get_state())) == before  # noqa: NPY002
    after = keras.random.normal((3,))
    keras.utils.set_random_seed(3)
    np.testing.assert_array_equal(after, keras.random.normal((3,)))


def test_real_digits_score_well(digits):
    found = digit_quality(digits[0][:5000])
    assert found.count == 5000
    assert found.frechet_distance < 1
    assert found.coverage == 1
    assert abs(found.entropy - np.log(10)) < 0.01
    assert found.confident > 0.98


def test_real_test_digits_of_the_full_file_score_the_level_of_the_docstring(full_mnist):
    picked = np.random.default_rng(0).choice(60_000, 5000, replace=False)
    found = digit_quality(scale(full_mnist["x_train"][np.sort(picked)][..., None]))
    assert abs(found.frechet_distance - 0.42) < 4 * 0.13


def test_the_distance_grows_with_noise(digits):
    images, draw = digits[0][:1000], np.random.default_rng(0)
    noise = draw.uniform(-1, 1, images.shape).astype("float32")
    distances = [digit_quality((1 - part) * images + part * noise).frechet_distance for part in (0, 0.1, 0.3)]
    assert distances == sorted(distances)
    assert distances[-1] > 100 * distances[0]


def test_missing_digits_are_noticed(digits):
    images, labels = digits
    whole, half = digit_quality(images[:2000]), digit_quality(images[labels < 5][:2000])
    assert half.coverage == 0.5
    assert abs(half.entropy - np.log(5)) < 0.05
    assert half.frechet_distance > 10 * whole.frechet_distance
    assert half.confident > 0.98


def test_a_generator_that_draws_one_image_has_collapsed(digits):
    found = digit_quality(np.repeat(digits[0][:1], 200, axis=0))
    assert (found.coverage, found.entropy, found.confident) == (0.1, 0, 1)
    assert found.frechet_distance > 100
    for name in ("frechet_distance", "coverage", "entropy", "confident"):
        assert getattr(found, f"{name}_error") == 0


def test_a_few_stray_images_do_not_cover_a_digit(digits):
    images, labels = digits
    ones, sevens = images[labels == 1], images[labels == 7]
    assert digit_quality(np.concatenate([ones[:993], sevens[:7]])).coverage == 0.1
    assert digit_quality(np.concatenate([ones[:970], sevens[:30]])).coverage == 0.2


def test_the_standard_errors_are_those_of_repeated_samples(digits):
    without_two = np.random.default_rng(0).permutation(digits[0][digits[1] != 2])
    parts = [digit_quality(part) for part in np.split(without_two[:9000], 18)]
    for name in ("frechet_distance", "entropy", "confident"):
        spread = np.std([getattr(part, name) for part in parts], ddof=1)
        assert 0.5 < np.mean([getattr(part, f"{name}_error") for part in parts]) / spread < 2, name
    share = parts[0].confident
    assert 0.6 < parts[0].confident_error / np.sqrt(share * (1 - share) / parts[0].count) < 1.6


def test_a_generator_a_gan_and_their_images_are_measured_alike():
    gan = digit_gan()
    of_gan = digit_quality(gan, count=100, seed=4)
    assert of_gan == digit_quality(gan.generator, count=100, seed=4)
    assert of_gan == digit_quality(gan.generate(100, seed=4), seed=4)
    assert of_gan != digit_quality(gan, count=100, seed=5)


def test_the_measures_are_told_in_one_line(digits):
    told = str(digit_quality(digits[0][:1000]))
    assert told.startswith("1,000 images: frechet distance ") and told.count("±") == 4 and "\n" not in told


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda images: images[..., 0], r"shape \(100, 28, 28\); only digits \(n, 28, 28, 1\)"),
        (lambda images: np.repeat(images, 3, axis=3), r"shape \(100, 28, 28, 3\)"),
        (lambda images: images[:0], "n >= 1"),
        (lambda images: images[:64], "take more images"),
        (unscale, r"uint8 pixels of 0 to 255; expected floats in \[-1, 1\]"),
        (lambda images: images * 1.01, r"-1.01 to 1.01; expected"),
        (lambda images: images * np.nan, "pixels with NaN; expected"),
    ],
)
def test_what_cannot_be_judged_is_refused(digits, change, message):
    with pytest.raises(ValueError, match=message):
        digit_quality(change(digits[0][:100]))


def test_a_network_that_is_no_generator_is_refused():
    with pytest.raises(ValueError, match="expected latent vectors"):
        digit_quality(digit_gan().discriminator)


@settings(max_examples=30)
@given(seeds, st.integers(1, 5), st.integers(1, 5000), st.integers(1, 50), st.booleans())
def test_the_nearest_images_are_those_of_a_plain_search(seed, many, among, count, raw):
    draw = np.random.default_rng(seed)
    images, training = (draw.integers(256, size=(n, 3, 2, 3), dtype="uint8") for n in (many, among))
    if not raw:
        images, training = scale(images), scale(training)
    count = min(count, among)
    positions, distances = nearest_images(images, training, count)
    differences = images[:, None].astype(float) - training[None].astype(float)
    all_distances = np.sqrt(np.sum(differences**2, axis=(2, 3, 4)))
    np.testing.assert_allclose(distances, np.sort(all_distances, axis=1)[:, :count], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(distances, np.take_along_axis(all_distances, positions, 1), rtol=1e-6)


def test_copies_of_training_images_that_hardly_differ_are_found_at_distance_zero():
    training = 1 - np.random.default_rng(0).uniform(0, 0.01, (3000, 28, 28, 1)).astype("float32")
    positions, distances = nearest_images(training[[2999, 17]], training)
    assert positions.tolist() == [[2999], [17]] and distances.tolist() == [[0], [0]]


def test_images_that_cannot_be_compared_are_refused(digits):
    images = digits[0][:3]
    for other, count in ((images[:, :14], 1), (images, 0), (images, 4)):
        with pytest.raises(ValueError, match="expected equal shapes after n|count is 0; expected a whole number"):
            nearest_images(images, other, count)
    with pytest.raises(ValueError, match="scale both or none"):
        nearest_images(images, unscale(images))


IMAGES = np.random.default_rng(0).uniform(-1, 1, (600, 6, 6, 1)).astype("float32")


def small_features(maps: bool = False) -> keras.Model:
    keras.utils.set_random_seed(1)
    conv = [layers.Conv2D(4, 3, activation="tanh")]
    return keras.Sequential([keras.Input((6, 6, 1)), *conv, *([] if maps else [layers.GlobalAveragePooling2D()])])


@pytest.mark.parametrize("count", [255, 256, 257, 600])
def test_images_are_compared_by_the_gaussians_of_any_networks_features(count):
    network, others = small_features(), IMAGES[:300] ** 3
    gaussians = [fit_gaussian(network.predict(each, verbose=0)) for each in (IMAGES[:count], others)]
    expected = frechet_distance(*gaussians)
    assert expected > 0.001
    for pair in ((IMAGES[:count], others), (IMAGES[:count], gaussians[1]), (gaussians[0], others)):
        assert frechet_distance(*pair, features=network) == pytest.approx(expected, rel=1e-4)
    assert frechet_distance(IMAGES[:count], others, small_features(maps=True)) == pytest.approx(expected, rel=1e-4)
    mean = frechet_distance(IMAGES[:count], others, features=lambda images: images.mean(axis=(1, 2)))
    by_hand = (np.mean(IMAGES[:count]) - others.mean()) ** 2
    spread = [each.mean(axis=(1, 2)).std(ddof=1) for each in (IMAGES[:count], others)]
    assert mean == pytest.approx(by_hand + (spread[0] - spread[1]) ** 2, rel=1e-3)


def test_the_same_images_in_another_order_are_no_distance_away():
    network = small_features()
    assert frechet_distance(IMAGES, IMAGES[::-1], network) == pytest.approx(0, abs=1e-6)
    one, other = (frechet_distance(*pair, network) for pair in ((IMAGES, IMAGES**3), (IMAGES**3, IMAGES)))
    assert one == pytest.approx(other, rel=1e-6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((IMAGES, IMAGES), "say features=..., a Keras model from images to features"),
        ((IMAGES * 255, IMAGES, small_features()), "expected floats in"),
        ((IMAGES[0], IMAGES, small_features()), r"images of shape \(6, 6, 1\); expected \(n, height"),
        ((IMAGES[:, :5], IMAGES, small_features()), r"the network of the features takes \(None, 6, 6, 1\)"),
        ((IMAGES[:4], IMAGES, small_features()), r"features of shape \(4, 4\); .* so take more images"),
        ((IMAGES, gaussian(0, 2), small_features()), "one Gaussian has 4 features, the other 2"),
        ((IMAGES, IMAGES, lambda images: images.mean((1, 2)) * np.nan), "NaN or infinite"),
        (
            (IMAGES, IMAGES, lambda images: {"features": images}),
            "the features are a dict of 1; expected",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(*given)
