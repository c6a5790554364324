"""Explainers that need predictions alone, held against what is known exactly."""

import math
from itertools import combinations

import numpy as np
import pytest

from audit.explainers.masked import explainers
from audit.explainers.surrogate import nearness

KINDS = {k.sheet.name: k for k in explainers()}
SHAP, LIME, OCCLUSION = (KINDS[n] for n in ("kernel-shap", "lime", "occlusion"))


def explained(kind, game, parts, seed=0, **settings):
    """Explain a set function: ``game`` takes rows of parts that stay."""
    given = kind.sheet.settled(settings)
    kept = kind.kept(parts, np.random.default_rng(seed), given)
    assert kept.dtype == bool
    assert kept.shape[1] == parts
    whole, empty = (float(game(np.full((1, parts), b))[0]) for b in (True, False))
    return kind.solve(kept, game(kept), whole, empty, given)


def linear(weights, start=0.5):
    return lambda kept: kept @ weights + start


def random_game(parts, seed):
    table = np.random.default_rng(seed).normal(size=2**parts)
    return lambda kept: table[kept @ (1 << np.arange(parts))]


def products(parts, seed, order):
    """Return a game of many parts with products of some, and its Shapley values."""
    rng = np.random.default_rng(seed)
    own, strength = rng.normal(size=(2, parts))
    sets = np.array([rng.choice(parts, order, replace=False) for _ in range(parts)])
    true = own.copy()
    for together, value in zip(sets, strength, strict=True):
        true[together] += value / order
    return lambda k: k @ own + k[:, sets].all(axis=2) @ strength, true


def shapley(game, parts):
    """Return Shapley values by their definition: a sum over all sets without the part."""
    out = np.zeros(parts)
    for i in range(parts):
        others = [j for j in range(parts) if j != i]
        for size in range(parts):
            sets = np.zeros((math.comb(parts - 1, size), parts), dtype=bool)
            for row, chosen in zip(sets, combinations(others, size), strict=True):
                row[list(chosen)] = True
            gain = game(sets | (np.arange(parts) == i)) - game(sets)
            out[i] += gain.sum() / (parts * math.comb(parts - 1, size))
    return out


@pytest.mark.parametrize("parts", [1, 2, 3, 9, 40])
@pytest.mark.parametrize("kind", [SHAP, OCCLUSION], ids=lambda k: k.sheet.name)
def test_a_linear_model_is_explained_by_its_weights(kind, parts):
    weights = np.random.default_rng(parts).normal(size=parts)
    np.testing.assert_allclose(explained(kind, linear(weights), parts), weights, atol=1e-9)


@pytest.mark.parametrize("parts", range(1, 11))
def test_every_coalition_gives_the_shapley_values_of_any_game(parts):
    game = random_game(parts, parts)
    found = explained(SHAP, game, parts, samples=2**parts)
    np.testing.assert_allclose(found, shapley(game, parts), atol=1e-9)


def test_all_coalitions_of_a_few_parts_are_looked_at_without_being_asked_for():
    game = random_game(8, 1)
    assert len(SHAP.kept(8, np.random.default_rng(0), SHAP.sheet.settings)) == 2**8 - 2
    np.testing.assert_allclose(explained(SHAP, game, 8), shapley(game, 8), atol=1e-9)


@pytest.mark.parametrize("kind", [SHAP, OCCLUSION], ids=lambda k: k.sheet.name)
def test_a_part_that_does_nothing_is_worth_nothing(kind):
    game = random_game(5, 2)
    assert abs(explained(kind, lambda k: game(k[:, :5]), 6)[5]) < 1e-9


def test_a_part_that_stands_twice_shares_equally():
    game = random_game(4, 3)
    found = explained(SHAP, lambda k: game(np.c_[k[:, :3], k[:, 3] | k[:, 4]]), 5)
    assert found[3] == pytest.approx(found[4])


@pytest.mark.parametrize(
    ("game", "shap", "alone"),
    [
        (lambda k: (k[:, 0] & k[:, 1]) * 1.0, [0.5, 0.5], [1.0, 1.0]),
        (lambda k: (k[:, 0] ^ k[:, 1]) * 1.0, [0.0, 0.0], [-1.0, -1.0]),
        (lambda k: (k[:, 0] | k[:, 1]) * 1.0, [0.5, 0.5], [0.0, 0.0]),
    ],
    ids=["and", "xor", "or"],
)
def test_gates_have_the_known_values(game, shap, alone):
    np.testing.assert_allclose(explained(SHAP, game, 2), shap, atol=1e-12)
    np.testing.assert_allclose(explained(OCCLUSION, game, 2), alone, atol=1e-12)


@pytest.mark.parametrize("samples", [10, 60, 0])
def test_attributions_sum_to_what_the_input_has_over_its_baseline(samples):
    game = random_game(14, 4)
    whole, empty = game(np.ones((1, 14), bool))[0], game(np.zeros((1, 14), bool))[0]
    found = explained(SHAP, game, 14, samples=samples)
    assert found.sum() == pytest.approx(whole - empty, abs=1e-9)


def error_at(samples, seeds, parts=30, order=3):
    game, true = products(parts, 5, order)
    found = [explained(SHAP, game, parts, seed=s, samples=samples) for s in range(seeds)]
    return np.array(found) - true


def test_pairs_of_coalitions_are_exact_where_no_more_than_two_parts_interact():
    assert np.abs(error_at(200, 5, order=2)).max() < 1e-9


def test_sampled_values_scatter_about_the_truth():
    errors = error_at(600, 60)
    off = np.abs(errors.mean(axis=0)) / (errors.std(axis=0, ddof=1) / np.sqrt(60))
    assert off.max() < 4.5


def test_the_error_falls_like_one_over_the_root_of_the_samples():
    sizes = np.array([300, 1_200, 4_800])
    spread = [np.sqrt((error_at(int(s), 12) ** 2).mean()) for s in sizes]
    slope = np.polyfit(np.log(sizes), np.log(spread), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.1)


def test_coalitions_come_in_pairs_and_in_sizes_of_the_shapley_kernel():
    kept = SHAP.kept(20, np.random.default_rng(0), {"samples": 20_000})
    assert (kept[::2] ^ kept[1::2]).all()
    sizes = np.arange(1, 20)
    share = 1 / (sizes * (20 - sizes))
    seen = np.bincount(kept.sum(axis=1), minlength=21)[1:20] / len(kept)
    np.testing.assert_allclose(seen, share / share.sum(), atol=2e-4)
    assert np.abs(kept.mean(axis=0) - 0.5).max() == 0


def test_fewer_coalitions_than_parts_still_explain():
    found = explained(SHAP, linear(np.ones(50)), 50, samples=20)
    np.testing.assert_allclose(found, np.ones(50), atol=1e-9)


def test_kernel_shap_equals_captum_and_shap_where_all_define_the_same():
    torch = pytest.importorskip("torch")
    captum = pytest.importorskip("captum.attr")
    shap = pytest.importorskip("shap")
    rng = np.random.default_rng(7)
    first, second = rng.normal(size=(6, 4)), rng.normal(size=4)

    def model(x):
        return np.tanh(x @ first) @ second

    x, base = rng.normal(size=6), rng.normal(size=6)
    ours = explained(SHAP, lambda kept: model(np.where(kept, x, base)), 6)
    theirs = shap.KernelExplainer(model, base[None]).shap_values(x[None], silent=True)[0]
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    exact = captum.ShapleyValues(lambda t: torch.as_tensor(model(t.numpy())))
    want = exact.attribute(torch.as_tensor(x[None]), baselines=torch.as_tensor(base[None]))
    np.testing.assert_allclose(ours, want.numpy()[0], atol=1e-5)


def test_lime_is_the_ridge_regression_that_it_says():
    ridge = pytest.importorskip("sklearn.linear_model").Ridge(alpha=2.5)
    game = random_game(9, 8)
    given = LIME.sheet.settled({"ridge": 2.5, "samples": 100})
    kept = LIME.kept(9, np.random.default_rng(3), given)
    rows = np.vstack([np.ones((1, 9), bool), kept])
    ridge.fit(rows, game(rows), sample_weight=nearness(rows, 0.25))
    found = explained(LIME, game, 9, seed=3, ridge=2.5, samples=100)
    np.testing.assert_allclose(found, ridge.coef_, atol=1e-9)


def test_lime_finds_the_weights_of_a_linear_model_where_nothing_is_penalised():
    weights = np.array([2.0, -1.0, 0.0, 3.0])
    found = explained(LIME, linear(weights), 4, ridge=1e-9)
    np.testing.assert_allclose(found, weights, atol=1e-6)


def test_lime_weighs_versions_by_cosine_distance():
    kept = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]], bool)
    near = np.exp(-0.5 * (np.array([0, 0.5, 1]) / 0.25) ** 2)
    np.testing.assert_allclose(nearness(kept, 0.25), near)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_seed_decides_everything_and_another_seed_only_where_the_sheet_says_so(kind):
    game = random_game(12, 9)
    first, again, other = (explained(kind, game, 12, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.array_equal(first, other) is not kind.sheet.seeded


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_one_part_is_explained(kind):
    found = explained(kind, linear(np.array([2.0])), 1)
    assert found.shape == (1,)
    assert 0 < found[0] < 2.1


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_setting_says_what_it_means(kind):
    assert set(kind.sheet.settings) == set(kind.sheet.meaning)
    assert kind.sheet.references
    assert kind.sheet.needs == "predictions"
