"""The smallest visible defect that is printed is seen as often as is printed."""

import numpy as np
import pandas as pd
import pytest

from audit import AuditSpec, run_audit
from audit.verdict import Outcome

SIZES = [30, 60, 100, 150, 200, 300, 400, 500, 600, 700, 800, 1000]


def exact(make, base):
    """Return a split whose every group has its rate as exactly as counts allow."""
    codes = np.repeat(np.arange(12), SIZES)
    y = np.arange(len(codes)) % 2
    wrong = np.zeros(len(codes), dtype=bool)
    for g in range(12):
        rows = np.flatnonzero(codes == g)
        wrong[rows[: round(len(rows) * (1 - base))]] = True
    names = [f"g{g:02}" for g in codes]
    return make.split({"group": names}, y), np.eye(2)[np.where(wrong, 1 - y, y)]


def printed(make, base, limit, guilty):
    """Return the detectable effect that the judge prints for "guilty group below the rest"."""
    v = make.verdict(make.fairness(make.ask(), *exact(make, base)), sight=True, max=limit)
    return next(c for c in v.comparisons if f"g{guilty:02} below" in c.measurement).detectable


def proven(make, base, limit, guilty, effect, runs):
    """Return how often the guilty comparison is proven, and how often it is the one named."""
    found = named = 0
    rates = [base] * 12
    rates[guilty] = base - effect
    for seed in range(runs):
        rows, outputs = make.planted(SIZES, rates, seed)
        v = make.verdict(make.fairness(make.ask(), rows, outputs), max=limit)
        assert v.gate_size == 24
        own = next(c for c in v.comparisons if f"g{guilty:02} below" in c.measurement)
        if own.outcome is Outcome.FAILED:
            found += 1
            named += v.worst == own.measurement
    return found / runs, named / max(found, 1)


@pytest.mark.parametrize(("base", "guilty"), [(0.85, 11), (0.95, 2), (0.85, 0)])
def test_the_printed_effect_is_proven_about_as_often_as_printed(make, base, guilty):
    effect = printed(make, base, 0.05, guilty)
    share, named = proven(make, base, 0.05, guilty, effect, 120)
    assert 0.80 <= share <= 0.98  # .90 is printed; 120 audits have a standard error of .027
    assert named >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("limit", [0.0, 0.05])
@pytest.mark.parametrize("base", [0.5, 0.85, 0.95, 0.99])
@pytest.mark.parametrize("guilty", [0, 2, 5, 11])
def test_the_printed_effect_is_proven_in_88_to_95_percent(make, base, limit, guilty):
    effect = printed(make, base, limit, guilty)
    assert effect is not None
    share, named = proven(make, base, limit, guilty, effect, 1000)
    print(
        f"base {base} limit {limit} n {SIZES[guilty]}: {effect:.3f} proven {share:.3f}, {named:.3f}"
    )
    assert 0.88 <= share <= 0.95
    assert named >= 0.95


def whole_audit(base, limit, seed):
    """Run one audit of recorded predictions through the public door."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(12), rng.permutation(SIZES))
    rates = np.full(12, base)
    rates[3] = base - limit
    y = rng.integers(0, 2, len(codes))
    right = rng.random(len(codes)) < rates[codes]
    words = np.array(["no", "yes"])
    frame = pd.DataFrame(
        {"g": codes.astype(str), "label": words[y], "said": words[np.where(right, y, 1 - y)]}
    )
    spec = AuditSpec.from_objects(
        "recorded:",
        frame,
        label="label",
        positive="yes",
        groups=["g"],
        roles={"prediction": "said"},
        probes={"group-fairness": {}},
        require=[{"id": "gap", "measure": "group-fairness.accuracy.gap", "max": limit}],
    )
    return run_audit(spec)


def test_an_audit_from_objects_prints_the_size_of_its_gate():
    result = whole_audit(0.85, 0.05, 1)
    assert result.verdict("gap").gate_size == 24
    assert not result.rerunnable


@pytest.mark.slow
@pytest.mark.parametrize("base", [0.5, 0.85, 0.95, 0.99])
@pytest.mark.parametrize("limit", [0.0, 0.05])
def test_fifty_whole_audits_of_a_null_rarely_fail(base, limit):
    failed = sum(whole_audit(base, limit, s).decision.state == "failed" for s in range(50))
    print(f"base {base} limit {limit}: {failed} of 50 whole audits failed")
    assert failed <= 8  # binomial(50, .05) exceeds 8 with probability .002
