"""Estimates without labels equal their definitions, and know how each row moves them."""

import dataclasses

import numpy as np
import pytest
from scipy import special
from scipy.optimize import linprog
from scipy.stats import wasserstein_distance

from audit.labelfree.estimators import Estimate, combined, fitted, joining
from audit.labelfree.signals import Signals, agreements
from audit.labelfree.transport import coupled


def drawn(n=400, classes=2, seed=0, models=4, sharp=1.0):
    """Draw rows with outputs, labels that follow them, and choices of other models."""
    rng = np.random.default_rng(seed)
    outputs = rng.dirichlet(np.full(classes, 0.5), n)
    target = (outputs.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, classes - 1)
    chosen = outputs.argmax(axis=1)
    others = [
        np.where(rng.random(n) < 0.06 * (j + 1) * sharp, rng.integers(0, classes, n), chosen)
        for j in range(models - 1)
    ]
    agree = agreements([chosen, *others])
    return Signals(outputs, chosen, np.arange(n), agree, target, alone=True)


def even(rows):
    return np.full(len(rows), 1 / len(rows))


def estimates(home, away, weights=None):
    weights = even(away) if weights is None else weights
    return {e.name: e for e in (rule(away, weights) for rule in fitted(home))}


def best(outputs, shares, weights):
    """Solve the transport as a linear programme, the plan itself as unknown."""
    n, k = outputs.shape
    rows = np.kron(np.eye(n), np.ones(k))
    columns = np.kron(np.ones(n), np.eye(k))
    found = linprog(-outputs.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.r_[weights, shares])
    return -found.fun


def test_thresholds_equal_a_search_over_all_thresholds():
    """Of all source scores, the one that as many rows reach as are right."""
    home, away = drawn(seed=1, classes=3), drawn(seed=2, classes=3)
    for name, score in (("ATC-MC", "confidence"), ("ATC-NE", "certainty")):
        own, other = getattr(home, score), getattr(away, score)
        at = next(t for t in np.sort(own) if (own >= t).sum() == home.correct.sum())
        assert estimates(home, away)[name].value == pytest.approx((other >= at).mean())


def test_thresholds_worked_by_hand():
    """Three of four right: the threshold is the third highest score, and two of three reach it."""
    sure = np.array([0.9, 0.8, 0.7, 0.6])
    home = Signals(
        np.column_stack([1 - sure, sure]), np.ones(4, int), np.arange(4), np.empty((4, 0)),
        np.array([1, 1, 0, 1]),
    )  # fmt: skip
    other = np.array([0.95, 0.75, 0.65])
    away = Signals(
        np.column_stack([1 - other, other]), np.ones(3, int), np.arange(3), np.empty((3, 0))
    )
    found = estimates(home, away)
    assert found["ATC"].value == pytest.approx(2 / 3)
    assert found["DoC"].value == pytest.approx(0.75 - (0.75 - (0.95 + 0.75 + 0.65) / 3))


def test_rows_that_tie_with_the_threshold_count_in_part():
    """All scores alike: the share above is the labelled accuracy itself."""
    home = drawn()
    flat = dataclasses.replace(home, outputs=np.full((400, 2), 0.5))
    assert estimates(flat, flat)["ATC"].value == pytest.approx(flat.correct.mean())


def test_every_anchored_estimate_of_the_home_rows_is_their_accuracy():
    home = drawn(classes=4)
    found = estimates(home, home)
    for name in ("ATC-MC", "ATC-NE", "DoC", "COT"):
        assert found[name].value == pytest.approx(home.correct.mean()), name


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_transport_equals_a_linear_programme(classes):
    rng = np.random.default_rng(classes)
    for n in (20, 80):
        outputs = rng.dirichlet(np.full(classes, 0.3), n)
        shares = rng.dirichlet(np.full(classes, 2.0))
        weights = rng.dirichlet(np.ones(n))
        found = coupled(outputs, shares, weights).value
        assert found == pytest.approx(best(outputs, shares, weights), abs=5e-4)


def test_transport_for_two_classes_equals_scipys_distance():
    """On a line: between the scores, and as many zeros and ones as there are labels."""
    home, away = drawn(seed=1), drawn(seed=2)
    cost = wasserstein_distance(away.outputs[:, 1], [0, 1], None, home.marginal)
    assert coupled(away.outputs, home.marginal, even(away)).value == pytest.approx(1 - cost)


def test_agreement_reads_the_accuracy_off_the_line_through_the_pairs():
    home, away = drawn(seed=1), drawn(seed=2, sharp=2.0)
    x, y = (special.ndtri(s.agree.mean(axis=0)) for s in (home, away))
    slope, at_zero = np.polyfit(x, y, 1)
    found = estimates(home, away)["Agreement"]
    wanted = special.ndtr(slope * special.ndtri(home.correct.mean()) + at_zero)
    assert found.value == pytest.approx(wanted)
    assert found.fit == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_error_of_each_estimate_is_that_of_repeated_samples(classes):
    """Within a fifth over 300 samples; the threshold's density needs more rows than others."""
    values, errors = {}, {}
    for seed in range(300):
        home, away = drawn(500, classes, 2 * seed), drawn(500, classes, 2 * seed + 1)
        for name, e in estimates(home, away).items():
            values.setdefault(name, []).append(e.value)
            errors.setdefault(name, []).append((e.home.var() + e.away.var()) / 500)
    for name, seen in values.items():
        assert np.sqrt(np.mean(errors[name])) == pytest.approx(np.std(seen), rel=0.2), name


def test_influence_on_the_foreign_side_is_the_derivative_by_weight():
    home, away = drawn(seed=1, classes=3), drawn(seed=2, classes=3)
    tilt = np.random.default_rng(0).dirichlet(np.ones(len(away)))
    step = 1e-3
    for name, e in estimates(home, away).items():
        moved = estimates(home, away, (1 - step) * even(away) + step * tilt)[name]
        slope = (moved.value - e.value) / step
        assert slope == pytest.approx((tilt - even(away)) @ e.away, abs=2e-3), name


def test_the_median_is_the_middle_estimate_and_carries_its_influence():
    parts = [
        Estimate(n, v, np.full(2, v), np.full(3, -v))
        for n, v in (("a", 0.1), ("b", 0.5), ("c", 0.3))
    ]
    three = combined(parts)
    assert (three.value, three.home[0], three.away[0]) == (0.3, 0.3, -0.3)
    assert three.spread == pytest.approx((0.2 + 0.2) / 3)
    assert combined(parts[:2]).value == pytest.approx(0.3)


def test_agreement_enters_the_median_from_three_revisions_and_a_good_line():
    line = Estimate("Agreement", 0.5, np.zeros(1), np.zeros(1), fit=0.97)
    poor = dataclasses.replace(line, fit=0.5)
    assert joining([line], 3, 0.95) == [line]
    assert joining([line], 2, 0.95) == []
    assert joining([poor], 3, 0.95) == []


def test_a_model_without_a_hit_is_estimated_at_nothing():
    home = drawn(seed=1)
    wrong = dataclasses.replace(home, target=1 - home.chosen)
    assert estimates(wrong, home)["ATC"].value == 0.0
