"""Image transforms: seeded by content, stronger with severity, and kind to odd pictures."""

import numpy as np
import pytest

pytest.importorskip("PIL")

from PIL import Image, ImageFilter

from audit.transform import SEVERITIES, Chance
from audit.transforms import image_blur, image_digital, image_noise, image_pixels, image_shape
from audit.transforms.image import transforms

KINDS = {k.sheet.name: k for k in transforms()}
every = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
DIGESTS = np.array([b"%016d" % i for i in range(6)])


def smooth(seed, width=72, height=60):
    """Draw blots of colour with sharp edges, so that noise, blur and shape all show."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 7, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.NEAREST)


PICTURES = [smooth(i) for i in range(6)]


def bytes_of(images):
    return [i.tobytes() for i in images]


def distance(images, others):
    pairs = zip(images, others, strict=True)
    return np.mean([np.abs(np.asarray(a, float) - np.asarray(b, float)).mean() for a, b in pairs])


def test_the_common_corruption_families_are_there():
    families = {k.sheet.family for k in KINDS.values()}
    assert families == {"noise", "blur", "weather", "digital", "shape"}
    assert len(KINDS) == 21
    assert all(k.sheet.modality == "image" and len(k.sheet.steps) == 5 for k in KINDS.values())


@every
def test_the_same_seed_gives_the_same_bytes_and_size(kind):
    first = kind.apply(PICTURES, 3, Chance(DIGESTS, 5))
    assert bytes_of(first) == bytes_of(kind.apply(PICTURES, 3, Chance(DIGESTS, 5)))
    assert [(i.mode, i.size) for i in first] == [("RGB", (72, 60))] * 6


@every
def test_a_picture_is_changed_and_never_in_place(kind):
    before = bytes_of(PICTURES)
    changed = bytes_of(kind.apply(PICTURES, 4, Chance(DIGESTS, 5)))
    assert bytes_of(PICTURES) == before
    assert all(a != b for a, b in zip(before, changed, strict=True))


@every
def test_a_picture_is_changed_alike_whatever_its_place_and_neighbours(kind):
    whole = bytes_of(kind.apply(PICTURES, 3, Chance(DIGESTS, 5)))
    rows = [4, 1]
    some = kind.apply([PICTURES[i] for i in rows], 3, Chance(DIGESTS[rows], 5))
    assert bytes_of(some) == [whole[i] for i in rows]


@every
def test_a_higher_severity_changes_more(kind):
    moved = [distance(kind.apply(PICTURES, s, Chance(DIGESTS, 5)), PICTURES) for s in SEVERITIES]
    assert moved[0] > 0
    assert all(np.diff(moved) > 0), moved


@every
@pytest.mark.parametrize("size", [(8, 8), (9, 8), (400, 8), (8, 400)], ids=str)
def test_tiny_and_very_wide_pictures_keep_their_size(kind, size):
    made = kind.apply([smooth(1, *size)] * 2, 5, Chance(DIGESTS[:2], 1))
    assert [i.size for i in made] == [size] * 2


@every
@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_one_colour_does_not_break(kind, value):
    flat = Image.new("RGB", (20, 16), (value,) * 3)
    (made,) = kind.apply([flat], 5, Chance(DIGESTS[:1], 1))
    assert made.size == (20, 16)


@every
def test_no_pictures_give_no_pictures(kind):
    assert kind.apply([], 3, Chance(DIGESTS[:0], 1)) == []


@pytest.mark.parametrize(
    "name",
    ["gaussian-noise", "shot-noise", "impulse-noise", "speckle-noise", "glass-blur", "snow",
     "fog", "frost", "motion-blur", "rotation", "crop", "elastic"],
)  # fmt: skip
def test_another_seed_gives_other_bytes(name):
    grid = [smooth(2)] * 6
    first = KINDS[name].apply(grid, 3, Chance(DIGESTS, 1))
    assert bytes_of(first) != bytes_of(KINDS[name].apply(grid, 3, Chance(DIGESTS, 2)))


@pytest.mark.parametrize("name", ["defocus-blur", "motion-blur", "gaussian-blur", "zoom-blur"])
def test_blur_keeps_the_light_of_a_flat_picture(name):
    flat = Image.new("RGB", (40, 30), (90, 120, 200))
    (made,) = KINDS[name].apply([flat], 5, Chance(DIGESTS[:1], 1))
    assert np.abs(np.asarray(made, int) - np.asarray(flat, int)).max() <= 1


def test_gaussian_noise_has_its_stated_spread():
    grey = [Image.new("RGB", (100, 100), (128, 128, 128))]
    for severity, spread in zip(SEVERITIES[:3], image_noise.GAUSSIAN, strict=False):
        (made,) = KINDS["gaussian-noise"].apply(grey, severity, Chance(DIGESTS[:1], 1))
        # 30,000 draws: the spread of a spread is 0.4 %; four of these, and rounding to 1/255.
        assert np.std(np.asarray(made) / 255.0) == pytest.approx(spread, rel=0.03)


def test_shot_noise_keeps_the_mean_and_has_the_variance_of_a_count():
    values = np.full((120, 120, 3), 0.4, dtype=np.float32)
    made = image_noise.shot(values, 2, np.random.default_rng(0))
    photons = image_noise.PHOTONS[1]
    assert made.mean() == pytest.approx(0.4, abs=4 * np.sqrt(0.4 / photons / made.size))
    assert made.var() == pytest.approx(0.4 / photons, rel=0.04)


def test_impulse_noise_hits_its_share_and_leaves_the_rest():
    (made,) = KINDS["impulse-noise"].apply(
        [Image.new("RGB", (200, 200), (128,) * 3)], 5, Chance(DIGESTS[:1], 1)
    )
    hit = np.asarray(made)[..., 0] != 128
    assert hit.mean() == pytest.approx(0.15, abs=4 * np.sqrt(0.15 * 0.85 / 40_000))


def test_spreading_by_a_kernel_agrees_with_scipy():
    from scipy.ndimage import convolve

    rng = np.random.default_rng(0)
    values, kernel = rng.random((23, 31), dtype=np.float32), image_pixels.line(5.3, 0.7)
    expected = convolve(values.astype(float), kernel.astype(float), mode="reflect")
    np.testing.assert_allclose(image_pixels.convolved(values, kernel), expected, atol=1e-5)


def test_a_rotation_agrees_with_pillow_away_from_the_corners():
    image = smooth(3, 61, 61).filter(ImageFilter.GaussianBlur(2))
    ours = image_shape.rotation(image_pixels.pixels(image), 3, np.random.default_rng(0))
    middle = (slice(20, 41), slice(20, 41))
    theirs = [
        np.asarray(image.rotate(a, Image.Resampling.BILINEAR))[middle] / 255.0 for a in (16, -16)
    ]
    assert min(np.abs(ours[middle] - t).max() for t in theirs) < 0.01


def test_contrast_keeps_the_mean_and_saturation_the_lightness():
    values = image_pixels.pixels(smooth(4))
    rng = np.random.default_rng(0)
    faint = image_digital.contrast(values, 5, rng)
    np.testing.assert_allclose(faint.mean((0, 1)), values.mean((0, 1)), atol=1e-4)
    grey = image_digital.saturation(values, 5, rng)
    np.testing.assert_allclose(grey @ image_digital.LUMA, values @ image_digital.LUMA, atol=1e-4)
    assert np.ptp(grey, axis=2).max() < 1e-6


def test_a_blur_means_the_same_for_a_thumbnail_and_a_photograph():
    # 7 x 6 blots: both sides cut them at whole pixels.
    large, small = smooth(5, 336, 336), smooth(5, 84, 84)
    rng = np.random.default_rng(0)
    shrunk = image_blur.gaussian(large, 4, rng).resize((84, 84), Image.Resampling.BOX)
    assert distance([shrunk], [image_blur.gaussian(small, 4, rng)]) < 1.5
